"""What the rules find, the script finds too: each metric by its expression, and the proof says so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.playing import Session

Play = Callable[..., Session]

SESSIONS: dict[str, tuple[str, dict[str, object], set[str]]] = {  # a cell, its params, the names of its metrics
    "scores in frames": (
        "import pandas as pd\nrows = []\nfor k in (1, 3):\n    rows.append({'k': k, 'rmse': 1 / (k + 2)})\n"
        "results = pd.DataFrame(rows)\ntable = pd.DataFrame({'auc': [1 / 3, 2 / 7]}, index=['rf', 'svm']).round(3)",
        {},
        {"k=1.rmse", "k=3.rmse", "rf.auc", "svm.auc"},
    ),
    "folds": (
        "import numpy as np\nseed = 3\ndraws = np.random.default_rng(seed).random(5)\nscores = draws ** 2\naccs = []\n"
        "for fold in range(3):\n    accs.append(scores[fold] / 3)",
        {"seed": 3},
        {"scores.mean", "scores.std", "accs.mean", "accs.std"},
    ),
    "curves": (
        "history = {'loss': [], 'acc': []}\nfor epoch in range(4):\n    history['loss'].append(1 / (epoch + 3))\n"
        "    history['acc'].append(1 - 1 / (epoch + 3))",
        {},
        {"loss", "acc"},
    ),
    "settings": (
        "from dataclasses import dataclass\n@dataclass\nclass Config:\n    lr: float = 0.1\n    n: int = 3\n"
        "cfg = Config(lr=0.3)\nopt = {'b': 0.9}\nopt['b'] = 0.7\nk = 5\nfast = k > 9\n"
        "depth = 2 if k > 9 else 4\nscore = cfg.lr * opt['b'] * k * depth / 7",
        {"cfg.lr": 0.3, "cfg.n": 3, "opt": {"b": 0.7}, "k": 5, "depth": 4},
        {"score"},
    ),
    "a tuple at last": ("def f1_score(): return 1 / 3\ndef mse(): return 2 / 7\nf1_score(), mse()", {}, {"f1", "mse"}),
    "a dict at last": ("import math\n{'auc': math.sqrt(0.5), 'f1': [1 / 3][0]}", {}, {"auc", "f1"}),
    "a Series at last": (
        "import pandas as pd\ndf = pd.DataFrame({'m': list('aabb'), 'auc': [0.1, 0.2, 0.3, 0.4]})\n"
        "df.groupby('m').auc.mean()",
        {},
        {"a", "b"},
    ),
    "printed": (
        "costs = [x / 9 for x in (7, 5, 1)]\nout = {'auc': costs[0] / 3}\n"
        "print(costs[0], out['auc'], f'{costs[-1]:.2f}')",
        {},
        {"costs[0]", "auc", "cost"},
    ),
    "of other libraries": (
        "from decimal import Decimal\nfrom fractions import Fraction\nimport numpy as np\nk = 3\n"
        "a = Decimal(k) / 8\nb = Fraction(k, 7)\nc = np.float32(k) / 7\nd = np.ones(1) * k / 7",
        {"k": 3},
        {"a", "b", "c", "d"},
    ),
    "a timed line": ("lr = 0.25\n%time acc = sum([lr] * 3) / 7", {"lr": 0.25}, {"acc"}),
    "a built-in name": ("max = 3\nmin = 4\nscore = max * min / 7", {"max": 3, "min": 4}, {"score"}),
}


@pytest.mark.parametrize(("cell", "params", "metrics"), SESSIONS.values(), ids=SESSIONS)
def test_a_run_whose_params_and_metrics_are_found_is_reproduced(
    play: Play, cell: str, params: dict[str, object], metrics: set[str]
) -> None:
    session = play(f"%%track\n{cell}")
    run = session.run()
    assert run.params == params
    assert set(run.metrics) == metrics
    script = session.export()
    assert script.verdict == "reproduced", script.proof
    assert {row.name for row in script.proof.compared if row.what == "metric"} == metrics


def test_a_script_has_flags_for_what_stands_in_its_text(play: Play, tmp_path: Path) -> None:
    script = play(f"%%track\n{SESSIONS['settings'][0]}").export()
    assert "--k" in script.text or '"k": 5' in script.text
    assert '"cfg.lr"' not in script.text.split("What run")[0]
    assert json.loads(json.dumps(script.exported.script.params)) == [["k", "5"]]
    assert tmp_path.exists()
