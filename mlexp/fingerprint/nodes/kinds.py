"""Which objects can change in place, and how each is opened.

Asked is the class, and what it inherits from, nearest first, by name: a library's objects are known without importing
the library. Where a user's class only says that it is from there, opening it fails, and it is opaque.
"""

from __future__ import annotations

import importlib
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mlexp.fingerprint.asking import bases_of, members_of, module_of, name_of


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object."""

    opener: Callable[[Any, Any], object] | None = None
    """Returns what it holds. None: it never changes, or a change of it is nothing to a value."""
    is_of_interest: Callable[[Any, Any], bool] | None = None
    """Tells of one object, such as a class, whether it is opened; None: each is."""
    value: Callable[[Any], object] | None = None
    """Returns the plain value of what never changes, where another object may take the place of it."""


FIXED = Kind()
_known: dict[int, tuple[Any, Kind]] = {}
_HERE = "mlexp.fingerprint.nodes."

_OPENERS = MappingProxyType(
    {
        "list": "builtin:open_list",
        "tuple": "builtin:open_tuple",
        "dict": "builtin:open_dict",
        "set": "builtin:open_set",
        "frozenset": "builtin:open_set",
        "collections.deque": "builtin:open_deque",
        "collections.OrderedDict": "builtin:open_ordered",
        "bytearray": "builtin:open_bytes",
        "array.array": "builtin:open_bytes",
        "memoryview": "builtin:open_bytes",
        "mmap.mmap": "builtin:open_bytes",
        "str": "builtin:open_value",
        "bytes": "builtin:open_value",
        "int": "builtin:open_value",
        "float": "builtin:open_value",
        "complex": "builtin:open_value",
        "dict_keys": "builtin:open_view",
        "dict_values": "builtin:open_view",
        "dict_items": "builtin:open_view",
        "odict_keys": "builtin:open_view",
        "odict_values": "builtin:open_view",
        "odict_items": "builtin:open_view",
        "mappingproxy": "builtin:open_view",
        "cell": "builtin:open_cell",
        "function": "functions:open_function",
        "method": "functions:open_method",
        "builtin_function_or_method": "functions:open_builtin",
        "method-wrapper": "functions:open_builtin",
        "staticmethod": "functions:open_wrapper",
        "classmethod": "functions:open_wrapper",
        "property": "functions:open_property",
        "functools.partial": "functions:open_partial",
        "functools._lru_cache_wrapper": "functions:open_cached",
        "functools.cached_property": "functions:open_cached_property",
        "type": "functions:open_class",
        "module": "functions:open_module",
        "generator": "iterators:open_generator",
        "coroutine": "iterators:open_generator",
        "async_generator": "iterators:open_generator",
        "types.SimpleNamespace": "instances:open_namespace",
        "BaseException": "instances:open_error",
        "weakref.ReferenceType": "instances:open_weakref",
        "weakref": "instances:open_weakref",
        "_io.StringIO": "iterators:open_memory_file",
        "_io.BytesIO": "iterators:open_memory_file",
        "_io._IOBase": "iterators:open_file",
        "sqlite3.Connection": "instances:open_connection",
        "numpy.ndarray": "arrays:open_array",
        "pandas.DataFrame": "frames:open_frame",
        "pandas.core.frame.DataFrame": "frames:open_frame",
        "pandas.Series": "frames:open_frame",
        "pandas.core.series.Series": "frames:open_frame",
        "pandas.Index": "frames:open_index",
        "pandas.core.indexes.base.Index": "frames:open_index",
        "pandas.api.extensions.ExtensionArray": "frames:open_extension",
        "pandas.core.arrays.base.ExtensionArray": "frames:open_extension",
        "scipy.sparse._base._spbase": "arrays:open_sparse",
        "matplotlib.artist.Artist": "instances:open_artist",
        "sklearn.tree._tree.Tree": "instances:open_by_state",
        "torch.Tensor": "tensors:open_tensor",
        "torch.storage.UntypedStorage": "tensors:open_storage",
    }
)
_VALUES = MappingProxyType(
    {
        "datetime.datetime": "builtin:value_by_reduce",
        "datetime.date": "builtin:value_by_reduce",
        "datetime.time": "builtin:value_by_reduce",
        "datetime.timedelta": "builtin:value_by_reduce",
        "decimal.Decimal": "builtin:value_of_decimal",
        "numpy.generic": "arrays:value_of_scalar",
        "pandas.Timestamp": "frames:value_of_time",
        "pandas.Timedelta": "frames:value_of_time",
        "pandas._libs.tslibs.timestamps.Timestamp": "frames:value_of_time",
        "pandas._libs.tslibs.timedeltas.Timedelta": "frames:value_of_time",
        "pathlib.PurePath": "instances:value_of_path",
        "pathlib._local.PurePath": "instances:value_of_path",
        "range": "builtin:value_of_range",
    }
)
_FIXED = frozenset(
    """random.Random numpy.random._generator.Generator numpy.random.mtrand.RandomState torch._C.Generator
    torch.Generator numpy.random.bit_generator.BitGenerator numpy.random.bit_generator.SeedSequence numpy.dtype
    code re.Pattern re.Match ellipsis NotImplementedType slice types.GenericAlias types.UnionType
    method_descriptor frame traceback wrapper_descriptor getset_descriptor member_descriptor
    classmethod_descriptor operator.itemgetter operator.attrgetter operator.methodcaller
    _collections._tuplegetter _abc._abc_data datetime.tzinfo zoneinfo.ZoneInfo _thread.lock _thread.RLock
    numpy.ufunc torch.dtype torch.device torch.Size pandas.core.dtypes.base.ExtensionDtype
    pandas.api.extensions.ExtensionDtype enum.Enum _struct.Struct _ctypes.CFuncPtr PyCapsule logging.Logger
    logging.Manager typing._Final threading.Thread contextvars.ContextVar pandas._libs.missing.NAType
    pandas._libs.tslibs.nattype.NaTType pandas.api.typing.NAType pandas.api.typing.NaTType""".split()
)
_FIXED_LIBRARIES = frozenset(
    {"pyarrow", "polars", "typing", "logging", "IPython", "mlexp", "importlib", "_frozen_importlib"}
)
"""Libraries whose objects never change in place, or are nothing to a value."""
_HIDDEN_LIBRARIES = frozenset(
    "matplotlib mpl_toolkits plotly bokeh altair ipywidgets traitlets asyncio socket ssl selectors subprocess duckdb "
    "sqlalchemy h5py netCDF4 zarr dask ray pyspark selenium requests urllib3 httpx aiohttp tqdm".split()
)
"""Libraries whose objects are too many, or hide their state."""
_WHOLE = ("pandas", "torch", "scipy", "_io")
"""Of these, the opener reads what derived classes add, or it is nothing."""
_ITERATORS = "iterators:open_iterator"


def kind_of(cls: type) -> Kind:
    """Return the kind of a class's objects."""
    known = _known.get(id(cls))
    if known is not None and known[0]() is cls:  # another class may lie where one was
        return known[1]
    found = _kind(cls)
    if len(_known) > 5_000:
        _known.clear()
    _known[id(cls)] = (weakref.ref(cls), found)
    return found


def _kind(cls: type) -> Kind:
    bases = bases_of(cls)
    library = module_of(cls).partition(".")[0]
    names = [name_of(base) for base in bases]
    for name in names:
        if name in _FIXED:
            return FIXED
        if name in _VALUES:
            return Kind(value=_load(_VALUES[name]))
    if library in _FIXED_LIBRARIES:
        return FIXED
    if "matplotlib.artist.Artist" in names:
        return Kind(_load(_OPENERS["matplotlib.artist.Artist"]))
    if library in _HIDDEN_LIBRARIES:
        return Kind(_load("instances:open_hidden"))
    for depth, name in enumerate(names[:-1]):
        if name in _OPENERS:
            if depth and name not in ("type", "module", "BaseException") and not name.startswith(_WHOLE):
                return Kind(_load("instances:open_derived"))  # what a class of one's own adds counts, too
            chosen = _load("functions:is_of_interest") if _OPENERS[name].startswith("functions:") else None
            return Kind(_load(_OPENERS[name]), chosen)  # type: ignore[arg-type]  # it answers yes or no
    if is_by_class_statement(bases):
        return Kind(_load("instances:open_instance"))
    if library in ("sklearn", "scipy"):  # what these keep in C is made once
        return FIXED
    if "__next__" in members_of(cls):
        return Kind(_load(_ITERATORS))
    return Kind(_load("instances:open_hidden"))


def is_by_class_statement(bases: tuple[type, ...]) -> bool:
    """Tell whether all of the classes were made by Python code, so that their objects keep nothing in C."""
    return all(base is object or _is_plain(base) for base in bases)


_IN_HEAP, _IMMUTABLE = 1 << 9, 1 << 8
_flags, _size, _base = (type.__dict__[name].__get__ for name in ("__flags__", "__basicsize__", "__base__"))


def _is_plain(cls: type) -> bool:
    flags = _flags(cls)
    if not flags & _IN_HEAP or flags & _IMMUTABLE:
        return False
    members = members_of(cls)
    n_slots = sum(type(member) is _MEMBER for member in members.values())
    extra = _size(cls) - _size(_base(cls))
    said = "__dict__" in members or "__weakref__" in members or "__slots__" in members
    return bool(extra <= 8 * n_slots + (16 if said else 0))


class _Slotted:
    __slots__ = ("slot",)


_MEMBER = type(_Slotted.__dict__["slot"])


def opener_of(cls: type) -> Callable[[Any, Any], object] | None:
    """Return the opener of the nearest class that has one of its own: of what a class of one's own is built on."""
    for base in bases_of(cls):
        name = name_of(base)
        if name in _OPENERS:
            return _load(_OPENERS[name])
    return None


_loaded: dict[str, Callable[..., object]] = {}


def _load(place: str) -> Callable[..., object]:
    found = _loaded.get(place)
    if found is None:
        module, _, name = place.partition(":")
        found = _loaded[place] = getattr(importlib.import_module(_HERE + module), name)
    return found
