"""Double counting: settings, samplers and remedies inside a learner are found, however deep."""

import numpy as np
import pytest
from imblearn.ensemble import BalancedBaggingClassifier, BalancedRandomForestClassifier, RUSBoostClassifier
from imblearn.pipeline import make_pipeline as imb_pipeline
from imblearn.under_sampling import RandomUnderSampler
from scipy.stats import uniform
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from upweight import UndoError
from upweight.imbalance import SMOTE, BalancedBagging, Pipeline, RandomUnder, Rebalanced, compare
from upweight.learners._double_count import refuse_double_count

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = (X[:, 0] + RNG.normal(size=80) > 1).astype(int)


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


def search(grid, learner=None, kind=GridSearchCV):
    return kind(LogisticRegression() if learner is None else learner, grid, cv=2)


PLAIN = Pipeline([("s", "passthrough"), ("lr", LogisticRegression())])


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (
            search({"class_weight": ["balanced"]}),
            "param_grid tries class_weight='balanced', and with method 'weights' that",
        ),
        (search([{"C": [1]}, {"class_weight": [None, {0: 1, 1: 3}]}]), "param_grid tries class_weight={0: 1, 1: 3}"),
        (
            search({"class_weight": [None, "balanced"]}, kind=RandomizedSearchCV),
            "counts twice. Take class_weight out of param_distributions.",
        ),
        (search({"scale_pos_weight": uniform(1, 5)}, Boosted(), RandomizedSearchCV), "tries scale_pos_weight="),
        (make_pipeline(StandardScaler(), search({"class_weight": ["balanced"]})), "param_grid tries class_weight="),
        (search({"s": ["passthrough", SMOTE()]}, PLAIN), "param_grid['s'] (SMOTE) resamples inside the learner"),
        (search({"lr": [LogisticRegression(class_weight="balanced")]}, PLAIN), "class_weight='balanced' and method"),
        (search({"lr": [BalancedBagging()]}, PLAIN), "BalancedBagging balances inside"),
    ],
)
def test_what_a_search_would_try_counts_too(learner, message):
    with pytest.raises(UndoError) as error:
        Rebalanced(learner, "weights").fit(X, Y)
    assert message in str(error.value)


def test_a_search_of_what_does_not_count_is_fine():
    harmless = search({"class_weight": [None], "C": [0.1, 1]})
    assert Rebalanced(harmless, "weights", inner=2, rng=0).fit(X, Y).correction_.status == "approximate"


@pytest.mark.parametrize("method", ["weights", SMOTE(), ["random_under"]])
def test_a_remedy_inside_a_remedy_counts_twice(method):
    inner = Rebalanced("logistic", method)
    with pytest.raises(UndoError, match="Rebalanced balances inside and method 'weights' outside: they count twice"):
        Rebalanced(inner, "weights").fit(X, Y)
    with pytest.raises(UndoError, match="Rebalanced balances inside and method 'weights' outside"):
        compare(X, Y, learner=inner, methods="weights", cv="2x1", rng=0)


@pytest.mark.parametrize("method", ["none", "threshold", []])
def test_a_rebalanced_that_changes_nothing_is_a_learner_like_any_other(method):
    m = Rebalanced(Rebalanced("logistic", method, inner=2), "random_under", inner=2, rng=0).fit(X, Y)
    assert m.correction_.status == "exact"


def test_of_a_search_only_the_winner_counts():
    under = search({"s": ["passthrough"]}, Pipeline([("s", RandomUnder(rng=0)), ("lr", LogisticRegression())]))
    assert Rebalanced(under, "none", inner=2, rng=0).fit(X, Y).correction_.status == "exact"
    balanced = search({"class_weight": ["balanced"]})
    assert Rebalanced(balanced, "none", inner=2, rng=0).fit(X, Y).correction_.status == "impossible"
