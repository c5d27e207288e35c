"""Labels and weights at the door."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from upweight import InputError, Weights
from upweight._errors import counted, did_you_mean
from upweight.tables._class_labels import Labels, first_rows
from upweight.tables._row_weights import row_weights


@pytest.mark.parametrize(
    ("y", "classes", "positive"),
    [
        ([0, 1, 1, 1], [0, 1], 1),
        ([-1, 1, 1, 1], [-1, 1], 1),
        ([True, True, False], [False, True], True),
        ([1.0, 0.0, 1.0], [0.0, 1.0], 1.0),
        ([1, 1, 1, 2], [1, 2], 2),
        ([1, 2, 2, 2], [1, 2], 1),
        (["no", "no", "yes"], ["no", "yes"], "yes"),
        (["a", "b"], ["a", "b"], "b"),
        (["c", "a", "a", "b", "b"], ["a", "b", "c"], "c"),
    ],
)
def test_positive_is_what_labels_say_themselves_else_the_rarest(y, classes, positive):
    labels = Labels.of(y)
    assert labels.classes.tolist() == classes
    assert labels.classes[labels.positive] == positive
    assert labels.classes[labels.codes].tolist() == y


@pytest.mark.parametrize(
    "box", [list, np.array, pd.Series, pl.Series, pa.array, lambda v: pd.Series(v, dtype="category")]
)
def test_labels_read_the_same_from_every_container(box):
    labels = Labels.of(box(["ill", "ok", "ok"]))
    assert (labels.classes.tolist(), labels.codes.tolist()) == (["ill", "ok"], [0, 1, 1])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0] * 1797, "`y` needs two classes; got only 0 in 1,797 rows. Check --target and --positive."),
        ([0.0, 1.0, np.nan, 1.0], "1 missing or infinite label (NaN or inf), first at row 2. Drop those rows first."),
        (["a", None, "b"], "1 missing label (NaN or inf), first at row 1"),
        (
            [0.5, 1.0, 0.0],
            "Unknown label type: continuous. `y` must hold classes; got 3 different numbers, first fraction 0.5 at row 0",
        ),
        ([[0, 1], [1, 0]], "must be one label a row; got shape (2, 2)"),
        ([], "holds no rows"),
        (np.array(["a", 1, "b"], dtype=object), "mixes text and numbers, first at row 1: 1"),
        (None, "requires y to be passed"),
    ],
)
def test_bad_labels_are_refused_with_count_and_first_row(y, message):
    with pytest.raises(InputError) as error:
        Labels.of(y)
    assert message in str(error.value)


def test_labels_of_another_length_are_refused():
    with pytest.raises(InputError, match=r"got 2 labels for 3 rows"):
        Labels.of([0, 1], rows=3)


@pytest.mark.parametrize(
    ("w", "message"),
    [
        ([1.0, np.nan, 1.0], "1 NaN or infinite, first nan at row 1"),
        ([1.0, -2.0, -1.0], "2 negative, first -2.0 at row 1. Drop them first."),
        ([0.0, 0.0, 0.0], "every weight is zero"),
        ([1.0, 1.0], "must be one number a row, shape (3,)"),
        (["a", "b", "c"], "must be numbers"),
    ],
)
def test_bad_weights_are_refused(w, message):
    with pytest.raises(InputError) as error:
        row_weights(w, 3)
    assert message in str(error.value)


def test_weights_come_on_their_mean_one_scale_and_arrays_as_they_are():
    assert row_weights(None, 3) is None
    assert row_weights([1, 2, 3], 3).tolist() == [1.0, 2.0, 3.0]
    w = row_weights(Weights.of([1, 2, 3], kind="importance"), 3)
    np.testing.assert_allclose(w, [0.5, 1.0, 1.5], rtol=1e-14)


def test_first_rows_are_first_appearances():
    assert first_rows(np.array([2, 0, 2, 0]), 4).tolist() == [1, 4, 0, 4]


def test_nearest_names_are_close_or_all():
    assert did_you_mean("wieghts", ["weights", "none"]) == " Did you mean 'weights'?"
    assert did_you_mean("zzz", ["weights", "none"]) == " Known: weights, none."


def test_what_was_typed_is_never_suggested():
    assert did_you_mean("weights", ["weights", "none"]) == " Known: none."
    assert did_you_mean("weights", ["weights", "weight"]) == " Did you mean 'weight'?"
    assert did_you_mean("weights", ["weights"]) == ""


@pytest.mark.parametrize(
    ("typed", "known", "said"),
    [
        ("1", [0, 1], " It has the number 1 (int), not the text '1'. Write 1."),
        (1, ["0", "1"], " It has the text '1' (str), not the number 1. Write '1'."),
        (np.int64(1), np.array(["0", "1"]), " It has the text '1' (str), not the number 1. Write '1'."),
        ("1", [0.0, 1.0], " It has the number 1.0 (float), not the text '1'. Write 1.0."),
        ("True", [False, True], " It has the boolean True (bool), not the text 'True'. Write True."),
        (10, [100, 2], " Did you mean 100?"),
    ],
)
def test_numbers_and_their_texts_are_told_apart(typed, known, said):
    assert did_you_mean(typed, known) == said


def test_a_count_and_its_noun_agree():
    said = [counted(n, "row") for n in (0, 1, np.int64(1), 2000)]
    assert said == ["0 rows", "1 row", "1 row", "2,000 rows"]
    assert [counted(n, "class", "classes") for n in (1, 2)] == ["1 class", "2 classes"]
    with pytest.raises(InputError, match=r"`y` needs one label a row; got 1 label for 3 rows\."):
        Labels.of([1], rows=3)
    with pytest.raises(InputError, match="`y` has 1 missing label"):
        Labels.of([1, 0, None])


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["a", pd.NA, "b"], dtype="string"),
        np.array(["a", pd.NA, "b"], object),
        np.array([1, np.nan, 0], object),
        np.array(["2020-01-01", "NaT", "2020-01-02"], "datetime64[D]"),
    ],
)
def test_a_gap_among_labels_is_refused_whatever_stands_for_it(y):
    with pytest.raises(InputError, match=r"`y` has 1 missing label \(NaN or inf\), first at row 1"):
        Labels.of(y)
