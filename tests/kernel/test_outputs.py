"""What a tracked cell puts out: all of its text in order, late text, rich output, figures; nobody's view disturbed."""

import base64
import re
import subprocess
import sys
import time

import pytest

from mlexp.capture.heard import BoundedText, is_text
from mlexp.project import Project
from mlexp.records import OutputKind, RunStatus
from tests.kernel.conftest import until

MB = 2**20

TEXTS = {
    "prints": ("print('a', end='')\nprint('b')\nprint('c')", "ab\nc\n", ""),
    "both streams": ("import sys\nprint('out')\nprint('err', file=sys.stderr)", "out\n", "err\n"),
    "logging": ("import logging\nlogging.getLogger('mine').warning('careful')", "", "careful\n"),
    "warnings": ("import warnings\nwarnings.warn('old way', stacklevel=1)", "", re.compile("UserWarning: old way\n")),
    "system": ("!echo bang", "bang\r\n", ""),  # as it comes from a terminal
    "bash": ("%%bash\necho one\necho two >&2", "one\n", "two\n"),
    "descriptors": ("import os\nos.write(1, b'one\\n')\nos.write(2, b'two\\n')\nNone", "one\n", "two\n"),
    "a child": ("import subprocess\nsubprocess.run(['echo', 'child'])\nNone", "child\n", ""),
    "a thread": ("import threading\nt = threading.Thread(target=print, args=('x',))\nt.start()\nt.join()", "x\n", ""),
    "a task": ("import asyncio\nasync def f():\n    print('task')\nawait asyncio.create_task(f())", "task\n", ""),
    "a forked child": (
        "import os\nif not (pid := os.fork()):\n    print('forked', flush=True)\n    os._exit(0)\n"
        "_ = os.waitpid(pid, 0)",
        "forked\n",
        re.compile(""),  # Python 3.12 and later warn
    ),
    "carriage returns": ("for i in range(3): print(f'\\r{i}/3', end='', flush=True)", "\r0/3\r1/3\r2/3", ""),
    "a name that is no UTF-8": ("import os\nprint(os.fsdecode(b'a\\xffb'))", "a\\udcffb\n", ""),
    "replaced for a while": (
        "import contextlib, io\nprint('1')\nwith contextlib.redirect_stdout(io.StringIO()): print('2')\nprint('3')",
        "1\n3\n",
        "",
    ),
    "an error": ("print('before')\n1 / 0", "before\n", ""),
    "nothing": ("x = 1", "", ""),
}


def test_text_is_kept_as_it_came(kernel, project):
    for name, (code, out, err) in TEXTS.items():
        body = f"%%track\n{code}"
        answer = kernel.run(body, stop_on_error=False)
        run = project.runs()[0]
        assert run.stdout == out, name
        assert answer.stdout == out.replace("\\udcff", "\N{REPLACEMENT CHARACTER}"), name
        assert re.fullmatch(err, run.stderr) if isinstance(err, str) else err.search(run.stderr), name
        assert run.stderr == answer.stderr, name
        assert not run.record.notes, name
        assert not run.late_outputs, name


def test_streams_of_the_users_own(kernel, project):
    kernel.ok("import io, sys\nkept = sys.stdout\nmine = io.StringIO()\nsys.stdout = mine")
    kernel.ok("%%track\nprint('to mine')\nprint('through', file=kept, flush=True)\nprint('err', file=sys.stderr)")
    assert (project.find("r1").stdout, project.find("r1").stderr) == ("through\n", "err\n")
    assert kernel.ok("sys.stdout = kept\nmine.getvalue()").result == "'to mine\\n'"
    broken = (
        "class Broken:\n    def write(self, text): raise OSError('no')\n    def flush(self): pass\n"
        "sys.stdout = Broken()"
    )
    kernel.ok(broken)
    assert kernel.run("%%track\nprint('lost')").error == "OSError"
    assert project.find("r2").status is RunStatus.FAILED
    kernel.ok("sys.stdout = kept")
    kernel.ok("%%track\nprint('again')")
    assert project.find("r3").stdout == "again\n"


LATE = {
    "a thread": "import threading\nthreading.Timer(0.7, lambda: print('late', flush=True)).start()",
    "a task": (
        "import asyncio\nasync def f():\n    await asyncio.sleep(0.7)\n    print('late')\n"
        "task = asyncio.create_task(f())"
    ),
    "a child": "import subprocess\nchild = subprocess.Popen('sleep 0.7; echo late', shell=True)",
    "stderr": "import sys, threading\nthreading.Timer(0.7, lambda: print('late', file=sys.stderr)).start()",
}

HALF_A_LINE = "%%track\nimport threading\nthreading.Timer(0.3, lambda: print('half', end='', flush=True)).start()"


class TestLate:
    @pytest.mark.parametrize("name", LATE)
    def test_it_is_filed_with_its_run(self, kernel, project, name):
        kernel.ok(f"%%track\nimport time\nprint('first')\n{LATE[name]}")
        run = project.find("r1")
        assert run.stdout == "first\n"
        assert run.status is RunStatus.FINISHED
        stream = "stderr" if name == "stderr" else "stdout"
        first = "" if name == "stderr" else "first\n"
        assert until(lambda: run.late_outputs and getattr(run, stream)) == f"{first}late\n"
        assert project.find("r1").record == run.record

    def test_the_end_of_a_line_is_waited_for_until_the_next_run(self, kernel, project):
        kernel.ok(HALF_A_LINE)
        time.sleep(1.5)
        assert not project.find("r1").late_outputs
        kernel.ok("%%track\nprint('mine')")
        assert project.find("r1").stdout == "half"
        assert project.find("r2").stdout == "mine\n"

    def test_it_is_filed_at_the_sessions_end(self, kernel, project):
        kernel.ok(HALF_A_LINE)
        time.sleep(0.8)
        kernel.ok("%unload_ext mlexp")
        assert project.find("r1").stdout == "half"

    def test_a_later_cells_text_is_its_own(self, kernel, project):
        kernel.ok("%%track\nprint('mine')")
        kernel.ok("print('another')")
        kernel.ok("import mlexp")
        time.sleep(1)
        assert project.find("r1").stdout == "mine\n"

    def test_what_the_outer_cell_prints_is_not_late_text_of_an_inner_run(self, kernel, project):
        kernel.ok("get_ipython().run_cell('%%track inner\\nprint(1)')\nprint(2)")
        kernel.ok("print(3)")
        time.sleep(1)
        assert project.find("inner").stdout == "1\n"


def test_a_block_in_the_middle_of_a_cell_has_its_own_text(kernel, project):
    kernel.ok(
        "import mlexp\nprint('before')\nwith mlexp.track('block'):\n    print('inside')\n    display(5)\n"
        "print('after', flush=True)"
    )
    time.sleep(1)
    run = project.find("block")
    assert (run.stdout, forms(run)) == ("inside\n", [{"text/plain": "5"}])


def test_what_a_killed_run_had_printed_is_kept(kernel, folder):
    kernel.run(
        "%%track\nimport sys, time\nprint('bad', file=sys.stderr)\nfor n in range(100):\n"
        "    print('step', n, flush=True)\n    time.sleep(0.1)",
        kill_at="step 30",
    )
    opened = Project.open(folder)
    run = opened.find("r1")
    assert run.status is RunStatus.KILLED
    assert run.stdout.startswith("step 0\nstep 1\n")
    assert "step 15" in run.stdout
    assert run.stderr == "bad\n"
    assert not list((opened.folder / "logs").iterdir())
    opened.close()


def test_nothing_is_left_of_what_was_written_meanwhile(kernel, project):
    kernel.ok("%%track\nimport time\nprint('one', flush=True)\ntime.sleep(1.2)\nprint('two')")
    assert project.find("r1").stdout == "one\ntwo\n"
    assert not [file.name for file in (project.folder / "logs").iterdir() if "std" in file.name]


class TestMuch:
    @pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 150, 151, 1000, 100_000])
    @pytest.mark.parametrize("step", [1, 7, 99, 250])
    def test_no_more_is_held_than_the_limit_and_half(self, size, step):
        whole = "".join(chr(97 + i % 26) if i % 17 else "\n" for i in range(size))
        kept = BoundedText(100)
        for start in range(0, size, step):
            kept.add(whole[start : start + step])
            assert len(kept._head) + len(kept._tail) <= 150
        text = kept.text(lambda text: text)
        assert kept.size_bytes == size
        if size <= 100:
            assert text == whole
        else:
            head, line, tail = re.fullmatch(r"(?s)(.*)\n\[… (.+) left out …\]\n(.*)", text).groups()
            assert whole.startswith(head)
            assert head.endswith("\n")
            assert whole.endswith(tail)
            assert whole[-len(tail) - 1] == "\n"
            n_left_out, n = (int(n.replace(",", "")) for n in re.findall(r"[\d,]+", line))
            assert (n, n_left_out) == (size, size - len(head) - len(tail))
            assert 100 - 2 * 17 <= len(head) + len(tail) <= 100

    def test_no_secret_stands_at_the_cut_in_two_parts(self):
        kept = BoundedText(100)
        for _ in range(50):
            kept.add("password")
        assert "password" not in kept.text(lambda text: text.replace("password", "***"))
        assert "passw" not in kept.text(lambda text: text.replace("password", "***"))

    def test_a_long_text_is_kept_with_head_tail_and_size(self, kernels, project):
        kernel = kernels(MLEXP_MAX_OUTPUT_MB="1")
        kernel.load()
        kernel.ok("%%track\nfor i in range(400_000): print(i)", limit_s=60)
        run = project.find("r1")
        size = sum(len(f"{i}\n") for i in range(400_000))
        assert run.stdout.startswith("0\n1\n2\n")
        assert run.stdout.endswith("\n399998\n399999\n")
        assert f" of {size:,} left out" in run.stdout
        assert MB - 50 < len(run.stdout) < MB + 100
        assert f"stdout: {size:,} bytes" in run.record.notes[0]

    def test_a_large_image_is_kept_by_its_size(self, kernels, project):
        kernel = kernels(MLEXP_MAX_OUTPUT_MB="1")
        kernel.load()
        kernel.ok(
            "%%track\nfrom IPython.display import display\n"
            "display({'text/plain': 'big', 'image/png': bytes(2**21)}, raw=True)"
        )
        (output,) = project.find("r1").outputs
        assert output["text/plain"] == "big"
        with pytest.raises(LookupError, match="2,097,15"):
            output["image/png"]


def forms(run):
    return [{mime: output[mime] for mime in output} for output in run.outputs]


class TestRichOutput:
    def test_displays_and_results(self, kernel, project):
        kernel.ok(
            "%%track\nfrom IPython.display import HTML, JSON, display\nimport threading\n"
            "display(HTML('<b>1</b>'), 'two')\n"
            "display({'image/png': b'\\x89PNG', 'application/json': {'a': [1, None]}}, raw=True)\n"
            "t = threading.Thread(target=display, args=(HTML('<i>3</i>'),))\nt.start()\nt.join()\n{'r': 4}"
        )
        run = project.find("r1")
        assert [{k: v for k, v in form.items() if "object" not in v} if "text/html" in form else form
                for form in forms(run)] == [
            {"text/html": "<b>1</b>"},
            {"text/plain": "'two'"},
            {"image/png": b"\x89PNG", "application/json": '{"a": [1, null]}'},
            {"text/html": "<i>3</i>"},
            {"text/plain": "{'r': 4}"},
        ]  # fmt: skip
        assert [output.kind for output in run.outputs] == [*[OutputKind.DISPLAY] * 4, OutputKind.RESULT]

    def test_an_update_takes_the_place_of_what_it_updates(self, kernel, project):
        kernel.ok("from IPython.display import display\nold = display('of an earlier cell', display_id='old')")
        kernel.ok(
            "%%track\nh = display(1, display_id='a')\ndisplay(2)\nfor n in range(50): h.update(n)\n"
            "from IPython.display import update_display\nfor n in range(3): update_display(n, display_id='old')"
        )
        assert forms(project.find("r1")) == [{"text/plain": "49"}, {"text/plain": "2"}, {"text/plain": "2"}]

    def test_what_is_cleared_is_not_kept_and_said(self, kernel, project):
        kernel.ok(
            "%%track\nfrom IPython.display import clear_output, display\nfor n in range(4):\n"
            "    clear_output(wait=True)\n    print(n)\n    display(n)"
        )
        run = project.find("r1")
        assert forms(run) == [{"text/plain": "3"}]
        assert run.stdout == "0\n1\n2\n3\n"
        assert "3 outputs that the cell took away again" in run.record.notes[0]
        kernel.ok("%%track\ndisplay(1)\nclear_output()")
        assert forms(project.find("r2")) == []

    def test_of_very_many_the_first_are_kept(self, kernel, project):
        kernel.ok("%%track\nfor n in range(1005): display(n)", limit_s=60)
        assert [form["text/plain"] for form in forms(project.find("r1"))] == [str(n) for n in range(1000)]
        assert "5 outputs after the first 1000" in project.find("r1").record.notes[0]

    def test_of_a_widget_its_text_is_kept(self, kernel, project):
        kernel.ok(
            "%%track\nfrom IPython.display import display\nview = {'model_id': 'm', 'version_major': 2}\n"
            "display({'text/plain': 'IntSlider(value=3)', 'application/vnd.jupyter.widget-view+json': view}, raw=True)"
        )
        assert forms(project.find("r1")) == [{"text/plain": "IntSlider(value=3)"}]

    def test_no_object_of_the_user_is_held(self, kernel):
        answer = kernel.ok(
            "%%track\nimport gc, weakref\nclass C(dict): pass\nc = C()\nref = weakref.ref(c)\n"
            "display({'text/plain': 'c', 'application/json': c}, raw=True)\ndel c\ngc.collect()\nprint(ref() is None)"
        )
        assert answer.stdout == "True\n"

    def test_captured_output_is_the_users(self, kernel, project):
        kernel.ok("%%track\n%%capture out\nprint('in')\ndisplay('in')")
        run = project.find("r1")
        assert (run.stdout, list(run.outputs)) == ("", [])
        assert kernel.ok("out.stdout, len(out.outputs)").result == "('in\\n', 1)"

    def test_html_is_never_shown_again(self, kernel, project):
        kernel.ok("%%track\nfrom IPython.display import HTML\nHTML('<script>alert(1)</script>')")
        (output,) = project.find("r1").outputs
        assert "script" in output["text/html"]
        assert set(output._repr_mimebundle_()) == {"text/plain"}
        answer = kernel.ok("import mlexp\nmlexp.run('r1').outputs[0]")
        assert "text/html" not in answer.outputs[0][1]["data"]

    def test_a_runs_error_can_be_read(self, kernel, project):
        kernel.run("%%track\n1 / 0")
        assert project.find("r1").error.type == "ZeroDivisionError"
        assert "1 / 0" in project.find("r1").error.traceback


def test_no_secret_reaches_the_disk(kernels, project):
    """It is printed in pieces and in the middle of a run, late, in HTML, in a figure, in an error."""
    secret = "zq7Rk2vXw9LmT4"
    kernel = kernels(SERVICE_PASSWORD=secret)
    kernel.load()
    kernel.ok(f"import os, sys, threading, time\n{PLT}")
    kernel.run(
        "%%track\np = os.environ['SERVICE_PASSWORD']\nfor c in p: print(c, end='', flush=True)\ntime.sleep(1)\n"
        "print(p, file=sys.stderr)\nfrom IPython.display import HTML\ndisplay(HTML(f'<b>{p}</b>'))\nplt.title(p)\n"
        "display({'application/json': {'key': p}}, raw=True)\ndisplay(p)\nplt.show()\n"
        "def late():\n    time.sleep(0.5)\n    for c in p: print(c, end='', flush=True)\n    print(' late')\n"
        "threading.Thread(target=late).start()\nraise ValueError(p)"
    )
    until(lambda: project.find("r1").stdout.endswith(" late\n"))
    kernel.ok("%unload_ext mlexp")
    assert len(project.find("r1").outputs) == 4
    for file in (path for path in project.folder.rglob("*") if path.is_file()):
        assert secret.encode() not in file.read_bytes(), file


PLT = "%matplotlib inline\nimport gc, weakref\nimport matplotlib.pyplot as plt"
SHOWING = {
    "shown": "plt.plot([1, 2])\nplt.show()",
    "left open": "plt.plot([1, 2])\nNone",
    "a result": "fig = plt.figure()\nplt.plot([1, 2])\nplt.close()\nfig",
    "displayed": "fig, ax = plt.subplots()\nax.plot([1, 2])\nplt.close()\ndisplay(fig)",
    "never of pyplot": "from matplotlib.figure import Figure\nf = Figure()\nf.subplots().plot([1, 2])\nf",
    "constrained, with functions": (
        "fig, ax = plt.subplots(1, 2, layout='constrained')\nax[0].xaxis.set_major_formatter(lambda x, _: f'{x} %')\n"
        "fig.colorbar(ax[1].imshow([[1, 2], [3, 4]]))\nplt.show()"
    ),
}


class TestFigures:
    @pytest.mark.parametrize("name", SHOWING)
    def test_are_kept_as_shown_and_as_drawing(self, kernel, project, name):
        kernel.ok(PLT)
        untracked = kernel.ok(SHOWING[name])
        tracked = kernel.ok(f"%%track\n{SHOWING[name]}")
        kernel.ok(f"%%track\n{SHOWING[name]}")
        shown = [content["data"] for _, content in untracked.outputs]
        assert [content["data"] for _, content in tracked.outputs[:-1]] == shown  # but the card
        assert "image/svg+xml" not in shown[-1]
        first, second = (project.find(ref).figures for ref in ("r1", "r2"))
        assert len(first) == len(shown) == 1
        assert first[0].png == base64.b64decode(shown[0]["image/png"])
        assert first[0].svg.startswith("<?xml")
        assert "</svg>" in first[0].svg
        assert first[0].svg == second[0].svg
        assert not project.find("r1").record.notes

    def test_the_missing_form_is_drawn_where_the_drawing_is_what_is_shown(self, kernel, project):
        kernel.ok(PLT + "\n%config InlineBackend.figure_formats = ['svg']")
        answer = kernel.ok("%%track\nplt.plot([1, 2])\nplt.show()")
        (figure,) = project.find("r1").figures
        assert figure.png.startswith(b"\x89PNG")
        assert figure.svg == answer.outputs[0][1]["data"]["image/svg+xml"]

    def test_drawing_leaves_no_trace(self, kernel):
        kernel.ok(PLT + "\nimport random, warnings, numpy as np, matplotlib as mpl")
        body = (
            "fig, ax = plt.subplots(1, 2, layout='constrained')\nax[0].scatter([1, 2], [3, 4])\n"
            "n = []\nfig.canvas.mpl_connect('draw_event', lambda event: n.append(1))\n"
            "random.seed(1)\nnp.random.seed(1)\nrc = dict(mpl.rcParams)\nnumbers = plt.get_fignums()\n"
            "display(fig)\n"
            "found = len(n), [a.get_position().bounds for a in ax], random.random(), np.random.rand(), fig.dpi, "
            "rc == dict(mpl.rcParams), numbers == plt.get_fignums(), plt.gcf() is fig, warnings.showwarning\n"
            "plt.close()\nprint(found)"
        )
        untracked = kernel.ok(body)
        assert kernel.ok(f"%%track\n{body}").stdout == untracked.stdout

    def test_no_figure_is_held(self, kernel):
        kernel.ok(PLT)
        body = (
            "from matplotlib.figure import Figure\nfig = Figure()\nfig.subplots().plot([1, 2])\ndisplay(fig)\n"
            "ref = weakref.ref(fig)\ndel fig\ngc.collect()\nprint(ref() is None)"
        )
        assert kernel.ok(f"%%track\n{body}").stdout == kernel.ok(body).stdout == "True\n"

    def test_a_warning_is_shown_once(self, kernel):
        kernel.ok(PLT + "\nimport warnings\nwarnings.simplefilter('always')")
        body = "plt.plot([1, 2])\nplt.title('\\u5b66')\nplt.show()\nwarnings.warn('mine')"
        untracked = kernel.ok(body)
        assert "missing from font" in untracked.stderr
        tracked = kernel.ok(f"%%track\n{body}")
        assert len(tracked.stderr.splitlines()) == len(untracked.stderr.splitlines())

    def test_many_marks_are_not_drawn_one_by_one(self, kernel, project):
        kernel.ok(PLT + "\nimport numpy as np")
        kernel.ok("%%track\nplt.scatter(*np.random.rand(2, 200_000), s=1)\nplt.show()")
        (figure,) = project.find("r1").figures
        assert figure.png.startswith(b"\x89PNG")
        assert figure.svg is None
        assert "the SVG of 1 figures" in project.find("r1").record.notes[0]

    def test_a_figure_that_cannot_be_copied_is_kept_as_shown(self, kernel, project):
        kernel.ok(PLT)
        answer = kernel.ok(
            "%%track\nclass Odd:\n    def __deepcopy__(self, memo): raise SystemExit(3)\n"
            "line, = plt.plot([1, 2])\nline.odd = Odd()\nplt.show()\nprint('after')"
        )
        assert answer.stdout == "after\n"
        assert not answer.stderr
        (figure,) = project.find("r1").figures
        assert (figure.png[:4], figure.svg) == (b"\x89PNG", None)
        assert "the SVG of 1 figures, which cannot be copied or drawn twice" in project.find("r1").record.notes[0]

    def test_what_the_users_code_draws_is_drawn_once(self, kernel, project):
        kernel.ok(PLT + "\nn = []")
        cell = (
            "class Counts(plt.Line2D):\n    def draw(self, renderer):\n        n.append(1)\n"
            "        return super().draw(renderer)\n"
            "fig, ax = plt.subplots()\nax.add_line(Counts([0, 1], [0, 1]))\nplt.show()"
        )
        kernel.ok(cell)
        plain = kernel.ok("len(n)").result
        kernel.ok("n.clear()")
        kernel.ok(f"%%track\n{cell}")
        assert kernel.ok("len(n)").result == plain
        (figure,) = project.find("r1").figures
        assert (figure.png[:4], figure.svg) == (b"\x89PNG", None)

    def test_drawing_moves_no_generator_and_logs_nothing(self, kernel):
        kernel.ok(PLT + "\nimport random, numpy as np\nfrom matplotlib.ticker import FuncFormatter")
        cell = (
            "random.seed(1); np.random.seed(1)\nfig, ax = plt.subplots()\nax.plot([1, 2])\n"
            "ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f'{random.random()} {np.random.rand()}'))\n"
            "ax.set_title('t', family='No Such Font')\nplt.show()"
        )
        plain = kernel.ok(cell)
        drawn = kernel.ok("random.random(), np.random.rand()").result
        tracked = kernel.ok(f"%%track\n{cell}")
        assert kernel.ok("random.random(), np.random.rand()").result == drawn
        assert "No Such Font" in plain.stderr
        assert tracked.stderr == plain.stderr

    def test_a_figure_that_was_not_shown_is_none(self, kernel, project):
        kernel.ok(PLT)
        kernel.ok("%%track\nfig = plt.figure()\nplt.plot([1, 2])\nfig.savefig('a.png')\nplt.close()")
        assert project.find("r1").figures == ()
        assert not project.find("r1").record.notes

    def test_the_cell_is_not_charged_for_our_drawing(self, kernel, project):
        kernel.ok(PLT)
        cell = "import time\nt = time.perf_counter()\nfor _ in range(5):\n    plt.plot([1, 2])\n    plt.show()"
        kernel.ok(f"%%track\n{cell}")
        took = float(kernel.ok("time.perf_counter() - t").result)
        assert project.find("r1").elapsed_s < took


LOOK = (
    "ip = get_ipython()\ndef look():\n    formatter = ip.display_formatter.mimebundle_formatter\n"
    "    return (vars(ip.kernel.iopub_thread).get('send_multipart'), dict(formatter.deferred_printers),\n"
    "            dict(formatter.type_printers), ip.display_pub._hooks, ip.kernel.session.send,\n"
    "            [vars(owner).keys() & {'publish', 'write', 'clear_output', 'write_format_data', '_showtraceback'}\n"
    "             for owner in (sys.stdout, sys.stderr, ip.display_pub, ip.displayhook, ip)])\n"
)


@pytest.mark.parametrize("body", ["1", "1 / 0", "import matplotlib.pyplot as plt\nplt.plot([1])", "%unload_ext mlexp"])
def test_nothing_of_ours_stays(kernels, body):
    kernel = kernels()
    kernel.ok(f"import sys\n%matplotlib inline\n{LOOK}\nbefore = look()")
    kernel.load()
    kernel.run(f"%%track\n{body}", stop_on_error=False)
    kernel.ok("%unload_ext mlexp")
    assert kernel.ok("look() == before").result == "True"
    kernel.ok("%reload_ext mlexp")
    kernel.ok("%%track\nprint(1)")


class TestWithoutAKernel:
    def test_text_is_kept_without_what_ipython_shows(self, loaded):
        loaded.ok("%%track\nprint('one')\nimport sys\nprint('two', file=sys.stderr)\ndisplay('shown')\n41 + 1")
        run = loaded.latest()
        assert (run.stdout, run.stderr) == ("one\n", "two\n")
        assert forms(run) == [{"text/plain": "'shown'"}, {"text/plain": "42"}]
        assert [output.kind for output in run.outputs] == [OutputKind.DISPLAY, OutputKind.RESULT]
        loaded.run("%%track\nprint('before')\n1 / 0")
        assert loaded.latest().stdout == "before\n"

    def test_a_repr_that_prints_is_the_users_text(self, loaded):
        loaded.run("%%track\nclass C:\n    def __repr__(self):\n        print('said')\n        return 'C'\nC()")
        assert loaded.latest().stdout == "said\n"

    def test_figures(self, loaded):
        loaded.ok("%%track\nfrom matplotlib.figure import Figure\nf = Figure()\nf.subplots().plot([1, 2])\nf")
        (figure,) = loaded.latest().figures
        assert figure.png.startswith(b"\x89PNG")
        assert "</svg>" in figure.svg

    def test_nothing_of_ours_stays(self, loaded):
        ip = loaded.ip
        owners = [sys.stdout, sys.stderr, ip.display_pub, ip.displayhook, ip]
        names = {"publish", "clear_output", "write", "write_output_prompt", "write_format_data", "_showtraceback"}

        def look():
            return [{name: vars(owner)[name] for name in names & vars(owner).keys()} for owner in owners]

        before = look()
        loaded.run("%%track\nprint(1)\ndisplay(2)\n3")
        assert look() == before
        loaded.run("%%track\n1 / 0")
        assert look() == before

    def test_a_plain_terminal(self, folder):
        cells = "%load_ext mlexp\n%%track base\nprint('typed')\n1 + 1\n\n\n%runs\nexit\n"
        command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit"]
        answer = subprocess.run(command, input=cells, capture_output=True, text=True, cwd=folder, timeout=120)
        assert "typed" in answer.stdout
        show = [sys.executable, "-m", "mlexp", "show", "r1", "--output"]
        shown = subprocess.run(show, capture_output=True, text=True, cwd=folder, timeout=60)
        assert "stdout:\n    typed" in shown.stdout, shown.stderr
        assert "Out[" not in shown.stdout
        assert "1 rich output" in shown.stdout


def test_show_says_what_was_put_out(kernel, folder):
    kernel.ok(PLT)
    kernel.ok("%%track\nprint('one\\ntwo')\nplt.plot([1, 2])\nplt.show()\n3")
    show = [sys.executable, "-m", "mlexp", "show", "r1", "--output"]
    shown = subprocess.run(show, capture_output=True, text=True, cwd=folder, timeout=60).stdout
    assert re.search(r"^output +stdout, 1 figure, 1 rich output$", shown, re.M)
    assert "stdout:\n    one\n    two" in shown


@pytest.mark.parametrize(
    ("mime", "expected"),
    [
        *((mime, True) for mime in ("text/plain", "text/html", "application/json", "image/svg+xml", "text/latex")),
        *((mime, True) for mime in ("application/vnd.plotly.v1+json", "application/javascript")),
        *((mime, False) for mime in ("image/png", "image/jpeg", "application/pdf", "audio/wav", "video/mp4")),
    ],
)
def test_which_forms_are_text(mime, expected):
    assert is_text(mime) is expected
