"""Whether a metric is better large or small, learned from its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Goal(StrEnum):
    """The better direction of a metric."""

    MAX = "max"
    MIN = "min"


_MAX = frozenset("acc accuracy auc auroc auprc ap map f1 fbeta precision recall sensitivity specificity r2 score iou dice "
                 "jaccard bleu rouge ndcg mrr kappa mcc likelihood gain silhouette top1 top5 correct reward".split())  # fmt: skip
_MIN = frozenset("loss error err mse rmse mae mape smape msle rmsle logloss deviance brier perplexity ppl nll bce cer wer fpr fnr "
                 "entropy divergence kl distance regret aic bic ece residual cost".split())  # fmt: skip


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
