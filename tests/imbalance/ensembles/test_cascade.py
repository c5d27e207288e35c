"""BalanceCascade against the algorithm written out again, and the laws of its pools."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score

import upweight.imbalance as im
from upweight import UndoError
from upweight.imbalance.ensembles._cascade import cut_pool, pool_sizes


def blobs(seed, rare=40, common=900, d=4):
    rng = np.random.default_rng(seed)
    y = np.arange(rare + common) < rare
    order = rng.permutation(rare + common)
    return (rng.normal(size=(rare + common, d)) + y[:, None])[order], y[order]


def test_pools_of_the_paper():
    rng = np.random.default_rng(0)
    y = np.arange(8946) < 208
    m = im.BalanceCascade(rounds=2, rng=0).fit(rng.normal(size=(8946, 2)) + y[:, None], y)
    assert m.pools_.tolist() == [8738, 2514, 723, 208]


def test_after_all_but_one_round_as_many_are_left_as_are_rare():
    for members in (2, 3, 4, 7):
        for rare, common in ((5, 500), (32, 4145), (100, 101), (7, 8)):
            assert pool_sizes(rare, common, members)[members - 2] == rare


def cascade_again(m, X, y):
    """From the fitted members only: thresholds and pools as the paper has them, by sorting and counting."""
    pool = [i for i in range(len(y)) if not y[i]]
    n0, f = len(pool), (y.sum() / (~y).sum()) ** (1 / (m.members - 1))
    thetas, pools, rates = [], [], []
    for i, votes in enumerate(m.members_, start=1):
        s = {
            r: sum(a * (2 * t.vote(X[[r]])[0] - 1) for a, t in zip(votes.alphas, votes.trees, strict=True))
            for r in pool
        }
        order = sorted(pool, key=lambda r: (-s[r], r))
        k = max(1, round(n0 * f**i))
        thetas.append((s[order[k - 1]] + s[order[k]]) / 2)
        pools.append(len(pool))
        rates.append(k / len(pool))
        assert all(s[r] <= thetas[-1] + 1e-12 for r in order[k:])
        pool = sorted(order[:k])
    return thetas, pools, rates, f


@pytest.mark.parametrize("depth", [1, 3])
def test_thresholds_and_pools_are_those_of_the_algorithm(depth):
    for seed in range(3):
        X, y = blobs(seed)
        m = im.BalanceCascade(members=4, rounds=5, depth=depth, rng=seed).fit(X, y)
        thetas, pools, rates, f = cascade_again(m, X, y)
        assert m.thetas_ == pytest.approx(thetas, abs=1e-9)
        assert m.pools_.tolist() == pools
        assert rates == pytest.approx([f] * 4, abs=0.02)  # the false-positive rate each threshold was set for


def test_one_score_is_the_sum_over_members_less_their_thresholds():
    X, y = blobs(0)
    m = im.BalanceCascade(rng=0).fit(X, y)
    total = np.zeros(len(y))
    for votes, theta in zip(m.members_, m.thetas_, strict=True):
        score = votes.score(X)
        total += score[:, 1] - score[:, 0] - theta
    assert m.decision_function(X) == pytest.approx(total, abs=1e-9)
    assert (m.predict(X) == (total > 0)).all()


def test_members_see_all_rare_rows_and_as_many_of_their_pool(monkeypatch):
    from upweight.imbalance.ensembles import _cascade

    seen = []
    boost = _cascade.boost

    def watched(X, codes, w, **settings):
        seen.append((X[:, 0].astype(int), codes, w))
        return boost(X, codes, w, **settings)

    monkeypatch.setattr(_cascade, "boost", watched)
    rng = np.random.default_rng(0)
    y = np.arange(600) < 30
    X = np.column_stack([np.arange(600), rng.normal(size=600) + y])
    weights = rng.uniform(0.5, 2, 600)
    im.BalanceCascade(rng=0).fit(X, y, sample_weight=weights)
    for rows, codes, w in seen:
        assert set(range(30)) <= set(rows.tolist())
        assert np.bincount(codes).tolist() == [30, 30]
        for c in (0, 1):  # starting weights: those of the rows, each class one half
            mine = weights[rows[codes == c]]
            assert w[codes == c] == pytest.approx(mine / mine.sum() / 2, abs=1e-12)
    assert len({tuple(rows.tolist()) for rows, _, _ in seen}) == 4


def test_ties_in_the_score_go_by_row():
    theta, kept = cut_pool(np.array([1.0, 3.0, 1.0, 1.0, 0.0]), 3)
    assert (theta, kept.tolist()) == (1.0, [0, 1, 2])
    theta, kept = cut_pool(np.array([1.0, 3.0, 2.0]), 2)
    assert (theta, kept.tolist()) == (1.5, [1, 2])


def test_classes_of_one_size_drop_nothing():
    X, y = blobs(0, 60, 60)
    m = im.BalanceCascade(rng=0).fit(X, y)
    assert m.pools_.tolist() == [60] * 4
    assert m.thetas_.tolist() == [0.0] * 4
    assert m.score(X, y) > 0.7


def test_the_rare_class_may_be_either_label():
    X, y = blobs(1)
    a = im.BalanceCascade(rng=0).fit(X, y)
    b = im.BalanceCascade(rng=0).fit(X, ~y)
    assert a.decision_function(X) == pytest.approx(-b.decision_function(X), abs=1e-12)
    assert roc_auc_score(y, a.decision_function(X)) > 0.85


def test_two_classes_and_two_members_are_needed():
    X, y = make_classification(200, n_informative=4, n_classes=3, random_state=0)
    with pytest.raises(ValueError, match="Only binary classification is supported.*`y` has 3.*y == label"):
        im.BalanceCascade().fit(X, y)
    with pytest.raises(ValueError, match="`members` must be a whole number, 2 or more; got 1"):
        im.BalanceCascade(members=1).fit(X, y == 1)


def test_no_formula_undoes_it():
    X, y = blobs(0)
    c = im.BalanceCascade(rng=0).fit(X, y).correction_
    assert c.status == "impossible"
    with pytest.raises(UndoError, match="keeps common rows by their scores; no formula"):
        c.apply(np.array([0.5]))
