# /// script
# requires-python = …
# dependencies = […# ]
# ///
"""Run r1 "forest" of customers.ipynb, DAY.

Proven: in a clean process, in an empty directory, this script gave what the run gave, equal to the last bit:
its 2 metrics and 3 other values (CPython …; another processor may round otherwise).
Not compared: ax (no codec for matplotlib.axes._axes.Axes), fig (no codec for matplotlib.figure.Figure).

    python churn.py                              as it was run
    python churn.py --test_share 0.125           with another value; --help lists them
    python churn.py --data customers.csv=FILE    on other data
    python churn.py --metrics FILE               writes the metrics
    python churn.py --check                      compares with the run; exit status 1 if it differs

What it reads lies in churn_data/. The sections are cells as they were executed, numbered as in the notebook:
9 of 12 up to the run.
"""

# %% Params, inputs and flags
import argparse, ast, json, os, sys

sys.dont_write_bytecode = True
os.environ.setdefault("OMP_NUM_THREADS", "2")  # as in the run
os.environ.setdefault("MPLBACKEND", "Agg")  # draw without windows

PARAMS = {  # as in the run; each is a flag
    "test_share": 0.25,
    "n_trees": 200,
    "max_depth": 4,
    "numbers": ["age", "tenure_months", "monthly_fee", "support_calls"],
    "categories": ["plan", "city", "band"],
}

INPUTS = {  # what the notebook called them: what they are called in the bundle
    "data/customers.csv": "customers.csv",
}

script = os.path.abspath(globals().get("__file__", "churn.py"))  # there is no __file__ when run cell by cell
bundle = os.path.join(os.path.dirname(script), "churn_data")


def typed(default):
    """Return a reader of a flag's text: a literal as Python has it, else a word, as in `--max_depth sqrt`."""

    def value(text):
        if isinstance(default, str):
            return text
        for read in (float, ast.literal_eval) if isinstance(default, float) else (ast.literal_eval,):
            try:
                return read(text.strip())
            except (ValueError, SyntaxError):
                pass
        if default is None or (type(default) in (int, float) and text.isidentifier()):
            return text
        raise ValueError(text)

    value.__name__ = "value" if default is None else type(default).__name__
    return value


def read_flags():
    parser = argparse.ArgumentParser(usage="%(prog)s [FLAG]...", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    flag = parser.add_argument
    for name, value in PARAMS.items():
        kind = typed(value)
        flag(f"--{name}", type=kind, default=value, metavar=kind.__name__, help="%(default)r")
    names = sorted(set(INPUTS.values()))
    flag("--data", action="append", default=[], metavar="NAME=PATH", help="replace " + ", ".join(names))
    flag("--figures", metavar="DIR", help="save the figures there")
    flag("--metrics", metavar="FILE", help="write the metrics there, as JSON")
    flag("--check", action="store_true", help="compare with the run; exit status 1 if it differs")
    words = sys.argv[1:] if os.path.abspath(sys.argv[0]) == script else []  # imported: as in the run
    for i in range(len(words) - 1, 0, -1):  # a value may begin with a dash, as in --rate -1e-3
        if words[i - 1] in [f"--{name}" for name in PARAMS]:
            words[i - 1 : i + 1] = [f"{words[i - 1]}={words[i]}"]
    args = parser.parse_args(words)
    args.data = dict(pair.partition("=")[::2] for pair in args.data)
    if not args.data.keys() <= set(names) or not all(args.data.values()):
        parser.error(f"--data takes NAME=PATH, with NAME one of: {', '.join(names)}")
    return args


def input_path(path):
    """Give the place of an input: the one of --data, else the one in the bundle. Other paths stay as they are."""
    if isinstance(path, (str, os.PathLike)) and path:
        name = INPUTS.get(os.path.normpath(path)) or INPUTS.get(os.path.relpath(path))
        if name:
            return type(path)(args.data.get(name) or os.path.join(bundle, name))
    return path


def metric(name, value):
    """Keep what a scoring function gives, and hand it on."""
    measured.setdefault(name, []).append(value)
    return value


def show_figures(section):
    """Save the open figures (--figures DIR) and close them, as the notebook does."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return None
    if plt.get_backend().lower() != "agg":
        return plt.show()
    for figure in plt.get_fignums():
        if args.figures:
            os.makedirs(args.figures, exist_ok=True)
            n = shown[section] = shown.get(section, 0) + 1
            plt.figure(figure).savefig(os.path.join(args.figures, f"{section}-{n}.png"))
        plt.close(figure)


def restore_state(file, generator):
    """Give a random number generator the state that it had in the notebook."""
    with open(os.path.join(bundle, file), encoding="utf-8") as text:
        state = json.load(text)
    import numpy.random

    numpy.random.set_state(state)


def could_not_tell(kind, error, trace):
    """Under --check, a package or file that is missing is no difference: exit status 3."""
    sys.__excepthook__(kind, error, trace)
    if args.check and issubclass(kind, (ImportError, FileNotFoundError)):
        print(f"could not tell: {error}", file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(3)


measured = {}
shown = {}
args = read_flags()
sys.excepthook = could_not_tell

# %% In 1: Which customers leave?
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# %% In 2: Settings
test_share = args.test_share
n_trees = args.n_trees
max_depth = args.max_depth  # deeper overfits on this table

# %% In 3: Load
# !ls data
df = pd.read_csv(input_path("data/customers.csv"))
df.head()

# %% In 5: Clean
# a few fees are absurd
df = df[df["monthly_fee"] < df["monthly_fee"].quantile(0.99)]
len(df)

# %% In 6: Clean, the same cell again
# a few fees are absurd
df = df[df["monthly_fee"] < df["monthly_fee"].quantile(0.99)]
len(df)

# %% In 8: Clean
def tenure_band(months):
    """Customers think in years, so the model may too."""
    if months < 12:
        return "new"
    return "settled" if months < 36 else "loyal"

tenure_band(30)

# %% In 9: Split
# Nobody seeded numpy here: this is its state as it was. Without this line, each run draws anew.
restore_state("rng-9-numpy.json", "numpy")

is_train = np.random.rand(len(df)) >= test_share
features = df.drop(columns=["customer", "churned"])
features["band"] = features["tenure_months"].map(tenure_band)  # after the cleaning!
X_train, X_test = features[is_train], features[~is_train]
y_train, y_test = df["churned"][is_train], df["churned"][~is_train]

# %% In 11: Train and score
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import RocCurveDisplay, accuracy_score, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# %% In 12: Train and score, run r1
# Nobody seeded numpy here: this is its state as it was. Without this line, each run draws anew.
restore_state("rng-12-numpy.json", "numpy")

numbers = args.numbers
categories = args.categories

prepare = ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
    ("categories", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), categories),
])
model = Pipeline([
    ("prepare", prepare),
    ("forest", RandomForestClassifier(n_trees, max_depth=max_depth)),
])
model.fit(X_train, y_train)

proba = model.predict_proba(X_test)[:, 1]
auc = roc_auc_score(y_test, proba)
print(f"AUC {auc:.4f}")
print("accuracy", metric("accuracy", accuracy_score(y_test, model.predict(X_test))))

fig, ax = plt.subplots()
RocCurveDisplay.from_predictions(y_test, proba, ax=ax)
ax.set_title(f"{n_trees} trees, depth {max_depth}");

show_figures("in-12")

# %% What run r1 gave
RECORDED = {  # the metrics, and digests of the inputs
    "auc": …,
    "accuracy": …,
    "customers.csv": "sha256 9524df35e8a90d4fde7680b5895de9d13600e52718c3cfd8ef8a2fdd19d601b6",
}

# %% --metrics and --check
def digest(path):
    """Give the SHA-256 of a file."""
    import hashlib

    with open(path, "rb") as file:
        return "sha256 " + hashlib.file_digest(file, "sha256").hexdigest()


def number(value):
    """Give a number of any library as Python's own."""
    return value.item() if hasattr(value, "item") else value


def metrics_now():
    """Give the metrics as they are now."""
    return {
        "auc": number(auc),
        "accuracy": number(measured["accuracy"][0]),
    }


def finish():
    """Do what --metrics and --check ask for."""
    if args.metrics:
        os.makedirs(os.path.dirname(os.path.abspath(args.metrics)), exist_ok=True)
        with open(args.metrics, "w", encoding="utf-8") as file:
            file.write(json.dumps({"metrics": metrics_now()}, indent=2) + "\n")
    if args.check:
        now = metrics_now()
        for name in sorted(RECORDED.keys() - now.keys()):  # inputs
            now[name] = digest(args.data.get(name) or os.path.join(bundle, name))
        differ = [name for name in RECORDED if repr(now[name]) != repr(RECORDED[name])]
        for name in differ:
            was, found = RECORDED[name], now[name]
            apart = f", {found - was:+.3g}" if isinstance(found, (int, float)) else ""
            print(f"{name}: {was} in the run, {found} now{apart}", file=sys.stderr)
        n, n_differ = len(RECORDED), len(differ)
        some = f"{n_differ} of {n} differ from run r1"
        print(some if differ else f"all {n} equal those of run r1", file=sys.stderr)
        sys.exit(1 if differ else 0)


finish()
# mlexp overwrites this file unasked while nobody has edited it: blake3:…
