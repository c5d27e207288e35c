"""Instance hardness: exact counts, columns by label, every row judged by models that did not see it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import upweight as uw
import upweight.imbalance as im
from upweight.tables._table import Schema


def data(n=600):
    return make_classification(n, n_features=5, weights=[0.8], flip_y=0.1, class_sep=0.7, random_state=0)


def test_the_easiest_rows_of_each_class_stay_and_ties_go_to_the_first():
    rng = np.random.default_rng(0)
    for seed in range(50):
        rng = np.random.default_rng(seed)
        y = rng.choice(3, 90, p=[0.6, 0.3, 0.1])
        proba = rng.dirichlet(np.ones(3), 90).round(1)
        m = np.bincount(y, minlength=3).min()
        if m == 0:
            continue
        few = int(np.bincount(y).argmin())
        expected = [
            i
            for c in range(3)
            for i in sorted(np.flatnonzero(y == c), key=lambda i, c=c: (-proba[i, c], i))[: m if c != few else None]
        ]
        r = im.InstanceHardness(proba=proba).resample(np.zeros((90, 1)), y)
        assert r.indices.tolist() == sorted(expected)


def test_counts_are_exact_whatever_the_labels():
    X, y = data()
    few = int(y.sum())
    expected = im.InstanceHardness(rng=0).resample(X, y).indices
    for names in ([0, 1], [1, -1], [-1, 1], [1, 2], ["common", "rare"], ["z", "a"]):
        r = im.InstanceHardness(rng=0).resample(X, np.array(names)[y])
        assert len(r) == 2 * few
        np.testing.assert_array_equal(r.indices, expected)


def test_probabilities_are_out_of_fold():
    class Remembers(ClassifierMixin, BaseEstimator):
        """Sure of rows it has seen, and of the other class for the rest."""

        def fit(self, X, y):
            self.classes_, self.seen_ = np.unique(y), {float(x): c for x, c in zip(X[:, 0], y, strict=True)}
            return self

        def predict_proba(self, X):
            known = np.array([float(x) in self.seen_ for x in X[:, 0]])
            return np.where(known[:, None], 1.0, np.stack([X[:, 1], 1 - X[:, 1]], axis=1))

    rng = np.random.default_rng(0)
    y = rng.choice(2, 200, p=[0.8, 0.2])
    X = np.column_stack([np.arange(200.0), rng.random(200)])
    r = im.InstanceHardness(learner=Remembers(), rng=0).resample(X, y)
    common = np.flatnonzero(y == 0)
    first = y[0]  # classes are numbered by first appearance for the learner
    p = X[common, 1] if first == 0 else 1 - X[common, 1]
    expected = common[np.lexsort((common, -p))[: int(y.sum())]]
    assert r.indices.tolist() == sorted([*expected, *np.flatnonzero(y == 1)])


def test_a_given_learner_agrees_with_scikit_learns_own_loop():
    X, y = data()
    y = y if y[0] == 0 else 1 - y  # numbered by first appearance
    folds = StratifiedKFold(4, shuffle=True, random_state=int(np.random.default_rng(7).integers(2**31 - 1)))
    proba = cross_val_predict(LogisticRegression(), X, y, cv=folds, method="predict_proba")
    ours = im.InstanceHardness(learner=LogisticRegression(), cv=4, rng=7).resample(X, y)
    np.testing.assert_array_equal(ours.indices, im.InstanceHardness(proba=proba).resample(X, y).indices)


def test_weights_reach_the_learner():
    X, y = data()
    w = np.where(X[:, 0] > 0, 5.0, 0.2)
    weighted = im.InstanceHardness(rng=0).resample(X, y, sample_weight=w)
    assert weighted.indices.tolist() != im.InstanceHardness(rng=0).resample(X, y).indices.tolist()


def test_gaps_text_and_prepared_tables_are_the_learners_affair():
    X, y = data()
    frame = pd.DataFrame(X, columns=list("abcde")).assign(colour=np.where(X[:, 0] > 0, "red", "blue"))
    frame.loc[3, "b"] = np.nan
    few = int(y.sum())
    assert len(im.InstanceHardness(rng=0).resample(frame, y)) == 2 * few
    table = Schema.of(frame).read(frame)
    assert len(im.InstanceHardness(rng=0).resample(table, y)) == 2 * few


def test_probabilities_of_two_classes_may_be_one_column():
    y = np.array([0, 0, 0, 1])
    one, two = np.array([0.2, 0.9, 0.1, 0.5]), np.array([[0.8, 0.2], [0.1, 0.9], [0.9, 0.1], [0.5, 0.5]])
    X = np.zeros((4, 1))
    assert im.InstanceHardness(proba=one).resample(X, y).indices.tolist() == [2, 3]
    assert im.InstanceHardness(proba=two).resample(X, y).indices.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("proba", "message"),
    [
        (np.zeros((3, 2)), r"one row a row of X and one column a class, \(4, 2\); got \(3, 2\)"),
        (np.array([0.1, 1.2, 0.3, 0.4]), r"must lie in \[0, 1\]; got 1 row that does not, first .* at row 1"),
        (np.array([0.1, 0.2, np.nan, 0.4]), r"must lie in \[0, 1\]; got 1 row that does not, first .* at row 2"),
    ],
)
def test_what_are_no_probabilities_is_refused(proba, message):
    with pytest.raises(uw.InputError, match=message):
        im.InstanceHardness(proba=proba).resample(np.zeros((4, 1)), [0, 0, 0, 1])


def test_a_class_smaller_than_the_folds_is_refused():
    with pytest.raises(uw.InputError, match=r"5 folds need 5 rows of every class; 'c' has 3"):
        im.InstanceHardness().resample(np.random.default_rng(0).normal(size=(30, 2)), ["a"] * 27 + ["c"] * 3)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([1] + [0] * 29, "5 folds need 5 rows of every class; 1 has 1. Find more"),
        (["c"] * 3 + ["b"] * 15 + ["a"] * 12, "every class; 'c' has 3. Use cv=3"),
        (["b"] * 12 + ["c"] * 3 + ["a"] * 15, "every class; 'c' has 3. Use cv=3"),
    ],
)
def test_the_class_that_is_too_small_is_named_whichever_comes_first(y, said):
    with pytest.raises(uw.InputError) as told:
        im.InstanceHardness(rng=0).resample(np.random.default_rng(0).normal(size=(30, 2)), y)
    assert said in str(told.value)


def test_the_class_is_named_by_its_label_where_zero_weights_take_another_away():
    y, w = ["d"] * 3 + ["b"] * 12 + ["a"] * 15, np.r_[np.ones(15), np.zeros(15)]
    with pytest.raises(uw.InputError, match="'d' has 3"):
        im.InstanceHardness(rng=0).resample(np.random.default_rng(0).normal(size=(30, 2)), y, sample_weight=w)
