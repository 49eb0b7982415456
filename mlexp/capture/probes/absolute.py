"""Absolute paths, whatever the user has put in place of the functions that tell the working directory."""

from __future__ import annotations

import os.path
from os import getcwd  # by name: the user may put another in its place


def absolute(path: str) -> str:
    """Return an absolute path; as it is spelled where the working directory is gone."""
    return os.path.normpath(path if os.path.isabs(path) else os.path.join(here(), path))


def here() -> str:
    """Return the working directory; nothing where it is gone."""
    try:
        return getcwd()
    except OSError:
        return ""
