"""The rules: what is a param, what is a metric, what is a timing. One place to read them all.

**By the expression that a name is bound to** (`kind_of`):

    constant   `lr = 0.1`, `sizes = (64, 32)`, `dict(lr=0.1)`, `2**10`              a param, and a flag of the script
    chosen     `0.1 if fast else 0.01`, `{**base, "lr": 1}`, `os.environ.get("N")`,
               `alphas = np.logspace(-3, 3, 7)` of no more than 20 numbers,
               `parser.parse_args()`, `Config(lr=0.1)`, `class CFG: lr = 0.1`       a param by its value, or one a field
    typed      `int(input("n? "))`                                                  a param, with what was typed
    taken      `lr = cfg["lr"]`, `k = args.k`, `b = a` of a constant a              neither: it is a param already
    count      `len(df)`, `X.shape[0]`, `n // 32`, `res.nobs`, `df.isna().sum()`    neither: the data says it, no result
    position   `np.argmax(p)`, `s.idxmax()`                                         neither: it points at a result
    computed   `auc = score(y, p)`, `total / n`, `acc, loss = evaluate()`           a metric, if it is a number
    clock      `time.time() - t`, `(now() - t).total_seconds()`                     a timing
               `start = time.time()`                                               neither: a moment is no duration
    counter    `n += 1`, a loop's target, `with … as f`, `except … as e`            neither

A count is a measurement where it depends on a comparison or on what a model said: `len(X[y != p])`, `len(set(labels))`
after `labels = model.labels_`. An accumulator that is divided at last is an average: `loss /= n` is computed.

**By what the cell does with it** (`uses.measures`): a number that only serves to make things that are no numbers, such
as the mean in `X - mean`, is no metric. Nor is one that a loop binds anew each time, unless the loop prints or logs it,
or picks its moment by an `if`. What a loop collects or adds up is told by the collection or the average. A name that
says that it is a score is a metric in any other case.

**By its name**: a name that begins with `_` is neither; `best_…` is a result, also of a position; `fit_time`, `elapsed`
and the like are timings.

**By its value** (`mlexp.capture.scores`): a bool, a complex number or a text is no metric; of a dict, a list, an array,
a Series or a frame of a few scores each is one; of lists filled step by step the last, with the curve.

**A param must be used**: by an execution that the run rests on, for more than how a figure looks; and it is no path.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from enum import IntEnum

from mlexp.comparison.goals import goal_of
from mlexp.dataflow.constants import NotConstantError, constant_value
from mlexp.dataflow.walking import last_name_of


class Kind(IntEnum):
    """How a name is bound; the greater wins where a cell binds it in several ways."""

    CONSTANT = 1
    CHOSEN = 2
    TYPED = 3
    TAKEN = 4
    COUNT = 5
    POSITION = 6
    COMPUTED = 7
    SAID = 8
    """Computed, from what a model said; only in a `Scope`."""
    CLOCK = 9
    COUNTER = 10


READINGS = frozenset({Kind.TAKEN, Kind.COUNT, Kind.POSITION, Kind.COMPUTED, Kind.CLOCK})
"""Of these the last counts."""
SETTINGS = frozenset({Kind.CONSTANT, Kind.CHOSEN, Kind.TYPED, Kind.TAKEN})


@dataclass(slots=True)
class Scope:
    """What is known of the names at one place of the text."""

    kinds: MutableMapping[str, Kind] = field(default_factory=dict)
    picked: bool = False
    """Whether an `if` decides that the place is reached."""


_SCORES = frozenset(
    """ari nmi ami inertia homogeneity completeness pvalue p_value psnr ssim fid sharpe coverage lift auprc tp fp tn fn
    metric performance logloss rsquared chi2 statistic mistake misclassified wrong cv""".split()
)
_SCORE_TABLES = frozenset("result score metric leaderboard comparison evaluation performance summary report".split())
_CURVES = frozenset("history hist curve loss cost reward return energy objective trace".split())
_SETTING_WORDS = frozenset(
    """cfg config configuration conf setting param parameter hparam hp hyperparameter hyperparam hyper arg argument
    option opts kwarg flag""".split()
)
_TIMING = re.compile(
    r"(?:elapsed|duration|took|run_?time|wall_?time|\w+_(?:elapsed|duration|seconds|secs)|elapsed_\w+|"
    r"(?:\w+_)?(?:fit|fitting|train|training|score|scoring|inference|predict|prediction|run|wall|exec|execution|total|"
    r"elapsed|process|processing|cpu|load|build|search)_time)(?:_?m?s)?\Z",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"(?:n|num|max|min|total)_\w+|steps?|stride|\w+_(?:size|steps?|dims?|len|length|width|height|units|epochs|iters?|batches|hidden|channels)",
    re.IGNORECASE,
)
"""Names of sizes: what is made of settings alone under such a name is a setting."""
_CLOCKS = frozenset({"time", "perf_counter", "monotonic", "process_time", "thread_time", "time_ns", "perf_counter_ns",
                     "monotonic_ns", "process_time_ns", "now", "utcnow", "default_timer"})  # fmt: skip
_CLOCK_OWNERS = frozenset({"time", "datetime", "timeit"})
_BARE_CLOCKS = _CLOCKS - {"now", "utcnow"}
_SAME_NUMBER = frozenset({"int", "float", "round", "abs", "str", "bool", "item", "ceil", "floor", "strip", "lower"})
"""Functions and methods whose result is of the kind of what they are given."""
_POSITIONS = frozenset(
    "argmax argmin nanargmax nanargmin idxmax idxmin index argsort searchsorted find get_loc".split()
)
_COUNTS = frozenset("nunique numel nelement __len__ getsizeof memory_usage cpu_count".split())
_COUNT_ATTRIBUTES = frozenset("shape size ndim nbytes n_features_in_".split())
_COUNT_NAMES = re.compile(
    r"(?:n|num|max_n)_\w*[a-z]|nobs|df_(?:resid|model)|max_depth|\w+_(?:count|size)|\w*(?:coordinates|indices)"
)
"""Attributes that count; what a model learned ends in `_` and is a result."""
_MISSING = frozenset("isnull isna notnull notna duplicated isnan".split())
_GRIDS = frozenset({"array", "arange", "linspace", "logspace", "geomspace"})
_DATA = re.compile(
    r"data|sample|point|train|test|valid|label|target|input|output|feature|obs|pred|true|(?:^|_)[xytXYuvzb](?:_|\d|s?$)|"
    r"matrix|vector|array|(?:^|_)arr|image|df|axis|grid_[xy]|time"
)
"""Names of what is data, though it is written down."""
_SAID_BY_MODEL = re.compile(r"predict\w*|fit_predict|decision_function|labels_|transform_?labels")
_MAKES_DATA = re.compile(
    r"predict\w*|fit_predict|decision_function|forecast\w*|(?:inverse_|fit_)?transform|simulate|"
    r"sample|rand\w*|choice|normal|uniform|integers|standard_normal|poisson|exponential|binomial|gamma|beta"
)
"""Methods whose results are data, of one number too."""
_LOADS = re.compile(r"(?:read|load|fetch|make)_\w+|load")
_FOLD_CALLS = re.compile(r"cross_val\w*|\w*(?:folds?|cv|scores|bootstrap\w*|permutations?)", re.IGNORECASE)
_KEEPS_FOLDS = frozenset("array asarray sqrt abs negative square concatenate append zeros empty ones full".split())
_SCORES_FEATURES = re.compile(r"f_classif|f_regression|chi2|mutual_info\w*|r_regression")


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case, without the `s` of a plural."""
    words = re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    return [_singular(word) for word in words if word]


def _singular(word: str) -> str:
    for end, instead in ("sses", "ss"), ("ies", "y"), ("s", ""):
        if word.endswith(end) and not word.endswith("ss") | (word in ("loss", "mape", "bias", "axis", "series")):
            return word.removesuffix(end) + instead
    return word


def is_score(name: str) -> bool:
    """Tell whether a name says that it is a score: `val_acc`, `rmse`, `n_errors`."""
    words = words_of(name)
    return goal_of("_".join(words)) is not None or not _SCORES.isdisjoint(words)


def is_plural_score(name: str) -> bool:
    """Tell whether a name stands for several scores: `scores`, `val_accs`, `fold_results`."""
    last = re.split(r"[^A-Za-z0-9]+", name.rstrip("_0123456789"))[-1].lower()
    plural = last.endswith("s") and _singular(last) != last
    return plural and (is_score(name) or not _SCORE_TABLES.isdisjoint(words_of(name)))


def is_one_score(name: str) -> bool:
    """Tell whether a name is that of one score, and of no table: `average_precision`."""
    return is_score(name) and not is_score_table(name)


def is_score_table(name: str) -> bool:
    """Tell whether a name stands for a table of scores: `results`, `leaderboard`."""
    return not _SCORE_TABLES.isdisjoint(words_of(name)) or is_plural_score(name)


def is_curve(name: str) -> bool:
    """Tell whether a name stands for values step by step: `history`, `train_losses`."""
    words = words_of(name)
    return not _CURVES.isdisjoint(words) or words[-1:] == ["log"]  # `train_log`, but not `log_density`


def is_settings(name: str) -> bool:
    """Tell whether a name stands for settings: `cfg`, `model_params`, `args`."""
    return not _SETTING_WORDS.isdisjoint(words_of(name))


def is_timing(name: str) -> bool:
    """Tell whether a name says that it is a duration."""
    return _TIMING.match(name) is not None


def kind_of(node: ast.expr, scope: Scope, target: str = "") -> Kind:
    """Return the kind of a value, by its expression.

    Args:
        node: The expression.
        scope: What is known of the names in it.
        target: The name that it is bound to.
    """
    if reads_clock(node, scope.kinds):
        return Kind.CLOCK
    if _is_chosen(node, scope, target):
        return Kind.CHOSEN
    kind = _kind(node, scope, whole=False)
    if _SIZE.fullmatch(target) and kind is Kind.COMPUTED and _is_of_settings(node, scope):
        return Kind.TAKEN
    if kind in (Kind.COUNT, Kind.POSITION, Kind.COUNTER):
        telling = is_score(target) or (target.lower().startswith("best") and not {"idx", "index"} & {*words_of(target)})
        measured = kind is Kind.COUNT and _is_measured(node, scope)
        picked = kind is Kind.COUNTER and scope.picked
        if telling or measured or picked:
            return Kind.COMPUTED
        return Kind.POSITION if kind is Kind.COUNTER else kind
    return Kind.COMPUTED if kind is Kind.CONSTANT else kind  # of constants, but no setting: bytes, a complex number


def _is_of_settings(node: ast.expr, scope: Scope) -> bool:
    """Tell whether a value is arithmetic of settings and constants, with nothing measured in it."""
    match node:
        case ast.BinOp(left=left, right=right):
            return _is_of_settings(left, scope) and _is_of_settings(right, scope)
        case ast.Call() if called(node) in _SAME_NUMBER and len(node.args) == 1:
            return _is_of_settings(node.args[0], scope)
        case ast.Attribute(value=ast.Name(id="np" | "math" | "numpy"), attr="pi" | "e" | "inf"):
            return True
    return isinstance(node, ast.Constant) or _kind(node, scope, whole=False) in (Kind.TAKEN, Kind.COUNT)


def says_model(node: ast.AST, scope: Scope) -> bool:
    """Tell whether a value is what a model said, or made of it."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and _SAID_BY_MODEL.match(inner.attr):
            return True
        if isinstance(inner, ast.Name) and scope.kinds.get(inner.id) is Kind.SAID:
            return True
    return False


def _is_measured(node: ast.expr, scope: Scope) -> bool:
    return says_model(node, scope) or any(isinstance(inner, ast.Compare) for inner in ast.walk(node))


def makes_data(node: ast.expr) -> bool:
    """Tell whether a value is data, though it may be one number: `model.predict([x])`, `X[0]`, `tree.feature[0]`."""
    while isinstance(node, ast.Call) and called(node) in _SAME_NUMBER:
        inner = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
        if inner is None:
            return False
        node = inner
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and _MAKES_DATA.fullmatch(called(node)) is not None
    if not isinstance(node, ast.Subscript) or any(isinstance(inner, ast.Call) for inner in ast.walk(node)):
        return False
    words = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    words += [n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)]
    words += [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return not any(is_score(word) or is_score_table(word) or is_curve(word) for word in words)


def loads_data(node: ast.expr | None) -> bool:
    """Tell whether a value is loaded or drawn as data: `pd.read_csv(p).astype(float)`, `make_blobs()`."""
    calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)) if node is not None else ()
    return any(_LOADS.fullmatch(called(call)) for call in calls)


def keeps_folds(node: ast.expr | None) -> bool:
    """Tell whether an array named like scores may hold those of folds, and not one score for each feature or size.

    `cross_val_score(…)`, `np.sqrt(-scores)`, `cv["test_score"]`, `np.array(accs)`, any call of a plain function; no
    `scores.mean(axis=1)`, `f_classif(X, y)`, `y - p`, `scores / scores.max()`.
    """
    match node:
        case ast.Name():
            return True
        case ast.UnaryOp(operand=operand):
            return keeps_folds(operand)
        case ast.BinOp(left=left, right=right):
            constant = isinstance(left, ast.Constant), isinstance(right, ast.Constant)
            return any(constant) and keeps_folds(right if constant[0] else left)
        case ast.Subscript(slice=ast.Constant(value=str())):
            return True
        case ast.ListComp():
            return True
        case ast.Call(func=ast.Name(id=function)):
            return _SCORES_FEATURES.fullmatch(function) is None
        case ast.Call(args=args) if called(node) in _KEEPS_FOLDS:
            plain = isinstance(args[0], (ast.Constant, ast.Tuple, ast.List)) if args else False
            return plain or any(map(keeps_folds, args))
        case ast.Call():
            return _FOLD_CALLS.fullmatch(called(node)) is not None
    return False


def is_written_data(name: str, value: object) -> bool:
    """Tell whether a constant is data that was written down: `X_new = [[5.5, 1.7]]`, `data = [{"a": 1}]`."""
    if not isinstance(value, list) or not _DATA.search(name) or _SIZE.fullmatch("_".join(words_of(name))):
        return False
    if words_of(name)[-1:] in (["data"], ["sample"]) or any(isinstance(row, dict) for row in value):
        return True
    rows = [row for row in value if isinstance(row, (list, tuple))]
    numbers = [item for row in rows for item in row] if rows else value
    plain = all(type(number) in (int, float) for number in numbers)
    return plain and (len(rows) == len(value) if rows else len(value) > 3)


def is_moment(node: ast.expr | None) -> bool:
    """Tell whether a clock reading is a moment, and no duration: `time.time()`."""
    while isinstance(node, ast.Call) and called(node) in ("round", "float", "int") and node.args:
        node = node.args[0]
    return isinstance(node, ast.Call) and (called(node) in _CLOCKS or called(node) == "timestamp")


def is_namespace(node: ast.stmt) -> bool:
    """Tell whether a class is only a place for settings: `class CFG: lr = 0.1`."""
    if not isinstance(node, ast.ClassDef) or node.keywords or node.decorator_list:
        return False
    plain = (ast.Assign, ast.AnnAssign, ast.Pass)
    docs = [s for s in node.body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)]
    bases = all(isinstance(base, ast.Name) and base.id in ("object", "SimpleNamespace") for base in node.bases)
    return bases and all(isinstance(s, plain) or s in docs for s in node.body) and len(docs) < len(node.body)


# What is chosen, but not by a constant that stands there.


def _is_chosen(node: ast.expr, scope: Scope, target: str) -> bool:
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            return all(_is_setting(side, scope) or _is_chosen(side, scope, target) for side in (body, orelse))
        case ast.BoolOp(values=values):
            return all(_is_setting(value, scope) for value in values)
        case ast.Dict(values=values, keys=keys):
            merged = all(key is not None or _is_setting(value, scope) for key, value in zip(keys, values, strict=True))
            return merged and _are_settings(values, scope, target)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return all(_is_setting(side, scope) or _is_chosen(side, scope, target) for side in (left, right))
        case ast.Call():
            return _is_chosen_call(node, scope, target)
        case ast.Attribute(attr=attribute):
            return is_settings(target) and attribute == "best_params_"
    return False


def _is_chosen_call(node: ast.Call, scope: Scope, target: str) -> bool:
    function = called(node)
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    if function in _GRIDS and _is_numpy_of_constants(owner, given):
        return not _DATA.search(target) and len(target) > 2
    if function in ("parse_args", "parse_known_args", "Namespace", "SimpleNamespace", "suggest_float", "suggest_int",
                    "suggest_categorical", "getenv"):  # fmt: skip
        return True
    if function in _SAME_NUMBER and len(given) == 1:
        return _is_chosen(given[0], scope, target)
    if function == "get" and isinstance(owner, ast.Attribute) and owner.attr == "environ":
        return True
    if function in ("copy", "deepcopy"):
        return _is_setting(given[0] if given else owner, scope)
    if function == "dict" and given:
        return _are_settings(given, scope, target)
    makes = function[:1].isupper() or re.match(r"load|parse|create|make|get|from_|read|cli\b", function) is not None
    return makes and (is_settings(function) or is_settings(target))


def _is_numpy_of_constants(owner: ast.expr | None, given: list[ast.expr]) -> bool:
    return isinstance(owner, ast.Name) and owner.id in ("np", "numpy") and bool(given) and all(map(_is_constant, given))


def _are_settings(values: list[ast.expr], scope: Scope, target: str) -> bool:
    """Tell whether a dict of these values is one of settings: each is, and some stand here; or its name says so."""
    if not values or is_score_table(target):
        return False
    if is_settings(target):
        return True
    return all(_is_setting(v, scope) for v in values) and any(_is_constant(v) for v in values)


def _is_setting(node: ast.expr | None, scope: Scope) -> bool:
    if node is None:
        return False
    return _is_constant(node) or _kind(node, scope, whole=False) in SETTINGS


def _is_constant(node: ast.expr) -> bool:
    try:
        constant_value(node)
    except NotConstantError:
        return False
    return True


# What is taken, counted, pointed at or computed.


def _kind(node: ast.expr, scope: Scope, *, whole: bool) -> Kind:
    """Return the kind of a value; `whole`: it is made a whole number, so arithmetic with fractions is still a count."""
    match node:
        case ast.Constant():
            return Kind.CONSTANT
        case ast.Name(id=name):
            kind = scope.kinds.get(name, Kind.COMPUTED)
            return Kind.TAKEN if kind in SETTINGS else Kind.COMPUTED if kind is Kind.SAID else kind
        case ast.UnaryOp(operand=operand):
            return _kind(operand, scope, whole=whole)
        case ast.IfExp(body=body, orelse=orelse):
            kinds = {_kind(side, scope, whole=whole) for side in (body, orelse)} - {Kind.CONSTANT}
            return Kind.CONSTANT if not kinds else kinds.pop() if len(kinds) == 1 else Kind.COMPUTED
        case ast.BinOp(left=left, op=op, right=right):
            return _of_arithmetic(left, op, right, scope, whole=whole)
        case ast.Attribute(value=value, attr=attribute):
            if attribute in _COUNT_ATTRIBUTES or (_COUNT_NAMES.fullmatch(attribute) and not is_score(attribute)):
                return Kind.COUNT
            return Kind.TAKEN if _kind(value, scope, whole=False) is Kind.TAKEN else Kind.COMPUTED
        case ast.Subscript(value=value, slice=index):
            kind = _kind(value, scope, whole=False)
            known = _kind(index, scope, whole=False) in (Kind.CONSTANT, Kind.TAKEN)
            return kind if kind is Kind.COUNT or (kind is Kind.TAKEN and known) else Kind.COMPUTED
        case ast.Call():
            return _of_call(node, scope, whole=whole)
    return Kind.COMPUTED


def _of_arithmetic(left: ast.expr, op: ast.operator, right: ast.expr, scope: Scope, *, whole: bool) -> Kind:
    kinds = {_kind(side, scope, whole=whole) for side in (left, right)}
    if Kind.POSITION in kinds and kinds <= {Kind.POSITION, Kind.CONSTANT}:
        return Kind.POSITION
    if Kind.COUNT not in kinds or not kinds <= {Kind.COUNT, Kind.CONSTANT, Kind.TAKEN}:
        return Kind.CONSTANT if kinds == {Kind.CONSTANT} else Kind.COMPUTED
    fractions = [side for side in (left, right) if isinstance(side, ast.Constant) and type(side.value) is float]
    if isinstance(op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)):
        return Kind.COMPUTED if fractions and not whole else Kind.COUNT
    return Kind.COUNT if isinstance(op, ast.Div) and whole and kinds != {Kind.COUNT} else Kind.COMPUTED


def _of_call(node: ast.Call, scope: Scope, *, whole: bool) -> Kind:
    function = called(node)
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if function == "len":
        return Kind.COMPUTED if all(isinstance(argument, ast.Constant) for argument in node.args) else Kind.COUNT
    if function in _POSITIONS:
        return Kind.POSITION
    if function in _COUNTS:
        return Kind.COUNT
    if function == "sum" and _counts_missing(owner or (node.args[0] if node.args else None)):
        return Kind.COUNT
    if function == "get" and owner is not None and _kind(owner, scope, whole=False) is Kind.TAKEN:
        return Kind.TAKEN
    if function == "param" and (owner is None or isinstance(owner, ast.Name)) and node.args:
        return Kind.TAKEN if isinstance(node.args[0], ast.Constant) else Kind.COMPUTED  # `mlexp.param("lr", 0.1)`
    inner = node.args[0] if node.args else owner
    if function in _SAME_NUMBER and inner is not None:
        return _kind(inner, scope, whole=whole or function in ("int", "round", "ceil", "floor"))
    return Kind.COMPUTED


def _counts_missing(node: ast.expr | None) -> bool:
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in _MISSING:
            return True
        node = node.func.value
    return False


def called(node: ast.Call) -> str:
    """Return the last name of what a call calls, or nothing."""
    return last_name_of(node.func)


# Clocks.


def reads_clock(node: ast.expr, kinds: Mapping[str, Kind]) -> bool:
    """Tell whether a value is a clock reading: a clock's call, its distance to anything, or arithmetic of such only."""
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute):
            owner = function.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if function.attr in ("total_seconds", "timestamp"):
                return reads_clock(owner, kinds)
            return function.attr in _CLOCKS and name in _CLOCK_OWNERS
        if isinstance(function, ast.Name):
            rounds = function.id in ("round", "float", "int", "str") and bool(node.args)
            return function.id in _BARE_CLOCKS or (rounds and reads_clock(node.args[0], kinds))
        return False
    if isinstance(node, ast.Attribute):
        return node.attr in ("seconds", "microseconds") and reads_clock(node.value, kinds)
    if isinstance(node, ast.Name):
        return kinds.get(node.id) is Kind.CLOCK
    if isinstance(node, ast.BinOp):
        sides = [side for side in (node.left, node.right) if not isinstance(side, ast.Constant)]
        read = [reads_clock(side, kinds) for side in sides]
        return any(read) if isinstance(node.op, ast.Sub) else bool(read) and all(read)
    return False


def names_in(node: ast.AST) -> Iterator[str]:
    """Yield the names that an expression reads."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            yield inner.id
