"""Weights handed to scikit-learn, pandas and PyTorch: taken as the column of mean one that `np.asarray` gives, never as an object."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split

from upweight import InputError, Weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2))
Y = (X[:, 0] + RNG.normal(size=200) > 0).astype(int)
W = Weights.of(RNG.exponential(size=200), kind="importance")
FRAME = pd.DataFrame(X, columns=["a", "b"])


def test_train_test_split_takes_them_row_by_row():
    *_, train, test, rows, _ = train_test_split(X, W, np.arange(200), random_state=0)
    rest = train_test_split(np.arange(200), random_state=0)[1]
    np.testing.assert_array_equal(train.log_w, W.log_w[rows])
    np.testing.assert_array_equal(test.log_w, W.log_w[rest])


def test_cross_validation_takes_them_as_a_fit_parameter():
    ours = cross_val_score(LogisticRegression(), X, Y, params={"sample_weight": W})
    plain = cross_val_score(LogisticRegression(), X, Y, params={"sample_weight": W.sample_weight})
    assert ours.tolist() == plain.tolist()


def test_pandas_draws_with_them_and_takes_them_as_numbers():
    drawn = FRAME.sample(20, weights=W, random_state=0)
    pd.testing.assert_frame_equal(drawn, FRAME.sample(20, weights=W.sample_weight, random_state=0))
    column = FRAME.assign(w=W)["w"]
    assert column.dtype == np.float64
    np.testing.assert_array_equal(column, W.sample_weight)


def test_pytorch_takes_them():
    np.testing.assert_array_equal(torch.as_tensor(W).numpy(), W.sample_weight)
    sampler = torch.utils.data.WeightedRandomSampler(W, 5, generator=torch.Generator().manual_seed(0))
    plain = torch.utils.data.WeightedRandomSampler(W.sample_weight, 5, generator=torch.Generator().manual_seed(0))
    assert [*sampler] == [*plain]


def test_generator_choice_takes_their_probabilities_at_any_level_of_the_logs():
    far = Weights.of_log(W.log_w - 1e12, kind="importance")
    assert np.random.default_rng(0).choice(200, size=3, p=far.probabilities).shape == (3,)


def test_rows_and_an_ellipsis_are_rows_of_one_vector_only():
    np.testing.assert_array_equal(W[[3, 1], ...].log_w, W.log_w[[3, 1]])
    with pytest.raises(InputError, match=r"one index, for the rows; got 2"):
        _ = Weights.of(np.ones((2, 5)))[[0, 1], ...]


def test_half_precision_is_read():
    half = torch.tensor([1.0, 2.0, 5.0], dtype=torch.bfloat16)
    assert Weights.of(half, kind="importance").values.round(12).tolist() == [1, 2, 5]
    jnp = pytest.importorskip("jax.numpy")
    assert Weights.of(jnp.array([1.0, 2.0], dtype=jnp.bfloat16), kind="importance").values.round(12).tolist() == [1, 2]


def test_polars_and_arrow_take_them_as_numbers():
    plain = np.asarray(W)
    assert pl.Series(W).to_list() == pl.Series("w", W).to_list() == plain.tolist()
    frame = pl.DataFrame({"x": X[:, 0], "w": W})
    assert frame["w"].dtype == pl.Float64
    assert frame["w"].to_list() == plain.tolist()
    assert pa.chunked_array(W).to_pylist() == plain.tolist()
    with pytest.raises(InputError, match="one vector of weights at a time"):
        pl.Series(Weights.of(np.ones((2, 3))))


def test_a_pandas_column_of_them_holds_numbers():
    assert pd.Series(W).dtype == pd.DataFrame({"w": W})["w"].dtype == np.float64
    assert pd.Series(W).tolist() == np.asarray(W).tolist()
