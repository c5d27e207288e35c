"""Columns of frames, however a library holds them: sparse, objects, and types nobody knows."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

import upweight.imbalance as im
from upweight import InputError
from upweight.tables import Schema

DENSE, Y = make_classification(1000, n_features=6, weights=[0.9], flip_y=0.05, random_state=0)
DENSE = np.where(np.abs(DENSE) > 0.7, DENSE, 0)
CSR = sparse.csr_matrix(DENSE)
SPARSE = pd.DataFrame.sparse.from_spmatrix(CSR, columns=list("abcdef"))
PARTLY = SPARSE.assign(a=SPARSE["a"].sparse.to_dense())


@pytest.mark.parametrize(
    "sampler", [im.TomekLinks(), im.EditedNN(), im.NearMiss(), im.SMOTE(rng=0), im.SMOTE(kind="adasyn", rng=0)]
)
def test_sparse_columns_are_the_numbers_of_their_matrix(sampler):
    wanted = sampler.resample(CSR, Y)
    assert len(wanted) != len(Y)
    r = sampler.resample(SPARSE, Y)
    assert np.array_equal(r.indices, wanted.indices)
    assert np.array_equal(r.parents, wanted.parents)
    rows = sampler.fit_resample(SPARSE, Y)[0]
    assert all(isinstance(kind, pd.SparseDtype) for kind in rows.dtypes)
    np.testing.assert_allclose(rows.sparse.to_dense().to_numpy(), wanted.take(CSR).toarray(), rtol=1e-12)
    np.testing.assert_array_equal(sampler.resample(PARTLY, Y).indices, sampler.resample(DENSE, Y).indices)


def test_a_sparse_frame_is_read_as_its_matrix_and_a_model_takes_both():
    table = Schema.of(SPARSE).read(SPARSE)
    assert sparse.issparse(table.numbers)
    np.testing.assert_array_equal(table.numbers.toarray(), DENSE)
    np.testing.assert_array_equal(Schema.of(PARTLY).read(PARTLY).numbers, DENSE)
    frame = SPARSE.sparse.to_dense()
    for train in (SPARSE, frame):
        model = im.Rebalanced("logistic", "none", inner=2, rng=0).fit(train, Y)
        np.testing.assert_allclose(model.predict_proba(SPARSE), model.predict_proba(frame), rtol=1e-12)


def test_categories_of_a_sparse_frame_are_named_as_of_a_dense_one():
    frame = SPARSE.assign(f=pd.arrays.SparseArray((DENSE[:, 5] > 0).astype(float), fill_value=0.0))
    r = im.SMOTE(categorical=["f"], rng=0).resample(frame, Y)
    assert r.categorical == ("f",)
    assert set(r.take(frame)["f"].sparse.to_dense()) == {0.0, 1.0}


@pytest.mark.parametrize("sampler", [im.TomekLinks(), im.SMOTE(rng=0), im.Chain(im.SMOTE(rng=0), im.TomekLinks())])
def test_objects_that_are_numbers_are_numbers(sampler):
    X = np.random.default_rng(0).normal(size=(200, 3)) + (Y[:200, None] > 0)
    wanted = sampler.resample(X, Y[:200])
    frames = [
        X.astype(object),
        pd.DataFrame(X).astype(object),
        pl.DataFrame({f"c{j}": pl.Series(c.tolist(), dtype=pl.Object) for j, c in enumerate(X.T)}),
    ]
    for frame in frames:
        r = sampler.resample(frame, Y[:200])
        np.testing.assert_array_equal(r.parents, wanted.parents)
        rows = sampler.fit_resample(frame, Y[:200])[0]
        np.testing.assert_array_equal(np.asarray(rows).astype(float), wanted.take(X))
    assert sampler.fit_resample(frames[0], Y[:200])[0].dtype == object


def test_decimals_are_numbers():
    values = [decimal.Decimal(f"{v:.2f}") for v in DENSE[:, 0]]
    for frame in (pd.DataFrame({"d": values}), pl.DataFrame({"d": values}), pa.table({"d": values})):
        assert Schema.of(frame).columns[0].kind == "numeric"
        assert im.SMOTE(categorical=(), rng=0).resample(frame, Y).categorical == ()


UNKNOWN = {
    "period": pd.period_range("2000-01", periods=1000, freq="D"),
    "interval": pd.interval_range(0, 1000),
    "complex": DENSE[:, 0] + 1j,
    "dict": [{"a": 1}, [1]] * 500,
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_types_nobody_knows_are_refused_by_name(kind):
    frame = pd.DataFrame({"x": DENSE[:, 1], "odd": UNKNOWN[kind]})
    for read in (Schema.of, lambda X: im.SMOTE(rng=0).resample(X, Y), lambda X: im.TomekLinks().resample(X, Y)):
        with pytest.raises(InputError, match=rf"(?i)column 'odd'.*|{kind}") as error:
            read(frame)
        assert kind in str(error.value).lower()
    schema = Schema.of(pd.DataFrame({"x": [1.0, 2.0], "odd": [1.0, 2.0]}))
    with pytest.raises(InputError, match="column 'odd'"):
        schema.read(frame)


def test_nested_values_and_spans_of_time_are_refused_by_samplers():
    for values in ([[1]] * 1000, pd.to_timedelta(np.arange(1000), "h")):
        with pytest.raises(InputError, match=r"column 'odd' holds (list|Duration).*, which TomekLinks cannot measure"):
            im.TomekLinks().resample(pd.DataFrame({"x": DENSE[:, 1], "odd": values}), Y)


@pytest.mark.parametrize("learner", ["logistic", LogisticRegression()])
@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, sparse.csr_array])
def test_no_rows_to_predict_are_refused_in_words(kind, learner):
    model = im.Rebalanced(learner, "none", inner=2, rng=0).fit(kind(DENSE), Y)
    with pytest.raises(InputError, match=r"`X` holds no rows, .*Skip empty batches"):
        model.predict(kind(DENSE)[:0])
