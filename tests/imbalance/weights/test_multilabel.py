"""Multi-label weights: imbalance ratios by hand, balance by label, and the laws of weights."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from upweight import InputError, Weights
from upweight.imbalance import label_weights

Y = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0], [0, 0, 0]])  # 5, 2, 1 positives


def test_the_page_example_has_ratios_1_2_5_and_5():
    assert label_weights(Y).values.round(6).tolist() == [1, 1, 1, 2.833333, 1.75, 1]
    assert label_weights(Y, combine="max").values.round(9).tolist() == [1, 1, 1, 5, 2.5, 1]
    assert label_weights(Y).kind == "class"


def test_by_label_every_label_is_balanced():
    w = label_weights(Y[:, 1:], per="label")
    assert w.shape == (2, 6)
    for l in range(2):
        yes = Y[:, 1 + l] == 1
        assert np.isclose(w.values[l][yes].sum(), w.values[l][~yes].sum())
    assert np.allclose(w.values.mean(axis=1), 1)


def test_by_label_with_base_is_balanced_in_mass():
    base = np.array([1.0, 2.0, 0.0, 3.0, 1.0, 1.0])
    w = label_weights(Y, per="label", base=base).values
    for l in range(3):
        assert np.isclose(w[l][Y[:, l] == 1].sum(), w[l][Y[:, l] == 0].sum())


@pytest.mark.parametrize("per", ["row", "label"])
def test_whole_weights_are_repeated_rows(per):
    copies = np.array([0, 2, 1, 1, 3, 2])
    weighted = label_weights(Y, per=per, base=copies).values
    repeated = label_weights(np.repeat(Y, copies, axis=0), per=per).values
    live = copies > 0
    first = (np.cumsum(copies) - copies)[live]
    np.testing.assert_allclose(weighted[..., live] / copies[live], repeated[..., first])
    assert not weighted[..., ~live].any()


def test_a_label_never_seen_has_weight_one_and_is_named():
    frame = pd.DataFrame({"news": [1, 0, 1], "sport": [0, 0, 0], "all": [1, 1, 1]})
    w = label_weights(frame, per="label")
    assert w.notes == ("LABEL_NEVER_SEEN: sport", "LABEL_ALWAYS_SEEN: all")
    assert np.allclose(w.values[1:], 1)
    assert label_weights(frame).notes == ("LABEL_NEVER_SEEN: sport",)
    assert label_weights(np.zeros((3, 2), int)).values.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "kind",
    [
        lambda y: y.tolist(),
        sparse.csr_array,
        sparse.coo_matrix,
        lambda y: pd.DataFrame(y, columns=list("abc")),
        lambda y: pl.DataFrame(y, schema=list("abc")),
        lambda y: pa.table({c: y[:, j] for j, c in enumerate("abc")}),
        lambda y: y.astype(bool),
    ],
)
@pytest.mark.parametrize("per", ["row", "label"])
def test_every_container_says_the_same(kind, per):
    got = label_weights(kind(Y), per=per)
    np.testing.assert_allclose(np.asarray(got), np.asarray(label_weights(Y, per=per)))


def test_pandas_keep_their_index():
    w = label_weights(pd.DataFrame(Y, index=list("uvwxyz")))
    assert w.values.index.tolist() == list("uvwxyz")


def test_base_weights_multiply_and_keep_their_trail():
    base = Weights.of([1.0, 2.0, 1.0, 1.0, 4.0, 1.0], kind="importance")
    w = label_weights(Y, base=base)
    assert w.kind == "class"
    np.testing.assert_allclose(w.sample_weight, label_weights(Y, base=np.asarray(base)).sample_weight)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (
            [0, 1, 1],
            "`Y` must be rows by labels, zeros and ones; got shape (3,). For one label a row use class_weights.",
        ),
        ([[0, 1], [2, 0]], "got 1 other values, first 2 at row 1, column 0. Binarise it first."),
        ([[0, 1], [np.nan, 0]], "first nan at row 1, column 0"),
        ([["a", "b"]], "`Y` must hold zeros and ones; got values of type"),
        (sparse.csr_array(np.array([[0, 1], [0, 3]])), "first 3 at row 1, column 1"),
    ],
)
def test_bad_labels_are_named(bad, said):
    with pytest.raises(InputError) as told:
        label_weights(bad)
    assert said in str(told.value)


def test_unknown_words_are_refused():
    with pytest.raises(InputError, match="`per` must be 'row' or 'label'; got 'rows'"):
        label_weights(Y, per="rows")
    with pytest.raises(InputError, match="`combine` must be 'mean' or 'max'; got 'sum'"):
        label_weights(Y, combine="sum")
