"""The contract of `mlexp.storage.RunStore`, as tests."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from mlexp.errors import InvalidRecordError, RunFinishedError, RunNotFoundError
from mlexp.records import Alias, Environment, Labels, RunId, RunRecord, RunStatus, SessionId, Verdict
from mlexp.storage import RunStore
from mlexp.testing import samples

NAN, INF = float("nan"), float("inf")
TEXTS = {
    "empty": "",
    "quotes": """Robert'); DROP TABLE runs;--" `'""",
    "unicode": "Zoë 学習 \N{ROCKET} e\N{COMBINING ACUTE ACCENT}",
    "control": "a\x00b\x1b[31m\r\n\t\x7f",
    "right to left": "a\N{RIGHT-TO-LEFT OVERRIDE}b\N{LINE SEPARATOR}",
    "half a pair": "file-\udcff.ipynb",
    "long": "x" * 100_000,
}
ENDS = [status for status in RunStatus if status is not RunStatus.RUNNING]

Open = Callable[[], RunStore]


class RunStoreTests:
    """What every store keeps to. A backend's tests are a subclass with a fixture `store`: an empty one."""

    @pytest.fixture
    def store(self) -> Iterator[RunStore]:
        """Give an empty store."""
        raise NotImplementedError("the subclass gives the store")

    # Sessions and executions

    def test_a_session_is_given_back(self, store: RunStore) -> None:
        record = samples.session(notebook="/project/a.ipynb")
        store.put_session(record)
        assert store.get_session(record.id) == record

    def test_a_session_put_again_takes_the_place(self, store: RunStore) -> None:
        store.put_session(samples.session())
        store.put_executions([samples.execution(0)])
        store.put_session(samples.session(notebook="/project/moved.ipynb"))
        assert store.get_session(SessionId("session")).notebook == "/project/moved.ipynb"
        assert len(store.executions(SessionId("session"))) == 1

    def test_an_unknown_session_is_an_error(self, store: RunStore) -> None:
        with pytest.raises(RunNotFoundError, match="nobody"):
            store.get_session(SessionId("nobody"))
        assert store.executions(SessionId("nobody")) == ()

    def test_executions_come_by_index(self, store: RunStore) -> None:
        store.put_session(samples.session())
        kept = [samples.execution(index, f"x = {index}") for index in (11, 2, 0, 1)]
        store.put_executions(kept)
        assert store.executions(SessionId("session")) == tuple(sorted(kept, key=lambda e: e.index))

    @pytest.mark.parametrize(("stop", "expected"), [(0, []), (1, [0]), (2, [0, 1]), (99, [0, 1, 2]), (None, [0, 1, 2])])
    def test_executions_end_before_stop(self, store: RunStore, stop: int | None, expected: list[int]) -> None:
        store.put_session(samples.session())
        store.put_executions([samples.execution(index) for index in range(3)])
        assert [execution.index for execution in store.executions(SessionId("session"), stop=stop)] == expected

    def test_an_execution_put_again_changes_nothing(self, store: RunStore) -> None:
        store.put_session(samples.session())
        for _ in range(2):
            store.put_executions([samples.execution(0, "x = 1")])
        assert store.executions(SessionId("session")) == (samples.execution(0, "x = 1"),)

    def test_a_second_execution_of_one_index_takes_the_place(self, store: RunStore) -> None:
        store.put_session(samples.session())
        store.put_executions([samples.execution(0, "x = 1"), samples.execution(1), samples.execution(0, "x = 2")])
        store.put_executions([samples.execution(1, "y = 3")])
        assert [execution.python for execution in store.executions(SessionId("session"))] == ["x = 2", "y = 3"]

    def test_executions_of_two_sessions_stay_apart(self, store: RunStore) -> None:
        for name in ("one", "two"):
            store.put_session(samples.session(name))
            store.put_executions([samples.execution(0, name, session_id=SessionId(name))])
        assert [execution.python for execution in store.executions(SessionId("two"))] == ["two"]

    def test_executions_of_an_unknown_session_keep_none_of_the_batch(self, store: RunStore) -> None:
        store.put_session(samples.session())
        with pytest.raises(RunNotFoundError, match="nobody"):
            store.put_executions([samples.execution(0), samples.execution(1, session_id=SessionId("nobody"))])
        assert store.executions(SessionId("session")) == ()

    def test_no_executions_are_no_error(self, store: RunStore) -> None:
        store.put_executions([])

    # Runs

    def test_runs_are_numbered_from_one(self, store: RunStore) -> None:
        store.put_session(samples.session())
        assert [_start(store, f"run {n}").number for n in range(4)] == [1, 2, 3, 4]

    def test_a_started_run_is_given_back(self, store: RunStore) -> None:
        store.put_session(samples.session())
        started = store.start_run(samples.run(), samples.labels(name="base", tags=("a", "b"), note="first"))
        assert started == samples.run(number=1)
        assert store.get_run(started.id) == started
        assert store.labels(started.id) == samples.labels(name="base", tags=("a", "b"), note="first")

    def test_a_run_is_started_once(self, store: RunStore) -> None:
        store.put_session(samples.session())
        _start(store)
        with pytest.raises(InvalidRecordError, match="kept already"):
            store.start_run(samples.run(source="other"), samples.labels(name="other"))
        assert store.get_run(RunId("run")) == samples.run(number=1)
        assert store.labels(RunId("run")).name == ""
        assert _start(store, "next").number == 2

    def test_a_run_needs_its_session(self, store: RunStore) -> None:
        with pytest.raises(RunNotFoundError, match="session"):
            _start(store)
        assert list(store.find_runs()) == []

    @pytest.mark.parametrize("status", ENDS)
    def test_a_run_ends_once(self, store: RunStore, status: RunStatus) -> None:
        store.put_session(samples.session())
        end = replace(_start(store), status=status, elapsed_s=0.25, metrics=samples.metrics({"auc": 0.9}))
        store.finish_run(end, [samples.points("loss", [2.0, 1.0])])
        for again in (end, replace(end, status=RunStatus.FAILED), replace(end, status=RunStatus.RUNNING)):
            with pytest.raises(RunFinishedError, match=f"r1 is {status}"):
                store.finish_run(again, [samples.points("other", [1.0])])
        assert store.get_run(end.id) == end
        assert store.points(end.id) == (samples.points("loss", [2.0, 1.0]),)

    def test_an_unknown_run_is_an_error(self, store: RunStore) -> None:
        store.put_session(samples.session())
        _start(store, "a1b2c3d4")
        unknown = RunId("a1b2c3d5")
        for act in (
            lambda: store.get_run(unknown),
            lambda: store.finish_run(samples.finished(unknown)),
            lambda: store.put_labels(samples.labels(unknown)),
            lambda: store.put_environment(samples.environment(unknown)),
            lambda: store.add_proof(samples.proof(unknown)),
            lambda: store.add_late_output(samples.late_output(unknown)),
        ):
            with pytest.raises(RunNotFoundError):
                act()
        assert store.points(unknown) == ()
        assert store.labels(unknown) == Labels(run_id=unknown)
        assert store.environment(unknown) is None
        assert store.proofs(unknown) == ()
        assert store.late_outputs(unknown) == ()

    def test_an_unknown_run_is_told_what_comes_near(self, store: RunStore) -> None:
        store.put_session(samples.session())
        _start(store, "a1b2c3d4")
        with pytest.raises(RunNotFoundError, match="Did you mean a1b2c3d4"):
            store.get_run(RunId("a1b2c3d5"))

    @pytest.mark.parametrize(
        "change",
        [
            {"status": RunStatus.RUNNING},
            {"number": 7},
            {"session_id": SessionId("other")},
            {"execution": 3},
            {"started": samples.START + timedelta(seconds=1)},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_an_end_leaves_the_start_as_it_was(self, store: RunStore, change: dict[str, Any]) -> None:
        store.put_session(samples.session())
        started = _start(store)
        with pytest.raises(InvalidRecordError):
            store.finish_run(samples.finished(**{"number": 1, **change}), [samples.points("loss", [1.0])])
        assert store.get_run(started.id) == started
        assert store.points(started.id) == ()
        store.finish_run(samples.finished(number=1))

    @pytest.mark.parametrize(
        "value", [NAN, INF, -INF, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2**900, -(2**70)]
    )
    def test_metrics_keep_every_bit(self, store: RunStore, value: float) -> None:
        store.put_session(samples.session())
        end = replace(_start(store), status=RunStatus.FINISHED, elapsed_s=1.0, metrics=samples.metrics({"x": value}))
        store.finish_run(end)
        assert repr(store.get_run(end.id).metrics) == repr(end.metrics)

    # Experiments and aliases

    def test_experiments_are_counted(self, store: RunStore) -> None:
        store.put_session(samples.session())
        assert store.experiments() == {}
        for n, experiment in enumerate(["a", "b", "a", "c", "b"]):
            _start(store, f"run {n}", experiment=experiment)
        assert list(store.experiments().items()) == [("b", 2), ("c", 1), ("a", 2)]

    @pytest.mark.parametrize("name", TEXTS.values(), ids=TEXTS)
    def test_an_experiment_is_moved_with_all_that_it_holds(self, store: RunStore, name: str) -> None:
        store.put_session(samples.session())
        ended, running = _start(store, "a", experiment="old"), _start(store, "b", experiment="old")
        _start(store, "c", experiment="other")
        store.finish_run(replace(ended, status=RunStatus.FAILED))
        assert store.move_experiment("old", name) == 2
        assert store.move_experiment("old", name) == 0
        assert [run.id for run in store.find_runs(experiment=name)] == ["b", "a"]
        assert {run.experiment for run in store.find_runs()} == {name, "other"}
        store.finish_run(replace(running, status=RunStatus.FAILED))  # its process does not know
        assert store.get_run(running.id) == replace(running, status=RunStatus.FAILED, experiment=name)

    def test_an_experiment_moved_into_another_joins_it(self, store: RunStore) -> None:
        store.put_session(samples.session())
        for n, experiment in enumerate(["a", "b", "a"]):
            _start(store, f"run {n}", experiment=experiment)
        assert store.move_experiment("a", "b") == 2
        assert store.move_experiment("b", "b") == 3
        assert store.experiments() == {"b": 3}

    def test_an_alias_stands_for_one_run_of_its_experiment(self, store: RunStore) -> None:
        store.put_session(samples.session())
        for n in range(3):
            _start(store, f"run {n}")
        given = [("a", "baseline", "run 0"), ("a", "best", "run 1"), ("b", "baseline", "run 2")]
        aliases = [Alias(experiment=e, name=name, run_id=RunId(run_id)) for e, name, run_id in given]
        for alias in [*aliases, *aliases]:
            store.put_alias(alias)
        assert store.aliases() == tuple(aliases)
        store.put_alias(replace(aliases[0], run_id=RunId("run 1")))
        assert [alias.run_id for alias in store.aliases(experiment="a")] == ["run 1", "run 1"]
        store.move_experiment("a", "b")
        assert [(a.experiment, a.name, a.run_id) for a in store.aliases()] == [
            ("b", "baseline", "run 2"),
            ("b", "best", "run 1"),
        ]
        with pytest.raises(RunNotFoundError):
            store.put_alias(replace(aliases[0], run_id=RunId("unknown")))

    # Points

    def test_points_come_by_metric_as_they_came(self, store: RunStore) -> None:
        store.put_session(samples.session())
        _start(store)
        logged = [
            samples.points("z", [3.0, 1.0, 2.0], steps=(5, 0, 5)),
            samples.points("a", [NAN, INF, -0.0], steps=(-(2**63), 2**63 - 1, 0)),
            samples.points("none", []),
        ]
        store.finish_run(samples.finished(number=1), logged)
        assert repr(store.points(RunId("run"))) == repr(tuple(logged))

    # What comes later

    def test_labels_change_at_any_time(self, store: RunStore) -> None:
        store.put_session(samples.session())
        _start(store)
        for n, end in enumerate((None, samples.finished(number=1), None)):
            if end is not None:
                store.finish_run(end)
            store.put_labels(samples.labels(name=f"name {n}", tags=(f"tag {n}",)))
            assert store.labels(RunId("run")) == samples.labels(name=f"name {n}", tags=(f"tag {n}",))

    def test_the_last_environment_counts(self, store: RunStore) -> None:
        store.put_session(samples.session())
        _start(store)
        assert store.environment(RunId("run")) is None
        for environment in (samples.environment(), samples.environment(git_commit="f00", git_dirty=True)):
            store.put_environment(environment)
            assert store.environment(RunId("run")) == environment
        assert isinstance(store.environment(RunId("run")), Environment)

    def test_late_output_comes_in_order_also_to_a_finished_run(self, store: RunStore) -> None:
        store.put_session(samples.session())
        run = _start(store)
        _start(store, "other")
        store.finish_run(replace(run, status=RunStatus.FINISHED, elapsed_s=1.0))
        late = [samples.late_output(stream=stream, n=n) for n, stream in enumerate(("stdout", "stderr", "stdout"))]
        for record in [*late, samples.late_output("other"), late[0]]:
            store.add_late_output(record)
        assert store.late_outputs(run.id) == (*late, late[0])
        assert store.get_run(run.id).status is RunStatus.FINISHED

    def test_proofs_come_newest_first(self, store: RunStore) -> None:
        store.put_session(samples.session())
        _start(store)
        _start(store, "other")
        proofs = [samples.proof(reason=str(n), verdict=verdict) for n, verdict in enumerate(Verdict)]
        for proof in [*proofs, samples.proof("other"), proofs[0]]:
            store.add_proof(proof)
        assert store.proofs(RunId("run")) == (proofs[0], *reversed(proofs))

    def test_the_last_goal_counts(self, store: RunStore) -> None:
        assert store.goals() == {}
        for metric, goal in (("auc", "min"), ("loss", "min"), ("auc", "max"), ("auc", "max")):
            store.put_goal(metric, goal)
        assert store.goals() == {"auc": "max", "loss": "min"}

    # Finding

    def test_runs_are_found_newest_first(self, store: RunStore) -> None:
        store.put_session(samples.session())
        for n in range(70):  # more than a store reads at once
            _start(store, f"run {n}")
        assert [run.number for run in store.find_runs()] == list(range(70, 0, -1))

    def test_runs_are_found_by_all_that_is_given(self, store: RunStore) -> None:
        store.put_session(samples.session())
        for n in range(1, 7):
            run = _start(store, f"run {n}", experiment="even" if n % 2 == 0 else "odd")
            if n > 3:
                store.finish_run(replace(run, status=RunStatus.FINISHED, elapsed_s=1.0))

        def found(**wanted: Any) -> list[int]:
            return [run.number for run in store.find_runs(**wanted)]

        assert found() == [6, 5, 4, 3, 2, 1]
        assert found(experiment="even") == [6, 4, 2]
        assert found(status=RunStatus.RUNNING) == [3, 2, 1]
        assert found(experiment="odd", status=RunStatus.FINISHED) == [5]
        assert found(number=4) == [4]
        assert found(number=4, experiment="odd") == []
        assert found(experiment="none") == found(experiment="") == found(number=0) == found(number=10**30) == []

    def test_a_run_that_ends_is_found_as_ended(self, store: RunStore) -> None:
        store.put_session(samples.session())
        run = _start(store)
        store.finish_run(replace(run, status=RunStatus.KILLED))
        assert list(store.find_runs(status=RunStatus.RUNNING)) == []
        assert [found.status for found in store.find_runs()] == [RunStatus.KILLED]

    # Texts

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    def test_every_text_can_be_kept(self, store: RunStore, text: str) -> None:
        store.put_session(samples.session(notebook=text, folder=text))
        store.put_executions([samples.execution(0, text)])
        run = store.start_run(samples.run(experiment=text, source=text), samples.labels(name=text, tags=(text,)))
        end = replace(
            run,
            status=RunStatus.FINISHED,
            elapsed_s=0.0,
            params=samples.params({text: text}),
            metrics=samples.metrics({text: 1.0}),
            notes=(text,),
        )
        store.finish_run(end, [samples.points(text, [1.0])])
        store.add_proof(samples.proof(reason=text))
        store.put_goal(text, "max")
        assert store.get_session(SessionId("session")).notebook == text
        assert store.executions(SessionId("session"))[0].source == text
        assert list(store.find_runs(experiment=text)) == [end]
        assert store.labels(end.id).name == text
        assert store.proofs(end.id)[0].reason == text
        assert len(store.points(end.id)) == len(store.goals()) == 1

    # Threads

    def test_four_threads_number_without_gaps(self, store: RunStore) -> None:
        store.put_session(samples.session())

        def work(thread: int) -> list[int]:
            numbers = []
            for n in range(10):
                run = _start(store, f"{thread}.{n}")
                store.finish_run(
                    replace(run, status=RunStatus.FINISHED, elapsed_s=0.0), [samples.points("loss", [1.0] * 50)]
                )
                store.put_labels(samples.labels(run.id, name=run.id))
                assert [found.id for found in store.find_runs(number=run.number)] == [run.id]
                numbers.append(run.number)
            return numbers

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)  # threads take turns as often as can be
        try:
            with ThreadPoolExecutor(4) as threads:
                numbers = list(threads.map(work, range(4)))
        finally:
            sys.setswitchinterval(interval)
        assert all(own == sorted(own) for own in numbers)
        assert sorted(chain(*numbers)) == list(range(1, 41))
        assert all(store.labels(run.id).name == run.id for run in store.find_runs())


class SharedRunStoreTests(RunStoreTests):
    """What a store keeps to that several processes may open: a subclass has a fixture `open_store`."""

    @pytest.fixture
    def open_store(self) -> Open:
        """Give a function that opens one and the same store, at first an empty one; it can be pickled."""
        raise NotImplementedError("the subclass gives the function")

    @pytest.fixture
    def store(self, open_store: Open) -> Iterator[RunStore]:
        """Give the store, opened."""
        store = open_store()
        yield store
        store.close()

    def test_what_is_kept_is_there_when_opened_again(self, store: RunStore, open_store: Open) -> None:
        store.put_session(samples.session())
        store.put_executions([samples.execution(0, "x = 1")])
        end = replace(_start(store), status=RunStatus.FINISHED, elapsed_s=1.0, metrics=samples.metrics({"auc": 0.1}))
        store.finish_run(end, [samples.points("loss", [2.0, 1.0])])
        store.put_environment(samples.environment())
        store.add_proof(samples.proof())
        store.add_late_output(samples.late_output())
        store.put_goal("auc", "max")
        store.close()
        again = open_store()
        try:
            assert again.get_session(SessionId("session")) == samples.session()
            assert again.executions(SessionId("session")) == (samples.execution(0, "x = 1"),)
            assert list(again.find_runs()) == [end]
            assert again.points(end.id) == (samples.points("loss", [2.0, 1.0]),)
            assert again.environment(end.id) == samples.environment()
            assert again.proofs(end.id) == (samples.proof(),)
            assert again.late_outputs(end.id) == (samples.late_output(),)
            assert again.goals() == {"auc": "max"}
        finally:
            again.close()

    def test_what_one_writes_the_other_reads(self, store: RunStore, open_store: Open) -> None:
        other = open_store()
        try:
            store.put_session(samples.session())
            started = _start(store)
            assert other.get_run(started.id) == started
            other.finish_run(replace(started, status=RunStatus.KILLED))
            with pytest.raises(RunFinishedError):
                store.finish_run(replace(started, status=RunStatus.FINISHED, elapsed_s=1.0))
        finally:
            other.close()

    def test_two_processes_open_it_and_number_without_gaps(self, open_store: Open) -> None:
        spawn = multiprocessing.get_context("spawn")
        line, numbers = spawn.Barrier(2), spawn.Queue()
        children = [spawn.Process(target=_many_runs, args=(open_store, name, line, numbers)) for name in ("one", "two")]
        for child in children:
            child.start()
        found = [numbers.get(timeout=60) for _ in children]
        for child in children:
            child.join()
        numbers.close()
        assert sorted(chain(*found)) == list(range(1, 201))

    def test_a_process_killed_while_it_writes_leaves_whole_runs(self, store: RunStore, open_store: Open) -> None:
        spawn = multiprocessing.get_context("spawn")
        here, there = spawn.Pipe(duplex=False)
        child = spawn.Process(target=_runs_until_killed, args=(open_store, there))
        child.start()
        acknowledged = [here.recv() for _ in range(5)]
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        there.close()
        try:
            while True:
                acknowledged.append(here.recv())
        except EOFError:
            here.close()
        runs = {run.id: run for run in store.find_runs()}
        assert set(acknowledged) <= set(runs)
        assert all(runs[run_id].status is RunStatus.FINISHED for run_id in acknowledged)
        for run in runs.values():
            ended = run.status is RunStatus.FINISHED
            assert len(store.points(run.id)) == (20 if ended else 0)
            assert len(run.metrics) == (20 if ended else 0)
        assert sorted(run.number for run in runs.values()) == list(range(1, len(runs) + 1))
        assert _start(store, "after", session_id=SessionId("child")).number == len(runs) + 1


def _start(store: RunStore, name: str = "run", **fields: object) -> RunRecord:
    return store.start_run(samples.run(name, **fields), samples.labels(name))


def _many_runs(open_store: Open, name: str, line: Any, numbers: Any) -> None:
    line.wait()  # both at once
    found: list[int] = []
    try:
        store = open_store()
        store.put_session(samples.session(name))
        found += [_start(store, f"{name} {n}", session_id=SessionId(name)).number for n in range(100)]
        store.close()
    finally:
        numbers.put(found)


def _runs_until_killed(open_store: Open, acknowledge: object) -> None:
    store = open_store()
    store.put_session(samples.session("child"))
    for n in range(100_000):
        started = _start(store, f"run {n}", session_id=SessionId("child"))
        found = {f"metric {m}": float(m) for m in range(20)}
        end = replace(started, status=RunStatus.FINISHED, elapsed_s=1.0, metrics=samples.metrics(found))
        store.finish_run(end, [samples.points(name, [value] * 200) for name, value in found.items()])
        acknowledge.send(started.id)  # type: ignore[attr-defined]  # a pipe's end; its type's name differs by system
