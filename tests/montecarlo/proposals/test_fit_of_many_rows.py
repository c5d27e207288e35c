"""More rows than a fit looks at: each stays one row, so that no copy of it sits in both halves and flatters an overfit."""

import numpy as np
import pytest

from upweight.montecarlo.explorers import log_normal
from upweight.montecarlo.proposals import fit_proposal
from upweight.montecarlo.proposals._fit import MOST, _points


def tilted(n, d, seed=0):
    """Rows of N(0, I) with the weights that move their mean by one along the diagonal: ESS about n/e."""
    x = np.random.default_rng(seed).standard_normal((n, d))
    return x, x.sum(axis=1) / np.sqrt(d)


def test_rows_beyond_the_most_come_once_with_their_copies_as_weight():
    x, log_w = tilted(5000, 3)
    rows, w = _points(x, log_w, np.random.default_rng(0))
    assert len(np.unique(rows, axis=0)) == len(rows) <= MOST
    assert w.sum() == pytest.approx(1)
    assert rows.T @ w == pytest.approx(np.full(3, 1 / np.sqrt(3)), abs=0.1)


def test_three_hundred_dimensions_are_not_given_a_full_covariance():
    """3,000 rows worth 1,100: two full covariances have 90,000 numbers. Copies in both halves once made them win."""
    for seed in range(3):
        x, log_w = tilted(3000, 300, seed)
        q = fit_proposal(x, log_w, rng=np.random.default_rng(seed))
        assert q.family in {"projected", "vmfn"}
        fresh = np.random.default_rng(9).standard_normal((4000, 300)) + 1 / np.sqrt(300)
        assert (q.log_prob(fresh) - log_normal(fresh)).mean() > 0
