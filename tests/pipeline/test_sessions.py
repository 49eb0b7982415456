"""Two long, messy sessions in a real kernel, as people have them, and the scripts of their first run.

The scripts are held against `tests/golden/scripts/`, numbers, versions and the machine left out; UPDATE_GOLDEN=1 writes
these files anew. The two worked examples that the scripts of mlexp go back to tell the same two stories.
"""

import json
import os
import re
from pathlib import Path

import pytest

from tests.pipeline import made_data
from tests.pipeline.playing import Cell, Player, Script, Session

GOLDEN = Path(__file__).parents[1] / "golden"
FENCE = re.compile(r"^```(python|markdown|sh|answer)(?: file=(\S+))?\n(.*?)^```$", re.M | re.S)


def play(player: Player, name: str, folder: Path) -> Session:
    """Play a session in a kernel; beside it lies the notebook as it stood at the end."""
    steps: list[Cell] = []
    book: list[dict[str, object]] = []
    for kind, file, body in FENCE.findall((GOLDEN / "sessions" / f"{name}.md").read_text(encoding="utf-8")):
        text = body.rstrip("\n")
        if file:
            (folder / file).write_text(body, encoding="utf-8")
        elif kind == "markdown":
            book.append({"cell_type": "markdown", "source": text})
        elif kind == "answer":
            steps.insert(-1, ("answer", text))
        elif kind == "sh":
            steps.append(("sh", text))
        else:
            known = [cell for cell in book if cell.get("source") == text]
            cell = f"cell-{book.index(known[0]) if known else len(book)}"
            if not known:
                book.append({"cell_type": "code", "source": text, "id": cell})
            steps.append(("cell", text, cell))
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": book, "nbformat": 4}), encoding="utf-8")
    return player.play(folder, steps, kernel=True, MLEXP_NOTEBOOK=str(folder / f"{name}.ipynb"), OMP_NUM_THREADS="2")


def without_chance(text: str) -> str:
    """Return a script's text without what differs from machine to machine and from day to day."""
    text = re.sub(r"(?s)(# dependencies = \[).*?(# \])", r"\1…\2", text)
    text = re.sub(r"(requires-python = ).*", r"\1…", text)
    text = re.sub(r"\d{4}-\d\d-\d\d\.$", "DAY.", text, flags=re.M)
    text = re.sub(r"(?s)\(CPython .*?;\s+another", "(CPython …; another", text)
    code, mark, recorded = text.partition("\nRECORDED = {")
    recorded = re.sub(r'(?m)^(    "\w+": )-?[\d.e-]+,$', r"\1…,", recorded)
    return code + mark + re.sub(r"(?m)^(# mlexp overwrites .*blake3:)\w+$", r"\1…", recorded)


def assert_golden(script: Script, name: str) -> None:
    golden = GOLDEN / "scripts" / f"{name}.py"
    found = without_chance(script.text)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8"), "if this is meant: UPDATE_GOLDEN=1"


@pytest.fixture(scope="module")
def customers(player: Player, tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("customers") / "project"
    (folder / "data").mkdir(parents=True)
    made_data.customers(folder / "data" / "customers.csv")
    return play(player, "customers", folder)


@pytest.fixture(scope="module")
def churn(customers: Session) -> Script:
    return customers.export("r1", "churn.py")


def test_unseeded_numpy_is_reproduced_through_its_restored_state(churn: Script) -> None:
    assert churn.verdict == "reproduced", churn.proof.reason
    outcomes = {row.name: str(row.outcome) for row in churn.proof.compared}
    assert outcomes["auc"] == outcomes["proba"] == "equal"
    assert set(outcomes.values()) == {"equal", "not comparable"}
    assert churn.bundled == ["customers.csv", "rng-12-numpy.json", "rng-9-numpy.json"]
    assert_golden(churn, "churn")


def test_the_script_gives_what_the_notebook_gave(churn: Script, customers: Session, tmp_path: Path) -> None:
    found = churn.start("--check", "--metrics", str(tmp_path / "m.json"), "--figures", str(tmp_path / "figures"))
    assert (found.returncode, found.stderr) == (0, "all 3 equal those of run r1\n")
    printed = next(text for text in customers.printed if text.startswith("AUC"))
    assert found.stdout == "".join(line for line in printed.splitlines(True) if "time" not in line)
    assert json.loads((tmp_path / "m.json").read_text())["metrics"] == customers.run("r1").metrics
    assert set(customers.run("r1").metrics) == {"auc", "accuracy"}
    figures = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert figures == ["in-12-1.png"]


def test_another_value_gives_another_result(churn: Script) -> None:
    found = churn.start("--check", "--n_trees", "5")
    assert found.returncode == 1
    assert found.stderr.startswith("auc: ")


def test_the_second_run_too(customers: Session) -> None:
    script = customers.export("r2", "second.py")
    assert script.verdict == "reproduced", script.proof.reason
    assert "max_depth = 4  # deeper overfits on this table\n" in script.cells
    assert "max_depth = args.max_depth\n" in script.cells


@pytest.fixture(scope="module")
def load(player: Player, tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("load") / "project"
    (folder / "sensors").mkdir(parents=True)
    made_data.sensors(folder / "sensors")
    return play(player, "load", folder)


def test_a_value_that_nobody_saw_is_honestly_not_verified(load: Session) -> None:
    script = load.export("r1", "mlp.py")
    assert script.verdict == "not verified"
    assert script.proof.reason.startswith("FileNotFoundError: calibration.txt not found. (In 2, line ")
    assert script.bundled == ["north.csv", "south.csv", "west.csv", "windows.py"]
    assert_golden(script, "mlp")


def test_the_same_session_with_mlexp_loaded_first(player: Player, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "sensors").mkdir(parents=True)
    made_data.sensors(folder / "sensors")
    fences = FENCE.findall((GOLDEN / "sessions" / "load.md").read_text(encoding="utf-8"))
    (folder / "windows.py").write_text(next(body for _, file, body in fences if file))
    cells = [body for kind, file, body in fences if kind == "python" and not file]
    cells = [re.sub(r"int\(input\(.*\)\)", "6", cell) for cell in cells if "%load_ext" not in cell]
    cells[0] += "import mlexp\n"
    session = player.play(folder, [("cell", cell.rstrip("\n")) for cell in cells], kernel=True, OMP_NUM_THREADS="2")
    script = session.export("r1")
    assert script.verdict == "reproduced", script.proof.reason
    outcomes = {row.name: str(row.outcome) for row in script.proof.compared}
    assert {outcomes[name] for name in ("rmse", "loss", "valid_loss", "W1", "W2", "b1")} == {"equal"}
    assert script.start("--check", "--history", str(tmp_path / "h.jsonl")).returncode == 0
    assert len((tmp_path / "h.jsonl").read_text().splitlines()) == 30
    assert session.export("r2").verdict == "reproduced"  # a warm start: what r1 trained is trained first
    (tmp_path / "south.csv").write_text((folder / "sensors" / "north.csv").read_text())
    other = script.start("--check", "--data", f"south.csv={tmp_path / 'south.csv'}", "--lr", "0.1")
    assert other.returncode == 1
    assert [line.partition(":")[0] for line in other.stderr.splitlines()[:3]] == ["loss", "rmse", "valid_loss"]
