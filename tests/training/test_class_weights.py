"""Class weights of counts: the page's figures, the population mean, and agreement with weights of rows."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import InputError, imbalance
from upweight.training import class_weights

COUNTS = [5000, 500, 50]


def test_the_figures_of_the_page():
    assert class_weights(COUNTS).values.round(4).tolist() == [0.37, 3.7, 37.0]
    assert class_weights(COUNTS, kind="effective").values.round(4).tolist() == [0.7624, 1.9239, 15.52]
    assert class_weights(COUNTS, kind="effective", beta=0.9999).values.round(4).tolist() == [0.4276, 3.45, 33.7361]


@pytest.mark.parametrize("more", [{}, {"power": 0.5}, {"kind": "effective"}, {"kind": "effective", "beta": 0.9}])
def test_row_weights_are_those_of_the_labels(more):
    y = np.repeat([0, 1, 2], COUNTS)
    of_rows = {"beta": more.get("beta", 0.999)} if "kind" in more else more
    w = class_weights(COUNTS, **more)
    np.testing.assert_allclose(w.values[y], imbalance.class_weights(y, **of_rows).sample_weight, rtol=1e-12)
    assert (w.values[y].mean(), w.kind) == (pytest.approx(1, rel=1e-12), "class")


def test_beta_zero_and_power_zero_are_ones():
    assert class_weights(COUNTS, kind="effective", beta=0).values.tolist() == [1.0, 1.0, 1.0]
    assert class_weights(COUNTS, power=0).values.tolist() == [1.0, 1.0, 1.0]


def test_effective_numbers_keep_their_digits_for_a_beta_near_one():
    n = np.array([3.0, 1.0])
    exact = 1 / np.array([1 + (b := 1 - 1e-12) + b * b, 1.0])  # 1 + b + b^2 is (1 - b^3)/(1 - b)
    w = class_weights(n, kind="effective", beta=b).values
    np.testing.assert_allclose(w[0] / w[1], exact[0], rtol=1e-9)


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_a_class_without_rows_is_as_if_removed_and_named(kind):
    with pytest.warns(UserWarning, match="class 1 without rows: weight 0"):
        w = class_weights([5000, 0, 50], kind=kind).values
    np.testing.assert_allclose(w[[0, 2]], class_weights([5000, 50], kind=kind).values)
    assert w[1] == 0


def test_scale_and_order_are_free():
    np.testing.assert_allclose(class_weights(COUNTS).values, class_weights(10 * np.array(COUNTS)).values)
    np.testing.assert_allclose(class_weights(COUNTS[::-1]).values[::-1], class_weights(COUNTS).values)


@pytest.mark.parametrize(
    ("counts", "more", "said"),
    [
        ([0, 1, 1, 0, 1], {}, "these look like labels: np.bincount(y)"),
        ([5, np.nan], {}, "must be finite and ≥ 0; got 1 NaN, first at row 1. Set 0."),
        ([5, -1], {}, "got 1 negative, first at row 1"),
        ([5, 0], {}, "one class only"),
        ([5, 3], {"kind": "inverse"}, "`kind` must be 'balanced' or 'effective'"),
        ([5, 3], {"beta": 0.9}, "`beta` means nothing to kind='balanced'"),
        ([5, 3], {"kind": "effective", "beta": 1.0}, "`beta` must lie in [0, 1)"),
        ([5, 3], {"power": -1}, "`power` must be a number >= 0"),
        ([[5, 3]], {}, "one number a row; got shape (1, 2)"),
    ],
)
def test_bad_input_is_told(counts, more, said):
    with pytest.raises(InputError) as error:
        class_weights(counts, **more)
    assert said in str(error.value)
