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
    """Return the goal of a metric: what was said of it, else what its name's last telling word means, else None.

    `neg_` turns it round: scikit-learn's `neg_log_loss` is better large.
    """
    if said and metric in said:
        return Goal(said[metric])
    words = [word for word in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", metric).lower()) if word]
    telling = [word for word in reversed(words) if word in _MIN or word in _MAX]
    if not telling:
        return None
    word = next((word for word in telling if word != "score"), "score")  # a Brier score is better small
    negated = "neg" in words or "negative" in words
    return Goal.MIN if (word in _MIN) != negated else Goal.MAX
