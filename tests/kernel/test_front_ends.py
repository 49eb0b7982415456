"""What only a real kernel shows: replies, awaiting, input, interrupts, figures, and what nbclient makes of it."""

import os

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from mlexp.records import Outcome, RunStatus


def test_an_error_is_an_error(kernel, project):
    answer = kernel.run("%%track base\nx = 1\n\n1 / 0")
    assert (answer.status, answer.error) == ("error", "ZeroDivisionError")
    assert "line 4" in answer.traceback
    assert "In[2]" in answer.traceback
    kinds = [kind for kind, _ in answer.outputs]
    assert kinds == ["error", "display_data"]
    assert "failed" in answer.cards[0]
    assert "ZeroDivisionError" in answer.cards[0]
    assert "1 / 0" in project.find("r1").record.error.traceback
    assert kernel.ok("x").result == "1"


def test_await(kernel, project):
    answer = kernel.ok("%%track base\nimport asyncio\nawait asyncio.sleep(0.01)\nprint('slept')\nm = 2.0 * len('a')\nm")
    assert answer.result == "2.0"
    run = project.find("r1")
    assert run.metrics == {"m": 2.0}
    assert run.stdout == "slept\n"
    answer = kernel.run("%%track base\nawait asyncio.sleep(0)\nraise KeyError('k')")
    assert (answer.error, project.find("r2").status) == ("KeyError", RunStatus.FAILED)
    answer = kernel.ok("%%track base\nasync def g():\n    for i in range(3): yield i\n[i async for i in g()]")
    assert answer.result == "[0, 1, 2]"
    assert project.find("r3").executions[-1].bound == ("g",)


def test_log_from_an_awaiting_cell_and_its_tasks(kernel, project):
    kernel.ok("import asyncio, mlexp")
    kernel.ok(
        "%%track base\nasync def work(k):\n    await asyncio.sleep(0)\n    mlexp.log({f'm{k}': k})\n"
        "await asyncio.gather(*(work(k) for k in range(3)))\nawait asyncio.to_thread(mlexp.log, t=5)"
    )
    assert project.find("r1").metrics == {"m0": 0, "m1": 1, "m2": 2, "t": 5}


def test_input(kernel, project):
    answer = kernel.ok("%%track base\nn = int(input('how many? '))\nm = n * 2.0\nm", answers=("21",))
    assert answer.result == "42.0"
    assert project.find("r1").metrics["m"] == 42.0
    assert kernel.ok("input()", answers=("again",)).result == "'again'"


class TestInterrupt:
    @pytest.mark.parametrize("wait", ["import time\ntime.sleep(30)", "while True: pass"])
    def test_reaches_the_user(self, kernel, project, wait):
        answer = kernel.run(f"%%track base\nprint('go', flush=True)\n{wait}", interrupt_at="go")
        assert (answer.status, answer.error) == ("error", "KeyboardInterrupt")
        run = project.find("r1")
        assert run.status is RunStatus.INTERRUPTED
        assert run.stdout == "go\n"
        assert "interrupted" in answer.cards[0]
        assert kernel.ok("1 + 1").result == "2"
        assert kernel.ok("%%track after\n3").result == "3"
        assert project.find("r2").status is RunStatus.FINISHED
        assert [e.outcome for e in project.find("r2").executions][1:] == [
            *(Outcome.INTERRUPTED, Outcome.OK, Outcome.OK)
        ]

    def test_of_an_awaiting_cell(self, kernel, project):
        answer = kernel.run(
            "%%track base\nimport asyncio\nprint('go', flush=True)\nawait asyncio.sleep(1)", interrupt_at="go"
        )  # ipykernel cancels it when the loop next wakes
        assert answer.error == "CancelledError"
        assert project.find("r1").status is RunStatus.INTERRUPTED
        assert kernel.ok("%%track after\n3").result == "3"
        assert project.find("r2").status is RunStatus.FINISHED

    def test_caught_by_the_user(self, kernel, project):
        answer = kernel.run(
            "%%track base\nimport time\ntry:\n    print('go', flush=True)\n    time.sleep(30)\n"
            "except KeyboardInterrupt:\n    stopped = 1.0 * len('a')\nstopped",
            interrupt_at="go",
        )
        assert (answer.status, answer.result) == ("ok", "1.0")
        run = project.find("r1")
        assert (run.status, run.metrics) == (RunStatus.FINISHED, {"stopped": 1.0})

    def test_while_our_work_runs_before_the_cell(self, kernel, project):
        kernel.ok(
            "probe = type(get_ipython()._mlexp_extension.session._probes[0])\nbefore = probe.before\n"
            "def interrupted(self, opening):\n    probe.before = before\n    raise KeyboardInterrupt\n"
            "probe.before = interrupted"
        )
        # The probe is put in while its own cell runs, so that it meets the next one.
        answer = kernel.run("%%track base\nimport time\ntime.sleep(10)\nx = 1")
        assert answer.error == "KeyboardInterrupt"
        assert project.find("r1").status is RunStatus.INTERRUPTED
        assert kernel.ok("%%track after\n3").result == "3"
        assert project.find("r2").status is RunStatus.FINISHED


def test_cells_of_widgets_and_variable_viewers(kernel, project):
    kernel.ok("%%track base\nx = 1")
    answer = kernel.ok("y = x + 1\nprint(y)", silent=True, store_history=False)
    assert not answer.cards
    assert kernel.ok("y", store_history=False).result == "2"
    assert len(project.runs()) == 1


def test_a_cell_in_a_subshell(kernel, project):
    """Front ends run cells there while another runs: in a thread of its own."""
    kernel.ok(
        "import threading\nip = get_ipython()\n"
        "def beside():\n    ip.run_cell('inner = 5')\n    ip.run_cell('%%track inner\\ninner * 2')\n"
    )
    outer = "%%track outer\nt = threading.Thread(target=beside)\nt.start()\nt.join()\nm = inner * 1.0"
    kernel.ok(outer)
    assert [run.name for run in project.runs()] == ["outer"]
    assert project.find("outer").metrics == {"m": 5.0}
    assert kernel.ok("%%track after\n3").result == "3"
    found = project.find("after").executions
    assert [e.source for e in found[2:]] == [outer, "inner = 5", "%%track inner\ninner * 2", "%%track after\n3"]
    assert [e.outcome for e in found] == [Outcome.OK] * 6


def test_the_card_stands_below_figures_and_displays(kernels, tmp_path):
    kernel = kernels(HOME=os.path.expanduser("~root") if os.geteuid() == 0 else str(tmp_path))
    kernel.load()
    answer = kernel.ok(
        "%%track base\n%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('text')\n"
        "from IPython.display import HTML, display\ndisplay(HTML('<b>mine</b>'))\n3"
    )
    shown = [next(iter(c["data"]), "") if "data" in c else c["name"] for _, c in answer.outputs]
    assert shown[-1] in ("text/html", "text/plain")
    assert "Run r1" in answer.outputs[-1][1]["data"]["text/html"]
    images = [i for i, (_, c) in enumerate(answer.outputs) if "image/png" in c.get("data", {})]
    assert len(images) == 1


def notebook(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


class TestNbclient:
    def test_stops_at_an_error_and_keeps_the_card(self, folder, project):
        made = notebook("%load_ext mlexp", "%%track base\nx = 1\n1 / 0", "y = 2")
        with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
            NotebookClient(made, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
        assert [output.output_type for output in made.cells[1].outputs] == ["error", "display_data"]
        assert "Run r1" in made.cells[1].outputs[1]["data"]["text/html"]
        assert not made.cells[2].outputs
        assert project.find("r1").status is RunStatus.FAILED

    def test_runs_through(self, folder, project):
        made = notebook("import mlexp", "x = 4", "%%track base\nm = x / 8\nm", "m")
        NotebookClient(made, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
        assert [output.output_type for output in made.cells[2].outputs] == ["execute_result", "display_data"]
        assert made.cells[3].outputs[0]["data"]["text/plain"] == "0.5"
        run = project.find("r1")
        assert (run.params, run.metrics) == ({"x": 4}, {"m": 0.5})


def test_the_notebooks_path_names_the_experiment(kernels, folder, project):
    (folder / "work").mkdir()
    kernel = kernels(JPY_SESSION_NAME=str(folder / "work" / "churn.ipynb"))
    kernel.load()
    kernel.ok("%cd work\n%load_ext mlexp")
    kernel.ok("%%track\nx = 1")
    assert project.find("r1").experiment == "work/churn.ipynb"


@pytest.mark.parametrize("line", ["import os; os.path.jo", "frame.gro", "own_na"])
def test_completion_and_help_in_the_body_are_as_ever(kernels, line):
    answers = []
    for first in "", "%%track base -n 'a note'\n":
        kernel = kernels()
        if first:
            kernel.load()
        kernel.ok("import pandas as pd\nframe, own_name = pd.DataFrame({'a': [1]}), 1")
        code = f"{first}x = 1\n{line}"
        completed = kernel.asked("complete", code=code, cursor_pos=len(code))
        assert completed["matches"]
        code = f"{first}frame.groupby"
        inspected = kernel.asked("inspect", code=code, cursor_pos=len(code), detail_level=0)
        assert inspected["found"]
        cut = len(first)
        answers.append((completed["matches"], completed["cursor_start"] - cut, inspected["data"]["text/plain"]))
    assert answers[0] == answers[1]
