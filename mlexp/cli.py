"""The command line. Exit status: 0 yes, 1 no, 2 the call is wrong, 3 could not tell."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from mlexp.commands import COMMANDS, Command, Context
from mlexp.commands.base import Status, parser_of
from mlexp.errors import MlexpError, QueryError, RunNotFoundError, UsageError
from mlexp.project import Project

_HEAD = "mlexp: track runs in notebooks, compare them, export them as proven scripts"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    words = list(sys.argv[1:] if words is None else words)
    _speak_utf8()
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return Status.YES if words else Status.WRONG_CALL
    if words[0] == "--version":
        import mlexp

        print(f"mlexp {mlexp.__version__}")
        return Status.YES
    command = {command.name: command for command in COMMANDS}.get(words[0])
    if command is None:
        return _failed(_unknown(words[0]))
    try:
        return _run(command, words[1:])
    except (UsageError, RunNotFoundError) as error:
        return _failed(error)
    except MlexpError as error:
        return _failed(error, status=Status.COULD_NOT_TELL)
    except KeyboardInterrupt:
        print("mlexp: interrupted; nothing half-written was left", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.YES
    except Exception:
        import traceback

        traceback.print_exc()
        print("mlexp: this is an error of ours; please report it with the lines above", file=sys.stderr)
        return Status.COULD_NOT_TELL


def _run(command: Command, words: Sequence[str]) -> int:
    parser = parser_of(command, prog=f"mlexp {command.name}")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    found: argparse.Namespace = parser.parse_args(words)
    project = Project.open(make=command.makes_store) if command.needs_store else None
    progress = _Progress()
    try:
        say = (
            (lambda text: print(text, file=sys.stderr, flush=True))
            if found.json
            else (lambda text: print(text, flush=True))
        )
        asked: Any = project  # a command that needs none never asks for it
        answer = command.run(Context(project=asked, say=say, progress=progress.show), found)
    finally:
        progress.show("")
        if project is not None:
            project.close()
    if found.json:
        print(json.dumps(answer.json, indent=2, ensure_ascii=False, default=str))
    elif answer.text:
        print(answer.text)
    return answer.status


def _unknown(word: str) -> UsageError:
    from difflib import get_close_matches

    names = [command.name for command in COMMANDS]
    close = get_close_matches(word, names, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(names)}."
    return UsageError(f"there is no command {word!r}. {hint}")


class _Progress:
    """One line in a terminal that is written over; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._shown = False

    def show(self, text: str) -> None:
        if not sys.stderr.isatty():
            return
        if text or self._shown:
            print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)
        self._shown = bool(text)


def _failed(error: MlexpError, *, status: Status = Status.WRONG_CALL) -> int:
    lead = "" if isinstance(error, QueryError) else "mlexp: "
    print(f"{lead}{error}", file=sys.stderr)
    return status


def _help() -> str:
    rows = "\n".join(f"    mlexp {command.name:<10} {command.summary}" for command in COMMANDS)
    return f"{_HEAD}\n\n{rows}\n\nEach has --help and --json. RUN: r3, a name, @last, @best:METRIC."


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
