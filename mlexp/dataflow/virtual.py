"""The session that running a notebook from the top would be: each cell once, in order, with its text as it stands.

Of a cell that has run with this text, the effects are those of its latest execution. Of one that never ran, they are
told from its text alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from mlexp.dataflow.cell import parse
from mlexp.dataflow.document import Document
from mlexp.dataflow.names import changed_in_place, names_of
from mlexp.dataflow.needed import fixed_in
from mlexp.dataflow.surely import bound_surely
from mlexp.dataflow.walking import last_name_of, root_of
from mlexp.records import Execution, Outcome, SessionId

_MAGIC = re.compile(r"[ \t]*[%!?]|[^\n#]*=[ \t]*[%!]|[^\n#]*\?[ \t]*$")
_WORD = re.compile(r"[^\W\d]\w*")
_STARS = re.compile(r"import[ \t]*\*|\b(?:exec|globals|locals|vars)\(")
_MAY_SEED = re.compile(r"seed|set_?state", re.IGNORECASE)
_SEEDS = re.compile(r"(?:\w*_)?seed(?:_\w+)?|set_state|setstate", re.IGNORECASE)
_MUTATES = re.compile(
    r"append|extend|insert|pop|popitem|remove|clear|update|setdefault|sort|reverse|add|discard|appendleft|rotate|"
    r"fit\w*|partial_fit|train|eval|step|backward|zero_grad|set_\w+|load_state_dict|compile|shuffle|fill|resize|put|"
    r"\w+_"
)
_ONLY_TELLS = re.compile(
    r"head|tail|info|describe|sample|plot\w*|hist\w*|boxplot|show|savefig|value_counts|is\w+|sum|mean|median|std|var|min|max|"
    r"count|n?unique|corr|cov|summary|print\w*|to_\w+|get_\w+|predict\w*|score\w*|groupby|nlargest|nsmallest|keys|values|"
    r"items|copy|memory_usage|quantile|mode|any|all|dtypes|format|join|split|strip|startswith|endswith|lower|upper|index"
)
"""Methods that are called for what they return or show."""
_SHOWS = frozenset({"print", "display", "pprint", "len", "type", "help", "id", "dir", "repr", "str", "isinstance"})


@dataclass(frozen=True, slots=True)
class Virtual:
    """One cell of a run from the top."""

    place: int
    """The cell's position in the document."""
    execution: Execution
    """As it would run; its index is `place`."""
    origin: Execution | None
    """The execution whose effects it has; None: the cell never ran with this text."""


def run_from_top(
    executions: Sequence[Execution],
    document: Document,
    *,
    stop: int,
    preferred: Set[int] = frozenset(),
    names: Set[str] = frozenset(),
    only_run: bool = False,
) -> tuple[Virtual, ...]:
    """Return what the cells below `stop` would do.

    Args:
        executions: What really ran, in order.
        document: The notebook.
        stop: The position up to which it is run.
        preferred: Indices of executions that tell best what their cells do: one that ran again and found its work done
            (`if x is None: x = load()`) tells less.
        names: What counts: a cell that never ran and mentions none of it is taken to do nothing.
        only_run: Whether cells that never ran are left out.
    """
    origins: dict[int, Execution] = {}
    for execution in sorted(executions, key=lambda e: (e.index in preferred, e.index)):
        if execution.outcome is not Outcome.NOT_RUN:
            origins |= dict.fromkeys(document.places(execution), execution)
    found = []
    for place, cell in enumerate(document.cells[:stop]):
        origin = origins.get(place)
        if origin is not None:
            moved = origin if origin.index == place else replace(origin, index=place)
            found.append(Virtual(place, moved, origin))
        elif not only_run:
            told = (
                told_by(cell.text)
                if _STARS.search(cell.text) or not names.isdisjoint(words_in(cell.text))
                else _NOTHING
            )
            found.append(Virtual(place, _by_text(cell.text, told, place), None))
    if any(each.execution.changed or each.execution.suspected for each in found if each.origin is None):
        fixed = frozenset().union(*(fixed_in(each.execution.python) for each in found))
        return tuple(_without_suspicion(each, fixed) if each.origin is None else each for each in found)
    return tuple(found)


def _without_suspicion(virtual: Virtual, names: Set[str]) -> Virtual:
    """Return a cell that never ran without the suspicion that it changes modules, functions and classes."""
    told = virtual.execution
    changed, suspected = (tuple(n for n in found if n not in names) for found in (told.changed, told.suspected))
    return replace(virtual, execution=replace(told, changed=changed, suspected=suspected))


@lru_cache(maxsize=2048)
def words_in(text: str) -> frozenset[str]:
    """Return all words of a text that may be names."""
    return frozenset(_WORD.findall(text))


def seeds(python: str) -> bool:
    """Tell whether a text plainly seeds a generator: something called like that is called, or given a seed's state."""
    return _MAY_SEED.search(python) is not None and _seeds(python)


@lru_cache(maxsize=4096)
def _seeds(python: str) -> bool:
    tree = parse(python)
    return tree is not None and any(
        isinstance(node, ast.Call) and _SEEDS.fullmatch(last_name_of(node.func)) is not None for node in ast.walk(tree)
    )


def _by_text(text: str, told: Told, place: int) -> Execution:
    return Execution(
        session_id=SessionId(""),
        index=place,
        number=0,
        source=text,
        python=told.python,
        outcome=Outcome.OK,
        observed=False,
        bound=told.bound,
        read=told.read,
        loaded=told.read,
        rebound=told.rebound,
        changed=told.changed,
        suspected=told.suspected,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What a text tells of itself."""

    python: str
    bound: tuple[str, ...]
    read: tuple[str, ...]
    rebound: tuple[str, ...]
    changed: tuple[str, ...]
    suspected: tuple[str, ...]


_NOTHING = Told("pass", (), (), (), (), ())


@lru_cache(maxsize=2048)
def told_by(text: str) -> Told:
    """Return what a text does to names as far as it tells.

    Each name that it binds counts as bound. What it hands to calls without looking at what they return may be changed.
    """
    python = "\n".join(_without_magics(text))
    tree = parse(python)
    if tree is None:
        return _NOTHING
    names = names_of(python)
    surely = frozenset(bound_surely(tree, {}, frozenset()))
    fixed = fixed_in(python)
    changed, suspected = _stored(tree) | set(), set()
    for node, is_shown in _statements(tree):
        mutated, handed = _touched(node, is_shown=is_shown)
        changed |= mutated
        suspected |= handed
    bound = frozenset(names.bound)
    # What is bound in one branch only is bound as far as anyone can tell, but leaves the value before it alive.
    return Told(
        python=python,
        bound=names.bound,
        read=names.read,
        rebound=tuple(sorted(bound & surely)),
        changed=tuple(sorted((changed | (bound - surely)) - fixed)),
        suspected=tuple(sorted(suspected - changed - bound - fixed)),
    )


def _without_magics(text: str) -> Iterator[str]:
    """Yield the lines without those that only IPython understands."""
    lines = text.split("\n")
    for line in lines:
        if line.startswith("%%"):
            yield "pass"
            return
        yield re.sub(r"\S.*", "pass", line) if _MAGIC.match(line) and parse(line.strip()) is None else line


def _stored(tree: ast.Module) -> set[str]:
    """Return the names whose objects are changed by item, attribute or operator."""
    kept = [s for s in tree.body if not isinstance(s, ast.Expr)]
    bare = {id(n) for s in kept for n in ast.walk(s) if isinstance(n, ast.Expr)}
    if not bare:
        return set(changed_in_place(ast.Module(kept, [])))
    return {root_of(n) for s in kept for n in ast.walk(s) if _is_store(n)} - {""}


def _is_store(node: ast.AST) -> bool:
    return isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del))


def _statements(tree: ast.Module) -> Iterator[tuple[ast.Call, bool]]:
    """Yield the calls whose answers nobody takes, and whether the cell shows the answer: then it was asked for that."""
    last = tree.body[-1] if tree.body else None
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Expr):
                call = node.value.value if isinstance(node.value, ast.Await) else node.value
                if isinstance(call, ast.Call):
                    yield call, node is last


def _touched(call: ast.Call, *, is_shown: bool) -> tuple[set[str], set[str]]:
    """Return the names that a call surely changes, and those that it may change."""
    name, root = last_name_of(call.func), root_of(call.func)
    handed = {node.id for argument in call.args for node in [argument] if isinstance(node, ast.Name)}
    handed |= {k.value.id for k in call.keywords if isinstance(k.value, ast.Name)}
    in_place = any(
        k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value is True for k in call.keywords
    )
    if isinstance(call.func, ast.Attribute):
        if in_place or _MUTATES.fullmatch(name):
            return ({root} | (handed if name == "shuffle" else set())) - {""}, set()
        return set(), set() if is_shown or _ONLY_TELLS.fullmatch(name) else {root} - {""}
    return set(), set() if is_shown or name in _SHOWS else handed
