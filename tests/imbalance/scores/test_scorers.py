"""Scorers against `score` and against scikit-learn's own."""

import numpy as np
import pytest
import sklearn
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, get_scorer, matthews_corrcoef, precision_score
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate

from upweight import InputError
from upweight.imbalance import Rebalanced, score, scorer
from upweight.imbalance.scores._scorers import DECISIONS, PROMISES, RANKINGS


@pytest.fixture(scope="module")
def fitted():
    X, y = make_classification(600, weights=[0.85], flip_y=0.1, random_state=0)
    w = np.random.default_rng(0).uniform(0.2, 3, 600)
    return LogisticRegression().fit(X, y), X, y, w


@pytest.mark.parametrize("name", [*DECISIONS, *RANKINGS])
@pytest.mark.parametrize("weighted", [False, True])
def test_decisions_and_rankings_are_those_of_score(fitted, name, weighted):
    model, X, y, w = fitted
    more = {"sample_weight": w} if weighted else {}
    p = model.predict_proba(X)[:, 1]
    at = {"threshold": 0.3} if name in DECISIONS else {}
    assert scorer(name, **at)(model, X, y, **more) == pytest.approx(getattr(score(y, p, **at, **more), name))


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("roc_auc", "roc_auc"),
        ("average_precision", "average_precision"),
        ("log_loss", "neg_log_loss"),
        ("brier", "neg_brier_score"),
    ],
)
def test_scikit_learn_says_the_same(fitted, name, theirs):
    model, X, y, _ = fitted
    assert scorer(name)(model, X, y) == pytest.approx(get_scorer(theirs)(model, X, y))


def test_without_threshold_a_decision_is_what_predict_says(fitted):
    model, X, y, w = fitted
    said = model.predict(X)
    assert scorer("f1")(model, X, y) == pytest.approx(f1_score(y, said))
    assert scorer("precision")(model, X, y, sample_weight=w) == pytest.approx(precision_score(y, said, sample_weight=w))
    assert scorer("mcc")(model, X, y) == pytest.approx(matthews_corrcoef(y, said))
    moved = Rebalanced("logistic", "none", rng=0).fit(X, y)
    assert scorer("sensitivity")(moved, X, y) == pytest.approx(((moved.predict(X) == 1) & (y == 1)).sum() / y.sum())


def test_promises_are_turned_so_that_larger_is_better(fitted):
    model, X, y, _ = fitted
    s = score(y, model.predict_proba(X)[:, 1])
    assert scorer("oe")(model, X, y) == pytest.approx(-abs(np.log(s.oe)))
    assert scorer("slope")(model, X, y) == pytest.approx(-abs(s.slope - 1))
    biased = LogisticRegression(class_weight="balanced").fit(X, y)
    for name in PROMISES:
        assert scorer(name)(model, X, y) > scorer(name)(biased, X, y)


def test_text_labels_judge_the_rarest_whichever_comes_first(fitted):
    _, X, y, _ = fitted
    for names in (["b", "a"], ["a", "b"]):
        text = np.array(names)[y]
        model = LogisticRegression().fit(X, text)
        want = score(y, model.predict_proba(X)[:, model.classes_.tolist().index(names[1])])
        assert scorer("average_precision")(model, X, text) == pytest.approx(want.average_precision)
        assert scorer("sensitivity", threshold=0.3)(model, X, text) > scorer("sensitivity", threshold=0.9)(
            model, X, text
        )


def test_more_classes_are_averaged():
    X, y = make_classification(400, n_classes=3, n_informative=4, random_state=0)
    model = LogisticRegression().fit(X, y)
    assert scorer("f1")(model, X, y) == pytest.approx(f1_score(y, model.predict(X), average="macro"))
    sensitivity = scorer("sensitivity")(model, X, y)
    assert sensitivity == pytest.approx(balanced_accuracy_score(y, model.predict(X)))
    assert scorer("roc_auc")(model, X, y) == pytest.approx(score(y, model.predict_proba(X)).roc_auc)
    assert scorer("macro_mae")(model, X, y) < 0


def test_searches_take_them_and_hand_weights_over(fitted):
    _, X, y, w = fitted
    assert len(cross_val_score(LogisticRegression(), X, y, scoring=scorer("iba", threshold=0.2), cv=3)) == 3
    many = cross_validate(LogisticRegression(), X, y, scoring={n: scorer(n) for n in ("gmean", "oe")}, cv=3)
    assert set(many) >= {"test_gmean", "test_oe"}
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, scoring=scorer("average_precision"), cv=3).fit(X, y)
    with sklearn.config_context(enable_metadata_routing=True):
        asked = scorer("brier").set_score_request(sample_weight=True)
        model = LogisticRegression().set_fit_request(sample_weight=True)
        got = cross_val_score(model, X, y, scoring=asked, cv=3, params={"sample_weight": w})
    plain = cross_val_score(LogisticRegression(), X, y, scoring=scorer("brier"), cv=3)
    assert not np.allclose(got, plain)


@pytest.mark.parametrize(
    ("name", "threshold", "said"),
    [
        ("recal", None, "unknown figure 'recal'."),
        ("roc_auc", 0.5, "'roc_auc' judges no decision, so it has no threshold."),
        ("f1", 1.5, "`threshold` must lie in [0, 1]; got 1.5."),
        ("f1", "half", "`threshold` must lie in [0, 1]; got 'half'."),
    ],
)
def test_bad_settings_are_named(name, threshold, said):
    with pytest.raises(InputError) as told:
        scorer(name, threshold=threshold)
    assert said in str(told.value)
