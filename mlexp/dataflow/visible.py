"""Which executions can see which kind of global state, by their texts.

SURE: the text says that it does, so the change is needed. MAYBE: a library could, behind what the text calls; a run of
the script without the change decides. NONE: the change is of looks, of what is printed, or of what the text never does.

The kinds are those that the probe of global state tells: "cwd", "env:NAME", "sys.path", "numpy.errstate:divide",
"matplotlib.rcParams:KEY", "pandas.options:KEY", "module:json.dumps" (an attribute bound anew), "content:settings.C"
(a value of the user's own module changed in place), "import:scipy.stats", and so on.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum

from mlexp.dataflow.mentions import Mentions, mentions_of
from mlexp.records import Execution


class Sight(IntEnum):
    """How likely an execution sees a change of global state."""

    NONE = 0
    MAYBE = 1
    SURE = 2


_ACCUMULATE = ("sys.path", "sys.argv", "warnings", "logging", "decimal:traps", "content:")
"""Kinds of which a later change leaves something of an earlier one."""


def sight(kind: str, changer: Execution, reader: Execution, texts: Sequence[str] = ()) -> Sight:
    """Tell how likely `reader` sees what `changer` did to a kind of state.

    Args:
        kind: The kind, as the changer's record tells it.
        changer: The execution that changed it.
        reader: A later one.
        texts: The texts that define what the reader calls, as far as they are known.
    """
    family, _, detail = kind.partition(":")
    rule = _RULES.get(family)
    if rule is None:
        return Sight.MAYBE
    views = [_View(detail, changer, reader, mentions_of(text)) for text in (reader.python, *texts)]
    return max(rule(view) for view in views)


def kills(kind: str) -> bool:
    """Tell whether a change of that kind makes earlier ones invisible to what comes after it."""
    return not kind.startswith(_ACCUMULATE)


def drifts_seen(
    executions: Sequence[Execution], readers: Sequence[Execution]
) -> Iterator[tuple[str, Execution, Execution]]:
    """Yield what changed while no execution ran and is surely seen: the kind, the execution after it, the first reader.

    No execution can be kept for it, so a script is without it.
    """
    for execution in executions:
        for kind in execution.drifted:
            after = (reader for reader in readers if reader.index >= execution.index)
            if (reader := next((r for r in after if sight(kind, execution, r) is Sight.SURE), None)) is not None:
                yield kind, execution, reader


class _View:
    """A change, and one text behind it."""

    def __init__(self, detail: str, changer: Execution, reader: Execution, text: Mentions) -> None:
        self.detail = detail
        self.changer = mentions_of(changer.python)
        self.reader = reader
        self.text = text

    def says(self, *words: str) -> bool:
        """Tell whether the text, or a function that it calls, names one of these."""
        return not self.text.words.isdisjoint(words) or not set(words).isdisjoint(self.reader.reached)

    def quotes(self, word: str) -> bool:
        """Tell whether the text names it, also within a text of its own."""
        return word in self.text.words or word in self.text.quoted or word in self.reader.reached

    @property
    def works(self) -> bool:
        """Whether the text calls or computes anything: then a library may look at any setting."""
        return self.text.calls or self.text.computes


def _maybe(holds: bool) -> Sight:
    return Sight.MAYBE if holds else Sight.NONE


def _sure(holds: bool, otherwise: bool = False) -> Sight:
    return Sight.SURE if holds else _maybe(otherwise)


def _cwd(view: _View) -> Sight:
    text, reader = view.text, view.reader
    if view.says("getcwd", "cwd", "getcwdb", "abspath", "realpath", "resolve", "absolute", "curdir"):
        return Sight.SURE
    if text.moves or reader.modules or any(not os.path.isabs(os.path.expanduser(i.path)) for i in reader.inputs):
        return Sight.SURE
    files = {*reader.reads, *reader.writes, *reader.removes, *reader.listed}
    if any(_is_end(quote, file) for file in files for quote in text.texts):
        return Sight.SURE
    absolute = [quote for quote in text.texts if os.path.isabs(os.path.expanduser(quote))]
    return _maybe(bool(files and not absolute) or text.shell or (not absolute and view.says(*_FILE_WORDS)))


_FILE_WORDS = (
    "open", "listdir", "glob", "walk", "scandir", "exists", "isfile", "isdir", "savez", "savetxt", "savefig", "dump",
    "connect", "Path", "read_csv", "read_parquet", "to_csv", "to_parquet", "to_pickle", "read_pickle", "save", "load",
)  # fmt: skip


def _is_end(text: str, file: str) -> bool:
    """Tell whether a relative path can stand for a file."""
    if not text or "\n" in text or os.path.isabs(os.path.expanduser(text)):
        return False
    return file == text or file.endswith(os.sep + os.path.normpath(text).lstrip("." + os.sep))


_SHOWN_VARIABLES = re.compile(
    r"COLUMNS|LINES|TERM|MPLBACKEND|PYTHONWARNINGS|TF_CPP_\w*LOG\w*|TOKENIZERS_PARALLELISM|TQDM_\w+|POLARS_FMT_\w+|"
    r"WANDB_\w+|HF_HUB_DISABLE_\w+|\w+_(?:VERBOSITY|LOG_LEVEL|LOGLEVEL)|KMP_(?:DUPLICATE_LIB_OK|INIT_AT_FORK|WARNINGS)"
)
"""Variables that decide what is shown."""


def _env(view: _View) -> Sight:
    name, text, changer = view.detail, view.text, view.changer
    if name in text.variables or text.all_variables or (text.shell and name in text.quoted):
        return Sight.SURE
    if name not in changer.quoted and name not in changer.words and changer.imports and not changer.names_environment:
        return Sight.NONE  # a library sets it when it is imported
    if _SHOWN_VARIABLES.fullmatch(name):
        return Sight.NONE
    return _maybe(text.calls or bool(text.imports) or not {"os", "environ", "getenv"}.isdisjoint(view.reader.reached))


def _path(view: _View) -> Sight:
    chains = [chain for chain in view.text.chains if f"{chain}.".startswith("sys.path.")]
    if view.reader.modules or any(not chain.endswith(_GROWS) for chain in chains):
        return Sight.SURE
    others = {name.partition(".")[0] for name in view.text.imports} - sys.stdlib_module_names
    return _maybe(bool(others) or view.says("import_module", "__import__", "run_path", "run_module", "reload"))


_GROWS = (".append", ".insert", ".extend")


def _argv(view: _View) -> Sight:
    return _sure(view.says("argv", "parse_args", "parse_known_args", "ArgumentParser"), view.says("Fire", "command"))


def _recursion(view: _View) -> Sight:
    return _sure(view.says("getrecursionlimit"), view.text.calls)


def _digits(view: _View) -> Sight:
    return _sure(view.says("get_int_max_str_digits"), view.works)


def _warnings(view: _View) -> Sight:
    if view.detail == "error":
        return _sure(any(word.endswith("Warning") for word in view.text.words), view.works)
    return _maybe(view.says("catch_warnings", "filters", "recwarn"))


def _decimal(view: _View) -> Sight:
    return _sure(view.says("Decimal", "decimal", "getcontext", "localcontext"), view.works)


def _locale(view: _View) -> Sight:
    words = ("locale", "getlocale", "localeconv", "strftime", "strptime", "strcoll", "strxfrm", "atof", "format_string")
    return _sure(view.says(*words), view.says("open", "day_name", "month_name", "to_datetime") or view.text.formats)


def _timezone(view: _View) -> Sight:
    words = (
        "localtime", "mktime", "strftime", "fromtimestamp", "astimezone", "now", "today", "ctime", "tzname", "timezone",
        "timestamp", "tzlocal",
    )  # fmt: skip
    return _sure(view.says(*words), view.says("datetime", "Timestamp", "date", "to_datetime"))


def _logging(view: _View) -> Sight:
    kept = not view.changer.words.isdisjoint(("filename", "FileHandler", "StringIO", "addHandler", "handlers"))
    return _maybe(kept and view.says("logging", "logger", "log", "root"))


def _signal(view: _View) -> Sight:
    return _sure(view.says("signal", "alarm", "setitimer", "kill", "raise_signal"))


def _stdout(view: _View) -> Sight:
    kept = not view.changer.words.isdisjoint(("open", "StringIO"))
    return _sure(view.says("stdout"), kept and view.says("print", "write"))


def _builtins(view: _View) -> Sight:
    return _sure(view.quotes(view.detail), view.works)


def _errstate(view: _View) -> Sight:
    modes = view.changer.texts & {"ignore", "warn", "print"}
    quiet = bool(modes) and view.changer.texts.isdisjoint(("raise", "call", "log"))
    return _sure(view.says("geterr", "FloatingPointError"), view.works and not quiet)


def _printoptions(view: _View) -> Sight:
    return _sure(view.says("get_printoptions"), view.text.formats)


def _rcparams(view: _View) -> Sight:
    if view.detail in ("backend", "interactive", "toolbar") or view.detail.startswith(
        ("savefig.", "keymap.", "webagg.")
    ):
        return Sight.NONE
    if view.says("rcParams") and (view.detail in view.text.texts or view.text.all_params):
        return Sight.SURE
    measures = ("get_size_inches", "get_dpi", "dpi", "canvas", "buffer_rgba", "tostring_rgb", "get_fontsize",
                "get_window_extent", "get_facecolor", "get_color", "get_linewidth", "to_rgba", "get_cmap")  # fmt: skip
    return _maybe(view.says(*measures))


def _options(view: _View) -> Sight:
    key = view.detail
    named = key in view.text.texts or any(chain.endswith(f"options.{key}") for chain in view.text.chains)
    if named or view.says("describe_option"):
        return Sight.SURE
    if key.startswith(("display.", "styler.", "plotting.")):
        return _maybe(
            view.text.formats or view.says("to_string", "to_html", "to_latex", "to_markdown", "option_context")
        )
    return _maybe(view.works)


def _sklearn(view: _View) -> Sight:
    if view.says("get_config"):
        return Sight.SURE
    return _maybe(view.detail not in ("display", "print_changed_only") and view.works)


def _torch(view: _View) -> Sight:
    if view.detail in ("default_dtype", "default_device"):
        return _sure(view.says("torch", "nn", "F"), view.works)
    if view.detail == "grad":
        return _sure(view.says("backward", "grad", "requires_grad", "autograd"), view.works)
    return _maybe(view.works)


_LOOKS = frozenset({"warnings", "logging", "matplotlib", "tqdm", "IPython", "pandas.io.formats"})


def _module(view: _View) -> Sight:
    """Tell of an attribute set on a module or a class, "numpy.random.seed", or of a whole module, "settings"."""
    owner, _, attribute = view.detail.rpartition(".")
    if view.quotes(attribute) or (owner and view.quotes(owner.rpartition(".")[2]) and attribute in view.text.texts):
        return Sight.SURE
    if owner.partition(".")[0] in _LOOKS:
        return Sight.NONE
    is_added = owner.startswith("pandas.") and attribute not in view.changer.words
    return _maybe(not is_added and view.works)


def _import(view: _View) -> Sight:
    """Tell of a submodule: it is an attribute of its package once anybody has imported it."""
    name, text = view.detail, view.text
    if any(other == name or other.startswith(f"{name}.") for other in text.imports):
        return Sight.NONE
    package, _, rest = name.partition(".")
    seen = Sight.NONE
    for chain in text.chains:
        root, _, inner = chain.partition(".")
        if inner == rest or inner.startswith(f"{rest}."):
            seen = max(seen, _sure(root == package, _abbreviates(root, package)))
    leaf = rest.rpartition(".")[2]
    if seen is Sight.NONE and leaf.startswith("enable_") and any(i.startswith(package + ".") for i in text.imports):
        enabled = leaf.removeprefix("enable_").replace("_", "")
        return _sure(any(enabled in word.lower() for word in text.words), otherwise=True)
    return seen


def _abbreviates(short: str, name: str) -> bool:
    """Tell whether `short` can be a package's nickname, as "sp" is of scipy."""
    letters = iter(name)
    return short[:1] == name[:1] and all(letter in letters for letter in short)


_RULES: Mapping[str, Callable[[_View], Sight]] = {
    "cwd": _cwd,
    "env": _env,
    "sys.path": _path,
    "sys.argv": _argv,
    "recursionlimit": _recursion,
    "int_max_str_digits": _digits,
    "warnings": _warnings,
    "decimal": _decimal,
    "locale": _locale,
    "timezone": _timezone,
    "logging": _logging,
    "signal": _signal,
    "sys.stdout": _stdout,
    "builtins": _builtins,
    "numpy.errstate": _errstate,
    "numpy.printoptions": _printoptions,
    "matplotlib.rcParams": _rcparams,
    "pandas.options": _options,
    "sklearn.config": _sklearn,
    "torch": _torch,
    "module": _module,
    "content": _module,
    "import": _import,
}
