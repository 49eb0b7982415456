"""Readings of clocks in printed text are looked past; other numbers are not."""

import pytest

from mlexp.pipeline.clocks import without_clocks


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Time:      16:45:44   AIC: 44.92", "Time:       9:05:01   AIC: 44.92"),
        ("Date:  Tue, 24 Nov 2026", "Date:  Wed, 25 Nov 2026"),
        ("made 2026-11-24 16:45 by OLS", "made 2026-11-25 09:00 by OLS"),
        ("done in 0.123s.", "done in 12.4s."),
        ("fit took 3 ms", "fit took 11 ms"),
        ("elapsed: 0.25", "elapsed: 1e-05"),
        ("Training time = 0.51", "Training time = 0.49"),
        ("0:00:01.250000", "0:00:02.500000"),
    ],
)
def test_readings_are_alike(text, other):
    assert without_clocks(text) == without_clocks(other)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("accuracy 0.91", "accuracy 0.92"),
        ("time and accuracy: 0.91", "time and accuracy: 0.92"),
        ("loss 0.5 s", "gain 0.5 s"),
        ("shape (3, 4)", "shape (3, 5)"),
        ("ratio 3:1", "ratio 4:1"),
        ("epoch 3 of 5", "epoch 4 of 5"),
        ("done in 3 steps", "done in 4 steps"),
    ],
)
def test_results_are_not(text, other):
    assert without_clocks(text) != without_clocks(other)
