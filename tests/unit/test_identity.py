"""Identities of what no codec gives back: equal for equal objects in any process, another for another state."""

import enum
import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mlexp.errors import NotWalkableError
from mlexp.fingerprint import describe, digest_of


class Plain:
    def __init__(self, **values):
        self.__dict__.update(values)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


@dataclass
class Settings:
    rate: float = 0.1
    layers: list = field(default_factory=list)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


Pair = namedtuple("Pair", "a b")


class Words(list):
    pass


class Text(str):
    __slots__ = ()


def looped(value):
    made = Plain(value=value)
    made.me = made
    return made


PAIRS = {
    "an instance": (lambda: Plain(a=1, b=[2]), lambda: Plain(a=1, b=[3])),
    "another order of attributes": (lambda: Plain(a=1, b=2), lambda: Plain(a=2, b=1)),
    "slots": (lambda: Slotted([1]), lambda: Slotted([2])),
    "a dataclass": (lambda: Settings(0.1, [1]), lambda: Settings(0.2, [1])),
    "a loop": (lambda: looped(1), lambda: looped(2)),
    "an enum": (lambda: Colour.RED, lambda: Colour.BLUE),
    "a named tuple": (lambda: Pair(1, 2), lambda: Pair(1, 3)),
    "a list of one's own": (lambda: Words([1]), lambda: Words([2])),
    "a text of one's own": (lambda: Text("a"), lambda: Text("b")),
    "another class": (lambda: Words([1]), lambda: [1]),
    "a counter": (lambda: Counter("aab"), lambda: Counter("abb")),
    "a dict with a default": (lambda: defaultdict(list, {1: [2]}), lambda: defaultdict(list, {1: [3]})),
    "an ordered dict": (lambda: OrderedDict(a=1, b=2), lambda: OrderedDict(b=2, a=1)),
    "a deque": (lambda: deque([1], 3), lambda: deque([1], 4)),
    "a decimal": (lambda: Decimal("1.0"), lambda: Decimal("1.00")),
    "a fraction": (lambda: Fraction(1, 3), lambda: Fraction(2, 3)),
    "a path": (lambda: Path("a"), lambda: Path("b")),
    "a masked array": (
        lambda: np.ma.array([1, 2], mask=[0, 1]), lambda: np.ma.array([1, 2], mask=[1, 0]),
    ),
    "functions": (lambda: [len, Plain], lambda: [max, Plain]),
}  # fmt: skip


@pytest.mark.parametrize(("make", "make_other"), PAIRS.values(), ids=PAIRS)
def test_equal_objects_have_one_identity_and_others_another(make, make_other):
    assert digest_of(make()) == digest_of(make())
    assert digest_of(make()) != digest_of(make_other())


@pytest.mark.parametrize("make", [pair[0] for pair in PAIRS.values()], ids=PAIRS)
def test_none_of_them_is_kept_to_be_given_back(make):
    with pytest.raises(NotWalkableError):
        describe(make())


def test_what_lies_behind_a_mask_does_not_count():
    hidden, other = (np.ma.array([1, value], mask=[False, True]) for value in (2, 3))
    assert digest_of(hidden) == digest_of(other)


def test_how_long_something_took_does_not_count():
    assert digest_of(Plain(refit_time_=1.0, times=2)) == digest_of(Plain(refit_time_=2.0, times=3))
    assert digest_of(Plain(sometimes=1.0)) != digest_of(Plain(sometimes=2.0))


@pytest.mark.parametrize("value", [iter([1]), sys.stdout, (i for i in "ab"), memoryview(b"a")])
def test_what_nobody_can_see_has_no_identity(value):
    with pytest.raises(NotWalkableError):
        digest_of([value])


MODELS = """
import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from mlexp.fingerprint import digest_of
X, y = make_classification(80, random_state=0)
for weight in 1, 1, 2:
    for model in (
        RandomForestClassifier(3, random_state=0), GradientBoostingClassifier(n_estimators=3, random_state=0),
        HistGradientBoostingClassifier(max_iter=3, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()), KNeighborsClassifier(3), SVC(),
    ):
        print(digest_of(model.fit(X, np.roll(y, weight))), end=" ")
    print()
"""


def test_fitted_estimators_have_an_identity():
    pytest.importorskip("sklearn")
    first, second = (
        subprocess.check_output([sys.executable, "-W", "ignore", "-c", MODELS], text=True, env={"PYTHONHASHSEED": seed})
        for seed in "12"
    )
    assert first == second
    one, same, other = first.split("\n")[:3]
    assert one == same
    assert not set(one.split()) & set(other.split())


LIBRARIES = """
import time
import numpy as np
import pandas as pd
import scipy.stats
import statsmodels.api as sm
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from mlexp.fingerprint import digest_of
x = sm.add_constant(np.sin(np.arange(20.0)))
series = pd.Series(x[:, 1], index=pd.period_range("2000", periods=20, freq="Q"))
for level in 10.0, 10.0, 5.0:
    y = np.arange(20.0) > level
    fitted = sm.OLS(1.0 * y, x).fit()
    before = digest_of(fitted)
    assert fitted.aic
    assert digest_of(fitted) == before
    print(
        digest_of(fitted.summary()),
        digest_of(sm.GLM(1.0 * y, x, family=sm.families.Binomial()).fit()),
        digest_of(sm.tsa.SARIMAX(series + y, order=(1, 0, 0)).fit(disp=0)),
        digest_of({"C": scipy.stats.norm(level, 1)}),
        digest_of(GridSearchCV(Ridge(), {"alpha": [1, 2]}).fit(x, y)),
        digest_of(scipy.stats.ttest_ind(x[:, 1], 1.0 * y)),
    )
    time.sleep(1.1)
    held = np.full((20, 2), level)
    del held
"""


def test_results_of_libraries_have_an_identity_that_clocks_and_scratch_memory_do_not_change():
    pytest.importorskip("sklearn")
    pytest.importorskip("statsmodels")
    told = subprocess.check_output([sys.executable, "-W", "ignore", "-c", LIBRARIES], text=True)
    one, same, other = (line.split() for line in told.splitlines())
    assert one == same
    assert not set(one) & set(other)
