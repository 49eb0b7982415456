"""PyTorch: networks, optimizers and loaders that a cell makes or uses. Its own loop logs with `mlexp.log`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from types import FunctionType

from mlexp.capture.adapters import estimators
from mlexp.capture.adapters.base import Listening, Seen
from mlexp.fingerprint.asking import attributes_of, members_of

_MAX_GROUPS = 10
_OF_LOADERS = ("batch_size", "drop_last")
_MODULE = "torch.nn.modules.module.Module"
_OPTIMIZER = "torch.optim.optimizer.Optimizer"
_LOADER = "torch.utils.data.dataloader.DataLoader"


class TorchAdapter:
    """Types are asked by name, and `vars` read: attributes of modules are looked up by code that may be the user's."""

    library = "torch"

    def listenings(self) -> Iterable[Listening]:
        """Return nothing: a training loop is the user's own."""
        return ()

    def mark(self, value: object) -> object:
        """Return the counts of in-place changes of a network's parameters; what is only used is as good as new."""
        if estimators.is_a(value, _MODULE):
            return tuple((id(tensor), _version(tensor)) for tensor in _tensors(value))
        if estimators.is_a(value, _OPTIMIZER) or estimators.is_a(value, _LOADER):
            return object()
        return None

    def see(self, value: object) -> Seen | None:
        """Tell of a network its layers and parameters, of an optimizer and a loader what was chosen."""
        own = attributes_of(value)
        if estimators.is_a(value, _MODULE):
            n_layers = sum(1 for module in _modules(value) if not attributes_of(module).get("_modules"))
            n = sum(tensor.numel() for tensor in _tensors(value))  # type: ignore[attr-defined]  # tensors
            return Seen(summary=f"{n_layers:,} layer{'s' * (n_layers != 1)}, {n:,} parameter{'s' * (n != 1)}")
        if estimators.is_a(value, _OPTIMIZER):
            return Seen(params=dict(_choices(value)))
        default = {"batch_size": 1, "drop_last": False}
        loader = {
            name: own[name] for name in _OF_LOADERS if name in own and not estimators.same(own[name], default[name])
        }
        return Seen(params={name: item for name, item in loader.items() if estimators.plain_value(item)[1]})


def _choices(optimizer: object) -> Iterator[tuple[str, object]]:
    """Yield the rate, and what else is not the default; of further groups what differs from the first.

    A schedule changes the rate as it goes. It keeps the one that was chosen beside it.
    """
    own = attributes_of(optimizer)
    defaults, groups = own.get("defaults"), own.get("param_groups")
    if type(defaults) is not dict or type(groups) is not list:
        return
    usual = {name: parameter.default for name, parameter in _parameters(type(optimizer))}
    for name, value in defaults.items():
        plain, is_plain = estimators.plain_value(value)
        if is_plain and (name == "lr" or (name in usual and not estimators.same(plain, usual[name]))):
            yield name, plain
    for i, group in enumerate(groups[:_MAX_GROUPS]):
        for name in defaults:
            value = group.get(f"initial_{name}", group.get(name)) if type(group) is dict else None
            has_schedule = type(group) is dict and f"initial_{name}" in group
            plain, is_plain = estimators.plain_value(value)
            if is_plain and (len(groups) > 1 or has_schedule) and not estimators.same(plain, defaults[name]):
                yield (f"group{i}.{name}" if len(groups) > 1 else name), plain


def _parameters(cls: type) -> Iterator[tuple[str, inspect.Parameter]]:
    init = members_of(cls).get("__init__")
    if type(init) is FunctionType:
        yield from inspect.signature(init).parameters.items()


def _modules(module: object) -> Iterator[object]:
    seen: set[int] = set()
    pending = [module]
    while pending:
        found = pending.pop()
        if id(found) in seen or not estimators.is_a(found, _MODULE):
            continue
        seen.add(id(found))
        yield found
        inner = attributes_of(found).get("_modules")
        pending += list(inner.values()) if type(inner) is dict else []


def _tensors(module: object) -> Iterator[object]:
    """Yield the parameters of a network, each once."""
    seen: set[int] = set()
    for inner in _modules(module):
        held = attributes_of(inner).get("_parameters")
        for tensor in held.values() if type(held) is dict else ():
            if tensor is not None and id(tensor) not in seen:
                seen.add(id(tensor))
                yield tensor


def _version(tensor: object) -> int:
    try:
        return int(tensor._version)  # type: ignore[attr-defined]  # a tensor
    except RuntimeError:
        return 0  # one made in inference mode counts nothing


adapter = TorchAdapter()
