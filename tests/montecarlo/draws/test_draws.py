"""Draws: averages, integrals and evidence of weighted points are those of the trunk; controls are those of Owen and Zhou."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from upweight import InputError, KindError, Weights, mixture
from upweight.montecarlo.answers._draw import draw
from upweight.montecarlo.draws import Draws, deviation, unknown_evidence

PAIR = [stats.norm(-1, 1), stats.norm(1, 1)]
NORMAL = stats.norm(0, 1).logpdf


def drawn(n=1000, rng=0, exact=True, log_target=NORMAL):
    return draw(log_target, PAIR, n, exact=exact, rng=rng)


def test_averages_are_those_of_the_pooled_weights():
    d = drawn()
    x = d.x[:, 0]
    w = mixture(stats.norm(0, 1).logpdf(x), [q.logpdf(x) for q in PAIR], [500, 500])
    np.testing.assert_allclose(d.weights.log_w, w.log_w, atol=1e-12)
    for how in ("self", "plain"):
        assert d.mean(lambda x: x[:, 0] ** 2, how=how).interval() == pytest.approx(w.mean(x**2, how=how).interval())
    assert d.integral(d.x).value[0] == pytest.approx(w.integral(x).value)
    assert d.integral(2).value == pytest.approx(2 * np.exp(w.log_mean))
    assert d.evidence.log_value == pytest.approx(w.log_mean)
    np.testing.assert_array_equal(d.counts, [500, 500])


@pytest.mark.parametrize("exact", [True, False])
def test_a_constant_under_controls_is_exact(exact):
    e = drawn(exact=exact).mean(np.full((1000, 2), [3.3, -1e300]), how="control")
    np.testing.assert_array_equal(e.value, [3.3, -1e300])
    np.testing.assert_array_equal(e.se, 0)


def test_controls_are_the_least_squares_of_the_formula():
    d = drawn()
    x = d.x[:, 0]
    f, w = np.cos(3 * x), np.exp(d.weights.log_w)
    q = 0.5 * (PAIR[0].pdf(x) + PAIR[1].pdf(x))
    design = np.column_stack([np.ones(1000), PAIR[0].pdf(x) / q - 1, w - 1])
    beta, rest, _, _ = np.linalg.lstsq(design, w * (f - f[0]), rcond=None)
    e = d.mean(f, how="control")
    assert e.value == pytest.approx(f[0] + beta[0], abs=1e-12)
    assert e.se == pytest.approx(math.sqrt(float(rest[0]) / (1000 * 998)), rel=1e-9)


def test_a_ratio_of_controlled_means_knows_no_scale():
    f = lambda x: np.cos(3 * x[:, 0])
    low = drawn(exact=False).mean(f, how="control")
    high = drawn(exact=False, log_target=lambda x: 5000 - x[:, 0] ** 2 / 2).mean(f, how="control")
    assert high.value == pytest.approx(low.value, rel=1e-9)
    assert high.se == pytest.approx(low.se, rel=1e-9)


def test_controls_of_the_sampling_density_itself_take_out_what_its_parts_explain():
    """E exp(-2 (x - 3)^2) under N(0, 1); 150 runs: intervals at .95 cover, and of the modes' indicator nothing is left to vary."""
    truth, hit, wide = 0.2**0.5 * math.exp(-18 / 5), 0, []
    for seed in range(150):
        d = draw(stats.norm(0, 1).logpdf, [stats.norm(2.4, 0.4), stats.norm(0, 1)], [700, 300], exact=True, rng=seed)
        e = d.mean(lambda x: np.exp(-2 * (x[:, 0] - 3) ** 2), how="control")
        low, high = e.interval()
        hit += low <= truth <= high
        wide.append((e.value - truth) / e.se)
    assert hit / 150 >= 0.88  # error .018
    assert abs(np.mean(wide)) < 0.33


def test_three_modes_are_known_better_by_control_than_by_plain():
    """Three Student modes, their own parts as proposals with the wrong shares: the page's se of control <= .75 of plain."""
    modes = [stats.multivariate_t(m, np.eye(5), df=7, seed=1) for m in 6 * np.eye(5)[:3]]
    log_target = lambda x: np.logaddexp.reduce(
        [np.log(a) + q.logpdf(x) for a, q in zip((0.5, 0.3, 0.2), modes, strict=True)]
    )
    d = draw(
        log_target, [stats.multivariate_t(m, 1.3 * np.eye(5), df=5) for m in 6 * np.eye(5)[:3]], 3000, exact=True, rng=0
    )
    f = lambda x: x[:, 0]
    assert d.mean(f, how="control").se <= 0.75 * d.mean(f, how="plain").se
    assert d.mean(f, how="control").value == pytest.approx(3.0, abs=0.15)


def test_evidence_is_free_of_scale_and_its_difference_is_a_bayes_factor():
    a, b = (
        drawn(rng=s, exact=False, log_target=lambda x, c=c: c - x[:, 0] ** 2 / 2).evidence
        for s, c in ((0, 0), (1, 1e4))
    )
    assert b.log_value == pytest.approx(1e4 + 0.5 * math.log(2 * math.pi), abs=0.1)
    assert a.ok
    low, high = a.interval()
    wide = drawn(exact=False, log_target=lambda x: -(x[:, 0] ** 2) / 2).integral(1.0).interval()
    assert (low, high) == pytest.approx(tuple(map(math.log, wide)))
    factor = b - a
    assert factor.log_value == pytest.approx(1e4, abs=0.1)
    assert factor.se == pytest.approx(math.hypot(a.se, b.se))
    (low_b, high_b), (low_f, high_f) = b.interval(0.9), factor.interval(0.9)
    low_a, high_a = a.interval(0.9)
    assert factor.log_value - low_f == pytest.approx(math.hypot(b.log_value - low_b, high_a - a.log_value))
    assert high_f - factor.log_value == pytest.approx(math.hypot(high_b - b.log_value, a.log_value - low_a))
    assert " ± " in str(factor)


def test_evidence_of_one_row_that_carries_all_reaches_to_minus_infinity():
    d = Draws(
        np.zeros((3, 1)), Weights.of_log([0.0, -np.inf, -np.inf], kind="importance"), np.zeros((1, 3)), np.array([3])
    )
    assert d.evidence.interval()[0] == -math.inf
    assert not d.evidence.ok
    assert "-inf" in str(d.evidence)
    assert d.evidence.to_dict()["low"] is None
    assert (d.evidence - d.evidence).why.startswith("left: ")


def test_failures_have_means_and_no_integrals():
    d = Draws(
        {"R": np.arange(3.0)},
        Weights.of_log(np.zeros(3), kind="importance"),
        np.zeros((1, 3)),
        np.array([9]),
        failures=True,
    )
    assert d.mean(lambda x: x["R"]).value == 1.0
    assert "3 failures" in str(d)
    for ask in (
        lambda: d.integral(1.0),
        lambda: d.evidence,
        lambda: d.mean(np.ones(3), how="plain"),
        lambda: d.mean(np.ones(3), how="control"),
    ):
        with pytest.raises(InputError, match=r"only failing rows are kept: r.probability is their integral"):
            ask()


def test_repeats_are_clusters():
    r = np.random.default_rng(0)
    level = np.repeat(r.normal(size=10), 20)
    x = (level + 0.1 * r.normal(size=200))[:, None]
    d = Draws(
        x,
        Weights.of_log(np.zeros(200), kind="importance"),
        np.empty((0, 200)),
        np.full(10, 20),
        np.repeat(np.arange(10), 20),
    )
    alone = Draws(x, d.weights, d.log_q, d.counts)
    assert d.mean(x[:, 0]).se > 3 * alone.mean(x[:, 0]).se
    assert d.integral(x[:, 0]).se > 3 * alone.integral(x[:, 0]).se
    assert "10 repeats" in repr(d)
    with pytest.raises(InputError, match="these come in repeats"):
        d.mean(x, how="control")


def test_resampled_rows_have_the_weights_as_frequencies_and_names_are_kept():
    d = drawn(4000)
    assert d.resample(2000, rng=1).mean() == pytest.approx(0, abs=0.08)
    named = Draws({"a": d.x[:, 0]}, d.weights, d.log_q, d.counts)
    np.testing.assert_array_equal(named.resample(50, rng=2)["a"], d.resample(50, rng=2)[:, 0])
    assert named.mean(lambda x: x["a"]).value == d.mean(lambda x: x[:, 0]).value


def test_a_function_that_writes_into_x_harms_nobody():
    d = drawn()
    before = d.x.copy()

    def f(x):
        x[:] = 0
        return x[:, 0]

    assert d.mean(f).value == 0
    np.testing.assert_array_equal(d.x, before)


def test_bad_questions_are_refused():
    d = drawn(exact=False)
    with pytest.raises(InputError, match="`how` must be 'self', 'plain' or 'control'"):
        d.mean(d.x, how="total")
    with pytest.raises(KindError, match="how='plain' needs weights that promise a mean of one"):
        d.mean(d.x, how="plain")
    with pytest.raises(InputError, match="be finite where the weight is > 0"):
        d.mean(np.full(1000, np.nan), how="control")
    with pytest.raises(InputError, match="`level` must lie between 0 and 1"):
        d.evidence.interval(2)
    assert d.check().grade in ("good", "usable")
    assert "1,000 rows" in d._repr_html_()


def test_a_deviation_of_huge_logs_is_a_number():
    assert deviation(np.array([1e300, 3e300])) == pytest.approx(2**0.5 * 1e300)
    assert deviation(np.array([-31.2, -31.4])) == pytest.approx(np.std([-31.2, -31.4], ddof=1))


def test_an_evidence_of_which_nothing_is_known_says_so():
    assert str(unknown_evidence("the budget ended")) == "not known"
