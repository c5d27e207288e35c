"""The love plot carries the differences of the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import upweight as uw

from .pictures import drawn


def named(ax):
    return {line.get_label(): line for line in ax.lines}


def made(columns=6, n=300, seed=0):
    rng = np.random.default_rng(seed)
    source, target = rng.normal(rng.normal(0, 0.4, columns), 1, (n, columns)), rng.normal(size=(n, columns))
    return uw.balance(source, target, weights=uw.Weights.of(rng.uniform(0.5, 2, n)))


def test_marks_are_the_absolute_differences_worst_first():
    b = made()
    ax = b.plot()
    order = np.argsort(-np.abs(b.smd_after))
    lines = named(ax)
    np.testing.assert_array_equal(lines["after weighting"].get_xdata(), np.abs(b.smd_after)[order])
    np.testing.assert_array_equal(lines["before weighting"].get_xdata(), np.abs(b.smd_before)[order])
    assert [t.get_text() for t in ax.get_yticklabels()] == [b.names[i] for i in order]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top


def test_the_thresholds_are_a_tenth_and_a_quarter():
    lines = named(made().plot())
    assert [lines[name].get_xdata()[0] for name in ("0.1", "0.25")] == [0.1, 0.25]


def test_the_title_is_the_first_line_of_the_table():
    b = made()
    assert b.plot().get_title(loc="left").replace("\n", " ") == str(b).split("\n")[0]


def test_a_long_table_is_cut_to_its_worst_rows_and_the_rest_counted():
    b = made(columns=45)
    ax = b.plot()
    shown = named(ax)["after weighting"].get_xdata()
    np.testing.assert_array_equal(shown, np.sort(np.abs(b.smd_after))[::-1][:30])
    assert "not drawn: 15 rows with smaller differences" in ax.get_xlabel().replace("\n", " ")


def test_without_weights_there_is_one_mark_a_row():
    ax = uw.balance(np.arange(10.0)[:, None], np.arange(3.0, 13.0)[:, None]).plot()
    assert "before weighting" not in named(ax)
    assert len(named(ax)["source"].get_xdata()) == 1


def test_an_infinite_difference_is_an_arrow_at_the_edge():
    source = pd.DataFrame({"flat": np.zeros(9), "x": np.arange(9.0)})
    target = pd.DataFrame({"flat": np.ones(9), "x": np.arange(9.0) + 1})
    b = uw.balance(source, target, weights=uw.Weights.of(np.ones(9)))
    ax = b.plot()
    arrows = [line for line in ax.lines if line.get_marker() == ">"]
    assert [list(a.get_ydata()) for a in arrows] == [[0], [0]]
    assert all(a.get_xdata()[0] == ax.get_xlim()[1] for a in arrows)
    assert "infinite" in ax.get_xlabel()


def test_an_unknown_difference_is_left_out_and_counted():
    ax = uw.balance(np.array([[1.0], [2.0], [np.nan]] * 9), {0: 1.0}).plot()
    assert "1 without a known difference" in ax.get_xlabel().replace("\n", " ")
    assert np.isnan(named(ax)["source"].get_xdata()).sum() == 1


def test_a_level_that_no_row_can_stand_for_is_named():
    source, target = pd.DataFrame({"city": list("aab") * 9}), pd.DataFrame({"city": list("abc") * 9})
    ax = uw.balance(source, target, weights=uw.Weights.of(np.ones(27))).plot()
    assert "city = c (no support)" in [t.get_text() for t in ax.get_yticklabels()]


@pytest.mark.parametrize("name", ["US$ $a$", "x" * 99, "<b>", "a\nb"])
def test_any_name_can_be_drawn(name):
    rng = np.random.default_rng(0)
    source, target = (pd.DataFrame({name: rng.normal(size=30), "z": rng.normal(size=30)}) for _ in range(2))
    (ax,) = drawn(uw.balance(source, target).plot())
    assert len(ax.get_yticklabels()) == 2
