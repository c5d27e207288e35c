"""Nobody is asked about a row they have seen; every row is asked about once; folds come in order."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from upweight import InputError
from upweight.learners import Task, inner_folds, learner_out_of_fold, out_of_fold, train_of

CODES = np.arange(30) % 3
TASK = Task(np.arange(30.0)[:, None], CODES, np.array(["a", "b", "c"]), 0, w=np.ones(30))
TESTS = [np.arange(30)[i::5] for i in range(5)]


def test_each_model_is_asked_about_the_rows_it_has_not_seen():
    def answer(seen, X):
        assert not np.isin(X, seen).any()
        assert len(seen) + len(X) == 30
        return np.repeat(X, 3, axis=1)

    models, p = out_of_fold(lambda train: train.X, answer, TASK, TESTS)
    np.testing.assert_array_equal(p, np.repeat(TASK.X, 3, axis=1))  # each row by its own answer, in its own place
    assert len(models) == 5
    for model, test in zip(models, TESTS, strict=True):
        np.testing.assert_array_equal(model[:, 0], train_of(test, 30))


def test_a_task_takes_its_weights_and_groups_along():
    task = Task(TASK.X, CODES, TASK.classes, 0, w=np.arange(30.0), group=np.arange(30) // 2)
    out_of_fold(
        lambda train: (
            np.testing.assert_array_equal(train.w, train.X[:, 0]),
            np.testing.assert_array_equal(train.group, train.w // 2),
        ),
        lambda model, X: np.zeros((len(X), 3)),
        task,
        TESTS,
    )


def test_a_plain_learner_equals_a_loop_by_hand():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(60, 2)), np.arange(60) % 2
    tests = [np.arange(60)[i::3] for i in range(3)]
    p = learner_out_of_fold(LogisticRegression(), Task(X, codes, np.arange(2), 1), tests, rng)
    for test in tests:
        train = np.setdiff1d(np.arange(60), test)
        by_hand = LogisticRegression().fit(X[train], codes[train]).predict_proba(X[test])
        np.testing.assert_array_equal(p[test], by_hand)


@pytest.mark.parametrize(("rows", "wanted", "folds"), [((9, 3), 5, 3), ((9, 8), 5, 5), ((2, 9), 10, 2)])
def test_the_rarest_class_sets_the_number_of_folds(rows, wanted, folds):
    codes = np.repeat([0, 1], rows)
    assert inner_folds(Task(codes[:, None], codes, np.arange(2), 1), wanted) == folds


def test_groups_count_instead_of_rows_and_one_is_too_few():
    codes = np.repeat([0, 1], 6)
    task = Task(codes[:, None], codes, np.array(["no", "yes"]), 1, group=np.repeat([0, 1, 2, 3, 4], [2, 2, 2, 3, 3]))
    assert inner_folds(task, 5) == 2
    alone = Task(codes[:, None], codes, np.array(["no", "yes"]), 1, group=np.repeat([0, 1, 2], [3, 3, 6]))
    with pytest.raises(InputError, match=r"crossfit needs two rows \(or groups\) of every class; yes has|no has"):
        inner_folds(alone, 5)
