"""The question of a comparison: what cannot be asked is refused before anything is fitted; weights and rows at the door."""

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

from upweight import InputError, UndoError
from upweight.imbalance import RandomOver, compare
from upweight.imbalance import _running as running

RNG = np.random.default_rng(0)
X = RNG.normal(size=(900, 4))
Y = RNG.random(900) < 1 / (1 + np.exp(2.5 - 1.5 * X[:, 0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(900, int)}, "`y` needs two classes; got only 0 in 900 rows. Check --target and --positive."),
        (
            {"y": np.where(np.arange(900) < 3, "c", "d")},
            "5 folds need 5 rows of every class; 'c' has 3. Use cv=3 or merge classes.",
        ),
        (
            {"y": np.r_[np.nan, np.ones(450), np.zeros(449)]},
            "1 missing or infinite labels (NaN or inf), first at row 0",
        ),
        ({"y": Y[:7]}, "got 7 labels for 900 rows"),
        ({"X": np.where(X[3, 2] == X, np.inf, X)}, "first at row 3, column 2"),
        ({"X": np.ones((900, 2))}, "needs a column that varies"),
        ({"learner": "forest"}, "unknown learner 'forest'"),
        (
            {"learner": LogisticRegression},
            "learner LogisticRegression is a class; pass LogisticRegression(), an object.",
        ),
        (
            {"learner": None},
            "`learner` must be 'logistic', 'boosting', 'MODULE:CLASS' or a scikit-learn classifier; got None",
        ),
        (
            {"methods": None},
            "`methods` must be 'quick', 'standard', 'survey', 'all', names such as 'weights,smote', or {l",
        ),
        ({"methods": RandomOver()}, "got RandomOver() (RandomOver). Say methods={'mine': RandomOver(...)}."),
        ({"methods": {"mine": LogisticRegression}}, "method 'mine': LogisticRegression is a class; give an object"),
        ({"methods": {"mine": lambda y: y}}, "is called as <lambda>(y, base)"),
        ({"journal": 5}, "`journal` must be a folder, text or a path; got 5 (int). Say 'run'."),
        ({"methods": "smote,wieghts"}, "unknown method 'wieghts'. Did you mean 'weights'?"),
        ({"cv": "5 by 5"}, "`cv` must be a number of folds such as 5, or folds x repeats such as '5x2'; got '5 by 5'"),
        ({"cost": -1}, "`cost` must be a number > 0"),
        ({"cost": "cheap"}, "`cost` must be a number > 0"),
        ({"rng": -1}, "`rng` must be an int >= 0"),
        (
            {"sample_weight": -np.ones(900)},
            "`sample_weight` must be finite and >= 0; got 900 negative, first -1.0 at row 0",
        ),
        ({"group": ["a", None] * 450}, "`group` has 450 gaps, first at row 1"),
    ],
)
def test_bad_input_is_refused_before_anything_is_fitted(change, message, monkeypatch):
    monkeypatch.setattr(running, "run_cell", lambda *a: pytest.fail("something was fitted"))
    given = {"X": X, "y": Y, "methods": "weights", "rng": 0} | change
    with pytest.raises(InputError) as error:
        compare(given.pop("X"), given.pop("y"), **given)
    assert message in str(error.value)


def test_a_cost_for_several_classes_is_refused():
    X, y = load_wine(return_X_y=True)
    with pytest.raises(InputError, match="`cost` is for two classes; `y` has 3. Ask about one class: y == label."):
        compare(X, y, cost=3, rng=0)


def test_a_learner_that_counts_classes_itself_is_refused():
    with pytest.raises(UndoError, match="class_weight='balanced' and method 'weights' count twice"):
        compare(X, Y, learner=LogisticRegression(class_weight="balanced"), methods="weights", rng=0)


def test_a_learner_that_fails_on_its_own_ends_the_run_at_once():
    class Broken(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise ValueError("it is broken")

    with pytest.raises(InputError, match="fails on its own, without any remedy: ValueError: it is broken"):
        compare(X, Y, learner=Broken(), methods="weights", rng=0)


def test_inputs_are_not_written():
    A, b, w = X.copy(), Y.copy(), np.ones(900)
    for a in (A, b, w):
        a.flags.writeable = False
    assert compare(A, b, methods="random_under", cv="2x1", rng=0, sample_weight=w).complete  # a write would have raised
