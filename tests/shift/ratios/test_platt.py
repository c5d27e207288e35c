"""The scale of logits: a maximum of the likelihood, never negative, and the classifier's own where the samples are apart."""

import numpy as np
import pytest
from scipy.optimize import minimize

from upweight.shift.ratios._platt import losses, platt, platt_losses


def drawn(rng, n, a=0.6, b=-0.3):
    f = rng.normal(0, 2, n)
    return f, np.where(rng.random(n) < 1 / (1 + np.exp(-(a * f + b))), 1.0, -1.0), rng.random(n) + 0.2


def test_nothing_is_more_likely():
    for seed in range(5):
        f, sign, w = drawn(np.random.default_rng(seed), 300)
        best = minimize(lambda t: w @ losses(t[0] * f + t[1], sign), [1.0, 0.0], tol=1e-12).x  # noqa: B023
        assert platt(f, sign, w) == pytest.approx(tuple(best), abs=1e-4)


def test_the_scale_is_found_again():
    f, sign, w = drawn(np.random.default_rng(0), 100_000)
    assert platt(f, sign, w) == pytest.approx((0.6, -0.3), abs=0.03)


def test_the_wrong_way_round_is_zero():
    f, sign, w = drawn(np.random.default_rng(0), 300)
    assert platt(-f, sign, w) == (0.0, 0.0)


def test_separated_samples_keep_the_classifiers_scale():
    f = np.array([-2.0, -1.0, 1.0, 2.0])
    assert platt(f, np.array([-1.0, -1, 1, 1]), np.ones(4)) == (1.0, 0.0)


def test_a_row_is_judged_by_the_others():
    f, sign, w = drawn(np.random.default_rng(1), 60)
    tests = [np.arange(0, 30), np.arange(30, 60)]
    found = platt_losses(f, sign, w, tests)
    a, b = platt(f[30:], sign[30:], w[30:])
    assert found[:30] == pytest.approx(losses(a * f[:30] + b, sign[:30]))
