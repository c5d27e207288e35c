"""Binning once gives the trees that scikit-learn's own binning gives."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from upweight.learners._bins import bin_cuts, binned


@pytest.mark.parametrize("max_bins", [255, 30])
def test_bin_numbers_give_the_same_probabilities_as_values(max_bins):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 4))
    X[:, 0] = X[:, 0].round(1)
    y = (X.sum(axis=1) + rng.normal(size=1500) > 1.5).astype(int)
    learner = HistGradientBoostingClassifier(max_iter=20, max_bins=max_bins)
    train, test = X[:1000], X[1000:]
    plain = learner.fit(train, y[:1000]).predict_proba(test)
    cuts = bin_cuts(train, learner, rng)
    numbered = learner.fit(binned(train, cuts), y[:1000]).predict_proba(binned(test, cuts))
    np.testing.assert_array_equal(plain, numbered)


def test_only_histogram_learners_are_binned():
    assert bin_cuts(np.ones((5, 2)), LogisticRegression(), np.random.default_rng(0)) is None


def test_a_constant_column_has_one_bin():
    cuts = bin_cuts(np.ones((5, 1)), HistGradientBoostingClassifier(), np.random.default_rng(0))
    assert binned(np.array([[0.0], [1.0], [9.0]]), cuts).tolist() == [[0.0], [0.0], [0.0]]
