"""Macro-averaged absolute error: by hand, and by the peer."""

import numpy as np
import pytest
from imblearn.metrics import macro_averaged_mean_absolute_error

from upweight import InputError
from upweight.imbalance import macro_mae


def test_the_page_example():
    assert macro_mae([1, 1, 1, 2, 2, 3], [1, 1, 2, 2, 3, 1]) == pytest.approx((1 / 3 + 1 / 2 + 2) / 3)


def test_it_agrees_with_the_peer():
    rng = np.random.default_rng(0)
    y, pred = rng.integers(0, 5, 200), rng.integers(0, 5, 200)
    assert macro_mae(y, pred) == pytest.approx(macro_averaged_mean_absolute_error(y, pred))


def test_whole_weights_are_repeated_rows_and_a_class_without_mass_does_not_count():
    rng = np.random.default_rng(1)
    y, pred, copies = rng.integers(0, 3, 60), rng.normal(size=60), rng.integers(0, 3, 60)
    copies[y == 2] = 0
    weighted = macro_mae(y, pred, sample_weight=copies)
    assert weighted == pytest.approx(macro_mae(np.repeat(y, copies), np.repeat(pred, copies)))


@pytest.mark.parametrize(
    ("y", "pred", "said"),
    [
        ([1, np.nan], [1, 1], "`y` must be finite; got 1 missing or NaN, first at row 1."),
        ([1, 2], [1, np.inf], "`pred` must be finite; got 1 infinite, first at row 1."),
        ([1, 2], [1], "one number a row, as many of each; got (2,), (1,)."),
        (["a"], [1], "`y` must hold real numbers"),
    ],
)
def test_bad_input_is_named(y, pred, said):
    with pytest.raises(InputError) as told:
        macro_mae(y, pred)
    assert said in str(told.value)
