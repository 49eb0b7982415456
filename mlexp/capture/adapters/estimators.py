"""What estimators have in common, whatever library they are of: they follow scikit-learn's conventions."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Iterator, Mapping

from mlexp.capture.numbers import as_number
from mlexp.fingerprint.asking import attributes_of, bases_of, is_one_of, members_of, name_of

_MAX_DEPTH = 4
_MAX_ITEMS = 20
_NUMBERS = (int, float)
_LISTS = ("steps", "transformers", "estimators", "transformer_list")
"""Params that hold named estimators."""


def is_estimator(value: object) -> bool:
    """Tell by its type alone whether it is one."""
    return is_a(value, "sklearn.base.BaseEstimator")


def is_a(value: object, name: str) -> bool:
    """Tell whether a class of that full name is the value's type or a base of it."""
    return any(name_of(cls) == name for cls in bases_of(type(value)))


def fitted(estimator: object, *, depth: int = 0) -> bool:
    """Tell whether it has been fitted: it has an attribute of a name such as `coef_`, or its last step has."""
    own = attributes_of(estimator)
    if any(name.endswith("_") and not name.startswith("_") for name in own):
        return True
    steps = own.get("steps")
    if type(steps) is list and steps and depth < _MAX_DEPTH:
        return any(is_estimator(step) and fitted(step, depth=depth + 1) for _, step in _pairs(steps))
    return False


def mark(estimator: object, *, depth: int = 0) -> tuple[object, ...]:
    """Return what changes when it is fitted anew: the identities of what it holds, and of what its steps hold."""
    own = attributes_of(estimator)
    marks: list[object] = [(name, id(held)) for name, held in own.items()]
    if depth < _MAX_DEPTH:
        for held in own.values():
            inner = [item for _, item in _pairs(held)] if type(held) is list else [held]
            marks += [mark(item, depth=depth + 1) for item in inner if is_estimator(item)]
    return tuple(marks)


def chosen(estimator: object, *, depth: int = 0) -> dict[str, object]:
    """Return the params of it and of the estimators in it that are plain values and not the default, by dotted name."""
    own, found = attributes_of(estimator), dict[str, object]()
    for name, default in _defaults(type(estimator)):
        value = own.get(name, default)
        plain, is_plain = plain_value(value)
        if is_plain and not same(plain, default):
            found[name] = plain
        elif is_estimator(value) and depth < _MAX_DEPTH:
            found |= {f"{name}.{key}": item for key, item in chosen(value, depth=depth + 1).items()}
        elif name in _LISTS and type(value) is list and depth < _MAX_DEPTH:
            for step, inner in _pairs(value):
                if is_estimator(inner):
                    found |= {f"{step}.{key}": item for key, item in chosen(inner, depth=depth + 1).items()}
    more = own.get("kwargs")  # of estimators that take any
    if type(more) is dict:
        found |= {key: plain_value(item)[0] for key, item in more.items() if type(key) is str and plain_value(item)[1]}
    return found


def plain_value(value: object, *, depth: int = 0) -> tuple[object, bool]:
    """Return a number, text, boolean, None or a small container of these, and whether the value is one."""
    number = as_number(value)
    if number is not None:
        return number, math.isfinite(number)
    if value is None or is_one_of(type(value), (bool, str)):
        return value, not (type(value) is str and len(value) > 200)
    if is_one_of(type(value), (list, tuple)) and len(value) <= _MAX_ITEMS and depth < 2:  # type: ignore[arg-type]  # just asked
        items = [plain_value(item, depth=depth + 1) for item in value]  # type: ignore[attr-defined]  # the same
        return type(value)(item for item, _ in items), all(is_plain for _, is_plain in items)  # type: ignore[call-arg]
    if type(value) is dict and len(value) <= _MAX_ITEMS and depth < 2:
        named = [(key, item) for key, item in value.items() if is_one_of(type(key), (str, int))]
        pairs = {key: plain_value(item, depth=depth + 1) for key, item in named}
        return {key: item for key, (item, _) in pairs.items()}, (
            len(pairs) == len(value) and all(is_plain for _, is_plain in pairs.values())
        )
    return None, False


def same(value: object, default: object) -> bool:
    """Tell whether a plain value is the default; 1 and 1.0 are the same, 1 and True are not."""
    plain, is_plain = plain_value(default)
    if not is_plain:
        return False
    if is_one_of(type(value), _NUMBERS) and is_one_of(type(plain), _NUMBERS):
        return value == plain
    return type(value) is type(plain) and repr(value) == repr(plain)


def extent(estimator: object) -> str:
    """Return "fitted", with the numbers of features and classes where it has them."""
    own = attributes_of(estimator)
    last = own
    if type(own.get("steps")) is list:
        parts = [attributes_of(step) for _, step in _pairs(own["steps"]) if is_estimator(step)]
        own, last = (parts[0], parts[-1]) if parts else (own, own)
    words = ["fitted"]
    n_features = as_number(own.get("n_features_in_"))
    if n_features is not None:
        words.append(f"{n_features:,} feature{'s' if n_features != 1 else ''}")
    classes = last.get("classes_")
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(classes, numpy.ndarray) and classes.ndim == 1:
        words.append(f"{len(classes):,} classes")
    return ", ".join(words)


def _defaults(cls: type) -> Iterator[tuple[str, object]]:
    """Yield the params of a class with their defaults; one that takes `**kwargs` has those of its bases, too."""
    seen = {"self"}
    for base in bases_of(cls):
        init = members_of(base).get("__init__")
        if not inspect.isfunction(init):
            continue
        takes_more = False
        for name, parameter in _parameters(init).items():
            takes_more |= parameter.kind is parameter.VAR_KEYWORD
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY) and name not in seen:
                seen.add(name)
                yield name, parameter.default
        if not takes_more:
            return


def _parameters(function: object) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters  # type: ignore[arg-type]  # a function
    except (ValueError, TypeError):
        return {}


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    """Yield the (name, estimator) of lists such as a pipeline's steps; other columns of a row are passed over."""
    for row in value if type(value) is list else ():
        if type(row) is tuple and len(row) >= 2 and type(row[0]) is str:
            yield row[0], row[1]
