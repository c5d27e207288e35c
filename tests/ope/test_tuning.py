"""lepski and path: the rule written out, the sums by bins against the estimates themselves, and the interval of the best."""

import math

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, Weights
from upweight.ope import kernel, lepski, path, value
from upweight.ope.tuning._lepski import _paired_errors
from upweight.ope.tuning._path import _BySums

from .bandit import B2, EASY, HAND_R, VERY_HARD, b1, hand


def test_four_thousand_rows_of_b1():
    r, w, _ = b1()
    each = [value(r, w.clip(at=c), how="plain") for c in (7, 5, 3, 2, 1)]
    assert lepski(each) == 0
    assert lepski(each, rule="slope") == 1


@pytest.mark.parametrize("rule", ["paired", "slope"])
def test_the_rule_is_the_formula(rule):
    for seed in range(8):
        r, w, _ = b1(500, seed)
        each = [value(r, w.clip(at=c), how="self") for c in (7, 4, 2, 1, 0.5)]
        allowed = {
            "paired": lambda a, b: 2 * (a - b).se,
            "slope": lambda a, b: 1.96 * a.se + (math.sqrt(6) - 1) * 1.96 * b.se,
        }[rule]
        k = 0
        while k + 1 < len(each) and all(
            abs(a.value - each[k + 1].value) <= allowed(a, each[k + 1]) for a in each[: k + 1]
        ):
            k += 1
        assert lepski(each, rule=rule) == k


@pytest.mark.parametrize("clustered", [False, True])
def test_paired_errors_are_those_of_differences(clustered):
    r, w, _ = b1(600)
    cluster = np.arange(600) // 3 if clustered else None
    each = [value(r, x, cluster=cluster) for x in (w, w.clip(at=3), w.clip(at=1))]
    found = _paired_errors([e._terms.each[0] for e in each])
    expected = [[0.0 if a is b else (a - b).se for b in each] for a in each]
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("taming", ["clip", "drop"])
@pytest.mark.parametrize("how", [None, "plain", "self"])
@pytest.mark.parametrize("modelled", [False, True])
def test_sums_by_bins_are_the_estimates_themselves(taming, how, modelled):
    r, w, outcome = b1(900)
    g = np.random.default_rng(0)
    some = Weights.of(np.r_[0, 0, np.exp(g.normal(size=898) - 0.5)], kind="importance", exact=True)
    for weights, reward in ((w, r), (some, g.normal(size=900) + 3)):
        p = path(reward, weights, taming=taming, how=how, outcome=outcome if modelled else None)
        assert isinstance(p._choose, _BySums)
        np.testing.assert_allclose(p.values, [e.value for e in p.estimates], rtol=1e-11)
        moved = [next(s.moved for s in reversed(e.trail) if s.moved is not None) for e in p.estimates[1:]]
        np.testing.assert_allclose(p.moved, [0.0, *moved], atol=1e-11)
        assert p.chosen == lepski(p.estimates)


def test_the_default_grid_and_its_squares():
    r, w, _ = b1()
    at = np.quantile(w.values, (0.999, 0.99, 0.95, 0.9, 0.8, 0.5))
    below = [x for x in set(at.tolist()) if x < w.values.max()]  # a cap at the largest weight moves nothing
    assert path(r, w, taming="clip").at == (math.inf, *sorted(below, reverse=True))
    assert path(r, w).at == (math.inf, *sorted(set((at**2).tolist()), reverse=True))
    assert path(r, w).taming == "shrink"


def test_the_interval_of_the_best_is_that_of_the_untamed_about_another_centre():
    b = B2(*VERY_HARD)
    logs = (b.log(1000, np.random.default_rng(seed), b.fair()) for seed in range(20))
    paths = (path(r, w, outcome=outcome) for r, w, outcome in logs)
    p = next(p for p in paths if p.chosen > 0)
    low, high = p.estimates[0].interval()
    centre, half = p.estimates[p.chosen].value, (high - low) / 2
    reach = half + abs(centre - p.estimates[0].value)
    assert p.best.value == centre
    assert p.best.interval() == pytest.approx((centre - reach, centre + reach))


def test_a_path_with_clusters_and_one_of_logs_without_a_promise():
    r, w, _ = b1(600)
    assert len(path(r, w, taming="clip", cluster=np.arange(600) // 2).values) > 3
    free = uw.log_ratio(w.log_w + 5, np.zeros(600), exact=False)
    near = path(r, free, taming="clip", grid=[3, 1])
    assert near.values[1] == pytest.approx(value(r, free.clip(at=3)).value)


def test_a_path_is_told_in_words():
    r, w, _ = b1()
    p = path(r, w, taming="clip", grid=[5, 2])
    assert "untamed" in str(p)
    assert "<- chosen" in str(p)
    assert "clipped at 5" in str(p)
    assert "<table" in p._repr_html_()
    assert repr(p) == "Path(clip, 3 candidates)"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: path(HAND_R, hand(), grid=[1, 2]), "grid must fall, from the least to the most tamed; got 1 before 2"),
        (lambda: path(HAND_R, hand(), grid=[0.0]), "`grid` must be finite numbers > 0"),
        (lambda: path(HAND_R, hand(), taming="temper"), "`taming` must be"),
        (lambda: path(HAND_R, hand().clip(at=2)), "path takes untamed weights"),
        (lambda: lepski([]), "at least one estimate"),
        (lambda: lepski([1.0]), "lepski takes estimates of one average each; got float"),
        (lambda: lepski([value(HAND_R, hand())], rule="best"), "`rule` must be 'paired' or 'slope'"),
        (lambda: lepski([value(HAND_R, hand())], z=0), "`z` must be a finite number > 0"),
    ],
)
def test_what_is_refused(call, text):
    with pytest.raises(InputError, match=text):
        call()


# ---- kernel --------------------------------------------------------------------------------------------------------------------


def test_kernel_is_its_formula():
    x, a = np.array([0, 0.5, -0.5]), np.array([0.4, 1.2, 0.1])
    density = np.exp(-((a - x) ** 2) / 2) / np.sqrt(2 * np.pi)
    w = kernel(x + 0.5, a, density, bandwidth=0.4)
    np.testing.assert_allclose(w.values, [4.773161, 4.503546, 5.275158], atol=1e-6)
    assert (w.exact, w.kind) == (True, "importance")


def test_kernel_weights_average_one_and_the_value_has_the_bias_of_its_width():
    g = np.random.default_rng(0)
    n = 200_000
    x = g.uniform(-1, 1, n)
    a = g.normal(x, 1)
    r = np.exp(-((a - x - 1) ** 2) / 2) + x / 2 + 0.3 * g.normal(size=n)
    density = np.exp(-((a - x) ** 2) / 2) / np.sqrt(2 * np.pi)
    for h, bias in ((0.4, -0.010465), (0.8, -0.040413)):
        w = kernel(x + 0.5, a, density, bandwidth=h)
        assert abs(w.values.mean() - 1) < 0.02
        e = value(r, w)
        assert abs(e.value - 0.882497 - bias) < 4 * e.se


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: kernel([0.0], [0.0], [0.4], bandwidth=0), "`bandwidth` must be a finite number > 0"),
        (lambda: kernel([0.0], [0.0], [0.0], bandwidth=1), "`density` must be > 0.*row 0"),
        (lambda: kernel([0.0, 1], [0.0], [0.4], bandwidth=1), "columns of the same rows"),
    ],
)
def test_what_kernel_refuses(call, text):
    with pytest.raises(InputError, match=text):
        call()


# ---- what tuning gains (slow) ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_paired_costs_little_where_taming_hurts_and_gains_where_it_helps():
    """RMSE over 120 logs of 1,000: clip on the easy world .044 for .041 untamed; DRos with a fair model on the very hard .024 for .149."""

    def rmse(world, **how):
        b, errors = B2(*world), []
        for seed in range(120):
            r, w, outcome = b.log(1000, np.random.default_rng(seed), b.fair())
            if "taming" in how:
                p = path(r, w, **how)
            else:
                p = path(r, w, how="plain", outcome=outcome)
            errors.append((p.values[0] - b.value, p.values[p.chosen] - b.value))
        return np.sqrt(np.mean(np.square(errors), axis=0))

    untamed, chosen = rmse(EASY, taming="clip", how="plain")
    assert chosen <= 1.16 * untamed
    untamed, chosen = rmse(VERY_HARD)
    assert chosen <= untamed / 3
