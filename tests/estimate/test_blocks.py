"""Rows that depend on their neighbours: blocks are clusters, and their length is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import norm

from upweight import InputError, Weights
from upweight._estimate import block_length, relative_efficiency
from upweight._estimate._blocks import autocorrelation_time


def ar1(n: int, phi: float, seed: int) -> np.ndarray:
    e = np.random.default_rng(seed).normal(size=n + 1000)
    return lfilter([1.0], [1.0, -phi], e)[1000:]


def equal(n: int) -> Weights:
    return Weights.of(np.ones(n), kind="importance")


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.97])
def test_autocorrelation_time_of_ar1(phi):
    times = [autocorrelation_time(ar1(50_000, phi, seed)) for seed in range(8)]
    assert np.mean(times) == pytest.approx((1 + phi) / (1 - phi), rel=0.08)
    assert relative_efficiency(ar1(50_000, phi, 0)) <= 1


def test_it_knows_neither_unit_nor_origin_and_constants_have_none():
    x = ar1(5000, 0.8, 1)
    assert autocorrelation_time(1e200 * x) == pytest.approx(autocorrelation_time(x), rel=1e-9)
    assert autocorrelation_time(x + 100) == pytest.approx(autocorrelation_time(x), rel=1e-9)
    assert autocorrelation_time(np.full(100, 3.0)) == 1.0
    assert block_length(np.full(100, 3.0)) == 1
    assert relative_efficiency(np.arange(3.0)) == 1.0


def test_antithetic_rows_need_no_blocks():
    assert autocorrelation_time(ar1(50_000, -0.6, 2)) < 1
    assert block_length(ar1(50_000, -0.6, 2)) == 1


def test_blocks_are_clusters_of_neighbours():
    rng = np.random.default_rng(3)
    w, f = Weights.of(rng.gamma(4, 0.25, 200), kind="importance"), rng.normal(size=200)
    a, b = w.mean(f, blocks=20), w.mean(f, cluster=np.arange(200) // 20)
    assert (a.value, a.se, a.khat, *a.interval()) == (b.value, b.se, b.khat, *b.interval())
    assert a.trail[-1].params == {"how": "self", "blocks": 20, "clusters": 10}
    assert "blocks of 20" in str(a)
    assert w.mean(f, blocks=30).trail[-1].params["clusters"] == 6  # the last takes in what is left over
    assert w.mean(f, blocks=1).se == w.mean(f).se


def test_the_length_found_is_told_and_reads_the_influences():
    x = ar1(8000, 0.9, 4)
    e = equal(8000).mean(x, autocorrelated=True)
    found = e.trail[-1].params["blocks"]
    assert found == block_length(x)
    assert 60 <= found <= 160  # the AR(1) plug-in of Andrews is 103
    assert f"blocks of {found}" in str(e)
    assert equal(8000).mean(x, autocorrelated=True).se == equal(8000).mean(x, blocks=found).se
    shuffled = np.random.default_rng(5).permutation(x)
    assert equal(8000).mean(shuffled, autocorrelated=True).trail[-1].params["blocks"] <= 5
    both = equal(8000).mean(np.c_[shuffled, x], autocorrelated=True)
    assert both.trail[-1].params["blocks"] == found  # the longest of the columns


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"blocks": 0}, "`blocks` must be a number of neighbouring rows from 1 to 50"),
        ({"blocks": 51}, "from 1 to 50"),
        ({"blocks": 2.5}, "got 2.5"),
        ({"blocks": True}, "got True"),
        ({"blocks": 5, "cluster": np.arange(100)}, "exclude each other"),
        ({"blocks": 5, "autocorrelated": True}, "exclude each other"),
    ],
)
def test_other_blocks_are_refused(said, what):
    with pytest.raises(InputError, match=what):
        equal(100).mean(np.arange(100.0), **said)


ASKED = {
    "integral": lambda w, x, said: w.integral(x, **said),
    "quantile": lambda w, x, said: w.quantile(x, 0.5, **said),
    "cdf": lambda w, x, said: w.cdf(x, 0.3, **said),
    "var": lambda w, x, said: w.var(x, **said),
    "std": lambda w, x, said: w.std(x, **said),
    "cov": lambda w, x, said: w.cov(x, x + 1, **said),
    "corr": lambda w, x, said: w.corr(x, np.r_[x[1:], x[0]], **said),
}


@pytest.mark.parametrize("name", ASKED)
def test_every_estimator_takes_blocks_and_finds_their_length(name):
    x, w, ask = ar1(4000, 0.9, 6), equal(4000), ASKED[name]
    a, b = ask(w, x, {"blocks": 50}), ask(w, x, {"cluster": np.arange(4000) // 50})
    assert (a.value, a.se, a.interval()) == (b.value, b.se, b.interval())
    assert a.trail[-1].params == {"blocks": 50, "clusters": 80}
    assert "blocks of 50" in str(a)
    found = ask(w, x, {"autocorrelated": True})
    length = found.trail[-1].params["blocks"]
    alone = ask(w, x, {})
    assert length == block_length(np.asarray(alone.influence))  # those of the estimator itself, up to their scale
    assert (found.value, found.se) == (a.value, ask(w, x, {"blocks": length}).se)
    assert found.se > 1.5 * alone.se


@pytest.mark.parametrize("name", ["quantile", "cdf", "var", "corr"])
def test_blocks_of_the_length_found_cover_what_rows_do_not(name):
    truth = {"quantile": 0.0, "cdf": norm.cdf(0.3, scale=(1 - 0.81) ** -0.5), "var": 1 / (1 - 0.81), "corr": 0.9}[name]
    w, ask, runs = equal(3000), ASKED[name], 60
    covered = {False: 0, True: 0}
    for seed in range(runs):
        x = ar1(3000, 0.9, 100 + seed)
        for found in covered:
            low, high = ask(w, x, {"autocorrelated": found}).interval()
            covered[found] += low <= truth <= high
    assert covered[True] >= 0.82 * runs  # .95 less four standard errors of 60 runs
    assert covered[False] <= covered[True] - (0.1 * runs if name != "corr" else 0)


def test_blocks_restore_what_dependence_takes():
    runs, hits = 300, np.zeros(3)
    for seed in range(runs):
        x = ar1(4000, 0.9, 100 + seed)
        for j, said in enumerate(({}, {"blocks": 50}, {"autocorrelated": True})):
            low, high = equal(4000).mean(x, **said).interval()
            hits[j] += low <= 0 <= high
    alone, fifty, found = hits / runs
    assert alone < 0.5  # 40 % are covered where 95 % are claimed
    assert min(fifty, found) > 0.88  # .92 and .935 in the long run (docs/intervals.md), less three standard errors
