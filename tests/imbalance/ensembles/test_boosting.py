"""AdaBoost against scikit-learn's, against its own recursion, and what weights of rows mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.datasets import make_classification
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

from upweight.imbalance.ensembles._boosting import Boosted


def noisy(seed, classes=2, n=600):
    X, y = make_classification(
        n, n_features=6, n_informative=4, n_classes=classes, flip_y=0.1, class_sep=0.7, random_state=seed
    )
    return np.float32(X).astype(float), y


@pytest.mark.parametrize(("depth", "classes"), [(1, 2), (3, 2), (1, 3), (2, 4)])
def test_alphas_and_scores_are_those_of_samme(depth, classes):
    for seed in range(3):
        X, y = noisy(seed, classes)
        w = np.random.default_rng(seed).uniform(0.5, 2, len(y))
        theirs = AdaBoostClassifier(DecisionTreeClassifier(max_depth=depth), n_estimators=12, random_state=0)
        theirs.fit(X, y, sample_weight=w)
        ours = Boosted(rounds=12, depth=depth, rng=0).fit(X, y, sample_weight=w)
        assert ours.votes_.alphas == pytest.approx(theirs.estimator_weights_, abs=1e-10), seed
        assert (ours.predict(X) == theirs.predict(X)).all()
        total, k = theirs.estimator_weights_.sum(), classes
        if k == 2:  # theirs: score of the second less that of the first, both columns -1/+1, over the sum of alphas
            assert ours.decision_function(X) == pytest.approx(theirs.decision_function(X) * total / 2, abs=1e-9)
        else:  # theirs: sum of alpha (1 where voted for, else -1/(K-1)), over the sum of alphas
            expected = total * (1 + (k - 1) * theirs.decision_function(X)) / k
            assert ours.decision_function(X) == pytest.approx(expected, abs=1e-9)


def test_probabilities_are_expit_of_twice_the_papers_score():
    X, y = noisy(0)
    m = Boosted(rounds=7).fit(X, y)
    F = sum(a / 2 * (2 * tree.vote(X) - 1) for a, tree in zip(m.votes_.alphas, m.votes_.trees, strict=True))
    assert m.predict_proba(X)[:, 1] == pytest.approx(expit(2 * F), abs=1e-12)


def test_every_tree_is_at_chance_on_the_weights_that_follow_it():
    X, y = noisy(1)
    votes = Boosted(rounds=10).fit(X, y).votes_
    w = np.full(len(y), 1 / len(y))
    for alpha, tree in zip(votes.alphas, votes.trees, strict=True):
        w = w * np.exp(alpha * (tree.vote(X) != y))
        w /= w.sum()
        assert w[tree.vote(X) != y].sum() == pytest.approx(0.5, abs=1e-12)


def test_whole_weights_are_repeated_rows():
    for seed in range(5):
        X, y = noisy(seed, n=200)
        times = np.random.default_rng(seed).integers(1, 5, len(y))
        weighted = Boosted(rounds=10).fit(X, y, sample_weight=times)
        repeated = Boosted(rounds=10).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
        assert weighted.predict_proba(X) == pytest.approx(repeated.predict_proba(X), abs=1e-9)


def test_a_tree_without_error_ends_the_loop_with_half_a_row():
    X = np.arange(10.0)[:, None]
    m = Boosted(rounds=5).fit(X, X[:, 0] > 4)
    assert m.votes_.alphas == pytest.approx([np.log(0.95 / 0.05)])


def test_no_signal_gives_the_same_probability_to_all():
    X = np.ones((20, 2))
    m = Boosted(rounds=5).fit(X, np.arange(20) % 2)
    assert m.predict_proba(X).tolist() == [[0.5, 0.5]] * 20


def test_gaps_go_through_the_trees():
    X, y = noisy(0)
    X[::7, 0] = np.nan
    m = Boosted(rounds=5, rng=0).fit(X, y)
    assert m.score(X, y) > 0.6
