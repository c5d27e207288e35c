"""What results of simulation rest on is cited by what was done, not by what was asked for."""

from __future__ import annotations

import numpy as np
from scipy import stats

import upweight as uw


def test_a_posterior_cites_its_explorers_and_its_draw():
    prior = {"p": stats.beta(2, 5)}
    text = uw.cite(uw.montecarlo.evidence(lambda x: stats.binom(20, x["p"]).logpmf(7), prior, rng=0))
    for key in ("neal2001", "delmoral2006", "dai2022", "good1953", "owen2000"):
        assert f"{{{key}," in text
    assert "cornuet2012" not in text


def test_adapt_controls_and_repeats_cite_theirs():
    start = stats.multivariate_normal([0, 0])
    post = uw.montecarlo.adapt(lambda x: -(x**2).sum(axis=1), start, n=200, rounds=2, rng=0)
    assert "{cornuet2012," in uw.cite(post)
    assert "{owen2000," in uw.cite(post.draws.mean(lambda x: x[:, 0], how="control"))
    assert "{student1908," in uw.cite(uw.Estimate.of_repeats(np.arange(8.0)))
