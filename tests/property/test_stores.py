"""Whatever is done to them, the SQLite store answers as the memory store does."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mlexp.errors import MlexpError
from mlexp.records import Outcome, RunId, RunStatus, SessionId, Verdict
from mlexp.storage import MemoryStore, SqliteStore
from mlexp.testing import samples

sessions = st.sampled_from(["one", "two"]).map(SessionId)
runs = st.sampled_from(["a", "b", "c", "d"]).map(RunId)
texts = st.sampled_from(["", "base", "é\x00", "%", "_"]) | st.text(max_size=3)
experiments = st.sampled_from(["x", "y"])
numbers = st.floats() | st.integers(-(2**70), 2**70)
metrics = st.dictionaries(texts, numbers, max_size=3).map(samples.metrics)
points = st.lists(st.builds(samples.points, texts, st.lists(st.floats(), max_size=3)), max_size=2)
executions = st.builds(
    lambda session_id, index, python, outcome: samples.execution(index, python, session_id=session_id, outcome=outcome),
    sessions, st.integers(0, 4), texts, st.sampled_from(Outcome),
)  # fmt: skip


def put_session(store, session_id, notebook):
    store.put_session(samples.session(session_id, notebook=notebook))


def put_executions(store, batch):
    store.put_executions(batch)


def start_run(store, run_id, session_id, experiment, name):
    run = samples.run(run_id, session_id=session_id, experiment=experiment)
    return store.start_run(run, samples.labels(run_id, name=name))


def finish_run(store, run_id, status, found, logged, number):
    """End a run as it is kept, or as another one would be."""
    kept = store.get_run(run_id)
    number = kept.number if number is None else number
    store.finish_run(replace(kept, status=status, elapsed_s=1.0, metrics=found, number=number), logged)


def put_labels(store, run_id, name, tags):
    store.put_labels(samples.labels(run_id, name=name, tags=tuple(tags)))


def put_environment(store, run_id, commit):
    store.put_environment(samples.environment(run_id, git_commit=commit))


def add_proof(store, run_id, verdict, reason):
    store.add_proof(samples.proof(run_id, verdict, reason=reason))


def put_goal(store, metric, goal):
    store.put_goal(metric, goal)


def find_runs(store, experiment, number, status):
    return list(store.find_runs(experiment=experiment, number=number, status=status))


def executions_of(store, session_id, stop):
    return store.executions(session_id, stop=stop)


steps = st.one_of(
    st.tuples(st.just(put_session), sessions, texts),
    st.tuples(st.just(put_executions), st.lists(executions, max_size=3)),
    st.tuples(st.just(start_run), runs, sessions, experiments, texts),
    st.tuples(st.just(finish_run), runs, st.sampled_from(RunStatus), metrics, points, st.none() | st.integers(0, 3)),
    st.tuples(st.just(put_labels), runs, texts, st.lists(texts, max_size=2)),
    st.tuples(st.just(put_environment), runs, st.none() | texts),
    st.tuples(st.just(add_proof), runs, st.sampled_from(Verdict), texts),
    st.tuples(st.just(put_goal), texts, st.sampled_from(["min", "max"])),
    st.tuples(
        st.just(find_runs),
        st.none() | experiments,
        st.none() | st.integers(0, 5) | st.just(2**80),
        st.none() | st.sampled_from(RunStatus),
    ),
    st.tuples(st.just(executions_of), sessions, st.none() | st.integers(0, 5)),
)


def outcome(store, step):
    act, *arguments = step
    try:
        return repr(act(store, *arguments))
    except MlexpError as error:
        return type(error)


def everything(store):
    yield repr(list(store.find_runs()))
    for run_id in "abcd":
        yield repr(store.labels(run_id))
        yield repr(store.environment(run_id))
        yield repr(store.proofs(run_id))
        yield repr(store.points(run_id))
    for session_id in ("one", "two"):
        yield repr(store.executions(session_id))
        yield outcome(store, (type(store).get_session, session_id))
    yield store.goals()


first = [(put_session, SessionId("one"), None), (start_run, RunId("a"), SessionId("one"), "x", "first")]


@given(st.lists(steps, max_size=12))
def test_the_stores_answer_alike(further):
    memory, sqlite = MemoryStore(), SqliteStore(Path(":memory:"))
    try:
        for step in [*first, *further]:
            assert outcome(memory, step) == outcome(sqlite, step), step
        assert list(everything(memory)) == list(everything(sqlite))
    finally:
        sqlite.close()
