"""NumPy files: vectors, matrices and named fields as columns, the same for both readers."""

import numpy as np
import pytest
import scipy.sparse

from upweight import InputError
from upweight.files import open_columns, read_source


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(name):
    table = read_source(name, lambda _: None).table
    columns = open_columns(name, lambda _: None)
    assert list(columns.names) == table.column_names
    assert columns.rows == table.num_rows
    return table


def test_x_and_y_of_a_benchmark_are_columns():
    X, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])
    np.savez("d.npz", X=X, y=y)
    assert read("d.npz").to_pydict() == {"X0": [0, 2, 4], "X1": [1, 3, 5], "y": [0, 1, 0]}
    np.savez_compressed("d.npz", X=X, y=y[:, None])
    assert read("d.npz").column_names == ["X0", "X1", "y"]


def test_vectors_matrices_and_fields():
    np.save("v.npy", np.array([1.0, 2.0]))
    assert read("v.npy").to_pydict() == {"w": [1, 2]}
    np.save("m.npy", np.eye(2, dtype=">i4"))
    assert read("m.npy").to_pydict() == {"c0": [1, 0], "c1": [0, 1]}
    np.save("f.npy", np.array([(1.5, "a"), (2.5, "b")], dtype=[("w", "f2"), ("t", "U3")]))
    assert read("f.npy").to_pydict() == {"w": [1.5, 2.5], "t": ["a", "b"]}


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"X": np.eye(3), "y": np.ones(2)}, "'y' has 2 rows, 'X0' has 3"),
        ({"X": np.ones((2, 2, 2))}, "'X' must hold columns of numbers or text; got float64 of shape"),
        ({"X": np.ones(2, complex)}, "got complex128 of shape"),
        ({}, "holds no array"),
        ({"X1": np.ones(2), "X": np.ones((2, 2))}, "column 'X1' stands twice"),
    ],
)
def test_what_is_no_table_is_refused(arrays, why):
    np.savez("d.npz", **arrays)
    for reader in (read_source, open_columns):
        with pytest.raises(InputError, match="^d.npz: ") as error:
            reader("d.npz", lambda _: None)
        assert why in str(error.value)


def test_a_sparse_matrix_and_objects_are_refused_in_words():
    scipy.sparse.save_npz("s.npz", scipy.sparse.eye_array(3).tocsr())
    with pytest.raises(InputError, match="s.npz: holds a SciPy sparse matrix. Save it dense"):
        read_source("s.npz", lambda _: None)
    np.savez("o.npz", X=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="o.npz: not a .npz file of numbers: Object arrays"):
        read_source("o.npz", lambda _: None)
