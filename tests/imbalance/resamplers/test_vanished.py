"""A class that a sampler leaves without rows is noted, and refused in words where a model shall be trained on what is left."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import upweight.imbalance as im
from upweight import InputError

X = np.repeat(np.arange(20.0)[:, None], 2, axis=1)
TWICE = np.repeat([[0.0, 0.0], [1.0, 1.0]], 20, axis=0)
CONFLICT = np.arange(40) % 2  # every row stands in both classes, in every fold too
CLEANERS = [im.EditedNN(drop="all"), im.TomekLinks(drop="all")]
NOTHING = (
    r"drop='all'\) leaves no row to train on: all 40 rows went\. Say drop='majority', which keeps the minority whole\."
)


@pytest.mark.parametrize("sampler", CLEANERS, ids=str)
def test_an_empty_selection_is_noted_and_refused_where_one_trains(sampler):
    r = sampler.resample(TWICE, CONFLICT)
    assert len(r) == 0
    assert r.notes == ("no row is left",)
    for train in (
        lambda: sampler.fit_resample(TWICE, CONFLICT),
        lambda: im.Rebalanced("logistic", sampler, rng=0).fit(TWICE, CONFLICT),
        lambda: im.Rebalanced("logistic", sampler, repair="none", rng=0).fit(TWICE, CONFLICT),
        lambda: im.Pipeline([("clean", sampler), ("lr", LogisticRegression())]).fit(TWICE, CONFLICT),
        lambda: im.Chain(sampler, im.RandomUnder(rng=0)).resample(TWICE, CONFLICT),
    ):
        with pytest.raises(InputError, match=r"leaves no row to train on.*drop='majority'"):
            train()
    with pytest.raises(InputError, match=NOTHING):
        sampler.fit_resample(TWICE, CONFLICT)


def test_one_class_left_is_told_with_its_rows():
    y = np.r_[np.zeros(20), np.ones(20), np.ones(5)].astype(int)
    rows = np.concatenate([X, X, 100.0 + X[:5]])
    assert im.TomekLinks().resample(rows, y).notes == ()
    both = im.TomekLinks(drop="all").resample(rows, y)
    assert both.notes == ("no row of class 0 is left",)
    assert both.removed.tolist() == list(range(40))
    with pytest.raises(InputError, match=r"leaves one class to train on: 5 rows of class 1, none of another\."):
        im.TomekLinks(drop="all").fit_resample(rows, y)


def test_a_third_class_that_vanishes_is_only_noted():
    rows = np.concatenate([X[:10], 50.0 + X[:6], X[:4]])
    y = np.repeat(["a", "b", "c"], [10, 6, 4])
    r = im.TomekLinks(drop="all").resample(rows, y)
    assert r.notes == ("no row of class 'c' is left",)
    assert set(np.unique(im.TomekLinks(drop="all").fit_resample(rows, y)[1])) == {"a", "b"}


def test_the_remedy_fits_the_sampler():
    rows, y = np.array([[0.0], [0.1], [0.2], [0.3]]), [0, 1, 0, 1]
    for k, way in ((2, "Use a smaller k or another method"), (1, "Use another method")):
        with pytest.raises(InputError, match=rf"^EditedNN\(k={k}\) leaves one class .*none of another\. {way}\.$"):
            im.EditedNN(k=k).fit_resample(rows, y)


def test_an_adopted_sampler_is_named_by_its_class():
    class OneClass:
        """Keeps the class of 1."""

        def fit_resample(self, X, y):
            return X[y == 1], y[y == 1]

    adopted = im.adopt(OneClass())
    assert adopted.resample(X, np.arange(20) % 2).notes == ("no row of class 0 is left",)
    with pytest.raises(InputError, match=r"^OneClass leaves one class to train on: 10 rows of class 1"):
        adopted.fit_resample(X, np.arange(20) % 2)
