"""The state of the interpreter and of the standard library."""

from __future__ import annotations

import builtins
import locale
import logging
import os
import re
import signal
import sys
import time
import warnings
from typing import Any

from mlexp.capture.probes.states.base import Look, State, function_of, plain
from mlexp.capture.probes.states.identities import Identities
from mlexp.fingerprint.asking import name_of

_SHELLS_OWN = frozenset({"get_ipython", "display", "exit", "quit", "input", "_", "__IPYTHON__", "__tracebackhide__"})
"""Names that IPython itself puts among the built-in ones, and takes away."""
_SIGNALS = tuple(
    (name, getattr(signal, name)) for name in ("SIGALRM", "SIGTERM", "SIGUSR1", "SIGUSR2") if hasattr(signal, name)
)  # SIGINT is set by the kernel around each cell
_query_locale: Any = getattr(locale, "_setlocale", locale.setlocale)  # the built-in function behind the module's
_getcwd, _handler = os.getcwd, signal.getsignal  # the user may put something in their places
_recursion_limit, _digits = sys.getrecursionlimit, sys.get_int_max_str_digits
_CONTEXT = {"prec": 28, "rounding": "ROUND_HALF_EVEN", "Emin": -999999, "Emax": 999999, "capitals": 1, "clamp": 0}
_TRAPS = ("DivisionByZero", "InvalidOperation", "Overflow")


def _cwd() -> State:
    try:
        return {"": _getcwd()}
    except OSError:  # somebody has removed it
        return {"": None}


def _environment() -> State | None:
    variables = getattr(os.environ, "_data", None)
    return dict(variables) if type(variables) is dict else None


def _filters() -> State:
    """Return the filters: those that make errors of warnings apart, for the others only decide what is shown."""
    rows = [row for row in warnings.filters if type(row) is tuple and len(row) == 5]
    told = [(row[0], _pattern(row[1]), id(row[2]), _pattern(row[3]), row[4]) for row in rows]
    errors = [row for row in told if row[0] == "error"]
    return {"": [row for row in told if row[0] != "error"], "error": errors}


def _pattern(pattern: object) -> object:
    return pattern.pattern if type(pattern) is re.Pattern else plain(pattern)


def _decimal() -> State | None:
    ask = function_of("decimal", "getcontext")
    context: Any = ask() if ask is not None else None
    if name_of(type(context)) != "decimal.Context":
        return None
    traps = [trap.__name__ for trap, is_on in context.traps.items() if is_on]
    return {name: getattr(context, name) for name in _CONTEXT} | {"traps": tuple(sorted(traps))}


def _logging() -> State:
    root = logging.root
    return {"": (root.level, root.disabled, root.manager.disable, tuple(map(id, root.handlers)))}


def _builtins() -> State:
    return Identities.of(vars(builtins), leave_out=_SHELLS_OWN)


LOOKS = (
    Look("cwd", _cwd),
    Look("env", _environment, comes=True),
    Look("sys.path", lambda: {"": plain(sys.path)}),
    Look("sys.argv", lambda: {"": plain(sys.argv)}),
    Look("recursionlimit", lambda: {"": _recursion_limit()}),
    Look("int_max_str_digits", lambda: {"": _digits()}),
    Look("warnings", _filters),
    Look("decimal", _decimal, lambda: _CONTEXT | {"traps": _TRAPS}),
    Look("locale", lambda: {"": _query_locale(locale.LC_ALL, None)}),
    Look("timezone", lambda: {"": (time.timezone, time.altzone, time.tzname)}),
    Look("logging", _logging),
    Look("signal", lambda: {name: id(_handler(number)) for name, number in _SIGNALS}),
    Look("sys.stdout", lambda: {"": id(sys.stdout)}, drifts=False),
    Look("builtins", _builtins, comes=True),
)
