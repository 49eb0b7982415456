"""From a cell that IPython announces to what is known of it before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlexp.capture.opening import Opening
from mlexp.capture.track import as_seen, tracked
from mlexp.dataflow.cell import Peeled, peel
from mlexp.dataflow.names import names_of, rebound_builtins

if TYPE_CHECKING:
    from mlexp.redaction import Redactor


class Opener:
    """Opens the executions of one shell."""

    def __init__(self, shell: Any, redactor: Redactor) -> None:
        self._shell = shell
        self._redactor = redactor

    def open(self, info: Any, outer: Opening | None, indices: Iterator[int]) -> Opening:
        """Return what is known of a cell.

        Args:
            info: IPython's ExecutionInfo.
            outer: The execution in whose middle it begins; None at top level.
            indices: Where the next index comes from; the body of another cell is no execution of its own.
        """
        shell, clean = self._shell, self._redactor.code
        source = info.raw_cell or ""
        typed = as_seen(source, shell)
        found = tracked(typed)
        peeled = found[0] if found else peel(typed)
        body_of = outer if outer is not None and _is_body(peeled, outer.peeled) else None
        source, python = clean(source), clean(self._python_of(info, peeled))
        request, cell_id = _request_of(shell)
        namespace = shell.user_ns
        return Opening(
            index=next(indices) if body_of is None else body_of.index,
            source=source,
            python=python,
            peeled=peeled,
            names=names_of(python, rebound_builtins(namespace, getattr(shell, "user_ns_hidden", {})), namespace),
            namespace=namespace,
            track=found[1] if found and body_of is None else None,
            cell_id=getattr(info, "cell_id", None) or cell_id,
            request=request,
            body_of=body_of,
        )

    def _python_of(self, info: Any, peeled: Peeled) -> str:
        """Return the cell as IPython runs it, but with the magics that only stand around its body as comments."""
        transformed = None if peeled.magics else getattr(info, "transformed_cell", None)  # IPython 9
        if transformed is not None:
            return str(transformed)
        text = peeled.body if peeled.magics else info.raw_cell or ""
        try:
            return str(self._shell.transform_cell(text))
        except Exception:
            return text


def _is_body(peeled: Peeled, outer: Peeled) -> bool:
    """Tell whether a cell that runs inside another is the other's own body, which `%%capture` hands to IPython."""
    return "capture" in outer.magics and outer.body.rstrip().endswith(peeled.body.strip())


def _request_of(shell: Any) -> tuple[str | None, str | None]:
    """Return the id of the kernel's message that asks for the cell, and the cell's id; None where there is none."""
    if getattr(shell, "kernel", None) is None or not hasattr(shell, "get_parent"):
        return None, None
    parent = shell.get_parent() or {}
    cell_id = parent.get("metadata", {}).get("cellId")
    return parent.get("header", {}).get("msg_id"), str(cell_id) if cell_id else None
