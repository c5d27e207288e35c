"""The prior of unlabelled rows: a maximum, its error, and the corners where it is nobody's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, ndtri

from upweight import Correction
from upweight._undo._prior import fit_prior


def _gap(p, train, q):
    """The optimality condition of the page, computed anew: no class can raise the likelihood."""
    r = p / train[:, None]
    return (r / (q @ r)).mean(axis=1).max() - 1


def _random_rows(seed):
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(2, 10)), int(rng.choice([1, 3, 30, 400]))
    z = rng.normal(size=(k, n)) * rng.choice([0.01, 0.5, 2, 6])
    p = np.exp(z - z.max(axis=0))
    return p / p.sum(axis=0), rng.dirichlet(np.ones(k)) * 0.98 + 0.02 / k


def test_em_on_the_quantile_grid():
    x = np.r_[ndtri((np.arange(2000) + 0.5) / 2000) - 1, ndtri((np.arange(500) + 0.5) / 500) + 1]
    c = Correction.em(expit(2 * x), train=0.5)
    assert c.prior[1] == pytest.approx(0.19999834, abs=5e-9)
    assert c.prior.se[1] == pytest.approx(0.01142771, abs=5e-9)
    assert c.prior.statistic == pytest.approx(521.1406, abs=5e-5)
    assert c.prior.p < 1e-100
    assert c.status == "approximate"
    assert c.log_odds == pytest.approx(np.log(0.5 / c.prior[1] * c.prior[0] / 0.5), abs=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_no_class_can_raise_the_likelihood(seed):
    p, train = _random_rows(seed)
    found = fit_prior(p, train)
    assert found.world.sum() == pytest.approx(1, abs=1e-12)
    assert found.world.min() >= 0
    assert _gap(p, train, found.world) < 1e-8


def test_the_maximum_is_that_of_plain_em():
    for seed in (1, 2, 3, 4):
        p, train = _random_rows(seed)
        r, q = p / train[:, None], train.copy()
        for _ in range(5000):
            q = q * (r / (q @ r)).mean(axis=1)
        ours = fit_prior(p, train)
        assert ours.statistic >= 2 * np.log(q @ r).sum() - 1e-7
        np.testing.assert_allclose(ours.world @ r, q @ r, rtol=1e-3)  # the fit is unique where the prior may not be


def test_certain_rows_are_counted():
    # 30 rows surely of class 0, 10 of class 1: the share is 1/4 and its error binomial
    p = np.repeat([[1.0, 0.0], [0.0, 1.0]], [30, 10], axis=0)
    prior = Correction.em(p, train=[0.5, 0.5]).prior
    np.testing.assert_allclose(prior.world, [0.75, 0.25], rtol=1e-9)
    np.testing.assert_allclose(prior.se, np.sqrt(0.75 * 0.25 / 40), rtol=1e-8)


def test_the_statistic_is_zero_where_nothing_moved():
    p = np.array([0.3, 0.7, 0.3, 0.7])
    prior = Correction.em(p, train=0.5).prior
    assert prior[1] == pytest.approx(0.5)
    assert prior.p == pytest.approx(1, abs=1e-3)


def test_classes_are_interchangeable():
    p, train = _random_rows(7)
    order = np.random.default_rng(0).permutation(len(train))
    a, b = fit_prior(p, train), fit_prior(p[order], train[order])
    np.testing.assert_allclose(a.world[order], b.world, atol=1e-6)


def test_a_class_that_is_not_there_is_floored_at_half_a_row():
    c = Correction.em(np.full(50, 0.01), train=0.5)
    assert c.prior[1] < 1e-8
    assert c.log_odds == pytest.approx(np.log(0.5 / 0.01) - np.log(0.5 / 1.0), abs=1e-6)
    assert "not found at all" in c.why
    assert c.apply([0.0, 0.5, 1.0]).tolist() == pytest.approx([0, 1 / 101, 1], abs=1e-6)


def test_two_classes_that_no_row_can_tell_apart_have_no_error_bar():
    p = np.random.default_rng(0).dirichlet([1, 1], 50)
    p = np.column_stack([p[:, 0], p[:, 1] / 2, p[:, 1] / 2])
    prior = Correction.em(p, train=[1 / 3] * 3).prior
    assert np.isinf(prior.se).all()
    assert prior[1] == pytest.approx(prior[2], abs=1e-9)


def test_a_prior_reads_as_the_world_shares():
    prior = Correction.em([0.2, 0.4, 0.9], train=0.5).prior
    assert len(prior) == 2
    np.testing.assert_array_equal(np.asarray(prior), prior.world)
    np.asarray(prior)[0] = 9  # a copy
    assert prior[0] < 1
    assert "p of no change" in repr(prior)
    assert repr(Correction.prior(train=0.5, world=0.04).prior) == "Prior(train=[0.5, 0.5], world=[0.96, 0.04])"
