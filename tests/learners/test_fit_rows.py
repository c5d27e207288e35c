"""Fit on rows: preparation by these rows alone, a column for every class, labels where a setting names them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from upweight.learners import Prepared, Task, as_learner, fit_prepared, prepare_rows
from upweight.learners._fit_rows import fit_rows
from upweight.tables import Schema

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 2))
CODES = (X[:, 0] > 0).astype(int)


def task(**more):
    return Task(X, CODES, np.array(["a", "b", "c"]), 1, **more)


def test_a_class_that_the_rows_lack_has_its_column():
    p = fit_rows(LogisticRegression(), task(), RNG).proba(X)
    assert p.shape == (120, 3)
    np.testing.assert_array_equal(p[:, 2], 0)
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_a_class_in_the_middle_keeps_its_place():
    codes = 2 * CODES
    p = fit_rows(LogisticRegression(), Task(X, codes, np.array(["a", "b", "c"]), 0), RNG).proba(X)
    np.testing.assert_array_equal(p[:, 1], 0)
    assert ((p[:, 2] > 0.5) == (CODES == 1)).mean() > 0.9


def test_weights_of_one_are_none_and_counts_are_copies():
    one = fit_rows(LogisticRegression(), task(w=np.ones(120)), RNG).proba(X)
    np.testing.assert_array_equal(one, fit_rows(LogisticRegression(), task(), RNG).proba(X))
    w = RNG.integers(1, 4, 120).astype(float)
    weighted = fit_rows(LogisticRegression(tol=1e-10), task(w=w), RNG).proba(X)
    again = np.repeat(np.arange(120), w.astype(int))
    copies = fit_rows(LogisticRegression(tol=1e-10), task().take(again), RNG).proba(X)
    np.testing.assert_allclose(weighted, copies, atol=1e-6)


def test_a_setting_that_names_labels_sees_labels():
    learner = LogisticRegression(class_weight={"a": 1.0, "b": 5.0})
    p = fit_rows(learner, task(), RNG).proba(X)
    plain = fit_rows(LogisticRegression(), task(), RNG).proba(X)
    assert p[:, 1].mean() > plain[:, 1].mean() + 0.02


def test_preparation_is_learnt_on_the_training_rows_alone():
    frame = pd.DataFrame({"x": np.r_[np.zeros(60), np.full(60, 1e6)] + X[:, 0], "k": np.repeat(["u", "v"], 60)})
    schema = Schema.of(frame)
    whole = Task(schema.read(frame), CODES, np.arange(2), 1, schema=schema)
    preparation, rows = prepare_rows(as_learner("logistic"), whole.take(np.arange(60)))
    assert abs(preparation.mean[0]) < 1  # the rows of a million were not looked at
    assert len(rows) == 60


def test_an_object_gets_the_rows_as_they_are():
    preparation, rows = prepare_rows(LogisticRegression(), task())
    assert preparation is None
    assert rows is X


@pytest.mark.parametrize("name", ["logistic", "boosting"])
def test_one_seed_is_one_fit_and_the_learner_is_not_touched(name):
    schema = Schema.of(X)
    whole = Task(schema.read(X), CODES, np.arange(2), 1, schema=schema)
    learner = as_learner(name)
    a, b = (fit_rows(learner, whole, np.random.default_rng(3)).proba(whole.X) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert isinstance(learner, Prepared)
    assert not hasattr(learner.learner, "classes_")


def test_the_two_halves_are_the_whole():
    schema = Schema.of(X)
    whole = Task(schema.read(X), CODES, np.arange(2), 1, schema=schema)
    learner = as_learner("logistic")
    preparation, rows = prepare_rows(learner, whole)
    halves = fit_prepared(learner, preparation, replace(whole, X=rows), np.random.default_rng(0)).proba(whole.X)
    np.testing.assert_array_equal(halves, fit_rows(learner, whole, np.random.default_rng(0)).proba(whole.X))
