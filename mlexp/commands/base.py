"""What a command is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NoReturn

from mlexp.errors import UsageError
from mlexp.project import Project


class Status(IntEnum):
    """Exit statuses of the command line."""

    YES = 0
    NO = 1
    WRONG_CALL = 2
    COULD_NOT_TELL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command answers."""

    text: str = ""
    html: str = ""
    """The same for a notebook, where there is more than text to show."""
    json: Any = None
    """The same as plain data."""
    status: Status = Status.YES


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a command is given."""

    project: Project
    say: Callable[[str], None]
    """Prints a line while the command is at work."""
    progress: Callable[[str], None]
    """Shows what is under way in place of what it last showed; an empty text takes it away."""
    experiment: str | None = None
    """The notebook's experiment; None on the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: its words and what it does."""

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Context, argparse.Namespace], Answer]
    magic: bool = True
    """Whether there is a magic of that name."""
    makes_store: bool = False
    needs_store: bool = True
    """Whether it asks for the project at all."""
    examples: tuple[str, ...] = field(default=())


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message and the way to help."""
        raise UsageError(
            f"{self.prog}: {message}. {self.prog}{'?' if self.prog.startswith('%') else ' --help'} shows how."
        )


def parser_of(command: Command, *, prog: str) -> Parser:
    """Return a command's parser; `prog` is how it is called there."""
    lines = "\n".join(f"    {prog} {example}" for example in command.examples)
    parser = Parser(
        prog=prog,
        description=command.summary,
        epilog=f"examples:\n{lines}" if lines else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=not prog.startswith("%"),
        allow_abbrev=False,
    )
    command.arguments(parser)
    return parser
