"""Awaiting at a notebook's top level."""

from collections.abc import Callable

import pytest

from tests.pipeline.playing import Session

Play = Callable[..., Session]
GIVE = "import asyncio\nasync def give(x):\n    await asyncio.sleep(0)\n    return x"

SESSIONS = {
    "in a loop": ["total = 0\nfor i in range(3):\n    total += await give(i)", "%%track\ny = 1.0 * total + i"],
    "with an annotation": ["v: int = await give(3)\nw: str\ndel give", "%%track\ny = 1.0 * v"],
    "around import *": ["a = await give(3)\nfrom math import *\nb = await give(sqrt(4))", "%%track\ny = 1.0 * a + b"],
    "a task of an earlier cell": [
        "out = []\nasync def work():\n    for i in range(3):\n        out.append(i); await asyncio.sleep(0.01)",
        "task = asyncio.create_task(work())",
        "await task",
        "%%track\ny = 1.0 * len(out)",
    ],
    "a result": ["await give(4)", "%%track\ny = _ * 2.5"],
    "gathered": ["r = await asyncio.gather(*(give(i) for i in range(4)))", "%%track\ny = 1.0 * sum(r)"],
    "among definitions": [
        "q = await give(1)\nclass A:\n    v = 3\ndef h(): return A.v\nimport math as m\nq += await give(2)",
        "%%track\ny = 1.0 * q + h() + m.pi",
    ],
    "and deletes": ["a = await give(1)\nb = a\ndel a\nc = await give(b)", "%%track\ny = 1.0 * b + c"],
    "in a comprehension": ["q = [await give(i) for i in range(3)]", "%%track\ny = 1.0 * sum(q)"],
    "with": [
        "class Open:\n    async def __aenter__(self): return 4\n    async def __aexit__(self, *a): pass",
        "async with Open() as n:\n    k = n + 1",
        "%%track\ny = 1.0 * n + k",
    ],
    "in the tracked cell": ["%%track\nv = await give(4)\ny = v * 2.5"],
}


@pytest.mark.parametrize("name", SESSIONS)
def test_awaiting_statements_move_into_a_coroutine(play: Play, name: str) -> None:
    script = play(GIVE, *SESSIONS[name], kernel=True).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.start("--check").returncode == 0
