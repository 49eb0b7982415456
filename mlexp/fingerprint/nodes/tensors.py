"""Tensors of torch: tensors over the same storage share one node."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import torch

from mlexp.errors import NotWalkableError
from mlexp.fingerprint.asking import is_one_of
from mlexp.fingerprint.nodes.graph import shared_key

if TYPE_CHECKING:
    from mlexp.fingerprint.nodes.graph import Walk

_MAX_STEPS = 300


def open_tensor(value: Any, walk: Walk) -> object:
    """Read how a tensor lies over its storage, its gradient; follow it to the leaves that it was computed from."""
    if not is_one_of(type(value), (torch.Tensor, torch.nn.Parameter)):  # another may answer for itself
        raise NotWalkableError("a tensor of a class of one's own")
    content: list[object] = [str(value.dtype), str(value.device), value.requires_grad, str(value.layout)]
    if value.layout is not torch.strided:
        raise NotWalkableError("a sparse tensor")
    content += [tuple(value.shape), value.stride(), value.storage_offset()]
    if value.is_leaf:
        content.append(walk.token(value.grad))
    else:
        walk.follow(_leaves(value.grad_fn))
    if value.device.type != "cpu":
        return [*content, value.untyped_storage().data_ptr(), value._version]
    address = value.untyped_storage().data_ptr()
    return [*content, walk.inner(shared_key(address), open_storage, value.untyped_storage()) if address else 0]


def open_storage(value: Any, walk: Walk) -> object:
    """Read the bytes of a storage."""
    n = value.nbytes()
    return walk.bulk((ctypes.c_char * n).from_address(value.data_ptr())) if n else ()


def _leaves(function: Any) -> list[Any]:
    """Return the tensors that collect gradients when this function's result is differentiated."""
    found: list[Any] = []
    seen: set[Any] = set()
    pending = [function]
    while pending and len(seen) < _MAX_STEPS:
        step = pending.pop()
        if step is None or step in seen:
            continue
        seen.add(step)
        variable = getattr(step, "variable", None)
        if variable is not None:
            found.append(variable)
        pending += [inner for inner, _ in step.next_functions]
    return found
