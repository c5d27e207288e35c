"""Segments and labels: every container and type gives codes that stand for the right rows."""

import datetime
import math

import numpy as np
import pytest

from upweight import InputError
from upweight._check._segments import Segments, labels, mean_test


def restored(column, n):
    codes, names, _ = labels(column, n, "by")
    return [names[c] for c in codes]


@pytest.mark.parametrize(
    "column",
    [
        [3, 1, 3, 2],
        ["b", "a", "b", "c"],
        [True, False, True, True],
        [0.5, 1.5, 0.5, 2.5],
        [10**12, -5, 10**12, 7],
        ["a", 1, "a", 2.5],
    ],
)
def test_codes_stand_for_the_labels(column):
    assert restored(column, 4) == column
    if len({type(x) for x in column}) == 1:
        assert restored(np.array(column), 4) == column


def test_missing_labels_are_one_segment():
    assert restored([None, "a", math.nan], 3) == ["missing", "a", "missing"]
    assert restored(np.array([math.nan, 1.0, math.nan]), 3) == ["missing", 1.0, "missing"]
    assert restored(np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"), 2) == ["2026-01-01", "missing"]
    assert restored([datetime.date(2026, 1, 1), None], 2) == ["2026-01-01", "missing"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_frame_libraries(library):
    lib = pytest.importorskip(library)
    assert restored(lib.Series(["x", None, "y"]), 3) == ["x", "missing", "y"]
    assert restored(lib.Series([1, 2, 1]), 3) == [1, 2, 1]
    assert restored(lib.Series([True, False, True]), 3) == [True, False, True]
    assert restored(lib.Series([datetime.date(2026, 1, 1)] * 2), 2) == ["2026-01-01"] * 2


def test_nullable_integers_keep_their_missing_ones():
    pd = pytest.importorskip("pandas")
    assert restored(pd.Series([1, None, 1], dtype="Int64"), 3) == [1, "missing", 1]


def test_columns_that_are_no_labels_are_refused():
    with pytest.raises(InputError, match="one label a row, 3 of them; got shape"):
        labels(np.ones((3, 2)), 3, "by")
    with pytest.raises(InputError, match="lists or other containers"):
        labels(np.array([[1], [2, 3], None], dtype=object), 3, "by")


def test_sums_of_many_labels_over_many_blocks():
    rng = np.random.default_rng(0)
    l, codes = rng.normal(size=200_000), rng.integers(0, 20_000, size=200_000)
    names = tuple(range(20_000))
    s = Segments.of(l, codes, names, float(l.max()))
    w = np.exp(l - l.max())
    n = np.bincount(codes, minlength=20_000)
    mean = np.bincount(codes, w, minlength=20_000) / np.maximum(n, 1)
    assert (s.n == n).all()
    assert s.mean == pytest.approx(mean, rel=1e-12)
    assert s.centred == pytest.approx(np.bincount(codes, (w - mean[codes]) ** 2, minlength=20_000), rel=1e-9, abs=1e-18)


def test_pooled_rows_are_all_rows_that_are_left():
    codes = np.r_[np.zeros(50, int), np.arange(1, 31)]
    s = Segments.of(np.log(np.arange(1.0, 81.0)), codes, tuple("abcdefghijklmnopqrstuvwxyzABCDE"), math.log(80.0))
    table = s.figures(lambda n: 1.0)
    assert [*table] == ["a", "other"]
    assert table["other"].n == 30
    assert table["other"].mean == pytest.approx(np.arange(51.0, 81.0).mean())
    assert table["other"].mean_se == pytest.approx(np.arange(51.0, 81.0).std(ddof=1) / math.sqrt(30))


def test_a_label_called_other_is_not_mixed_with_the_small_ones():
    by = np.array(["other"] * 30 + ["a"] * 3 + ["b"] * 3)
    codes, names, _ = labels(by, 36, "by")
    table = Segments.of(np.zeros(36), codes, names, 0.0).figures(lambda n: 1.0)
    assert [*table] == ["other", "other (2 small)"]
    assert table["other (2 small)"].n == 6


def test_mean_test_of_a_mean_without_error():
    assert mean_test(1.0, 0.0, 2.0) == 0.0
    assert mean_test(0.9, 0.0, 2.0) == -math.inf
    assert mean_test(1.2, 0.1, 2.0) == pytest.approx(1.0)
    assert mean_test(1.2, 0.1, math.inf) == 0.0
    assert math.isnan(mean_test(1.2, math.nan, 2.0))
