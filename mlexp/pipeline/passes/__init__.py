"""Passes: each changes one thing about a script. `ALL` is their order."""

from mlexp.pipeline.passes.answers import give_answers
from mlexp.pipeline.passes.awaits import wrap_awaits
from mlexp.pipeline.passes.declared import take_declarations
from mlexp.pipeline.passes.errors import replay_errors
from mlexp.pipeline.passes.figures import show_figures
from mlexp.pipeline.passes.folders import stay_inside
from mlexp.pipeline.passes.inputs import bundle_inputs
from mlexp.pipeline.passes.magics import translate_magics
from mlexp.pipeline.passes.metrics import name_metrics
from mlexp.pipeline.passes.modules import follow_modules
from mlexp.pipeline.passes.notebook import be_a_notebook, hoist_futures, stand_in
from mlexp.pipeline.passes.own import take_mlexp_out
from mlexp.pipeline.passes.params import make_flags
from mlexp.pipeline.passes.randomness import restore_all_states, restore_states
from mlexp.pipeline.passes.results import bind_results
from mlexp.pipeline.passes.scores import keep_scores
from mlexp.pipeline.passes.secrets import read_secrets
from mlexp.pipeline.passes.tidy import tidy
from mlexp.pipeline.passes.variables import ask_for_variables
from mlexp.pipeline.script import Pass

BEFORE_RANDOMNESS: tuple[Pass, ...] = (
    keep_scores,
    replay_errors,
    take_declarations,
    take_mlexp_out,
    hoist_futures,
    translate_magics,
    bind_results,
    give_answers,
    read_secrets,
    ask_for_variables,
    stand_in,
    be_a_notebook,
    make_flags,
    follow_modules,
    stay_inside,
    bundle_inputs,
    name_metrics,
)
AFTER_RANDOMNESS: tuple[Pass, ...] = (wrap_awaits, tidy, show_figures)

ALL: tuple[Pass, ...] = (*BEFORE_RANDOMNESS, restore_states, *AFTER_RANDOMNESS)
CAUTIOUS: tuple[Pass, ...] = (*BEFORE_RANDOMNESS, restore_all_states, *AFTER_RANDOMNESS)
"""Restores a generator before every execution that drew, whatever the code seeds: tried when ALL does not reproduce."""

__all__ = ["ALL", "CAUTIOUS"]
