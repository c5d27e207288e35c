"""What is called weak, how far it may be lifted, and who is suspect: by counting and by closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from upweight.imbalance.errors._error_fit import search_rows
from upweight.imbalance.errors._weak_regions import allowed_lift, find_weak, suspects, weak_parts
from upweight.learners import learner_out_of_fold
from upweight.tables import Labels, live_rows
from upweight.tables._folds import stratified


def searched(X, y, w=None, part=None):
    return search_rows(live_rows(X, Labels.of(y), w, part), LogisticRegression(), "row" if part is None else "group")


def kish(w):
    return w.sum() ** 2 / (w**2).sum()


def test_the_lift_leaves_the_effective_rows_asked_for():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        flags = rng.random(300) < rng.uniform(0.01, 0.9)
        flags[0] = True
        w = np.ones(300) if seed % 2 else rng.uniform(0.1, 5, 300)
        ess, lift = rng.uniform(0.05, 1), rng.uniform(1, 50)
        found = allowed_lift(flags, w, lift=lift, ess=ess)
        left = kish(w * np.where(flags, found, 1)) / kish(w)
        assert 1 <= found <= lift
        assert left >= ess - 1e-9
        assert found == lift or left == pytest.approx(ess, abs=1e-9), seed
        if seed % 2:  # unit weights: the formula of the share lifted
            q = flags.mean()
            assert left == pytest.approx((1 - q + q * found) ** 2 / (1 - q + q * found**2), abs=1e-12)


def test_nothing_to_lift_and_a_full_floor():
    w = np.ones(10)
    assert allowed_lift(np.zeros(10, bool), w, lift=7.0, ess=0.5) == 7.0
    assert allowed_lift(np.arange(10) < 3, w, lift=7.0, ess=1.0) == 1.0
    assert allowed_lift(np.ones(10, bool), w, lift=7.0, ess=1.0) == 7.0


def test_weak_parts_stand_two_standard_errors_above_the_mean():
    rng = np.random.default_rng(0)
    part = np.repeat([4, 7, 9, 11], [500, 200, 200, 5])
    loss = rng.exponential(1, 905) + np.repeat([0, 1.2, 0, 50], [500, 200, 200, 5])  # the last has too few rows to say
    w = rng.uniform(0.5, 2, 905)
    found = weak_parts(loss, part, w)
    overall = np.average(loss, weights=w)
    assert found.tolist() == [7]
    for code in (4, 7, 9):
        mine = part == code
        mean = np.average(loss[mine], weights=w[mine])
        se = np.sqrt(np.sum(w[mine] ** 2 * (loss[mine] - mean) ** 2)) / w[mine].sum()
        assert (mean - overall > 2 * se) == (code == 7)


def test_parts_alike_are_seldom_called_weak():
    # one part of two, z of its mean against the mean of all is about N(0, 1/2): P(> 2) = .002; 1000 runs: 2 +- 1.5
    called = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        called += len(weak_parts(rng.exponential(1, 400), rng.integers(0, 2, 400), np.ones(400)))
    assert called <= 25


def asked_out_of_fold(task, folds, seed):
    rng = np.random.default_rng(seed)
    return learner_out_of_fold(LogisticRegression(), task, stratified(task.codes, folds, rng, None), rng)


def test_predictions_are_out_of_fold():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), rng.integers(0, 2, 200)
    p = asked_out_of_fold(searched(X, y).task, 5, 3)
    state = int(np.random.default_rng(3).integers(2**31 - 1))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=state).split(X, y):
        expected = LogisticRegression().fit(X[train], y[train]).predict_proba(X[test])
        assert p[test] == pytest.approx(expected, abs=1e-12)


def test_rows_got_wrong_are_flagged_and_nothing_is_said_of_others():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), rng.integers(0, 2, 300)
    g = searched(X, y)
    spots = find_weak(LogisticRegression(), g, by="row", folds=4, rng=np.random.default_rng(1))
    p = asked_out_of_fold(g.task, 4, 1)
    assert (spots.flags == (p.argmax(axis=1) != y)).all()
    assert spots.where is None


def test_a_region_is_found_and_recognised_in_other_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3))
    corner = (X[:, 1] > 0.5) & (X[:, 2] > 0)
    y = np.where(corner, rng.random(4000) < 0.5, X[:, 0] > 0).astype(int)  # there x0 says nothing
    g = searched(X, y)
    spots = find_weak(LogisticRegression(), g, by="region", folds=5, rng=np.random.default_rng(0))
    assert spots.flags[corner].mean() > 0.9
    assert spots.flags[~corner].mean() < 0.1
    new = rng.normal(size=(1000, 3))
    there = (new[:, 1] > 0.5) & (new[:, 2] > 0)
    found = spots.where(searched(new, rng.integers(0, 2, 1000)))
    assert (found == there).mean() > 0.9


def test_groups_are_recognised_by_their_codes():
    rng = np.random.default_rng(0)
    X, part = rng.normal(size=(2000, 2)), rng.integers(0, 4, 2000)
    y = np.where(part == 2, X[:, 0] < 0, X[:, 0] > 0).astype(int)
    g = searched(X, y, part=part)
    spots = find_weak(LogisticRegression(), g, by="group", folds=5, rng=np.random.default_rng(0))
    assert (spots.flags == (part == 2)).all()
    assert spots.where(g.take(np.arange(50))).tolist() == (part[:50] == 2).tolist()


@pytest.mark.parametrize("thin", [False, True])
def test_suspects_are_contradicted_by_all_ten_neighbours(thin):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4)) * [1, 10, 0.1, 1]
    y = (X[:, 0] > 0).astype(int)
    wrong = rng.permutation(300)[:30]
    y[wrong] = 1 - y[wrong]
    X[5] = X[6] = [2, 0, 0, 0]  # copies of two classes: a row is left out of its neighbours by number, not by distance
    y[X[:, 0] > 1] = 1
    y[6] = 0
    g = searched(sparse.csr_array(X) if thin else X, y)
    looked = np.arange(0, 300, 2)
    found = suspects(g, looked).tolist()
    Z = X / X.std(axis=0)
    for i in looked.tolist():
        d2 = ((Z - Z[i]) ** 2).sum(axis=1)
        d2[i] = np.inf
        near = np.argsort(d2, kind="stable")[:10]
        assert (i in found) == bool((y[near] != y[i]).all()), i
    assert 6 in found
    assert len(found) > 3
    assert suspects(g, np.empty(0, int)).tolist() == []
