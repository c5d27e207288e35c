"""Rows as points: which columns are numbers, which are levels, and what is refused by name."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

import upweight.imbalance as im
from upweight import InputError
from upweight.neighbours._points import points

rng = np.random.default_rng(0)
Y = np.repeat([0, 1], [80, 20])[rng.permutation(100)]
X = rng.normal(size=(100, 4)) + Y[:, None]
FRAME = pd.DataFrame(X, columns=["age", "pay", "dose", "size"])
MEASURING = [
    im.SMOTE(rng=0), im.SMOTE(kind="borderline2", rng=0), im.TomekLinks(), im.EditedNN(), im.NearMiss(), im.CondensedNN(rng=0),
    im.OneSided(rng=0), im.NeighbourhoodCleaning(), im.Chain(im.SMOTE(rng=0), im.TomekLinks()),
    im.Chain(im.SMOTE(rng=0), im.EditedNN(drop="all")),
]  # fmt: skip
ALL = [*MEASURING, im.RandomUnder(rng=0), im.RandomOver(rng=0), im.InstanceHardness(rng=0)]


def refused(call, *given, **named):
    with pytest.raises(InputError) as told:
        call(*given, **named)
    return str(told.value)


# ---- bools ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", MEASURING, ids=repr)
def test_bools_are_the_same_categories_in_every_kind_of_table(sampler):
    bools = X > 0.5
    wanted = sampler.resample(pd.DataFrame(bools, columns=list("abcd")), Y)
    for table in (bools, sparse.csr_array(bools), bools.astype(object), pl.DataFrame(bools)):
        made = sampler.resample(table, Y)
        np.testing.assert_array_equal(made.parents, wanted.parents)
        made.take(table)
    np.testing.assert_array_equal(sampler.resample(bools, Y, neighbours=im.neighbours(bools)).parents, wanted.parents)


@pytest.mark.parametrize("sampler", MEASURING[:4], ids=repr)
def test_bools_beside_numbers_in_an_array_of_objects_are_those_of_a_frame(sampler):
    frame = FRAME.assign(ill=X[:, 0] > 0.5)
    array = np.concatenate([X.astype(object), (X[:, [0]] > 0.5).astype(object)], axis=1)
    np.testing.assert_array_equal(sampler.resample(array, Y).parents, sampler.resample(frame, Y).parents)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, pd.DataFrame, pl.DataFrame, lambda a: a.astype(object)])
def test_bools_that_are_named_as_no_category_are_numbers_of_0_and_1(kind):
    bools = X > 0.5
    read = points(kind(bools), categorical=())
    numbers = read.numbers.toarray() if sparse.issparse(read.numbers) else read.numbers
    np.testing.assert_array_equal(numbers, bools.astype(float))
    assert read.codes.shape == (100, 0)
    np.testing.assert_array_equal(
        im.neighbours(kind(bools), categorical=()).rows, im.neighbours(bools.astype(float), categorical=()).rows
    )


def test_a_method_without_categorical_is_not_told_to_name_columns():
    table = np.concatenate([X.astype(object), np.array([["no"], ["yes"]])[Y]], axis=1)
    numbers_only = im.neighbours(X, categorical=())
    said = refused(im.TomekLinks().resample, table, Y, neighbours=numbers_only)
    assert said == "column 4 holds text and `neighbours` were searched without it. Search again: im.neighbours(X)."
    said = refused(im.SMOTE(categorical=()).resample, table, Y)
    assert said == "column 4 holds text and is not named in `categorical`. Name it, or say 'auto'."


# ---- what is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", MEASURING, ids=repr)
def test_names_that_stand_twice_are_refused_with_their_places(sampler):
    said = "Column names must differ; 'age' stands at columns [0, 2]. Rename or drop one."
    assert refused(sampler.resample, FRAME.set_axis(["age", "b", "age", "c"], axis=1), Y) == said
    arrow = pa.Table.from_arrays([pa.array(c) for c in X.T], names=["age", "b", "age", "c"])
    assert refused(sampler.resample, arrow, Y) == said


def test_names_that_stand_twice_are_refused_by_searches_ensembles_and_adopted_samplers():
    from imblearn.under_sampling import TomekLinks

    said = "Column names must differ; 'age' stands at columns [0, 2]. Rename or drop one."
    twice = FRAME.set_axis(["age", "b", "age", "c"], axis=1)
    assert refused(im.neighbours, twice) == said
    assert refused(im.adopt(TomekLinks()).resample, twice, Y) == said
    for ensemble in (im.easy_ensemble(rng=0), im.RUSBoost(rng=0), im.BalanceCascade(rng=0)):
        assert refused(ensemble.fit, twice, Y) == said


@pytest.mark.parametrize("sampler", ALL, ids=repr)
def test_a_lazy_table_is_told_to_be_collected(sampler):
    said = refused(sampler.resample, pl.DataFrame(X).lazy(), Y)
    assert said == "`X` must be a table that holds its rows; got a LazyFrame. collect() it first."


def test_a_lazy_table_is_told_to_be_collected_elsewhere_too():
    lazy = pl.DataFrame(X).lazy()
    for call in (
        im.neighbours,
        lambda t: im.compare(t, Y),
        lambda t: im.Rebalanced().fit(t, Y),
        lambda t: im.RUSBoost().fit(t, Y),
    ):
        assert refused(call, lazy).endswith("got a LazyFrame. collect() it first.")


@pytest.mark.parametrize("sampler", MEASURING, ids=repr)
@pytest.mark.parametrize("dtype", ["Int64", "Float64", "Float32", "double[pyarrow]", "int64[pyarrow]"])
def test_gaps_of_nullable_columns_are_told_with_column_count_and_row(sampler, dtype):
    column = pd.Series(rng.integers(0, 9, 100).astype(float))
    column[17:31] = np.nan
    table = FRAME.assign(age=column.astype(dtype))
    name = sampler.steps[0] if isinstance(sampler, im.Chain) else sampler
    said = refused(sampler.resample, table, Y)
    assert said == f"`X` must be finite for {type(name).__name__}; 'age': 14 NaN, first at row 17. Impute first."


def test_gaps_of_polars_and_arrow_are_told_alike():
    table = pl.DataFrame(X, ["age", "b", "c", "d"]).with_columns(
        age=pl.Series([None if 17 <= i < 31 else i for i in range(100)])
    )
    for given in (table, table.to_arrow()):
        assert "for SMOTE; 'age': 14 NaN, first at row 17." in refused(im.SMOTE().resample, given, Y)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[1, 2]] * 100, "list<item: int64>"),
        ([{"a": 1}] * 100, "struct<a: int64>"),
        ([np.ones(2)] * 100, "list<item: double>"),
        ([datetime.date(2020, 1, 1)] * 100, "date32[day]"),
    ],
    ids=["lists", "dicts", "arrays", "dates"],
)
@pytest.mark.parametrize("sampler", MEASURING[:4], ids=repr)
def test_a_column_of_objects_that_nobody_can_measure_is_named(sampler, values, kind):
    said = refused(sampler.resample, FRAME.assign(visits=pd.Series(values, dtype=object)), Y)
    assert said == (
        f"column 'visits' holds {kind}, which {type(sampler).__name__} cannot measure. Turn it into numbers, or drop it."
    )


@pytest.mark.parametrize("table", [X[:, :0], FRAME[[]], sparse.csr_array((100, 0))], ids=["array", "frame", "CSR"])
def test_a_table_without_columns_is_refused(table):
    for sampler in MEASURING[:8]:
        name = type(sampler).__name__
        assert refused(sampler.resample, table, Y) == f"`X` has no columns: shape (100, 0). {name} needs one at least."


@pytest.mark.parametrize(
    ("categorical", "said"),
    [
        (
            [True, False],
            "`categorical` as a mask needs one entry a column; got 2 entries for 4 columns. Or name the columns.",
        ),
        (np.array([True]), "got 1 entry for 4 columns."),
        ([True] * 5, "got 5 entries for 4 columns."),
        ([0, True], "`categorical` mixes True or False with columns: [0, True]. Give a mask or columns, not both."),
        (-1, "`categorical` must be 'auto', a list of columns or a mask; got -1. Write [-1]."),
        (9, "got 9. Leave it out for 'auto'."),
        (3.5, "got 3.5. Leave it out for 'auto'."),
        (True, "got True. Leave it out for 'auto'."),
        ("all", "got 'all'. Leave it out for 'auto'."),
        ([9], "`categorical` names column 9, which `X` has not. Known: 0, 1, 2, 3."),
        ([[0]], "`categorical` names column [0], which `X` has not."),
        (np.zeros((2, 2)), "`categorical` names column array([0., 0.]), which `X` has not."),
        (["1"], "It has the number 1 (int), not the text '1'. Write 1."),
    ],
)
def test_categorical_is_columns_or_a_mask_of_their_number(categorical, said):
    assert said in refused(im.SMOTE(categorical=categorical, rng=0).resample, X, Y)
    assert said in refused(im.neighbours, X, categorical=categorical)


def test_the_ways_to_name_categorical_columns_agree():
    table = np.round(X * 2)  # with -0.0, which is 0.0
    wanted = im.SMOTE(categorical=[1, 3], rng=0).resample(table, Y).take(table)
    for same in (
        [False, True, False, True],
        np.array([False, True, False, True]),
        [-1, 1],
        {1, 3},
        pd.Index([1, 3]),
        range(1, 4, 2),
    ):
        np.testing.assert_array_equal(im.SMOTE(categorical=same, rng=0).resample(table, Y).take(table), wanted)
    frame = pd.DataFrame(table, columns=list("abcd"))
    for same in (["b", "d"], ("d", 1), [False, True, False, True]):
        np.testing.assert_array_equal(im.SMOTE(categorical=same, rng=0).resample(frame, Y).take(frame), wanted)
    assert "got 'b'. Write ['b']." in refused(im.SMOTE(categorical="b").resample, frame, Y)
