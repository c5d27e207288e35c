"""Over-sampling beside imbalanced-learn: where the two differ, an invariant says who is right."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn import ensemble, over_sampling, under_sampling
from imblearn.pipeline import Pipeline as PeerPipeline
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from upweight.imbalance import SMOTE, Pipeline, RandomUnder, TomekLinks, vdm


def table(n=4000, seed=0, **more):
    settings = {"n_features": 8, "n_informative": 5, "weights": [0.9], "flip_y": 0.02, "class_sep": 0.8} | more
    return make_classification(n, random_state=seed, **settings)


def test_the_same_neighbours_are_used_for_plain_smote():
    """Every synthetic row of either lies between a row and one of its five nearest; checked for ours, found for theirs."""
    X, y = table()
    P = X[y == 1]
    near = NearestNeighbors(n_neighbors=6).fit(P).kneighbors(P, return_distance=False)[:, 1:]
    r = SMOTE(rng=0).resample(X, y)
    place = np.full(len(y), -1)
    place[y == 1] = np.arange(len(P))
    a, b = place[r.parents[r.is_synthetic]].T
    assert (near[a] == b[:, None]).any(axis=1).all()
    assert len(r) == len(over_sampling.SMOTE(random_state=0).fit_resample(X, y)[1])


def test_shifted_copies_of_a_class_get_the_same_rows_there_and_other_rows_here():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(30, 3))
    X, y = np.r_[rng.normal(size=(300, 3)) + 9, a, a + 100], np.repeat([0, 1, 2], [300, 30, 30])
    made, labels = over_sampling.SMOTE(random_state=0).fit_resample(X, y)
    one, two = made[360:][labels[360:] == 1], made[360:][labels[360:] == 2]
    assert np.abs(two - 100 - one).max() < 1e-12  # one stream for every class
    out, ours = SMOTE(rng=0).fit_resample(X, y)
    one, two = out[360:][ours[360:] == 1], out[360:][ours[360:] == 2]
    assert (np.abs(two - 100 - one).max(axis=1) > 1e-6).all()


def test_smoten_neighbours_are_those_of_vdm_here_and_partly_there():
    rng = np.random.default_rng(0)
    y = (rng.random(1500) < 0.2).astype(int)
    X = np.stack([(rng.integers(0, L, 1500) * (1 - 0.3 * y)).astype(int) for L in (3, 5, 8, 13, 4, 6)], axis=1)
    mine = np.flatnonzero(y == 1)
    d = vdm(X, y).pairwise(X[mine], X[mine])
    np.fill_diagonal(d, np.inf)
    kth = np.sort(d, axis=1)[:, 4]
    theirs = (
        NearestNeighbors(n_neighbors=6)
        .fit(vdm(X, y).pairwise(X[mine]))
        .kneighbors(return_distance=False, n_neighbors=5)
    )
    share = (np.take_along_axis(d, theirs, axis=1) <= kth[:, None]).mean()
    assert share < 0.9  # rows of the distance matrix compared as points, as SMOTEN does
    r = SMOTE(rng=0, categorical=range(6)).resample(X, y)
    place = np.full(len(y), -1)
    place[mine] = np.arange(len(mine))
    base, voters = place[r.parents[1500:, 0]], place[r.donors[1500:]]
    others = voters != base[:, None]
    assert (
        d[np.broadcast_to(base[:, None], voters.shape)[others], voters[others]]
        <= kth[np.broadcast_to(base[:, None], voters.shape)[others]]
    ).all()


def test_adasyn_makes_as_many_rows_as_were_asked_for():
    X, y = make_classification(
        10_000, n_features=20, n_informative=6, weights=[0.97], flip_y=0.01, class_sep=0.8, random_state=0
    )
    wanted = int((y == 0).sum() - (y == 1).sum())
    assert len(over_sampling.ADASYN(random_state=0).fit_resample(X, y)[1]) - len(y) != wanted
    assert SMOTE(kind="adasyn", rng=0).resample(X, y).is_synthetic.sum() == wanted


def test_borderline_two_steps_towards_the_majority_are_uniform_up_to_a_half():
    """Theirs multiply U(0,1) by U(0,1/2): mean 1/8. The paper's mean is 1/4."""
    X, y = table(n=6000, class_sep=0.4, flip_y=0.1)
    r = SMOTE(kind="borderline2", rng=0).resample(X, y)
    across = r.step[r.is_synthetic & (y[r.parents[:, 1]] == 0)]
    assert len(across) > 300
    assert abs(across.mean() - 0.25) < 5 * 0.5 / np.sqrt(12 * len(across))
    assert 0.48 < across.max() <= 0.5


def test_weights_are_refused_there_and_carried_here():
    X, y = table(n=1000)
    w = np.random.default_rng(0).uniform(0.5, 2, 1000)
    with pytest.raises(TypeError):
        over_sampling.SMOTE().fit_resample(X, y, sample_weight=w)
    with pytest.raises(TypeError):
        ensemble.BalancedBaggingClassifier(n_estimators=2).fit(X, y, sample_weight=w)
    _, _, weights = SMOTE(rng=0).fit_resample(X, y, sample_weight=w)
    assert np.array_equal(weights[:1000], w)


def test_the_pipeline_with_weights_has_a_length_error_there_and_runs_here():
    X, y = table(n=1000)
    w = np.random.default_rng(0).uniform(0.5, 2, 1000)
    steps = lambda under: [("s", StandardScaler()), ("r", under), ("m", LogisticRegression())]
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples|sample_weight\.shape"):
        PeerPipeline(steps(under_sampling.RandomUnderSampler(random_state=0))).fit(X, y, m__sample_weight=w)
    Pipeline(steps(RandomUnder(rng=0))).fit(X, y, sample_weight=w)
    half = np.where(np.arange(1000) % 2, w, 0)
    a = Pipeline(steps(RandomUnder(rng=0))).fit(X, y, sample_weight=half)
    b = Pipeline(steps(RandomUnder(rng=0))).fit(X[1::2], y[1::2], sample_weight=w[1::2])
    assert np.array_equal(a.predict_proba(X), b.predict_proba(X))


def test_polars_raises_there_and_a_pandas_index_is_lost_and_both_are_kept_here():
    X, y = table(n=600)
    df = pl.DataFrame(X.astype(np.float32), schema=[f"c{j}" for j in range(8)])
    with pytest.raises(Exception, match=r".*"):
        over_sampling.SMOTE(random_state=0).fit_resample(df, y)
    assert SMOTE(rng=0).fit_resample(df, y)[0].schema == df.schema
    frame = pd.DataFrame(X, index=np.arange(600) + 10_000)
    lost, _ = under_sampling.TomekLinks().fit_resample(frame, y)
    kept, _ = TomekLinks().fit_resample(frame, y)
    assert lost.index.min() < 10_000 <= kept.index.min()
