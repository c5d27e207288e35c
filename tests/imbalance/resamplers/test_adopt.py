"""Adopted samplers: their rows are found again, whatever they say about them."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn import combine, over_sampling, under_sampling
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression

from upweight import InputError
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
    assert r.correction.status == "impossible"


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

    def fit_resample(self, X, y):
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
