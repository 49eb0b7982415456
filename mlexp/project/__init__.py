"""The composition root: a store, its settings, and what can be asked of it."""

from mlexp.project.comparison import Comparison
from mlexp.project.kept import Data
from mlexp.project.project import Project
from mlexp.project.readers import Run, Runs

__all__ = ["Comparison", "Data", "Project", "Run", "Runs"]
