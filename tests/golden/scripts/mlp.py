# /// script
# requires-python = …
# dependencies = […# ]
# ///
"""Run r1 "mlp" of load.ipynb, DAY.

NOT VERIFIED: FileNotFoundError: calibration.txt not found. (In 2, line 139 of the script)

    python mlp.py                          as it was run
    python mlp.py --lr 0.025               with another value; --help lists them
    python mlp.py --data north.csv=FILE    on other data
    python mlp.py --metrics FILE           writes the metrics
    python mlp.py --check                  compares with the run; exit status 1 if it differs

What it reads lies in mlp_data/. The sections are cells as they were executed, numbered as in the notebook: 7
of 9 up to the run.
"""

# %% Params, inputs and flags
import argparse, ast, asyncio, builtins, json, os, sys

sys.dont_write_bytecode = True
os.environ.setdefault("OMP_NUM_THREADS", "2")  # as in the run

PARAMS = {  # as in the run; each is a flag
    "width": 6,
    "sites": ["north", "south", "west"],
    "hidden": 16,
    "lr": 0.05,
    "n_epochs": 30,
}

INPUTS = {  # what the notebook called them: what they are called in the bundle
    "sensors/north.csv": "north.csv",
    "sensors/south.csv": "south.csv",
    "sensors/west.csv": "west.csv",
}

script = os.path.abspath(globals().get("__file__", "mlp.py"))  # there is no __file__ when run cell by cell
bundle = os.path.join(os.path.dirname(script), "mlp_data")


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
    flag("--history", metavar="FILE", help="write each point there, as JSON")
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
    if args.history:
        args.history = open(args.history, "w", encoding="utf-8")
    return args


def find_modules():
    """Let modules be found in the order of the notebook: the standard library's, then those in the bundle."""
    here = os.path.dirname(script)
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    at = next((i for i, folder in enumerate(sys.path) if folder.endswith("-packages")), len(sys.path))
    sys.path[at:at] = [bundle, here]


def input_path(path):
    """Give the place of an input: the one of --data, else the one in the bundle. Other paths stay as they are."""
    if isinstance(path, (str, os.PathLike)) and path:
        name = INPUTS.get(os.path.normpath(path)) or INPUTS.get(os.path.relpath(path))
        if name:
            return type(path)(args.data.get(name) or os.path.join(bundle, name))
    return path


def log(metrics=None, /, *, step=None, **named):
    """Keep a point of the curves, in place of mlexp.log; write it to --history FILE at once."""
    point = {"step": len(history) if step is None else step}
    for name, value in {**(metrics or {}), **named}.items():
        try:
            point[name] = float(value)
        except (TypeError, ValueError):
            print(f"log: {name} is no number", file=sys.stderr)
    history.append(point)
    if args.history:
        print(json.dumps(point), file=args.history, flush=True)


def could_not_tell(kind, error, trace):
    """Under --check, a package or file that is missing is no difference: exit status 3."""
    sys.__excepthook__(kind, error, trace)
    if args.check and issubclass(kind, (ImportError, FileNotFoundError)):
        print(f"could not tell: {error}", file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(3)


history = []
args = read_flags()
builtins.input_path = input_path  # for the modules in the bundle
find_modules()
sys.excepthook = could_not_tell

# %% In 1, before mlexp was loaded
import asyncio

import numpy as np
import pandas as pd

# %% In 2, before mlexp was loaded
calibration = np.loadtxt("calibration.txt")

# %% In 4: Read the sensors
sites = args.sites


async def fetch(site):
    return await asyncio.to_thread(pd.read_csv, input_path(f"sensors/{site}.csv"), parse_dates=["time"])


async def in_4():  # a notebook may await here, a script only in a function
    global parts
    parts = await asyncio.gather(*(fetch(site) for site in sites))


asyncio.run(in_4())
raw = pd.concat(parts, ignore_index=True)

# %% In 5: Read the sensors
width = args.width  # int(input("How many hours does the model see? "))

# %% In 6: Make windows
from windows import sliding

raw["load"] = raw["load"].interpolate() / calibration[raw["time"].dt.hour]
X, y = sliding(raw, ["temperature", "load"], width)
cut = int(len(X) * 0.8)
X_train, y_train, X_valid, y_valid = X[:cut], y[:cut], X[cut:], y[cut:]

# %% In 8: Build the network
hidden = args.hidden
rng = np.random.default_rng(7)
W1, b1 = rng.normal(0, 0.3, (X.shape[1], hidden)), np.zeros(hidden)
W2, b2 = rng.normal(0, 0.3, hidden), 0.0


def predict(X):
    return np.tanh(X @ W1 + b1) @ W2 + b2

# %% In 9: Train, run r1
lr = args.lr
n_epochs = args.n_epochs

for epoch in range(n_epochs):
    for rows in np.array_split(rng.permutation(len(X_train)), 20):
        seen = np.tanh(X_train[rows] @ W1 + b1)
        error = (seen @ W2 + b2 - y_train[rows]) / len(rows)
        back = np.outer(error, W2) * (1 - seen**2)
        W2 -= lr * seen.T @ error  # in place: running this cell again goes on from here
        b2 -= lr * error.sum()
        W1 -= lr * X_train[rows].T @ back
        b1 -= lr * back.sum(axis=0)
    loss = np.mean((predict(X_train) - y_train) ** 2)
    log(step=epoch, loss=loss, valid_loss=np.mean((predict(X_valid) - y_valid) ** 2))

rmse = float(np.sqrt(np.mean((predict(X_valid) - y_valid) ** 2)))
print(f"RMSE {rmse:.4f}")

# %% What run r1 gave
RECORDED = {  # the metrics, and digests of the inputs
    "loss": …,
    "rmse": …,
    "valid_loss": …,
    "north.csv": "sha256 9095c0bdc5eb36a12c7ef98d761af5e236e744ce57ee9a004509e50c732d0310",
    "south.csv": "sha256 cdf17e03f6ab68777c6b5ab8b21a2f25240597113f958eca72f57d91fe966a00",
    "west.csv": "sha256 c09f26f74a3b3b58d475557df820718d5cd18b398dd8d8f17739028f9a7c365d",
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


def last(name):
    """Give the last value that was logged."""
    return [point[name] for point in history if name in point][-1]


def metrics_now():
    """Give the metrics as they are now."""
    return {
        "loss": last("loss"),
        "rmse": number(rmse),
        "valid_loss": last("valid_loss"),
    }


def finish():
    """Do what --metrics and --check ask for."""
    if args.history:
        args.history.close()
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
