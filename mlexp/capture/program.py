"""The program that runs, if it is no kernel: its file and arguments, as executions that a script can be made of."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlexp.capture.probes.modules import installed_folders, own_source
from mlexp.dataflow.cell import parse
from mlexp.dataflow.names import names_of
from mlexp.records import Execution, Outcome, SessionId
from mlexp.redaction import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What was started."""

    path: Path | None
    """The file; None where there is none, as at a prompt."""
    text: str = ""
    arguments: tuple[str, ...] = ()
    """`sys.argv` when the first run began."""
    obstacle: str = ""
    """Why no script can be made of it; empty if one can."""

    def executions(self, session_id: SessionId) -> tuple[Execution, ...]:
        """Return two executions, what sets the arguments and the file itself; none where no script can be made."""
        if self.obstacle:
            return ()
        given = f"import sys\nsys.argv = {list(self.arguments)!r}"
        return tuple(
            _execution(session_id, index, text, name)
            for index, (text, name) in enumerate(
                [(given, "arguments"), (self.text, self.path.name if self.path else "")]
            )
        )


_MAX_PATH = 1000
INDEX = 1
"""Which of the executions is the file."""


def running_program(redactor: Redactor) -> Program:
    """Return the program of this process, without the secrets that its text and its arguments hold."""
    words = [str(word) for word in getattr(sys, "argv", ())]
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("-"):  # `--password=…`, `--password …`
            name, has_value, value = word.lstrip("-").partition("=")
            redactor.learn_named(name.replace("-", "_"), value if has_value else following)
    arguments = tuple(map(redactor.text, words))
    main = sys.modules.get("__main__")
    spelled = getattr(main, "__file__", None)
    if getattr(sys, "frozen", False):
        return Program(path=None, arguments=arguments, obstacle="the program is frozen into one file")
    if not isinstance(spelled, str):
        how = "python -c" if arguments[:1] == ("-c",) else "a prompt"
        return Program(path=None, arguments=arguments, obstacle=f"it was typed at {how}: put it into a file")
    path = Path(os.path.abspath(spelled))
    if own_source("program", main, installed_folders()) is None:
        return Program(path=None, arguments=arguments, obstacle=f"{path} is an installed program")
    try:
        text = redactor.code(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return Program(path=path, arguments=arguments, obstacle=f"{path} cannot be read: {error}")
    tree = parse(text)
    if tree is None:
        return Program(path=path, arguments=arguments, obstacle=f"{path} cannot be parsed")
    relative = any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    obstacle = (
        f"{path.name} imports relatively, as a part of a package: import by the package's name" if relative else ""
    )
    return Program(path=path, text=text, arguments=arguments, obstacle=obstacle)


def paths_named(program: Program) -> Iterator[str]:
    """Yield the texts in the program and its arguments that may be paths of files; none of its own modules."""
    tree = parse(program.text)
    texts = set(program.arguments[1:])
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
    for text in sorted(texts):
        if 0 < len(text) <= _MAX_PATH and not text.endswith(".py") and not {"\0", "\n"} & set(text):
            yield text


def _execution(session_id: SessionId, index: int, text: str, cell: str) -> Execution:
    names = names_of(text)
    return Execution(
        session_id=session_id,
        index=index,
        number=index + 1,
        source=text,
        python=text,
        outcome=Outcome.OK,
        cell_id=cell or None,
        bound=names.bound,
        read=names.read,
        loaded=names.loaded,
    )
