"""The table of the rules: cells as people write them, and the params, metrics, timings and curves that are in them.

A case is a list of cells, of which the last is tracked. `score`, `evaluate` and the like stand for any computation.
"""

# ruff: noqa: E501  (a case is a line)

import numpy as np
import pytest

from tests.rules import Played

PRELUDE = """
import argparse, datetime, os, time, types
from collections import namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
import numpy as np, pandas as pd

calls = 0
def score(*args, **kwargs):
    global calls
    calls += 1
    return 0.5 + calls / 16
def evaluate(*args):
    return 0.75, 0.25
def train(*args, **kwargs):
    return object()
def folds(*args, **kwargs):
    return np.array([0.5, 0.75, 1.0])
class Model:
    def __init__(self, **given): self.given = given
    def fit(self, *args, **given): return self
    def predict(self, X): return np.array([1, 0, 1, 1])
    labels_ = np.array([0, 0, 1, 1])
class History:
    def __init__(self): self.history = {"loss": [0.5, 0.25], "val_loss": [0.75, 0.5]}
X = np.arange(8.0).reshape(4, 2)
y = np.array([1, 0, 0, 1])
class Fit:
    # as statsmodels' results are: what was asked is kept
    __module__ = "statsmodels.results"
    def __init__(self): self._results = Inner()
    def __getattribute__(self, name): return getattr(object.__getattribute__(self, "_results"), name)
class Inner:
    nobs = 4
    def __init__(self): self._cache = {}
    @property
    def rsquared(self): return self._cache.setdefault("rsquared", score())
df = pd.DataFrame({"a": [1.0, 2.0, None, 4.0], "b": list("xyxy")})
"""

PARAMS = {
    # constants
    "a constant": (["lr = 0.1\ns = score(lr)"], {"lr": 0.1}),
    "of an earlier cell": (["lr = 0.1", "s = score(lr)"], {"lr": 0.1}),
    "bound anew": (["lr = 0.1", "lr = 0.01", "s = score(lr)"], {"lr": 0.01}),
    "unread": (["lr = 0.1\ns = score()"], {}),
    "unpacked": (["a, b = 1, 2\ns = score(a, b)"], {"a": 1, "b": 2}),
    "a seed": (["seed = 42\nrng = np.random.default_rng(seed)\ns = rng.random()"], {"seed": 42}),
    "made whole": (["n = int(1e5)\ns = score(n)"], {"n": 100000}),
    "a text": (["name = 'google/vit-base'\ns = score(name)"], {"name": "google/vit-base"}),
    "hidden": (["_lr = 0.1\ns = score(_lr)"], {}),
    "named like a built-in": (["max = 3", "s = score(max)"], {"max": 3}),
    "typed hints": (["lr: float = 0.1\ns = score(lr)"], {"lr": 0.1}),
    "read by a function": (["k = 3", "def f():\n    return score(k)", "s = f()"], {"k": 3}),
    "a loop's target": (["for k in (1, 2):\n    s = score(k)"], {}),
    "a counter": (["n = 0\nfor k in (1, 2):\n    n += 1\ns = score(n)"], {}),
    "computed": (["n = len(X)\ns = score(n)"], {}),
    "features": (["cols = ['a', 'b']\ns = score(df[['a']], cols)"], {"cols": ["a", "b"]}),
    # chosen, but not by one constant
    "chosen by an expression": (["fast = True\nlr = 0.1 if fast else 0.01\ns = score(lr)"], {"fast": True, "lr": 0.1}),
    "chosen by an if": (
        ["fast = 1\nif fast:\n    lr = 0.1\nelse:\n    lr = 0.01\ns = score(lr)"],
        {"fast": 1, "lr": 0.1},
    ),
    "a device": (["dev = 'cuda' if os.path.exists('/nowhere') else 'cpu'\ns = score(dev)"], {"dev": "cpu"}),
    "of the environment": (["n = int(os.environ.get('MLEXP_TEST_N', '8'))\ns = score(n)"], {"n": 8}),
    "a loop's state": (["found = False\nfor k in (1, 2):\n    if k == 2:\n        found = True\ns = score(found)"], {}),
    "in a with": (["with np.errstate():\n    lr = 0.1\ns = score(lr)"], {"lr": 0.1}),
    "an array of a few": (
        ["centers = np.array([[0.5, 1.0]])\nX0 = np.array([1.0, 2.0])\ns = score(centers, X0)"],
        {"centers": [[0.5, 1.0]]},
    ),
    "a grid": (
        [
            "quantiles = np.linspace(0, 1, 3)\nx = np.linspace(0, 1, 3)\nfine = np.arange(0, 1, 0.01)\ns = score(quantiles, x, fine)"
        ],
        {"quantiles": [0.0, 0.5, 1.0]},
    ),
    # dicts of settings
    "a dict": (["cfg = {'lr': 0.1, 'opt': {'n': 2}}\ns = score(cfg['lr'])"], {"cfg": {"lr": 0.1, "opt": {"n": 2}}}),
    "a dict by its call": (["cfg = dict(lr=0.1)\ns = score(**cfg)"], {"cfg": {"lr": 0.1}}),
    "edited earlier": (["cfg = {'lr': 0.1}", "cfg['lr'] = 0.05", "s = score(**cfg)"], {"cfg": {"lr": 0.05}}),
    "edited here": (["cfg = {'lr': 0.1}\ncfg['lr'] = 0.05\ns = score(**cfg)"], {"cfg": {"lr": 0.05}}),
    "edited by a tracked cell": (["cfg = {'lr': 0.1}", "cfg['lr'] = 0.05\ns = score(**cfg)"], {"cfg": {"lr": 0.05}}),
    "updated": (["p = {'lr': 0.1}", "p.update(lr=0.05, n=2)", "s = score(**p)"], {"p": {"lr": 0.05, "n": 2}}),
    "merged": (
        ["base = {'lr': 0.1, 'n': 2}", "p = {**base, 'lr': 0.2}\ns = score(**p)"],
        {"base": {"lr": 0.1, "n": 2}, "p": {"lr": 0.2, "n": 2}},
    ),
    "merged by a call": (
        ["base = {'lr': 0.1}\np = dict(base, n=2)\ns = score(**p)"],
        {"base": {"lr": 0.1}, "p": {"lr": 0.1, "n": 2}},
    ),
    "merged by |": (
        ["base = {'lr': 0.1}\np = base | {'n': 2}\ns = score(**p)"],
        {"base": {"lr": 0.1}, "p": {"lr": 0.1, "n": 2}},
    ),
    "copied and edited": (
        ["base = {'lr': 0.1}\np = base.copy()\np['lr'] = 0.3\ns = score(**p)"],
        {"base": {"lr": 0.1}, "p": {"lr": 0.3}},
    ),
    "partly computed": (
        ["params = {'lr': 0.1}\nparams['n'] = X.shape[1]\ns = score(params)"],
        {"params": {"lr": 0.1, "n": 2}},
    ),
    "a dict that is filled": (["d = {'m': 'rf'}\nd['auc'] = score()\ns = score(d)"], {}),
    "an empty dict": (["d = {}\ns = score(d)"], {}),
    "one that constants fill": (["d = {}\nd['a'] = 1\ns = score(d)"], {"d": {"a": 1}}),
    "a list that is filled": (["xs = [1]", "xs.append(score())", "s = score(xs)"], {}),
    "a dict that a function fills": (["d = {'a': 1}", "def f(): d['b'] = score()\nf()", "s = score(d)"], {}),
    # objects of settings
    "a dataclass": (
        ["@dataclass\nclass Config:\n    lr: float = 0.1\n    n: int = 2\ncfg = Config(lr=0.5)", "s = score(cfg.lr)"],
        {"cfg.lr": 0.5, "cfg.n": 2},
    ),
    "a dataclass of any name": (["@dataclass\nclass H:\n    lr: float = 0.1\nh = H()\ns = score(h.lr)"], {"h.lr": 0.1}),
    "a nested one": (
        [
            "@dataclass\nclass Opt:\n    lr: float = 0.1\n@dataclass\nclass Config:\n    opt: Opt = field(default_factory=Opt)\n"
            "    n: int = 2\nconfig = Config()\ns = score(config)"
        ],
        {"config.opt.lr": 0.1, "config.n": 2},
    ),
    "argparse": (
        [
            "parser = argparse.ArgumentParser()\n_ = parser.add_argument('--lr', type=float, default=0.1)\n"
            "_ = parser.add_argument('--name', default='x')",
            "args = parser.parse_args([])",
            "s = score(args.lr)",
        ],
        {"args.lr": 0.1, "args.name": "x"},
    ),
    "a namespace": (["hp = SimpleNamespace(lr=0.1, n=2)\ns = score(hp.lr)"], {"hp.lr": 0.1, "hp.n": 2}),
    "argparse's namespace": (["a = argparse.Namespace(lr=0.1)\na.lr = 0.3\ns = score(a)"], {"a.lr": 0.3}),
    "a class of settings": (
        ["class CFG:\n    lr = 0.1\n    sizes = (8, 8)", "s = score(CFG.lr)"],
        {"CFG.lr": 0.1, "CFG.sizes": (8, 8)},
    ),
    "an instance of one": (
        ["class Config:\n    lr = 0.1\ncfg = Config()\ncfg.lr = 0.2\ns = score(cfg)"],
        {"cfg.lr": 0.2},
    ),
    "a named tuple": (["HP = namedtuple('HP', 'lr n')\nhp = HP(0.1, 2)\ns = score(hp)"], {"hp.lr": 0.1, "hp.n": 2}),
    "a field taken": (["cfg = {'lr': 0.1}\nlr = cfg['lr']\ns = score(lr)"], {"cfg": {"lr": 0.1}}),
    "no model": (["class Net:\n    n = 2\n    def f(self): return score(self.n)\ns = Net().f()"], {}),
    # no choices
    "a path": (["path = '../data/train.csv'\ns = score(path)"], {}),
    "a folder": (["out = 'models/'\nurl = 'https://x.org/y'\ns = score(out, url)"], {}),
    "parts of paths": (["ROOT = 'x'\nCHAPTER = 'y'\np = os.path.join(ROOT, CHAPTER)\ns = score(p)"], {}),
    "data that is written down": (
        [
            "X_new = [[5.5, 1.7], [5.0, 1.5]]\ny = [0, 1, 1, 0]\ndata = [{'a': 1}]\nsample = ['x']\ns = score(X_new, y, data, sample)"
        ],
        {},
    ),
    "lists that are none": (
        [
            "features = ['a']\ninput_size = [28, 28]\ntrain_sizes = [1, 2, 3, 4]\ns = score(features, input_size, train_sizes)"
        ],
        {"features": ["a"], "input_size": [28, 28], "train_sizes": [1, 2, 3, 4]},
    ),
    "looks, by their names": (
        ["colors = ['red', 'blue']\nplot_opts = {'a': 1}\nn_colors = 8\ns = score(colors, n_colors, plot_opts)"],
        {"n_colors": 8},
    ),
    "the looks of a figure": (
        [
            "size = (8, 4)\nname = 'x'\nplt = score\ntry:\n    plt.plot([1], figsize=size, title=name)\nexcept Exception:\n    pass\ns = score()"
        ],
        {},
    ),
}

METRICS = {
    # numbers
    "bound": (["auc = score(y)"], {"auc": 0.5625}),
    "of several values": (["acc, loss = evaluate()"], {"acc": 0.75, "loss": 0.25}),
    "of a constant": (["lr = 0.1\nvalue = lr * 2"], {"value": 0.2}),
    "constants": (["lr = 0.1\nn = 3"], {}),
    "a loop's target": (["for i in range(3):\n    pass"], {}),
    "a counter": (["n = 0\nfor i in range(3):\n    n += 1"], {}),
    "an average": (["total = 0.0\nfor x in (1.0, 2.0):\n    total += x\nn = 2\navg = total / n"], {"avg": 1.5}),
    "a sum that becomes an average": (["loss = 0.0\nfor x in (1.0, 2.0):\n    loss += x\nloss /= 2"], {"loss": 1.5}),
    "the same, said at length": (["s = 0.0\nfor x in (1.0, 2.0):\n    s += x\ns = s / 2"], {"s": 1.5}),
    "a sum that is shown": (["loss = 0.0\nfor x in (1.0, 2.0):\n    loss += x\nprint(loss)"], {"loss": 3.0}),
    "a bool": (["ok = score() > 0.1"], {}),
    "a complex number": (["z = complex(score(), 1)"], {}),
    "hidden": (["_s = score()"], {}),
    "of a library": (
        ["a = np.float64(score())\nb = np.array(score())\nc = Decimal('0.5') * calls\nd = Fraction(1, 4) * calls"],
        {"a": 0.5625, "b": 0.625, "c": 1.0, "d": 0.5},
    ),
    "an array of one": (["d = X[:1, 1] * score()"], {"d": 0.5625}),
    "a share": (
        ["correct = 0\nfor a, b in zip(y, y):\n    correct += int(a == b)\nacc = correct / len(y)"],
        {"acc": 1.0},
    ),
    # counts, positions, what is taken
    "a count of data": (
        [
            "n = len(df)\nrows, cols = df.shape\nk = X.shape[0]\nm = df.isna().sum().sum()\nu = df.b.nunique()\nz = X.size"
        ],
        {},
    ),
    "arithmetic of counts": (["n = len(X)\nhalf = n // 2\ncut = int(0.8 * n)\nrest = n - cut"], {}),
    "a count of errors": (
        ["p = Model().predict(X)\nn_bad = p[p != y].size\nwrong = len(X[p != y])"],
        {"n_bad": 1, "wrong": 1},
    ),
    "a count of what a model found": (["labels = Model().labels_", "n_clusters = len(set(labels))"], {"n_clusters": 2}),
    "a position": (["i = int(np.argmax(X[0]))\nj = X[0].argmin() + 1"], {}),
    "the best": (["best_k = int(np.argmax(X[0]))"], {"best_k": 1}),
    "what is taken from settings": (
        ["cfg = {'lr': 0.1}", "lr = cfg['lr']\nn = int(cfg.get('n', 2))\ns = score(lr, n)"],
        {"s": 0.5625},
    ),
    "what is chosen": (
        ["n = 5 if X.size > 3 else 2\nk = int(os.environ.get('MLEXP_TEST_K', 3))\ns = score(n, k)"],
        {"s": 0.5625},
    ),
    # what a number is for
    "a mean to shift by": (["mu = X.mean()\nsd = X.std()\nZ = (X - mu) / sd"], {}),
    "a threshold": (["t = np.percentile(X, 50)\nmask = X > t\nf1 = score(mask)"], {"f1": 0.5625}),
    "one that is printed": (["t = np.percentile(X, 50)\nmask = X > t\nprint('at', t)"], {"t": 3.5}),
    "one of which another is made": (["mse = score()\nrmse = mse ** 0.5"], {"mse": 0.5625, "rmse": 0.75}),
    "the weight of a class": (["w = score()\nm = Model(weight=w)"], {}),
    # loops
    "the last of a loop": (
        ["for e in range(2):\n    loss = score()\n    acc = score()\n    print(e, loss, acc)"],
        {"loss": 0.6875, "acc": 0.75},
    ),
    "steps of a loop": (
        ["w = 0.5\nfor e in range(2):\n    g = score(w)\n    d = g * 0.1\n    w = w - d\nloss = score(w)"],
        {"loss": 0.6875},
    ),
    "the best of a loop": (
        [
            "best, best_epoch = 0.0, 0\nfor e in range(3):\n    v = score()\n    if v > best:\n        best = v\n        best_epoch = e"
        ],
        {"best": 0.6875, "best_epoch": 2},
    ),
    "what an average is made of": (
        ["total = 0.0\nfor x in (1, 2):\n    loss = score()\n    total += loss\nmean_loss = total / 2"],
        {"mean_loss": 0.59375},
    ),
    "weights that are shown": (["w = 0.5\nfor i in range(2):\n    w -= 0.5 * score(w)\nprint(w)"], {"w": -0.09375}),
    "a size made of settings": (
        ["epochs = 3\ntotal_steps = epochs * 100\nwarmup_steps = int(0.1 * total_steps)\ns = score(total_steps)"],
        {"s": 0.5625},
    ),
    "a step made of settings": (["n = 8\nstep = 4.0 * np.pi / n\ns = score(step)"], {"s": 0.5625}),
    # the last expression
    "shown at last": (["score()"], {"result": None}),
    "a tuple": (["acc = score()\nf1 = score()", "acc, f1"], {"acc": 0.5625, "f1": 0.625}),
    "a tuple of calls": (
        ["def f1_score(): return 0.25\ndef mse(): return 0.5", "f1_score(), mse()"],
        {"f1": 0.25, "mse": 0.5},
    ),
    "a dict at last": (["{'acc': score(), 'f1': score()}"], {"acc": 0.5625, "f1": 0.625}),
    "a name of an earlier cell": (["acc = score()", "acc"], {"acc": 0.5625}),
    "a setting of an earlier cell": (["lr = 0.1", "lr"], {}),
    "printed at last": (
        ["costs = [3.0, 2.0, 1.0]\nz = score()", "print('first', costs[0], f'{z:.2f}')"],
        {"z": 0.5625},
    ),
    "printed, of an earlier cell": (["out = {'auc': score()}", "print('AUC: %.3f' % out['auc'])"], {"auc": 0.5625}),
    "printed by its position": (
        ["vals = list(map(float, X[0]))", "print('max = %f, %d' % (vals[np.argmax(vals)], 17))"],
        {"vals[np.argmax(vals)]": 1.0},
    ),
    "printed and then changed": (["vals = list(map(float, X[0]))", "print(vals[0])\nvals[0] = 3.0"], {}),
    "into an array": (["w = X * 1", "w[0, 0] = score()"], {}),
    "a joined frame": (["result = pd.concat([df, df])", "result"], {}),
    "a mean that is printed": (
        ["s = folds()", "print(s.mean(), np.std(s))"],
        {"s.mean": 0.75, "s.std": np.std([0.5, 0.75, 1.0])},
    ),
    "a mean at last": (["s = folds()", "s.mean()"], {"s.mean": 0.75}),
    "two prints of one": (["acc = score()\nprint(acc)\nprint(f'accuracy {acc:.2f}')"], {"acc": 0.5625}),
    "the length of data": (["print(len(df), df.shape[0])"], {}),
    "mistakes that are printed": (["p = Model().predict(X)", "print((p != y).sum())"], {"(p != y).sum()": 1}),
    "a share that is printed": (
        ["p = Model().predict(X)", "print('%.2f' % (100 * (p == y).mean()))"],
        {"100 * (p == y).mean()": 75.0},
    ),
    "a rounded one": (["s = folds()", "print(s.mean().round(1), np.sqrt(s).sum(axis=0))"], None),
    "kept by an object": (["m = Model()\nm.bias = score()", "print('bias', m.bias)"], {"m.bias": 0.5625}),
    "what a property would compute": (
        [
            "class A:\n    @property\n    def loss(self): return score()\na = A()\na.__dict__['loss'] = 1.0",
            "print(a.loss)",
        ],
        {},
    ),
    "printed by a loop": (
        ["for m in (1, 2):\n    err = folds() * m\n    print(m, np.mean(err))"],
        {"err.mean": 1.5},
    ),
    "printed now and then": (
        [
            "for e in range(4):\n    w = folds() * e\n    if e % 2 == 0:\n        held = folds() + e\n        print(e, w.mean(), held.mean())"
        ],
        {"held.mean": 2.75},
    ),
    "printed of what is looped over": (["for row in X:\n    print(row.mean(), np.mean(row))"], {}),
    "printed and then changed, in a loop": (["w = folds()\nfor e in range(2):\n    print(w.sum())\n    w = w + 1"], {}),
    "of a fit": (["res = Fit()", "print('R2', res.rsquared, res.nobs)"], {"res.rsquared": 0.5625}),
    "a prediction": (["m = Model()\nm.predict = lambda X: np.array([0.5])", "m.predict([[1, 2]])"], {}),
    "an item of data": (["X[0, 1]"], {}),
    "an item of scores": (["costs = [score(), score()]", "costs[-1]"], {"costs[-1]": 0.625}),
    "items of data": (["a = [1, 2]\nb = list(a)", "b[0], b[1]"], {}),
    "what counts an object's parts": (
        ["m = Model()\nm.node_count = len(X)\nm.n_iter_ = 7", "m.node_count, m.n_iter_"],
        {"n_iter_": 7},
    ),
    # containers
    "a dict of scores": (["scores = {'acc': score(), 'f1': score()}"], {"acc": 0.5625, "f1": 0.625}),
    "of names": (["acc = score()\nres = {'accuracy': acc, 'n': 3}"], {"acc": 0.5625}),
    "two of the same keys": (["a = {'acc': score()}\nb = {'acc': score()}"], {"a.acc": 0.5625, "b.acc": 0.625}),
    "a dict of models": (["res = {}\nfor m in ('rf', 'svm'):\n    res[m] = score(m)"], {"rf": 0.5625, "svm": 0.625}),
    "a dict of dicts": (
        ["res = {}\nfor m in ('rf', 'svm'):\n    res[m] = {'auc': score(m)}"],
        {"rf.auc": 0.5625, "svm.auc": 0.625},
    ),
    "a dict in itself": (["res = {}\nres['a'] = res"], {}),
    "a dict of counts": (
        [
            "counts = {}\nfor w in 'abca':\n    counts[w] = counts.get(w, 0) + 1\nindex = {w: i for i, w in enumerate('ab')}"
        ],
        {},
    ),
    "into an earlier dict": (["results = {}", "results['svm'] = score()"], {"svm": 0.5625}),
    "scores of folds": (["scores = folds()"], {"scores.mean": 0.75, "scores.std": np.std([0.5, 0.75, 1.0])}),
    "a list of folds": (
        ["scores = []\nfor fold in range(2):\n    acc = score(fold)\n    scores.append(acc)"],
        {"scores.mean": 0.59375, "scores.std": 0.03125},
    ),
    "folds, made better": (
        ["cv = {'test_score': folds()}", "rmses = np.sqrt(cv['test_score'])"],
        None,
    ),
    "scores of features": (
        ["def f_classif(X): return folds()\nscores = f_classif(X)\nscores = -np.log10(scores)\nscores /= scores.max()"],
        {},
    ),
    "errors of rows": (["errors = X[:, 0] - X[:, 1]\nmean_errors = (X - 1).mean(axis=0)"], {}),
    "errors of many points": (["err = [float(i) for i in range(100)]"], {}),
    "one score of several classes": (
        ["ap = {}\nfor i in range(2):\n    ap[i] = score(i)\nap['micro'] = score()"],
        {"ap.0": 0.5625, "ap.1": 0.625, "ap.micro": 0.6875},
    ),
    "a frame that is loaded": (
        [
            "def read_it(): return pd.DataFrame({'x': [1.0, 2.0], 'y_err': [0.5, 0.25]}, index=['a', 'b'])\ndata = read_it()"
        ],
        {},
    ),
    "what a minimizer says": (
        [
            "class Optimized(dict): __getattr__ = dict.__getitem__\nresult = Optimized(fun=score(), nit=7, status=0, nfev=30)"
        ],
        {"fun": 0.5625, "nit": 7},
    ),
    "a value for a column": (["means = pd.Series({'a': 1.0})", "means['a'] = df.a.median()"], {}),
    "a density": (["log_dens = np.log(np.arange(1.0, 100.0))"], {}),
    "a place for one": (["X_src = np.zeros((1, 1))"], {}),
    "importances": (["imp = pd.Series({'radius': score(), 'radius error': score(), 'area': score()})"], {}),
    "a list of any numbers": (
        ["xs = [score(), score()]\nw = np.array([0.5, 0.25])\nalphas = np.logspace(-3, 0, 4)"],
        {},
    ),
    "a sweep": (["ks = [1, 3]\naccs = [score(k) for k in ks]\nf1s = []\nfor k in ks:\n    f1s.append(score(k))"], {}),
    "a frame of a dict": (
        [
            "res = {}\nfor m in ('rf', 'svm'):\n    res[m] = score(m)\ntable = pd.DataFrame({'model': list(res), 'auc': list(res.values())})",
        ],
        {"rf": 0.5625, "svm": 0.625},
    ),
    "the head of data": (
        ["data = pd.DataFrame({'f1': X[:, 0], 'auc': X[:, 1]}, index=list('abcd'))", "data.head()"],
        {},
    ),
    "a search": (
        [
            "class GridSearch:\n    def __init__(self, *a): self.best_score_ = score()\ngs = GridSearch({'n': [1]})\nbest_score = gs.best_score_"
        ],
        {"best_score": 0.5625},
    ),
    "rows": (
        ["rows = []\nfor m in ('rf', 'svm'):\n    rows.append({'model': m, 'auc': score(m)})"],
        {"rf.auc": 0.5625, "svm.auc": 0.625},
    ),
    "rows of several": (
        [
            "results = []\nfor C in (0.5, 1.5):\n    m = {'C': C}\n    m['pbl'] = score()\n    m['mse'] = score()\n    results.append(m)"
        ],
        {"C=0.5.pbl": 0.5625, "C=0.5.mse": 0.625, "C=1.5.pbl": 0.6875, "C=1.5.mse": 0.75},
    ),
    "the limits of an axis": (["lo = X.min()\nlow = lo - 1.0 * calls\nhi = X.max()\ntrain(low, hi)"], {}),
    "a frame of rows": (
        [
            "rows = []\nfor m in ('rf', 'svm'):\n    auc = score(m)\n    rows.append([m, auc])\nresults = pd.DataFrame(rows, columns=['model', 'auc'])"
        ],
        {"rf.auc": 0.5625, "svm.auc": 0.625},
    ),
    "a frame by its index": (
        ["results = pd.DataFrame({'auc': [score(), score()]}, index=['rf', 'svm'])"],
        {"rf.auc": 0.5625, "svm.auc": 0.625},
    ),
    "a frame with a param": (
        ["results = pd.DataFrame([{'k': k, 'rmse': score(k)} for k in (1, 3)])"],
        {"k=1.rmse": 0.5625, "k=3.rmse": 0.625},
    ),
    "a frame of one row": (["results = pd.DataFrame([{'model': 'rf', 'auc': score()}])"], {"auc": 0.5625}),
    "a frame filled": (
        [
            "results = pd.DataFrame(columns=['auc'])\nresults.loc['rf', 'auc'] = score()\nresults = results.astype(float)"
        ],
        {"rf.auc": 0.5625},
    ),
    "a description": (["stats = df.describe()\ncorr = df[['a']].corr()\nhead = df.head()"], {}),
    "a frame of data": (["toy = pd.DataFrame({'x': [1.0, 2.0], 'score': [0.5, 0.25]})"], {}),
    "a Series": (["s = pd.Series({'rf': score(), 'svm': score()}, name='auc')"], {"rf": 0.5625, "svm": 0.625}),
    "a Series of data": (["m = df.groupby('b').a.mean()"], {}),
    "an object of results": (
        ["@dataclass\nclass R:\n    accuracy: float\n    model: str\nresult = R(score(), 'rf')"],
        {"accuracy": 0.5625},
    ),
    "curves by curve": (
        [
            "history = {'loss': [], 'val_loss': []}\nfor e in range(2):\n    history['loss'].append(score())\n    history['val_loss'].append(score())"
        ],
        {"loss": 0.6875, "val_loss": 0.75},
    ),
    "Keras": (["history = History()"], {"loss": 0.25, "val_loss": 0.5}),
    "Keras's dict": (["history = History().history"], {"loss": 0.25, "val_loss": 0.5}),
    "Keras's frame": (["h = History()\nhist = pd.DataFrame(h.history)"], {"loss": 0.25, "val_loss": 0.5}),
    "losses": (["losses = []\nfor epoch in range(3):\n    loss = score()\n    losses.append(loss)"], {"loss": 0.6875}),
    "a curve from a call": (
        [
            "theta, cost_history = X, [3.0, 2.0, 1.0]\ncost_history = list(map(float, cost_history))\nprint(cost_history[0])"
        ],
        {"cost": 1.0, "cost_history[0]": 3.0},
    ),
    "a ROC curve": (["fpr, tpr, thresholds = X[0], X[1], X[2]\nprecision = X[0] * 1\nrecall = X[1] * 1"], {}),
}


@pytest.mark.parametrize(("cells", "expected"), PARAMS.values(), ids=PARAMS)
def test_params(cells, expected):
    assert Played(*cells, prelude=PRELUDE).params == expected


@pytest.mark.parametrize(("cells", "expected"), METRICS.values(), ids=METRICS)
def test_metrics(cells, expected):
    played = Played(*cells, prelude=PRELUDE)
    if expected == {"result": None}:
        assert list(played.metrics) == ["score"]
    elif expected is None:
        assert len(played.metrics) == 2
    else:
        assert played.metrics == expected


@pytest.mark.parametrize("cells", METRICS.values(), ids=METRICS)
def test_the_expression_of_a_metric_gives_its_value(cells):
    played = Played(*cells[0], prelude=PRELUDE)
    for metric in played.found.metrics:
        if metric.expression and not metric.expression.startswith("_"):
            value = eval(metric.expression, played.namespace)
            value = value.item() if hasattr(value, "item") else value
            assert repr(value) == repr(metric.value), metric
