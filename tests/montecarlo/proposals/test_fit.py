"""Fits: they find what made the points, weights count as copies, and size and family are those that held-out points want."""

from __future__ import annotations

import numpy as np
import pytest

from upweight.montecarlo.proposals import Projected, VonMisesNakagami, fit_proposal, round_normal
from upweight.montecarlo.proposals._em import fitted_mixture
from upweight.montecarlo.proposals._families import FAMILIES


def rng(seed=0):
    return np.random.default_rng(seed)


def test_two_clouds_are_two_components_with_their_shares():
    for seed in range(10):
        x = rng(seed).normal(size=(1000, 2))
        x[:300] += 6
        q = fit_proposal(x, np.zeros(1000), rng=rng(seed), family="mixture")
        far = [(a, p.mean) for a, p in zip(q.shares, q.parts, strict=True) if p.mean[0] > 3]
        assert 2 <= q.components <= 4
        assert sum(a for a, _ in far) == pytest.approx(0.3, abs=0.01)
        assert sum(a * m for a, m in far) / 0.3 == pytest.approx([6, 6], abs=0.4)


def test_weights_are_copies_and_weight_zero_is_absence():
    x = rng().normal(size=(60, 3))
    copies = rng(1).integers(0, 3, 60)
    w = copies / copies.sum()
    repeated = np.repeat(x, copies, axis=0)
    for name, family in FAMILIES.items():
        a = family.fit(x, w).log_prob(x)
        b = family.fit(repeated, np.full(len(repeated), 1 / len(repeated))).log_prob(x)
        if name == "projected":  # the others look at the ESS of the weights, which copies have more of
            np.testing.assert_allclose(a, b, rtol=1e-9)
        with_rest = family.fit(x[copies > 0], w[copies > 0]).log_prob(x)
        np.testing.assert_allclose(a, with_rest, rtol=1e-9)


def test_a_far_shift_in_high_dimension_is_no_full_gaussian():
    x = rng(2).normal(size=(600, 100))
    x[:, 0] = 3.5 + rng(3).exponential(0.3, 600)
    q = fit_proposal(x, np.zeros(600), rng=rng())
    assert q.family in ("projected", "vmfn")
    inside = q.sample(4000, rng(4))[:, 0]
    assert 0.2 < np.mean(inside > 3.5) < 0.9


def test_a_shell_is_vmfn():
    x = rng(5).normal(size=(2000, 5))
    x *= 5 / np.linalg.norm(x, axis=1, keepdims=True)
    assert fit_proposal(x, np.zeros(2000), rng=rng()).family == "vmfn"


def test_vmfn_recovers_its_own_numbers():
    true = VonMisesNakagami(np.eye(10)[0], 30.0, 20.0, 16.0)
    fitted = fitted_mixture(true.sample(4000, rng(6)), np.full(4000, 1 / 4000), "vmfn", 1, rounds=1, rng=rng()).parts[0]
    assert fitted.concentration == pytest.approx(30, rel=0.05)
    assert fitted.shape == pytest.approx(20, rel=0.1)
    assert fitted.spread == pytest.approx(16, rel=0.01)
    assert fitted.direction[0] > 0.999


def test_few_rows_and_light_rows():
    few = rng().normal(size=(4, 3))
    assert fit_proposal(few, np.zeros(4), rng=rng()).components == 1
    assert isinstance(fit_proposal(rng().normal(size=(4, 20)), np.zeros(4), rng=rng()).parts[0], Projected)
    one = fit_proposal(np.ones((1, 2)), np.zeros(1), rng=rng())
    assert np.isfinite(one.log_prob(np.ones((1, 2)))).all()
    x = rng().normal(size=(100, 2))
    light = np.concatenate([x, 1e6 + x])
    l = np.concatenate([np.zeros(100), np.full(100, -40.0)])
    a, b = fit_proposal(light, l, rng=rng(1)), fit_proposal(x, np.zeros(100), rng=rng(1))
    np.testing.assert_array_equal(a.log_prob(x), b.log_prob(x))


def test_a_constant_in_the_logs_and_unused_rows_change_nothing():
    x, l = rng().normal(size=(500, 2)), rng(1).normal(size=500)
    a = fit_proposal(x, l, rng=rng(2)).log_prob(x)
    np.testing.assert_allclose(fit_proposal(x, l + 800, rng=rng(2)).log_prob(x), a, rtol=1e-9)
    absent = np.concatenate([l, np.full(9, -np.inf)])
    np.testing.assert_allclose(fit_proposal(np.concatenate([x, np.zeros((9, 2))]), absent, rng=rng(2)).log_prob(x), a)


def test_more_than_two_thousand_rows_are_thinned_without_bias():
    x = rng(3).normal([1.0, 0.0], size=(30_000, 2))
    q = fit_proposal(x, x[:, 0], rng=rng())  # tilted by exp(x0): the mean moves by one
    drawn = q.sample(20_000, rng(1))
    assert drawn.mean(axis=0) == pytest.approx([2.0, 0.0], abs=0.08)


def test_a_named_family_is_used():
    x = round_normal(2).sample(200, rng())
    for name in ("mixture", "projected", "vmfn"):
        assert fit_proposal(x, np.zeros(200), rng=rng(), family=name).family == name
