"""Members and their repair: crossfit keeps the models of the folds, formulas add up, thresholds follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from upweight import Correction, InputError, UndoError
from upweight.imbalance import SMOTE, RandomUnder
from upweight.imbalance.rebalance import Recipe, as_steps, fit_member, fit_task
from upweight.imbalance.rebalance._members import before_repair, mean_correction, threshold_of
from upweight.learners import Task, inner_folds, train_of
from upweight.tables import stratified

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 2))
CODES = (X[:, 0] + RNG.normal(size=600) > 1.6).astype(int)
TASK = Task(X, CODES, np.array(["no", "yes"]), 1)


def recipe(method="random_under", **more) -> Recipe:
    return Recipe(LogisticRegression(), as_steps(method), **more)


def test_members_of_crossfit_are_those_of_the_folds():
    fitted = fit_task(recipe(), TASK, np.random.default_rng(1), np.random.default_rng(2))
    tests = stratified(CODES, inner_folds(TASK, 5), np.random.default_rng(2), None)
    rng = np.random.default_rng(1)
    for member, test in zip(fitted.members, tests, strict=True):
        alone = fit_member(LogisticRegression(), as_steps("random_under"), TASK.take(train_of(test, 600)), rng)
        np.testing.assert_array_equal(member.raw(X), alone.raw(X))


def test_probabilities_are_the_mean_of_the_repaired_members():
    fitted = fit_task(recipe(), TASK, np.random.default_rng(1))
    by_hand = np.mean([fitted.repair.apply(m.correction.apply(m.raw(X))) for m in fitted.members], axis=0)
    np.testing.assert_allclose(fitted.proba(X), by_hand, rtol=1e-12)
    raw, proba = fitted.both(X)
    np.testing.assert_array_equal(raw, fitted.raw(X))
    np.testing.assert_array_equal(proba, fitted.proba(X))


def test_the_formula_is_the_correction_and_nothing_else():
    fitted = fit_task(recipe(repair="formula"), TASK, np.random.default_rng(1))
    (member,) = fitted.members
    np.testing.assert_allclose(fitted.proba(X), member.correction.apply(member.raw(X)), rtol=1e-12)
    with pytest.raises(UndoError, match="no formula undoes that. Use repair='crossfit'"):
        fit_task(recipe(SMOTE(), repair="formula"), TASK, np.random.default_rng(1))


@pytest.mark.parametrize("positive", [0, 1])
def test_an_unrepaired_model_is_cut_where_a_repaired_one_would_be(positive):
    """p >= t after subtracting delta if and only if raw >= before_repair(t)."""
    fitted = fit_task(recipe(repair="none"), Task(X, CODES, TASK.classes, positive), np.random.default_rng(1))
    raw = fitted.raw(X)
    repaired = fitted.correction.apply(raw)[:, positive] >= TASK.prior[positive]
    np.testing.assert_array_equal(raw[:, positive] >= fitted.threshold, repaired)


def test_thresholds():
    assert (threshold_of(0.03, None), threshold_of(0.03, 19.0)) == (0.03, 0.05)
    assert before_repair(0.3, RandomUnder(rng=0).resample(X, CODES % 1 + CODES).correction, 1) > 0.3


def test_the_least_certain_member_speaks_for_all():
    sure = fit_member(LogisticRegression(), as_steps("random_under"), TASK, np.random.default_rng(0))
    unsure = fit_member(LogisticRegression(), as_steps("weights"), TASK, np.random.default_rng(0))
    mean = mean_correction((sure, unsure))
    assert mean.status == "approximate"
    assert mean.log_odds == pytest.approx((sure.correction.log_odds + unsure.correction.log_odds) / 2)


class ByRow(RandomUnder):
    """A sampler that kept every row with a probability of its own."""

    def resample(self, X, y, *, sample_weight=None, neighbours=None):
        r = super().resample(X, y, sample_weight=sample_weight)
        return replace(r, correction=Correction.offset(np.zeros(len(r))))


def test_a_correction_row_by_row_is_refused():
    with pytest.raises(InputError, match="ByRow corrects row by row, so it says nothing about held-out rows"):
        fit_member(LogisticRegression(), (ByRow(rng=0),), TASK, np.random.default_rng(0))


def test_effective_rows_and_synthetic_share_are_those_of_the_training_set():
    plain = fit_member(LogisticRegression(), (), TASK, np.random.default_rng(0))
    assert (plain.rows, plain.ess_rare, plain.synthetic_share) == (600, CODES.sum(), 0.0)
    made = fit_member(LogisticRegression(), (SMOTE(rng=0),), TASK, np.random.default_rng(0))
    assert made.rows == 2 * (CODES == 0).sum()
    assert made.synthetic_share == pytest.approx(1 - 600 / made.rows)
