"""Constants that are no choices of an experiment: what a figure looks like, and where files lie."""

from __future__ import annotations

import ast
import re
from collections import Counter

_DRAWS = re.compile(r"plt|sns|px|go|alt|mpl|pylab|matplotlib|ax\d*|axs|axes|fig\d*|figure|cbar|hv|gridspec|plotly")
_DRAWING_METHODS = frozenset({"plot", "scatter", "hist", "boxplot", "imshow", "subplots", "figure", "bar", "rc"})
_PLOT = re.compile(r"\w+plot|heatmap|clustermap")
"""Functions that draw whatever library they are of: `violinplot`, `sns.pairplot`, `qqplot`."""
_LOOKS = frozenset(
    """figsize cmap color colors palette title suptitle xlabel ylabel fontsize marker markersize linewidth linestyle
    xlim ylim dpi legend rot edgecolor facecolor nrows ncols""".split()
)
_PLACES = frozenset(
    """makedirs mkdir Path PurePath exists isfile isdir savefig open listdir glob iglob chdir save_fig to_csv to_parquet
    to_pickle imread abspath expanduser""".split()
)
_PATH = re.compile(
    r"(?:[~.]{0,2}/|[A-Za-z]:[\\/]|\w+://)\S*|[^\n]*[\\/]|"
    r"[^\n]*\.(?:csv|tsv|parquet|feather|jsonl?|pkl|pickle|joblib|npy|npz|h5|hdf5|txt|xlsx?|ya?ml|db|sqlite|zip|gz|tar|"
    r"png|jpe?g|gif|svg|pdf|html?|md|pth?|ckpt|onnx|keras|model|bin|log|py|ipynb|wav|mp3|mp4|dta|sav|arff|mat)"
)


_LOOKS_NAMES = re.compile(
    r"(?!(?:n|num)_)(?:\w+_)?(?:colou?rs?|colou?r_?maps?|cmaps?|palette|fig_?size|markers?|line_?styles?|line_?width|"
    r"font_?size|plot_(?:opts|kwargs|kws?|options|style)|tick_?labels?|dpi|titles?|x_?labels?|y_?labels?|vmin|vmax|x_?lims?|y_?lims?)",
    re.IGNORECASE,
)


def is_looks_name(name: str) -> bool:
    """Tell whether a name says that it is about how a figure looks: `colors`, `fig_size`, `vmax`."""
    return _LOOKS_NAMES.fullmatch(name) is not None


def is_path(text: str) -> bool:
    """Tell whether a text is a path or an address by its form: `../data`, `train.csv`, `s3://bucket/x`."""
    return len(text) > 1 and _PATH.fullmatch(text) is not None


def dressing_in(tree: ast.Module) -> frozenset[str]:
    """Return the names of which each mention in the text is about looks or places.

    It is an argument of a call that draws or makes a path, or one called `figsize` or the like.
    """
    mentions: Counter[str] = Counter()
    dressing: Counter[str] = Counter()
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, drawing = pending.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            mentions[node.id] += 1
            dressing[node.id] += drawing
        elif isinstance(node, ast.Call):
            inside = drawing or is_about_looks(node.func)
            pending.append((node.func, drawing))
            pending += [(argument, inside) for argument in node.args]
            pending += [(k.value, inside or k.arg in _LOOKS) for k in node.keywords]
        else:
            pending += [(child, drawing) for child in ast.iter_child_nodes(node)]
    return frozenset(name for name, n in dressing.items() if n and n == mentions[name])


def is_about_looks(function: ast.expr) -> bool:
    """Tell whether what a call calls draws, or makes a path."""
    node = function
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if _PLOT.fullmatch(name) or (isinstance(node, ast.Attribute) and name in _DRAWING_METHODS | _PLACES):
        return True
    if isinstance(node, ast.Name) and node.id in _PLACES:
        return True
    if isinstance(node, ast.Attribute) and node.attr in ("join", "joinpath"):
        owner = node.value
        return node.attr == "joinpath" or (owner.attr if isinstance(owner, ast.Attribute) else "") == "path"
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        if isinstance(node, ast.Attribute) and node.attr == "plot":
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and _DRAWS.fullmatch(node.id) is not None
