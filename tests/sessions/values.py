"""Values as texts that are equal where the values are, to the bit. Loaded as a file, in processes of their own."""

import hashlib
import json
import sys


def texts(namespace, names):
    """Return the text of each name's value; of one that is not there, "missing"."""
    return {name: told(namespace[name]) if name in namespace else "missing" for name in names}


def as_json(namespace, names):
    return json.dumps(texts(namespace, names))


def told(value, above=()):
    kind = type(value)
    if value is None or kind in (bool, int, float, complex, str, bytes, type(Ellipsis)):
        return repr(value)
    if id(value) in above:
        return f"<{len(above) - above.index(id(value))} above>"
    above = (*above, id(value))

    def inner(item):
        return told(item, above)

    name = f"{kind.__module__}.{kind.__qualname__}"
    if kind in (list, tuple):
        return f"{kind.__name__}({', '.join(map(inner, value))})"
    if kind is dict or name in ("collections.OrderedDict", "collections.defaultdict", "collections.Counter"):
        return f"{kind.__name__}({', '.join(f'{inner(k)}: {inner(v)}' for k, v in value.items())})"
    if kind in (set, frozenset):
        return f"{kind.__name__}({', '.join(sorted(map(inner, value)))})"
    if kind in (type, type(told), type(len), type(sys)):
        return f"{kind.__name__} {getattr(value, '__qualname__', value.__name__)}"
    numpy, pandas, torch = (sys.modules.get(library) for library in ("numpy", "pandas", "torch"))
    if numpy and isinstance(value, (numpy.ndarray, numpy.generic)):
        if value.dtype.hasobject:
            return f"{name}{value.shape}{inner(value.tolist())}"
        return f"{name} {value.dtype} {value.shape} {_digest(value.tobytes())}" + _small(value)
    if pandas and isinstance(value, pandas.DataFrame):
        columns = [(label, value.iloc[:, i]) for i, label in enumerate(value.columns)]
        return f"frame({inner(list(value.index))}, {', '.join(f'{inner(a)}: {_column(b, inner)}' for a, b in columns)})"
    if pandas and isinstance(value, pandas.Series):
        return f"series({inner(value.name)}, {inner(list(value.index))}, {_column(value, inner)})"
    if pandas and isinstance(value, pandas.Index):
        return f"{name}({inner(list(value))})"
    if torch and isinstance(value, torch.Tensor):
        return f"tensor {inner(value.detach().cpu().numpy())}"
    if pandas and isinstance(value, (pandas.Timestamp, type(pandas.NaT), type(pandas.NA))):
        return f"{name} {value!r}"
    return f"{name}{inner(list(value.__reduce_ex__(4)[1:]))}"


def _column(series, inner):
    values = series.to_numpy()
    return f"{series.dtype} {inner(values.tolist() if values.dtype.hasobject else values)}"


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def _small(value):
    return f" {value.tolist()!r}" if value.size <= 6 else ""
