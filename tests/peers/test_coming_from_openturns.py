"""docs/coming-from/openturns.md beside OpenTURNS: the same inputs, the same answer where there is one way to fail, and the names of its table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import upweight as uw

ot = pytest.importorskip("openturns")


@pytest.fixture(scope="module")
def page(run_page):
    return run_page("openturns")


def test_with_one_way_to_fail_both_find_it(page):
    truth = stats.norm.sf(3.5)
    assert page["truth"] == pytest.approx(truth, rel=1e-6)
    r = uw.montecarlo.rare(page["linear"], ot.Normal(4), rng=1)
    theirs = [np.mean(page["cross_entropy"](page["linear"], 4, seed)) for seed in range(5)]
    assert r.probability.value == pytest.approx(truth, rel=0.2)
    assert np.mean(theirs) == pytest.approx(truth, rel=0.2)


def test_their_distribution_and_scipys_are_the_same_inputs(page):
    """Values of g at the same normal scores, so the answer, agree to the last digits of the quantile functions."""
    g = lambda x: 4 - x.sum(axis=1)
    theirs = uw.montecarlo.rare(g, ot.JointDistribution([ot.Normal(0.0, 1.0), ot.Exponential(2.0)]), rng=0)
    ours = uw.montecarlo.rare(g, [stats.norm(), stats.expon(scale=0.5)], rng=0)
    assert theirs.probability.value == pytest.approx(ours.probability.value, rel=1e-6)
    assert theirs.calls == ours.calls


def test_an_interval_of_two_ways_to_fail_misses_there_and_holds_here(page):
    ends = [page["cross_entropy"](page["far"], 2, seed) for seed in range(3)]
    assert all(high < 4.863168879e-04 for _, high in ends)
    low, high = uw.montecarlo.rare(page["far"], ot.Normal(2), rng=0).interval()
    assert low < 4.863168879e-04 < high


def test_the_names_of_the_table_are_theirs():
    names = (
        "FORM SORM NAIS SubsetSampling DirectionalSampling StandardSpaceCrossEntropyImportanceSampling MonteCarloExperiment "
        "ProbabilitySimulationAlgorithm ImportanceSamplingExperiment MemoizeFunction ThresholdEvent SymbolicFunction PythonFunction"
    )
    assert all(hasattr(ot, name) for name in names.split())
    for name in ("setMaximumCoefficientOfVariation", "setMaximumOuterSampling", "setBlockSize"):
        assert hasattr(ot.SubsetSampling, name)
