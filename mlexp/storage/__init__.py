"""Where runs are kept: the contract, and SQLite and memory behind it."""

from mlexp.storage.base import MetricPoints, RunStore
from mlexp.storage.memory import MemoryStore
from mlexp.storage.place import store_folder
from mlexp.storage.sqlite import SqliteStore

__all__ = ["MemoryStore", "MetricPoints", "RunStore", "SqliteStore", "store_folder"]
