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
"""Adopted samplers: their rows are found again, whatever they say about them."""
import warnings
import polars as pl
from imblearn import combine, over_sampling, under_sampling
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from upweight.imbalance import Pipeline, Rebalanced, adopt
def data(seed=0, n=260):
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < 60).astype(int)
    return rng.normal(size=(n, 3)) + 0.8 * y[:, None], y
SAMPLERS = [
    *(getattr(under_sampling, n)() for n in under_sampling.__all__),
    *(getattr(over_sampling, n)() for n in over_sampling.__all__ if n not in ("SMOTEN", "SMOTENC", "KMeansSMOTE")),
    over_sampling.KMeansSMOTE(cluster_balance_threshold=0.01),
    combine.SMOTETomek(),
    combine.SMOTEENN(),
]
def seeded(sampler):
    sampler = clone(sampler)
    return sampler.set_params(random_state=0) if "random_state" in sampler.get_params() else sampler
@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("kind", ["array", "pandas", "csr"])
def test_every_sampler_of_the_peer_gives_back_its_own_output(sampler, kind):
    X, y = data()
    if kind == "csr" and type(sampler).__name__ in ("ClusterCentroids", "KMeansSMOTE"):
        sampler = clone(sampler).set_params(**({"voting": "soft"} if hasattr(sampler, "voting") else {}))
    table = {"array": X, "pandas": pd.DataFrame(X, columns=list("abc")), "csr": sparse.csr_matrix(X)}[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made, labels = seeded(sampler).fit_resample(table, y)
        r = adopt(seeded(sampler)).resample(table, y)
    dense = lambda t: t.toarray() if sparse.issparse(t) else np.asarray(t)
    np.testing.assert_allclose(dense(r.take(table)), dense(made), rtol=1e-12)
    np.testing.assert_array_equal(r.y, labels)
    real = r.indices >= 0
    np.testing.assert_array_equal(X[r.indices[real]], dense(made)[real])
    assert (r.parents[~real] == -1).all()
def test_weights_of_real_rows_stay_and_zero_weights_are_removed():
    X, y = data()
    w = np.random.default_rng(0).uniform(0.5, 2, 260)
    w[::5] = 0
    live = np.flatnonzero(w)
    r = adopt(over_sampling.SMOTE(random_state=0)).resample(X, y, sample_weight=w)
    made, _ = over_sampling.SMOTE(random_state=0).fit_resample(X[live], y[live])
    np.testing.assert_array_equal(r.take(X), made)
    real = r.indices >= 0
    np.testing.assert_array_equal(r.weights[real], w[r.indices[real]])
    np.testing.assert_allclose(r.weights[~real], w[live][y[live] == 1].mean())
class Liar(BaseEstimator):
    """Keeps the last rows and says it kept the first."""
        self.sample_indices_ = np.arange(100)
        return X[-100:], y[-100:]
def test_row_numbers_are_believed_only_if_they_are_right():
    X, y = data()
    r = adopt(Liar()).resample(X, y)
    assert r.indices.tolist() == list(range(160, 260))
    assert len(r.removed) == 160
def test_its_rng_seeds_a_sampler_without_one():
    X, y = data()
    one, two = (adopt(over_sampling.SMOTE(), rng=s).resample(X, y).take(X) for s in (0, 0))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, adopt(over_sampling.SMOTE(), rng=1).resample(X, y).take(X))
def test_text_columns_go_through_the_peers_nc():
    X, y = data()
    frame = pd.DataFrame(X, columns=list("abc")).assign(t=np.where(X[:, 0] > 0, "x", "y"))
    r = adopt(over_sampling.SMOTENC([3], random_state=0)).resample(frame, y)
    made, _ = over_sampling.SMOTENC([3], random_state=0).fit_resample(frame, y)
    pd.testing.assert_frame_equal(r.take(frame).reset_index(drop=True), made)
def test_it_is_adopted_wherever_a_resampler_is_accepted():
    X, y = data()
    theirs = over_sampling.SVMSMOTE(random_state=0)
    Pipeline([("r", theirs), ("m", LogisticRegression())]).fit(X, y)
    m = Rebalanced(LogisticRegression(), theirs, rng=0).fit(X, y)
    assert 0.8 < m.predict_proba(X)[:, 1].sum() / y.sum() < 1.2
@pytest.mark.parametrize("kind", [pl.DataFrame])
def test_a_frame_the_sampler_cannot_read_comes_back_as_it_was(kind):
    X, y = data()
    frame = kind(X.astype(np.float32), schema=list("abc"))
    for sampler in (under_sampling.TomekLinks(), over_sampling.SMOTE(random_state=0)):
        r = adopt(sampler).resample(frame, y)
        made, _ = clone(sampler).fit_resample(X.astype(np.float32), y)
        out = r.take(frame)
        assert type(out) is kind
        assert out.schema == frame.schema
        np.testing.assert_array_equal(out.to_numpy(), made)
def test_what_resamples_nothing_is_refused():
    with pytest.raises(InputError, match="LogisticRegression has no fit_resample, so it cannot be adopted"):
        adopt(LogisticRegression())
def test_copies_are_matched_one_by_one():
    X = np.array([[1.0], [1.0], [2.0], [1.0], [3.0]])
    class Silent:  # no scikit-learn estimator at all
        def fit_resample(self, X, y):
            return np.array([[1.0], [3.0], [1.0], [1.0], [1.0]]), np.array([0, 1, 0, 0, 0])
    r = adopt(Silent()).resample(X, [0, 0, 1, 0, 1])
    assert r.indices.tolist() == [0, 4, 1, 3, 0]
    assert r.removed.tolist() == [2]
def test_whole_number_columns_of_a_polars_frame_become_fractions_only_where_they_must():
    X, y = data()
    frame = pl.DataFrame({"n": np.arange(260) % 41, "x": X[:, 0]})
    out = adopt(over_sampling.SMOTE(random_state=0)).resample(frame, y).take(frame)
    assert out.schema == {"n": pl.Float64, "x": pl.Float64}
    kept = adopt(under_sampling.TomekLinks()).resample(frame, y).take(frame)
    assert kept.schema == frame.schema
    with pytest.raises(InputError, match="column 't' holds String"):
        adopt(under_sampling.TomekLinks()).resample(frame.with_columns(t=pl.lit("a")), y)
