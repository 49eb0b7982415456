"""A comparison with its tables as DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlexp.comparison import Compared, Section

if TYPE_CHECKING:
    import pandas as pd


class Comparison:
    """What differs between runs. `str()` begins with the sentence; tables have a column a run, what differs first."""

    def __init__(self, compared: Compared) -> None:
        self._compared = compared

    @property
    def sentence(self) -> str:
        """What differs, and what it means."""
        return self._compared.sentence

    @property
    def params(self) -> pd.DataFrame:
        """Params by name, as Python literals; None where a run lacks one."""
        return self._section(self._compared.params)

    @property
    def metrics(self) -> pd.DataFrame:
        """Metrics by name; NaN where a run lacks one."""
        rows = self._compared.metrics
        return self._frame([row.name for row in rows], [row.values for row in rows])

    @property
    def environment(self) -> pd.DataFrame:
        """Interpreter, machine and packages."""
        return self._section(self._compared.environment)

    @property
    def code(self) -> str:
        """The unified diff of the tracked cells; empty where they are equal."""
        return "\n".join(self._compared.code)

    def __str__(self) -> str:
        from mlexp.render.comparison import comparison_text

        return comparison_text(self._compared).strip()

    __repr__ = __str__

    def _section(self, section: Section) -> pd.DataFrame:
        return self._frame([row.name for row in section.rows], [row.values for row in section.rows])

    def _frame(self, names: list[str], values: list[Any]) -> pd.DataFrame:
        import pandas as pd

        columns = [side.run.reference for side in self._compared.sides]
        return pd.DataFrame(values, index=pd.Index(names, name="name", dtype=object), columns=columns)
