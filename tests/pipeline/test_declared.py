"""What was declared to mlexp is plain Python in the script, which needs no mlexp."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.playing import Session

Play = Callable[..., Session]

CASES = {  # the tracked cell, and what of it stands in the script
    "a param": ('x = mlexp.param("lr", 0.5)', "x = args.lr"),
    "by keywords": ('x = mlexp.param(name="lr", default=0.5)', "x = args.lr"),
    "imported": ('from mlexp import param\nx = param("lr", 0.5)', "x = args.lr"),
    "imported as": ('from mlexp import param as p, track as t\nx = p("lr", 0.5)', "x = args.lr"),
    "module as": ('import mlexp as mx\nx = mx.param("lr", 0.5)', "x = args.lr"),
    "in an expression": ('x = 2 * mlexp.param("lr", 0.5) + mlexp.param("n", 1)', "x = 2 * args.lr + args.n"),
    "in a function": ('def f():\n    return mlexp.param("lr", 0.5)\nx = f()', "    return args.lr"),
    "a name that is no flag": ('x = mlexp.param("learning rate", 0.5)', "x = 0.5"),
    "a keyword": ('x = mlexp.param("lambda", 0.5)', "x = 0.5"),
    "a computed default": ('x = mlexp.param("lr", len("ab") / 4)', 'x = (len("ab") / 4)'),
    "a computed name": ('k = "lr"\nx = mlexp.param(k, 0.5)', "x = 0.5"),
    "a flag of ours": ('x = mlexp.param("data", 0.5)', "x = args.data_"),
    "several values": ('x = [mlexp.param("lr", v) for v in (1, 0.5)][1]', "x = [v for v in (1, 0.5)][1]"),
    "a dataset": ('x = mlexp.dataset("d", [0.5])[0]', "x = [0.5][0]"),
    "a dataset alone": ('x = 0.5\nmlexp.dataset("d", x)', '# mlexp.dataset("d", x)'),
    "one in another": ('x = mlexp.dataset("d", mlexp.param("lr", 0.5))', "x = args.lr"),
    "an artifact": ('x = 0.5\nmlexp.artifact([x], "a")', "([x], None)[1]"),
    "an artifact of a name": ('x = 0.5\nmlexp.artifact(x, name="a")', '# mlexp.artifact(x, name="a")'),
    "an artifact in a block": ('x = 0.5\nif x:\n    mlexp.artifact(x, "a")', '    pass  # mlexp.artifact(x, "a")'),
    "an experiment": ('mlexp.experiment("e")\nx = 0.5', '# mlexp.experiment("e")'),
    "within an experiment": ('with mlexp.experiment("e"):\n    x = 0.5', "with contextlib.nullcontext():"),
    "the magic": ("%experiment list\nx = 0.5", "x = args.x"),
    "what mlexp is asked": ("from mlexp import runs\nfound = runs()\nx = 0.5", "# found = runs()"),
}


@pytest.mark.parametrize(("cell", "expected"), CASES.values(), ids=CASES)
def test_a_call_becomes_plain_python(play: Play, cell: str, expected: str) -> None:
    script = play("import mlexp", f"%%track\n{cell}\nm = sum([x, 1.0])").export()
    assert expected in script.cells
    assert script.verdict == "reproduced"
    assert script.start("--check").returncode == 0


def test_flags_are_read(play: Play, tmp_path: Path) -> None:
    script = play(
        "import mlexp",
        "lr = mlexp.param('lr', 0.5)\nscale = 2",
        "%%track\nname = mlexp.param('name', 'a')\nm = sum([lr * scale, len(name)])",
    ).export()
    assert script.verdict == "reproduced"
    done = script.start("--lr", "1.5", "--scale", "4", "--name", "abc", "--metrics", str(tmp_path / "m.json"))
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "m.json").read_text())["metrics"]["m"] == 9.0


def test_a_name_of_the_users_like_one_of_ours(play: Play) -> None:
    session = play(
        "import mlexp", "args = 3\ncontextlib = 4", "%%track\nx = mlexp.param('lr', 0.5)\nm = sum([x, args])"
    )
    script = session.export()
    assert script.verdict == "reproduced"
    assert "args_.lr" in script.cells
