"""draw: the balance heuristic on fresh rows, each asked once, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import upweight as uw
from upweight import InputError
from upweight.montecarlo.answers._draw import draw
from upweight.montecarlo.calls import Run


def test_every_row_is_asked_once_and_one_seed_is_one_answer():
    seen = []

    def log_target(x):
        seen.append(x.copy())
        return -(x**2).sum(axis=1)

    d = draw(log_target, [stats.multivariate_normal([0, 0]), stats.multivariate_normal([1, 1])], [30, 50], rng=3)
    np.testing.assert_array_equal(np.concatenate(seen), d.x)
    assert d.x.shape == (80, 2)
    again = draw(log_target, [stats.multivariate_normal([0, 0]), stats.multivariate_normal([1, 1])], [30, 50], rng=3)
    np.testing.assert_array_equal(d.weights.log_w, again.weights.log_w)
    rows = draw(
        lambda x: -float((x**2).sum()),
        [stats.multivariate_normal([0, 0]), stats.multivariate_normal([1, 1])],
        [30, 50],
        run=Run(rows=True),
        rng=3,
    )
    np.testing.assert_allclose(rows.weights.log_w, d.weights.log_w, rtol=1e-12)


def test_rows_are_split_evenly():
    target = stats.norm(0, 1).logpdf
    assert draw(target, [stats.norm(0, 1)] * 3, 11, rng=0).counts.tolist() == [4, 4, 3]
    assert draw(target, stats.norm(0, 1), 11, rng=0).counts.tolist() == [11]


def test_intervals_of_an_unnormalised_target_cover():
    """exp(-|x|), integral 2, by N(0, 2^2) and a Cauchy; 200 runs of 300 rows at .9: the error of the coverage is .021."""
    hit = 0
    for seed in range(200):
        d = draw(lambda x: -abs(x[:, 0]), [stats.norm(0, 2), stats.cauchy(0, 1)], 300, rng=seed)
        low, high = d.evidence.interval(0.9)
        hit += low <= math.log(2) <= high
    assert 0.84 <= hit / 200 <= 0.97


def test_logs_beyond_floats_are_welcome():
    d = draw(lambda x: 800 - (x**2).sum(axis=1) / 2, stats.multivariate_t([0, 0], df=5), 4000, rng=0)
    assert d.evidence.log_value == pytest.approx(800 + math.log(2 * math.pi), abs=0.05)


def test_weights_are_those_of_mixture():
    q = [stats.norm(-1, 1), stats.norm(1, 1)]
    d = draw(stats.norm(0, 1).logpdf, q, [500, 500], exact=True, rng=0)
    x = d.x[:, 0]
    w = uw.mixture(stats.norm(0, 1).logpdf(x), [q[0].logpdf(x), q[1].logpdf(x)], [500, 500])
    np.testing.assert_array_equal(d.weights.log_w, w.log_w)


def test_bad_input_is_refused():
    target, q = stats.norm(0, 1).logpdf, stats.norm(0, 1)
    for proposals, n, words in (
        ([q, q], [5], "one count a proposal; got 1 for 2"),
        ([q, q], [5, 0], r"`n\[1\]` must be a whole number, 1 or more; got 0"),
        (q, 0, "`n` must be a whole number, 1 or more"),
        ([q, q, q], 2, "3 or more; got 2"),
        ([], 5, "at least one proposal; got none"),
        ([q, stats.norm], 5, "proposal 1: a scipy.stats distribution must be frozen"),
        ([q, object()], 5, "proposal 1: a proposal must have"),
        ([q, stats.multivariate_normal([0, 0])], 5, r"one space; got \[1, 2\] dimensions"),
    ):
        with pytest.raises(InputError, match=words):
            draw(target, proposals, n, rng=0)
    for log_target, words in (
        (lambda x: np.full(len(x), -np.inf), "log_target is -inf on all 5 rows"),
        (lambda x: np.where(np.arange(len(x)) == 2, np.nan, 0.0), "log_target is NaN at call 2: x0="),
        (lambda x: np.full(len(x), np.inf), "at call 0"),
        (lambda x: np.zeros(3), "one number a row"),
        (3, "must be a function"),
    ):
        with pytest.raises(InputError, match=words):
            draw(log_target, q, 5, rng=0)
    with pytest.raises(InputError, match="`run` must be a Run"):
        draw(target, q, 5, run=3, rng=0)
    with pytest.raises(InputError, match="a journal needs an integer rng"):
        draw(target, q, 5, run=Run(journal="nowhere.uwj"))
    with pytest.raises(InputError, match="`exact` must be True or False"):
        draw(target, q, 5, exact="yes", rng=0)
