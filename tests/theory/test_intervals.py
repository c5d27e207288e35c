"""Weighted averages over many seeds: they reach the truth at their rate, their errors are those seen, their intervals cover.

Bounds on coverage leave four binomial standard errors below (and above) the nominal share, so that a right interval fails a test one
time in 30 000; the coverage of heavy tails is measured in papers/honest-intervals.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import norm

import upweight as uw
from upweight import Weights


def binomial(p: float, runs: int) -> float:
    return 4 * np.sqrt(p * (1 - p) / runs)


def covers(e, truth: float) -> bool:
    low, high = e.interval()
    return bool(low <= truth <= high)


def shifted(n: int, rng: np.random.Generator, by: float = 0.5):
    """Rows of N(0, 1), weighted to N(by, 1)."""
    x = rng.normal(size=n)
    return x, uw.log_ratio(by * x - by**2 / 2, np.zeros(n))


def seeds(runs: int, seed: int):
    return [np.random.default_rng([seed, i]) for i in range(runs)]


@pytest.mark.parametrize("how", ["self", "plain", "control"])
def test_averages_are_unbiased_and_their_se_is_the_spread_that_is_seen(how):
    runs, n = 1000, 400
    found = []
    for rng in seeds(runs, 1):
        x, w = shifted(n, rng)
        found.append(w.mean(np.sin(3 * x), how=how))
    values = np.array([e.value for e in found])
    truth = np.sin(1.5) * np.exp(-4.5)  # E sin(3 x) under N(1/2, 1)
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(runs) + 2 / n * (how == "self")
    seen, said = values.std(ddof=1), np.sqrt(np.mean([e.se**2 for e in found]))
    assert said / seen == pytest.approx(1.0, abs=4 / np.sqrt(2 * runs))


def test_the_control_variate_removes_the_noise_of_the_scale():
    x, w = shifted(4000, np.random.default_rng(0))
    f = x + 10
    assert w.mean(f, how="control").se < 0.1 * w.mean(f, how="plain").se
    assert w.mean(f, how="control").se <= w.mean(f).se * 1.001


@pytest.mark.parametrize("how", ["self", "plain"])
def test_errors_fall_with_the_root_of_n(how):
    sizes, spread = np.array([100, 400, 1600, 6400]), []
    for n in sizes:
        errors = []
        for rng in seeds(200, n):
            x, w = shifted(n, rng)
            errors.append(w.mean(x, how=how).value - 0.5)
        spread.append(np.sqrt(np.mean(np.square(errors))))
    slope = np.polyfit(np.log(sizes), np.log(spread), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.07)  # standard error .017


def test_light_tails_are_covered_as_said():
    runs = 1000
    hits = np.zeros(4)
    for rng in seeds(runs, 2):
        x, w = shifted(300, rng)
        e = w.mean(x)
        hits += [
            covers(e, 0.5),
            covers(w.mean(x > 0), norm.cdf(0.5)),
            covers(w.quantile(x, 0.5), 0.5),
            covers(w.cdf(x, 1.0), norm.cdf(0.5)),
        ]
    assert (hits / runs > 0.95 - binomial(0.95, runs) - 0.01).all()  # n = 300 costs a point
    assert (hits / runs < 0.99).all()


@pytest.mark.parametrize("level", [0.5, 0.8, 0.99])
def test_other_levels_are_covered_as_said(level):
    runs = 1000
    hits = 0
    for rng in seeds(runs, 3):
        x, w = shifted(300, rng, by=0.3)
        low, high = w.mean(x).interval(level)
        hits += low <= 0.3 <= high
    assert hits / runs == pytest.approx(level, abs=binomial(level, runs) + 0.02)


def test_clusters_are_covered_where_rows_are_not():
    runs, alone, together = 600, 0, 0
    cluster = np.repeat(np.arange(60), 8)
    for rng in seeds(runs, 4):
        f = rng.normal(size=480) + rng.normal(size=60)[cluster]
        w = Weights.of(rng.gamma(5, 0.2, 480), kind="importance")
        alone += covers(w.mean(f), 0.0)
        together += covers(w.mean(f, cluster=cluster), 0.0)
    assert together / runs == pytest.approx(0.95, abs=binomial(0.95, runs) + 0.01)
    assert alone / runs < 0.75


def test_totals_and_their_variance_are_unbiased_under_poisson_sampling():
    rng = np.random.default_rng(5)
    f, p = rng.gamma(2, 1, 300), rng.uniform(0.2, 0.9, 300)
    values, variances = [], []
    for sample in seeds(2000, 6):
        kept = sample.random(300) < p
        e = Weights.of(1 / p[kept], kind="inclusion").mean(f[kept], how="total")
        values.append(e.value)
        variances.append(e.se**2)
    truth = (f**2 * (1 - p) / p).sum()
    assert np.mean(values) == pytest.approx(f.sum(), abs=4 * np.sqrt(truth / 2000))
    assert np.mean(variances) == pytest.approx(truth, abs=4 * np.std(variances) / np.sqrt(2000))
    assert np.var(values) == pytest.approx(truth, rel=4 * np.sqrt(2 / 2000))


def test_differences_of_policies_are_covered():
    runs, hits = 600, 0
    for rng in seeds(runs, 7):
        x = rng.normal(size=300)
        a, b = (uw.log_ratio(m * x - m**2 / 2, np.zeros(300)) for m in (0.3, 0.5))
        hits += covers(a.mean(x) - b.mean(x), -0.2)
    assert hits / runs > 0.95 - binomial(0.95, runs) - 0.01


def test_ratios_are_covered():
    runs, hits = 600, 0
    for rng in seeds(runs, 8):
        x, w = shifted(400, rng)
        hits += covers(w.mean(x**2) / w.mean(x + 2), 1.25 / 2.5)
    assert hits / runs > 0.95 - binomial(0.95, runs) - 0.01


@pytest.mark.parametrize("weighted", [False, True])
def test_c2st_is_covered(weighted):
    runs, hits = 600, 0
    truth = 0.5 if weighted else norm.cdf(np.sqrt(0.5))
    for rng in seeds(runs, 9):
        s, t = rng.normal(size=400), rng.normal(1, 1, 300)
        w = uw.log_ratio(s - 0.5, np.zeros(400)) if weighted else None
        hits += covers(uw.c2st(s, t, weights=w), truth)
    assert hits / runs == pytest.approx(0.95, abs=binomial(0.95, runs) + 0.015)


@pytest.mark.parametrize("k", [0.5, 0.7])
def test_the_tail_is_covered_where_the_usual_error_bar_is_not(k):
    runs, ours, delta = 300, 0, 0
    for rng in seeds(runs, round(100 * k)):
        x = rng.exponential(size=1000)
        e = Weights.of_log(k * x, kind="importance").mean(x)
        ours += covers(e, 1 / (1 - k))
        delta += abs(e.value - 1 / (1 - k)) <= 1.96 * e.se
    assert ours / runs > 0.90 - binomial(0.9, runs)
    assert delta / runs < (0.85 if k == 0.5 else 0.6)


def heavy_or_rare(rng: np.random.Generator, n: int):
    """Values whose average hardly any interval of few rows covers, and its truth."""
    return {
        "rare hits": (rng.random(n) < 0.002, 0.002),
        "few buyers": ((rng.random(n) < 0.005) * rng.lognormal(0, 1, n), 0.005 * np.exp(0.5)),
        "infinite variance": (1 + rng.pareto(1.5, n), 3.0),
        "nearly infinite": (1 + rng.pareto(2.0, n), 2.0),
    }


def believed_and_missed(runs: int, n: int, seed: int) -> dict[str, float]:
    w, missed = Weights.of(np.ones(n), kind="importance"), {}
    for rng in seeds(runs, seed):
        for name, (f, truth) in heavy_or_rare(rng, n).items():
            e = w.mean(f)
            missed[name] = missed.get(name, 0) + (e.ok and not covers(e, truth)) / runs
    return missed


def test_what_is_believed_of_equal_rows_is_seldom_missed():
    missed = believed_and_missed(150, 1000, 11)
    assert max(missed.values()) < 0.10 + binomial(0.1, 150)
    assert missed["rare hits"] < 0.03  # .28 of the runs that were believed, before ten hits were asked for
    assert missed["few buyers"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("n", [200, 1000, 5000])
def test_what_is_believed_of_equal_rows_is_missed_in_a_tenth_of_runs_at_most(n):
    assert max(believed_and_missed(2000, n, 12).values()) < 0.10 + binomial(0.1, 2000)


@pytest.mark.slow
@pytest.mark.parametrize(("phi", "n"), [(0.5, 2000), (0.9, 2000), (0.9, 10_000), (0.98, 10_000)])
def test_blocks_of_the_length_found_cover_a_series(phi, n):
    runs, hits = 600, 0
    w = Weights.of(np.ones(n), kind="importance")
    for rng in seeds(runs, 13):
        x = lfilter([1.0], [1.0, -phi], rng.normal(size=n + 1000))[1000:]
        hits += covers(w.mean(x, autocorrelated=True), 0.0)
    assert hits / runs > 0.93 - binomial(0.93, runs)


def test_spreads_are_covered():
    runs, hits = 200, np.zeros(3)
    for rng in seeds(runs, 14):
        x = rng.normal(size=1000)
        y = 0.6 * x + 0.8 * rng.normal(size=1000)
        w = Weights.of_log(0.3 * x - 0.045, kind="importance")
        hits += [covers(w.std(x), 1.0), covers(w.cov(x, y), 0.6), covers(w.corr(x, y), 0.6)]
    assert (hits / runs > 0.95 - binomial(0.95, runs) - 0.01).all()


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_c2st_is_covered_to_a_percent(weighted):
    runs, hits = 4000, 0
    truth = 0.5 if weighted else norm.cdf(np.sqrt(0.5))
    for rng in seeds(runs, 10):
        s, t = rng.normal(size=1000), rng.normal(1, 1, 1000)
        w = uw.log_ratio(s - 0.5, np.zeros(1000)) if weighted else None
        hits += covers(uw.c2st(s, t, weights=w), truth)
    # without weights .946 is seen; with them .962: the interval is widened for the tail of w, 1.15 times on average here
    assert 0.947 - 0.014 < hits / runs < (0.975 if weighted else 0.947 + 0.014)


SPREAD_OF = {  # values, and their variance
    "normal": (lambda rng, n: rng.normal(size=n), 1.0),
    "uniform": (lambda rng, n: rng.random(n), 1 / 12),
    "exponential": (lambda rng, n: rng.exponential(size=n), 1.0),
    "Student t, 5": (lambda rng, n: rng.standard_t(5, n), 5 / 3),
    "lognormal": (lambda rng, n: rng.lognormal(0, 1, n), (np.e - 1) * np.e),
    "gamma, 4": (lambda rng, n: rng.gamma(4, 1, n), 4.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("n", [40, 60, 100, 150])
def test_what_is_believed_of_few_rows_spread_is_missed_in_a_tenth_of_runs_at_most(n):
    """`ok` and a miss in at most .10 of 1,000 runs a cell, and four binomial standard errors; light values are believed from 100 rows on."""
    runs, believed = 1000, {}
    w = Weights.of(np.ones(n), kind="importance")
    for place, (name, (draw, truth)) in enumerate(SPREAD_OF.items()):
        missed = believed[name] = 0
        for seed in range(runs):
            e = w.var(draw(np.random.default_rng([n, place, seed]), n))
            believed[name] += e.ok
            missed += e.ok and not covers(e, truth)
        assert missed / runs <= 0.1 + binomial(0.1, runs), name
    assert n < 100 or believed["uniform"] >= 0.95 * runs
    assert n < 100 or believed["normal"] >= 0.6 * runs
    assert believed["lognormal"] <= 0.05 * runs
