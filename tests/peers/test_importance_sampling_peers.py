"""Plain importance sampling as UQpy and pypmc do it, beside ours on the same target: calls that are counted, logs that are kept.

Seen with UQpy 4.1.6 and pypmc 1.2.6 (Python 3.11, NumPy 2.4.6, SciPy 1.17.1). UQpy asks the target for every point twice, and throws the first answers
away; pypmc keeps weights without their logs, so that a constant of 800 in a log target ends the run.
"""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pytest
from scipy import stats

import upweight as uw

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # pypmc makes a matrix
LOG_2PI = float(np.log(2 * np.pi))


def peer(name):
    """A module, imported without the warnings of its first import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def log_target(x):
    """Unnormalised standard normal: log Z = log 2 pi in two dimensions."""
    return -0.5 * (np.atleast_2d(x) ** 2).sum(axis=1)


def ours(f, n=1000):
    return uw.montecarlo.draw(f, stats.multivariate_normal([0, 0], 4 * np.eye(2)), n, rng=0)


def test_a_target_is_asked_once_for_every_point():
    counts = []

    def f(x):
        counts.append(len(x))
        return log_target(x)

    d = ours(f)
    assert sum(counts) == d.n == 1000


def test_uqpy_asks_its_target_twice_for_every_point():
    sampling, distributions = peer("UQpy.sampling"), peer("UQpy.distributions")
    rows = []

    def pdf(x):
        rows.append(len(x))
        return np.exp(log_target(x))

    proposal = distributions.JointIndependent([distributions.Normal(0, 2)] * 2)
    theirs = sampling.ImportanceSampling(pdf_target=pdf, proposal=proposal, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.run(nsamples=1000)
    assert sum(rows) == 2000
    w = np.exp(theirs.unnormalized_log_weights)
    assert np.mean(w) == pytest.approx(2 * np.pi, abs=4 * np.std(w) / np.sqrt(1000))  # and what it says is right


def test_a_constant_in_the_log_ends_pypmc_and_moves_ours():
    density, sampler = peer("pypmc.density.gauss"), peer("pypmc.sampler.importance_sampling")
    gauss = density.Gauss(np.zeros(2), 4 * np.eye(2))
    theirs = sampler.ImportanceSampler(lambda x: 800 + float(log_target(x)[0]), gauss, rng=np.random.RandomState(0))
    with pytest.raises(OverflowError):
        theirs.run(100)
    assert ours(lambda x: 800 + log_target(x)).evidence.log_value == pytest.approx(800 + LOG_2PI, abs=0.1)


def test_pypmc_agrees_where_it_runs():
    density, sampler = peer("pypmc.density.gauss"), peer("pypmc.sampler.importance_sampling")
    gauss = density.Gauss(np.zeros(2), 4 * np.eye(2))
    theirs = sampler.ImportanceSampler(lambda x: float(log_target(x)[0]), gauss, rng=np.random.RandomState(0))
    theirs.run(4000)
    w = np.asarray(theirs.weights[:]).ravel()
    e = ours(log_target, 4000).weights.integral()
    assert abs(w.mean() - e.value) < 4 * np.hypot(w.std() / np.sqrt(w.size), e.se)


def test_our_evidence_knows_its_constant_whatever_was_added():
    a, b = ours(log_target).evidence, ours(lambda x: 800 + log_target(x)).evidence
    assert b.log_value - a.log_value == pytest.approx(800, abs=1e-9)
    assert a.log_value == pytest.approx(LOG_2PI, abs=4 * a.se)
