"""What all resamplers share: keywords of other libraries are answered, tables of objects and whole numbers are read."""

from __future__ import annotations

import numpy as np
import pytest

import upweight.imbalance as im
from upweight import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = np.repeat([0, 1], [45, 15])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: im.SMOTE(random_state=3), "SMOTE takes no `random_state`: here it is `rng`. Write SMOTE(rng=3)."),
        (lambda: im.SMOTE(k_neighbors=3), "SMOTE takes no `k_neighbors`: here it is `k`. Write SMOTE(k=3)."),
        (lambda: im.SMOTE(m_neighbors=3), "SMOTE takes no `m_neighbors`: here it is `m`. Write SMOTE(m=3)."),
        (lambda: im.EditedNN(n_neighbors=3), "EditedNN takes no `n_neighbors`: here it is `k`. Write EditedNN(k=3)."),
        (lambda: im.RandomUnder(sampling_strategy=0.5), "RandomUnder takes no `sampling_strategy`: here it is `to`"),
        (lambda: im.TomekLinks(n_jobs=2), "TomekLinks takes no `n_jobs`"),
        (lambda: im.InstanceHardness(estimator=None), "InstanceHardness takes no `estimator`: here it is `learner`"),
        (lambda: im.Chain(random_state=1), "Chain takes no `random_state`: here it is `rng`. Write Chain(rng=1)."),
        (lambda: im.neighbours(X, n_neighbors=4), "neighbours takes no `n_neighbors`: here it is `k`"),
        (lambda: im.adopt(im.SMOTE(), random_state=1), "adopt takes no `random_state`: here it is `rng`"),
        (lambda: im.class_weights(Y, weights=Y), "class_weights takes no `weights`: here it is `base`"),
    ],
)
def test_a_keyword_of_another_library_is_answered_with_ours(make, text):
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).startswith(text)
    assert isinstance(caught.value, TypeError)


def test_a_matrix_of_objects_that_are_numbers_is_a_matrix_of_numbers():
    as_numbers, _ = im.SMOTE(rng=0).fit_resample(X, Y)
    as_objects, _ = im.SMOTE(rng=0).fit_resample(X.astype(object), Y)
    assert as_objects.dtype == object
    assert np.array_equal(as_objects.astype(float), as_numbers)
    assert np.array_equal(im.TomekLinks().resample(X.astype(object), Y).indices, im.TomekLinks().resample(X, Y).indices)


def test_smote_reads_a_two_valued_column_of_whole_numbers():
    whole = np.c_[np.rint(10 * X).astype(np.int64), RNG.integers(0, 2, 60)]
    made, _ = im.SMOTE(rng=0).fit_resample(whole, Y)
    again, _ = im.SMOTE(rng=0).fit_resample(whole.astype(float), Y)
    assert set(np.unique(made[:, 3])) == {0, 1}
    assert np.array_equal(made, again)


def test_a_cell_that_is_neither_number_nor_text_is_refused_by_name():
    cells = X.astype(object)
    cells[7, 1] = {"a": 1}
    with pytest.raises(InputError, match=r"column 1 holds a dict, first at row 7, which SMOTE cannot measure"):
        im.SMOTE().resample(cells, Y)


@pytest.mark.parametrize("sampler", [im.SMOTE(rng=0), im.TomekLinks(), im.EditedNN(), im.NearMiss()], ids=str)
def test_sparse_columns_of_pandas_are_numbers(sampler):
    pd, sparse = pytest.importorskip("pandas"), pytest.importorskip("scipy.sparse")
    rows = sparse.random(300, 8, density=0.4, format="csr", random_state=0)
    y = np.repeat([0, 1], [240, 60])
    frame = pd.DataFrame.sparse.from_spmatrix(rows)
    dense = rows.toarray()
    made, _ = sampler.fit_resample(frame, y)
    plain, _ = sampler.fit_resample(dense, y)
    assert all(isinstance(t, pd.SparseDtype) for t in made.dtypes)
    assert np.allclose(made.to_numpy(), plain)


def test_a_type_that_is_not_known_is_refused_by_name():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": X[:, 0], "span": pd.interval_range(0, 60)})
    with pytest.raises(InputError, match=r"column 'span' holds interval\[int64, right\], which SMOTE cannot measure"):
        im.SMOTE().resample(frame, Y)
