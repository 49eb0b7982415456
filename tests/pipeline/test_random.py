"""Random numbers in a script: a state is restored exactly where the sections would not lead to it."""

from collections.abc import Callable

import pytest

from tests.pipeline.playing import Session

Play = Callable[..., Session]
NP = "import numpy as np"
SPENT = "%timeit -n1 -r1 np.random.rand()"
"""Draws, and is nothing that a script holds."""

REPRODUCED: dict[str, tuple[list[str], list[str]]] = {
    # name: (cells, the states that are restored)
    "seeded": ([NP, "np.random.seed(1)\na = np.random.rand()", "%%track\ny = a + np.random.rand()"], []),
    "unseeded": ([NP, "%%track\ny = np.random.rand()"], ["rng-3-numpy.json"]),
    "spent elsewhere after the seed": (
        [NP, "np.random.seed(1)", SPENT, "%%track\ny = np.random.rand()"],
        ["rng-5-numpy.json"],
    ),
    "seeds first": ([NP, SPENT, "%%track\nx = [1]\nnp.random.seed(3)\ny = np.random.rand() + x[0]"], []),
    "draws and then seeds": (
        [NP, SPENT, "%%track\na = np.random.rand()\nnp.random.seed(3)\ny = np.random.rand() + a"],
        ["rng-4-numpy.json"],
    ),
    "seeds in a function": (
        [
            NP,
            "import random\ndef fix(s):\n    random.seed(s)\n    np.random.seed(s)",
            SPENT,
            "fix(3)",
            "%%track\ny = np.random.rand() + random.random()",
        ],
        [],
    ),
    "seeds in a function of a function": (
        [NP, "def fix(s): np.random.seed(s)\ndef start(): fix(4)", SPENT, "%%track\nstart()\ny = np.random.rand()"],
        [],
    ),
    "draws in a function before it seeds": (
        [
            NP,
            "def draw(): return np.random.rand()",
            SPENT,
            "%%track\na = draw()\nnp.random.seed(4)\ny = np.random.rand() + a",
        ],
        ["rng-5-numpy.json"],
    ),
    "an object's seed is not the library's": (
        [NP, "import random\nmine = random.Random(1)", "%%track\nmine.seed(3)\ny = mine.random() + random.random()"],
        ["rng-4-random.json"],
    ),
    "another import of the same": (
        [
            "import numpy.random as npr\nfrom random import seed, random",
            "seed(2)\nnpr.seed(2)",
            "%%track\ny = npr.rand() + random()",
        ],
        [],
    ),
    "a generator with a seed": ([NP, "rng = np.random.default_rng(0)", "%%track\ny = rng.random()"], []),
    "a generator with a long seed": (
        [NP, "rng = np.random.default_rng(0x1234_5678_9ABC_DEF0_1234_5678)", "%%track\ny = rng.random()"],
        [],
    ),
    "a generator made and used at once": ([NP, "%%track\nrng = np.random.default_rng()\ny = rng.random()"], []),
    "a generator without a seed": ([NP, "rng = np.random.default_rng()", "%%track\ny = rng.random()"], []),
    "a generator spent elsewhere": (
        [NP, "rng = np.random.default_rng(0)", "%timeit -n1 -r1 rng.random()", "%%track\ny = rng.random()"],
        ["rng-5-rng.json"],
    ),
    "several at once": (
        [NP, "rngs = [np.random.default_rng() for _ in range(2)]", "%%track\ny = rngs[0].random() + rngs[1].random()"],
        ["rng-3-rngs-0.json", "rng-3-rngs-1.json"],
    ),
    "filled in a loop": (
        [
            NP,
            "rngs = {}\nfor key in 'ab':\n    rngs[key] = np.random.default_rng()",
            "%%track\ny = rngs['a'].random() + rngs['b'].random()",
        ],
        ["rng-3-rngs-a.json", "rng-3-rngs-b.json"],
    ),
    "put into an object of an earlier cell": (
        [
            NP,
            "class Model: pass\nmodel = Model()\nmodel.rng = np.random.default_rng(1)",
            "model.rng = np.random.RandomState()",
            "%%track\ny = model.rng.rand()",
        ],
        ["rng-4-model.rng.json"],
    ),
    "seeded where much else is done": (
        [NP, "np.random.seed(1)\nother = sorted(np.random.rand(9))", "%%track\ny = np.random.rand()"],
        ["rng-4-numpy.json"],
    ),
    "children of one seed": (
        [
            NP,
            "seeds = np.random.SeedSequence()",
            "rngs = [np.random.default_rng(s) for s in seeds.spawn(2)]",
            "%%track\ny = rngs[0].random() + rngs[1].random()",
        ],
        [],
    ),
    "a legacy object without a seed": (
        [NP, "rs = np.random.RandomState()\na = rs.rand()", "%%track\ny = rs.rand() + a"],
        ["rng-3-rs.json"],
    ),
    "a legacy object with a seed": ([NP, "rs = np.random.RandomState(5)", "%%track\ny = rs.rand()"], []),
    "Python's own without a seed": (
        ["import random\nr = random.Random()", "%%track\ny = r.random()"],
        ["rng-2-r.json"],
    ),
    "Python's own with a seed": (["import random\nr = random.Random(3)", "%%track\ny = r.random()"], []),
    "in an attribute": (
        [
            NP,
            "class Model:\n    def __init__(self):\n        self.rng = np.random.default_rng()",
            "model = Model()",
            "%%track\ny = model.rng.random()",
        ],
        ["rng-4-model.rng.json"],
    ),
    "in a closure, spent elsewhere": (
        [
            NP,
            "def made():\n    inner = np.random.default_rng(2)\n    return lambda: inner.random()\ndraw = made()",
            "%timeit -n1 -r1 draw()",
            "%%track\ny = draw()",
        ],
        ["rng-5-draw.__closure__-0-.cell_contents.json"],
    ),
    "through a function's global, spent elsewhere": (
        [
            NP,
            "rng = np.random.default_rng(2)\ndef draw(): return rng.random()",
            "%timeit -n1 -r1 draw()",
            "%%track\ny = draw()",
        ],
        ["rng-5-rng.json"],
    ),
    "a default argument": (
        [NP, "def draw(rng=np.random.default_rng()): return rng.random()", "%%track\ny = draw()"],
        ["rng-3-draw.__defaults__-0.json"],
    ),
    "two names of one": (
        [NP, "a = np.random.default_rng(1)\nb = a", "x = b.random()", "%%track\ny = a.random() + x"],
        [],
    ),
    "a bound method": (
        [NP, "draw = np.random.default_rng(1).random", "%timeit -n1 -r1 draw()", "%%track\ny = draw()"],
        ["rng-5-draw.__self__.json"],
    ),
    "bit generators": (
        [
            NP,
            "bits = np.random.Philox(1), np.random.SFC64(3), np.random.MT19937(2)\n",
            "gens = [np.random.Generator(b) for b in bits]",
            "%timeit -n1 -r1 [g.random() for g in gens]",
            "%%track\ny = sum(float(g.random()) for g in gens)",
        ],
        ["rng-6-bits-0.json", "rng-6-bits-1.json", "rng-6-bits-2.json"],
    ),
    "made anew": (
        [
            NP,
            "rng = np.random.default_rng(1)",
            "a = rng.random()",
            "rng = np.random.default_rng(1)",
            "%%track\ny = rng.random() + a",
        ],
        [],
    ),
    "seeded from another": (
        [NP, "rng = np.random.default_rng(np.random.randint(10**6))", "%%track\ny = rng.random()"],
        ["rng-3-numpy.json"],
    ),
    "seeded by the clock": (
        [
            NP + "\nimport time",
            "rng = np.random.default_rng(int(time.time()))\na = rng.random()",
            "%%track\ny = rng.random() + a",
        ],
        ["rng-3-rng.json"],
    ),
    "seeded by the clock, globally": (
        [NP + "\nimport time", "np.random.seed(int(time.time()))", "%%track\ny = np.random.rand()"],
        ["rng-4-numpy.json"],
    ),
    "a library draws": (
        [
            NP + "\nfrom sklearn.model_selection import train_test_split",
            "train, test = train_test_split(np.arange(50.0))",
            "%%track\ny = float(test.sum())",
        ],
        ["rng-3-numpy.json"],
    ),
    "on a line with others": (
        [NP, "a = 1; rng = np.random.RandomState(); b = 2  # three", "%%track\ny = rng.rand() + a + b"],
        ["rng-3-rng.json"],
    ),
    "a cell that raised": (
        [NP, "rng = np.random.default_rng()\na = rng.random()\n1 / 0", "%%track\ny = rng.random() + a"],
        [],
    ),
}


@pytest.mark.parametrize("name", REPRODUCED)
def test_a_state_is_restored_where_it_must_be(play: Play, name: str) -> None:
    cells, states = REPRODUCED[name]
    script = play(*cells).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.bundled == states, script.cells
    assert script.start("--check").returncode == 0


def test_the_entropy_of_the_run_stands_in_the_script(play: Play) -> None:
    script = play("import numpy as np\nrng = np.random.default_rng()  # new", "%%track\ny = rng.random()").export()
    assert "rng = np.random.default_rng(" in script.cells
    assert ")  # new\n" in script.cells
    assert "default_rng()" not in script.cells


def test_a_state_does_not_undo_another_seed(play: Play) -> None:
    script = play(
        "import numpy as np\nseed = 1\nnp.random.seed(seed)",
        "%timeit -n1 -r1 np.random.rand()",
        "%%track\ny = np.random.rand() * len(str(seed))",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert 'restore_state("rng-4-numpy.json", "numpy", "seed")' in script.cells
    assert "restored" not in script.start("--check").stderr
    other = script.start("--check", "--seed", "5")
    assert other.returncode == 1
    assert "rng-4-numpy.json is not restored, as another seed is asked for" in other.stderr


def test_a_generator_of_a_module(play: Play) -> None:
    script = play(
        "%%writefile draws.py\nimport numpy as np\nrng = np.random.default_rng()\ndef draw(): return rng.random()",
        "import draws",
        "%%track\ny = draws.draw()",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)


def test_a_kernel_draws_between_two_cells(play: Play) -> None:
    script = play(
        "import random\nrandom.seed(1)\na = random.random()",
        "%%track\ny = random.random() + a",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
