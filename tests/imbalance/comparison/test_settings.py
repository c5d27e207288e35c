"""Settings that make sense by themselves, read once and before any data."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from upweight import InputError, UndoError
from upweight.imbalance.comparison._settings import Settings
from upweight.learners import Prepared


def settings(**more):
    return Settings.read(**({"learner": "logistic", "methods": "weights", "cv": None, "cost": None, "rng": 0} | more))


@pytest.mark.parametrize(
    ("cv", "rows", "folds", "repeats"),
    [
        (None, 900, 5, 5), (None, 10_000, 5, 2), (None, 100_000, 5, 1),
        (5, 900, 5, 1), ("3", 900, 3, 1), (np.int64(4), 900, 4, 1), ("5x5", 900, 5, 5), ("3×2", 10**6, 3, 2), (" 4 x 2 ", 50, 4, 2),
    ],
)  # fmt: skip
def test_a_typed_number_of_folds_is_that_many_folds_once(cv, rows, folds, repeats):
    assert settings(cv=cv).cv(rows) == (folds, repeats)


@pytest.mark.parametrize("cv", ["five", "5x", True, 1, "1x5", "5x300", -3, 2.5])
def test_folds_that_are_none_are_refused(cv):
    with pytest.raises(InputError, match="`cv` "):
        settings(cv=cv)


def test_a_learner_is_prepared_unless_it_prepares_itself():
    assert isinstance(settings().learner, Prepared)
    assert isinstance(settings(learner=LogisticRegression()).learner, Prepared)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    assert not isinstance(settings(learner=pipeline).learner, Prepared)
    assert settings(learner=pipeline).named.startswith("Pipeline(")


def test_double_counting_is_refused_with_the_first_remedy():
    with pytest.raises(UndoError, match="method 'smote' count twice"):
        settings(learner=LogisticRegression(class_weight="balanced"), methods="none,smote,weights")
    settings(learner=LogisticRegression(class_weight="balanced"), methods="threshold")  # nothing is counted twice


def test_the_document_keeps_its_words():
    made = settings(cv="3x2", cost=3)
    assert made.written((3, 2), 5) == {
        "learner": "logistic", "cv": "3x2", "folds": 3, "repeats": 2, "inner": 5, "cost": 3.0, "rng": 0,
        "methods": ["none", "threshold", "weights"],
    }  # fmt: skip
