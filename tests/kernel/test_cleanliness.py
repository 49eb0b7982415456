"""Clean or dirty, in real kernels with real notebook files."""

import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from mlexp.project import Project, Run
from tests.kernel.driver import Answer, Kernel


class Notebook:
    """A notebook that is edited, run and saved as a front end does it."""

    def __init__(self, kernels: Callable[..., Kernel], folder: Path, *, told: bool = True) -> None:
        self.path = folder / "work.ipynb"
        self.cells: dict[str, str] = {}
        self.kernel = kernels(**({"JPY_SESSION_NAME": str(self.path)} if told else {}))
        self._deleted: list[str] = []

    def write(self, **cells: str) -> "Notebook":
        """Write cells, by id; new ones below the others."""
        self.cells |= cells
        return self

    def insert(self, cell_id: str, text: str, *, before: str) -> None:
        items = list(self.cells.items())
        items.insert(list(self.cells).index(before), (cell_id, text))
        self.cells = dict(items)

    def delete(self, cell_id: str) -> None:
        del self.cells[cell_id]
        self._deleted.append(cell_id)

    def save(self, version: int = 4) -> "Notebook":
        cells = [nbformat.v4.new_code_cell(text, id=cell_id) for cell_id, text in self.cells.items()]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Work", id="head"), *cells])
        if version < 5:  # without ids
            notebook.nbformat_minor = version
            for cell in notebook.cells:
                del cell["id"]
        nbformat.write(notebook, self.path)
        return self

    def run(self, *cell_ids: str) -> Answer:
        """Run cells; return the last one's answer."""
        answer = Answer()
        for cell_id in cell_ids:
            answer = self.kernel.run(self.cells[cell_id], cell_id=cell_id, deleted_cells=tuple(self._deleted))
            self._deleted.clear()
        return answer


@pytest.fixture
def notebook(kernels: Callable[..., Kernel], folder: Path) -> Notebook:
    made = Notebook(kernels, folder)
    made.write(
        load="%load_ext mlexp", data="x = [1.0, 2.0]", scale="scaler = 2.0", fit="%%track\nscore = sum(x) * scaler"
    )
    return made


def latest(project: Project) -> Run:
    return project.runs()[0]


def test_a_run_from_the_top_is_clean(notebook: Notebook, project: Project) -> None:
    card = notebook.save(5).run("load", "data", "scale", "fit").cards[0]
    assert (latest(project).is_clean, latest(project).dirty) == (True, ())
    assert ">clean<" in card
    assert "dirty" not in card
    notebook.write(fit="%%track\nscore = sum(x) * scaler + 1").run("fit")
    assert latest(project).is_clean is True  # the tracked cell itself may be edited


def test_an_edited_cell_makes_it_dirty(notebook: Notebook, project: Project) -> None:
    notebook.save(5).run("load", "data", "scale")
    time.sleep(0.02)
    notebook.write(scale="scaler = 3.0").save(5)
    card = notebook.run("fit").cards[0]
    assert latest(project).is_clean is False
    assert latest(project).dirty == ("`scaler` comes from a cell that was edited since (In [3])",)
    assert ">dirty<" in card
    assert "comes from a cell that was edited since" in card
    notebook.run("scale", "fit")
    assert latest(project).is_clean is True


def test_a_deleted_cell_makes_it_dirty_though_the_file_still_has_it(notebook: Notebook, project: Project) -> None:
    notebook.save(5).run("load", "data", "scale")
    notebook.delete("scale")
    notebook.run("fit")
    assert latest(project).dirty == ("`scaler` comes from a cell that was deleted (In [3])",)
    assert project.store.executions(latest(project).record.session_id)[-1].deleted_cells == ("scale",)


def test_what_ran_twice_and_changed_something_makes_it_dirty(notebook: Notebook, project: Project) -> None:
    notebook.insert("more", "x.append(3.0)", before="scale")
    notebook.save(5).run("load", "data", "more", "scale", "fit")
    assert latest(project).is_clean is True
    notebook.run("more", "fit")
    assert latest(project).dirty == ("`x` was changed by a cell that ran twice: In [3] and In [6]",)
    notebook.run("data", "more", "fit")
    assert latest(project).is_clean is True


def test_the_tracked_cell_that_goes_on_from_itself_is_dirty(notebook: Notebook, project: Project) -> None:
    notebook.write(fit="%%track\nx.append(9.0)\nscore = sum(x)").save(5).run("load", "data", "fit")
    assert latest(project).is_clean is True
    notebook.run("fit")
    assert latest(project).dirty == ("`x` was changed by a cell that ran twice: In [3] and In [4]",)


def test_out_of_order(notebook: Notebook, project: Project) -> None:
    notebook.insert("again", "scaler = 5.0", before="fit")
    notebook.save(5).run("load", "again", "data", "scale", "fit")
    assert latest(project).dirty == ("`scaler` comes from In [4], but In [2] stands below that and sets it, too",)


def test_random_numbers_drawn_elsewhere(notebook: Notebook, project: Project) -> None:
    notebook.write(data="import random\nrandom.seed(1)\nx = [1.0]", fit="%%track\nscore = random.random()")
    notebook.insert("idle", "random.random()", before="scale")
    notebook.save(5).run("load", "data", "fit")
    assert latest(project).is_clean is None  # the cell between was never run, and draws
    notebook.run("idle", "fit")
    assert latest(project).is_clean is False
    notebook.run("data", "idle", "fit")
    assert latest(project).is_clean is True


def test_an_input_that_changed_since(notebook: Notebook, project: Project, folder: Path) -> None:
    (folder / "in.txt").write_text("1")
    notebook.write(data="x = [float(open('in.txt').read())]").save(5).run("load", "data", "scale", "fit")
    assert latest(project).is_clean is True
    (folder / "in.txt").write_text("2")
    notebook.run("fit")
    assert latest(project).dirty == ("`in.txt` has changed since In [2] read it",)
    (folder / "in.txt").write_text("1")
    notebook.run("fit")
    assert latest(project).is_clean is True


def test_another_notebook_s_cells_count_as_the_cell_that_ran_them(
    notebook: Notebook, project: Project, folder: Path
) -> None:
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("w = 3.0"), nbformat.v4.new_code_cell("w += 1")])
    nbformat.write(other, folder / "other.ipynb")
    notebook.write(data="%run other.ipynb", fit="%%track\nscore = w * scaler").save(5)
    notebook.run("load", "data", "scale", "fit")
    assert latest(project).is_clean is True
    time.sleep(0.02)
    notebook.write(data="w = 9").save(5).run("fit")
    assert latest(project).dirty == ("`w` comes from a cell that was edited since (In [2])",)


def test_what_a_cell_runs_in_turn_is_no_edit_of_it(notebook: Notebook, project: Project) -> None:
    notebook.write(data="get_ipython().run_cell('w = 4.0')", fit="%%track\nscore = w * scaler").save(5)
    notebook.run("load", "data", "scale", "fit")
    assert latest(project).is_clean is not False


def test_a_file_without_ids_is_matched_by_texts(notebook: Notebook, project: Project) -> None:
    notebook.save(4).run("load", "data", "scale", "fit")
    assert latest(project).is_clean is True
    time.sleep(0.02)
    notebook.write(scale="scaler = 3.0").save(4).run("fit")
    assert latest(project).dirty == ("`scaler` comes from a cell that no longer stands in the notebook (In [3])",)


def test_without_a_file_it_is_not_known(kernels: Callable[..., Kernel], folder: Path, project: Project) -> None:
    notebook = Notebook(kernels, folder, told=False).write(load="%load_ext mlexp", a="x = 1", t="%%track\ny = x * 1.5")
    card = notebook.run("load", "a", "t").cards[0]
    assert latest(project).is_clean is None
    assert ">clean<" not in card
    notebook.write(a="z = 1").run("a", "t")  # what ids tell is known
    assert latest(project).dirty == ("`x` comes from a cell that was edited since (In [2])",)


def test_a_file_that_is_no_notebook_or_damaged_tells_nothing(notebook: Notebook, project: Project) -> None:
    for content in ("{", "[]", '{"cells": 3}', '{"cells": [1, {"cell_type": "code"}]}', "\x00"):
        notebook.path.write_text(content)
        notebook.run("load", "data", "scale", "fit")
        assert latest(project).is_clean is None
        assert not latest(project).record.notes
