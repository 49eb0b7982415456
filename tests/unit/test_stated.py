"""The global state that a text plainly changes."""

import pytest

from mlexp.dataflow.stated import modules_named, state_told

CASES = {
    "os.chdir('x')": ("cwd",),
    "get_ipython().run_line_magic('cd', 'x')": ("cwd",),
    "os.environ['A'] = '1'": ("env:A",),
    "del os.environ['A']": ("env:A",),
    "os.environ.setdefault('A', '1')": ("env:A",),
    "os.environ.update(A='1', B='2')": ("env:A", "env:B"),
    "get_ipython().run_line_magic('env', 'A=1')": ("env:A",),
    "get_ipython().run_line_magic('env', 'A')": (),
    "a = os.environ['A']": (),
    "sys.path.append('x')": ("sys.path",),
    "sys.path = []": ("sys.path",),
    "warnings.filterwarnings('ignore')": ("warnings",),
    "warnings.simplefilter('error')": ("warnings:error",),
    "np.seterr(divide='raise')": ("numpy.errstate:divide",),
    "np.seterr(all='raise')": tuple(f"numpy.errstate:{key}" for key in ("divide", "invalid", "over", "under")),
    "decimal.getcontext().prec = 5": ("decimal:prec",),
    "plt.rcParams['font.size'] = 9": ("matplotlib.rcParams:font.size",),
    "pd.set_option('display.width', 9)": ("pandas.options:display.width",),
    "pd.options.mode.copy_on_write = True": ("pandas.options:mode.copy_on_write",),
    "set_config(transform_output='pandas')": ("sklearn.config:transform_output",),
    "torch.set_default_dtype(torch.float64)": ("torch:default_dtype",),
    "import numpy as np\nnp.random.seed = f": ("module:numpy.random.seed",),
    "model.rate = 3": (),
    "import scipy.stats": ("import:scipy.stats",),
    "from scipy.stats import norm": ("import:scipy.stats",),
    "def f():\n    os.chdir('x')": (),
    "with np.errstate(all='raise'):\n    np.seterr(all='raise')": (),
    "x = (": (),
}


@pytest.mark.parametrize("python", CASES)
def test_what_a_text_says_that_it_changes(python: str) -> None:
    assert state_told(python) == CASES[python]


def test_a_module_that_an_earlier_cell_imported_is_known() -> None:
    assert state_told("s.RATE = 3", tuple(modules_named("import settings as s").items())) == ("module:settings.RATE",)
