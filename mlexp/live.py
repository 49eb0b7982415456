"""The live IPython shell's extension, if there is one: looked up, never imported."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from mlexp.project import Project

MARK = "_mlexp_extension"
"""The attribute of the shell that holds the extension."""


def current_extension() -> Any:
    """Return the live shell's extension, or None."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython.get_ipython(), MARK, None) if ipython is not None else None


def current_project() -> Project | None:
    """Return the project of the live shell's extension, or None."""
    extension = current_extension()
    return extension.project if extension is not None else None


def environ_at_load() -> Mapping[str, str] | None:
    """Return the environment that the live shell had before any cell changed it: what a script finds is that."""
    extension = current_extension()
    return extension.session.found_environ if extension is not None else None
