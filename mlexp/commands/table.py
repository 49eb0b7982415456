"""All commands."""

from mlexp.commands.compare import COMPARE
from mlexp.commands.demo import DEMO
from mlexp.commands.enable import DISABLE, ENABLE
from mlexp.commands.experiment import EXPERIMENT
from mlexp.commands.export import EXPORT, VERIFY
from mlexp.commands.labels import ALIAS, NOTE, RENAME, TAG
from mlexp.commands.lineage import LINEAGE
from mlexp.commands.runs import RUNS, SHOW

COMMANDS = (RUNS, SHOW, COMPARE, LINEAGE, EXPORT, VERIFY, EXPERIMENT, TAG, NOTE, RENAME, ALIAS, ENABLE, DISABLE, DEMO)
