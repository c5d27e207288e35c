"""Judgement: weights against all densities average to one, what one explorer saw is counted, sizes are fixed beforehand."""

import numpy as np
import pytest
from scipy import special

from upweight.montecarlo.explorers import log_normal
from upweight.montecarlo.judging import (
    Known,
    believed,
    fresh_draw,
    lone_share,
    pooled,
    sized,
    spread,
    wanted_rows,
)
from upweight.montecarlo.proposals import net, round_normal


def failing(u, phase=""):
    return np.where(u[:, 0] > 3, log_normal(u), -np.inf)


def test_pooled_weights_are_those_of_one_mixture():
    rng = np.random.default_rng(0)
    parts = [round_normal(2, 1.0), round_normal(2, 3.0)]
    known = [Known(u := q.sample(n, rng), log_normal(u), q) for q, n in zip(parts, (300, 100), strict=True)]
    u, log_w = pooled(known)
    density = 0.75 * np.exp(parts[0].log_prob(u)) + 0.25 * np.exp(parts[1].log_prob(u))
    np.testing.assert_allclose(np.exp(log_w), np.exp(log_normal(u)) / density, rtol=1e-12)
    assert len(u) == 400
    assert len(pooled([Known(u, np.full(400, -np.inf), parts[0])])[0]) == 0


def test_the_spread_of_a_sizing_draw_is_that_of_its_weights():
    draw = sized([round_normal(2, 2.0)], 1000, defensive=net(2), ask=failing, rng=np.random.default_rng(0))
    w = np.exp(draw.log_f - draw.proposal.log_prob(draw.u))
    assert spread(draw) == pytest.approx(w.std() / w.mean())
    assert spread(Known(draw.u, np.full(1000, -np.inf), draw.proposal)) == np.inf


def test_sizes_follow_from_the_spread_and_are_refused_beyond_twice_what_is_left():
    assert wanted_rows(2.0, 0.05, left=50_000, usual=0.05) == (2400, "")
    assert wanted_rows(0.1, 0.05, left=50_000, usual=0.05) == (1000, "")
    assert wanted_rows(0.1, 0.05, left=50_000, usual=0.05, least=4000) == (4000, "")
    assert wanted_rows(2.0, 0.05, left=1300, usual=0.05) == (1300, "")
    assert wanted_rows(2.0, 0.05, left=1199, usual=0.05)[0] == 0
    assert "needs 2,400 calls, and 1,199 are left" in wanted_rows(2.0, 0.05, left=1199, usual=0.05)[1]
    assert wanted_rows(0.1, 0.05, left=999, usual=0.05)[0] == 0
    assert wanted_rows(np.inf, 0.05, left=10**6, usual=0.05)[0] == 0


def test_who_asks_for_more_than_the_budget_can_give_gets_all_that_is_left():
    """A proposal that serves a usual error is not given up for a smaller one; a bad one is, whatever was asked."""
    assert wanted_rows(1.0, 1e-9, left=46_500, usual=0.05) == (46_500, "")
    assert wanted_rows(1.0, 0.5, left=46_500, usual=0.05) == (1000, "")
    assert wanted_rows(40.0, 1e-9, left=46_500, usual=0.05)[0] == 0


def test_what_one_explorer_alone_covers_is_counted_by_mass():
    """Two explorers at one place, and one of them alone at another."""
    near, far = np.zeros((1, 2)), np.full((3, 2), 8.0)
    both = [round_normal(2, 1.0), round_normal(2, 1.0)]
    alone = [round_normal(2, 1.0), round_normal(2, 6.0)]
    u = np.concatenate([near, far])
    log_w = np.log([1.0, 1.0, 1.0, 2.0])
    assert lone_share(near, np.zeros(1), both) == 0
    assert lone_share(u, log_w, alone) == pytest.approx(0.8)
    assert lone_share(u, np.full(4, -np.inf), alone) == 0


def test_a_fresh_draw_is_unbiased_whatever_shaped_it():
    """60 draws of 400 points from a poor fit: mean within four standard errors of the truth."""
    truth = special.ndtr(-3)
    values, errors = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        q = round_normal(2, 2.5)
        first = sized([q, q], 400, defensive=net(2), ask=failing, rng=rng)
        fresh = fresh_draw([q, q], [first], 400, defensive=net(2), ask=failing, rng=rng)
        assert fresh.estimate is not None
        values.append(fresh.estimate.value)
        errors.append(fresh.estimate.se)
        assert fresh.counts.sum() == 400 == fresh.known.n
        assert fresh.log_q.shape == (4, 400)
    z = (np.mean(values) - truth) / (np.std(values) / np.sqrt(60))
    assert abs(z) < 4
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.35)


def test_nothing_seen_is_not_believed():
    rng = np.random.default_rng(0)
    q = round_normal(2, 1.0)
    never = lambda u, phase: np.full(len(u), -np.inf)
    seen = Known(u := q.sample(100, rng), log_normal(u), q)
    fresh = fresh_draw([q, q], [seen], 1000, defensive=net(2), ask=never, rng=rng)
    assert fresh.estimate is None
    assert believed(fresh) == "none of 1,000 fresh points counts"
