"""The commands: one definition of words and one function each, for a magic and its twin on the command line."""

from mlexp.commands.base import Answer, Command, Context, Parser
from mlexp.commands.table import COMMANDS

__all__ = ["COMMANDS", "Answer", "Command", "Context", "Parser"]
