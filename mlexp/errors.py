"""Everything that mlexp raises on purpose.

MlexpError
├── UsageError (ValueError)              a command, option or name is off
│   ├── QueryError                       a mistake in a query, with a caret
│   └── UnknownNameError (KeyError)      a variable that no cell has made
├── InvalidRecordError (ValueError)      a record that cannot be
├── RunNotFoundError (LookupError)       no such run in this store
├── RunFinishedError                     a finished run is never changed
├── StoreError (OSError)                 the store cannot be read or written
│   ├── StoreNewerError                  written by a newer mlexp
│   └── BlobCorruptError                 kept content that is damaged or missing
├── NotWalkableError (TypeError)         an object that no codec can take apart
│   └── NotInTimeError                   one for which a cell would have to wait too long
├── NotKeptError (LookupError)           content that was not kept, with the reason
└── ExportError                          no script can be written
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self


class MlexpError(Exception):
    """The base of all errors of mlexp."""


class UsageError(MlexpError, ValueError):
    """A command, an option or a name that mlexp cannot take; the message says what would do."""


class QueryError(UsageError):
    """A mistake in a query: the text, a caret under the mistake, and what would do."""

    @classmethod
    def at(cls, text: str, column: int, message: str, *, width: int = 1) -> Self:
        """Build the error for the part of `text` that begins at `column`, counted from 0."""
        return cls(f"{text}\n{' ' * column}{'^' * max(1, width)}\n{message}")


class UnknownNameError(UsageError, KeyError):
    """A variable that no cell of the session has made; the message says which ones come near."""

    __str__ = Exception.__str__  # a KeyError's own would quote the message


class InvalidRecordError(MlexpError, ValueError):
    """A record that cannot be, such as a run that ended before it began."""


class RunNotFoundError(MlexpError, LookupError):
    """No run of this store is called so."""

    @classmethod
    def among(cls, wanted: str, known: Sequence[str]) -> Self:
        """Name the runs that come near to `wanted`."""
        from difflib import get_close_matches

        close = get_close_matches(wanted, known, n=3)
        hint = f"Did you mean {', '.join(close)}?" if close else "List them with `mlexp runs`."
        return cls(f"no run {wanted!r} in this store. {hint}")

    @classmethod
    def among_experiments(cls, wanted: str, known: Sequence[str]) -> Self:
        """Say that there is no such experiment, and which come near."""
        from difflib import get_close_matches

        close = get_close_matches(wanted, known, n=3)
        hint = f"Did you mean {', '.join(close)}?" if close else "List them with `mlexp experiment list`."
        return cls(f"no experiment {wanted!r} in this store. {hint}")


class RunFinishedError(MlexpError):
    """A finished run is never changed."""


class StoreError(MlexpError, OSError):
    """The store cannot be read or written."""


class StoreNewerError(StoreError):
    """The store was written by a newer mlexp; nothing in it was changed."""


class BlobCorruptError(StoreError):
    """Kept content is missing, or is no longer what was kept."""


class NotWalkableError(MlexpError, TypeError):
    """No codec can take this object apart; the message names its type and the reason."""


class NotInTimeError(NotWalkableError):
    """An object that a cell would have to wait for too long."""


class NotKeptError(MlexpError, LookupError):
    """The content was not kept; the message gives the reason."""


class ExportError(MlexpError):
    """No script can be written for this run."""
