"""Whether a metric is better large or small, learned from its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Goal(StrEnum):
    """The better direction of a metric."""

    MAX = "max"
    MIN = "min"


_MAX = frozenset(
    """acc accuracy ap auc auprc auroc bleu correct dice f1 fbeta gain iou jaccard kappa likelihood map mcc mrr ndcg
    precision r2 recall reward rouge score sensitivity silhouette specificity top1 top5""".split()
)
_MIN = frozenset(
    """aic bce bic brier cer cost deviance distance divergence ece entropy err error fnr fpr kl logloss loss mae mape
    mse nll perplexity ppl regret residual rmse rmsle smape wer""".split()
)


def goal_of(metric: str, said: Mapping[str, str] | None = None) -> Goal | None:
    """Return the goal of a metric: what was said of it, else what its name's last telling word means, else None."""
    if said and metric in said:
        return Goal(said[metric])
    words = [word for word in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", metric).lower()) if word]
    if {"log", "loss"} <= set(words):
        return Goal.MIN
    for word in reversed(words):
        if word in _MIN:
            return Goal.MIN
        if word in _MAX:
            return Goal.MAX
    return None
