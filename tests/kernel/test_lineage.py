"""`%lineage` and its twins: in shells, in a kernel, on the command line, for 200 executions."""

import json
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import mlexp
from mlexp.cli import main
from mlexp.dataflow.document import SavedNotebook, document_of
from mlexp.dataflow.lineage import Histories
from mlexp.errors import UnknownNameError
from mlexp.project import Project
from tests.kernel.conftest import Shell
from tests.kernel.driver import Answer, Kernel
from tests.kernel.test_cleanliness import Notebook


@pytest.fixture
def notebook(kernels: Callable[..., Kernel], folder: Path) -> Notebook:
    made = Notebook(kernels, folder).write(
        load="%load_ext mlexp",
        raw="raw = [3, 1, 2]",
        clean="clean = sorted(raw)",
        fit="%%track base\nscore = sum(clean) / 2",
    )
    made.save(5).run("load", "raw", "clean", "fit")
    return made


def shown(answer: Answer) -> tuple[str, str]:
    """Return what was shown, as text and as HTML."""
    data = next(content["data"] for kind, content in answer.outputs if kind == "display_data")
    return data["text/plain"], data.get("text/html", "")


def test_a_name_s_history_with_its_code(notebook: Notebook) -> None:
    text, html = shown(notebook.kernel.ok("%lineage clean"))
    assert text.split("\n") == [
        "clean: 2 executions behind it",
        "",
        "In [2]  makes raw · stands",
        "    raw = [3, 1, 2]",
        "",
        "In [3]  makes clean · stands",
        "    clean = sorted(raw)",
    ]
    assert 'aria-label="Lineage of clean"' in html
    assert 'aria-label="Executions behind clean, oldest first"' in html


def test_what_was_edited_and_deleted_is_said(notebook: Notebook) -> None:
    notebook.write(clean="clean = raw")
    notebook.delete("raw")
    time.sleep(0.02)
    notebook.save(5)
    text, _ = shown(notebook.kernel.ok("%lineage score"))
    assert text.startswith("score: 3 executions behind it, 2 of which no longer stand in the notebook\n")
    assert "stale: `clean` comes from a cell that was edited since (In [3])" in text
    assert "In [2]  makes raw · deleted" in text
    assert "In [3]  makes clean · edited since" in text


def test_alone_it_lists_stale_names_first(notebook: Notebook) -> None:
    text, html = shown(notebook.kernel.ok("%lineage"))
    assert text.startswith("None of 3 names is stale.\n")
    notebook.write(raw="raw = [9]").run("raw")
    text, html = shown(notebook.kernel.ok("%lineage"))
    rows = [line.split()[0] for line in text.split("\n")[3:]]
    assert rows == ["clean", "score", "raw"]
    assert "comes from a cell that was edited since (In [2])" in html
    notebook.run("clean", "fit")
    assert "None of 3 names is stale" in shown(notebook.kernel.ok("%lineage"))[0]


def test_a_bad_name_is_answered_with_close_ones(notebook: Notebook) -> None:
    answer = notebook.kernel.run("%lineage claen")
    assert answer.status == "error"
    assert "no cell has made a variable 'claen'. Did you mean clean?" in answer.stderr + answer.traceback
    answer = notebook.kernel.run("%lineage a b c")
    assert "takes a variable, or a run and a variable" in answer.stderr + answer.traceback


def test_names_complete_and_help_is_there(notebook: Notebook) -> None:
    code = "%lineage cle"
    assert "clean" in notebook.kernel.asked("complete", code=code, cursor_pos=len(code))["matches"]
    told = notebook.kernel.asked("inspect", code="%lineage", cursor_pos=8, detail_level=0)
    assert "%lineage r3 X_train" in told["data"]["text/plain"]


def test_a_run_s_lineage_is_as_it_was_then(notebook: Notebook, project: Project) -> None:
    notebook.write(clean="clean = [0]").run("clean", "fit")
    first, second = project.find("r1").lineage, project.find("r2").lineage
    assert [s.execution.number for s in first.steps] == [2, 3, 4]
    assert [s.execution.number for s in second.steps] == [5, 6]
    assert [s.execution.number for s in first["clean"].steps] == [2, 3]
    assert [s.execution.number for s in second["clean"].steps] == [5]
    assert "raw" in first
    with pytest.raises(UnknownNameError):
        first["other"]
    assert list(second) == ["raw", "clean", "score"]
    assert repr(first).startswith("r1: 2 executions behind it, 1 of which no longer stands in the notebook")
    text, _ = shown(notebook.kernel.ok("%lineage r1 clean"))
    assert "In [3]  makes clean · edited since" in text
    assert "4 of" not in shown(notebook.kernel.ok("%lineage base"))[0]


def test_the_command_line_tells_the_same(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("raw")
    assert main(["lineage", "r1", "clean"]) == 0
    assert "In [3]  makes clean · stands" in capsys.readouterr().out
    assert main(["lineage", "clean", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(e["number"], e["standing"], e["makes"]) for e in found["executions"]] == [
        (2, "stands", ["raw"]),
        (3, "stands", ["clean"]),
    ]
    assert main(["lineage", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == ["raw", "clean", "score"]
    assert main(["lineage", "nothing"]) == 2


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002  (its caller's)
        self.tags.add(tag)


def test_what_the_user_wrote_is_escaped(loaded: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlexp.magics.display", lambda data, **_: seen.append(data))
    seen: list[dict[str, str]] = []
    loaded.ok("x = '<script>alert(1)</script>'")
    loaded.ok("%lineage x")
    parser = _Seen()
    parser.feed(seen[0]["text/html"])
    assert parser.tags == {"div", "b", "span", "ol", "li", "pre"}
    assert "&lt;script&gt;" in seen[0]["text/html"]


def test_without_ids_or_a_file(loaded: Shell, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for code in ("x = 1", "y = x + 1", "x = 5", "import json"):
        loaded.ok(code)
    loaded.ok("%lineage")
    out = capsys.readouterr().out
    assert "y" in out
    loaded.ok("del x")
    assert "x" not in mlexp.project.lineage.LineageOf(project, loaded.ip._mlexp_extension.session.record.id)


def test_two_hundred_executions_are_told_in_well_under_a_second(loaded: Shell) -> None:
    loaded.ok("df = {}\ntotal = 0")
    for i in range(100):
        loaded.ok(f"a{i} = len(df) + {i}\ndf[{i}] = a{i}")
        loaded.ok(f"b{i} = a{i} * 2\ntotal = total + b{i}")
    session = loaded.ip._mlexp_extension.session
    executions = session.executions
    saved = SavedNotebook(tuple((None, e.source) for e in executions), executions[-1].started)
    started = time.perf_counter()
    found = Histories(executions, document_of(executions, saved)).all()
    elapsed_s = time.perf_counter() - started
    assert len(found) == 202
    assert elapsed_s < 2.0  # 202 histories; one takes a hundredth of it
    print(f"{elapsed_s:.2f} s")
