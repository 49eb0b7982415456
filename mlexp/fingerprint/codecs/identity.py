"""What codecs have in common whose objects have an identity, and cannot be given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from mlexp.errors import NotWalkableError

if TYPE_CHECKING:
    from mlexp.fingerprint.walk import Restorer


class IdentityCodec:
    """A codec that only describes; it is left out where a value is to be kept."""

    kind: ClassVar[str]
    gives_back = False

    def restore(self, fields: Any, restorer: Restorer) -> object:  # noqa: ARG002  (the protocol's)
        """Refuse."""
        raise NotWalkableError(f"objects described as {self.kind} are not given back")

    def summary(self, value: Any) -> str:  # noqa: ARG002  (the protocol's)
        """Return nothing."""
        return ""
