"""The figures of calibration against their textbook definitions and against the peers' fits."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit, logsumexp

from upweight import Correction, InputError, KindError, Weights
from upweight._undo._calibration import Calibration, calibration, fit_logits, is_calibrated, read_held_out
from upweight._undo._proba import read_proba

RNG = np.random.default_rng(0)
N = 600
LOGIT = RNG.normal(-0.5, 1.5, N)
Y = RNG.random(N) < expit(LOGIT)
P = expit(1.4 * LOGIT + 0.6)  # too sure, too high
W = RNG.integers(0, 4, N).astype(float)
THREE = RNG.dirichlet([2.0, 1.0, 0.5], N)
Y3 = (THREE.cumsum(axis=1) > RNG.random((N, 1))).argmax(axis=1)


def figures(y, p, w=None) -> Calibration:
    return calibration(read_held_out(y, read_proba(p), w))


def assert_same(a: Calibration, b: Calibration, rtol=1e-9, but=()):
    for name, value in a.to_dict().items():
        if name not in but:
            np.testing.assert_allclose(value, b.to_dict()[name], rtol=rtol, atol=1e-12, err_msg=name)


# ---- figures --------------------------------------------------------------------------------------------------------


def test_observed_over_expected_and_z_by_hand():
    c = figures([0, 0, 1, 1], [0.2, 0.4, 0.4, 0.5])
    assert c.oe == pytest.approx(2 / 1.5)
    assert c.z == pytest.approx(0.5 / np.sqrt(0.16 + 0.24 + 0.24 + 0.25))
    assert c.brier == pytest.approx((0.04 + 0.16 + 0.36 + 0.25) / 4)
    assert c.log_loss == pytest.approx(-np.log([0.8, 0.6, 0.4, 0.5]).mean())
    assert c.rows == (2, 2)


def test_slope_and_intercept_are_those_of_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    line = sm.Logit(Y, sm.add_constant(logit(P))).fit(disp=0)
    c = figures(Y, P)
    assert c.slope == pytest.approx(line.params[1], rel=1e-7)
    assert c.slope_se == pytest.approx(line.bse[1], rel=1e-7)
    level = sm.GLM(Y, np.ones(N), family=sm.families.Binomial(), offset=logit(P)).fit()
    assert c.intercept == pytest.approx(level.params[0], abs=1e-8)
    assert c.slope_z == pytest.approx((line.params[1] - 1) / line.bse[1], rel=1e-6)


def test_brier_and_log_loss_are_those_of_sklearn():
    metrics = pytest.importorskip("sklearn.metrics")
    c = figures(Y, P, W)
    assert c.brier == pytest.approx(metrics.brier_score_loss(Y, P, sample_weight=W))
    assert c.log_loss == pytest.approx(metrics.log_loss(Y, P, sample_weight=W))
    c = figures(Y3, THREE)
    assert c.brier == pytest.approx(metrics.brier_score_loss(Y3, THREE))
    assert c.log_loss == pytest.approx(metrics.log_loss(Y3, THREE))


def test_weighted_slope_has_the_sandwich_of_squared_weights():
    # A^-1 B A^-1 with B = sum w^2 p(1-p) x x', by explicit matrices
    held = read_held_out(Y, read_proba(P), W + 0.5)
    fit = fit_logits(held, slope=True)
    x = np.column_stack([np.ones(N), logit(P)])
    v = expit(x @ [fit.a[1], fit.b])
    v, w = v * (1 - v), W + 0.5
    a, b = (x * (w * v)[:, None]).T @ x, (x * (w**2 * v)[:, None]).T @ x
    assert fit.se == pytest.approx(np.sqrt((np.linalg.inv(a) @ b @ np.linalg.inv(a))[1, 1]), rel=1e-8)


@pytest.mark.parametrize("k", [2, 3, 7])
@pytest.mark.parametrize("slope", [False, True])
def test_the_fit_is_the_maximum_a_general_optimiser_finds(k, slope):
    rng = np.random.default_rng(k)
    p = rng.dirichlet(np.ones(k), 300)
    y = (p.cumsum(axis=1) > rng.random((300, 1))).argmax(axis=1)
    p = p ** rng.uniform(0.5, 2) * rng.uniform(0.3, 3, k)
    p /= p.sum(axis=1, keepdims=True)
    w = rng.uniform(0.1, 2, 300)
    held = read_held_out(y, read_proba(p), w)
    x = np.log(np.maximum(p, 1e-6))

    def loss(theta):
        z = np.append(0, theta[: k - 1]) + (theta[k - 1] if slope else 1) * x
        return -(w * (z[np.arange(300), y] - logsumexp(z, axis=1))).sum()

    best = minimize(loss, np.append(np.zeros(k - 1), np.ones(int(slope))), method="BFGS", options={"gtol": 1e-7})
    fit = fit_logits(held, slope=slope)
    assert -fit.level <= best.fun + 1e-9
    np.testing.assert_allclose(np.append(fit.a[1:], [fit.b] * slope), best.x, atol=2e-5)


def test_an_intercept_makes_the_weighted_totals_right():
    for p, y in ((P, Y), (THREE, Y3)):
        given = read_proba(p)
        held = read_held_out(y, given, W)
        a = fit_logits(held, slope=False).a
        z = a[:, None] + held.log_p
        q = np.exp(z - logsumexp(z, axis=0))
        np.testing.assert_allclose(q @ held.w, np.bincount(held.codes, held.w), rtol=1e-9)


def test_newton_comes_home_from_far_away():
    y = np.r_[np.ones(20, bool), np.zeros(200_000 - 20, bool)]
    p = np.clip(np.random.default_rng(0).beta(40, 2, 200_000), 0.01, 0.999999)
    c = figures(y, p)
    assert np.isfinite([c.intercept, c.slope, c.slope_se]).all()
    assert c.intercept < -12


# ---- laws -----------------------------------------------------------------------------------------------------------


def test_zero_weight_is_removed():
    assert_same(figures(Y, P, W), figures(Y[W > 0], P[W > 0], W[W > 0]))
    assert_same(figures(Y3, THREE, W), figures(Y3[W > 0], THREE[W > 0], W[W > 0]))


def test_copies_are_repeated_rows():
    rows = np.repeat(np.arange(N), W.astype(int))
    copies = figures(Y, P, Weights.of(W, kind="frequency"))
    assert_same(copies, figures(Y[rows], P[rows]), but=("clipped",))


def test_the_scale_of_weights_does_not_matter():
    assert_same(figures(Y, P, W), figures(Y, P, 1e-6 * W))
    assert_same(figures(Y, P, W), figures(Y, P, Weights.of(W, kind="importance")))
    assert_same(figures(Y, P), figures(Y, P, np.full(N, 3.0)))


def test_order_and_names_do_not_matter():
    order = np.random.default_rng(1).permutation(N)
    assert_same(figures(Y, P), figures(Y[order], P[order]))
    assert_same(figures(Y, P), figures(np.where(Y, "sick", "healthy"), P))
    assert_same(figures(Y, P), figures(Y + 1, np.column_stack([1 - P, P])))


def test_the_last_class_of_two_columns_is_that_of_one():
    assert_same(figures(Y, P), figures(Y, np.column_stack([1 - P, P])), rtol=1e-8)


def test_clipped_rows_are_counted_and_bound_the_loss():
    c = figures([0, 1, 1, 0, 1], [0.0, 1.0, 1e-9, 0.3, 0.6])
    assert c.clipped == 3
    assert c.log_loss == pytest.approx(-(np.log(1e-6) + np.log(0.7) + np.log(0.6)) / 5, rel=1e-5)


def test_what_cannot_be_told_is_nan_and_none_in_json():
    one_class = figures([0, 0, 0], [0.1, 0.2, 0.3])
    assert np.isnan([one_class.slope, one_class.intercept]).all()
    assert one_class.oe == 0
    flat = figures([0, 1, 0], [0.5, 0.5, 0.5])
    assert np.isnan(flat.slope)
    separated = figures([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert np.isnan(separated.slope)
    back = Calibration.from_dict(json.loads(json.dumps(one_class.to_dict(), allow_nan=False)))
    assert np.isnan(back.slope)
    assert back.rows == (3, 0)


def test_the_rule_needs_both_size_and_significance():
    ok = figures(Y, expit(LOGIT))
    assert is_calibrated(ok)
    assert not is_calibrated(figures(Y, P))
    few = np.arange(N) < 40
    assert is_calibrated(figures(Y[few], expit(LOGIT[few] + 0.4)))  # 20 % off in total, but 40 rows cannot tell
    assert not is_calibrated(figures(np.tile(Y, 50), expit(np.tile(LOGIT, 50) + 0.4)))


def figure(oe=1.0, z=0.0, slope=1.0, slope_se=0.01):
    return Calibration((500, 500), 0, oe, z, 0.0, slope, slope_se, 0.1, 0.3)


def test_the_rule_by_its_own_numbers():
    assert is_calibrated(figure(oe=1.051, z=9.0))  # log 1.051 is .0497
    assert not is_calibrated(figure(oe=1.053, z=9.0))
    assert is_calibrated(figure(oe=1.2, z=1.95))
    assert not is_calibrated(figure(oe=0.8, z=-1.97))
    assert is_calibrated(figure(slope=0.91))
    assert is_calibrated(figure(slope=1.09))
    assert not is_calibrated(figure(slope=0.89))
    assert is_calibrated(figure(slope=0.89, slope_se=0.06))
    assert is_calibrated(figure(slope=np.nan, slope_se=np.nan))


def test_many_classes_share_one_five_per_cent():
    three = np.array([1.2, 1.0, 1.0])
    assert is_calibrated(figure(oe=three, z=np.array([2.39, 0, 0])))  # the level is .05/3 a class: 2.394
    assert not is_calibrated(figure(oe=three, z=np.array([2.40, 0, 0])))


def test_bad_held_out_rows_are_told():
    pd = pytest.importorskip("pandas")
    for args, error, says in (
        ((Y[:5], P, None), InputError, r"`y` and `proba` must have the same rows; got 5 and 600"),
        ((Y, P, W[:5]), InputError, r"one weight for each of 600 rows; got shape \(5,\)"),
        ((Y, P, -W), InputError, r"`sample_weight` must be finite and >= 0; got \d+ others, first -"),
        ((Y, P, 0 * W), InputError, r"every `sample_weight` is zero"),
        ((Y, P, Weights.of(W, kind="class")), KindError, r"class weights change the prevalence"),
        ((Y, P, Weights.of(W, kind="cost")), KindError, r"cost weights change the prevalence"),
        ((Y, P, Weights.of([W, W], kind="importance")), InputError, r"got \(2, 600\)"),
        ((pd.Series(Y), pd.Series(P, index=np.arange(N)[::-1]), None), InputError, "different indexes"),
    ):  # fmt: skip
        with pytest.raises(error, match=says):
            Correction.none().verify(args[0], args[1], sample_weight=args[2])
