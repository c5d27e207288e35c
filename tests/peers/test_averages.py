"""Where the field's weighted quantiles and error bars go wrong: each test shows the peer, then ours on the same input.

Seen with NumPy 2.4.6 and statsmodels 0.15.0. A test that fails because a peer was mended is good news: drop its first half.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from upweight import Weights


def test_a_quantile_at_a_tie_is_that_of_repeated_rows():
    x, copies = np.arange(8.0), np.array([2, 3, 4, 2, 1, 3, 1, 4])
    theirs = np.quantile(x, 0.1, weights=copies / 20, method="inverted_cdf")
    assert theirs == 1.0  # the running sum 2/20 misses 0.1 by a rounding
    assert np.quantile(np.repeat(x, copies), 0.1, method="inverted_cdf") == 0.0
    for w in (Weights.of(copies / 20, kind="importance"), Weights.of(copies, kind="frequency")):
        assert w.quantile(x, 0.1).value == 0.0


def test_ten_times_the_weight_is_no_more_knowledge():
    rng = np.random.default_rng(0)
    v, f = np.exp(0.2 * rng.exponential(size=400)), rng.normal(size=400)
    theirs = [DescrStatsW(f, weights=scale * v, ddof=1).std_mean for scale in (1, 10)]
    assert theirs[0] / theirs[1] == pytest.approx(math.sqrt(10), rel=0.01)  # 3.16: weights are read as copies
    ours = [Weights.of(scale * v, kind="importance").mean(f).se for scale in (1, 10)]
    assert ours[0] == pytest.approx(ours[1], rel=1e-12)


def test_weights_read_as_copies_cover_too_little():
    k, runs = 0.2, 1000
    hits = np.zeros(2)
    for seed in range(runs):
        x = np.random.default_rng([11, seed]).exponential(size=1000)
        v = (1 - k) * np.exp(k * x)
        low, high = DescrStatsW(x, weights=v, ddof=0).tconfint_mean()
        ours = Weights.of(v, kind="importance").mean(x).interval()
        hits += [low <= 1 / (1 - k) <= high, ours[0] <= 1 / (1 - k) <= ours[1]]
    theirs, ours = hits / runs
    assert theirs == pytest.approx(0.83, abs=0.05)  # four standard errors
    assert ours > 0.91


def test_the_usual_error_bars_miss_where_the_tail_is_heavy():
    runs = 600
    seen = {0.4: (0.88, 0.62), 0.5: (0.78, 0.52), 0.7: (0.46, 0.34)}  # sandwich (delta), sd/root of ESS
    for k, (delta, naive) in seen.items():
        hits = np.zeros(3)
        for seed in range(runs):
            x = np.random.default_rng([12, seed]).exponential(size=1000)
            w = Weights.of_log(k * x, kind="importance")
            e, truth = w.mean(x), 1 / (1 - k)
            spread = math.sqrt(float(np.sum(w.probabilities * (x - e.value) ** 2)) / w.ess)
            low, high = e.interval()
            hits += [abs(e.value - truth) <= 1.96 * e.se, abs(e.value - truth) <= 1.96 * spread, low <= truth <= high]
        shares = hits / runs
        assert shares[:2] == pytest.approx((delta, naive), abs=0.08)  # four standard errors
        assert shares[2] >= 0.90
