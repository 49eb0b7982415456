"""What a text plainly does to the objects of its names, for values of which nothing else can tell.

Plainly changed: by item, attribute or operator, by a method called for nothing but its effect, by training, by
`out=` and `inplace=True`. Only read: every mention is one that cannot change it, such as `print(df.shape)`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mlexp.dataflow.cell import magic_call
from mlexp.dataflow.changes import statements_of
from mlexp.dataflow.needed import trained_in
from mlexp.dataflow.rules import called
from mlexp.dataflow.walking import children_of, root_of, walk

_ASKS = frozenset(
    """print display repr str format len type id isinstance issubclass hasattr callable bool int float round abs hash
    pprint dir""".split()
)
"""Functions that only ask an object: not even an iterator moves."""
_TAKES = frozenset(
    """sum min max sorted list tuple set frozenset dict enumerate zip reversed range any all map filter mean median
    std var DataFrame Series array asarray concat merge crosstab pivot_table get_dummies cross_val_score
    cross_validate train_test_split classification_report confusion_matrix roc_curve copy deepcopy dumps
    isna isnull notna unique where log log1p exp sqrt dot concatenate vstack hstack stack""".split()
)
"""Functions that read what they are given."""
_READS = frozenset(
    """head tail sample describe info predict predict_proba predict_log_proba decision_function transform score
    score_samples apply mean median std var sum min max count nunique unique value_counts corr cov groupby agg aggregate
    copy to_numpy to_list tolist to_dict to_frame to_string to_csv to_parquet to_json to_html to_markdown to_latex
    get_params isna isnull notna notnull any all query filter loc iloc items keys values get index find split join strip
    lower upper startswith endswith format encode decode replace merge pivot pivot_table melt stack unstack assign drop
    dropna fillna sort_values sort_index reset_index set_index rename astype round clip abs quantile mode idxmax idxmin
    argmax argmin argsort cumsum diff shift rolling resample reshape ravel flatten dot nlargest nsmallest between isin
    duplicated drop_duplicates plot hist boxplot scatter bar line pie kde summary named_parameters parameters
    state_dict numel size dim item detach cpu numpy inverse_transform get_feature_names_out get_booster dump_model
    get_dump get_score get_fscore feature_importance num_trees save save_model savetxt tofile savefig to_pickle show
    most_common total union intersection difference issubset issuperset eval""".split()
)
"""Methods that read their object."""
_CANVAS = re.compile(r"ax(?:e?s)?\d*|ax_\w+|fig(?:ure)?\d*")
"""Names of what is drawn on: of these, a method that draws changes its object."""
_DRAWS = frozenset("plot hist boxplot scatter bar line pie kde".split())
_CHANGES = frozenset("shuffle heappush heappop heapify setattr delattr fill_ put place copyto putmask".split())
"""Functions that change their first argument."""


@dataclass(frozen=True, slots=True)
class Plainly:
    """What a text plainly does."""

    changed: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()
    """Names of which no mention can change the object, unless it is used up by being read."""
    asked: frozenset[str] = frozenset()
    """Of these, names of which no mention can even move an iterator."""
    set_on: frozenset[str] = frozenset()
    """Names of which it sets an attribute, such as `config` in `config.lr = 0.1`."""


def plainly(tree: ast.Module) -> Plainly:
    """Return what a text plainly does to the objects of its names."""
    changed = trained_in(tree) | {name for node in walk(tree) for name in _changed(node)}
    changed |= {name for s in statements_of(tree.body) for name in _called_for_effect(s)}
    mentions: dict[str, list[int]] = {}
    for name, care in _mentions(tree):
        mentions.setdefault(name, []).append(care)
    read = {name for name, cares in mentions.items() if max(cares) <= 1} - changed
    asked = {name for name in read if max(mentions[name]) == 0}
    stores = (n for n in walk(tree) if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load))
    set_on = {n.value.id for n in stores if isinstance(n.value, ast.Name)}
    return Plainly(frozenset(changed - {""}), frozenset(read), frozenset(asked), frozenset(set_on))


def _changed(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.AugAssign(target=target):
            yield root_of(target)
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            yield root_of(node)
        case ast.Call(func=function, args=args, keywords=keywords):
            for keyword in keywords:
                if keyword.arg == "out":
                    yield root_of(keyword.value)
                elif keyword.arg == "inplace" and isinstance(keyword.value, ast.Constant) and keyword.value.value:
                    yield root_of(function)
            name = called(node)
            if args and name in _CHANGES:
                yield root_of(args[0])
            if isinstance(function, ast.Attribute) and name.endswith("_") and not name.startswith("_"):
                yield root_of(function)
        case ast.For(body=body) | ast.While(body=body) | ast.If(body=body) | ast.With(body=body) | ast.Try(body=body):
            for statement in body:
                yield from _called_for_effect(statement)


def _called_for_effect(statement: ast.stmt) -> Iterator[str]:
    """Yield the name whose method a statement calls, and nothing else, unless it is one that reads."""
    if not isinstance(statement, ast.Expr):
        return
    call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or magic_call(call) is not None:
        return
    if not _reads(call.func):
        yield root_of(call.func)


def _mentions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield each mention of a name: 0, it asks only; 1, it reads; 2, it may do anything."""
    pending: list[tuple[ast.AST, int]] = [(tree, 2)]
    while pending:
        node, care = pending.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                yield name, care
            case ast.Call(func=function, args=args, keywords=keywords):
                inner = _care_of(function)
                given = [*args, *(keyword.value for keyword in keywords)]
                pending += [(argument, inner) for argument in given]
                if isinstance(function, ast.Attribute):
                    pending.append((function.value, 1 if _reads(function) else 2))
                else:
                    pending.append((function, 2))
            case ast.Attribute(value=inner_node) | ast.Subscript(value=inner_node):
                pending.append((inner_node, 0 if isinstance(node, ast.Attribute) and care <= 1 else min(care, 1)))
                if isinstance(node, ast.Subscript):
                    pending.append((node.slice, 1))
            case ast.Compare() | ast.BoolOp() | ast.JoinedStr() | ast.FormattedValue():
                pending += [(child, 0) for child in children_of(node)]
            case ast.BinOp() | ast.UnaryOp():
                pending += [(child, 1) for child in children_of(node)]
            case ast.Expr(value=ast.Name(id=name)):
                yield name, 0
            case ast.Assign(targets=targets, value=value):
                pending += [(target, 2) for target in targets]
                pending.append((value, 0 if isinstance(value, ast.Name) else 1))
            case (
                ast.Expr()
                | ast.keyword()
                | ast.FormattedValue()
                | ast.Starred()
                | ast.Tuple()
                | ast.List()
                | ast.Dict()
            ):
                pending += [
                    (child, min(care, 1) if isinstance(node, ast.Expr) else care) for child in children_of(node)
                ]
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
                pending += [(child, 0 if child is test else 2) for child in children_of(node)]
            case ast.For(iter=iterated) | ast.comprehension(iter=iterated):
                pending += [(child, 1 if child is iterated else 2) for child in children_of(node)]
            case _:
                pending += [(child, 2) for child in children_of(node)]


def _reads(method: ast.Attribute) -> bool:
    """Tell whether a method only reads its object."""
    draws = method.attr in _DRAWS and _CANVAS.fullmatch(root_of(method)) is not None
    return method.attr in _READS and not draws


def _care_of(function: ast.expr) -> int:
    """Return what a call of a function may do to what it is given."""
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    if name in _ASKS:
        return 0
    reads = name in _TAKES or name in _READS or name.endswith(("_score", "_error", "_loss", "plot"))
    return 1 if reads or name in ("fit", "fit_transform", "partial_fit") else 2
