"""Whoever types another library's keyword is told ours, in one line; and what is typed right is as it was."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.svm import SVC, LinearSVC

import upweight as uw
import upweight.imbalance as im
from upweight import InputError
from upweight.imbalance.ensembles import Boosted, PlainBagging

TOLD = [
    (im.BalancedBagging, {"n_estimators": 20}, "Write BalancedBagging(members=20)"),
    (im.BalancedBagging, {"random_state": 1}, "Write BalancedBagging(rng=1)"),
    (im.BalancedBagging, {"n_jobs": 2}, "joblib.parallel_config"),
    (im.BalancedBagging, {"estimator": SVC()}, "here it is `learner`"),
    (im.BalancedBagging, {"replacement": True}, "Write BalancedBagging(replace=True)"),
    (im.RUSBoost, {"n_estimators": 20}, "Write RUSBoost(rounds=20)"),
    (im.BalanceCascade, {"random_state": 1}, "Write BalanceCascade(rng=1)"),
    (im.easy_ensemble, {"n_estimators": 20}, "Write easy_ensemble(members=20)"),
    (im.balanced_forest, {"random_state": 1}, "Write balanced_forest(rng=1)"),
    (Boosted, {"n_estimators": 20}, "Write Boosted(rounds=20)"),
    (PlainBagging, {"random_state": 1}, "Write PlainBagging(rng=1)"),
    (im.Rebalanced, {"random_state": 1}, "Write Rebalanced(rng=1)"),
    (im.Rebalanced, {"estimator": SVC()}, "here it is `learner`"),
    (im.Rebalanced, {"n_jobs": 2}, "joblib.parallel_config"),
    (im.Pipeline, {"verbose": True}, "Leave it out"),
    (im.upweight_errors, {"random_state": 1}, "Write upweight_errors(rng=1)"),
    (im.score, {"weights": [1]}, "here it is `sample_weight`"),
    (im.compare, {"random_state": 1}, "Write compare(rng=1)"),
    (im.compare, {"positive": "yes"}, "Pass y == label"),
    (im.method, {"random_state": 1}, "method takes no `random_state`"),
    (im.Resample, {"random_state": 1}, "Resample takes no `random_state`"),
    (uw.Weights.of([1.0, 2.0], kind="importance").resample, {"random_state": 1}, "Write resample(rng=1)"),
    (im.EditedNN, {"n_estimators": 20}, "it trains no estimators. Leave it out"),
    (im.EditedNN, {"max_iter": 20}, "Write EditedNN(rounds=20)"),
    (im.EditedNN, {"sampling_strategy": "all"}, "here it is `drop`, 'majority' or 'all'"),
    (im.TomekLinks, {"sampling_strategy": "all"}, "here it is `drop`, 'majority' or 'all'"),
    (im.SMOTE, {"sampling_strategy": 0.5}, "here it is `to`"),
]


@pytest.mark.parametrize(("thing", "keywords", "text"), TOLD)
def test_the_keyword_of_another_library_is_answered_with_ours(thing, keywords, text):
    with pytest.raises(InputError) as told:
        thing(**keywords)
    assert text in str(told.value)
    assert "\n" not in str(told.value)
    assert isinstance(told.value, TypeError)


@pytest.mark.parametrize("make", [im.BalancedBagging, im.RUSBoost, im.BalanceCascade, im.Rebalanced])
def test_signatures_and_clones_are_as_they_were(make):
    assert "rng" in inspect.signature(make).parameters
    assert clone(make(rng=3)).rng == 3


@pytest.mark.parametrize("learner", [SVC(), LinearSVC()])
def test_a_bagging_of_scores_is_told_of_average(learner):
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = X[:, 0] > 0.8
    with pytest.raises(InputError, match="has no predict_proba to average. Use average='score'"):
        im.BalancedBagging(learner).fit(X, y)
    assert im.BalancedBagging(learner, average="score", rng=0).fit(X, y).predict(X)[y].mean() > 0.8
