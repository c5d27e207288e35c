"""What is noticed about a table before anything is fitted."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from upweight.imbalance.comparison._facts import columns_line, facts_of, header, label_text, percent
from upweight.imbalance.comparison._suspicions import auc
from upweight.tables._class_labels import Labels
from upweight.tables._table import Schema

RNG = np.random.default_rng(0)
Y = RNG.random(1000) < 0.1


def facts(frame, y=Y, w=None):
    schema = Schema.of(frame)
    return facts_of(frame, schema, schema.read(frame), Labels.of(y), w)


def test_sizes_and_shares():
    f = facts(RNG.normal(size=(1000, 3)))
    assert (f.rows, f.columns, f.positives, f.copies, f.leaks) == (1000, 3, Y.sum(), 0, ())
    w = np.where(Y, 3.0, 1.0)
    assert facts(RNG.normal(size=(1000, 3)), w=w).share == np.average(Y, weights=w)


def test_a_column_that_knows_the_label_is_found():
    frame = pd.DataFrame(
        {"fine": RNG.normal(size=1000) + Y, "late": RNG.normal(size=1000) - 99 * Y, "coded": np.where(Y, "a", "b")}
    )
    assert [leak.name for leak in facts(frame).leaks] == ["late", "coded"]


def test_gaps_that_know_the_label_are_found():
    x = RNG.normal(size=1000)
    x[~Y] = np.nan
    assert [leak.name for leak in facts(np.c_[x, RNG.normal(size=1000)]).leaks] == ["x0"]


def test_copies_are_counted_where_they_are_many():
    X = RNG.normal(size=(1000, 2))
    assert facts(np.r_[X[:990], X[:10]]).copies == 0
    assert facts(np.r_[X[:900], X[:100]]).copies == 200
    gaps = np.full((1000, 2), np.nan)
    gaps[:900] = X[:900]
    assert facts(gaps).copies == 100


def test_auc_is_scikit_learns_in_the_better_direction():
    x = np.round(RNG.normal(size=1000) - Y, 1)
    assert np.isclose(auc(Y, x), 1 - roc_auc_score(Y, x))


def test_the_first_line_of_the_page():
    f = facts(RNG.normal(size=(1000, 3)))
    assert (
        header(f, Labels.of(Y), (5, 5))
        == f"1,000 rows, 3 columns, {Y.sum()} positives (y = True; {percent(Y.mean())}), 5 folds x 5 repeats."
    )
    assert header(facts(RNG.normal(size=(1000, 1))), Labels.of(Y), (5, 5)).startswith("1,000 rows, 1 column, ")
    three = RNG.integers(0, 3, 1000)
    assert "3 classes, the rarest" in header(facts(RNG.normal(size=(1000, 3)), three), Labels.of(three), (5, 1))


def test_columns_are_told_only_where_there_is_something_to_tell():
    assert columns_line(Schema.of(RNG.normal(size=(9, 3)))) == ""
    frame = pd.DataFrame({"x": [1.0, None, 3.0], "s": ["a", "b", "a"], "one": [1, 1, 1]})
    assert (
        columns_line(Schema.of(frame))
        == "1 numeric and 1 categorical columns; gaps in x (1); dropped one (one value only: 1)."
    )


def test_percent_keeps_two_digits_where_shares_are_small():
    assert [percent(x) for x in (0.24, 0.0968, 0.0077)] == ["24 %", "9.7 %", "0.77 %"]


def test_a_label_cannot_steer_the_terminal_or_fill_the_screen():
    assert label_text("a\x1b[31mb") == "a\\x1b[31mb"
    assert len(label_text("x" * 500)) == 60
    assert "(y = Ja; " in header(facts(RNG.normal(size=(1000, 3))), Labels.of(np.where(Y, "Ja", "Nein")), (5, 1))
    named = header(facts(RNG.normal(size=(1000, 3))), Labels.of(Y), (5, 5), target="ill", by_rows=True)
    assert "(ill = True; " in named
    assert named.endswith("5 folds x 5 repeats (by default; --cv 5 runs one).")
