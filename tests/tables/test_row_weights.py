"""Weights of rows at the door: whatever holds one number a row, and what does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from upweight import InputError, Weights
from upweight.tables import row_weights

W = np.array([0.5, 2.0, 1.5])


@pytest.mark.parametrize(
    "given",
    [
        W.tolist(),
        pd.Series(W, index=[7, 8, 9]),
        torch.tensor(W, requires_grad=True),
        np.ma.masked_array(W, mask=[0, 0, 0]),
    ],
)
def test_one_number_a_row_of_any_container(given):
    assert np.array_equal(row_weights(given, 3), W)


def test_weights_come_with_mean_one_and_a_single_number_is_every_rows():
    assert np.allclose(row_weights(Weights.of(4 * W, kind="cost"), 3), W / W.mean())
    assert row_weights(2, 3).tolist() == [2, 2, 2]
    assert row_weights(None, 3) is None


def test_numbers_behind_a_mask_are_not_read():
    with pytest.raises(InputError, match="2 masked values, first at row 1"):
        row_weights(np.ma.masked_array(W, mask=[0, 1, 1]), 3)


def test_weights_whose_sum_no_float_holds_keep_their_ratios():
    found = row_weights(np.array([1.0, 2.0, 4.0]) * 4e307, 3)
    assert found.tolist() == [0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (W[:2], r"shape \(3,\); got \(2,\)"),
        (-W, "3 negative, first -0.5 at row 0"),
        (W * [1, np.nan, 1], "1 NaN or infinite, first nan at row 1"),
        (0 * W, "every weight is zero"),
        (["a", "b", "c"], "must be numbers; got <U1"),
        (W + 0j, "must be numbers; got complex128"),
    ],
)
def test_what_is_no_weight(given, said):
    with pytest.raises(InputError, match=said):
        row_weights(given, 3)
