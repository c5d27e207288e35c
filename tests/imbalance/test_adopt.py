"""Foreign samplers: believed where they are right, matched by content where not."""

import numpy as np
import pandas as pd
import pytest
from imblearn.combine import SMOTETomek
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import ClusterCentroids, RandomUnderSampler, TomekLinks

from upweight import InputError
from upweight.imbalance import RandomUnder, adopt

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = np.repeat([0, 1], [100, 20])


@pytest.mark.parametrize("sampler", [RandomUnderSampler(), RandomOverSampler(), TomekLinks()])
def test_selectors_say_which_rows_they_kept(sampler):
    r = adopt(sampler, rng=0).resample(X, Y)
    assert not r.is_synthetic.any()
    np.testing.assert_array_equal(Y[r.indices], r.y)
    assert r.correction.status == "impossible"


@pytest.mark.parametrize("sampler", [SMOTE(), SMOTETomek()])
def test_synthetic_rows_are_found_and_kept(sampler):
    r = adopt(sampler, rng=0).resample(X, Y)
    made = r.is_synthetic
    assert made.any()
    assert (r.parents[made] == -1).all()
    out = r.take(X)
    np.testing.assert_array_equal(out[~made], X[r.indices[~made]])
    assert (out[made][:, None] != X[None]).any(axis=2).all()
    assert f"{made.sum():,} rows are made up" in r.notes


def test_centroids_are_made_up_rows():
    r = adopt(ClusterCentroids(), rng=0).resample(X, Y)
    out, made = r.take(X), r.is_synthetic
    assert 10 <= made.sum() <= 20  # the centroid of one row is that row
    assert (r.y[made] == 0).all()
    assert (out[made][:, None] != X[None]).any(axis=2).all()


class WrongIndices:
    """Returns every second row and claims the first half."""

    def get_params(self, deep=True):
        return {}

    def set_params(self, **params):
        return self

    def fit_resample(self, X, y):
        self.sample_indices_ = np.arange(len(X) // 2)
        return X[::2], y[::2]


def test_wrong_indices_are_not_believed():
    np.testing.assert_array_equal(adopt(WrongIndices()).resample(X, Y).indices, np.arange(0, 120, 2))


def test_weights_follow_rows_and_zero_weight_is_removed():
    w = np.arange(120.0)
    r = adopt(RandomUnderSampler(), rng=0).resample(X, Y, sample_weight=w)
    assert 0 not in r.indices
    np.testing.assert_array_equal(r.weights, w[r.indices])
    made = adopt(SMOTE(), rng=0).resample(X, Y, sample_weight=w)
    assert set(made.weights[made.is_synthetic]) == {w[100:].mean()}


def test_frames_go_in_and_come_out():
    frame = pd.DataFrame(X, columns=list("abc"))
    r = adopt(SMOTE(), rng=0).resample(frame, Y)
    out = r.take(frame)
    assert list(out.columns) == list("abc")
    assert len(out) == 200


def test_the_seed_is_ours_unless_theirs_is_set():
    ours = [adopt(RandomUnderSampler(), rng=s).resample(X, Y).indices.tolist() for s in (0, 0, 1)]
    assert ours[0] == ours[1] != ours[2]
    theirs = [adopt(RandomUnderSampler(random_state=5), rng=s).resample(X, Y).indices.tolist() for s in (0, 1)]
    assert theirs[0] == theirs[1]


def test_ours_fit_into_their_pipeline():
    from imblearn.pipeline import make_pipeline
    from sklearn.linear_model import LogisticRegression

    assert make_pipeline(RandomUnder(rng=0), LogisticRegression()).fit(X, Y).predict(X).shape == (120,)


def test_what_has_no_fit_resample_is_refused():
    with pytest.raises(InputError, match="list has no fit_resample, so it cannot be adopted"):
        adopt([1])
