"""A store that another process has locked costs a cell seconds at most, and an interrupt ends the wait."""

import sqlite3

import pytest

from mlexp.records import RunStatus


class TestALockedStore:
    """Another process holds the database's lock, and does not let go."""

    @pytest.fixture
    def locked(self, kernel, folder):
        kernel.ok("%%track\nx = 1")
        other = sqlite3.connect(folder / ".mlexp" / "runs.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield other
        other.close()

    def test_costs_an_untracked_cell_little(self, kernel, project, locked):
        assert kernel.ok("y = 1\ny", limit_s=5).result == "1"
        locked.execute("ROLLBACK")
        kernel.ok("%%track later\n3")
        assert "y = 1\ny" in [e.source for e in project.find("later").executions]

    def test_costs_a_tracked_cell_seconds(self, kernel, locked):
        answer = kernel.ok("%%track\n5", limit_s=15)
        assert answer.result == "5"
        assert "locked" in answer.stderr
        (notice,) = answer.notices
        assert "this cell ran, but is not recorded" in notice
        assert "this cell is not recorded" in kernel.ok("%%track\nimport mlexp\nmlexp.log(x=1)", limit_s=15).stderr
        locked.execute("ROLLBACK")
        assert kernel.ok("%%track\n6").cards

    def test_that_is_locked_while_the_cell_runs(self, kernel, project, locked):
        locked.execute("ROLLBACK")
        kernel.ok("import sqlite3")
        lock = "other = sqlite3.connect('.mlexp/runs.db', isolation_level=None)"
        answer = kernel.ok(f"%%track inside\n{lock}\nother.execute('BEGIN IMMEDIATE')\n5;", limit_s=15)
        assert "has ended, but is not kept yet" in answer.notices[0]
        kernel.ok("other.close()")
        kernel.ok("7")
        assert project.find("inside").status is RunStatus.FINISHED

    def test_does_not_hold_an_interrupt_up(self, kernel, locked):
        kernel.ok("import threading, signal, os, time")
        kernel.ok("threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n1")
        answer = kernel.run("%%track\nimport time\ntime.sleep(10)", limit_s=5)
        assert answer.error == "KeyboardInterrupt"
        locked.execute("ROLLBACK")
        assert kernel.ok("%%track\n6").cards
