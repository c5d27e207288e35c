"""Learners: names, modules, guards, weights handed over once."""

import numpy as np
import pytest
from imblearn.ensemble import BalancedBaggingClassifier, BalancedRandomForestClassifier, RUSBoostClassifier
from imblearn.pipeline import make_pipeline as imb_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from upweight import InputError, UndoError
from upweight.imbalance import Rebalanced
from upweight.imbalance._learners import (
    Prepared,
    as_learner,
    fit_learner,
    refuse_double_count,
    seeded,
    weight_parameter,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = (X[:, 0] + RNG.normal(size=80) > 1).astype(int)


def test_names_are_the_learners_of_the_page():
    logistic, boosting = as_learner("logistic").learner, as_learner("boosting").learner
    assert (logistic.C, logistic.max_iter) == (1.0, 1000)
    assert (boosting.max_iter, boosting.early_stopping) == (100, False)


def test_a_module_and_class_is_made_with_its_defaults():
    found = as_learner("sklearn.ensemble:RandomForestClassifier")
    assert isinstance(found, Prepared)
    assert isinstance(found.learner, RandomForestClassifier)


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        ("logstic", "unknown learner 'logstic'. Did you mean 'logistic'? Or give MODULE:CLASS"),
        ("no_such_module:Thing", "no module 'no_such_module' here. Install it"),
        (
            "sklearn.ensemble:RandomForrestClassifier",
            "has no 'RandomForrestClassifier'. Did you mean 'RandomForestClassifier'",
        ),
        ("sklearn.ensemble:VotingClassifier", "VotingClassifier() needs arguments"),
        (RidgeClassifier(), "RidgeClassifier has no predict_proba, so there is nothing to repair"),
        ("sklearn.linear_model:RidgeClassifier", "RidgeClassifier has no predict_proba"),
    ],
)
def test_what_cannot_be_a_learner_is_refused(learner, message):
    with pytest.raises(InputError) as error:
        as_learner(learner)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("learner", "name"),
    [
        (LogisticRegression(class_weight="balanced"), "class_weight='balanced'"),
        (
            make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced")),
            "logisticregression__class_weight='balanced'",
        ),
        (BaggingClassifier(LogisticRegression(class_weight={0: 1, 1: 5})), "estimator__class_weight={0: 1, 1: 5}"),
    ],
)
def test_class_weight_however_deep_counts_twice(learner, name):
    with pytest.raises(UndoError) as error:
        Rebalanced(learner, "weights").fit(X, Y)
    assert str(error.value) == f"{name} and method 'weights' count twice. Set one to None."
    Rebalanced(learner, "none", rng=0).fit(X, Y)  # without a method it is the learner's own business


class Boosted(LogisticRegression):
    """A learner with the settings of gradient boosting libraries."""

    def __init__(self, C=1.0, scale_pos_weight=1, is_unbalance=False, auto_class_weights=None):
        super().__init__(C=C)
        self.scale_pos_weight = scale_pos_weight
        self.is_unbalance = is_unbalance
        self.auto_class_weights = auto_class_weights


@pytest.mark.parametrize(
    ("setting", "neutral"),
    [({"scale_pos_weight": 9.0}, "1"), ({"is_unbalance": True}, "False"), ({"auto_class_weights": "Balanced"}, "None")],
)
def test_settings_of_boosting_libraries_count_twice_too(setting, neutral):
    with pytest.raises(UndoError, match=f"and method 'random_under' count twice. Set one to {neutral}."):
        Rebalanced(Boosted(**setting), "random_under").fit(X, Y)
    refuse_double_count(Boosted(scale_pos_weight=1.0), "weights")


def test_a_sampler_in_the_learner_counts_twice():
    with pytest.raises(UndoError, match="resamples inside the learner and method 'weights' outside"):
        Rebalanced(imb_pipeline(RandomUnderSampler(), LogisticRegression()), "weights").fit(X, Y)


@pytest.mark.parametrize("theirs", [RUSBoostClassifier(n_estimators=2), BalancedRandomForestClassifier(n_estimators=2)])
@pytest.mark.parametrize("method", ["weights", "random_under"])
def test_an_ensemble_of_imbalanced_learn_balances_inside_and_counts_twice(theirs, method):
    message = f"{type(theirs).__name__} balances inside and method '{method}' outside: they count twice"
    for learner in (theirs, make_pipeline(StandardScaler(), theirs)):
        with pytest.raises(UndoError, match=message):
            Rebalanced(learner, method).fit(X, Y)


@pytest.mark.parametrize(
    ("learner", "inside"),
    [
        (RUSBoostClassifier(n_estimators=2), "RUSBoostClassifier"),
        (BalancedBaggingClassifier(n_estimators=2, sampler=RandomUnderSampler()), "RandomUnderSampler"),
        (imb_pipeline(RandomUnderSampler(), LogisticRegression()), "RandomUnderSampler"),
        (LogisticRegression(class_weight="balanced"), "class_weight='balanced'"),
    ],
)
def test_what_balances_inside_a_strange_learner_has_no_formula(learner, inside):
    m = Rebalanced(learner, "none", rng=0).fit(X, Y)
    assert m.correction_.status == "impossible"
    assert m.correction_.why == f"{inside} balances inside the learner"
    with pytest.raises(UndoError, match="balances inside the learner"):
        Rebalanced(learner, "none", repair="formula").fit(X, Y)
    assert Rebalanced(LogisticRegression(), "none", rng=0).fit(X, Y).correction_.status == "exact"


class Recorder(LogisticRegression):
    """Remembers the weights it was fitted with."""

    def fit(self, X, y, sample_weight=None):
        self.seen_ = sample_weight
        return super().fit(X, y, sample_weight)


def test_weights_are_handed_over_only_if_there_are_any():
    ones, some = np.ones(80), np.linspace(1, 2, 80)
    assert fit_learner(Recorder(), X, Y, None).seen_ is None
    assert fit_learner(Recorder(), X, Y, ones).seen_ is None
    assert fit_learner(Recorder(), X, Y, some).seen_ is some


def test_a_pipeline_hands_weights_to_its_last_step():
    pipe = make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), Recorder()))
    assert weight_parameter(pipe) == "pipeline__recorder__sample_weight"
    some = np.linspace(1, 2, 80)
    assert fit_learner(pipe, X, Y, some)[-1][-1].seen_ is some


def test_a_learner_without_weights_says_the_ways_out():
    with pytest.raises(InputError, match="KNeighborsClassifier.fit takes no sample_weight. Use a resampler"):
        Rebalanced(KNeighborsClassifier(), "weights", rng=0).fit(X, Y)
    Rebalanced(KNeighborsClassifier(), "random_over", rng=0).fit(X, Y)


def test_every_random_state_that_is_none_is_set():
    forest = BaggingClassifier(RandomForestClassifier())
    a, b = (seeded(clone(forest), np.random.default_rng(1)).get_params() for _ in range(2))
    assert a["random_state"] == b["random_state"] is not None
    assert a["estimator__random_state"] == b["estimator__random_state"] is not None
    assert seeded(RandomForestClassifier(random_state=3), np.random.default_rng(1)).random_state == 3
