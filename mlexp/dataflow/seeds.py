"""Who seeds which random number generators, and who draws from them, by their text.

A called function is known by its full name, through the imports of all cells; one of the cells' own by what it calls.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache

from mlexp.dataflow.cell import parse
from mlexp.dataflow.rules import called
from mlexp.records import Execution, GeneratorState, Outcome

GLOBAL = frozenset({"random", "numpy", "torch", "torch.cuda"})
"""The generators that belong to a library."""

_TORCH = frozenset({"torch", "torch.cuda"})
_SEEDERS = {
    "random.seed": frozenset({"random"}),
    "random.setstate": frozenset({"random"}),
    "numpy.random.seed": frozenset({"numpy"}),
    "numpy.random.set_state": frozenset({"numpy"}),
    "torch.manual_seed": _TORCH,
    "torch.random.manual_seed": _TORCH,
    "torch.set_rng_state": frozenset({"torch"}),
    "torch.cuda.manual_seed": frozenset({"torch.cuda"}),
    "torch.cuda.manual_seed_all": frozenset({"torch.cuda"}),
    "torch.cuda.set_rng_state": frozenset({"torch.cuda"}),
    "torch.seed": _TORCH,
}
_CONSTRUCTORS = frozenset("default_rng SeedSequence PCG64 PCG64DXSM MT19937 Philox SFC64 RandomState Random".split())
_PREPARE = frozenset(
    "print int str seed manual_seed use_deterministic_algorithms filterwarnings set_printoptions set_option".split()
)
_OBJECT_SEEDERS = frozenset({"seed", "manual_seed", "setstate", "set_state"})
_SEEDS = re.compile(r"seed|set_?state|\.state\b")
_BY_CHANCE = re.compile(
    r"time(_ns)?|perf_counter\w*|monotonic\w*|now|utcnow|today|timestamp|urandom|getpid|uuid\d|token_\w+|randbits"
)
_DRAWS = re.compile(
    r"rand\w*|sample\w*|shuffle\w*|choices?|permut\w*|(log)?normal\w*|uniform\w*|gauss\w*|beta\w*|gamma\w*|binomial|"
    r"poisson|exponential|expovariate|integers|getrandbits|multi(nomial|variate_normal)|laplace|dirichlet|rvs|"
    r"fit\w*|\w*split|cross_val\w*|make_\w+|Linear|Conv\w*|Embedding|LSTM|GRU|dropout|Sequential|bootstrap\w*"
)


@dataclass(frozen=True, slots=True)
class Seeding:
    """A call that seeds."""

    call: ast.Call
    generators: frozenset[str]
    """The global ones among those that it seeds."""
    is_fixed: bool
    """Whether it gives the same state each time: not one without a seed, or with the clock's."""


@dataclass(slots=True)
class Seeds:
    """What some cells together say of seeds."""

    trees: Sequence[ast.Module]
    _modules: dict[str, str] = field(default_factory=dict)
    _functions: dict[str, list[ast.Call]] = field(default_factory=dict)
    """The calls in each of the cells' own functions and classes."""
    _seeding: dict[str, frozenset[str]] = field(default_factory=dict)
    _drawing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for node in (node for tree in self.trees for node in ast.walk(tree)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._modules[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                self._modules |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._functions.setdefault(node.name, []).extend(_calls_in(node))
        while self._learn():
            pass

    def _learn(self) -> bool:
        """Learn what the cells' own functions seed and draw from; tell whether that was news."""
        before = sum(map(len, self._seeding.values())), len(self._drawing)
        for name, calls in self._functions.items():
            self._seeding[name] = frozenset().union(*map(self._seeded_by, calls))
            if any(map(self._draws, calls)):
                self._drawing.add(name)
        return before != (sum(map(len, self._seeding.values())), len(self._drawing))

    def seedings(self, tree: ast.AST) -> Iterator[Seeding]:
        """Yield the calls in a tree that seed global generators."""
        for call in _calls_in(tree):
            if seeded := self._seeded_by(call):
                own = called(call) in self._functions
                yield Seeding(call, seeded, is_fixed=own or not _is_by_chance(call))

    def _seeded_by(self, call: ast.Call) -> frozenset[str]:
        name = called(call)
        if name in self._seeding:
            return self._seeding[name]
        path = self._path_of(call.func)
        if path in _SEEDERS:
            return _SEEDERS[path]
        is_known = isinstance(call.func, ast.Name) or path != ""  # else it is a method, which seeds its own object
        return GLOBAL if is_known and re.search(r"(^|_)seed(_|s?$)", name) else frozenset()

    def _path_of(self, function: ast.expr) -> str:
        """Return a function's full name, such as "numpy.random.seed"; empty for what is no module's."""
        parts = []
        while isinstance(function, ast.Attribute):
            parts.append(function.attr)
            function = function.value
        if not isinstance(function, ast.Name) or function.id not in self._modules:
            return ""
        return ".".join([self._modules[function.id], *reversed(parts)])

    def come_first(self, body: Iterable[ast.stmt], generator: GeneratorState) -> bool:
        """Tell whether the statements seed a generator before they draw from it."""
        family, root = family_of(generator), root_of(generator.variable)

        def seeds(node: ast.AST) -> bool:
            if generator.variable:
                return seeds_object(node, root)
            return any(family in seeding.generators and seeding.is_fixed for seeding in self.seedings(node))

        return self._begin_with(body, seeds)

    def only_seeds(self, statement: ast.stmt) -> bool:
        """Tell whether a statement seeds, or only prepares that: imports, definitions, constants, switches."""
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef)):
            return True
        is_plain = isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr))
        return is_plain and all(self._seeded_by(call) or called(call) in _PREPARE for call in _calls_in(statement))

    def _begin_with(self, body: Iterable[ast.stmt], seeds: Callable[[ast.AST], bool]) -> bool:
        """Tell whether what `seeds` is told of comes before anything in the statements draws."""
        for statement in body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            inner = [s for name in ("body", "orelse", "finalbody") for s in getattr(statement, name, ())]
            if inner:
                if self._begin_with(inner, seeds):
                    return True
            elif seeds(statement):
                return True
            if self._may_draw(statement):
                return False
        return False

    def _may_draw(self, tree: ast.AST) -> bool:
        return any(map(self._draws, _calls_in(tree)))

    def _draws(self, call: ast.Call) -> bool:
        name = called(call)
        return (name in self._drawing or _DRAWS.fullmatch(name) is not None) and not self._seeded_by(call)


def _calls_in(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def unseeded(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls in a tree that make a generator which the system or the clock seeds."""
    for call in _calls_in(tree):
        if called(call) in _CONSTRUCTORS and _is_by_chance(call):
            yield call


def _is_by_chance(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not given or all(isinstance(value, ast.Constant) and value.value is None for value in given):
        return True
    return any(_BY_CHANCE.fullmatch(called(inner)) for value in given for inner in _calls_in(value))


def family_of(generator: GeneratorState) -> str:
    """Return which of the libraries' generators it is; those of all devices are one."""
    return generator.generator.partition(":")[0]


def root_of(variable: str) -> str:
    """Return the name at which a place such as `model.rngs[0]` begins."""
    return re.split(r"[.\[]", variable, maxsplit=1)[0]


def seeds_object(tree: ast.AST, root: str) -> bool:
    """Tell whether a tree seeds an object that lies at a name, or in what does."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=[_, *_]) if name in _OBJECT_SEEDERS:
                pass
            case ast.Attribute(value=owner, attr="state", ctx=ast.Store()):
                pass
            case _:
                continue
        if any(isinstance(inner, ast.Name) and inner.id == root for inner in ast.walk(owner)):
            return True
    return False


def seeders_of(executions: Sequence[Execution], needed: Set[int]) -> set[int]:
    """Return the executions, not needed so far, that seeded the generators which needed ones draw from next.

    Their states can be restored without them; but a script that seeds is shorter, and can be run with another seed.
    Those that do something else, too, are left out.

    Args:
        executions: Those of a session, in order.
        needed: Indices of those that are needed.
    """
    if not any(_SEEDS.search(e.python) for e in executions if e.index not in needed):
        return set()
    ran = [e for e in executions if e.outcome is not Outcome.NOT_RUN]
    seeds, fixed_by = _told(tuple(e.python for e in ran))
    found: set[int] = set()
    last: dict[str, int] = {}
    for execution, tree, fixed in zip(ran, seeds.trees, fixed_by, strict=True):
        for moved in execution.generators:
            key = moved.variable or family_of(moved)
            draws = not moved.made and moved.before != moved.after
            if execution.index in needed and draws and key in last and not seeds.come_first(tree.body, moved):
                found.add(last[key])
            if moved.made and moved.variable:
                last.pop(key, None)
            elif key in fixed or (moved.variable and seeds_object(tree, root_of(key))):
                last.pop(key, None)
                if execution.index in needed or all(map(seeds.only_seeds, tree.body)):
                    last[key] = execution.index
    return found - needed


# A slice is taken several times while a script is made.
@lru_cache(maxsize=8)
def _told(texts: tuple[str, ...]) -> tuple[Seeds, tuple[frozenset[str], ...]]:
    """Return what the texts say of seeds, and of each the global generators that it seeds."""
    seeds = Seeds([parse(text) or ast.Module([], []) for text in texts])
    fixed = [[s.generators for s in seeds.seedings(tree) if s.is_fixed] for tree in seeds.trees]
    return seeds, tuple(frozenset().union(*generators) for generators in fixed)
