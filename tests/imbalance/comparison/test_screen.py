"""The table as text: aligned, and as wide as there is room."""

from dataclasses import replace

import numpy as np
import pytest

from upweight.imbalance.comparison._method_result import MethodResult
from upweight.imbalance.comparison._screen import difference, p_value, share, table_text
from upweight.learners import Interval


def rows():
    more = {
        "status": "exact",
        "ap": 0.8801,
        "oe_raw": 0.65,
        "oe": 1.004,
        "log_loss": 0.1047,
        "recall": 0.93,
        "precision": 0.53,
        "folds": 25,
    }
    first = MethodResult("threshold", "t", **more, specificity=0.91, alerts=172.6, seconds=7.4)
    second = MethodResult(
        "random_under",
        "r",
        **(more | {"ap": 1.0}),
        ap_change=Interval(-0.01, -0.023, 0.0001, 0.05),
        alerts=9.0,
        seconds=12.0,
    )
    return [first, second]


def test_numbers_under_one_lose_their_zero():
    assert [share(x, 2) for x in (0.934, 1.0, np.nan, 0.0)] == [".93", "1.00", "-", ".00"]
    assert difference(rows()[1]) == "-.010 [-.023, .000]"
    assert difference(rows()[0]) == ""
    assert (
        difference(replace(rows()[1], ap_change=Interval(0.0004, -0.023, 0.0001, 0.5))) == " .000 [-.023, .000]"
    )  # signs stay in their column


def test_every_column_of_the_page_is_there_if_there_is_room():
    text = table_text(rows(), width=120)
    assert text.splitlines()[0].split("  ")[0] == ""
    for head in (
        "status",
        "AP",
        "less threshold's",
        "O/E raw",
        "O/E",
        "log loss",
        "recall",
        "prec.",
        "spec.",
        "alerts",
        "seconds",
    ):
        assert head in text.splitlines()[0]
    assert "cost" not in text


def test_a_cost_has_its_column():
    assert "cost" in table_text([replace(r, cost=12.3) for r in rows()]).splitlines()[0]


@pytest.mark.parametrize("width", [120, 100, 90, 80])
def test_lines_are_equal_in_columns_and_no_wider_than_asked(width):
    lines = table_text(rows(), width=width).splitlines()
    assert max(map(len, lines)) <= width
    ends = [
        line.index(word) + len(word) for line, word in zip(lines, ["alerts", "173", "9"], strict=True) if word != "9"
    ]
    assert len(set(ends)) == 1
    assert all(name in "\n".join(lines) for name in ("recall", "prec.", "O/E raw", "less threshold's"))


def test_a_failed_row_keeps_its_line():
    assert table_text([*rows(), MethodResult("bad", "b", error="x")]).splitlines()[-1].split() == ["bad", "failed"]


def test_folds_are_shown_where_they_differ():
    assert "folds" in table_text([rows()[0], replace(rows()[1], folds=3)], width=140).splitlines()[0]
    assert "folds" not in table_text(rows()).splitlines()[0]


def test_the_table_is_latin_1():
    assert table_text(rows()).encode("latin-1")


def test_p_values_have_three_digits_where_they_matter():
    assert [p_value(p) for p in (0.0004, 0.0502, 0.12, 1.0, np.nan)] == ["below .001", ".050", ".12", "1.00", "-"]
