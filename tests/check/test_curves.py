"""The curves of a verdict: brute force, the fit that k-hat is read from, and what they do not keep alive."""

from __future__ import annotations

import copy
import json
import math
import pickle

import numpy as np
import pytest
from scipy.stats import genpareto

import upweight as uw
from upweight._check._curves import TailFit, ess_by_power


def weights(n=3000, seed=0, shift=0.0):
    return uw.Weights.of_log(np.random.default_rng(seed).normal(shift, 1.2, n), kind="importance")


@pytest.mark.parametrize("shift", [0.0, 800.0, -800.0])
def test_ess_by_power_is_that_of_tempered_weights_on_any_scale(shift):
    w = weights(shift=shift)
    wanted = [w.n, *(w.temper(power=j / 20).ess for j in range(1, 21))]
    np.testing.assert_allclose(ess_by_power(w.log_w, 20), wanted, rtol=1e-11)


def test_zero_weights_stay_zero_at_every_power():
    some, all_rows = np.array([0.0, -1.0, -2.0]), np.array([0.0, -np.inf, -1.0, -np.inf, -2.0])
    np.testing.assert_allclose(ess_by_power(all_rows, 20), ess_by_power(some, 20))
    assert ess_by_power(all_rows, 20)[0] == 3


def test_the_fit_is_a_generalised_pareto_beyond_its_cut():
    fit = weights().check().curves.fit
    x = fit.cut + np.linspace(0, 20, 50)
    wanted = fit.above * genpareto.sf(x - fit.cut, fit.khat, scale=fit.sigma)
    np.testing.assert_allclose(fit.share(x), wanted, rtol=1e-12)


@pytest.mark.parametrize("k", [-0.3, 0.0, 0.4])
def test_shares_of_the_fit_for_every_sign_of_k(k):
    from upweight._check._curves import TailFit

    x = np.linspace(1, 9, 30)
    wanted = 0.1 * genpareto.sf(x - 1, k, scale=2)
    np.testing.assert_allclose(TailFit(1.0, 2.0, k, 0.1).share(x), wanted, rtol=1e-12, atol=1e-300)


def test_smoothing_puts_the_tail_where_the_fit_says():
    w = weights()
    fit = w.check().curves.fit
    smooth = np.sort(np.exp(uw.arrays.psis(w.log_w)[0]) / w.values.mean())[::-1]
    rank = np.arange(2, 100)  # the largest may be held back at the largest weight
    free = smooth[rank - 1] < w.values.max() / w.values.mean() * (1 - 1e-9)
    np.testing.assert_allclose(fit.share(smooth[rank - 1][free]), (rank[free] - 0.5) / w.n, rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_khat_of_the_fit_is_that_of_the_verdict_to_the_bit(seed):
    v = weights(500 + 700 * seed, seed).check()
    assert v.curves.fit.khat == v.khat


def test_the_lorenz_curve_ends_at_everything_and_never_falls():
    curves = weights().check().curves
    assert curves.held[-1] == 1.0
    assert (np.diff(curves.held) >= 0).all()
    assert len(curves.rows) <= 202


def test_a_verdict_points_to_the_weights_and_copies_nothing():
    w = weights()
    assert w.check()._log_w is w.log_w
    assert w.temper(power=0.5).check()._log_w is w.log_w


def test_copies_leave_the_weights_behind_and_keep_curves_that_were_made():
    w = weights(200_000)
    v = w.check()
    assert len(pickle.dumps(v)) < 300_000
    for twin in (pickle.loads(pickle.dumps(v)), copy.copy(v)):
        assert str(twin) == str(v)
        assert "need the weights" in twin.curves.missing["ess"]
    v.curves  # noqa: B018
    assert "ess" not in pickle.loads(pickle.dumps(v)).curves.missing


def test_documents_hold_the_public_fields_only():
    assert not [name for name in weights().check().to_dict() if name.startswith("_")]


CASES = {
    "plain": lambda: weights().check(),
    "zero": lambda: uw.Weights.of([0.0, 0.0]).check(),
    "constant": lambda: uw.Weights.of(np.ones(100)).check(),
    "class": lambda: uw.Weights.of([1.0] * 90 + [10.0] * 10, kind="class").check(),
    "frequency": lambda: uw.Weights.of([1, 2, 3], kind="frequency").check(),
    "tamed": lambda: weights().temper(power=0.5).clip(at=3).check(),
    "segments": lambda: uw.Weights.of_log(weights().log_w, exact=True).check(by=np.arange(3000) % 3),
    "inverse": lambda: uw.Weights.of_log(weights().log_w + 1, exact=True).check(),
    "with f": lambda: weights().check(f=np.arange(3000.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_verdict_comes_back_from_its_document(name):
    v = CASES[name]()
    back = uw.Verdict.from_dict(json.loads(v.to_json()))
    assert str(back) == str(v)
    assert back.to_json() == v.to_json()
    assert (back.grade, back.advice, list(back.reasons)) == (v.grade, v.advice, list(v.reasons))
    assert math.isnan(back.khat) == math.isnan(v.khat)


def test_balance_comes_back_from_a_document():
    rng = np.random.default_rng(0)
    w = uw.Weights.of(rng.uniform(0.5, 2, 200))
    b = uw.balance(rng.normal(size=(200, 3)), rng.normal(0.3, 1, (200, 3)), weights=w)
    v = w.check(balance=b)
    assert str(uw.Verdict.from_dict(json.loads(v.to_json()))) == str(v)


def test_other_documents_are_refused():
    with pytest.raises(uw.InputError, match=r"schema 'upweight.verdict/1'; got 'upweight.tally/1'"):
        uw.Verdict.from_dict(uw.Tally.of(weights(50)).to_dict())


@pytest.mark.parametrize("khat", [0.3, 1.5, 40.0])
def test_a_fitted_tail_is_the_pareto_tail_at_any_distance(khat):
    x = np.r_[2.0, 2.5, 10.0, 1e300]
    fit = TailFit(2.0, 0.5, khat, 0.2)
    with np.errstate(over="ignore"):
        expected = 0.2 * (1 + khat * (x[:3] - 2.0) / 0.5) ** (-1 / khat)
    np.testing.assert_allclose(fit.share(x)[:3], expected, rtol=1e-12)
    thin = TailFit(0.0, 1e-300, khat, 0.2).share(x)
    expected = 0.2 * np.exp(-(np.log(khat) + np.log(x) + 300 * np.log(10)) / khat)
    np.testing.assert_allclose(thin, expected, rtol=1e-9)


@pytest.mark.parametrize(("seed", "n"), [(0, 300), (5, 3000), (9, 300)])
def test_weights_a_thousand_logs_apart_are_drawn(seed, n):
    x = np.random.default_rng(seed).normal(size=n)
    v = uw.Weights.of_log(x * 500, kind="importance").check()
    v.plot()
    fit = v.curves.fit
    assert fit is None or fit.sigma > 0
