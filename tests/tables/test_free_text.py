"""Text of several words a row is its words, learnt in the training fold."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

import upweight.imbalance as im
from upweight.tables import Preparation, Schema

NOUNS = ["parcel", "colour", "delivery", "price", "service", "box", "shop", "order", "zip", "size"]
MOODS = {True: ["broken", "late", "refund"], False: ["fine", "great", "quick"]}


def reviews(n=300, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.2
    texts = [" ".join([*rng.choice(NOUNS, 4), *rng.choice(MOODS[bool(bad)], 2), f"no{i}"]) for i, bad in enumerate(y)]
    return pd.DataFrame({"review": texts, "x": rng.normal(size=n)}), y


def test_words_are_read_in_every_kind_of_frame_and_names_stay_identifiers():
    X, _ = reviews()
    schema = Schema.of(X)
    column = schema.columns[0]
    assert (column.kind, column.note) == ("text", "text: TF-IDF of its words")
    assert set(NOUNS) < set(column.categories)
    assert "no7" not in column.categories
    marks = {
        Schema.of(make).read(make).fingerprint()
        for make in (X, pl.from_pandas(X), pa.table({c: X[c].to_numpy() for c in X}))
    }
    assert len(marks) == 1
    assert (
        Schema.of(pd.DataFrame({"n": [f"Ann{i} Lee{i}" for i in range(60)], "x": range(60)})).columns[0].kind
        == "dropped"
    )


def test_the_weights_of_words_are_those_of_the_textbook_library():
    X, _ = reviews(120)
    schema = Schema.of(X)
    table = schema.read(X)
    train = np.arange(80)
    p = Preparation.fit(schema, table.take(train), None)
    words = [schema.columns[0].categories[j] for j in p.words[0]]
    theirs = TfidfVectorizer(vocabulary=words).fit(X["review"].iloc[train]).transform(X["review"]).toarray()
    np.testing.assert_allclose(p.table(table).numbers[:, 1:], theirs, rtol=1e-12)


def test_only_words_of_the_training_rows_count_and_a_weight_is_as_many_copies():
    X, _ = reviews(100)
    X.loc[90:, "review"] += " secret"
    schema = Schema.of(X)
    table = schema.read(X)
    p = Preparation.fit(schema, table.take(np.arange(90)), None)
    assert "secret" not in [schema.columns[0].categories[j] for j in p.words[0]]
    w = np.random.default_rng(0).integers(1, 4, 100)
    a = Preparation.fit(schema, table, w.astype(float))
    b = Preparation.fit(schema, table.take(np.repeat(np.arange(100), w)), None)
    common = np.intersect1d(a.words[0], b.words[0])
    np.testing.assert_allclose(a.idf[0][np.isin(a.words[0], common)], b.idf[0][np.isin(b.words[0], common)])


@pytest.mark.parametrize("learner", ["logistic", "boosting"])
def test_a_comparison_learns_from_words_tells_it_and_its_saved_model_reads_them(learner, tmp_path):
    X, y = reviews()
    c = im.compare(X, y, learner=learner, methods="weights,smote", cv="2x1", rng=0)
    assert "read review (text: TF-IDF of its words)" in c.setup.opening[1]
    assert c.rows[1].roc_auc > 0.95
    assert json.loads(c.to_json())["data"]["preprocessing"][0]["kind"] == "text"
    c.save(tmp_path / "m.skops")
    new, truth = reviews(seed=1)
    p = im.load(tmp_path / "m.skops").predict_proba(new)
    np.testing.assert_array_equal(p, c.model.predict_proba(new))
    assert p[truth, 1].mean() > p[~truth, 1].mean() + 0.5


def test_two_text_columns_and_gaps():
    X, y = reviews()
    X["other"] = np.where(np.arange(len(X)) % 5 == 0, None, X["review"].str.upper().to_numpy())
    schema = Schema.of(X)
    table = schema.read(X)
    p = Preparation.fit(schema, table, None)
    made = p.table(table).numbers
    assert made.shape[1] == 1 + len(p.words[0]) + len(p.words[1])
    assert not made[::5, 1 + len(p.words[0]) :].any()
    model = im.Rebalanced("logistic", "smote", inner=2, rng=0).fit(X, y)
    assert model.predict_proba(X)[y, 1].mean() > 0.7


def test_rows_of_the_same_words_are_copies_and_others_are_not():
    X, y = reviews()
    X["review"] += [f" item{i % 97} and part{i % 89}" for i in range(len(X))]
    apart = im.compare(X[["review"]], y, methods="none", cv="2x1", rng=0)
    assert "copies" not in apart.verdict.reasons
    more = pd.concat([X, X[:120]])[["review"]]  # most texts stand once, so it is text and no category
    twice = im.compare(more, np.r_[y, y[:120]], methods="none", cv="2x1", rng=0)
    assert "copies" in twice.verdict.reasons
