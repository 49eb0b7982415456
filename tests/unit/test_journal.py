"""What `Journal.append` has returned from is read back, whatever happens next."""

import json
import math
import os
import signal
import subprocess
import sys
import threading

import pytest

from mlexp.errors import InvalidRecordError
from mlexp.records import RunId
from mlexp.storage.base import MetricPoints
from mlexp.storage.journal import Journal, read_journal
from tests.faults import files_end_at


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "logs", RunId("run"))
    yield journal
    journal.close()


def steps_of(journal, name="loss"):
    return next((points.steps for points in read_journal(journal.path) if points.name == name), ())


def test_points_come_back_by_metric_as_they_came(journal):
    journal.append(0, 1.5, {"loss": 2.0, "acc": 0.5})
    journal.append(7, 2.5, {"loss": 1.0})
    journal.append(7, 3.5, {"acc": 0.75, "train/é\n": 3})
    assert read_journal(journal.path) == (
        MetricPoints(name="loss", steps=(0, 7), times=(1.5, 2.5), values=(2.0, 1.0)),
        MetricPoints(name="acc", steps=(0, 7), times=(1.5, 3.5), values=(0.5, 0.75)),
        MetricPoints(name="train/é\n", steps=(7,), times=(3.5,), values=(3.0,)),
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2, 2**60, 2**900])
def test_values_come_back_to_the_bit(journal, value):
    journal.append(0, 0.0, {"x": value})
    (points,) = read_journal(journal.path)
    assert repr(points.values) == repr((float(value),))


def test_no_file_has_no_points(tmp_path):
    assert read_journal(tmp_path / "none.log") == ()


def test_each_call_is_one_line_at_once(journal):
    for step in range(3):
        journal.append(step, 0.0, {"loss": 1.0})
        assert journal.path.read_bytes().count(b"\n") == step + 1


def test_opened_again_it_goes_on(journal):
    journal.append(0, 0.0, {"loss": 1.0})
    again = Journal(journal.path.parent, RunId("run"))
    again.append(1, 0.0, {"loss": 1.0})
    journal.append(2, 0.0, {"loss": 1.0})
    again.close()
    assert steps_of(journal) == (0, 1, 2)


def test_taken_away_it_is_gone(journal):
    journal.append(0, 0.0, {"loss": 1.0})
    journal.forget()
    journal.forget()
    assert read_journal(journal.path) == ()


def test_a_line_cut_anywhere_takes_no_other_line_with_it(journal):
    journal.append(0, 1.0, {"loss": 1.0, "b": 2.0})
    journal.append(1, 2.0, {"loss": 2.0, "b": 3.0})
    whole = journal.path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(len(whole)):
        journal.path.write_bytes(whole[:end])
        assert steps_of(journal) == ((0,) if end >= first else ())


@pytest.mark.parametrize(
    "junk", [b"\0" * 50, b"null", b"[1, 2]", b"[1, 2.0, 3]", b'[1, 2.0, {"loss": "x"}]', b"\xff", b""]
)
def test_a_damaged_line_is_passed_over(journal, junk):
    journal.append(0, 1.0, {"loss": 1.0})
    with open(journal.path, "ab") as file:
        file.write(junk + b"\n")
    journal.append(1, 2.0, {"loss": 2.0})
    assert steps_of(journal) == (0, 1)


def test_a_full_disk_costs_only_the_points_that_were_refused(journal):
    for step in range(3):
        journal.append(step, 1.0, {"loss": 1.0})
    for room in (9, 0):  # some of a line, then none
        with files_end_at(journal.path.stat().st_size + room), pytest.raises(OSError, match=r"whole|large"):
            journal.append(99, 1.0, {"loss": 1.0})
    journal.append(3, 1.0, {"loss": 1.0})
    assert steps_of(journal) == (0, 1, 2, 3)


@pytest.mark.parametrize("step", [2**63, -(2**63) - 1, 10**30])
def test_a_step_that_no_store_can_keep_is_refused_at_once(journal, step):
    with pytest.raises(InvalidRecordError, match="64 bits"):
        journal.append(step, 0.0, {"loss": 1.0})
    journal.append(2**63 - 1, 0.0, {"loss": 1.0})
    assert steps_of(journal) == (2**63 - 1,)


def test_threads_append_whole_lines(journal):
    def work(thread):
        for step in range(200):
            journal.append(step, 0.0, {f"thread {thread}": float(step), "padding " * 50: 0.0})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(4):
        assert steps_of(journal, f"thread {n}") == tuple(range(200))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking beside threads
def test_a_forked_child_appends_to_the_same_log(journal):
    journal.append(0, 0.0, {"loss": 1.0})
    child = os.fork()
    if child == 0:
        try:
            journal.append(1, 0.0, {"loss": 1.0})
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    journal.append(2, 0.0, {"loss": 1.0})
    assert steps_of(journal) == (0, 1, 2)


LOGS_UNTIL_KILLED = """
import sys
from pathlib import Path
from mlexp.storage.journal import Journal

journal = Journal(Path(sys.argv[1]), "run")
for step in range(10**9):
    journal.append(step, 0.0, {"loss": step / 7})
    sys.stdout.write(f"{step}\\n")  # acknowledged
    sys.stdout.flush()
"""


def test_every_acknowledged_point_survives_kill_9(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", LOGS_UNTIL_KILLED, str(tmp_path)], stdout=subprocess.PIPE)
    acknowledged = [int(child.stdout.readline()) for _ in range(500)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in child.stdout.read().split(b"\n")[:-1]]
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    (points,) = read_journal(tmp_path / "run.log")
    assert points.steps[: len(acknowledged)] == tuple(acknowledged) == tuple(range(len(acknowledged)))
    assert points.values == tuple(step / 7 for step in points.steps)
    assert len(points.steps) <= len(acknowledged) + 1


def test_points_have_one_length():
    with pytest.raises(InvalidRecordError, match="'loss': 2 steps, 1 times, 2 values"):
        MetricPoints(name="loss", steps=(0, 1), times=(0.0,), values=(1.0, 2.0))


def test_the_log_is_json_lines(journal):
    journal.append(3, 1.0, {"a": 0.5})
    assert json.loads(journal.path.read_text()) == [3, 1.0, {"a": 0.5}]
