"""PyTorch: tensors by their bytes. For identity alone: what a tensor shares with others is not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mlexp.errors import NotWalkableError
from mlexp.fingerprint.asking import attributes_of, name_of
from mlexp.fingerprint.codecs.identity import IdentityCodec

if TYPE_CHECKING:
    from mlexp.fingerprint.walk import Walker


class TensorCodec(IdentityCodec):
    """Dense tensors and parameters, wherever they lie."""

    kind = "torch.Tensor"

    def handles(self, value: object) -> bool:
        """Take tensors of torch's own classes."""
        return type(value) is torch.Tensor or type(value) is torch.nn.Parameter

    def describe(self, value: Any, walker: Walker) -> object:
        """Return class, dtype, shape and bytes."""
        if value.layout is not torch.strided or value.is_quantized:
            raise NotWalkableError(f"no codec for a tensor of layout {value.layout}")
        plain = value.detach().cpu().contiguous().reshape(-1)
        content = plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        return [name_of(type(value)), str(value.dtype), list(value.shape), walker.buffer(content)]

    def summary(self, value: Any) -> str:
        """Return the shape."""
        return " × ".join(f"{n:,}" for n in value.shape)


class ModuleCodec(IdentityCodec):
    """Networks: by their class, parameters, buffers and inner modules; hooks are left out."""

    kind = "torch.nn.Module"

    def handles(self, value: object) -> bool:
        """Take all modules."""
        return issubclass(type(value), torch.nn.Module)

    def describe(self, value: Any, walker: Walker) -> object:
        """Return class, parameters, buffers, modules and the mode."""
        own = attributes_of(value)
        parts = [own.get(name) or {} for name in ("_parameters", "_buffers", "_modules")]
        described = [[[str(name), walker.child(item)] for name, item in part.items()] for part in parts]
        return [name_of(type(value)), bool(own.get("training")), *described]


class ConstantCodec(IdentityCodec):
    """Dtypes, sizes and devices."""

    kind = "torch.constant"

    def handles(self, value: object) -> bool:
        """Take what is written as a word."""
        return type(value) in (torch.dtype, torch.device, torch.Size, torch.layout)

    def describe(self, value: Any, walker: Walker) -> object:  # noqa: ARG002  (the protocol's)
        """Return the word."""
        return str(value)


codecs = (TensorCodec(), ModuleCodec(), ConstantCodec())
