"""Numbers as people read them: as many digits as tell the values apart, one number of decimals for all of a metric."""

from __future__ import annotations

import math
from collections.abc import Sequence

_MINUS = "\N{MINUS SIGN}"
_MAX_DIGITS = 17


def formatted(value: float, *, like: Sequence[float] = ()) -> str:
    """Return a number as text.

    Args:
        value: The number.
        like: The numbers beside it: it gets as many decimals as tell those that differ apart.
    """
    beside = [value, *like]
    if not math.isfinite(value):
        return str(value).replace("-", _MINUS)
    if all(isinstance(number, int) for number in beside):
        return f"{value:,}".replace("-", _MINUS)
    finite = [float(number) for number in beside if math.isfinite(number)]
    if _is_plain(finite):
        text = f"{float(value):,.{decimals(finite)}f}"
    else:
        digits = next(d for d in range(4, _MAX_DIGITS) if d == 16 or _apart([f"{n:.{d}e}" for n in finite], finite))
        text = f"{value:.{digits}e}"
    return text.replace("-", _MINUS)


def signed(difference: float, *, like: Sequence[float]) -> str:
    """Return a difference with its sign, with the decimals of the values that it is between."""
    finite = [float(number) for number in like if math.isfinite(number)]
    if not math.isfinite(difference) or all(isinstance(number, int) for number in (difference, *like)):
        text = f"{difference:+,}"
    elif _is_plain(finite) and float(f"{difference:.{decimals(finite)}f}") != 0:
        text = f"{difference:+,.{decimals(finite)}f}"
    else:
        text = f"{difference:+.4e}" if difference else "0"
    return text.replace("-", _MINUS)


def decimals(values: Sequence[float]) -> int:
    """Return the decimals that show four digits behind the largest value's first, and tell different values apart."""
    largest = max((abs(value) for value in values), default=0.0)
    digits = max(0, 4 - (math.floor(math.log10(largest)) if largest >= 1 else 0))
    while digits < _MAX_DIGITS and not _apart([f"{value:.{digits}f}" for value in values], values):
        digits += 1
    return digits


def seconds(elapsed_s: float) -> str:
    """Return a duration: "0.04 s", "0.4 s", "14.2 s", "3 min 5 s", "2 h 4 min"."""
    if elapsed_s < 0.095:
        return f"{elapsed_s:.2f} s"
    if elapsed_s < 100:
        return f"{elapsed_s:.1f} s"
    minutes, rest = divmod(round(elapsed_s), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _is_plain(values: Sequence[float]) -> bool:
    """Tell whether the values can be told apart in plain notation, none of them too long."""
    largest = max((abs(value) for value in values), default=0.0)
    if largest and not 1e-4 <= largest < 1e7:
        return False
    return _apart([f"{value:.{decimals(values)}f}" for value in values], values)


def _apart(texts: Sequence[str], values: Sequence[float]) -> bool:
    return len(set(texts)) >= len(set(values))
