"""What stands in place of a secret: `<secret NAME>`, with the environment variable that an exported script asks for."""

from __future__ import annotations

import re

MARKER = re.compile(r"<secret ([A-Z_][A-Z0-9_]*)>")
"""A marker; its group is the variable's name."""


def marker(name: str) -> str:
    """Return the marker of a secret of that name."""
    return f"<secret {name}>"


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of the markers in a text, each once, in the order in which they come."""
    return tuple(dict.fromkeys(MARKER.findall(text))) if "<secret " in text else ()
