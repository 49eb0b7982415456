"""What a text plainly does to the objects of its names."""

import pytest

from mlexp.dataflow.cell import parse
from mlexp.dataflow.plainly import plainly

CASES = {  # text: changed; only read
    "x += 1": "x /",
    "x[0] = 1": "x /",
    "x.a = 1": "x /",
    "del x.a": "x /",
    "x.append(1)": "x /",
    "x.head()": "/ x",
    "x.plot()": "/ x",
    "ax.plot(x)": "ax / x",
    "ax.set_title('a')": "ax /",
    "fig.savefig('a')": "/ fig",
    "m.fit(x, y)": "m / x y",
    "h = m.fit(x, y)": "m / x y",
    "train(m, x)": "m / train",
    "p = m.predict(x)": "/ m x",
    "m.train(x)": "m /",
    "np.add(x, 1, out=y)": "np y /",
    "x.sort_values('a', inplace=True)": "x /",
    "x.sort_values('a', inplace=False)": "/ x",
    "x.zero_()": "x /",
    "y = x.add_(1)": "x /",
    "random.shuffle(x)": "random x /",
    "print(x, len(x), f'{x}')": "/ x",
    "sorted(x)": "/ x",
    "y = f(x)": "/",
    "y = x": "/ x",
    "y = x[1:] + x.mean()": "/ x",
    "x == y": "/ x y",
    "for a in x: a.append(1)": "a / x",
    "for a in x:\n    x.append(a)": "x /",
    "if c: x.pop()": "x / c",
    "accuracy_score(x, y)": "/ x y",
    "await x.run()": "x /",
}


@pytest.mark.parametrize(("text", "expected"), CASES.items(), ids=CASES)
def test_what_a_text_plainly_does(text, expected):
    changed, _, read = expected.partition("/")
    found = plainly(parse(text))
    assert found.changed == set(changed.split())
    assert set(read.split()) - {"train"} <= found.read
    assert not (found.read & found.changed)
    assert "x" in read or "x" not in found.read


@pytest.mark.parametrize(
    ("text", "asked"),
    [("print(x)", True), ("next(x)", False), ("list(x)", False), ("x", True), ("x.closed", True), ("x.read()", False)],
)
def test_what_does_not_even_move_an_iterator(text, asked):
    assert ("x" in plainly(parse(text)).asked) == asked
