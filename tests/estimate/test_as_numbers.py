"""Estimates where Python and NumPy expect a number: what has one meaning is done, the rest says what to type."""

from __future__ import annotations

import operator

import numpy as np
import pandas as pd
import pytest

from upweight import InputError, KindError, UpweightError, Weights


def one():
    return Weights.of(np.ones(400), kind="importance").mean(np.arange(400.0))


def two():
    f = pd.DataFrame({"a": np.arange(400.0), "b": np.arange(400.0) ** 0.5})
    return Weights.of(np.ones(400), kind="importance").mean(f)


def test_a_format_goes_to_the_value_and_to_half_its_interval():
    e = one()
    low, high = e.interval()
    assert f"{e:.3f}" == f"{e.value:.3f} ± {(high - low) / 2:.3f}"
    assert f"{e / 400:.1%}" == f"{e.value / 400:.1%} ± {(high - low) / 800:.1%}"
    assert f"{e}" == str(e)
    assert f"{e:>60}" == str(e).rjust(60)
    assert f"{two():.2f}" == "\n".join(f"[{name}] {two()[name]:.2f}" for name in "ab")
    with pytest.raises(InputError, match="formatted as its numbers are"):
        f"{e:.3q}"
    with pytest.raises(InputError, match="formatted as its numbers are"):
        f"{e:,,f}"


def test_a_single_estimate_is_its_value_where_a_float_is_wanted():
    assert float(one()) == one().value
    with pytest.raises(KindError, match=r"which of the 2 averages\? Pick one, float\(e\[0\]\)"):
        float(two())


@pytest.mark.parametrize(
    ("by_numpy", "by_us"),
    [
        (np.log, lambda e: e.log()),
        (lambda e: np.exp(e / 100), lambda e: (e / 100).exp()),
        (np.negative, operator.neg),
        (lambda e: np.add(e, 2.0), lambda e: e + 2),
        (lambda e: np.float64(2) - e, lambda e: 2 - e),
        (lambda e: np.float32(2) / e, lambda e: 2 / e),
        (lambda e: e * np.int64(3), lambda e: e * 3),
        (lambda e: np.subtract(e, e), lambda e: e - e),
    ],
)
def test_numpys_arithmetic_is_that_of_estimates(by_numpy, by_us):
    e = one()
    a, b = by_numpy(e), by_us(e)
    assert (a.value, a.se, a.interval(), a.trail) == (b.value, b.se, b.interval(), b.trail)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (lambda e: round(e, 3), r"round\(e.value, 3\)"),
        (round, r"f'\{e:.3f\}'"),
        (int, "e.value"),
        (abs, "e.value"),
        (lambda e: e**2, "e.value"),
        (lambda e: 2**e, "e.value"),
        (lambda e: e // 2, "e.value"),
        (lambda e: e > 0, r"e.interval\(\)"),
        (lambda e: e <= e, r"\(a - b\).interval\(\)"),
        (lambda e: np.float64(3) < e, r"e.interval\(\)"),
        (lambda e: np.ones(3) == e, r"e.interval\(\)"),
        (np.sqrt, "np.sqrt of an estimate is not defined"),
        (lambda e: np.ones(3) * e, "np.multiply of an estimate is not defined"),
        (lambda e: e * np.ones(3), "np.multiply of an estimate is not defined"),
        (lambda e: np.add(e, 1.0, out=np.empty(1)), "np.add of an estimate"),
        (lambda e: e + np.True_, "np.add of an estimate"),
    ],
)
def test_what_would_lose_the_error_says_what_to_type(operation, said):
    with pytest.raises(UpweightError, match=said) as raised:
        operation(one())
    assert isinstance(raised.value, TypeError)


def test_control_characters_of_names_are_written_out():
    f = pd.DataFrame({"a": np.arange(400.0), "\x1b[31mred\x07": np.ones(400) * (np.arange(400) < 3)})
    e = Weights.of(np.ones(400), kind="importance").mean(f)
    assert e.names[1] == "\x1b[31mred\x07"
    for text in (str(e), repr(e), e.why, f"{e:.2f}", e._repr_html_(), e.plot().get_title(loc="left")):
        assert "\x1b" not in text
        assert "\x07" not in text
    assert "[\\x1b[31mred\\x07]" in str(e)
    assert e.why.startswith("average \\x1b[31mred\\x07: ")
    assert e["\x1b[31mred\x07"].value == pytest.approx(3 / 400)
