"""RUSBoost against AdaBoost.M2 written out row by row, on the draws it made."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score

import upweight.imbalance as im
from upweight.imbalance.ensembles import _rusboost


def data(seed, classes=2):
    shares = [0.9] if classes == 2 else [0.7, 0.2]
    return make_classification(
        400, n_features=6, n_informative=4, n_classes=classes, weights=shares, flip_y=0.05, n_clusters_per_class=1,
        random_state=seed,
    )  # fmt: skip


@pytest.mark.parametrize("classes", [2, 3])
def test_losses_and_weights_are_those_of_m2_on_all_rows(classes):
    for seed in range(3):
        X, y = data(seed, classes)
        w = np.random.default_rng(seed).uniform(0.5, 2, len(y))
        m = im.RUSBoost(rounds=8, rng=seed).fit(X, y, sample_weight=w)
        wrong = [(i, k) for i in range(len(y)) for k in range(classes) if k != y[i]]
        D = {(i, k): w[i] for i, k in wrong}
        assert len(m.trees_) == 8
        for tree, alpha in zip(m.trees_, m.alphas_, strict=True):
            total = sum(D.values())
            D = {ik: v / total for ik, v in D.items()}
            h = tree.class_shares(X)
            error = 0.5 * sum(D[i, k] * (1 - h[i, y[i]] + h[i, k]) for i, k in wrong)
            beta = error / (1 - error)
            assert alpha == pytest.approx(np.log(1 / beta), abs=1e-9)
            D = {(i, k): D[i, k] * beta ** (0.5 * (1 + h[i, y[i]] - h[i, k])) for i, k in wrong}


def test_every_tree_gets_a_fresh_balanced_draw_with_its_weights_as_they_stand(monkeypatch):
    seen = []
    fit_tree = _rusboost.fit_tree

    def watched(X, codes, w, depth, rng):
        seen.append((X[:, 0].astype(int), codes, w))
        return fit_tree(X, codes, w, depth, rng)

    monkeypatch.setattr(_rusboost, "fit_tree", watched)
    X, y = data(0)
    X[:, 0] = np.arange(len(y))
    im.RUSBoost(rounds=6, rng=0).fit(X, y)
    rare = np.flatnonzero(y == 1)
    draws = set()
    for rows, codes, w in seen:
        assert np.bincount(codes).tolist() == [len(rare)] * 2
        assert set(rare.tolist()) <= set(rows.tolist())
        assert (w > 0).all()
        draws.add(tuple(rows.tolist()))
    assert len(draws) == 6
    assert np.ptp(seen[0][2]) == pytest.approx(0, abs=1e-15)
    assert np.ptp(seen[5][2]) > 0


def test_scores_are_confidences_times_log_one_over_beta():
    X, y = data(1, 3)
    m = im.RUSBoost(rounds=5, rng=0).fit(X, y)
    total = sum(a * t.class_shares(X) for a, t in zip(m.alphas_, m.trees_, strict=True))
    assert m.decision_function(X) == pytest.approx(total, abs=1e-12)
    assert (m.predict(X) == total.argmax(axis=1)).all()


def test_it_finds_the_rare_class():
    X, y = data(0)
    m = im.RUSBoost(rng=0).fit(X[::2], y[::2])
    assert roc_auc_score(y[1::2], m.predict_proba(X[1::2])[:, 1]) > 0.85
    assert m.predict(X[1::2])[y[1::2] == 1].mean() > 0.7


def test_rounds_at_chance_are_skipped_and_a_perfect_tree_ends_the_loop():
    m = im.RUSBoost(rounds=5, rng=0).fit(np.ones((40, 1)), np.arange(40) < 10)
    assert m.trees_ == ()
    assert m.predict_proba(np.ones((1, 1))).tolist() == [[0.5, 0.5]]
    m = im.RUSBoost(rounds=5, rng=0).fit(np.arange(40.0)[:, None], np.arange(40) < 10)
    perfect = m.trees_[-1].vote(np.arange(40.0)[:, None]) == (np.arange(40) < 10)
    assert len(m.trees_) == 5 or perfect.all()
    assert np.isfinite(m.alphas_).all()
