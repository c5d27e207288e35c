"""docs/coming-from/arviz.md beside arviz-stats: weights, k-hat and elpd are the same numbers.

`loo` itself needs arviz-base and xarray, which are not among the tools of development: where they are absent its block is skipped.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from arviz_stats.base import array_stats

import upweight as uw

PARTS = ("arviz_base", "xarray", "xarray_einstats")
needs_loo = pytest.mark.skipif(
    any(find_spec(name) is None for name in PARTS),
    reason="arviz-base and xarray are not installed; no dependency of ours",
)


def observations(seed=0, n=20, draws=800):
    rng = np.random.default_rng(seed)
    return -0.5 * (rng.normal(size=(n, 1)) - rng.normal(0, 0.5, draws)) ** 2


@pytest.mark.parametrize("r_eff", [1.0, 0.4])
def test_smoothed_weights_and_khat_are_theirs(r_eff):
    l = -observations()
    theirs, k = array_stats.psislw(-l, r_eff=r_eff)
    ours, khat = uw.arrays.psis(l, r_eff=r_eff)
    gauge = lambda a: (
        a - np.log(np.exp(a - a.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)) - a.max(axis=1, keepdims=True)
    )
    np.testing.assert_allclose(gauge(theirs), gauge(ours), atol=1e-9)
    np.testing.assert_allclose(k, khat, atol=1e-9)


def test_the_limit_of_khat_is_theirs():
    for draws in (100, 1000, 100_000):
        assert uw.arrays.threshold(draws) == pytest.approx(min(0.7, 1 - 1 / np.log10(draws)))


@needs_loo
@pytest.mark.filterwarnings("ignore")
def test_loo_is_the_sum_of_ours(run_page):
    page = run_page("arviz")
    loo, elpd = page["loo"], page["elpd"]
    np.testing.assert_allclose(loo.elpd_i.values, elpd, atol=1e-9)
    mean = uw.Weights.of(np.ones(60), kind="importance").mean(elpd)
    assert loo.elpd == pytest.approx(60 * float(mean.value))
    assert loo.se == pytest.approx(60 * mean.se, rel=0.01)  # theirs divides by n, ours by n - 1
    assert page["w"].khat[0] > 1
    assert not page["w"].pick(0).smooth().mean(np.exp(page["log_lik"][0])).ok


@needs_loo
@pytest.mark.filterwarnings("ignore")
def test_expectations_are_smoothed_averages(run_page):
    import arviz_stats
    from arviz_base import from_dict

    l, rng = observations(), np.random.default_rng(1)
    seen = rng.normal(size=l.shape)
    data = {
        "log_likelihood": {"y": l.T[None]},
        "posterior_predictive": {"y": seen.T[None]},
        "observed_data": {"y": np.zeros(len(l))},
    }
    found = arviz_stats.loo_expectations(from_dict(data | {"posterior": {"m": np.zeros((1, l.shape[1]))}}), kind="mean")
    theirs = next(f for f in found if np.shape(f) == (len(l),))
    for i in range(len(l)):
        ours = uw.Weights.of_log(-l[i], kind="importance").smooth().mean(seen[i])
        assert float(theirs[i]) == pytest.approx(float(ours.value), abs=1e-9)
