"""XGBoost and LightGBM: evaluation curves without the user's doing, and models that no ear has changed."""

import sys

import pytest

SETUP = """
import numpy as np
from sklearn.datasets import make_classification
X, y = make_classification(240, random_state=0)
A, a, B, b = X[:160], y[:160], X[160:], y[160:]
"""


@pytest.fixture
def ready(loaded):
    loaded.ok(SETUP)
    return loaded


def curves(run):
    return {name: run.history(name)["value"].tolist() for name in run.metrics if "/" in name}


class TestXGBoost:
    @pytest.fixture(autouse=True)
    def library(self, ready):
        pytest.importorskip("xgboost")
        ready.ok("import xgboost as xgb\nd, v = xgb.DMatrix(A, a), xgb.DMatrix(B, b)\nsettings = {'max_depth': 2}")

    def test_train(self, ready):
        ready.ok(
            "%%track\nhistory = {}\nbst = xgb.train(settings, d, 6, evals=[(d, 'train'), (v, 'valid')], "
            "evals_result=history, verbose_eval=False)"
        )
        run, history = ready.latest(), ready.names["history"]
        assert curves(run) == {"train/rmse": history["train"]["rmse"], "valid/rmse": history["valid"]["rmse"]}
        assert run.metrics["valid/rmse"] == history["valid"]["rmse"][-1]
        assert [(m.name, m.kind, m.summary) for m in run.record.models] == [
            ("bst", "xgboost.Booster", "6 rounds, 20 features")
        ]

    def test_train_without_evaluations(self, ready):
        ready.ok("%%track\nbst = xgb.train(settings, d, 3)")
        assert curves(ready.latest()) == {}

    def test_an_estimator(self, ready):
        ready.ok(
            "%%track\nclf = xgb.XGBClassifier(n_estimators=5, eval_metric=['logloss', 'auc'])\n"
            "clf.fit(A, a, eval_set=[(B, b)], verbose=False);\nprint(clf.score(B, b))"
        )
        run, result = ready.latest(), ready.names["clf"].evals_result()["validation_0"]
        assert curves(run) == {"validation_0/logloss": result["logloss"], "validation_0/auc": result["auc"]}
        assert run.params["clf.n_estimators"] == 5
        assert run.metrics["score"] == ready.names["clf"].score(*(ready.names[name] for name in "Bb"))

    def test_a_pipeline(self, ready):
        ready.ok("from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler")
        ready.ok(
            "%%track\npipe = make_pipeline(StandardScaler(), xgb.XGBClassifier(n_estimators=4))\n"
            "pipe.fit(A, a, xgbclassifier__eval_set=[(B, b)], xgbclassifier__verbose=False);"
        )
        assert {name: len(values) for name, values in curves(ready.latest()).items()} == {"validation_0/logloss": 4}
        assert ready.latest().params == {"pipe.xgbclassifier.n_estimators": 4}

    def test_those_of_a_search_are_its_own(self, ready):
        ready.ok("from sklearn.model_selection import cross_val_score")
        ready.ok(
            "%%track\nfolds = cross_val_score(xgb.XGBClassifier(n_estimators=2), A, a, cv=2, "
            "params={'eval_set': [(B, b)], 'verbose': False})"
        )
        assert curves(ready.latest()) == {}

    def test_early_stopping(self, ready):
        ready.ok(
            "%%track\nbst = xgb.train(settings, d, 99, evals=[(v, 'v')], early_stopping_rounds=2, verbose_eval=False)"
        )
        run, bst = ready.latest(), ready.names["bst"]
        assert run.metrics["bst.best_iteration"] == bst.best_iteration
        assert run.metrics["bst.best_score"] == bst.best_score

    def test_two_trainings(self, ready):
        ready.ok("%%track\nfor n in (2, 3): xgb.train(settings, d, n, evals=[(v, 'v')], verbose_eval=False)")
        assert {name: len(values) for name, values in curves(ready.latest()).items()} == {"v/rmse": 2, "v/rmse.2": 3}

    def test_the_model_is_the_same_to_the_bit(self, ready):
        cell = "raw = xgb.train(settings, d, 5, evals=[(v, 'v')], verbose_eval=False).save_raw()"
        ready.ok(cell)
        plain = bytes(ready.names["raw"])
        ready.ok(f"%%track\n{cell}")
        assert bytes(ready.names["raw"]) == plain

    def test_it_is_itself_again(self, ready):
        import inspect

        train = inspect.unwrap(sys.modules["xgboost.training"].train)
        before = train.__code__
        ready.run("%%track\ncode = __import__('inspect').unwrap(xgb.train).__code__\nxgb.train(settings, d, 'x')")
        assert ready.names["code"] is not before
        assert train.__code__ is before


@pytest.mark.filterwarnings("ignore")
class TestLightGBM:
    @pytest.fixture(autouse=True)
    def library(self, ready):
        pytest.importorskip("lightgbm")
        ready.ok("import lightgbm as lgb\nsettings = {'verbose': -1, 'num_leaves': 4, 'metric': ['l2', 'l1']}")
        ready.ok("def data():\n    d = lgb.Dataset(A, a)\n    return d, lgb.Dataset(B, b, reference=d)\nd, v = data()")

    def test_train(self, ready):
        ready.ok(
            "%%track\nhistory = {}\nbst = lgb.train(settings, d, 6, valid_sets=[d, v], valid_names=['train', 'valid'], "
            "callbacks=[lgb.record_evaluation(history)])"
        )
        run, history = ready.latest(), ready.names["history"]
        assert curves(run) == {
            f"{data}/{metric}": history[data][metric] for data in ("train", "valid") for metric in ("l2", "l1")
        }
        assert [(m.name, m.kind, m.summary) for m in run.record.models] == [
            ("bst", "lightgbm.Booster", "6 trees, 20 features")
        ]

    def test_an_estimator(self, ready):
        ready.ok(
            "%%track\nclf = lgb.LGBMClassifier(n_estimators=5, verbose=-1)\nclf.fit(A, a, eval_set=[(B, b)]);\n"
            "print(clf.score(B, b))"
        )
        run, result = ready.latest(), ready.names["clf"].evals_result_["valid_0"]
        assert curves(run) == {"valid_0/binary_logloss": result["binary_logloss"]}
        assert run.params["clf.n_estimators"] == 5
        assert "score" in run.metrics

    def test_early_stopping(self, ready):
        ready.ok(
            "%%track\nbst = lgb.train(settings, d, 200, valid_sets=[v], "
            "callbacks=[lgb.early_stopping(3, verbose=False)])"
        )
        assert ready.latest().metrics["bst.best_iteration"] == ready.names["bst"].best_iteration

    def test_what_an_interrupted_training_left_is_not_the_next_ones(self, ready):
        ready.run(
            "%%track\ndef stop(env):\n    if env.iteration == 2: raise KeyError\n"
            "lgb.train(settings, d, 9, valid_sets=[v], callbacks=[stop])"
        )
        assert curves(ready.latest()) == {}
        ready.ok("%%track\nd, v = data()\nlgb.train(settings, d, 4, valid_sets=[v]);")
        assert {len(values) for values in curves(ready.latest()).values()} == {4}

    def test_the_model_is_the_same_to_the_bit(self, ready):
        cell = "d, v = data()\ntext = lgb.train(settings, d, 5, valid_sets=[v]).model_to_string()"
        ready.ok(cell)
        plain = ready.names["text"]
        ready.ok(f"%%track\n{cell}")
        assert ready.names["text"] == plain

    def test_it_is_itself_again(self, ready):
        functions = [sys.modules["lightgbm.engine"].train, vars(sys.modules["lightgbm"].Booster)["eval_valid"]]
        before = [function.__code__ for function in functions]
        ready.ok("%%track\ncode = lgb.train.__code__")
        assert ready.names["code"] is not before[0]
        assert all(function.__code__ is code for function, code in zip(functions, before, strict=True))
