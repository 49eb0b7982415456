"""All commands."""

from mlexp.commands.compare import COMPARE
from mlexp.commands.demo import DEMO
from mlexp.commands.export import EXPORT, VERIFY
from mlexp.commands.runs import RUNS, SHOW

COMMANDS = (RUNS, SHOW, COMPARE, EXPORT, VERIFY, DEMO)
