"""imbalanced-learn 0.14 on ensembles: what it has left out, what it refuses, and where it agrees in law.

imbalanced-ensemble 0.2.3, the other home of BalanceCascade, drops common rows by their place in the table before any model has
looked at them; the invariant here is what any cascade by score has: what is dropped scores below all that stays, and the order of
the rows does not decide it.
"""

from __future__ import annotations

import imblearn.ensemble as peer
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import AdaBoostClassifier
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

import upweight.imbalance as im
from upweight.imbalance.ensembles import _cascade


def data(seed, n=3000):
    X, y = make_classification(
        2 * n, n_features=8, n_informative=4, weights=[0.95], flip_y=0.02, class_sep=0.7, random_state=seed
    )
    return X[:n], y[:n], X[n:], y[n:]


def test_the_cascade_left_imbalanced_learn():
    assert not hasattr(peer, "BalanceCascade")


def rounds_of(monkeypatch, X, y):
    """(scores of the pool, which stay) of every round."""
    rounds = []

    def watched(score, keep):
        theta, left = cut(score, keep)
        rounds.append((score, left))
        return theta, left

    cut = _cascade.cut_pool
    monkeypatch.setattr(_cascade, "cut_pool", watched)
    im.BalanceCascade(rng=0).fit(X, y)
    monkeypatch.undo()
    return rounds


def test_what_is_dropped_scores_below_all_that_stays(monkeypatch):
    for seed in range(3):
        X, y, _, _ = data(seed)
        rounds = rounds_of(monkeypatch, X, y)
        assert len(rounds) == 4
        for score, left in rounds[:3]:
            gone = np.setdiff1d(np.arange(len(score)), left)
            assert len(gone) > 100
            assert score[gone].max() <= score[left].min() + 1e-12
            assert score[gone].min() < score[left].max()


def test_the_place_of_a_row_does_not_decide_whether_it_is_dropped(monkeypatch):
    for seed in range(3):
        X, y, _, _ = data(seed)
        score, left = rounds_of(monkeypatch, X, y)[0]
        clear = score != score[left].min()  # ties go by row, as they must go by something
        stays = np.isin(np.arange(len(score)), left)[clear]
        # without any dependence the correlation has s.d. 1/sqrt(rows) = .02; dropping by place gives -.8
        assert abs(np.corrcoef(np.flatnonzero(clear), stays)[0, 1]) < 4.5 / np.sqrt(clear.sum())


def test_weights_are_refused_there_and_kept_here():
    X, y, _, _ = data(0, 400)
    w = np.random.default_rng(0).uniform(0.5, 2, len(y))
    for theirs, ours in (
        (peer.BalancedBaggingClassifier(random_state=0), im.BalancedBagging(rng=0)),
        (peer.EasyEnsembleClassifier(2, random_state=0), im.easy_ensemble(members=2, rng=0)),
    ):
        with pytest.raises(TypeError, match="sample_weight"):
            theirs.fit(X, y, sample_weight=w)
        assert ours.fit(X, y, sample_weight=w).predict_proba(X).shape == (400, 2)


def test_rankings_agree_in_law():
    # mean AUC over 5 data sets; a difference of .02 is four times the s.e. seen between seeds
    pairs = {
        "easy": (
            lambda s: peer.EasyEnsembleClassifier(
                4, estimator=AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=10), random_state=s
            ),
            lambda s: im.easy_ensemble(rng=s),
        ),
        "bagging": (
            lambda s: peer.BalancedBaggingClassifier(n_estimators=10, random_state=s),
            lambda s: im.BalancedBagging(replace=True, rng=s),
        ),
        "forest": (
            lambda s: peer.BalancedRandomForestClassifier(
                60, sampling_strategy="all", replacement=True, bootstrap=False, random_state=s
            ),
            lambda s: im.balanced_forest(members=60, rng=s),
        ),
    }
    for name, makers in pairs.items():
        means = []
        for make in makers:
            aucs = []
            for seed in range(5):
                X, y, X_new, y_new = data(seed, 1500)
                aucs.append(roc_auc_score(y_new, make(seed).fit(X, y).predict_proba(X_new)[:, 1]))
            means.append(np.mean(aucs))
        assert means[0] == pytest.approx(means[1], abs=0.02), name
