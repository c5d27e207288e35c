"""outcome: cross-fitted, by action or with features, every form of target the same, and bounded memory."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from upweight import InputError, ratio
from upweight.ope import Outcome, outcome, value

from .bandit import MEAN, P0, PI, P, drawn


def log(n=600, seed=0):
    g = np.random.default_rng(seed)
    x = np.searchsorted(np.cumsum(P), g.random(n))
    a = drawn(P0, x, g.random(n))
    return x, np.eye(3)[x], a, (g.random(n) < MEAN[x, a]).astype(float)


def test_every_form_of_the_target_gives_the_same():
    x, X, a, r = log()
    pi = PI[x]
    whole = outcome(Ridge(), X, a, r, pi)
    assert isinstance(whole, Outcome)
    for same in (sparse.csr_array(pi), lambda rows: pi[rows]):
        found = outcome(Ridge(), X, a, r, same)
        np.testing.assert_allclose(found, whole)
    best = pi.argmax(axis=1)
    np.testing.assert_allclose(outcome(Ridge(), X, a, r, best), outcome(Ridge(), X, a, r, np.eye(4)[best]))


def test_v_is_the_mean_of_predictions_and_q_that_of_the_logged_action():
    x, X, a, r = log()
    q, _ = outcome(Ridge(), X, a, r, PI[x])
    logged = outcome(Ridge(), X, a, r, a)
    np.testing.assert_allclose(logged.v, logged.q)
    np.testing.assert_allclose(q, logged.q)
    by_action = [outcome(Ridge(), X, a, r, np.eye(4)[np.full(a.size, k)]).v for k in range(4)]
    np.testing.assert_allclose(outcome(Ridge(), X, a, r, PI[x]).v, (PI[x] * np.array(by_action).T).sum(axis=1))


class Remembers(Ridge):
    """Predicts 1 for rows it was fitted on."""

    def fit(self, X, y, **more):
        self.seen_ = set(X[:, 0].tolist())
        return self

    def predict(self, X):
        return np.array([float(x in self.seen_) for x in X[:, 0]])


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("features", [None, np.eye(2)])
def test_no_model_answers_for_a_row_that_it_has_seen(clustered, features):
    n = 200
    user = np.arange(n) // 4
    X = (user if clustered else np.arange(n)).astype(float)[:, None]
    a, r = np.arange(n) % 2, np.arange(n) % 2.0
    found = outcome(Remembers(), X, a, r, a, cluster=user if clustered else None, features=features)
    assert not np.any(found.q)


def test_predictions_are_cut_to_the_range_of_the_rewards():
    g = np.random.default_rng(0)
    x = g.normal(size=(300, 1))
    x[0] = 1000.0
    r = (x[:, 0] > 0).astype(float)
    q, v = outcome(Ridge(), x, np.zeros(300, int), r, np.zeros(300, int))
    assert min(q.min(), v.min()) >= 0
    assert max(q.max(), v.max()) <= 1


def test_rare_actions_have_the_mean_reward_and_classifiers_their_mean():
    _, X, a, r = log()
    a = np.where(np.arange(a.size) < 3, 4, a)
    q, _ = outcome(LogisticRegression(), X, a, r, a, folds=3)
    assert np.ptp(q[:3]) < 0.1
    assert abs(q[:3].mean() - r.mean()) < 0.1
    by_name = outcome("logistic", X, a, 2 + 3 * r, a)
    assert 2 <= by_name.q.min() <= by_name.q.max() <= 5


def test_sample_weight_goes_to_the_fit_and_the_value_gains_precision():
    x, X, a, r = log(4000)
    heavy = outcome(Ridge(), X, a, r, PI[x], sample_weight=np.where(r > 0, 100.0, 1.0))
    plain = outcome(Ridge(), X, a, r, PI[x])
    assert heavy.q.mean() > plain.q.mean() + 0.2
    w = ratio(PI[x, a], P0[x, a])
    assert value(r, w, how="plain", outcome=plain).se < 0.75 * value(r, w, how="plain").se


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (dict(target=np.full((600, 4), 0.3)), r"add up to 1 in every row; got 1\.2 at row"),
        (dict(action=np.full(600, 7)), r"`action` must be whole numbers 0 \.\.\. 3"),
        (dict(action=np.full(600, 0.5)), "whole numbers"),
        (dict(features=np.eye(3)), "one row an action; got 3 for 4"),
        (dict(folds=1), "`folds` must be a whole number, 2 or more"),
        (dict(cluster=np.zeros(600)), "5 folds need as many clusters; got 1"),
        (dict(target=np.full((3, 4), 0.25)), "`target` must have one row an action"),
        (dict(target=lambda rows: np.ones(rows.size)), r"must give \(m, K\) probabilities"),
        (dict(model="logistic", reward=np.arange(600.0)), "a classifier models rewards of two values"),
        (dict(reward=np.full(600, np.nan)), "`reward` must be finite"),
    ],
)
def test_bad_input_is_told(change, text):
    x, X, a, r = log()
    given = {"model": Ridge(), "action": a, "reward": r, "target": PI[x]} | change
    with pytest.raises(InputError, match=text):
        outcome(given.pop("model"), X, given.pop("action"), given.pop("reward"), given.pop("target"), **given)


def test_a_thousand_actions_are_never_a_table_of_all_rows():
    n, k = 20_000, 1000
    g = np.random.default_rng(0)
    X, a, r = g.normal(size=(n, 3)), g.integers(k, size=n), g.normal(size=n)

    asked = []

    def target(rows):
        asked.append(rows.size)
        return np.full((rows.size, k), 1 / k)

    tracemalloc.start()
    outcome(DummyRegressor(), X, a, r, target, folds=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert max(asked) == 4096
    assert peak < 120e6  # a table of all rows would be 160 MB
