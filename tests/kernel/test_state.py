"""Global state in a real kernel: what each cell changed, and what changed between two."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlexp.config import Settings
from mlexp.project import Project
from mlexp.records import Execution
from tests.kernel.driver import Kernel

SETUP = """
import asyncio, builtins, contextlib, decimal, json, locale, logging, os, signal, sys, threading, time, warnings
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
import settings
from pathlib import Path
from sklearn.linear_model import Ridge
kept_path, kept_stdout = list(sys.path), sys.stdout
def patch(): np.random.normal = lambda *a: 0.0
"""
OWN = """
RATE = 1
OPTIONS = {"a": 1}
class Config:
    depth = 1
class Box: pass
BOX = Box()
def set_rate(value):
    global RATE
    RATE = value
def add(name):
    OPTIONS[name] = 1
"""
CHANGES: dict[str, tuple[str, ...]] = {
    "os.makedirs('data', exist_ok=True); os.chdir('data')": ("cwd",),
    "%cd ..": ("cwd",),
    "os.environ['MODE'] = 'a'": ("env:MODE",),
    "%env MODE=b": ("env:MODE",),
    "del os.environ['MODE']": ("env:MODE",),
    "os.environ.update(A1='1', B1='2')": ("env:A1", "env:B1"),
    "sys.path.append('src')": ("sys.path",),
    "sys.path[:] = kept_path": ("sys.path",),
    "sys.argv = ['prog', '--x']": ("sys.argv",),
    "sys.setrecursionlimit(5000)": ("recursionlimit",),
    "sys.set_int_max_str_digits(0)": ("int_max_str_digits",),
    "warnings.filterwarnings('ignore', module='zzz')": ("warnings",),
    "warnings.simplefilter('error', UserWarning)": ("warnings:error",),
    "decimal.getcontext().prec = 7": ("decimal:prec",),
    "decimal.getcontext().traps[decimal.Inexact] = True": ("decimal:traps",),
    "decimal.setcontext(decimal.Context(prec=28))": ("decimal:prec", "decimal:traps"),
    "locale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')": ("locale",),
    "os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()": ("env:TZ", "timezone"),
    "logging.getLogger().setLevel(10)": ("logging",),
    "signal.signal(signal.SIGALRM, lambda *a: None)": ("signal:SIGALRM",),
    "import io; sys.stdout = io.StringIO()": ("sys.stdout",),
    "sys.stdout = kept_stdout": ("sys.stdout",),
    "builtins.answer = 42": ("builtins:answer",),
    "del builtins.answer": ("builtins:answer",),
    "np.seterr(divide='raise')": ("numpy.errstate:divide",),
    "np.set_printoptions(precision=3)": ("numpy.printoptions:precision",),
    "plt.rcParams['font.size'] = 21": ("matplotlib.rcParams:font.size",),
    "plt.rc('lines', linewidth=9)": ("matplotlib.rcParams:lines.linewidth",),
    "pd.set_option('display.max_rows', 7)": ("pandas.options:display.max_rows",),
    "pd.options.display.width = 99": ("pandas.options:display.width",),
    "pd.reset_option('display.width')": ("pandas.options:display.width",),
    "sklearn.set_config(transform_output='pandas')": ("sklearn.config:transform_output",),
    "np.random.seed = lambda s: None": ("module:numpy.random.seed",),
    "setattr(json, 'dumps_', 1)": ("module:json.dumps_",),
    "del json.dumps_": ("module:json.dumps_",),
    "patch()": ("module:numpy.random.normal",),
    "json._mine = 1": ("module:json._mine",),
    "import statistics; statistics.mean = len": ("module:statistics.mean",),
    "pd.DataFrame.mine = lambda self: 1": ("module:pandas.DataFrame.mine",),
    "Ridge.score = lambda *a: 1.0": ("module:sklearn.linear_model._ridge.Ridge.score",),
    "settings.RATE = 2": ("module:settings.RATE",),
    "settings.set_rate(3)": ("module:settings.RATE",),
    "from settings import set_rate as rate; rate(4)": ("module:settings.RATE",),
    "settings.OPTIONS['b'] = 1": ("content:settings.OPTIONS",),
    "settings.add('c')": ("content:settings.OPTIONS",),
    "settings.Config.depth = 9": ("content:settings.Config", "module:settings.Config.depth"),
    "settings.BOX.size = 3": ("content:settings.BOX",),
    "import scipy.signal": ("import:scipy.signal",),
    "from xml.etree import ElementTree as ET": ("import:xml.etree", "import:xml.etree.ElementTree"),
    "await asyncio.sleep(0); os.environ['LATE'] = '1'": ("env:LATE",),
    "os.environ['BEFORE'] = '1'; 1 / 0": ("env:BEFORE",),
}
NO_CHANGES = (
    "x = 1",
    "os.environ['HOME']; os.getcwd(); list(sys.path); plt.rcParams['font.size']; pd.get_option('display.width')",
    "with np.errstate(all='raise'): np.ones(2) + 1",
    "with decimal.localcontext() as c: c.prec = 3",
    "with warnings.catch_warnings(): warnings.simplefilter('error')",
    "with plt.rc_context({'font.size': 3}): pass",
    "with pd.option_context('display.max_rows', 3): pass",
    "with contextlib.chdir('/'): pass",
    "here = os.getcwd(); os.chdir('/'); os.chdir(here)",
    "os.environ['P'] = '1'; del os.environ['P']",
    "plt.plot([1, 2]); plt.show()",
    "Ridge().fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0])",
    "pd.DataFrame({'a': [1]}).groupby('a').size(); np.random.default_rng(0).normal()",
    "get = settings.OPTIONS.get('a')",
    "await asyncio.sleep(0); np.seterr(over='raise')",  # lost with the cell's own context
    "import json, os",
    "names = dir(json), vars(np.random).keys()",
    "json.loads('{}'); time.time(); logging.getLogger('mine').setLevel(10)",
)
AFTER_DRIFT = "%%track\nscore = 1"


@pytest.fixture(scope="module")
def executions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Execution]]:
    """The record of each cell, all executed in one kernel."""
    folder: Path = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").write_text("")
    (folder / "settings.py").write_text(OWN)
    kernel = Kernel(folder, IPYTHONDIR=str(folder / "ipython"), MLEXP_STORE=str(folder / ".mlexp"))
    try:
        kernel.load()
        kernel.run(SETUP)
        for cell in (*CHANGES, *NO_CHANGES):
            kernel.run(cell)
        kernel.run("threading.Timer(0.1, lambda: os.environ.update(LATER='1')).start()")
        time.sleep(0.5)
        kernel.run(AFTER_DRIFT)
        kernel.ok("%unload_ext mlexp")
    finally:
        kernel.close()
    project = Project(folder / ".mlexp", Settings())
    run = project.runs()[0].record
    yield {execution.source: execution for execution in project.store.executions(run.session_id)}
    project.close()


@pytest.mark.parametrize("cell", CHANGES)
def test_a_change_is_told(executions: dict[str, Execution], cell: str) -> None:
    assert executions[cell].state == CHANGES[cell]


@pytest.mark.parametrize("cell", NO_CHANGES)
def test_what_is_only_looked_at_or_put_back_is_no_change(executions: dict[str, Execution], cell: str) -> None:
    assert executions[cell].state == ()


def test_what_changes_between_two_cells_is_nobodys_doing(executions: dict[str, Execution]) -> None:
    drifted = {execution.source: execution.drifted for execution in executions.values() if execution.drifted}

    assert drifted == {AFTER_DRIFT: ("env:LATER",)}
    assert executions[AFTER_DRIFT].state == ()
