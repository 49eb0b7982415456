"""Tests that ship with the interfaces: whoever writes a backend subclasses them. They need pytest.

class TestMyStore(RunStoreTests):
    @pytest.fixture
    def store(self, tmp_path):
        return MyStore(tmp_path)
"""

from mlexp.testing.run_store import RunStoreTests, SharedRunStoreTests

__all__ = ["RunStoreTests", "SharedRunStoreTests"]
