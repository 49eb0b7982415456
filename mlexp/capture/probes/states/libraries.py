"""The state of libraries, each looked at once it is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlexp.capture.probes.states.base import Look, State, function_of, plain
from mlexp.fingerprint.asking import imported, names_in

_NUMPY_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
_TORCH = {
    "default_dtype": ("torch", "get_default_dtype"),
    "grad": ("torch", "is_grad_enabled"),
    "deterministic": ("torch", "are_deterministic_algorithms_enabled"),
    "matmul_precision": ("torch", "get_float32_matmul_precision"),
    "threads": ("torch", "get_num_threads"),
    "anomaly": ("torch", "is_anomaly_enabled"),
    "cudnn.deterministic": ("torch._C", "_get_cudnn_deterministic"),
    "cudnn.benchmark": ("torch._C", "_get_cudnn_benchmark"),
}
_TORCH_GIVEN = {
    "default_dtype": "torch.float32",
    "grad": True,
    "deterministic": False,
    "matmul_precision": "highest",
    "anomaly": False,
    "cudnn.deterministic": False,
    "cudnn.benchmark": False,
    "default_device": id(None),
}


def _members(name: str) -> dict[str, Any]:
    """Return the names of a module; none where it is not imported."""
    module = imported(name)
    return names_in(module) if module is not None else {}


def _numpy_errors() -> State | None:
    geterr = function_of("numpy", "geterr")
    return dict(geterr()) if geterr is not None else None


def _print_options() -> State | None:
    options = function_of("numpy", "get_printoptions")
    return {name: plain(value) for name, value in options().items()} if options is not None else None


def _rc(name: str) -> Callable[[], State | None]:
    def take() -> State | None:
        params = _members("matplotlib").get(name)
        if not isinstance(params, dict):
            return None
        found = dict(dict.items(params))
        for key in "backend", "interactive", "toolbar":  # the front end sets them, when a first figure is drawn
            found.pop(key, None)
        return found

    return take


def _pandas_options() -> State | None:
    """Return the options as pandas nests them."""
    options = _members("pandas._config.config").get("_global_config")
    return _copied(options) if type(options) is dict else None


def _copied(options: dict[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) if type(value) is dict else value for name, value in options.items()}


def _flat(options: Mapping[Any, Any], prefix: str = "") -> dict[object, object]:
    found: dict[object, object] = {}
    for name, value in options.items():
        if type(value) is dict:
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = plain(value)
    return found


def _pandas_given() -> State | None:
    options = _members("pandas._config.config").get("_registered_options")
    return {name: plain(option.defval) for name, option in options.items()} if type(options) is dict else None


def _sklearn_config() -> State | None:
    config = function_of("sklearn._config", "_get_threadlocal_config")
    return {name: plain(value) for name, value in config().items()} if config is not None else None


def _sklearn_given() -> State | None:
    config = _members("sklearn._config").get("_global_config")
    return {name: plain(value) for name, value in config.items()} if type(config) is dict else None


def _torch() -> dict[str, object] | None:
    torch = _members("torch")
    if "get_default_dtype" not in torch or "_C" not in torch:  # not there, or in the middle of its import
        return None
    found: dict[str, object] = {}
    for detail, (module, name) in _TORCH.items():
        if (ask := function_of(module, name)) is not None:
            value = ask()
            found[detail] = repr(value) if detail == "default_dtype" else plain(value)
    device = getattr(torch.get("_GLOBAL_DEVICE_CONTEXT"), "device_context", None)
    return found | {"default_device": id(device)}


def _torch_given() -> State | None:
    return {**(_torch() or {}), **_TORCH_GIVEN}


LOOKS = (
    Look("numpy.errstate", _numpy_errors, lambda: _NUMPY_ERRORS),
    Look("numpy.printoptions", _print_options),
    Look("matplotlib.rcParams", _rc("rcParams"), _rc("rcParamsOrig"), drifts=False),
    Look("pandas.options", _pandas_options, _pandas_given, spread=_flat),
    Look("sklearn.config", _sklearn_config, _sklearn_given),
    Look("torch", _torch, _torch_given),
)
