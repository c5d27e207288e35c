"""adapt: bananas and three modes of known constants; recycled points are biased, fresh ones are not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from upweight import InputError
from upweight.montecarlo.answers._adapt import adapt
from upweight.montecarlo.proposals import round_normal

MODES = [stats.multivariate_t(m, np.eye(5), df=7) for m in ([6, 0, 0, 0, 0], [-6, 4, 0, 0, 0], [0, -8, 0, 0, 0])]


class Liar:
    """Draws where it has no density."""

    def sample(self, n, rng):
        return rng.random((n, 2)) + 2

    def log_prob(self, x):
        return np.where(((x >= 0) & (x <= 1)).all(axis=1), 0.0, -np.inf)


def banana(d):
    sd = np.ones(d)
    sd[0] = 10

    def log_target(x):
        y = x.copy()
        y[:, 1] -= 0.03 * (x[:, 0] ** 2 - 100)
        return stats.norm(0, sd).logpdf(y).sum(axis=1)

    return log_target, stats.multivariate_t(np.zeros(d), np.diag([200, 50] + [4] * (d - 2)), df=5)


def three_modes():
    log_target = lambda x: np.logaddexp.reduce(
        [np.log(a) + q.logpdf(x) for a, q in zip((0.5, 0.3, 0.2), MODES, strict=True)]
    )
    return log_target, stats.multivariate_t(np.zeros(5), 36 * np.eye(5), df=5)


PROBLEMS = {"banana 2": banana(2), "banana 10": banana(10), "three modes": three_modes()}


@pytest.mark.parametrize("name", PROBLEMS)
def test_log_z_of_zero_is_covered_by_fresh_points(name):
    post = adapt(*PROBLEMS[name], n=2000, rounds=8, rng=1)
    low, high = post.evidence.interval(0.999)
    assert low <= 0 <= high
    assert post.calls == 10_000 == sum(h["calls"] for h in post.history)
    assert post.converged == (not post.why)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_intervals_cover_at_their_level_and_recycled_ones_do_not(name):
    """25 seeds at .95: fewer than 21 in 25 once in 140 by luck. Recycled points of the banana in ten dimensions cover half the time."""
    found = [adapt(*PROBLEMS[name], rng=seed) for seed in range(25)]
    hit = sum(low <= 0 <= high for low, high in (post.evidence.interval() for post in found))
    assert hit >= 21
    # k-hat refuses the rest: shares of .6, .75 and .99 in a hundred runs (papers/simulated-answers), each passed in 99 of 100
    assert sum(post.converged for post in found) >= {"banana 2": 9, "banana 10": 13, "three modes": 23}[name]
    if name == "banana 10":
        recycled = [adapt(*PROBLEMS[name], rng=seed, recycle=True).evidence for seed in range(12)]
        assert np.mean([e.log_value for e in recycled]) < -0.03
        assert sum(e.interval()[0] <= 0 <= e.interval()[1] for e in recycled) <= 9


def test_modes_have_their_shares():
    post = adapt(*PROBLEMS["three modes"], n=2000, rounds=8, rng=0)
    low, high = post.draws.mean(lambda x: x[:, 0]).interval(0.999)
    assert low <= 1.2 <= high
    assert post.converged


def test_recycled_points_never_converge_and_say_why():
    post = adapt(*PROBLEMS["banana 2"], n=400, rounds=3, recycle=True, rng=0)
    assert post.method == "recycled"
    assert not post.converged
    assert not post.evidence.ok
    assert "recycled weights depend on the points" in str(post)
    assert post.calls == post.draws.n == 600
    assert post.draws.log_q.shape == (6, 600)


def test_units_of_the_target_do_not_matter():
    f = lambda x: -0.5 * (x**2).sum(axis=1)
    a = adapt(f, stats.multivariate_normal([0, 0], 9 * np.eye(2)), n=400, rounds=3, rng=0)
    b = adapt(lambda x: f(1e6 * x), stats.multivariate_normal([0, 0], 9e-12 * np.eye(2)), n=400, rounds=3, rng=0)
    assert b.evidence.log_value + 2 * np.log(1e6) == pytest.approx(a.evidence.log_value, abs=1e-6)


def test_one_seed_is_one_answer_and_a_constant_moves_it():
    f, start = PROBLEMS["banana 2"]
    a, b = (adapt(lambda x, c=c: f(x) + c, start, n=400, rounds=4, rng=5) for c in (0, 800))
    assert b.evidence.log_value - 800 == pytest.approx(a.evidence.log_value, abs=1e-6)
    np.testing.assert_array_equal(a.draws.x, adapt(f, start, n=400, rounds=4, rng=5).draws.x)


def test_a_result_starts_the_next_and_documents_are_json():
    f, start = PROBLEMS["banana 2"]
    first = adapt(f, start, n=400, rounds=3, rng=0)
    second = adapt(f, first, n=400, rounds=2, rng=1)
    assert second.evidence.interval(0.999)[0] <= 0 <= second.evidence.interval(0.999)[1]
    assert json.loads(second.to_json())["method"] == "draw"


def test_one_dimension_and_own_proposals():
    post = adapt(lambda x: -abs(x[:, 0]), round_normal(1, 3.0), n=1000, rng=0)
    low, high = post.evidence.interval(0.999)
    assert low <= np.log(2) <= high


def test_bad_input_is_refused():
    f, start = PROBLEMS["banana 2"]
    for log_target, q, settings, words in (
        (lambda x: np.full(len(x), -np.inf), start, {}, "start never visits the target"),
        (lambda x: np.full(len(x), np.inf), start, {}, "log_target is"),
        (f, Liar(), {}, "^start drew 1,000 rows outside its own support"),
        (f, start, {"n": 100}, "`n` must be a whole number, 200 or more"),
        (f, start, {"rounds": 0}, "`rounds` must be a whole number, 1 or more"),
        (f, stats.norm, {}, "start: a scipy.stats distribution must be frozen"),
        (f, start, {"recycle": "no"}, "`recycle` must be True or False"),
    ):
        with pytest.raises(InputError, match=words):
            adapt(log_target, q, rng=0, **settings)
