"""scikit-learn: what it scored counts, wherever it was imported; it is itself again when the cell has ended."""

import gc
import inspect
import pickle
import sys
import weakref

import pytest

sklearn = pytest.importorskip("sklearn")

from mlexp.capture import guard  # noqa: E402
from mlexp.capture.adapters.ears import Ears  # noqa: E402
from mlexp.records import MetricOrigin, ParamOrigin  # noqa: E402

SETUP = """
import numpy as np
from sklearn import metrics
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from sklearn.metrics import accuracy_score as acc_of
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X, y = make_classification(80, random_state=0)
model = LogisticRegression().fit(X, y)
p = model.predict(X)
q = np.where(np.arange(80) % 9 == 0, 1 - p, p)
def evaluate(y, p): return accuracy_score(y, p)
"""


@pytest.fixture
def ready(shell):
    """A shell that has imported everything before mlexp was loaded."""
    shell.ok(SETUP)
    return shell.load()


def called(run):
    return {m.name: m.value for m in run.record.metrics if m.origin is MetricOrigin.CALLED}


CELLS = {
    "printed": ("print(accuracy_score(y, p))", "accuracy"),
    "in an f-string": ("print(f'{roc_auc_score(y, p):.3f}')", "roc_auc"),
    "through its module": ("print(metrics.matthews_corrcoef(y, p))", "matthews_corrcoef"),
    "under another name": ("print(acc_of(y, p))", "accuracy"),
    "shown": ("display(accuracy_score(y, p))", "accuracy"),
    "rounded": ("print(round(f1_score(y, p), 2))", "f1"),
    "imported in the cell": ("from sklearn.metrics import recall_score\nprint(recall_score(y, p))", "recall"),
    "another score": ("print(accuracy_score(y, p), accuracy_score(y, q))", "accuracy accuracy.2"),
    "the same score": ("print(accuracy_score(y, p))\nprint(f'again {accuracy_score(y, p)}')", "accuracy"),
    "two scores": ("print(accuracy_score(y, p), f1_score(y, q))", "accuracy f1"),
    "a function of an earlier cell": ("print(evaluate(y, p))", "accuracy"),
    "a function of the cell": ("def f(p):\n    print(f1_score(y, p))\nf(p); f(q)", "f1 f1.2"),
    "a lambda": ("print((lambda: accuracy_score(y, p))())", "accuracy"),
    "a loop": ("for n in (20, 40, 60): print(f1_score(y[:n], q[:n]))", "f1 f1.2 f1.3"),
    "a comprehension": ("print([f1_score(y[:n], q[:n]) for n in (20, 60)])", "f1 f1.2"),
    "map": ("print(list(map(accuracy_score, [y, y], [p, q])))", "accuracy accuracy.2"),
    "partial": ("import functools\nprint(functools.partial(f1_score, average='macro')(y, p))", "f1"),
    "a thread": (
        "import threading\nt = threading.Thread(target=evaluate, args=(y, p))\nt.start(); t.join()",
        "accuracy",
    ),
    "a pool": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(1) as pool: print(pool.submit(evaluate, y, p).result())",
        "accuracy",
    ),
    "awaited": ("import asyncio\nawait asyncio.sleep(0)\nprint(accuracy_score(y, p))", "accuracy"),
    "under %%time": ("%%time\nprint(accuracy_score(y, p))", "accuracy"),
    "under %%capture": ("%%capture out\nprint(accuracy_score(y, p))", "accuracy"),
    "score": ("print(model.score(X, y))", "score"),
    "score of train and test": ("print(model.score(X[:50], y[:50]), model.score(X[50:], y[50:]))", "score score.2"),
    "score of a regressor": ("r = LinearRegression().fit(X, y)\nprint(r.score(X, y))", "score"),
    "score of a pipeline": (
        "pipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)\nprint(pipe.score(X, y))",
        "score",
    ),
    "folds": ("print(cross_val_score(model, X, y, cv=3))", "cross_val.mean cross_val.std"),
    "their mean": ("print(cross_val_score(model, X, y, cv=3).mean())", "cross_val.mean cross_val.std"),
    "several scores of folds": (
        "_ = cross_validate(model, X, y, cv=3, scoring=['accuracy', 'roc_auc'])",
        "test_accuracy.mean test_accuracy.std test_roc_auc.mean test_roc_auc.std",
    ),
    "a scorer": ("print(metrics.get_scorer('balanced_accuracy')(model, X, y))", "balanced_accuracy"),
    "a scorer of one's own": ("print(metrics.make_scorer(f1_score)(model, X, y))", "f1"),
    "a scorer of losses": ("print(metrics.get_scorer('neg_log_loss')(model, X, y))", "neg_log_loss"),
    "a report": ("print(metrics.classification_report(y, q))", "accuracy f1_macro f1_weighted"),
    "a report as a dict": (
        "print(metrics.classification_report(y, q, output_dict=True))",
        "accuracy f1_macro f1_weighted",
    ),
    "precision and recall": (
        "print(metrics.precision_recall_fscore_support(y, q, average='macro'))",
        "fscore precision recall",
    ),
    "bound": ("auc = roc_auc_score(y, p)\nprint(auc)", ""),
    "logged": ("import mlexp\nmlexp.log(acc=accuracy_score(y, p))", ""),
    "the last expression": ("accuracy_score(y, p)", ""),
    "bound anew in a loop": ("for n in (20, 40, 60): acc = f1_score(y[:n], q[:n])", ""),
    "put into a list of which the mean is a metric": (
        "scores = []\nfor n in (20, 30, 40, 60): scores.append(f1_score(y[:n], q[:n]))\nprint(np.mean(scores))",
        "",
    ),
    "put into a dict": ("found = {}\nfor n in (20, 40): found[f'n{n}'] = f1_score(y[:n], q[:n])", ""),
    "a list of dicts": ("rows = []\nfor n in (20, 40): rows.append({'n': n, 'f1': f1_score(y[:n], q[:n])})", ""),
    "bound, and another of the same value": ("a = accuracy_score(y, p)\nprint(f1_score(y, p, average='micro'))", "f1"),
    "a search's own": ("GridSearchCV(LogisticRegression(), {'C': [1, 2]}, scoring='f1', cv=2).fit(X, y);", ""),
    "a user's scorer in a search": (
        "def mine(m, X, y): return f1_score(y, m.predict(X))\n"
        "GridSearchCV(LogisticRegression(), {'C': [1, 2]}, scoring=mine, cv=2).fit(X, y);",
        "",
    ),
    "tables and curves": ("print(metrics.confusion_matrix(y, p), metrics.roc_curve(y, p))", ""),
    "one by class": ("print(f1_score(y, p, average=None))", ""),
    "%timeit": ("%timeit -n1 -r1 accuracy_score(y, p)", ""),
}


@pytest.mark.parametrize("name", CELLS)
def test_what_counts(ready, name):
    cell, expected = CELLS[name]
    ready.ok(f"%%track\n{cell}")
    run = ready.latest()
    assert sorted(called(run)) == expected.split()
    assert run.record.notes == ()


def test_values_are_those_that_were_given(ready):
    ready.ok("expected = accuracy_score(y, q), cross_val_score(model, X, y, cv=3)")
    ready.ok("%%track\nprint(accuracy_score(y, q))\nprint(cross_val_score(model, X, y, cv=3))")
    accuracy, folds = ready.names["expected"]
    assert called(ready.latest()) == {
        "accuracy": float(accuracy),
        "cross_val.mean": float(folds.mean()),
        "cross_val.std": float(folds.std()),
    }


def test_many_at_one_place_are_a_curve(ready):
    ready.ok("%%track\nfor n in range(5, 60): print(accuracy_score(y[:n], q[:n]))")
    run = ready.latest()
    assert list(called(run)) == ["accuracy"]
    curve = run.history("accuracy")
    assert len(curve) == 55
    assert curve.iloc[-1].to_list()[-1] == called(run)["accuracy"]


def test_the_call_has_its_place(ready):
    ready.ok("%%track\nprint(1)\nprint('é', accuracy_score(y, p))")
    (metric,) = (m for m in ready.latest().record.metrics if m.origin is MetricOrigin.CALLED)
    text = ready.executions()[-1].python.split("\n")[metric.site.line - 1].encode()
    assert text[metric.site.column : metric.site.end_column] == b"accuracy_score(y, p)"
    assert metric.site.execution == ready.executions()[-1].index


def test_a_failed_cell_keeps_what_was_scored(ready):
    ready.run("%%track\nprint(accuracy_score(y, p))\n1 / 0")
    assert called(ready.latest()) == {"accuracy": ready.ok("accuracy_score(y, p)")}


def test_in_a_block_and_in_a_module_of_ones_own(ready, folder, monkeypatch):
    (folder / "my_scores.py").write_text("from sklearn.metrics import f1_score\ndef f1(y, p): return f1_score(y, p)\n")
    monkeypatch.syspath_prepend(folder)
    ready.ok("import mlexp, my_scores")
    ready.ok("with mlexp.track('block'): print(accuracy_score(y, p), my_scores.f1(y, q))")
    assert sorted(called(ready.latest())) == ["accuracy", "f1"]


def codes():
    from sklearn import metrics, model_selection
    from sklearn.base import ClassifierMixin

    functions = [f for module in (metrics, model_selection) for f in vars(module).values() if inspect.isfunction(f)]
    return [function.__code__ for function in [*functions, ClassifierMixin.score]]


ENDS = {
    "well": "print(accuracy_score(y, p))",
    "an error": "accuracy_score(y, p[1:])",
    "an interrupt": "raise KeyboardInterrupt",
    "an exit": "raise SystemExit",
    "a text that is no Python": "accuracy_score(",
    "unload": "%unload_ext mlexp",
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.filterwarnings("ignore:To exit")
def test_all_is_as_it_was_afterwards(ready, end):
    before, finders = codes(), list(sys.meta_path)
    ready.run(f"%%track\n{ENDS[end]}")
    assert all(code is was for code, was in zip(codes(), before, strict=True))
    assert sys.meta_path == finders


def test_a_traceback_is_as_ever(ready):
    plain = ready.run("accuracy_score(y, p[1:])").error_in_exec
    heard = ready.run("%%track\naccuracy_score(y, p[1:])").error_in_exec

    def frames(error):
        found, step = [], error.__traceback__
        while step is not None:
            positions = list(step.tb_frame.f_code.co_positions())[step.tb_lasti // 2]
            found.append(
                (step.tb_frame.f_code.co_filename, step.tb_frame.f_code.co_qualname, step.tb_lineno, positions)
            )
            step = step.tb_next
        return found

    assert frames(heard)[2:] == frames(plain)[2:]
    assert len(frames(heard)) > 3


def test_a_function_stays_itself_while_the_cell_runs(ready):
    ready.ok("import inspect, pickle\nbefore = accuracy_score, inspect.signature(accuracy_score)")
    ready.ok(
        "%%track\nafter = metrics.accuracy_score, inspect.signature(accuracy_score)\n"
        "copy = pickle.loads(pickle.dumps(accuracy_score))"
    )
    assert ready.names["before"][0] is ready.names["after"][0] is ready.names["copy"]
    assert ready.names["before"][1] == ready.names["after"][1]
    assert pickle.dumps(ready.names["copy"])


def test_a_patch_of_the_users_stays(ready, monkeypatch):
    from sklearn import metrics

    monkeypatch.setattr(metrics, "f1_score", lambda *_: 42.0)
    ready.ok("%%track\nprint(metrics.f1_score(y, p))")
    assert metrics.f1_score() == 42.0
    assert called(ready.latest()) == {}


def test_the_very_object_is_returned(ready):
    ready.ok("%%track\nfolds = cross_val_score(model, X, y, cv=3)\nkept = folds")
    assert ready.names["folds"] is ready.names["kept"]
    watched = weakref.ref(ready.names["folds"])
    ready.ok("del folds, kept")
    gc.collect()
    assert watched() is None


PARAMS = {
    "changed from the default": ("m = LogisticRegression(C=0.5, tol=1e-4).fit(X, y)", {"m.C": 0.5}),
    "a param already": ("C = 0.5\nm = LogisticRegression(C=C, max_iter=50).fit(X, y)", {"m.max_iter": 50}),
    "a param of another name": (
        "n = 7\nm = RandomForestClassifier(n_estimators=n, max_depth=2).fit(X, y)",
        {"m.max_depth": 2},
    ),
    "a param by its place": ("n = 7\nm = RandomForestClassifier(n).fit(X, y)", {}),
    "settings": ("cfg = {'C': 0.5}\nm = LogisticRegression(**cfg).fit(X, y)", {}),
    "a number of numpy's": ("m = LogisticRegression(C=np.float64(0.5)).fit(X, y)", {"m.C": 0.5}),
    "steps": (
        "m = make_pipeline(StandardScaler(with_mean=False), LogisticRegression(C=3)).fit(X, y)",
        {"m.standardscaler.with_mean": False, "m.logisticregression.C": 3},
    ),
    "steps of steps": (
        "m = make_pipeline(make_pipeline(StandardScaler(with_mean=False)), LogisticRegression(C=3)).fit(X, y)",
        {"m.standardscaler.with_mean": False, "m.logisticregression.C": 3},
    ),
    "steps of one name in steps": (
        "m = make_pipeline(make_pipeline(StandardScaler(with_mean=False)), "
        "StandardScaler(with_mean=False), model).fit(X, y)",
        {"m.pipeline.standardscaler.with_mean": False, "m.standardscaler.with_mean": False},
    ),
    "two estimators": (
        "a = LogisticRegression(C=2).fit(X, y)\nb = LogisticRegression(C=3).fit(X, y)",
        {"a.C": 2, "b.C": 3},
    ),
    "in a dict": ("ms = {'lr': LogisticRegression(C=2).fit(X, y)}", {"ms.lr.C": 2}),
    "fitted in place": ("model.set_params(C=9).fit(X, y);", {"model.C": 9}),
    "not fitted": ("m = LogisticRegression(C=0.5)", {}),
    "only used": ("model.predict(X);", {}),
    "no plain value": (
        "m = RandomForestClassifier(5, random_state=np.random.RandomState(0)).fit(X, y)",
        {"m.n_estimators": 5},
    ),
}


@pytest.mark.parametrize("name", PARAMS)
def test_params_of_fitted_estimators(ready, name):
    cell, expected = PARAMS[name]
    ready.ok(f"%%track\n{cell}")
    record = ready.latest().record
    assert {p.name: p.value for p in record.params if p.origin is ParamOrigin.ESTIMATOR} == expected
    assert record.notes == ()


def test_models(ready):
    ready.ok("%%track\nm = LogisticRegression().fit(X, y)\nr = LinearRegression().fit(X, y)\nsame = m")
    assert [(m.name, m.kind, m.summary, m.kept) for m in ready.latest().record.models] == [
        ("m", "sklearn.linear_model.LogisticRegression", "fitted, 20 features, 2 classes", False),
        ("r", "sklearn.linear_model.LinearRegression", "fitted, 20 features", False),
    ]


def test_under_a_loops_name_last(ready):
    ready.ok(
        "%%track\nms = {'lr': LogisticRegression(), 'rf': RandomForestClassifier(3)}\nfor m in ms.values(): m.fit(X, y)"
    )
    assert [model.name for model in ready.latest().record.models] == ["ms.lr", "ms.rf"]


def test_a_search_is_a_nested_result(ready):
    ready.ok("%%track\nsearch = GridSearchCV(LogisticRegression(), {'C': [0.1, 1.0, 10.0]}, cv=3).fit(X, y)")
    run = ready.latest()
    search = ready.names["search"]
    assert run.metrics["search.best_score"] == search.best_score_
    ready.ok("%%track\nsearch = GridSearchCV(model, {'C': [0.1, 1.0]}, cv=3).fit(X, y)\nprint(search.best_score_)")
    assert [name for name in ready.latest().metrics if "best_score" in name] == ["search.best_score_"]
    assert run.params["search.best.C"] == search.best_params_["C"]
    (table,) = run.record.results
    assert (table.name, table.summary.partition(" ")[0], table.kept) == ("search.cv_results", "3", True)
    frame = run.results["search.cv_results"]
    assert frame["param_C"].tolist() == [0.1, 1.0, 10.0]
    assert frame["mean_test_score"].tolist() == search.cv_results_["mean_test_score"].tolist()


HOSTILE = """
class Liar(LogisticRegression):
    def get_params(self, deep=True): raise SystemExit
    def __repr__(self): raise SystemExit
    def __eq__(self, other): raise SystemExit
    def __len__(self): raise SystemExit
    def __getattr__(self, name): raise AttributeError(name)
    __hash__ = None
"""


def test_no_code_of_the_users_is_run(ready):
    ready.ok(HOSTILE)
    ready.ok("%%track\nliar = Liar()\nliar.C = 2.0\nLogisticRegression.fit.__wrapped__(liar, X, y);")
    record = ready.latest().record
    assert [(m.name, m.kind) for m in record.models] == [("liar", "__main__.Liar")]
    assert {p.name: p.value for p in record.params} == {"liar.C": 2.0}
    assert record.notes == ()


def test_results_are_the_same_bits(ready):
    cell = "r = RandomForestClassifier(5, random_state=0).fit(X, y).predict_proba(X)\ns = cross_val_score(model, X, y)"
    ready.ok(cell)
    plain = ready.names["r"].tobytes(), ready.names["s"].tobytes()
    ready.ok(f"%%track\n{cell}")
    assert (ready.names["r"].tobytes(), ready.names["s"].tobytes()) == plain


class TestInAKernel:
    def test_imports_and_training_in_one_cell(self, kernel, project):
        kernel.ok(
            "%%track\nfrom sklearn.datasets import load_iris\nfrom sklearn.linear_model import LogisticRegression\n"
            "from sklearn.metrics import accuracy_score\nX, y = load_iris(return_X_y=True)\n"
            "model = LogisticRegression(max_iter=500).fit(X, y)\n"
            "print(accuracy_score(y, model.predict(X)), model.score(X[:90], y[:90]))"
        )
        run = project.runs()[0]
        assert sorted(called(run)) == ["accuracy", "score"]
        assert run.params["model.max_iter"] == 500
        assert all(metric.site for metric in run.record.metrics)
        ours = kernel.ok("import sys\nprint([f for f in sys.meta_path if 'mlexp' in type(f).__module__])").stdout
        assert ours == "[]\n"
        assert "SourceFileLoader" in kernel.ok("print(sys.modules['sklearn.metrics'].__spec__.loader)").stdout

    def test_an_import_that_fails_looks_as_ever(self, kernel, folder):
        package = folder / "torch"
        package.mkdir()
        (package / "__init__.py").write_text("import torch.inner\n")
        (package / "inner.py").write_text("1 / 0\n")
        plain, tracked = (kernel.run(f"{line}import torch") for line in ("# a cell\n", "%%track\n"))
        assert tracked.traceback.replace("%%track", "a cell").count("\n") == plain.traceback.count("\n")
        assert "mlexp" not in tracked.traceback

    def test_an_interrupt(self, kernel):
        kernel.ok("from sklearn.metrics import accuracy_score\ncode = accuracy_score.__code__")
        kernel.run("%%track\nimport os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)")
        assert kernel.ok("print(accuracy_score.__code__ is code)").stdout == "True\n"


def test_an_interrupt_while_ears_are_taken_off(ready, monkeypatch):
    class Interrupts(list):
        left = 3

        def pop(self, *words):
            if self.left:
                self.left -= 1
                raise KeyboardInterrupt
            return super().pop(*words)

    before = sklearn.metrics.accuracy_score.__wrapped__.__code__
    finders = list(sys.meta_path)
    monkeypatch.setattr(Ears, "_changed", Interrupts())
    monkeypatch.setattr(guard, "_interrupt", lambda: None)
    ready.ok("%%track\naccuracy_score(y, p)\nNone")
    assert Ears._changed == []
    assert Ears._changed.left == 0
    assert sklearn.metrics.accuracy_score.__wrapped__.__code__ is before
    assert sys.meta_path == finders
