"""Fitting once: weights under the right name, text named by its column."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from upweight import InputError
from upweight.imbalance import BalancedBagging, Rebalanced, compare
from upweight.learners._fitting import fit_learner, weight_parameter

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = (X[:, 0] + RNG.normal(size=80) > 1).astype(int)


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


SOME = np.linspace(0.5, 2, 80)


def voting(learner):
    return VotingClassifier([("only", learner)], voting="soft")


@pytest.mark.parametrize(
    ("wrap", "name"),
    [
        (voting, "sample_weight"),
        (lambda learner: GridSearchCV(learner, {"C": [1.0]}, cv=2), "sample_weight"),
        (lambda learner: GridSearchCV(voting(learner), {}, cv=2), "sample_weight"),
        (
            lambda learner: GridSearchCV(
                make_pipeline(StandardScaler(with_mean=False, with_std=False), learner), {}, cv=2
            ),
            "logisticregression__sample_weight",
        ),
        (
            lambda learner: make_pipeline("passthrough", voting(learner)),
            "votingclassifier__sample_weight",
        ),
    ],
)
def test_weights_reach_what_takes_them_through_fit_params(wrap, name):
    learner = wrap(LogisticRegression())
    assert weight_parameter(learner) == name
    direct = LogisticRegression().fit(X, Y, sample_weight=SOME).predict_proba(X)
    assert np.allclose(fit_learner(learner, X, Y, SOME).predict_proba(X), direct, atol=1e-6)
    assert (
        Rebalanced(wrap(LogisticRegression()), "weights", inner=2, rng=0).fit(X, Y).correction_.status == "approximate"
    )


def test_a_stack_hands_weights_to_all_it_holds():
    stack = StackingClassifier([("a", LogisticRegression())], cv=2)
    plain, weighted = (fit_learner(sklearn.base.clone(stack), X, Y, w) for w in (None, SOME))
    assert not np.allclose(plain.estimators_[0].coef_, weighted.estimators_[0].coef_)
    assert not np.allclose(plain.final_estimator_.coef_, weighted.final_estimator_.coef_)


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (
            voting(KNeighborsClassifier()),
            "VotingClassifier.fit takes no sample_weight (Underlying estimator KNeighborsClass",
        ),
        (
            GridSearchCV(KNeighborsClassifier(), {}, cv=2),
            "KNeighborsClassifier.fit takes no sample_weight. Use a resampler",
        ),
        (OneVsRestClassifier(LogisticRegression()), "OneVsRestClassifier.fit takes no sample_weight ("),
        (
            voting(make_pipeline(StandardScaler(), LogisticRegression())),
            "VotingClassifier.fit takes no sample_weight (Pip",
        ),
        (GridSearchCV(voting(KNeighborsClassifier()), {}, cv=2), "GridSearchCV.fit takes no sample_weight ("),
    ],
)
def test_what_takes_no_weights_after_all_says_why_and_the_ways_out(learner, message):
    with pytest.raises(InputError) as error:
        Rebalanced(learner, "weights", inner=2, rng=0).fit(X, Y)
    assert message in str(error.value)
    assert "Use a resampler (random_under, random_over) instead of weights" in str(error.value)


def test_with_routing_the_requests_of_the_steps_are_obeyed():
    with sklearn.config_context(enable_metadata_routing=True):
        recorder = Recorder().set_fit_request(sample_weight=True)
        fitted = fit_learner(make_pipeline(StandardScaler().set_fit_request(sample_weight=False), recorder), X, Y, SOME)
    assert fitted[-1].seen_ is SOME


def test_another_error_of_a_fit_is_left_as_it_is():
    class Broken(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise ValueError("it is broken")

    for method in ("none", "weights"):
        with pytest.raises(ValueError, match="^it is broken$"):
            Rebalanced(Broken(), method).fit(X, Y)


TEXT = pd.DataFrame(X, columns=list("abc")).assign(plan=np.where(X[:, 0] > 0, "basic", "family"), town="x")


@pytest.mark.parametrize("frame", [TEXT, pl.from_pandas(TEXT)])
def test_text_that_a_learner_cannot_read_is_refused_by_its_column(frame):
    for use in (BalancedBagging(rng=0), BalancedBagging("logistic"), Rebalanced(LogisticRegression(), "none")):
        with pytest.raises(InputError) as error:
            use.fit(frame, Y)
        said = str(error.value)
        assert (
            "column 'plan' and 1 more: String. Put an encoder before it in a pipeline, or use a learner by name" in said
        )


def test_the_ways_out_for_text_are_ways_out():
    encoded = make_pipeline(OneHotEncoder(handle_unknown="ignore"), RandomForestClassifier(5))
    assert BalancedBagging(encoded, members=2, rng=0).fit(TEXT[["plan"]], Y).predict(TEXT[["plan"]]).shape == (80,)
    assert Rebalanced("logistic", "none", inner=2, rng=0).fit(TEXT, Y).predict(TEXT).shape == (80,)
    assert compare(TEXT, Y, learner=LogisticRegression(), methods="threshold", cv="2x1", rng=0).rows[1].error is None
