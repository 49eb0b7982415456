"""Sessions whose value depends on global state, and sessions that change it for nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlexp.config import Settings
from mlexp.dataflow.slice import Slice, slice_of
from mlexp.project import Project
from tests.pipeline.playing import Session

Play = Callable[..., Session]
SETTINGS = """
RATE = 1
OPTIONS = {"a": 1}
def set_rate(value):
    global RATE
    RATE = value
"""

# What is imported, the change, and a cell whose value depends on it: the change is known to be needed.
NEEDED = {
    "a variable of the environment": ("import os", "os.environ['MODE'] = 'x'", "v = os.environ['MODE']"),
    "one set by a magic": ("import os", "%env MODE=x", "v = os.getenv('MODE')"),
    "one asked for under a name": ("import os", "os.environ['MODE'] = 'x'", "key = 'MO' + 'DE'\nv = os.environ[key]"),
    "one taken away": ("import os\nos.environ['MODE'] = 'x'", "del os.environ['MODE']", "v = 'MODE' in os.environ"),
    "one that a shell line reads": ("import os", "os.environ['MODE'] = 'x'", "v = !echo $MODE"),
    "the folder": ("import os\nos.makedirs('d', exist_ok=True)", "os.chdir('d')", "v = os.path.basename(os.getcwd())"),
    "the folder of a file": ("import os\nos.makedirs('d', exist_ok=True)", "%cd d", "v = open('f', 'w').write('text')"),
    "arguments": ("import sys", "sys.argv = ['x', '--n', '3']", "v = sys.argv[2]"),
    "import folders": ("import sys", "sys.path.append('nowhere')", "v = sys.path[-1]"),
    "the precision of decimals": ("from decimal import *", "getcontext().prec = 5", "v = str(Decimal(1) / 3)"),
    "the rounding of decimals": (
        "import decimal",
        "decimal.getcontext().rounding = 'ROUND_UP'",
        "v = str(round(decimal.Decimal('1.25'), 1))",
    ),
    "the time zone": (
        "import os, time",
        "os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
        "v = time.localtime(0).tm_hour",
    ),
    "a param of matplotlib": (
        "import matplotlib.pyplot as plt",
        "plt.rcParams['font.size'] = 17",
        "v = plt.rcParams['font.size']",
    ),
    "an option of pandas": (
        "import pandas as pd",
        "pd.set_option('display.max_rows', 7)",
        "v = pd.get_option('display.max_rows')",
    ),
    "an error state": (
        "import numpy as np",
        "np.seterr(divide='raise')",
        "try:\n    v = float((np.ones(1) / 0)[0])\nexcept FloatingPointError:\n    v = -1.0",
    ),
    "an error state, asked for": ("import numpy as np", "np.seterr(over='ignore')", "v = np.geterr()['over']"),
    "a function of a library": ("import statistics", "statistics.mean = lambda x: 9", "v = statistics.mean([3])"),
    "one set by a function": (
        "import numpy as np\ndef patch():\n    np.random.normal = lambda *a: 7.0",
        "patch()",
        "v = np.random.normal()",
    ),
    "a method of a class": (
        "import pandas as pd",
        "pd.DataFrame.twice = lambda self: 2 * len(self)",
        "v = pd.DataFrame({'a': [1, 2]}).twice()",
    ),
    "a name of the user's module": ("import settings", "settings.RATE = 5", "v = settings.RATE"),
    "one set by the module itself": (
        "import settings\nfrom settings import set_rate",
        "set_rate(5)",
        "v = settings.RATE",
    ),
    "what a module's name holds": ("import settings", "settings.OPTIONS['b'] = 2", "v = settings.OPTIONS['b']"),
    "a built-in name": ("import builtins", "builtins.answer = 42", "v = answer + 1"),
    "a submodule": ("import xml", "import xml.dom.minidom", "v = xml.dom.minidom.parseString('<a/>').toxml()"),
    "warnings as errors": (
        "import warnings",
        "warnings.simplefilter('error', UserWarning)",
        "try:\n    warnings.warn('x', UserWarning)\n    v = 1\nexcept UserWarning:\n    v = 2",
    ),
    "the locale": (
        "import locale",
        "locale.setlocale(locale.LC_ALL, 'C.UTF-8')",
        "v = locale.setlocale(locale.LC_TIME)",
    ),
}
# Here nothing in the text says so, but a library could see it: a run decides.
DOUBTFUL = {
    "a limit that a function needs": (
        "import sys\ndef deep(n):\n    return n and deep(n - 1)",
        "sys.setrecursionlimit(9000)",
        "v = deep(20)",
    ),
    "how the environment is": ("import os\nimport numpy as np", "os.environ['MODE'] = 'x'", "v = float(np.sum([1]))"),
    "errors that are raised": ("import numpy as np", "np.seterr(divide='raise')", "v = float(np.ones(1).sum())"),
    "a config of scikit-learn": (
        "import sklearn\nfrom sklearn.preprocessing import StandardScaler",
        "sklearn.set_config(transform_output='pandas')",
        "v = StandardScaler().fit([[1.0], [2.0]]).mean_[0]",
    ),
    "a function that others call": (
        "import statistics\nfrom statistics import pvariance",
        "statistics.mean = lambda x: 9",
        "v = pvariance([1, 2])",
    ),
}
UNNEEDED = {
    "options of display": ("import pandas as pd", "pd.set_option('display.max_rows', 7)", "v = len(pd.Series([1]))"),
    "print options": ("import numpy as np", "np.set_printoptions(precision=2)", "v = float(np.sqrt(2))"),
    "a style": ("import matplotlib.pyplot as plt", "plt.style.use('ggplot')", "plt.plot([1]); v = 1"),
    "params of figures": ("import matplotlib.pyplot as plt", "plt.rcParams['font.size'] = 9", "plt.plot([1]); v = 1"),
    "ignored warnings": ("import warnings, math", "warnings.filterwarnings('ignore')", "v = math.sqrt(4)"),
    "ignored errors": ("import numpy as np", "np.seterr(all='ignore')", "v = float(np.ones(1).sum())"),
    "a level of the log": ("import logging", "logging.basicConfig(level=10)", "v = 1\nlogging.info('x')"),
    "another variable": ("import os", "os.environ['OTHER'] = 'x'", "v = os.environ.get('HOME', '')[:1]"),
    "a variable set again": ("import os", "os.environ['MODE'] = 'x'", "os.environ['MODE'] = 'y'\nv = 1"),
    "a folder where no file is": ("import os\nos.makedirs('d', exist_ok=True)", "os.chdir('d')", "v = 1 + 1"),
    "import folders for nothing": ("import sys, math", "sys.path.append('nowhere')", "v = math.sqrt(4)"),
    "precision without decimals": ("from decimal import getcontext", "getcontext().prec = 5", "v = [1]"),
    "a method that nobody calls": (
        "import pandas as pd",
        "pd.DataFrame.twice = lambda self: 2",
        "v = 1",
    ),
    "a submodule by another name": ("import math", "import xml.dom.minidom as dom", "v = math.sqrt(4)"),
    "a block that puts it back": (
        "import numpy as np",
        "with np.errstate(all='raise'):\n    np.ones(1) + 1",
        "v = float(np.ones(1).sum())",
    ),
}


def played(play: Play, folder: Path, cells: tuple[str, str, str]) -> tuple[Session, Slice, int]:
    (folder / "settings.py").write_text(SETTINGS)
    setup, change, target = cells
    session = play(setup, change, "1 + 1", f"%%track\n{target}")
    project = Project(session.folder / ".mlexp", Settings())
    try:
        run = project.find("r1").record
        executions = project.store.executions(run.session_id)
    finally:
        project.close()
    last = next(e for e in executions if e.index == run.execution)
    found = slice_of([e for e in executions if e.index <= last.index], last)
    return session, found, next(e.index for e in executions if e.source == change)


@pytest.mark.parametrize("case", NEEDED)
def test_a_change_that_the_text_says_it_sees_is_needed(play: Play, folder: Path, case: str) -> None:
    _, found, change = played(play, folder, NEEDED[case])

    assert change in found.needed


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_change_that_a_library_could_see_is_doubtful(play: Play, folder: Path, case: str) -> None:
    _, found, change = played(play, folder, DOUBTFUL[case])

    assert change in found.doubtful


@pytest.mark.parametrize("case", UNNEEDED)
def test_a_change_that_nothing_sees_is_left_out(play: Play, folder: Path, case: str) -> None:
    _, found, change = played(play, folder, UNNEEDED[case])

    assert change not in (*found.needed, *found.doubtful)


@pytest.mark.parametrize(
    "case",
    ["a variable of the environment", "one set by a magic", "the precision of decimals",
     "an error state", "a method of a class", "one set by the module itself", "a submodule", "the time zone"],
)  # fmt: skip
def test_the_script_gives_the_value(play: Play, folder: Path, case: str) -> None:
    session, _, _ = played(play, folder, NEEDED[case])

    script = session.export()

    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.start("--check").returncode in (0, 3), script.start().stderr


def test_what_the_kernel_still_has_is_no_help_to_a_script(play: Play, folder: Path) -> None:
    (folder / "helper.py").write_text("import os\ndef mode():\n    return os.environ.get('MODE_OF_MINE', 'none')\n")
    cells = ["import os, helper", "os.environ['MODE_' + 'OF_MINE'] = 'x'", "%%track\nv = helper.mode()"]
    play(*cells, "%export r1 -o train.py")

    text = (folder / "train.py").read_text()

    assert "Proven" in text
    assert "'OF_MINE'" in text


def test_a_variable_that_was_read_and_then_set_again_has_both_values(play: Play, folder: Path) -> None:  # noqa: ARG001
    session = play(
        "import os",
        "os.environ['MODE'] = '1'",
        "a = os.environ['MODE']",
        "os.environ['MODE'] = '2'",
        "%%track\nv = a + os.environ['MODE']",
    )

    script = session.export()

    assert script.verdict == "reproduced"
    assert [section.execution.number for section in script.exported.script.sections] == [2, 3, 4, 5, 6]


def test_state_that_was_changed_before_mlexp_was_loaded_is_known_by_the_text(play: Play, folder: Path) -> None:  # noqa: ARG001
    session = play(
        "import os",
        "os.environ['MODE'] = '1'",
        "from decimal import *",
        "getcontext().prec = 3",
        "%load_ext mlexp",
        "%%track\nv = os.environ['MODE'] + str(Decimal(1) / 3)",
    )

    script = session.export()

    assert script.verdict == "reproduced"
    assert [section.execution.number for section in script.exported.script.sections] == [1, 2, 3, 4, 6]


def test_what_changed_between_two_cells_is_told_in_the_script(play: Play, folder: Path) -> None:  # noqa: ARG001
    session = play(
        "import os, threading",
        "timer = threading.Timer(0.1, lambda: os.environ.update(LATER='1'))\ntimer.start()",
        ("sh", "sleep 0.4"),
        "%%track\nv = os.environ.get('LATER')",
    )

    script = session.export()

    assert script.verdict == "not reproduced"
    assert "Before In 4, LATER changed while no cell ran; In 4 sees it." in script.text


def test_a_script_asks_for_the_variables_of_a_file_of_secrets(play: Play, folder: Path) -> None:
    (folder / ".env").write_text("LIMIT_OF_MINE=12\nOTHER_OF_MINE=3\n")
    (folder / "dotenv.py").write_text(
        "import os, pathlib\n"
        "def load_dotenv():\n"
        "    if pathlib.Path('.env').exists():\n"
        "        pairs = (line.split('=') for line in pathlib.Path('.env').read_text().split())\n"
        "        os.environ.update(pairs)\n"
    )
    cells = ["import os\nfrom dotenv import load_dotenv", "load_dotenv()"]
    play(*cells, "%%track\nlimit = 2 * int(os.environ['LIMIT_OF_MINE'])", "%export r1 -o train.py")

    text = (folder / "train.py").read_text()

    assert "It needs LIMIT_OF_MINE in the environment." in text
    assert "Proven" in text
