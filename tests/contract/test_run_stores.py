"""Both stores keep the contract that ships with the interface."""

from functools import partial

import pytest

from mlexp.storage import MemoryStore, SqliteStore
from mlexp.testing import RunStoreTests, SharedRunStoreTests


class TestMemoryStore(RunStoreTests):
    @pytest.fixture
    def store(self):
        return MemoryStore()


class TestSqliteStore(SharedRunStoreTests):
    @pytest.fixture
    def open_store(self, tmp_path):
        return partial(SqliteStore, tmp_path / "runs.db")
