"""What comes out is of the kind that went in: labels, column types, index."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from imblearn import over_sampling as over
from imblearn import under_sampling as under
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import upweight.imbalance as im
from upweight.imbalance.resamplers._adopt import Adopted
from upweight.tables import row_slice

rng = np.random.default_rng(0)
Y = np.repeat([0, 1], [80, 20])[rng.permutation(100)]
X = rng.normal(size=(100, 4)) + Y[:, None]
FRAME = pd.DataFrame(X, columns=list("abcd"), index=np.arange(100) + 1000)
SAMPLERS = [
    im.RandomUnder(rng=0),
    im.RandomOver(rng=0),
    im.SMOTE(rng=0),
    im.TomekLinks(),
    im.InstanceHardness(rng=0),
    im.Chain(im.SMOTE(rng=0), im.TomekLinks()),
    im.Chain(im.SMOTE(to=0.5, rng=0), im.SMOTE(rng=1)),  # rows made from made rows: stored
    im.adopt(over.SMOTE(random_state=0)),
    im.adopt(under.TomekLinks()),
]
NAMES = ["under", "over", "smote", "tomek", "hardness", "smote+tomek", "smote+smote", "adopted", "adopted tomek"]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=NAMES)
@pytest.mark.parametrize(
    "dtype", ["int8", "object", "category", "Int64", "bool", "boolean", "string", "int64[pyarrow]", "string[pyarrow]"]
)
def test_a_series_of_labels_keeps_its_name_type_and_the_index_of_its_rows(sampler, dtype):
    y = pd.Series(np.array(["no", "yes"])[Y] if "string" in dtype else Y, FRAME.index, name="ill").astype(dtype)
    rows, labels = sampler.fit_resample(FRAME, y)
    assert isinstance(labels, pd.Series)
    assert (labels.name, labels.dtype) == ("ill", y.dtype)
    assert labels.index.equals(rows.index)
    assert (np.asarray(labels) == sampler.resample_.y).all()
    real = sampler.sample_indices_ >= 0
    assert (labels[real].to_numpy() == y.iloc[sampler.sample_indices_[real]].to_numpy()).all()


@pytest.mark.parametrize(
    "y",
    [
        Y.astype(np.int8), Y.astype(bool), Y.astype(object), Y.astype(float), np.array(["no", "yes"], object)[Y],
        np.array(["no", "yes"])[Y], pl.Series("ill", Y.astype(np.int16)), pl.Series("ill", Y > 0),
        pl.Series("ill", np.array(["no", "yes"])[Y]).cast(pl.Categorical), pa.array(Y > 0), pa.chunked_array([Y]),
        pd.DataFrame({"ill": Y}), pl.DataFrame({"ill": Y}), pd.Series(pd.Categorical(Y), name="ill"),
    ],
    ids=lambda y: f"{type(y).__module__.split('.')[0]} {getattr(y, 'dtype', type(y).__name__)}",
)  # fmt: skip
@pytest.mark.parametrize("sampler", SAMPLERS[1:4] + SAMPLERS[6:8], ids=NAMES[1:4] + NAMES[6:8])
def test_labels_come_back_in_their_own_kind(sampler, y):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A column-vector")  # a frame of one column
        _, labels = sampler.fit_resample(X, y)
    assert type(labels) in (type(y), pa.lib.ChunkedArray if isinstance(y, pa.Array) else type(y))
    for what in ("dtype", "type", "name", "columns"):
        assert np.all(getattr(labels, what, None) == getattr(y, what, None))
    assert (np.asarray(labels).reshape(-1) == sampler.resample_.y).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_a_pipeline_that_ends_in_a_resampler_gives_labels_in_their_own_kind(weighted):
    y = pd.Series(Y, FRAME.index, name="ill").astype("category")
    w = (np.arange(100) % 7 > 0).astype(float) if weighted else None
    steps = [("smote", im.SMOTE(rng=0)), ("tomek", im.TomekLinks())]
    rows, labels = im.Pipeline(steps).fit_resample(FRAME, y, sample_weight=w)[:2]
    assert (labels.name, labels.dtype) == ("ill", y.dtype)
    assert labels.index.equals(rows.index)


@pytest.mark.parametrize(
    "y",
    [Y.astype(object), pl.Series("ill", Y), pd.Series(Y, name="ill").astype("Int64")],
    ids=["object", "polars", "Int64"],
)
def test_the_last_step_of_a_pipeline_is_fitted_on_an_array_of_the_labels(y):
    seen = []

    class Watch(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen.append(y)
            return super().fit(X, y, sample_weight)

    im.Pipeline([("under", im.RandomUnder(rng=0)), ("lr", Watch())]).fit(X, y)
    assert isinstance(seen[0], np.ndarray)
    assert seen[0].dtype.kind == "i"


def test_lists_and_column_vectors_become_arrays():
    for y in (Y.tolist(), tuple(Y.tolist())):
        labels = im.SMOTE(rng=0).fit_resample(X, y)[1]
        assert isinstance(labels, np.ndarray)
        assert labels.shape == (160,)
    with pytest.warns(UserWarning, match="column-vector"):
        assert im.SMOTE(rng=0).fit_resample(X, Y[:, None])[1].shape == (160,)


def test_labels_of_an_array_keep_their_own_index_and_weights_stand_third():
    y = pd.Series(Y, index=np.arange(100) + 50, name="ill")
    rows, labels, w = im.RandomUnder(rng=0).fit_resample(X, y, sample_weight=np.ones(100))
    assert isinstance(rows, np.ndarray)
    assert labels.equals(y.loc[labels.index])
    assert w.shape == (40,)


def test_where_equal_rows_have_other_labels_an_adopted_sampler_is_believed():
    class Flip:
        def fit_resample(self, X, y):
            return X[:10], 1 - y[:10]

    y = pd.Series(Y, name="ill")
    _, labels = im.adopt(Flip()).fit_resample(X, y)
    assert labels.tolist() == (1 - Y[:10]).tolist()
    assert labels.name == "ill"


NULLABLE = ["float32", "float64", "Float32", "Float64", "float[pyarrow]", "double[pyarrow]"]


@pytest.mark.parametrize("dtype", NULLABLE)
@pytest.mark.parametrize("sampler", SAMPLERS, ids=NAMES)
def test_float_columns_keep_their_type_with_and_without_synthetic_rows(sampler, dtype):
    frame = FRAME.astype(dtype)
    rows, _ = sampler.fit_resample(frame, Y)
    assert rows.dtypes.tolist() == frame.dtypes.tolist()
    same = sampler.fit_resample(frame.astype(f"float{32 if '32' in dtype or dtype == 'float[pyarrow]' else 64}"), Y)[0]
    theirs = 1e-6 if isinstance(sampler, Adopted) else 0  # nullable float32 is computed in float64 there
    np.testing.assert_allclose(rows.to_numpy(float), same.to_numpy(float), rtol=0, atol=theirs)


@pytest.mark.parametrize(
    ("dtype", "then"),
    [("int64", "float64"), ("uint8", "float64"), ("Int64", "Float64"), ("UInt8", "Float64"), ("int64[pyarrow]", "double[pyarrow]")],
)  # fmt: skip
def test_whole_numbers_become_fractions_of_their_own_family_only_where_rows_are_synthetic(dtype, then):
    frame = pd.DataFrame(rng.integers(0, 200, (100, 3)), columns=list("abc")).astype(dtype)
    assert set(im.RandomUnder(rng=0).fit_resample(frame, Y)[0].dtypes.astype(str)) == {dtype}
    assert set(im.SMOTE(rng=0).fit_resample(frame, Y)[0].dtypes.astype(str)) == {then}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int16, bool])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, pd.DataFrame, pl.DataFrame])
def test_differences_of_small_and_unsigned_numbers_do_not_wrap(dtype, kind):
    table = rng.integers(0, 2 if dtype is bool else 127, (100, 3)).astype(dtype)
    table = table if kind in (np.asarray, sparse.csr_array) else pd.DataFrame(table, columns=list("abc"))
    given = kind(table) if kind is not pl.DataFrame else pl.from_pandas(table)
    made = im.SMOTE(categorical=(), rng=0).fit_resample(given, Y)[0]
    made = made.toarray() if sparse.issparse(made) else np.asarray(made, dtype=float)
    wanted = im.SMOTE(categorical=(), rng=0).fit_resample(np.asarray(table, dtype=float), Y)[0]
    np.testing.assert_array_equal(made, wanted)


def test_random_samplers_ask_for_no_column_names():
    twice = FRAME.set_axis(list("aabc"), axis=1)
    for sampler in (im.RandomUnder(rng=0), im.RandomOver(rng=0)):
        rows, _ = sampler.fit_resample(twice, Y)
        assert rows.equals(twice.iloc[sampler.sample_indices_])
    arrow = pa.Table.from_arrays([pa.array(X[:, 0]), pa.array(X[:, 1])], names=["a", "a"])
    assert im.RandomUnder(rng=0).fit_resample(arrow, Y)[0].column_names == ["a", "a"]


def test_no_rows_can_be_taken_of_every_kind():
    for table in (X, FRAME, pl.DataFrame(X), pa.table({"a": X[:, 0]}), sparse.csr_array(X)):
        assert row_slice(table, []).shape[0] == 0
