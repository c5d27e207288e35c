"""A class whose rows all weigh nothing is as if its rows were not there: everywhere, for two classes left and for three."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import upweight.imbalance as im
from upweight._errors import InputError

LEFT_OUT = "has no row of positive weight"
ESTIMATORS = {
    "by name": lambda: im.Rebalanced("logistic", "weights", rng=0),
    "by object": lambda: im.Rebalanced(LogisticRegression(), "random_under", rng=0),
    "no repair": lambda: im.Rebalanced("boosting", "none", repair="none", rng=0),
    "formula": lambda: im.Rebalanced("logistic", "random_under", repair="formula", rng=0),
    "bagging": lambda: im.BalancedBagging(rng=0),
    "easy": lambda: im.easy_ensemble(rng=0),
    "forest": lambda: im.balanced_forest(members=3, rng=0),
    "rusboost": lambda: im.RUSBoost(rounds=5, rng=0),
    "pipeline": lambda: im.Pipeline(
        [("s", StandardScaler()), ("u", im.RandomUnder(rng=0)), ("l", LogisticRegression())]
    ),
}
GONE = [(3, 0), (3, 1), (3, 2), (4, 1)]


def rows(classes: int, gone: int):
    """(X, y, w, which rows count): far apart, labels text, so that a shifted label is a wrong one."""
    rng = np.random.default_rng(classes)
    codes = np.repeat(np.arange(classes), 60)
    X = rng.normal(size=(len(codes), 2)) + 8 * np.column_stack([codes, codes % 2])
    return X, np.array(["ape", "bee", "cat", "dog"])[codes], np.where(codes == gone, 0.0, 1.0), codes != gone


@pytest.mark.filterwarnings(f"ignore:.*{LEFT_OUT}")
@pytest.mark.parametrize(("classes", "gone"), GONE)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_is_the_one_fitted_without_those_rows(name, classes, gone):
    X, y, w, live = rows(classes, gone)
    m = ESTIMATORS[name]().fit(X, y, sample_weight=w)
    short = ESTIMATORS[name]().fit(X[live], y[live], sample_weight=w[live])
    assert m.classes_.tolist() == short.classes_.tolist() == sorted(set(y[live]))
    np.testing.assert_array_equal(m.predict_proba(X), short.predict_proba(X))
    assert (m.predict(X) == y)[live].mean() > 0.9
    for figure in ("prior_", "threshold_", "positive_"):
        assert np.array_equal(getattr(m, figure, 0), getattr(short, figure, 0), equal_nan=figure == "threshold_")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_class_that_goes_is_named(name):
    X, y, w, _ = rows(3, 1)
    with pytest.warns(UserWarning, match=f"class 'bee' {LEFT_OUT}"):
        ESTIMATORS[name]().fit(X, y, sample_weight=w)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ESTIMATORS[name]().fit(X, y, sample_weight=np.where(np.arange(len(y)) % 7, 1.0, 0.0))


def test_a_pipeline_notes_it():
    X, y, w, _ = rows(3, 1)
    with pytest.warns(UserWarning, match=LEFT_OUT):
        m = ESTIMATORS["pipeline"]().fit(X, y, sample_weight=w)
    assert any("'bee'" in note for note in m.notes_)


@pytest.mark.parametrize(("classes", "gone"), GONE)
def test_compare_and_its_saved_model_know_the_classes_that_count(classes, gone, tmp_path):
    X, y, w, live = rows(classes, gone)
    c = im.compare(X, y, sample_weight=w, methods=["none", "weights"], cv="3x1", rng=0)
    assert f"Class {str(y[~live][0])!r} {LEFT_OUT}" in str(c)
    c.save(tmp_path / "m.skops")
    for m in (c.model, im.load(tmp_path / "m.skops")):
        assert m.classes_.tolist() == sorted(set(y[live]))
        assert (len(m.prior_), m.predict_proba(X).shape[1]) == (classes - 1, classes - 1)
        assert (m.predict(X) == y)[live].mean() > 0.9


def test_a_model_saved_with_shifted_labels_is_refused(tmp_path):
    X, y, _, live = rows(3, 0)
    c = im.compare(X[live], y[live], methods=["none", "weights"], cv="3x1", rng=0)
    c.model.classes_ = np.unique(y)  # what versions up to 0.1.0 wrote for these weights
    c.save(tmp_path / "m.skops")
    with pytest.raises(InputError, match="3 labels for 2 classes.*Fit and save it again"):
        im.load(tmp_path / "m.skops")


@pytest.mark.filterwarnings(f"ignore:.*{LEFT_OUT}")
@pytest.mark.parametrize("by", ["region", "row", "group"])
@pytest.mark.parametrize(("classes", "gone"), GONE)
def test_upweight_errors_is_that_of_the_rows_that_count(by, classes, gone):
    X, y, w, live = rows(classes, gone)
    X = X + np.random.default_rng(1).normal(scale=6, size=X.shape)
    group = X[:, 0] > X[:, 0].mean()
    both = [
        im.upweight_errors(
            LogisticRegression(),
            X[k],
            y[k],
            by=by,
            cv="3x1",
            rng=0,
            sample_weight=w[k],
            group=group[k] if by == "group" else None,
        )
        for k in (slice(None), live)
    ]
    assert both[0].change == both[1].change
    np.testing.assert_array_equal(both[0].lifted[live], both[1].lifted)
    assert not both[0].lifted[~live].any()


# ---- scores -----------------------------------------------------------------------------------------------------------------


def said(classes: int, gone: int):
    """Labels, weights, probabilities over the classes that count, and which rows do."""
    _, y, w, live = rows(classes, gone)
    rng = np.random.default_rng(7)
    own = np.unique(y[live])[None, :] == y[:, None]
    p = rng.dirichlet(np.ones(classes - 1), size=len(y)) / 2 + own / 2
    return y, p / p.sum(axis=1, keepdims=True), w, live


@pytest.mark.parametrize(("classes", "gone"), GONE)
def test_scores_are_those_of_the_rows_that_count(classes, gone):
    y, p, w, live = said(classes, gone)
    assert im.score(y, p, sample_weight=w) == im.score(y[live], p[live], sample_weight=w[live])


@pytest.mark.parametrize(("classes", "gone"), GONE)
def test_scores_of_a_model_that_knows_the_class_that_is_gone(classes, gone):
    """Its column is there, and is nothing for the rows that count: the figures are those without it."""
    y, p, w, live = said(classes, gone)
    full = np.insert(p, gone, 0.0, axis=1)
    without, with_it = im.score(y[live], p[live]), im.score(y, full, sample_weight=w)
    assert str(without) == str(with_it)
    assert list(with_it.by_class) == list(without.by_class)


NAMES = [
    "sensitivity",
    "specificity",
    "npv",
    "gmean",
    "mcc",
    "roc_auc",
    "average_precision",
    "brier",
    "log_loss",
    "oe",
    "slope",
]


@pytest.mark.filterwarnings(f"ignore:.*{LEFT_OUT}")
@pytest.mark.parametrize(("classes", "gone"), GONE)
@pytest.mark.parametrize("name", NAMES)
def test_scorers_are_those_of_the_rows_that_count(name, classes, gone):
    X, y, w, live = rows(classes, gone)
    X = X / 8 + np.random.default_rng(2).normal(size=X.shape)
    m = im.Rebalanced("logistic", "none", rng=0).fit(X, y, sample_weight=w)
    given, short = im.scorer(name)(m, X, y, sample_weight=w), im.scorer(name)(m, X[live], y[live])
    assert given == pytest.approx(short, rel=1e-12)
