"""Density ratios whose truth is known: how far the learnt weights are from it, what is chosen, and how often ones are kept.

    error = mean over source rows of (w_i - true w_i)^2, both of mean one

The median over twelve seeds is held to one and a half times what was measured; a rule that lost a step (no scaling of logits, C = 0.1, one
standard error) is off by more.
"""

import numpy as np
import pytest

import upweight.shift as sh


def gaussians(mean):
    """N(0, I) to N(mean, I)."""

    def draw(rng, n):
        source, target = rng.normal(size=(n, len(mean))), rng.normal(size=(n, len(mean))) + mean
        return source, target, source @ mean - mean @ mean / 2

    return draw


def sinc(rng, n):
    """Sugiyama's sinc: N(1, .25) to N(2, .0625)."""
    source, target = rng.normal(1, 0.5, (n, 1)), rng.normal(2, 0.25, (n, 1))
    x = source[:, 0]
    return source, target, np.log(2) + 2 * (x - 1) ** 2 - 8 * (x - 2) ** 2


def shimodaira(rng, n):
    """N(.5, .25) to N(0, .09)."""
    source, target = rng.normal(0.5, 0.5, (n, 1)), rng.normal(0, 0.3, (n, 1))
    x = source[:, 0]
    return source, target, np.log(0.5 / 0.3) + (x - 0.5) ** 2 / 0.5 - x**2 / 0.18


def cube(rng, n):
    """Uniform on the unit cube of six; the target has four times the density in a quarter of it."""
    source = rng.random((n, 6))
    target = rng.random((4 * n, 6))
    inside = lambda x: (x[:, 0] < 0.5) & (x[:, 1] < 0.5)
    keep = rng.random(4 * n) < np.where(inside(target), 1.0, 0.25)
    return source, target[keep][:n], np.log(np.where(inside(source), 4.0, 1.0))


CASES = {  # name -> draw, error allowed, method expected
    "ten columns": (gaussians(np.eye(10)[0]), 0.15, "linear"),
    "Shimodaira": (shimodaira, 0.03, "quadratic"),
    "a quarter of the cube": (cube, 0.25, "boosting"),
    "sinc": (sinc, 9.0, "quadratic"),
}


def error(draw, seed, n=1000):
    rng = np.random.default_rng(seed)
    source, target, log_w = draw(rng, n)
    r = sh.density_ratio(source, target, rng=seed)
    truth = np.exp(log_w)
    return float(np.mean((np.asarray(r.weights) - truth / truth.mean()) ** 2)), r.method


@pytest.mark.parametrize("name", ["ten columns", "Shimodaira"])
def test_learnt_weights_are_near_the_truth(name):
    draw, most, method = CASES[name]
    found = [error(draw, seed) for seed in (100, 101)]
    assert max(e for e, _ in found) <= most  # of twelve seeds one or two exceed it
    assert all(m == method for _, m in found)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_learnt_weights_are_near_the_truth_in_the_long_run(name):
    draw, most, method = CASES[name]
    found = [error(draw, seed) for seed in range(100, 112)]
    assert np.median([e for e, _ in found]) <= most
    assert sum(m == method for _, m in found) >= 9


def test_samples_that_do_not_differ_keep_ones():
    kept = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        kept += sh.density_ratio(rng.normal(size=(200, 3)), rng.normal(size=(150, 3)), rng=seed).method == "none"
    assert kept >= 3


@pytest.mark.slow
def test_samples_that_do_not_differ_keep_ones_in_the_long_run():
    kept = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        kept += sh.density_ratio(rng.normal(size=(700, 10)), rng.normal(size=(300, 10)), rng=seed).method == "none"
    assert kept >= 38  # two standard errors, one side: 2.3 % each of three candidates at the most


@pytest.mark.slow
def test_small_shifts_are_mostly_left_alone():
    """The rule is cautious: .4 sd in one of five columns at 200 rows is seldom worth weights."""
    none = 0
    for seed in range(64):
        rng = np.random.default_rng(seed)
        source, target = rng.normal(size=(200, 5)), rng.normal(size=(200, 5)) + 0.4 * np.eye(5)[0]
        none += sh.density_ratio(source, target, rng=seed).method == "none"
    assert 0.6 * 64 <= none <= 63


def test_swapping_source_and_target_inverts_the_linear_ratio():
    source, target, _ = gaussians(np.eye(5)[0])(np.random.default_rng(0), 1000)
    there, back = (sh.density_ratio(*pair, method="linear", rng=0) for pair in ((source, target), (target, source)))
    assert np.corrcoef(there.log(source), back.log(source))[0, 1] <= -0.98


@pytest.mark.slow
def test_swapping_inverts_over_many_seeds():
    for seed in range(20):
        source, target, _ = gaussians(np.eye(5)[0])(np.random.default_rng(seed), 1000)
        there, back = (sh.density_ratio(*pair, method="linear", rng=0) for pair in ((source, target), (target, source)))
        assert np.corrcoef(there.log(source), back.log(source))[0, 1] <= -0.98


def test_weights_bring_the_mean_of_what_moved():
    source, target, log_w = gaussians(np.eye(10)[0])(np.random.default_rng(3), 1000)
    r = sh.density_ratio(source, target, rng=3)
    assert abs(np.average(source[:, 0], weights=r.weights) - target[:, 0].mean()) < 0.2
    assert np.corrcoef(r.weights.log_w, log_w)[0, 1] > 0.9


@pytest.mark.slow
def test_weights_bring_the_mean_over_many_seeds():
    for seed in range(40):
        source, target, log_w = gaussians(np.eye(10)[0])(np.random.default_rng(seed), 1000)
        r = sh.density_ratio(source, target, rng=seed)
        assert abs(np.average(source[:, 0], weights=r.weights) - target[:, 0].mean()) < 0.2
        assert np.corrcoef(r.weights.log_w, log_w)[0, 1] > 0.9


def test_the_cases_have_the_spread_that_is_told():
    """E w^2 by a sum over a fine grid: 14.865656 of sinc, 2.394642 of Shimodaira."""
    x = np.linspace(-6, 8, 200_001)
    step = x[1] - x[0]
    for centre, sd, log_w, wanted in (
        (1.0, 0.5, np.log(2) + 2 * (x - 1) ** 2 - 8 * (x - 2) ** 2, 14.865656),
        (0.5, 0.5, np.log(0.5 / 0.3) + (x - 0.5) ** 2 / 0.5 - x**2 / 0.18, 2.394642),
    ):
        density = np.exp(-((x - centre) ** 2) / (2 * sd**2)) / (sd * np.sqrt(2 * np.pi))
        assert np.sum(density * np.exp(log_w)) * step == pytest.approx(1, abs=1e-8)
        assert np.sum(density * np.exp(2 * log_w)) * step == pytest.approx(wanted, abs=1e-6)


def test_the_learnt_ratio_repairs_shimodairas_line():
    """y = -x + x^3: slope .5 on the source, -.73 on the target."""
    rng = np.random.default_rng(0)
    source, target, _ = shimodaira(rng, 4000)
    x = source[:, 0]
    y = -x + x**3 + rng.normal(0, 0.3, len(x))
    r = sh.density_ratio(source, target, rng=0)
    slope = lambda w: np.polyfit(x, y, 1, w=np.sqrt(w))[0]
    assert slope(np.ones(len(x))) == pytest.approx(0.5, abs=0.05)
    assert slope(np.asarray(r.weights)) == pytest.approx(-0.73, abs=0.06)
