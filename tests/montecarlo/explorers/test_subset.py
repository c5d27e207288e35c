"""One run of subset simulation: right on average, dear in known numbers, cut by the budget and stopped by a constant."""

import numpy as np
import pytest
from scipy import special

from upweight.montecarlo.explorers import subset_run


def counted(g):
    rows = []

    def ask(u, phase):
        rows.append(len(u))
        return g(u)

    return ask, rows


@pytest.mark.parametrize("d", [2, 50])
def test_the_mean_of_runs_is_the_truth(d):
    """60 runs at beta 3: sd of one is .3 to .45 of p, so the mean lies within four of .06 p; calls are 500 + 450 a level."""
    values, calls = [], []
    for seed in range(60):
        ask, rows = counted(lambda u: 3 - u.sum(axis=1) / np.sqrt(d))
        run = subset_run(ask, lambda: 10**6, d, rng=np.random.default_rng(seed))
        values.append(run.p)
        calls.append(sum(rows))
        assert (3 - run.failures.sum(axis=1) / np.sqrt(d) <= 0).all()
        assert sum(rows) == 500 + 450 * (len(run.history) - 1) == sum(row["calls"] for row in run.history)
    assert np.mean(values) / special.ndtr(-3) == pytest.approx(1, abs=4 * 0.45 / np.sqrt(60))
    assert 1200 < np.mean(calls) < 1700


def test_a_constant_ends_with_zero_and_a_budget_with_nothing():
    run = subset_run(lambda u, phase: np.ones(len(u)), lambda: 10**6, 2, rng=np.random.default_rng(0))
    assert run.p == 0
    assert len(run.failures) == 0
    assert len(run.history) == 1
    never = subset_run(lambda u, phase: 1 - u[:, 0], lambda: 499, 2, rng=np.random.default_rng(0))
    assert never.cut
    assert never.history == ()
    left = iter([500, 449])
    early = subset_run(lambda u, phase: 9 - u[:, 0], lambda: next(left), 2, rng=np.random.default_rng(0))
    assert early.cut
    assert [row["calls"] for row in early.history] == [500]


def test_thirty_levels_end_what_never_fails():
    run = subset_run(lambda u, phase: np.exp(-u[:, 0]), lambda: 10**6, 1, rng=np.random.default_rng(0))
    assert run.p == 0
    assert len(run.history) == 30
