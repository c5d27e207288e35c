"""docs/coming-from/scikit-learn.md beside scikit-learn: the rows of its table that its blocks do not show."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, recall_score
from sklearn.model_selection import cross_validate
from sklearn.utils.class_weight import compute_sample_weight

import upweight as uw
import upweight.imbalance as im


@pytest.fixture(scope="module")
def page(run_page):
    return run_page("scikit-learn")


def test_balanced_weights_and_the_model_they_make_are_equal(page):
    np.testing.assert_allclose(page["w"].sample_weight, compute_sample_weight("balanced", page["y"]), rtol=1e-12)
    np.testing.assert_allclose(page["theirs"].coef_, page["ours"].coef_, atol=1e-3)


def test_class_weight_promises_several_times_what_comes_and_the_repair_keeps_its_promise(page):
    came = page["y_new"].sum()
    promised = [m.predict_proba(page["X_new"])[:, 1].sum() / came for m in (page["theirs"], page["repaired"])]
    assert promised[0] > 4
    assert promised[1] == pytest.approx(1, abs=0.1)


def test_a_class_weight_of_ten_is_theirs_on_its_own_scale(page):
    X, y = page["X"], page["y"]
    w = uw.Weights.of(np.where(y == 1, 10, 1), kind="class")
    theirs = LogisticRegression(class_weight={0: 1, 1: 10}).fit(X, y)
    own, of_mean_one = (LogisticRegression().fit(X, y, sample_weight=v) for v in (w.values, w.sample_weight))
    np.testing.assert_allclose(own.coef_, theirs.coef_, atol=1e-10)
    assert w.sample_weight.mean() == pytest.approx(1)
    assert np.abs(of_mean_one.coef_ - theirs.coef_).max() > 1e-6  # the same loss, its penalty weighed otherwise


def test_cross_validation_scores_without_the_weights_that_it_fits_with(page):
    x, z, ratio = page["x"], page["z"], page["ratio"]
    w = ratio(x).sample_weight
    found = cross_validate(
        Ridge(), x, z, params={"sample_weight": w}, scoring="neg_mean_squared_error", return_estimator=True, cv=3
    )
    folds = np.array_split(np.arange(len(x)), 3)
    plain = [-np.mean((m.predict(x[i]) - z[i]) ** 2) for m, i in zip(found["estimator"], folds, strict=True)]
    np.testing.assert_allclose(found["test_score"], plain, rtol=1e-12)
    assert page["paid"] == pytest.approx(-page["inside"].best_score_, rel=0.25)
    assert -page["plain"].best_score_ > 2 * page["paid"]


def test_the_figures_of_a_score_are_theirs(page):
    y, p = page["y_new"], page["theirs"].predict_proba(page["X_new"])[:, 1]
    s = im.score(y, p, threshold=0.5)
    assert s.sensitivity == pytest.approx(recall_score(y, p >= 0.5), rel=1e-12)
    assert (s.sensitivity + s.specificity) / 2 == pytest.approx(balanced_accuracy_score(y, p >= 0.5), rel=1e-12)
    assert s.brier == pytest.approx(brier_score_loss(y, p), rel=1e-12)


def test_balanced_beside_weights_multiplies_in_trees_and_counts_weights_in_logistic_regression(page):
    X, y, survey, both = (page[name] for name in ("X", "y", "survey", "both"))
    w = im.class_weights(y, base=survey)
    assert w.values[y == 1].sum() == pytest.approx(w.values[y == 0].sum())
    assert both[y == 1].sum() == pytest.approx(3 * both[y == 0].sum())
    theirs = LogisticRegression(class_weight="balanced", C=1e6).fit(X, y, sample_weight=survey)
    ours = LogisticRegression(C=1e6).fit(X, y, sample_weight=w.sample_weight)
    np.testing.assert_allclose(theirs.coef_, ours.coef_, atol=0.01)
    assert abs(theirs.intercept_[0] - ours.intercept_[0]) < 0.01 < np.log(3)
