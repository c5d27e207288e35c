"""What an estimate says about itself."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import Weights
from upweight._estimate._wording import plus_minus, tail_said, times


@pytest.mark.parametrize(
    ("value", "half", "said"),
    [
        (0.013112, 0.0042, "0.0131 ± 0.0042"),
        (1.834, 0.2149, "1.83 ± 0.21"),
        (4.5, 2.1658, "4.5 ± 2.2"),
        (2.83, 11.29, "3 ± 11"),
        (0.12, 0.0996, "0.12 ± 0.10"),
        (123456.0, 2345.0, "123,500 ± 2,300"),
        (-0.00001, 2.0, "0.0 ± 2.0"),
        (0.0, 1.0, "0.0 ± 1.0"),
        (5.0, 0.0, "5 ± 0"),
        (5.25, np.inf, "5.25 ± inf"),
        (1.23456e-12, 3.4e-14, "(1.235 ± 0.034)e-12"),
        (1e12, 1e10, "(1.000 ± 0.010)e12"),
        (3.0e-9, 2.0e-7, "(0.0 ± 2.0)e-7"),
    ],
)
def test_two_digits_of_the_half_and_the_value_to_the_same_place(value, half, said):
    assert plus_minus(value, half) == said


@pytest.mark.parametrize(
    ("factor", "said"), [(1.05, "×1.1"), (2.2979, "×2.3"), (9.949, "×9.9"), (9.96, "×10"), (1234.4, "×1,234")]
)
def test_factors_have_two_digits(factor, said):
    assert times(factor) == said


def test_tails_that_are_no_number_are_words():
    assert [tail_said(k) for k in (0.584, -0.4, -np.inf, np.nan)] == [
        "k-hat 0.58",
        "k-hat -0.40",
        "no tail",
        "k-hat not judged",
    ]


def grid_weights(k):
    x = -np.log1p(-(np.arange(1, 4001) - 0.5) / 4000)
    return x, Weights.of_log(k * x, kind="importance")


def test_one_line_holds_interval_tail_and_size():
    x, w = grid_weights(0.55)
    assert str(w.mean(x > 1.5)) == "0.505 ± 0.060 (k-hat 0.55, ESS 1,095 of 4,000; interval widened ×2.0)"
    assert repr(w.mean(x > 1.5)).startswith("Estimate(0.505 ± 0.060")


def test_the_half_said_is_that_of_95_percent():
    x, w = grid_weights(0.55)
    low, high = w.mean(x).interval(0.95)
    assert str(w.mean(x)).startswith(plus_minus(w.mean(x).value, (high - low) / 2))


def test_widened_is_said_from_1_05_on_only():
    x, w = grid_weights(0.2)
    e = w.mean(x < 1)
    assert 1 < e.inflation < 1.05
    assert "widened" not in str(e)
    x, w = grid_weights(0.3)
    e = w.mean(x < 1)
    assert e.inflation == pytest.approx(1.06, abs=0.03)
    assert "widened ×1.1" in str(e)


def test_no_interval_is_said_as_such():
    x, w = grid_weights(1.3)
    assert str(w.mean(x)).endswith("; no interval covers)")
    assert "± inf" in str(w.mean(x))


def test_several_averages_have_a_numbered_line_each():
    x, w = grid_weights(0.2)
    lines = str(w.mean(np.c_[x, x > 1])).splitlines()
    assert [line[:4] for line in lines] == ["[0] ", "[1] "]
    assert lines[1][4:] == str(w.mean(x > 1))


def test_text_keeps_to_latin_1():
    x, w = grid_weights(0.55)
    assert str(w.mean(x)).encode("latin-1")


def test_a_large_value_with_a_tiny_error_keeps_both():
    assert plus_minus(1e9, 0.0049) == "(1.0000000000000 ± 0.0000000000049)e9"
    assert plus_minus(1.0, 3.2e-9) == "1.0000000000 ± 0.0000000032"
    assert plus_minus(-2.5e12, 3.1e10) == "(-2.500 ± 0.031)e12"
