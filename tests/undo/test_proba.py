"""Probabilities go back as they came: shape, float type, container, index."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import Correction, InputError
from upweight._undo._proba import read_labels, read_proba

HALF = Correction.kept(negatives=0.5)
WANT = [1 / 3, 2 / 3]  # of .5 and .8


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_arrays_keep_shape_and_float_type(dtype, shape):
    p = np.array([0.5, 0.8], dtype=dtype).reshape(shape)
    got = HALF.apply(p)
    assert (got.dtype, got.shape) == (dtype, shape)
    np.testing.assert_allclose(got.ravel(), WANT, rtol=1e-3)


def test_numbers_bools_and_lists_become_float64():
    assert isinstance(HALF.apply(0.5), float)
    assert HALF.apply(0.5) == pytest.approx(1 / 3)
    assert HALF.apply([0, 1]).dtype == np.float64
    assert HALF.apply(np.array([True, False])).tolist() == [1.0, 0.0]


def test_columns_in_half_precision_pass_the_sum_rule_within_their_own_rounding():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 200).astype(np.float16)
    assert np.abs(p.astype(float).sum(axis=1) - 1).max() > 1e-4
    assert HALF.apply(np.column_stack([1 - p[:, 0], p[:, 0]])).dtype == np.float16
    assert read_proba(p).k == 3
    with pytest.raises(InputError, match="sum to 1 within 1e-6"):
        read_proba(p.astype(float))


def test_pandas_keeps_index_names_and_float32():
    pd = pytest.importorskip("pandas")
    s = pd.Series([0.5, 0.8], index=["x", "y"], name="p", dtype="float32")
    got = HALF.apply(s)
    assert (list(got.index), got.name, str(got.dtype)) == (["x", "y"], "p", "float32")
    f = pd.DataFrame({"no": [0.5, 0.2], "yes": [0.5, 0.8]}, index=[7, 8])
    got = HALF.apply(f)
    assert (list(got.columns), list(got.index)) == (["no", "yes"], [7, 8])
    np.testing.assert_allclose(got["yes"], WANT)
    assert f["yes"].tolist() == [0.5, 0.8]
    single = HALF.apply(f[["yes"]])
    assert single.shape == (2, 1)
    np.testing.assert_allclose(single["yes"], WANT)


def test_polars_and_arrow_come_back_as_themselves():
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    s = HALF.apply(pl.Series("p", [0.5, 0.8], dtype=pl.Float32))
    assert isinstance(s, pl.Series)
    assert (s.dtype, s.name) == (pl.Float32, "p")
    f = HALF.apply(pl.DataFrame({"no": [0.5, 0.2], "yes": [0.5, 0.8]}, schema={"no": pl.Float32, "yes": pl.Float32}))
    assert isinstance(f, pl.DataFrame)
    assert f.schema == {"no": pl.Float32, "yes": pl.Float32}
    np.testing.assert_allclose(f["yes"], WANT, rtol=1e-6)
    t = HALF.apply(pa.table({"no": [0.5, 0.2], "yes": [0.5, 0.8]}))
    assert isinstance(t, pa.Table)
    np.testing.assert_allclose(t["yes"], WANT)
    assert isinstance(HALF.apply(pa.array([0.5, 0.8])), pa.Array)


def test_tensors_come_back_as_tensors():
    torch = pytest.importorskip("torch")
    p = torch.tensor([0.5, 0.8], requires_grad=True)
    got = HALF.apply(p)
    assert isinstance(got, torch.Tensor)
    assert (got.dtype, got.requires_grad) == (torch.float32, False)
    np.testing.assert_allclose(got.numpy(), WANT, rtol=1e-6)


def test_missing_and_odd_probabilities_are_told():
    pd = pytest.importorskip("pandas")
    for bad, says in (
        (pd.Series([0.5, None], dtype="Float64"), "missing"),
        (pd.DataFrame({"a": [0.5, 0.5], "b": ["x", "y"]}), r"real numbers"),
        (np.ma.array([0.5, 0.4], mask=[False, True]), "missing"),
        (np.array(["0.5"]), "real numbers"),
        (np.array([0.5 + 0j]), "complex"),
        (np.zeros((2, 2, 2)), r"got shape \(2, 2, 2\)"),
        ([[0.5, 0.5], [1.0]], "rectangular"),
        ([[1.2, -0.2]], r"must lie in \[0, 1\]; got 2 outside, first 1.2 at row \(0, 0\)"),
    ):
        with pytest.raises(InputError, match=says):
            HALF.apply(bad)


@pytest.mark.parametrize("names", [[0, 1], [False, True], [1, 2], ["no", "yes"], [-1.0, 1.0], [np.int8(3), np.int8(7)]])
def test_the_larger_label_is_the_positive_one(names):
    codes, labels, _ = read_labels(np.array(names)[[0, 1, 1]], 2)
    assert codes.tolist() == [0, 1, 1]
    assert labels.tolist() == list(names)


def test_labels_of_every_container_are_the_same():
    pd, pl, torch = pytest.importorskip("pandas"), pytest.importorskip("polars"), pytest.importorskip("torch")
    words = ["b", "a", "b"]
    for y in (words, np.array(words, object), pd.Series(words), pd.Series(words, dtype="category"), pl.Series(words)):
        assert read_labels(y, 2)[0].tolist() == [1, 0, 1]
    assert read_labels(torch.tensor([1, 0, 1]), 2)[0].tolist() == [1, 0, 1]


def test_a_single_label_is_taken_only_as_a_class_number():
    assert read_labels([1, 1], 2)[0].tolist() == [1, 1]
    assert read_labels(np.array([0.0, 2.0]), 3)[0].tolist() == [0, 2]
    for bad in ([2, 2], ["a", "a"]):
        with pytest.raises(InputError, match="Code the classes as 0 to 1"):
            read_labels(bad, 2)


def test_labels_that_are_missing_mixed_or_misshapen_are_told():
    pl = pytest.importorskip("polars")
    for bad, says in (
        ([[0], [1]], r"one label a row, shape \(n,\); got shape \(2, 1\)"),
        ([], "one label a row"),
        (np.array(["a", None], object), "1 missing, first at row 1"),
        (pl.Series(["a", None, None]), "2 missing, first at row 1"),
        (np.array(["a", 1], object), "cannot be sorted"),
        ([0, 1, 2], "3 labels"),
    ):
        with pytest.raises(InputError, match=says):
            read_labels(bad, 2)
