"""A session: what somebody did in a notebook, and what the script of one of its runs must hold.

The tags are claims about Python, not about mlexp: `python -m tests.sessions --check` proves them without it. A cell is
`need` if the run's values are others, or an error, without it; `junk` if the values are the same without it; `may` in
between: it may be left out, and a reader would not mind to find it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from textwrap import dedent

CELLS = ("need", "may", "junk", "track")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens."""

    kind: str
    """One of CELLS; "sh", a command in a terminal; "answer", typed into the cells behind it; "delete", of a cell."""
    text: str = ""
    cell: str = ""
    """The cell's id; cells that are executed again have it, too."""
    raises: bool | None = False
    """Whether it ends with an error; None: it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session and its tracked cell, the step `track`."""

    name: str
    steps: tuple[Step, ...]
    values: tuple[str, ...]
    """Names whose values the script must give; by default those that the tracked cell binds."""
    files: Mapping[str, str | bytes]
    """What lies in the folder before."""
    kernel: bool
    cli: bool
    unseeded: bool
    """It draws random numbers that no code seeded: replaying cannot give its values, restored states can."""
    needs: tuple[str, ...]
    """Libraries that it needs, besides those of the tests."""
    hopeless: str
    """Why no script can give the values: it must say so."""
    mechanism: str = ""

    @property
    def id(self) -> str:
        return f"{self.mechanism}: {self.name}"

    @property
    def reference(self) -> str:
        """The run's name in the store."""
        at = next(i for i, step in enumerate(self.steps) if step.kind == "track")
        return f"r{1 + sum(step.text.startswith('%%track') for step in self.steps[:at])}"


def need(text: str = "", cell: str = "", *, again: str = "", raises: bool = False) -> Step:
    """A cell that must be in the script."""
    return _cell("need", text, cell, again, raises=raises)


def may(text: str = "", cell: str = "", *, again: str = "", raises: bool = False) -> Step:
    """A cell that may be in the script."""
    return _cell("may", text, cell, again, raises=raises)


def junk(text: str = "", cell: str = "", *, again: str = "", raises: bool = False) -> Step:
    """A cell that must not be in the script."""
    return _cell("junk", text, cell, again, raises=raises)


def track(text: str = "", cell: str = "", *, again: str = "") -> Step:
    """The tracked cell."""
    return _cell("track", text, cell, again)


def sh(text: str) -> Step:
    """A command in a terminal."""
    return Step("sh", dedent(text))


def write(path: str, text: str) -> Step:
    """Somebody else writes a file."""
    return Step("sh", f"mkdir -p $(dirname '{path}') && printf '%b' '{text}' > '{path}'")


def answer(text: str) -> Step:
    """What is typed when the next cell asks."""
    return Step("answer", text)


def delete(cell: str) -> Step:
    """The cell is deleted from the notebook."""
    return Step("delete", cell=cell)


def session(
    name: str,
    *steps: Step,
    values: str = "",
    files: Mapping[str, str | bytes] | None = None,
    kernel: bool = False,
    cli: bool = False,
    unseeded: bool = False,
    needs: str = "",
    hopeless: str = "",
) -> Session:
    """Return a session; exactly one step is the tracked cell."""
    texts: dict[str, str] = {}
    made = []
    for n, step in enumerate(steps):
        if step.kind in CELLS:
            cell = step.cell or f"cell-{n}"
            text = step.text or texts[cell]
            texts[cell] = text
            step = replace(step, cell=cell, text=text.removeprefix("%%track\n") if step.kind == "track" else text)
        made.append(step)
    target = [step for step in made if step.kind == "track"]
    assert len(target) == 1, name
    return Session(
        name=name,
        steps=tuple(made),
        values=tuple(values.split()) or _bound(target[0].text),
        files=files or {},
        kernel=kernel,
        cli=cli,
        unseeded=unseeded,
        needs=tuple(needs.split()),
        hopeless=hopeless,
    )


def collect() -> list[Session]:
    """Return the sessions of all mechanisms."""
    found = []
    for module in iter_modules([str(Path(__file__).parent / "by_mechanism")]):
        made = import_module(f"tests.sessions.by_mechanism.{module.name}").SESSIONS
        found += [replace(session, mechanism=module.name) for session in made]
    names = [session.id for session in found]
    assert len(set(names)) == len(names), "two sessions of one name"
    return found


def _cell(kind: str, text: str, cell: str, again: str, *, raises: bool = False) -> Step:
    assert bool(text) != bool(again)
    return Step(kind, dedent(text).strip("\n"), again or cell, raises)


def _bound(text: str) -> tuple[str, ...]:
    """Return the names that the statements of a cell bind."""
    lines = [line for line in text.split("\n") if not line.startswith(("%", "!"))]
    names = []
    for statement in ast.parse("\n".join(lines)).body:
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            stored = [n for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
            names += [n.id for n in stored if isinstance(n.ctx, ast.Store)]
    assert names, text
    return tuple(dict.fromkeys(names))
