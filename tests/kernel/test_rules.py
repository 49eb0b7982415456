"""What a tracked cell's record says of params, metrics and curves, in real shells. The table is in tests/unit."""

import pytest

from mlexp.records import MetricOrigin, ParamOrigin


def tracked(loaded, *cells, options=""):
    for cell in cells[:-1]:
        loaded.ok(cell)
    loaded.ok(f"%%track {options}\n{cells[-1]}")
    return loaded.latest()


def origins(run):
    return {param.name: param.origin for param in run.record.params}


class TestParams:
    def test_papermill_gives_the_values(self, loaded):
        run = tracked(loaded, "# parameters\nlr = 0.1\nn = 3", "# Parameters\nlr = 0.5\n", "score = lr * n / 7")
        assert run.params == {"lr": 0.5, "n": 3}
        assert [(param.name, param.execution) for param in run.record.params] == [("n", 1), ("lr", 2)]

    def test_their_origins(self, loaded):
        cells = (
            "from types import SimpleNamespace\ncfg = SimpleNamespace(lr=0.1)\nopt = {'b': 1}\nk = 3\nz = len('abc')",
            "opt['b'] = 2",
            "score = cfg.lr * opt['b'] * k / 7",
        )
        run = tracked(loaded, *cells, options="-p z -p k")
        assert run.params == {"cfg.lr": 0.1, "opt": {"b": 2}, "k": 3, "z": 3}
        assert origins(run) == {
            "cfg.lr": ParamOrigin.SETTING,
            "opt": ParamOrigin.SETTING,
            "k": ParamOrigin.CONSTANT,
            "z": ParamOrigin.FORCED,
        }

    def test_what_was_typed(self, loaded, monkeypatch):
        answers = iter(["0.25", "adam"])
        monkeypatch.setattr("builtins.input", lambda prompt="": next(answers))
        loaded.ok("lr = float(input('rate? '))\nname = input()")
        run = tracked(loaded, "score = lr * len(name) / 7")
        assert run.params == {"lr": 0.25, "name": "adam"}
        assert set(origins(run).values()) == {ParamOrigin.INPUT}

    def test_a_built_in_name(self, loaded):
        assert tracked(loaded, "max = 3\ninput = 5", "score = max * input / 7").params == {"max": 3, "input": 5}

    def test_a_timed_line_reads_and_binds(self, loaded):
        run = tracked(loaded, "lr = 0.5\nunused = 1", "%time acc = lr / 7\n%timeit -n1 -r1 acc + 1")
        assert run.params == {"lr": 0.5}
        assert run.metrics == {"acc": 0.5 / 7}

    def test_each_run_has_the_settings_of_its_time(self, loaded):
        loaded.ok("cfg = {'lr': 0.1, 'n': 3}")
        for _ in range(2):
            loaded.ok("%%track\nscore = cfg['lr'] * cfg['n'] / 7")
            loaded.ok("cfg['lr'] = 0.05")
        assert [run.params["cfg"]["lr"] for run in loaded.project.runs()] == [0.05, 0.1]

    def test_leaves_are_compared_and_asked_for(self, loaded):
        loaded.ok("cfg = {'lr': 0.1, 'opt': {'b': 1}}")
        loaded.ok("%%track\nscore = cfg['lr'] / 7")
        loaded.ok("cfg = {'lr': 0.2, 'opt': {'b': 1}}")
        loaded.ok("%%track\nscore = cfg['lr'] / 7")
        compared = loaded.project.compare(["r1", "r2"])
        assert "cfg.lr" in compared.sentence
        assert [row.name for row in compared.params.rows] == ["cfg.lr", "cfg.opt.b"]
        for query in ("params.cfg.lr > 0.15", "params['cfg.lr'] == 0.2", "params.cfg['lr'] = 0.2"):
            assert [run.record.number for run in loaded.project.runs(query)] == [2]
        assert len(loaded.project.runs("params.cfg.opt.b = 1")) == 2

    @pytest.mark.parametrize("name", ["lr", "cfg"])
    def test_nothing_of_the_users_is_kept_alive(self, loaded, name):
        loaded.ok("import gc, weakref\nclass Config:\n    lr = 0.1\ncfg = Config()\nlr = cfg\nref = weakref.ref(cfg)")
        loaded.ok(f"%%track\nscore = getattr({name}, 'lr') / 7")
        loaded.ok("del cfg, lr")
        assert loaded.ok("gc.collect()\nref() is None")

    def test_no_code_of_the_users_runs(self, loaded):
        loaded.ok(
            "from dataclasses import dataclass\nran = []\n"
            "class Loud:\n"
            "    def __getattribute__(self, name):\n        ran.append(name)\n        return 1.0\n"
            "    def __eq__(self, other): ran.append('eq')\n"
            "    def __len__(self): ran.append('len')\n"
            "    def __iter__(self): ran.append('iter')\n"
            "    def __float__(self): ran.append('float')\n"
            "    def __bool__(self): ran.append('bool')\n"
            "    def __repr__(self): ran.append('repr')\n"
            "    __hash__ = object.__hash__\n"
            "@dataclass\nclass Config:\n    lr: object = 0.1\n"
            "    def __getattribute__(self, name):\n        ran.append(name)\n        return 2.0\n"
            "loud, cfg = Loud(), Config()\ncfg2 = Config()"
        )
        loaded.ok(
            "%%track --no-data\nresult = loud\nconfig = Config()\nscores = [loud, loud]\n"
            "history = {'loss': loud}\n_ = [cfg, loud]"
        )
        assert loaded.ok("ran") == []


class TestMetrics:
    def test_a_curve_is_a_history(self, loaded):
        cell = (
            "history = {'epoch': [], 'loss': [], 'val_loss': []}\nfor epoch in range(1, 4):\n"
            "    history['epoch'].append(epoch)\n    history['loss'].append(1 / epoch)\n"
            "    history['val_loss'].append(2 / epoch)"
        )
        run = tracked(loaded, cell)
        assert run.metrics == {"loss": 1 / 3, "val_loss": 2 / 3}
        assert list(run.history("loss")["step"]) == [1, 2, 3]
        assert list(run.history("loss")["value"]) == [1.0, 0.5, 1 / 3]
        assert {metric.expression for metric in run.record.metrics} == {
            "history['loss'][-1]",
            "history['val_loss'][-1]",
        }

    def test_what_is_logged_is_not_told_twice(self, loaded):
        cell = (
            "losses = []\nfor epoch in range(3):\n    loss = 1 / (epoch + 1)\n    losses.append(loss)\n"
            "    mlexp.log(loss=loss)"
        )
        run = tracked(loaded, "import mlexp", cell)
        assert run.metrics == {"loss": 1 / 3}
        assert run.record.metrics[0].origin is MetricOrigin.LOGGED
        assert len(run.history("loss")) == 3

    def test_the_value_of_the_last_expression_in_parts(self, loaded):
        run = tracked(loaded, "def f1_score(): return 0.25", "f1_score(), {'x': 1}, f1_score() * 2")
        assert [(m.name, m.value, m.origin, m.expression) for m in run.record.metrics] == [
            ("f1", 0.25, MetricOrigin.RESULT, "_[0]"),
            ("result", 0.5, MetricOrigin.RESULT, "_[2]"),
        ]

    def test_none_found_says_how(self, kernel):
        shown = str(kernel.ok("%%track\nn = 3").outputs)
        assert "-m NAME" in shown
        assert "mlexp.log" in shown

    def test_random_numbers_and_pandas_stay_as_they_are(self, loaded):
        cell = (
            "import numpy as np, pandas as pd, random\nnp.random.seed(0)\nrandom.seed(0)\n"
            "results = pd.DataFrame({'model': ['a', 'b'], 'auc': np.random.rand(2)})\n"
            "draws = np.random.rand(5)\nscores = draws ** 2"
        )
        run = tracked(loaded, cell)
        assert set(run.metrics) == {"a.auc", "b.auc", "scores.mean", "scores.std"}
        after = loaded.ok("np.random.rand(), random.random()")
        loaded.ok(cell)
        assert after == loaded.ok("np.random.rand(), random.random()")
