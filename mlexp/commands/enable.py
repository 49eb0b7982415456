"""`enable` and `disable`: whether IPython loads mlexp by itself, in notebooks and in a terminal."""

from __future__ import annotations

import argparse
from pathlib import Path

from mlexp.commands.base import Answer, Command, Context
from mlexp.config import ipython_folder
from mlexp.errors import UsageError

_MARK = "# written by `mlexp enable`"
# Startup files run among the user's variables: one expression leaves no name there. Once mlexp is uninstalled it is
# false. The mark on the shell keeps the import from loading the extension at once.
_TEXT = f"""{_MARK}; `mlexp disable` takes it away
__import__("importlib.util").util.find_spec("mlexp") and (
    setattr(get_ipython(), "_mlexp_waits", True),
    __import__("mlexp.at_start").at_start.load_when_used(),
)
"""


def startup_file() -> Path:
    """Return the file in the user's default profile; IPython runs it whenever it starts."""
    return ipython_folder() / "profile_default" / "startup" / "50-mlexp.py"


def _arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing."""


def _enable(context: Context, words: argparse.Namespace) -> Answer:  # noqa: ARG001  (a command's)
    path = startup_file()
    before = _ours(path)
    changed = before != _TEXT
    if changed:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_TEXT, encoding="utf-8")
        except OSError as error:
            why = error.strerror or error
            raise UsageError(f"{path} cannot be written: {why}. IPYTHONDIR names another folder.") from None
    how = "Every IPython and every notebook kernel that starts from now on loads mlexp where it is in use"
    text = f"{how}: {'wrote' if changed else 'it is as it was in'} {path}\nmlexp disable takes it away."
    return Answer(text=text, json={"path": str(path), "enabled": True, "changed": changed})


def _disable(context: Context, words: argparse.Namespace) -> Answer:  # noqa: ARG001  (a command's)
    path = startup_file()
    changed = _ours(path) is not None
    if changed:
        try:
            path.unlink()
        except OSError as error:
            raise UsageError(f"{path} cannot be removed: {error.strerror or error}") from None
    text = f"removed {path}; notebooks load mlexp with %load_ext mlexp" if changed else f"nothing to do: no {path}"
    return Answer(text=text, json={"path": str(path), "enabled": False, "changed": changed})


def _ours(path: Path) -> str | None:
    """Return what the file holds, or None if there is none.

    Raises:
        UsageError: Somebody else wrote it.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    if not text.startswith(_MARK):
        raise UsageError(f"{path} was not written by mlexp and is left as it is")
    return text


ENABLE = Command(
    name="enable",
    summary="Let IPython and every notebook load mlexp by itself.",
    arguments=_arguments,
    run=_enable,
    magic=False,
    needs_store=False,
)
DISABLE = Command(
    name="disable",
    summary="Undo enable.",
    arguments=_arguments,
    run=_disable,
    magic=False,
    needs_store=False,
)
