"""The ensembles as rows of a comparison: each beside a control that differs in nothing but the balancing."""

from __future__ import annotations

import pytest
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import upweight.imbalance as im
from upweight.imbalance.comparison._methods import METHODS, methods_for
from upweight.imbalance.ensembles._boosting import Boosted
from upweight.learners._learners import Prepared

RIVALS = {
    "easy_ensemble": "boosted",
    "balance_cascade": "boosted",
    "rusboost": "boosted",
    "balanced_bagging": "bagged",
    "balanced_forest": "forest",
    "errors": None,
}


@pytest.mark.parametrize("name", RIVALS)
def test_the_control_comes_by_itself(name):
    rows = [m.name for m in methods_for([name])]
    assert rows == ["none", "threshold", name, *([RIVALS[name]] if RIVALS[name] else [])]


def trees(made):
    """How many trees a classifier grows at most."""
    if isinstance(made, im.BalancedBagging):
        return made.members * getattr(made.learner, "rounds", 1)
    if isinstance(made, RandomForestClassifier):
        return made.n_estimators
    return made.rounds * getattr(made, "members", 1)


@pytest.mark.parametrize("name", ["easy_ensemble", "balance_cascade", "rusboost", "balanced_forest"])
def test_the_control_has_as_many_trees_of_the_same_depth(name):
    made, control = im.method(name), im.method(RIVALS[name])
    assert trees(made) == trees(control)
    if isinstance(control, Boosted):
        assert getattr(made, "depth", None) in (1, None)
        assert control.depth == 1
        assert not control.balances_classes


def test_bagging_is_of_the_learner_that_is_compared():
    learner = LogisticRegression(C=0.3)
    for name in ("balanced_bagging", "bagged", "errors"):
        made = METHODS[name].make(Prepared(learner))
        assert made.learner is learner
    assert METHODS["balanced_bagging"].make(None).members == METHODS["bagged"].make(None).members


def test_a_pipeline_keeps_its_transformers():
    pipe = Pipeline([("scale", StandardScaler()), ("lr", LogisticRegression(C=0.3))])
    made = METHODS["balanced_bagging"].make(pipe)
    assert [n for n, _ in made.steps] == ["scale", "lr"]
    assert made.steps[-1][1].learner.C == 0.3
    assert isinstance(pipe.steps[-1][1], LogisticRegression)
    X, y = make_classification(300, weights=[0.8], random_state=0)
    c = im.compare(X, y, learner=pipe, methods="easy_ensemble", cv="3x1", rng=0)
    assert [r.error for r in c.rows] == [None] * 4


def test_a_classifier_is_no_method_of_another_learner():
    X, y = make_classification(300, weights=[0.8], random_state=0)
    with pytest.raises(ValueError, match="'rusboost' is a classifier, not a method of another learner.*Rebalanced"):
        im.Rebalanced("logistic", "rusboost").fit(X, y)


def test_rows_carry_status_and_the_difference_to_the_control():
    X, y = make_classification(600, n_features=6, n_informative=4, weights=[0.85], random_state=0)
    names = ["easy_ensemble", "balance_cascade", "rusboost", "errors"]
    c = im.compare(X, y, methods=names, cv="3x1", rng=0)
    rows = {r.name: r for r in c.rows}
    assert {n: rows[n].status for n in names} == {
        "easy_ensemble": "exact",
        "balance_cascade": "impossible",
        "rusboost": "impossible",
        "errors": "impossible",
    }
    for n in names[:3]:
        assert rows[n].rival_diff == pytest.approx(rows[n].ap - rows["boosted"].ap, abs=1e-12)
        assert rows[n].oe_raw < 0.7
    for row in c.rows:
        assert row.error is None
        assert row.name == "none" or 0.8 < row.oe < 1.25


@pytest.mark.slow
def test_on_digits_easy_ensemble_ranks_below_its_control():
    X, digit = load_digits(return_X_y=True)
    c = im.compare(X, digit == 8, methods="easy_ensemble", cv="5x5", rng=0)
    rows = {r.name: r for r in c.rows}
    assert rows["easy_ensemble"].ap == pytest.approx(0.82, abs=0.03)
    assert rows["boosted"].ap == pytest.approx(0.89, abs=0.03)
    assert rows["easy_ensemble"].rival_diff < 0
    assert c.verdict.code == "move_threshold"


@pytest.mark.slow
@pytest.mark.data
def test_on_mammography_the_gain_of_easy_ensemble_is_boosting(data_folder):
    import pandas as pd

    table = pd.read_csv(data_folder / "imbalanced" / "mammography.csv")
    c = im.compare(table.drop(columns="Class"), table["Class"], methods="easy_ensemble", rng=0)
    rows = {r.name: r for r in c.rows}
    assert c.verdict.code != "use:easy_ensemble"
    assert rows["boosted"].ap > rows["easy_ensemble"].ap
