"""scikit-learn's contract, with the exceptions explained."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

from upweight.torch import IWAE, MLP, Training

QUICK = Training(2, progress=False)
X = np.random.default_rng(0).normal(size=(40, 3))
ALLOWED = {
    "check_sample_weight_equivalence_on_dense_data": "nine rows of positive weight: ten are the least",
    "check_sample_weight_equivalence_on_sparse_data": "nine rows of positive weight: ten are the least",
}


def small(**settings):
    return IWAE(2, **{"latent": 2, "net": MLP((4,)), "likelihood": "gaussian", "training": QUICK, "rng": 0} | settings)


def test_check_estimator_but_for_the_exceptions():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant columns and whole numbers, of which the checks have many
        found = check_estimator(small(), expected_failed_checks=ALLOWED, on_fail=None, on_skip=None)
    failed = [f"{r['check_name']}: {r['exception']!r}" for r in found if r["status"] == "failed"]
    assert failed == []
    assert {r["check_name"] for r in found if r["status"] == "xfail"} == set(ALLOWED)


def test_clone_and_parameters_through_the_training():
    model = small(training=Training(7))
    assert clone(model).training.epochs == 7
    assert model.get_params()["training__epochs"] == 7
    assert clone(model).set_params(training__lr=1e-4).training.lr == 1e-4
    assert model.training.lr == 1e-3
    assert IWAE().set_params(training__lr=1e-4, k=3).training.lr == 1e-4
    assert IWAE().set_params(net=MLP((8,)), net__activation="relu").net.activation == "relu"


def test_set_output_and_names():
    frame = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(40) + 7)
    model = small().set_output(transform="pandas").fit(frame)
    out = model.transform(frame)
    assert list(out.columns) == ["iwae0", "iwae1"]
    assert (out.index == frame.index).all()
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    assert model.n_features_in_ == 3


def test_frames_come_back_as_frames():
    frame = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(40) + 7)
    model = small().fit(frame)
    back = model.reconstruct(frame)
    assert isinstance(back, pd.DataFrame)
    assert (back.index == frame.index).all()
    assert list(model.sample(5, rng=0).columns) == ["a", "b", "c"]
    assert list(model.decode(model.encode(frame)).columns) == ["a", "b", "c"]


def test_in_a_pipeline_and_a_search():
    pipe = make_pipeline(MinMaxScaler(), small(likelihood="bernoulli"))
    assert pipe.fit_transform(X).shape == (40, 2)
    search = GridSearchCV(small(), {"k": [1, 3], "training__lr": [1e-3, 1e-2]}, cv=2).fit(X)
    assert set(search.best_params_) == {"k", "training__lr"}


def test_refitted_on_an_array_it_forgets_the_names():
    model = small().fit(pd.DataFrame(X, columns=["a", "b", "c"]))
    assert not hasattr(model.fit(X), "feature_names_in_")


def test_the_same_rng_gives_the_same_model_and_none_another():
    a, b, c, d = (small(rng=r).fit(X).encode(X) for r in (0, 0, None, None))
    assert np.array_equal(a, b)
    assert not np.array_equal(c, d)


def test_score_is_the_weighted_mean_of_score_samples():
    model = small().fit(X)
    w = np.arange(40.0)
    values = model.score_samples(X)
    assert model.score(X) == pytest.approx(values.mean(), abs=1e-12)
    assert model.score(X, sample_weight=w) == pytest.approx(np.average(values, weights=w), abs=1e-12)
