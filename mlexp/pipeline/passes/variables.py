"""Variables that a file of secrets gives to the environment: the file stays where it is, so a script asks for them."""

from __future__ import annotations

from dataclasses import replace

from mlexp.dataflow.visible import Sight, sight
from mlexp.pipeline.script import Script

_READS_FILE = "dotenv"
"""What texts that load such a file mention: `load_dotenv()`, `%dotenv`."""


def ask_for_variables(script: Script) -> Script:
    """Note which of these variables the sections read."""
    executions = [section.execution for section in script.sections]
    found = dict.fromkeys(script.secrets)
    for execution in executions:
        for kind in execution.state if _READS_FILE in execution.python else ():
            readers = (reader for reader in executions if reader.index >= execution.index)
            if kind.startswith("env:") and any(sight(kind, execution, reader) is Sight.SURE for reader in readers):
                found[kind.removeprefix("env:")] = None
    return replace(script, secrets=tuple(found))
