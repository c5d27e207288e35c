"""evidence: closed forms, the two modes of a mixture, models against each other, and what happens when no draw is believed."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

from upweight import InputError
from upweight.montecarlo.answers import _posterior_search
from upweight.montecarlo.answers._evidence import evidence
from upweight.montecarlo.calls import Run
from upweight.montecarlo.inputs import Inputs

Y = np.array([28, 8, -3, 7, -1, 1, 18, 12.0])
SIGMA = np.array([15, 10, 16, 11, 9, 11, 10, 18.0])


def schools(u):
    tau = stats.halfcauchy(scale=5).ppf(stats.norm.cdf(u[:, 1]))
    return np.column_stack([5 * u[:, 0], tau, 5 * u[:, :1] + tau[:, None] * u[:, 2:]])


def schools_likelihood(x):
    return stats.norm(x[:, 2:], SIGMA).logpdf(Y).sum(axis=1)


def linear(n, d):
    r = np.random.default_rng(0)
    X = r.standard_normal((n, d))
    y = X @ r.standard_normal(d) + r.standard_normal(n)
    return lambda b: stats.norm(0, 1).logpdf(y - b @ X.T).sum(axis=1)


def two_modes(u):
    m = np.eye(10)[0] * 2
    a, b = (stats.norm(sign * m, 0.2).logpdf(u).sum(axis=1) for sign in (1, -1))
    return np.logaddexp(math.log(0.3) + a, math.log(0.7) + b)


PROBLEMS = {  # log-likelihood, prior, log Z by quadrature or conjugacy (ten digits)
    "eight schools": (schools_likelihood, Inputs.transform(schools, 10), -31.311347352),
    "binomial": (lambda x: stats.binom(20, x[:, 0]).logpmf(7), [stats.beta(2, 5)], -2.492536780),
    "poisson": (
        lambda x: stats.poisson(x).logpmf([3, 5, 2, 8, 4]).sum(axis=1),
        [stats.gamma(2, scale=2)],
        -11.748628133,
    ),
    "linear 20": (linear(100, 20), 20, -185.620552710),
    "two modes": (two_modes, 10, -11.308565821),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_known_evidence_is_covered_and_converged(name):
    log_likelihood, prior, truth = PROBLEMS[name]
    post = evidence(log_likelihood, prior, rng=1)
    low, high = post.evidence.interval(0.999)
    assert post.converged, post.why
    assert post.method == "draw"
    assert low <= truth <= high
    assert post.evidence.se < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_intervals_cover_at_their_level(name):
    """25 seeds at .95; by luck alone a true .95 covers fewer than 21 in 25 once in 140 (binomial)."""
    log_likelihood, prior, truth = PROBLEMS[name]
    found = [evidence(log_likelihood, prior, rng=seed) for seed in range(25)]
    assert all(post.converged for post in found)
    hit = sum(low <= truth <= high for low, high in (post.evidence.interval() for post in found))
    assert hit >= 21
    errors = np.array([post.evidence.log_value for post in found]) - truth
    assert abs(errors.mean()) < 4 * errors.std() / 5


def test_posterior_expectations_of_eight_schools():
    post = evidence(schools_likelihood, Inputs.transform(schools, 10), rng=0)
    for f, truth in (
        (lambda x: x[:, 0], 4.396820714),
        (lambda x: x[:, 1], 3.597705484),
        (lambda x: 1.0 * (x[:, 1] < 1), 0.199900849),
    ):
        low, high = post.draws.mean(f).interval(0.999)
        assert low <= truth <= high
    assert post.calls == sum(h["calls"] for h in post.history)


def test_both_modes_have_their_shares():
    share = evidence(two_modes, 10, rng=0).draws.mean(lambda x: 1.0 * (x[:, 0] < 0))
    assert share.value == pytest.approx(0.7, abs=0.05)


def test_one_seed_is_one_answer_and_a_constant_moves_it_by_itself():
    f, prior = lambda x: -3.0 * x[:, 0], [stats.expon()]
    seen = []

    def counted(x):
        seen.append(len(x))
        return f(x)

    a, b = evidence(counted, prior, rng=3), evidence(lambda x: f(x) + 1000, prior, rng=3)
    assert sum(seen) == a.calls
    assert b.evidence.log_value == pytest.approx(a.evidence.log_value + 1000, abs=1e-6)
    again = evidence(f, prior, rng=3)
    assert again.evidence.log_value == a.evidence.log_value
    np.testing.assert_array_equal(again.draws.x, a.draws.x)
    rows = evidence(lambda x: -3.0 * float(x[0]), prior, run=Run(rows=True), rng=3)
    assert rows.evidence.log_value == pytest.approx(a.evidence.log_value, abs=1e-9)


def test_a_likelihood_that_is_mostly_zero():
    """Uniform data above a threshold: P(u0 > 1.5) = .0668072, which is the evidence."""
    post = evidence(lambda x: np.where(x[:, 0] > 1.5, 0.0, -np.inf), 2, rng=0)
    low, high = post.evidence.interval(0.999)
    assert post.converged
    assert low <= math.log(stats.norm.sf(1.5)) <= high


def test_a_skewed_likelihood():
    """Exponential likelihood exp(-3 x) under Exp(1): Z = 1/4, posterior mean 1/4."""
    post = evidence(lambda x: -3 * x[:, 0], [stats.expon()], rng=0)
    low, high = post.evidence.interval(0.999)
    assert low <= math.log(0.25) <= high
    assert post.draws.mean(lambda x: x[:, 0]).value == pytest.approx(0.25, abs=0.02)


def test_without_a_believed_draw_runs_speak_and_never_converge():
    post = evidence(linear(200, 50), 50, budget=60_000, rng=0)
    assert not post.converged
    assert post.method == "smc"
    assert "calls" in post.why or "budget" in post.why
    assert not post.evidence.ok
    assert post.calls <= 60_000
    assert str(post).startswith("not converged: log evidence")
    if post.draws is not None:
        assert "run" in post.why
        assert set(post.draws.cluster) <= set(range(8))


def test_a_budget_that_ends_early_says_so():
    post = evidence(linear(100, 20), 20, budget=6000, rng=0)
    assert not post.converged
    assert post.draws is None
    assert post.calls <= 6000
    assert math.isnan(post.evidence.log_value)
    assert post.evidence.interval() == (-math.inf, math.inf)
    assert "the budget ended before 2 runs" in str(post)
    assert json.loads(post.to_json())["evidence"]["log_value"] is None


def test_named_priors_and_documents():
    post = evidence(lambda x: stats.binom(20, x["p"]).logpmf(7), {"p": stats.beta(2, 5)}, rng=0)
    assert post.draws.resample(10, rng=0)["p"].shape == (10,)
    found = json.loads(post.to_json())
    assert found["schema"] == "upweight.posterior/1"
    assert found["means"][0]["name"] == "p"
    assert found["evidence"]["log_value"] == post.evidence.log_value
    assert "mean p" in str(post)
    assert "converged" in post._repr_html_()
    assert "Posterior(converged" in repr(post)


def test_bayes_factor_of_two_models():
    y = np.random.default_rng(0).normal(0.3, 1, 50)
    narrow, wide = (
        evidence(lambda x: stats.norm(x, 1).logpdf(y).sum(axis=1), [stats.norm(0, s)], rng=0).evidence for s in (1, 10)
    )
    truth = [stats.multivariate_normal(np.zeros(50), np.eye(50) + s * s).logpdf(y) for s in (1, 10)]
    factor = narrow - wide
    low, high = factor.interval(0.999)
    assert low <= truth[0] - truth[1] <= high
    assert factor.se == pytest.approx(math.hypot(narrow.se, wide.se))


def test_bad_input_is_refused():
    f = lambda x: -(x**2).sum(axis=1)
    for log_likelihood, settings, words in (
        (f, {"relative_error": 2}, r"`relative_error` is the relative error wanted, in \(0, 1\); got 2"),
        (f, {"budget": 100}, "`budget` must be at least 4,000 calls in 2 dimensions; got 100"),
        (lambda x: np.full(len(x), -np.inf), {}, "the likelihood is zero wherever the prior was drawn"),
        (lambda x: np.full(len(x), np.nan), {}, "log_likelihood is NaN at call 0"),
        (lambda x: np.full(len(x), np.inf), {}, "log_likelihood is"),
        (lambda x: x[:, 0] > 0, {}, "got True or False. Return a number for each row."),
        (f, {"run": 3}, "`run` must be a Run"),
    ):
        with pytest.raises(InputError, match=words):
            evidence(log_likelihood, 2, rng=0, **settings)


def test_a_smaller_error_than_the_budget_allows_takes_the_whole_budget():
    """It used to give up the draw for particles, which are never converged."""
    settings = {"budget": 60_000, "rng": 0}
    post = evidence(lambda x: stats.binom(20, x[:, 0]).logpmf(7), [stats.beta(2, 5)], relative_error=1e-9, **settings)
    assert (post.method, post.converged, post.calls) == ("draw", True, 60_000)
    assert post.evidence.log_value == pytest.approx(-2.49253678, abs=4 * post.evidence.se)
    assert post.evidence.se < 0.003


def test_eight_runs_speak_where_the_wanted_draw_is_beyond_the_budget(monkeypatch):
    monkeypatch.setattr(_posterior_search, "USUAL_ERROR", 1e-5)  # else all that is left would be drawn
    post = evidence(lambda x: stats.binom(20, x[:, 0]).logpmf(7), [stats.beta(2, 5)], relative_error=1e-5, rng=0)
    assert post.method == "smc"
    assert not post.converged
    assert "the fresh draw needs" in post.why
    assert "log Z of 8 runs of particles, sd 0." in post.why
    assert post.evidence.log_value == pytest.approx(-2.49253678, abs=0.1)
    low, high = post.evidence.interval(0.999)
    assert low <= -2.49253678 <= high
    assert sorted(set(post.draws.cluster)) == list(range(8))
    assert post.draws.mean(lambda x: x[:, 0]).value == pytest.approx(1 / 3, abs=0.01)
    assert post.draws.evidence.log_value == pytest.approx(post.evidence.log_value, abs=1e-9)
    assert "draws" in str(post)
    assert json.loads(post.to_json())["lone"] is None
