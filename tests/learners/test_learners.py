"""Learners: names, modules, and what cannot be one."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from upweight import InputError
from upweight.imbalance import BalancedBagging, Rebalanced, compare
from upweight.learners._learners import Prepared, as_learner, seeded

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
        (
            SVC(),
            "SVC has no predict_proba, so there is nothing to repair. Use CalibratedClassifierCV around it, or a cla",
        ),
        (make_pipeline(StandardScaler(), LinearSVC()), "LinearSVC has no predict_proba"),
        (GridSearchCV(LinearSVC(), {}), "GridSearchCV has no predict_proba"),
        (
            VotingClassifier([("a", LogisticRegression())]),
            "VotingClassifier has no predict_proba, so there is nothing to",
        ),
        (LinearRegression(), "LinearRegression is a regressor; a classifier is needed."),
        (
            make_pipeline(StandardScaler(), LinearRegression()),
            "LinearRegression is a regressor; a classifier is needed.",
        ),
        ("sklearn.linear_model:LinearRegression", "LinearRegression is a regressor; a classifier is needed."),
        (StandardScaler(), "StandardScaler does not predict; a classifier is needed."),
        (LogisticRegression, "learner LogisticRegression is a class; pass LogisticRegression(), an object."),
        (
            None,
            "`learner` must be 'logistic', 'boosting', 'MODULE:CLASS' or a scikit-learn classifier; got None (NoneType)",
        ),
        (5, "got 5 (int). Pass an object such as LogisticRegression()."),
    ],
)
def test_what_cannot_be_a_learner_is_refused(learner, message):
    with pytest.raises(InputError) as error:
        as_learner(learner)
    assert message in str(error.value)
    assert "probability=True" not in str(error.value)  # deprecated, so no advice


STACK = StackingClassifier([("a", LogisticRegression())], cv=2)
NO_PROBA = StackingClassifier([("a", LogisticRegression())], final_estimator=LinearSVC(), cv=2)


@pytest.mark.parametrize("learner", [STACK, make_pipeline(StandardScaler(), STACK)])
def test_a_stack_that_has_predict_proba_only_once_fitted_is_a_learner(learner):
    assert not hasattr(learner, "predict_proba")
    for method in ("weights", "random_under"):
        m = Rebalanced(learner, method, inner=2, rng=0).fit(X, Y)
        assert 0.8 < m.predict_proba(X)[:, 1].sum() / Y.sum() < 1.25
    assert len(BalancedBagging(learner, members=2, rng=0).fit(X, Y).members_) == 2
    assert compare(X, Y, learner=learner, methods="threshold", cv="2x1", rng=0).rows[1].error is None


def test_a_stack_without_predict_proba_is_refused_after_its_first_fit():
    said = "StackingClassifier has no predict_proba, so there is nothing to repair."
    for use in (Rebalanced(NO_PROBA, rng=0).fit, BalancedBagging(NO_PROBA, rng=0).fit):
        with pytest.raises(InputError, match=said):
            use(X, Y)
    with pytest.raises(InputError, match=f"^{said}"):
        compare(X, Y, learner=NO_PROBA, methods="weights", cv="2x1", rng=0)


def test_every_random_state_that_is_none_is_set():
    forest = BaggingClassifier(RandomForestClassifier())
    a, b = (seeded(clone(forest), np.random.default_rng(1)).get_params() for _ in range(2))
    assert a["random_state"] == b["random_state"] is not None
    assert a["estimator__random_state"] == b["estimator__random_state"] is not None
    assert seeded(RandomForestClassifier(random_state=3), np.random.default_rng(1)).random_state == 3
