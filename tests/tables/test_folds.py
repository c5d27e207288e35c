"""Folds: a partition, classes in each, groups whole, the same for one seed."""

import numpy as np
import pandas as pd
import pytest

from upweight import InputError
from upweight.tables._class_labels import Labels
from upweight.tables._folds import default_repeats, group_codes, inner_default, outer_folds, read_cv, stratified

Y = np.repeat([0, 1], [90, 10])


@pytest.mark.parametrize(
    ("rows", "repeats", "inner"), [(9_999, 5, 5), (10_000, 2, 5), (19_999, 2, 5), (20_000, 2, 3), (100_000, 1, 3)]
)
def test_repeats_and_inner_folds_by_size(rows, repeats, inner):
    assert (default_repeats(rows), inner_default(rows)) == (repeats, inner)


@pytest.mark.parametrize(
    ("cv", "read"), [(5, (5, 5)), ("5", (5, 5)), ("5x2", (5, 2)), ("10 x 1", (10, 1)), ("3×4", (3, 4))]
)
def test_cv_reads_folds_and_repeats(cv, read):
    assert read_cv(cv, 100) == read


@pytest.mark.parametrize("cv", ["five", "5x", "5x2x3", -5, True, "1", "5x0", None, 0.5])
def test_other_cv_is_refused(cv):
    with pytest.raises(InputError, match="`cv`"):
        read_cv(cv, 100)


def outer_folds_are_a_partition_with_every_class_in_proportion():
    for folds in outer_folds(Labels.of(Y), (5, 3), 0, None):
        np.testing.assert_array_equal(np.sort(np.concatenate(folds)), np.arange(100))
        assert [Y[f].sum() for f in folds] == [2] * 5


def test_groups_stay_whole():
    group = np.arange(100) // 2
    y = np.random.default_rng(0).permutation(Y)
    for folds in outer_folds(Labels.of(y), (5, 2), 0, group):
        assert not any(set(group[f]) & set(group[g]) for i, f in enumerate(folds) for g in folds[:i])


def test_one_seed_gives_the_same_folds_and_repeats_differ():
    a, b = (outer_folds(Labels.of(Y), (5, 2), 7, None) for _ in range(2))
    assert all((x == y).all() for r, s in zip(a, b, strict=True) for x, y in zip(r, s, strict=True))
    assert not all((x == y).all() for x, y in zip(a[0], a[1], strict=True))


def test_a_class_smaller_than_the_folds_is_refused():
    with pytest.raises(InputError) as error:
        outer_folds(Labels.of(["c"] * 3 + ["d"] * 50), (5, 1), 0, None)
    assert str(error.value) == "5 folds need 5 rows of every class; 'c' has 3. Use cv=3 or merge classes."


def test_too_few_groups_are_refused():
    with pytest.raises(InputError, match="5 folds need 5 groups with every class; 1 occurs in 1"):
        outer_folds(Labels.of(Y), (5, 1), 0, np.repeat(np.arange(10), 10))


def test_groups_of_any_kind_become_numbers_by_first_appearance():
    assert group_codes(["b", "a", "b", "c"], 4).tolist() == [0, 1, 0, 2]
    assert group_codes(None, 4) is None


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (["a", None, "b"], "has 1 gap, first at row 1"),
        (["a", "b"], "shape (3,); got (2,)"),
        ([1.0, np.nan, np.nan], "has 2 gaps"),
        (np.array(["a", np.nan, "b"], object), "has 1 gap, first at row 1"),
        (pd.Series(["a", "b", pd.NA], dtype="string"), "has 1 gap, first at row 2"),
        (np.array(["2020-01-01", "NaT", "NaT"], "datetime64[D]"), "has 2 gaps, first at row 1"),
    ],
)
def test_bad_groups_are_refused(group, message):
    with pytest.raises(InputError) as error:
        group_codes(group, 3)
    assert message in str(error.value)


def test_inner_folds_follow_their_generator():
    a, b = (stratified(Y, 4, np.random.default_rng(1), None) for _ in range(2))
    assert all((x == y).all() for x, y in zip(a, b, strict=True))
