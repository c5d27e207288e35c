"""Trainers with offsets: the model alone promises as many positives as there are; nothing is corrected twice."""

from __future__ import annotations

import warnings

import lightgbm
import numpy as np
import pytest
import xgboost
from catboost import CatBoostClassifier
from glum import GeneralizedLinearRegressor
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from upweight import Correction, InputError, UndoError, Weights
from upweight.negatives import StreamedLogistic, fit


def world(seed, n=120_000):
    """Rows of six columns, one positive in 60, and the kept ones by a true pilot, four negatives a positive."""
    r = np.random.default_rng(seed)
    X = r.standard_normal((n, 6))
    p = 1 / (1 + np.exp(5 - X[:, :3].sum(1) - 0.8 * np.maximum(X[:, 3], 0) * X[:, 4]))
    y = r.random(n) < p
    pi = np.minimum(1, 4 * p * y.sum() / p.sum())
    keep = y | (r.random(n) < pi)
    return X, y, keep, -np.log(pi)


MODELS = {
    "lightgbm": LGBMClassifier(n_estimators=100, num_leaves=15, min_child_samples=50, verbosity=-1, n_jobs=1),
    "xgboost": XGBClassifier(n_estimators=100, max_depth=4, learning_rate=0.1, n_jobs=1),
    "catboost": CatBoostClassifier(
        iterations=150, depth=4, learning_rate=0.1, verbose=False, allow_writing_files=False, thread_count=1
    ),
    "streamed": StreamedLogistic(),
    "glum": GeneralizedLinearRegressor(family="binomial", alpha=0),
    "pipeline": make_pipeline(StandardScaler(), LGBMClassifier(n_estimators=50, verbosity=-1, n_jobs=1)),
}


def promised(model, X):
    return model.predict_proba(X)[:, 1] if hasattr(model, "predict_proba") else model.predict(X)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_the_model_alone_promises_as_many_positives_as_there_are(name):
    X, y, keep, ell = world(0)
    model = fit(MODELS[name], X[keep], y[keep], offset=ell[keep])
    assert model is MODELS[name]
    fresh, labels, _, _ = world(1)
    assert 0.93 < promised(model, fresh).sum() / labels.sum() < 1.07


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_saved_boosters_serve_without_upweight(tmp_path):
    X, y, keep, ell = world(0)
    fresh, labels, _, _ = world(1)
    model = fit(MODELS["lightgbm"], X[keep], y[keep], offset=ell[keep])
    model.booster_.save_model(tmp_path / "m.txt")
    own = lightgbm.Booster(model_file=tmp_path / "m.txt").predict(fresh)
    np.testing.assert_allclose(own, promised(model, fresh), atol=1e-6)
    assert 0.93 < own.sum() / labels.sum() < 1.07
    model = fit(MODELS["xgboost"], X[keep], y[keep], offset=ell[keep])
    model.save_model(tmp_path / "m.json")
    own = xgboost.Booster(model_file=tmp_path / "m.json").predict(xgboost.DMatrix(fresh))
    np.testing.assert_allclose(own, promised(model, fresh), atol=1e-6)
    model = fit(MODELS["catboost"], X[keep], y[keep], offset=ell[keep])
    model.save_model(str(tmp_path / "m.cbm"))
    back = CatBoostClassifier().load_model(str(tmp_path / "m.cbm"))
    np.testing.assert_allclose(promised(back, fresh), promised(model, fresh), atol=1e-9)
    assert 0.93 < promised(back, fresh).sum() / labels.sum() < 1.07


@pytest.mark.filterwarnings("ignore:X does not have valid feature names", "ignore:the model promises")
def test_untreated_boosters_forget_where_they_started():
    """What the trouble is: with the library's own offset alone, 30 small trees promise several times too much; by `fit` they do not."""
    X, y, keep, ell = world(0)
    small = {"n_estimators": 30, "learning_rate": 0.03, "n_jobs": 1}
    raw = LGBMClassifier(verbosity=-1, **small).fit(X[keep], y[keep], init_score=ell[keep])
    assert promised(raw, X).sum() / y.sum() > 2
    baked = fit(LGBMClassifier(verbosity=-1, **small), X[keep], y[keep], offset=ell[keep])
    assert promised(baked, X).sum() / y.sum() < 1.35  # 30 small trees are not at the end of their way


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost"])
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_validation_rows_carry_their_own_offset(name):
    X, y, keep, ell = world(0)
    rows = np.flatnonzero(keep)
    train, valid = rows[::2], rows[1::2]
    model = fit(MODELS[name], X[train], y[train], offset=ell[train], valid=(X[valid], y[valid], ell[valid]))
    assert 0.9 < promised(model, X).sum() / y.sum() < 1.1
    with pytest.raises(InputError, match="must be \\(X, y, offset\\)"):
        fit(MODELS[name], X[train], y[train], offset=ell[train], valid=(X[valid], y[valid]))


def test_nothing_is_corrected_twice():
    X, y, keep, ell = world(0, n=20_000)
    X, y, ell = X[keep], y[keep], ell[keep]
    inverse = np.where(y, 1.0, np.exp(ell))
    for w in (inverse, Weights.of(inverse, kind="inclusion")):
        with pytest.raises(UndoError, match="take one of them out"):
            fit(StreamedLogistic(), X, y, offset=ell, sample_weight=w)
    for w in (
        Weights.of(inverse**0.5, kind="importance", design="sha256:1"),
        Weights.of(inverse, kind="inclusion").clip(at=5),
    ):
        with pytest.raises(UndoError, match="take one of them out"):
            fit(StreamedLogistic(), X, y, offset=Correction.offset(ell, design="sha256:1"), sample_weight=w)
    with pytest.raises(UndoError, match="count twice"):
        fit(LGBMClassifier(is_unbalance=True), X, y, offset=ell)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fit(StreamedLogistic(), X, y, offset=ell, sample_weight=Weights.of(np.where(y, 2.0, 1.0), kind="class"))
    assert "class weights beside an offset move the log-odds" in str(told[0].message)
    copies = Weights.of(np.ones(len(y)), kind="frequency")
    np.testing.assert_allclose(
        fit(StreamedLogistic(), X, y, offset=ell, sample_weight=copies).coef_,
        fit(StreamedLogistic(), X, y, offset=ell).coef_,
    )


def test_weights_alone_train_any_classifier():
    X, y, keep, ell = world(0)
    w = np.where(y, 1.0, np.exp(ell))[keep]
    model = fit(LogisticRegression(), X[keep], y[keep], sample_weight=w)
    assert 0.93 < promised(model, X).sum() / y.sum() < 1.07
    with pytest.raises(InputError, match="takes no offset. Use sample_weight"):
        fit(LogisticRegression(), X[keep], y[keep], offset=ell[keep])


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (LGBMClassifier(linear_tree=True), "linear_tree"),
        (LGBMClassifier(boosting_type="rf", bagging_freq=1, bagging_fraction=0.5), "takes no init_score"),
        (lightgbm.LGBMRegressor(), "is no classifier"),
        (xgboost.XGBRanker(), "is no classifier"),
    ],
)
def test_models_that_cannot_be_baked_are_refused(model, words):
    X, y, keep, ell = world(0, n=20_000)
    with pytest.raises(InputError, match=words):
        fit(model, X[keep], y[keep], offset=ell[keep])


def test_a_pilot_that_learnt_these_labels_is_told():
    """pi depends on y: the fit with the offset promises too much, and says so; right pilots are silent (20 of 20)."""
    r = np.random.default_rng(0)
    n = 40_000
    X = r.standard_normal((n, 2))
    p = 1 / (1 + np.exp(4 - X.sum(1)))
    y = r.random(n) < p
    heart = np.clip(np.where(y, 0.9, p * 0.3), 1e-4, 1)
    pi = np.minimum(1, 5 * heart)
    keep = y | (r.random(n) < pi)
    with pytest.warns(UserWarning, match="times too many positives: the pilot saw these rows"):
        fit(StreamedLogistic(), X[keep], y[keep], offset=-np.log(pi[keep]))
    for seed in range(20):
        X, y, keep, ell = world(seed, n=100_000)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit(StreamedLogistic(), X[keep], y[keep], offset=ell[keep])


def test_few_positives_are_told():
    X, y, keep, ell = world(0, n=20_000)
    assert y.sum() < 1000
    with pytest.warns(UserWarning, match="promise too much on so few rows"):
        fit(LGBMClassifier(n_estimators=20, verbosity=-1, n_jobs=1), X[keep], y[keep], offset=ell[keep])
