"""Hostile cells, in three real kernels: what comes back is what a plain kernel sends, tracked or not."""

from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlexp.records import RunStatus
from tests.kernel.driver import Kernel
from tests.kernel.hostile_cells import NOTEBOOKS
from tests.kernel.twins import Twins, assert_same


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Starts three kernels."""
    with ExitStack() as stack:

        def make(name):
            root = tmp_path_factory.mktemp("twins")
            folder = root / name / "project"
            folder.mkdir(parents=True)
            (folder / "pyproject.toml").write_text("")
            kernel = Kernel(folder, HOME=str(root), IPYTHONDIR=str(root / "ipython"))
            stack.callback(kernel.close)
            return kernel

        yield lambda: Twins.start(make)


@pytest.fixture(scope="module")
def shared():
    return []


@pytest.fixture
def twins(start, shared):
    """The same three kernels for all tests here: each leaves them usable for the next, or they are started anew."""
    if not shared or shared[-1].stuck:
        shared.append(start())
    return shared[-1]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook(twins, name):
    for cell in NOTEBOOKS[name]:
        body, options = cell if isinstance(cell, tuple) else (cell, {})
        twins.run(body, **options)


ACTIONS = {
    "raises": "raise ValueError('evil')",
    "exits": "raise SystemExit('evil')",
    "interrupts": "raise BaseException('evil')",
    "recurses": "return getattr(self, '{method}')(*words)",
    "prints": "print('{method} was called')\n        return NotImplemented",
    "sleeps": "import time\n        time.sleep(60)",
}
METHODS = (
    "__eq__ __ne__ __repr__ __str__ __len__ __bool__ __getattr__ __getattribute__ __reduce__ __reduce_ex__ __float__ "
    "__int__ __index__ __iter__ __hash__ __call__ __contains__ __array__ __format__ __sizeof__ __getstate__ __dir__ "
    "__dataframe__ __arrow_c_stream__ __copy__ __deepcopy__ __next__ __getitem__ __enter__ item tolist items keys "
    "values get_params score fit predict state_dict"
).split()
PROPERTIES = "__class__ __dict__ __array_interface__ shape dtype columns index size nbytes classes_ history".split()


def evil(action):
    """Return a class whose every method does that."""
    lines = [f"class {action.title()}:"]
    for method in METHODS:
        lines.append(f"    def {method}(self, *words, **named):\n        {ACTIONS[action].format(method=method)}")
    for name in PROPERTIES:
        body = ACTIONS[action].format(method="__len__").replace("(*words)", "()").replace("NotImplemented", "int")
        lines.append(f"    @property\n    def {name}(self):\n        {body}")
    return "\n".join(lines)


class TestHostileObjects:
    @pytest.mark.parametrize("action", ACTIONS)
    def test_whose_methods(self, twins, action):
        name = action.title()
        for cell in (
            evil(action),
            f"e = {name}()\nmany = [e] * 200\nheld = {{'a': e}}\npair = (e, e)\nm = 2.5 * 2",
            "e; many; held; pair; again = e\ndef reads(): return e, many\nm = 3.5 * 2\nm",
            f"class Sub({name}, dict): pass\nsub = Sub()\nclass List({name}, list): pass\nlots = List()\nn = 4",
            "sub; lots; also = sub; m = n * 1.5;",
            "del e, many, held, pair, again, sub, lots, also",
        ):
            twins.run(cell)

    def test_arrays_and_frames(self, twins):
        for cell in (
            "import numpy as np, pandas as pd, time",
            "class F(pd.DataFrame):\n    @property\n    def shape(self): raise SystemExit\n"
            "    @property\n    def columns(self): time.sleep(60)\n    @property\n    def index(self): time.sleep(60)\n"
            "frame = F.__new__(F)\nobject.__setattr__(frame, '_mgr', pd.DataFrame({'a': [1]})._mgr)",
            "class A(np.ndarray):\n    @property\n    def shape(self): raise SystemExit\n    @property\n"
            "    def dtype(self): time.sleep(60)\n    def __array_finalize__(self, other): print('made')\n"
            "    def ravel(self, *words): time.sleep(60)\narray = np.zeros(3).view(A)",
            "frame; array; f = frame; a = array; held = {'a': array}\nm = 1.5 * 2",
            "class Bites:\n    def __eq__(self, other): raise SystemExit\n    def __hash__(self): return 1\n"
            "    def __repr__(self): return 'bites'\n"
            "objects = pd.DataFrame({'o': [1, 2, 3]}).astype(object)\nobjects.iat[0, 0] = Bites()\n"
            "labels = pd.DataFrame([[1.0, 2.0]], columns=pd.Index([Bites(), 'b'], dtype=object))\n"
            "cells = np.empty(2, dtype=object)\ncells[0] = Bites()",
            "objects; labels; cells; o = objects; l = labels; c = cells\nm = 2.5 * 2",
            "objects.attrs['a'] = Bites()\nobjects.attrs['b'] = [objects]\no = objects;",
            "view = np.zeros(10)[::2]\nlocked = np.zeros(3)\nlocked.flags.writeable = False\n"
            "mapped = np.memmap('mapped.bin', dtype='f8', mode='w+', shape=1000)\nv = view",
            "view; locked; mapped; m2 = mapped; total = float(mapped[0] + view.sum())",
            "del frame, array, f, a, held, mapped, m2",
        ):
            twins.run(cell)

    def test_classes_of_classes(self, twins):
        for cell in (
            "class Meta(type):\n    def __eq__(cls, other): raise SystemExit\n    def __hash__(cls): raise SystemExit\n"
            "    def __instancecheck__(cls, other): raise SystemExit\n"
            "    def __subclasscheck__(cls, other): raise SystemExit\n    def __repr__(cls): raise SystemExit\n"
            "    def mro(cls): return (cls, object)\n    @property\n    def __name__(cls): raise SystemExit\n"
            "    @property\n    def __dict__(cls): raise SystemExit\n    @property\n"
            "    def __mro__(cls): raise SystemExit",
            "class Attributes(type):\n    def __getattribute__(cls, name): raise SystemExit(name)\n"
            "C = Attributes('C', (), {})\nno = 1",
            "C; D = C; many = [C] * 200\nm = 1.5 * 2",
            "made = []\nbody = {'__module__': 5, '__qualname__': 'q'}\nOdd = type('Odd', (), body)\nodd = Odd()",
            "odd; Odd; also = odd; many = [odd] * 200; Odd.__module__ = None",
            "odd; Odd; also = odd; many = [odd] * 200;",
            "Half = type('\\ud800', (), {})\nhalf = Half()",
            "half; also = half; many = [half] * 200\nm = 2.5 * 2",
            "import abc\nclass Abstract(abc.ABC):\n    @classmethod\n"
            "    def __subclasshook__(cls, other): raise SystemExit\n"
            "class Real(Abstract): pass\nreal = Real()",
            "real; Real; also = real",
        ):
            twins.run(cell)

    def test_shapes(self, twins):
        for cell in (
            "deep = []\nfor _ in range(100_000): deep = [deep]",
            "deep; d = deep; held = {'a': deep}\nlen(deep)",
            "del deep, d, held",
            "loop = []\nloop.append(loop)\nround_ = {}\nround_['a'] = round_\npair = ([],)\npair[0].append(pair)",
            "loop; round_; pair; l = loop; r = round_; p = pair\nlen(l)",
            "import itertools, socket, threading\nclosed = open('closed.txt', 'w')\nclosed.close()\n"
            "numbers = itertools.count()\n"
            "made = (i for i in range(3))\nlock = threading.Lock()\nheld = lock.acquire()\n"
            "plug = socket.socket()\nit = iter([1, 2])",
            "closed; numbers; made; lock; plug; it; a, b, c, d, e, f = closed, numbers, made, lock, plug, it\n"
            "next(made), next(it), next(numbers)",
            "next(made), next(it), next(numbers)",
            "plug.close()",
            "long = 10 ** 100_000\nwide = range(10 ** 30)\nw = wide",
            "long; wide; l = long; w = wide\nm = 1.5 * 2",
        ):
            twins.run(cell)

    def test_large_ones(self, twins):
        for cell in (
            "import numpy as np, pandas as pd",
            "big = list(range(3_000_000))\nnested = [[i] for i in range(200_000)]",
            "big; nested; n = len(big) * 1.0; also = big; again = nested",
            "del big, nested, also, again\nzeros = np.zeros(5 * 2**30 // 8)  # pages that nobody has touched",
            "zeros; also = zeros; first = float(zeros[0]); part = zeros[:10]",
            "del zeros, also, part",
        ):
            twins.run(cell)


def test_what_takes_too_long_is_not_begun(loaded):
    """It is named, with the reason; other data of the run is kept, and its metrics are known."""
    loaded.names.update(big=list(range(3_000_000)), zeros=np.zeros(5 * 2**30 // 8), small=np.ones(3))
    loaded.ok("%%track\nn = len(big) * 1.0 + float(zeros[0]) + float(small.sum())\nbound = big")
    run = loaded.latest()
    kept = {record.name: record.kept for record in run.record.data}
    assert kept == {"big": False, "small": True, "zeros": False}
    reasons = {record.name: record.reason for record in run.record.data}
    assert "in time" in reasons["big"]
    assert "in time" in reasons["zeros"] or "limit" in reasons["zeros"]
    assert run.metrics == {"n": 3_000_003.0}
    assert any("bound" in note for note in run.record.notes)


ABOVE = ("", "# a comment", "# %% a cell", "%%time", "%%capture", "%%capture out", "%%prun -q")
BELOW = (*ABOVE, "%%timeit -n 1 -r 1", "%%bash")
BODIES = (
    "1 + 1",
    "x = 2\nx;",
    "print('a')\n'b'",
    "1 / 0",
    "x =",
    "%time 3",
    "import asyncio\nawait asyncio.sleep(0)\n4",
    "ls = 5",
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    above=st.lists(st.sampled_from(ABOVE), max_size=3),
    below=st.lists(st.sampled_from(BELOW), max_size=3),
    body=st.sampled_from(BODIES),
)
def test_stacks_above_a_body(twins, above, below, body):
    """`%%track` among other lines above a body: the cell does what it would without that line."""
    tracked = "\n".join([*above, "%%track", *below, body])
    rest = [line for line in below if line and not line.startswith("#")]
    if rest and all(not line or line.startswith("#") for line in above):
        plain = "\n".join([*below, body])
    else:
        plain = "\n".join([*above, "# %%track", *below, body])
    assert_same(twins.seen(twins.plain, plain), twins.seen(twins.tracking, tracked), "tracked", tracked)
    twins.seen(twins.beside, plain)  # the cells keep the same numbers


def reply_to(channel, message):
    """Return the answer to a message."""
    channel.send(message)
    while (reply := channel.get_msg(timeout=20))["parent_header"].get("msg_id") != message["header"]["msg_id"]:
        continue
    return reply


def test_cells_in_a_subshell(kernel, project):
    """They run in a thread of their own while the main shell is in the middle of a tracked cell."""
    client = kernel._client
    known = reply_to(client.shell_channel, client.session.msg("kernel_info_request", {}))["content"]
    if "kernel subshells" not in known.get("supported_features", ()):
        pytest.skip("this kernel has no subshells")
    made = reply_to(client.control_channel, client.session.msg("create_subshell_request", {}))
    kernel.ok("import threading\nbegun, done = threading.Event(), threading.Event()")
    content = {
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }
    outer = client.session.msg("execute_request", {**content, "code": "%%track outer\nbegun.set()\nok = done.wait(15)"})
    client.shell_channel.send(outer)
    for code in ("begun.wait(15)\nbeside = 5", "%%track inner\nbeside * 2", "1 / 0", "done.set()"):
        message = client.session.msg("execute_request", {**content, "code": code})
        message["header"]["subshell_id"] = made["content"]["subshell_id"]
        client.shell_channel.send(message)
    replies = [client.shell_channel.get_msg(timeout=20)["content"] for _ in range(5)]
    assert sorted(reply["status"] for reply in replies) == ["error", "ok", "ok", "ok", "ok"]
    assert kernel.ok("ok, beside").result == "(True, 5)"
    assert project.find("outer").status is RunStatus.FINISHED
    kernel.ok("%%track after\n3")
    assert project.find("after").status is RunStatus.FINISHED


def test_messages_of_widgets(kernel, project):
    client = kernel._client
    kernel.ok(
        "seen = []\ndef opened(comm, message):\n    seen.append(message['content']['data'])\n"
        "    comm.on_msg(seen.append)\n"
        "get_ipython().kernel.comm_manager.register_target('mine', opened)"
    )
    opening = {"comm_id": "c", "target_name": "mine", "data": {"a": 1}}
    client.shell_channel.send(client.session.msg("comm_open", opening))
    client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": "c", "data": {"b": 2}}))
    assert kernel.ok("%%track base\nlen(seen), seen[0]").result == "(2, {'a': 1})"
    assert len(project.runs()) == 1
