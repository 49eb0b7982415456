"""Experiments: what names them, what stays within one, how one is moved, and what people say of runs."""

import json
import os
import re
import shlex
import subprocess
import sys

import nbformat
import pytest

import mlexp
from mlexp.cli import main
from mlexp.errors import RunNotFoundError, UsageError
from mlexp.records import RunStatus


@pytest.fixture
def tracking(loaded):
    """A shell that has imported mlexp."""
    loaded.ok("import mlexp")
    return loaded


def experiments(shell):
    return {run.name: run.experiment for run in shell.project.runs()}


def in_json(capsys, *words):
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


class TestNames:
    def test_the_nearest_word_counts(self, tracking):
        tracking.ok("%%track a\n1")
        tracking.ok("mlexp.experiment('chosen')")
        tracking.ok("%%track b\n1")
        tracking.ok("%%track c -e option\n1")
        tracking.ok("with mlexp.experiment('within'):\n    with mlexp.track('d'):\n        pass")
        tracking.ok("%%track e\n1")
        assert experiments(tracking) == {"a": "project", "b": "chosen", "c": "option", "d": "within", "e": "chosen"}

    def test_the_setting_is_weaker_than_the_call(self, shell, monkeypatch):
        monkeypatch.setenv("MLEXP_EXPERIMENT", "setting")
        shell.load().ok("import mlexp")
        shell.ok("%%track a\n1")
        shell.ok("mlexp.experiment('chosen')\n")
        shell.ok("%%track b\n1")
        assert experiments(shell) == {"a": "setting", "b": "chosen"}

    @pytest.mark.usefixtures("tracking")
    def test_an_empty_name_is_refused(self):
        with pytest.raises(UsageError):
            mlexp.experiment("")

    def test_two_notebooks_of_one_name(self, kernels, folder, project):
        for place in ("a", "b"):
            (folder / place).mkdir()
            kernel = kernels(JPY_SESSION_NAME=str(folder / place / "Untitled.ipynb"))
            kernel.ok(f"%cd {place}\n%load_ext mlexp")
            kernel.ok("%%track\n1")
        assert [run.experiment for run in project.runs()] == ["b/Untitled.ipynb", "a/Untitled.ipynb"]

    def test_a_notebook_that_is_told_late(self, kernels, folder, project):
        """VS Code tells a kernel the notebook's path when it has started, and mlexp may be loaded already."""
        kernel = kernels()
        kernel.ok("%load_ext mlexp", silent=True, store_history=False)
        kernel.ok(f"__vsc_ipynb_file__ = {str(folder / 'deep' / 'late.ipynb')!r}", silent=True, store_history=False)
        kernel.ok("%%track\n1")
        assert project.find("r1").experiment == "deep/late.ipynb"
        assert project.store.get_session(project.find("r1").record.session_id).notebook.endswith("late.ipynb")


class TestWithinOne:
    @pytest.fixture
    def two(self, tracking):
        """Two experiments: one with a run of 1 and 3, the other with one of 2."""
        tracking.ok("%%track low\nscore = sum([1.0])")
        tracking.ok("%%track high\nscore = sum([3.0])")
        tracking.ok("mlexp.experiment('other')")
        tracking.ok("%%track mid\nscore = sum([2.0])")
        return tracking

    def test_the_table_of_runs(self, two, capsys):
        def names(line):
            capsys.readouterr()
            two.ok(line)
            return set(re.findall(r"\b(low|mid|high)\b", capsys.readouterr().out))

        assert names("%runs") == {"mid"}
        assert names("%runs --all-experiments") == {"low", "mid", "high"}
        assert names("%runs -e project") == {"low", "high"}
        assert names("%runs metrics.score > 1 --all-experiments") == {"mid", "high"}

    @pytest.mark.usefixtures("two")
    def test_the_command_line_shows_all_with_a_column(self, capsys):
        capsys.readouterr()
        assert main(["runs"]) == 0
        head, _, *rows = capsys.readouterr().out.splitlines()
        assert "experiment" in head
        assert sorted(row.split()[2] for row in rows[:3]) == ["other", "project", "project"]
        assert main(["runs", "-e", "other"]) == 0
        assert "experiment" not in capsys.readouterr().out

    @pytest.mark.usefixtures("two")
    def test_references(self):
        assert mlexp.run("@max:score").name == "mid"
        mlexp.experiment("project")
        assert mlexp.run("@max:score").name == "high"
        assert mlexp.run("@min:score").name == "low"
        assert mlexp.run("@last").name == "mid"

    @pytest.mark.usefixtures("two")
    def test_an_experiment_without_runs_does_not_hide_the_others(self):
        mlexp.experiment("new")
        assert mlexp.run("@max:score").name == "mid"

    def test_a_cards_differences(self, two):
        previous = two.project.previous(mlexp.run("mid").record)
        assert previous is None
        assert two.project.previous(mlexp.run("high").record).number == 1


class TestMoving:
    def test_all_runs_go_along_and_the_kernel_follows(self, tracking, capsys):
        tracking.ok("%%track a\n1")
        tracking.ok("%experiment mv project 'new name'")
        assert "1 run of project is now in new name" in capsys.readouterr().out
        tracking.ok("%%track b\n1")
        assert experiments(tracking) == {"a": "new name", "b": "new name"}
        capsys.readouterr()
        tracking.ok("%experiment")
        assert re.search(r"new name +2", capsys.readouterr().out)

    def test_while_a_run_is_under_way(self, tracking):
        tracking.names["main"] = main
        tracking.ok("%%track a\nm = sum([1.0])\nmain(['experiment', 'mv', 'project', 'moved'])")
        run = tracking.latest()
        assert (run.experiment, run.status, run.metrics) == ("moved", RunStatus.FINISHED, {"m": 1.0})

    def test_on_the_command_line(self, tracking, capsys):
        tracking.ok("%%track a\n1")
        tracking.ok("%%track b -e other\n1")
        listed = in_json(capsys, "experiment", "list")
        assert listed == [{"experiment": "other", "runs": 1}, {"experiment": "project", "runs": 1}]
        moved = in_json(capsys, "experiment", "mv", "other", "project")
        assert moved == {"old": "other", "new": "project", "runs": 1}
        assert main(["experiment", "mv", "projekt", "x"]) == 2
        assert "Did you mean project" in capsys.readouterr().err
        assert main(["experiment", "mv", "project"]) == 2
        assert main(["experiment", "list", "x"]) == 2

    def test_a_moved_notebooks_runs_still_export(self, tracking, folder):
        tracking.ok("x = 2.0")
        tracking.ok("%%track a\nm = x * sum([1.0])")
        tracking.project.store.move_experiment("project", "elsewhere")
        assert mlexp.export("a", folder / "a.py").verdict == "reproduced"


MOVED = {"moved": "new place/churn.ipynb", "renamed": "old/better.ipynb", "both": "churn2.ipynb"}
CELLS = ["import mlexp", "x = 2.0", "%%track first\nm = x * sum([1.0])"]


def save(path, cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)


class TestLostHistory:
    """A notebook that was moved or renamed is offered its old runs, once, with the command that gives them back."""

    @pytest.fixture
    def said(self, shell, folder, monkeypatch, capsys):
        """Play a notebook, then say what the next one is told when mlexp is loaded."""

        def begin(path, cells=CELLS, *, saved=True):
            if saved:
                save(folder / path, cells)
            monkeypatch.setenv("JPY_SESSION_NAME", str(folder / path))
            capsys.readouterr()
            shell.ok("%reload_ext mlexp")
            return capsys.readouterr().out

        begin("old/churn.ipynb")
        for cell in CELLS[1:]:
            shell.ok(cell)
        (folder / "old" / "churn.ipynb").unlink()
        return begin

    @pytest.mark.parametrize("path", MOVED.values(), ids=MOVED)
    def test_it_is_offered_and_the_command_works(self, said, shell, path, capsys):
        word = said(path)
        command = re.search(r"mlexp (experiment mv .*)$", word, re.M)
        assert command, word
        assert main(shlex.split(command[1])) == 0
        assert [run.experiment for run in shell.project.runs()] == [path]
        assert "experiment mv" not in said(path)
        shell.ok("%%track again\nm = x * sum([1.0])")
        assert "was" not in capsys.readouterr().out  # the card is compared with the run before the move
        assert shell.project.previous(shell.latest().record).number == 1

    def test_with_a_changed_cell(self, said):
        assert "experiment mv" in said("better.ipynb", [*CELLS, "more = 1"])

    def test_a_notebook_that_is_not_saved_yet_by_its_name(self, said):
        assert "experiment mv" in said("new/churn.ipynb", saved=False)

    def test_another_notebook_is_not_it(self, said):
        assert "experiment mv" not in said("other.ipynb", ["import mlexp", "y = 1", "%%track\nz = y"])

    def test_a_notebook_that_is_still_there_keeps_its_runs(self, said, folder):
        save(folder / "old" / "churn.ipynb", CELLS)
        assert "experiment mv" not in said("copy.ipynb")

    def test_once_it_has_runs_nothing_is_said(self, said, shell):
        said("better.ipynb")
        shell.ok("%%track\n1")
        assert "experiment mv" not in said("better.ipynb")

    @pytest.mark.parametrize("content", ["", "no json", "[]", '{"cells": 3}', '{"cells": [{"source": 3}]}'])
    def test_a_notebook_that_cannot_be_read_is_no_matter(self, said, folder, content):
        (folder / "odd.ipynb").write_text(content)
        assert "experiment mv" not in said("odd.ipynb", saved=False)


class TestLabels:
    @pytest.fixture
    def runs(self, tracking):
        """Three runs."""
        for n, name in enumerate(("a", "b", "c")):
            tracking.ok(f"%%track {name}\nscore = sum([{n}.5])")
        return tracking

    @pytest.mark.usefixtures("runs")
    def test_tags_and_notes(self):
        mlexp.tag("a", "good", "old")
        mlexp.tag(mlexp.run("a"), "good", "new")
        mlexp.tag("a", "old", remove=True)
        mlexp.note("a", "a note")
        run = mlexp.run("r1")
        assert (run.labels.tags, run.labels.note) == (("good", "new"), "a note")
        assert [r.name for r in mlexp.runs('"good" in tags')] == ["a"]

    @pytest.mark.usefixtures("runs")
    def test_an_alias_is_a_reference(self):
        mlexp.alias("baseline", "a")
        assert mlexp.run("@baseline").name == "a"
        mlexp.alias("@baseline", mlexp.run("b"))
        assert mlexp.run("@baseline").name == "b"
        assert "r2" in str(mlexp.compare("@baseline", "c"))
        with pytest.raises(UsageError, match="@baseline"):
            mlexp.run("@nothing")

    def test_cards_compare_with_the_baseline(self, runs):
        mlexp.alias("baseline", "a")
        assert runs.project.previous(mlexp.run("c").record).number == 1
        runs.ok("%%track d -e other\n1")
        assert runs.project.previous(runs.latest().record) is None

    def test_an_alias_of_each_experiment(self, runs):
        mlexp.alias("baseline", "a")
        runs.ok("mlexp.experiment('other')")
        runs.ok("%%track d\nscore = sum([9.0])")
        assert mlexp.run("@baseline").name == "a"  # the only one there is
        mlexp.alias("baseline", "d")
        assert mlexp.run("@baseline").name == "d"
        mlexp.experiment("project")
        assert mlexp.run("@baseline").name == "a"
        mlexp.experiment("third")
        runs.ok("%%track e\n1")
        with pytest.raises(UsageError, match="several experiments"):
            mlexp.run("@baseline")

    @pytest.mark.parametrize("name", ["", "last", "best", "@min", "two words", "1st", "a:b", "a/b"])
    @pytest.mark.usefixtures("runs")
    def test_a_word_that_cannot_be_an_alias(self, name):
        with pytest.raises(UsageError, match="alias"):
            mlexp.alias(name, "a")

    @pytest.mark.usefixtures("runs")
    def test_of_a_run_that_is_not_there(self):
        for act in (lambda: mlexp.tag("x", "t"), lambda: mlexp.note("x", "n"), lambda: mlexp.alias("b", "x")):
            with pytest.raises(RunNotFoundError):
                act()

    @pytest.mark.usefixtures("runs")
    def test_the_commands(self, capsys):
        assert in_json(capsys, "tag", "a", "x", "y") == {"run": "r1", "tags": ["x", "y"]}
        assert in_json(capsys, "tag", "a", "x", "--remove") == {"run": "r1", "tags": ["y"]}
        assert in_json(capsys, "note", "a", "two words") == {"run": "r1", "note": "two words"}
        assert in_json(capsys, "rename", "a", "better") == {"run": "r1", "name": "better"}
        assert in_json(capsys, "alias", "baseline", "better")["alias"] == "baseline"
        run = mlexp.run("@baseline")
        assert (run.name, run.labels.tags, run.labels.note) == ("better", ("y",), "two words")
        assert main(["rename", "better", "r7"]) == 2
        assert "reads like a reference" in capsys.readouterr().err
        assert main(["show", "@baseline"]) == 0


def test_plain_python_chooses_too(folder):
    (folder / "t.py").write_text(
        "import mlexp\nwith mlexp.track('a'): pass\nmlexp.experiment('x')\nwith mlexp.track('b'): pass\n"
        "with mlexp.experiment('y'):\n    with mlexp.track('c'): pass\nwith mlexp.track('d', experiment='z'): pass\n"
        "with mlexp.track('e'): pass\nprint({run.name: run.experiment for run in mlexp.runs()})"
    )
    done = subprocess.run([sys.executable, "t.py"], capture_output=True, text=True, env=os.environ)
    assert eval(done.stdout) == {"a": "t.py", "b": "x", "c": "y", "d": "z", "e": "x"}
