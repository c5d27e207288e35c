"""The question of a comparison: what cannot be asked is refused before anything is fitted; weights and rows at the door."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_wine
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from upweight import InputError, UndoError
from upweight.imbalance import BalancedBagging, RandomOver, Rebalanced, compare, upweight_errors
from upweight.imbalance.comparison import Settings, setup_comparison
from upweight.imbalance.comparison import _running as running

RNG = np.random.default_rng(0)
X = RNG.normal(size=(900, 4))
Y = RNG.random(900) < 1 / (1 + np.exp(2.5 - 1.5 * X[:, 0]))


@pytest.fixture(scope="module")
def few():
    return compare(X, Y, methods="weights", cv="3x1", rng=0)


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
            "1 missing or infinite label (NaN or inf), first at row 0",
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


def rows_of(c):
    """Figures of every row to nine digits, in a form in which nan equals nan."""
    return [
        {k: f"{v:.9g}" if isinstance(v, float) else v for k, v in row.to_dict().items() if k != "seconds"}
        for row in c.rows
    ]


@pytest.mark.parametrize("constant", [0.001, 1 / 900, 0.5, 7.25, 1e300, 5e-324])
def test_a_constant_weight_changes_nothing(constant, few):
    c = compare(X, Y, methods="weights", cv="3x1", rng=0, sample_weight=np.full(900, constant))
    assert rows_of(c) == rows_of(few)
    assert c.model.members_[0].coef_ == pytest.approx(few.model.members_[0].coef_, rel=1e-12)
    assert c.setup.opening[-1] == f"Weights rescaled to a mean of one (they averaged {constant:.3g})."
    assert c.setup.opening[-1] in str(c)


def test_the_unit_of_weights_changes_nothing_and_a_mean_of_one_is_not_told(few):
    w = RNG.exponential(size=900)
    w[:30] = 0
    w /= w[30:].mean()
    one = compare(X, Y, methods="weights", cv="3x1", rng=0, sample_weight=w)
    ten = compare(X, Y, methods="weights", cv="3x1", rng=0, sample_weight=w * 1024)  # exact in floats
    assert rows_of(one) == rows_of(ten) != rows_of(few)
    assert one.setup.opening[1:] == ["30 rows of zero weight are left out."]
    assert ten.setup.opening[1:] == [
        "Weights rescaled to a mean of one (they averaged 1.02e+03). 30 rows of zero weight are left out."
    ]
    assert few.setup.opening[1:] == []


def test_whole_weights_are_counts_and_stay():
    half = np.arange(450)
    twice = compare(X[half], Y[half], methods="threshold", cv="3x1", rng=0, sample_weight=np.full(450, 2))
    once = compare(X[half], Y[half], methods="threshold", cv="3x1", rng=0)
    assert twice.setup.opening == once.setup.opening
    assert set(twice.setup.plan.task.w) == {2.0}
    assert twice.rows[0].log_loss != once.rows[0].log_loss  # twice the rows against the same C


def test_a_class_emptied_by_weights_is_their_doing():
    w = (~Y).astype(float)
    said = (
        f"`y` needs two classes; got only False in {int(w.sum())} rows after {int(Y.sum())} rows of zero weight are left out. "
        "Give rows of another class weight."
    )
    for use in (
        lambda: compare(X, Y, sample_weight=w),
        lambda: Rebalanced().fit(X, Y, sample_weight=w),
        lambda: BalancedBagging().fit(X, Y, sample_weight=w),
        lambda: upweight_errors("logistic", X, Y, sample_weight=w),
    ):
        with pytest.raises(InputError) as error:
            use()
        assert str(error.value) == said


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


# ---- a learner that prepares its columns itself -----------------------------------------------------------------------------


def words(n=300):
    rng = np.random.default_rng(1)
    text = [" ".join(rng.choice(["cat", "dog", "sun", "rain"], 5)) + f" {i}" for i in range(n)]
    return pd.DataFrame({"txt": text}), np.array(["cat cat" in t or "sun sun sun" in t for t in text])


def reads_words():
    return make_pipeline(ColumnTransformer([("txt", CountVectorizer(), "txt")]), LogisticRegression(C=10))


def test_nothing_is_said_to_be_dropped_of_what_a_pipeline_gets():
    frame, y = words()
    for X in (frame.assign(age=np.arange(300) % 40), frame):  # text alone is enough for it
        c = compare(X, y, learner=reads_words(), methods="weights", cv="3x1", rng=0)
        assert "dropped" not in str(c)
        assert "The learner prepares the columns itself." in c.setup.opening
        assert {p["kind"] for p in c.to_dict()["data"]["preprocessing"]} == {"as given"}
        assert c.rows[1].roc_auc > 0.6
        assert c.setup.columns == list(X.columns)


def test_the_fingerprint_knows_the_text_that_only_a_pipeline_reads():
    frame, y = words()
    settings = Settings.read(learner=reads_words(), methods="weights", cv="3x1", cost=None, rng=0)
    other = frame.assign(txt=frame.txt.str.upper())
    assert setup_comparison(frame, y, settings).fingerprint != setup_comparison(other, y, settings).fingerprint


def test_a_column_of_patients_that_repeats_wants_a_group_until_one_is_given():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(patient=np.arange(900) // 3)
    said = "Column 'patient' has 300 values in 900 rows: if its rows belong together, --group patient keeps them in one fold."
    assert said in compare(frame, Y, methods="threshold", cv="2x1", rng=0).verdict.sentences
    assert said not in compare(frame, Y, methods="threshold", cv="2x1", rng=0, group=frame.patient).verdict.sentences
