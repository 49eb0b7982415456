"""Long sessions: 200 executions, of which some are needed."""

from collections.abc import Iterator

from tests.sessions.form import Session, Step, junk, need, session, track


def _notebook() -> Iterator[Step]:
    """A table cleaned column by column, each step looked at, models tried, counters run again and again."""
    yield need("import numpy as np\nimport pandas as pd")
    yield need("df = pd.DataFrame({f'c{i}': np.arange(40.0) * (i + 1) % 7 for i in range(20)})")
    yield need("notes = []")
    for i in range(20):
        yield need(f"df['c{i}'] = df['c{i}'] + {i + 1}")
        yield junk(f"df['c{i}'].describe()")
        yield junk(f"df[['c{i}']].head()")
        yield junk(f"trial_{i} = df['c{i}'].to_numpy() * 2\ntrial_{i}[:] = 0")
        yield need(f"notes.append(float(df['c{i}'].max()))")
        yield junk(f"print(len(notes), notes[-1], trial_{i}.sum())")
    for i in range(10):
        yield junk(f"scratch = [{i}]")
        yield junk("scratch.append(len(df))")
        yield need(f"def step_{i}(x):\n    return x + {i}" + (f" + step_{i - 1}(x)" if i else ""))
        yield junk(f"step_{i}(2)")
        yield junk("scratch = None")
    yield need("total = df.to_numpy().sum()")
    for _ in range(20):
        yield junk("print(total)")
    yield track("score = float(total) + sum(notes) + step_9(1)")


def _counters() -> Iterator[Step]:
    """Two counters and a cell for each, run a hundred times in turn; one of them counts."""
    yield need("good = [0, 0]")
    yield junk("bad = [0, 0]")
    for i in range(40):
        yield need("good[0] += 1\ngood[1] += good[0]", "good") if not i else need(again="good")
        yield junk("bad[0] += 1\nbad[1] += bad[0]", "bad") if not i else junk(again="bad")
        yield junk("print(bad, good)", "look") if not i else junk(again="look")
    yield track("v = good[1]")


def _rebinds() -> Iterator[Step]:
    """One pipeline of three cells, edited and run sixty times: the last round counts."""
    for i in range(60):
        last = i == 59
        tag = need if last else junk
        yield tag(f"alpha = {i} / 10", "a")
        yield tag("data = [alpha * k for k in range(5)]", "b") if not i else tag(again="b")
        yield tag("total = sum(data)", "c") if not i else tag(again="c")
    yield track("v = total")


def _training() -> Iterator[Step]:
    """Two models trained by turns in small steps, the other one's steps are not needed."""
    yield need("import numpy as np")
    yield need("rng = np.random.default_rng(4)\nX = rng.normal(size=(50, 3))\ny = X @ [1.0, -2.0, 0.5]")
    yield need(
        "class Model:\n    def __init__(self):\n        self.w = np.zeros(3)\n    def step(self, lr):\n        self.w -= lr * X.T @ (X @ self.w - y) / len(y)"
    )
    yield need("mine = Model()")
    yield junk("other = Model()")
    for i in range(30):
        yield need(f"mine.step({0.1 + i / 100})")
        yield junk(f"other.step({0.2 + i / 100})")
        yield junk("float(((X @ mine.w - y) ** 2).mean())")
        yield junk("np.abs(other.w - mine.w).max()")
    yield track("w = mine.w.tolist()")


SESSIONS: list[Session] = [
    session("a table cleaned column by column", *_notebook()),
    session("two counters by turns", *_counters()),
    session("a pipeline edited sixty times", *_rebinds()),
    session("two models by turns", *_training()),
]
