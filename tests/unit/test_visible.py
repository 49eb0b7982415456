"""Who sees which change of global state, by table."""

from typing import Any

import pytest

from mlexp.dataflow.names import names_of
from mlexp.dataflow.visible import Sight, kills, sight
from mlexp.records import Execution, InputFile, ModuleRecord, Outcome, SessionId
from mlexp.records.names import Digest

NONE, MAYBE, SURE = Sight.NONE, Sight.MAYBE, Sight.SURE
RELATIVE = {"inputs": (InputFile(path="x.csv", resolved="/w/data/x.csv", size_bytes=1, digest=None),)}
ABSOLUTE = {"inputs": (InputFile(path="/w/x.csv", resolved="/w/x.csv", size_bytes=1, digest=None),)}
OWN_MODULE = {"modules": (ModuleRecord(name="helpers", file="helpers.py", digest=Digest("blake3:0")),)}


def execution(python: str, index: int = 0, **fields: Any) -> Execution:
    names = names_of(python)
    return Execution(
        session_id=SessionId("s"),
        index=index,
        number=index + 1,
        source=python,
        python=python,
        outcome=Outcome.OK,
        bound=names.bound,
        read=names.read,
        loaded=names.loaded,
        **fields,
    )


CASES: list[tuple[str, str, str, dict[str, Any], Sight]] = [
    # the working directory
    ("cwd", "os.chdir('data')", "x = 1 + 1", {}, NONE),
    ("cwd", "os.chdir('data')", "here = os.getcwd()", {}, SURE),
    ("cwd", "os.chdir('data')", "here = Path.cwd()", {}, SURE),
    ("cwd", "os.chdir('data')", "df = pd.read_csv('x.csv')", RELATIVE, SURE),
    ("cwd", "os.chdir('data')", "df = pd.read_csv('/w/x.csv')", ABSOLUTE, NONE),
    ("cwd", "os.chdir('data')", "df.to_csv('out.csv')", {"writes": ("/w/data/out.csv",)}, SURE),
    ("cwd", "os.chdir('data')", "df.to_csv('/w/out.csv')", {"writes": ("/w/out.csv",)}, NONE),
    ("cwd", "os.chdir('data')", "os.chdir('sub')", {}, SURE),
    ("cwd", "os.chdir('data')", "os.chdir('/tmp')", {}, NONE),
    ("cwd", "os.chdir('data')", "get_ipython().run_line_magic('cd', '..')", {}, SURE),
    ("cwd", "os.chdir('data')", "get_ipython().run_line_magic('cd', '')", {}, NONE),
    ("cwd", "os.chdir('data')", "import helpers", OWN_MODULE, SURE),
    ("cwd", "os.chdir('data')", "t = pq.read_parquet('x.parquet')", {}, MAYBE),
    # the environment
    ("env:MODE", "os.environ['MODE'] = 'a'", "mode = os.environ['MODE']", {}, SURE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "mode = os.getenv('MODE', 'b')", {}, SURE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "mode = environ.get('MODE')", {}, SURE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "os.environ['MODE'] = 'b'", {}, NONE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "home = os.environ['HOME']", {}, NONE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "all = dict(os.environ)", {}, SURE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "v = os.environ[name]", {}, SURE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "v = os.getenv(name)", {}, SURE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "get_ipython().system('echo $MODE')", {}, SURE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "model.fit(x)", {}, MAYBE),
    ("env:MODE", "os.environ['MODE'] = 'a'", "x = 1", {}, NONE),
    ("env:COLUMNS", "os.environ['COLUMNS'] = '9'", "model.fit(x)", {}, NONE),
    ("env:LIB_INIT", "import lib", "model.fit(x)", {}, NONE),
    # import folders and arguments
    ("sys.path", "sys.path.append('src')", "import helpers", OWN_MODULE, SURE),
    ("sys.path", "sys.path.append('src')", "import numpy as np", {}, MAYBE),
    ("sys.path", "sys.path.append('src')", "import json", {}, NONE),
    ("sys.path", "sys.path.append('src')", "folders = list(sys.path)", {}, SURE),
    ("sys.path", "sys.path.append('src')", "sys.path.append('lib')", {}, NONE),
    ("sys.path", "sys.path.append('src')", "x = fit(y)", {}, NONE),
    ("sys.argv", "sys.argv = ['a']", "args = parser.parse_args()", {}, SURE),
    ("sys.argv", "sys.argv = ['a']", "x = fit(y)", {}, NONE),
    # the interpreter
    ("recursionlimit", "sys.setrecursionlimit(9999)", "n = depth(5000)", {}, MAYBE),
    ("recursionlimit", "sys.setrecursionlimit(9999)", "n = 5", {}, NONE),
    ("builtins:answer", "builtins.answer = 1", "x = answer", {}, SURE),
    ("builtins:answer", "builtins.answer = 1", "x = 2", {}, NONE),
    ("warnings", "warnings.filterwarnings('ignore')", "model.fit(x)", {}, NONE),
    ("warnings:error", "warnings.simplefilter('error')", "model.fit(x)", {}, MAYBE),
    ("warnings:error", "warnings.simplefilter('error')", "try:\n    f()\nexcept UserWarning:\n    x = 1", {}, SURE),
    ("decimal:prec", "getcontext().prec = 5", "x = Decimal(1) / 3", {}, SURE),
    ("decimal:prec", "getcontext().prec = 5", "x = y / 3", {}, MAYBE),
    ("decimal:prec", "getcontext().prec = 5", "x = y", {}, NONE),
    ("decimal:prec", "getcontext().prec = 5", "x = third(1)", {"reached": ("Decimal",)}, SURE),
    ("locale", "locale.setlocale(0, 'C')", "x = d.strftime('%B')", {}, SURE),
    ("locale", "locale.setlocale(0, 'C')", "model.fit(x)", {}, NONE),
    ("timezone", "time.tzset()", "t = time.localtime(0)", {}, SURE),
    ("timezone", "time.tzset()", "model.fit(x)", {}, NONE),
    ("logging", "logging.basicConfig(level=10)", "logging.info('x')", {}, NONE),
    ("logging", "logging.basicConfig(filename='l')", "logging.info('x')", {}, MAYBE),
    ("signal:SIGALRM", "signal.signal(14, f)", "signal.alarm(1)", {}, SURE),
    # libraries
    ("numpy.errstate:divide", "np.seterr(divide='ignore')", "x = a / b", {}, NONE),
    ("numpy.errstate:divide", "np.seterr(divide='raise')", "x = a / b", {}, MAYBE),
    ("numpy.errstate:divide", "np.seterr(divide='raise')", "x = a", {}, NONE),
    ("numpy.errstate:divide", "np.seterr(**modes)", "x = a / b", {}, MAYBE),
    ("numpy.errstate:divide", "np.seterr(divide='raise')", "try:\n f()\nexcept FloatingPointError: pass", {}, SURE),
    ("numpy.printoptions:precision", "np.set_printoptions(precision=2)", "print(a)", {}, NONE),
    ("numpy.printoptions:precision", "np.set_printoptions(precision=2)", "print(f'{a}')", {}, NONE),
    ("numpy.printoptions:precision", "np.set_printoptions(precision=2)", "text = str(a)", {}, MAYBE),
    ("matplotlib.rcParams:font.size", "plt.rcParams['font.size'] = 9", "plt.plot(x)", {}, NONE),
    ("matplotlib.rcParams:font.size", "plt.rcParams['font.size'] = 9", "s = plt.rcParams['font.size']", {}, SURE),
    ("matplotlib.rcParams:font.size", "plt.rcParams['font.size'] = 9", "plt.rcParams['font.size'] = 8", {}, NONE),
    ("matplotlib.rcParams:font.size", "plt.rcParams['font.size'] = 9", "s = plt.rcParams['lines.color']", {}, NONE),
    ("matplotlib.rcParams:font.size", "plt.rcParams['font.size'] = 9", "s = dict(plt.rcParams)", {}, SURE),
    ("matplotlib.rcParams:figure.dpi", "plt.style.use('x')", "n = fig.get_dpi()", {}, MAYBE),
    ("matplotlib.rcParams:backend", "plt.switch_backend('agg')", "s = plt.rcParams['font.size']", {}, NONE),
    ("pandas.options:display.width", "pd.set_option('display.width', 9)", "df.describe()", {}, NONE),
    ("pandas.options:display.width", "pd.set_option('display.width', 9)", "t = df.to_string()", {}, MAYBE),
    ("pandas.options:display.width", "pd.set_option('display.width', 9)", "pd.get_option('display.width')", {}, SURE),
    ("pandas.options:display.width", "pd.set_option('display.width', 9)", "w = pd.options.display.width", {}, SURE),
    ("pandas.options:mode.copy_on_write", "pd.options.mode.copy_on_write = True", "b = df.loc[0]", {}, NONE),
    ("pandas.options:mode.copy_on_write", "pd.options.mode.copy_on_write = True", "b = df.sum()", {}, MAYBE),
    ("sklearn.config:transform_output", "set_config(transform_output='pandas')", "t = s.fit_transform(x)", {}, MAYBE),
    ("sklearn.config:display", "set_config(display='text')", "m = m.fit(x)", {}, NONE),
    ("torch:default_dtype", "torch.set_default_dtype(torch.float64)", "x = torch.zeros(3)", {}, SURE),
    ("torch:default_dtype", "torch.set_default_dtype(torch.float64)", "m = make()", {"reached": ("nn",)}, SURE),
    ("torch:threads", "torch.set_num_threads(1)", "y = m(x)", {}, MAYBE),
    # attributes of modules
    ("module:numpy.random.seed", "np.random.seed = f", "np.random.seed(1)", {}, SURE),
    ("module:numpy.random.seed", "np.random.seed = f", "from numpy.random import seed", {}, SURE),
    ("module:numpy.random.seed", "np.random.seed = f", "getattr(np.random, 'seed')(1)", {}, SURE),
    ("module:numpy.random.seed", "np.random.seed = f", "model.fit(x)", {}, MAYBE),
    ("module:numpy.random.seed", "np.random.seed = f", "np.random.seed = g", {}, NONE),
    ("module:settings.LR", "settings.LR = 3", "lr = settings.LR", {}, SURE),
    ("module:settings.LR", "settings.LR = 3", "lr = 1", {}, NONE),
    ("module:warnings.warn", "warnings.warn = f", "model.fit(x)", {}, NONE),
    ("module:pandas.DataFrame.progress_apply", "tqdm.pandas()", "df.progress_apply(f)", {}, SURE),
    ("module:pandas.DataFrame.progress_apply", "tqdm.pandas()", "df.apply(f)", {}, NONE),
    ("content:settings.C", "settings.C['a'] = 1", "x = settings.C['a']", {}, SURE),
    # submodules
    ("import:scipy.stats", "import scipy.stats", "x = scipy.stats.norm(0)", {}, SURE),
    ("import:scipy.stats", "import scipy.stats", "x = sp.stats.norm(0)", {}, MAYBE),
    ("import:scipy.stats", "import scipy.stats", "x = scipy.linalg.norm(a)", {}, NONE),
    ("import:scipy.stats", "import scipy.stats", "x = torch.stats.norm(a)", {}, NONE),
    ("import:scipy.stats", "import scipy.stats", "import scipy.stats\nx = scipy.stats.norm(0)", {}, NONE),
    ("import:matplotlib.pyplot", "import matplotlib.pyplot as plt", "plt.plot(x)", {}, NONE),
    (
        "import:sklearn.experimental.enable_iterative_imputer",
        "from sklearn.experimental import enable_iterative_imputer",
        "from sklearn.impute import IterativeImputer",
        {},
        SURE,
    ),
    # whatever else
    ("unheard of", "x.y()", "x = 1", {}, MAYBE),
]


@pytest.mark.parametrize(("kind", "changer", "reader", "fields", "expected"), CASES)
def test_who_sees_what(kind: str, changer: str, reader: str, fields: dict[str, Any], expected: Sight) -> None:
    found = sight(kind, execution(changer), execution(reader, 1, **fields))

    assert found is expected


def test_what_the_called_functions_say_counts_as_well() -> None:
    changer, reader = execution("os.environ['MODE'] = 'a'"), execution("x = f", 1)

    assert sight("env:MODE", changer, reader) is NONE
    assert sight("env:MODE", changer, reader, ["def f(): return os.environ['MODE']"]) is SURE


def test_a_text_that_does_not_compile_may_see_what_it_names() -> None:
    assert sight("env:MODE", execution("os.environ['MODE'] = 'a'"), execution("x = (MODE", 1)) >= MAYBE


@pytest.mark.parametrize("kind", ["cwd", "env:A", "numpy.errstate:over", "module:json.dumps", "decimal:prec"])
def test_the_last_of_these_counts(kind: str) -> None:
    assert kills(kind)


@pytest.mark.parametrize("kind", ["sys.path", "sys.argv", "warnings", "warnings:error", "content:settings.C"])
def test_these_add_up(kind: str) -> None:
    assert not kills(kind)
