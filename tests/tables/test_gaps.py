"""What gaps say is kept, told to learners, and held against a table that is scored."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import upweight.imbalance as im
from upweight import InputError
from upweight.tables import Schema
from upweight.tables._gaps import tell_gaps, told_gaps

N = 600
RNG = np.random.default_rng(11)
GAP = RNG.random(N) < 0.4
Y = np.where(GAP, RNG.random(N) < 0.8, RNG.random(N) < 0.1)
X = pd.DataFrame({"flag": np.where(GAP, np.nan, 1.0), "x": RNG.normal(size=N)})


@pytest.mark.parametrize("learner", ["logistic", "boosting"])
@pytest.mark.parametrize("values", ["one", "many"])
@pytest.mark.parametrize("kind", ["frame", "array"])
def test_a_gap_in_a_number_says_to_the_learner_that_it_is_one(learner, values, kind):
    flag = X["flag"] if values == "one" else np.where(GAP, np.nan, RNG.normal(size=N))
    frame = X.assign(flag=flag)
    data = frame if kind == "frame" else frame.to_numpy()
    model = im.Rebalanced(learner, "none", inner=2, repair="none", rng=0).fit(data, Y)
    p = model.predict_proba(data)[:, 1]
    assert abs(p[GAP].mean() - Y[GAP].mean()) < 0.1
    assert p[~GAP].mean() < 0.25
    assert list(model.feature_names_out_)[-1].endswith("=gap")


def test_an_identifier_that_many_rows_lack_is_kept_for_its_gaps(tmp_path):
    frame = X.assign(flag=[None if g else f"ticket {i}" for i, g in enumerate(GAP)])
    schema = Schema.of(frame)
    assert schema.columns[0].kind == "categorical"
    assert schema.columns[0].note.endswith("different values in 345 rows; kept for its gaps")
    assert schema.read(frame).codes[:, 0].tolist() == np.where(GAP, -1, 0).tolist()
    model = im.Rebalanced("logistic", "none", inner=2, rng=0).fit(frame, Y)
    new = pd.DataFrame({"flag": ["ticket 9999", None], "x": 0.0})
    p = model.predict_proba(new)[:, 1]
    assert p[0] < 0.3 < 0.6 < p[1]
    few = Schema.of(X.assign(flag=[None if i < 3 else f"t{i}" for i in range(N)]))
    assert few.columns[0].kind == "dropped"


@pytest.mark.parametrize("what", ["number", "one number", "text", "words", "identifier"])
@pytest.mark.parametrize("learner", ["logistic", "pipeline"])
def test_a_pattern_of_gaps_that_gives_the_label_away_is_named_first(what, learner):
    rng = np.random.default_rng(5)
    y = np.arange(300) % 5 == 0
    words = rng.choice(["late", "rude", "broken", "slow", "dear", "lost"], (300, 4))
    values = {
        "number": rng.normal(size=300),
        "one number": np.ones(300),
        "text": rng.choice(["a", "b"], 300),
        "words": [" ".join([*w, f"n{i}"]) for i, w in enumerate(words)],
        "identifier": [f"t{i}" for i in range(300)],
    }[what]
    frame = pd.DataFrame({"x": rng.normal(size=300), "why": pd.Series(list(values), dtype=object)})
    frame.loc[~y, "why"] = None
    if what in ("number", "one number"):
        frame["why"] = frame["why"].astype(float)
    if learner == "pipeline":
        from sklearn.compose import make_column_transformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        learner = make_pipeline(make_column_transformer(("passthrough", ["x"])), LogisticRegression())
    c = im.compare(frame, y, learner=learner, methods="weights", cv="2x1", rng=0)
    assert c.verdict.sentences[0].startswith("Column 'why' may give the label away")
    assert "Whether it is filled tells the classes apart" in c.verdict.sentences[0]
    assert c.verdict.grade in ("unreliable", "unusable")  # the pipeline sees chance only
    assert c.setup.facts.leaks[0].gaps


@pytest.mark.parametrize("kind", ["frame", "array"])
def test_a_number_that_is_empty_at_scoring_is_told_and_refused_where_nothing_else_is_there(kind, recwarn):
    full = pd.DataFrame({"a": RNG.normal(size=50), "b": RNG.normal(size=50)})
    as_kind = (lambda f: f) if kind == "frame" else (lambda f: f.to_numpy())
    schema = Schema.of(as_kind(full))
    schema.read(as_kind(full))
    assert not recwarn.list
    some = full.assign(b=np.where(np.arange(50) < 5, full["b"], np.nan))
    name = "b" if kind == "frame" else "x1"
    with pytest.warns(
        UserWarning, match=rf"column '{name}' is empty in 45 of 50 rows \(90%\), first at row 5, and had no"
    ):
        schema.read(as_kind(some))
    with pytest.raises(InputError, match=f"column '{name}' is empty in all 50 rows, and had no gap in training"):
        schema.read(as_kind(full.assign(b=np.nan)))
    with pytest.warns(UserWarning, match="1 of 1 row "):
        schema.read(as_kind(full.assign(b=np.nan)[:1]))


@pytest.mark.parametrize(
    "values", [["a", "b"] * 20, pd.date_range("2020", periods=40).tolist(), [f"the {i} cat sat {i}" for i in range(40)]]
)
def test_so_is_a_category_a_date_and_a_text(values):
    schema = Schema.of(pd.DataFrame({"c": values}))
    with pytest.raises(InputError, match="column 'c' is empty in all 3 rows"):
        schema.read(pd.DataFrame({"c": [None, None, None]}))
    with pytest.warns(UserWarning, match=r"column 'c' is empty in 1 of 3 rows \(33%\), first at row 1"):
        schema.read(pd.DataFrame({"c": [values[0], None, values[1]]}))


def test_gaps_that_training_knew_are_told_only_where_so_many_in_a_row_are_no_chance(recwarn):
    schema = Schema.of(pd.DataFrame({"a": [1.0, 2.0, 3.0, np.nan] * 25}))
    schema.read(pd.DataFrame({"a": [np.nan] * 4}))
    assert not recwarn.list  # .25^4 = .004
    with pytest.warns(UserWarning, match="column 'a' is empty in all 5 rows; in training it was in 25 of 100"):
        schema.read(pd.DataFrame({"a": [np.nan] * 5}))


def test_a_saved_model_keeps_what_it_knows_of_gaps(tmp_path):
    c = im.compare(X, Y, methods="weights", cv="2x1", rng=0)
    c.save(tmp_path / "m.skops")
    model = im.load(tmp_path / "m.skops")
    np.testing.assert_array_equal(model.predict_proba(X), c.model.predict_proba(X))
    with pytest.raises(InputError, match="column 'x' is empty in all"):
        model.predict_proba(X.assign(x=np.nan))


def test_patterns_by_hand():
    numbers = np.array([[1, np.nan, np.nan], [2, np.nan, np.nan], [3, 1, 2], [4, 1, np.nan]])
    assert told_gaps(numbers, 1).tolist() == [1, 2]
    assert told_gaps(numbers, 2).tolist() == [1]
    assert told_gaps(sparse.csr_array(np.eye(3)), 1).size == 0
    tell_gaps("a", np.zeros(3, bool), known=0, rows=0, scored="")
