"""Coordinates: what is drawn is where the document says, and the counts always add up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upweight.report import _plots as plots

shares = st.floats(0, 1)
masses = st.floats(0, 1000)


@given(value=shares)
def test_a_frame_keeps_every_share_inside_and_in_order(value):
    for frame in (plots.PR, plots.RELIABILITY, plots.SMALL):
        assert frame.left <= frame.x(value) <= frame.right
        assert frame.top <= frame.y(value) <= frame.bottom
        assert frame.x(value) <= frame.x(min(1.0, value + 0.1))
        assert frame.y(value) >= frame.y(min(1.0, value + 0.1))


def test_a_root_axis_puts_a_quarter_in_the_middle():
    frame = plots.RELIABILITY
    assert frame.x(0.25) == (frame.left + frame.right) / 2
    assert frame.y(0.25) == (frame.top + frame.bottom) / 2


def test_a_line_passes_through_the_points_that_are_known():
    frame = plots.PR
    path = frame.line([(0, 1), (0.5, None), (1, 0)])
    assert path == f"M{frame.left} {frame.top}L{frame.right} {frame.bottom}"
    assert frame.line([(None, None)]) == ""


def test_a_bin_without_rows_or_without_a_figure_is_not_drawn():
    found = [{"proba": 0.1, "observed": 0.2, "count": 8}, {"proba": 0.3, "observed": None, "count": 4}, {"proba": 0.5, "observed": 0.5, "count": 0}]  # fmt: skip
    assert plots.bins(found) == [(0.1, 0.2, 1.0)]


@given(caught=masses, missed=masses, wrong=masses, quiet=masses)
def test_icons_are_a_thousand_and_each_is_its_share_to_within_one(caught, missed, wrong, quiet):
    counts = plots.Counts(caught, missed, wrong, quiet)
    number = {kind: path.count("M") for kind, path in plots.icons(counts).items()}
    total = caught + missed + wrong + quiet
    if total < 1e-9:
        return
    assert sum(number.values()) == 1000
    for kind, mass in zip(number, (caught, missed, wrong, quiet), strict=True):
        assert abs(number[kind] - 1000 * mass / total) <= 1 + 1e-9


def test_no_two_icons_share_a_cell():
    paths = plots.icons(plots.Counts(90.4, 9.6, 83.2, 816.8))
    cells = [cell for path in paths.values() for cell in re.findall(r"M(\d+ \d+)", path)]
    assert len(set(cells)) == 1000
    assert max(int(c.split()[1]) for c in cells) == 190


def test_the_counts_at_a_step_are_the_definition(documents):
    facts = documents.digits(2)
    operating, share = facts["curves"]["none"]["operating"], facts["data"]["prevalence"]
    for step in range(0, len(operating["threshold"]), 20):
        counts = plots.at(operating, step, share)
        tp, fp = operating["true_positives"][step], operating["false_positives"][step]
        assert counts.caught + counts.missed + counts.false + counts.quiet == pytest.approx(1000)
        assert counts.recall == pytest.approx(tp / (1000 * share))
        assert counts.precision == pytest.approx(tp / (tp + fp))
        assert counts.cost(2, 7) == pytest.approx(2 * fp + 7 * (1000 * share - tp))


def test_no_alert_has_no_precision_and_no_positive_no_recall():
    assert plots.Counts(0, 10, 0, 990).precision is None
    assert plots.Counts(0, 0, 5, 995).recall is None


@given(st.lists(shares, min_size=1, max_size=30), shares)
def test_the_nearest_step_is_nearer_than_any_other(thresholds, wanted):
    step = plots.nearest(thresholds, wanted)
    assert all(abs(thresholds[step] - wanted) <= abs(t - wanted) for t in thresholds)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60))
def test_three_of_four_bounds_fit_the_common_axis(bounds):
    limit = plots.reach(bounds)
    assert sum(abs(b) <= limit for b in bounds) >= 0.75 * len(bounds)


@given(st.floats(-2, 2), st.floats(0, 2), st.floats(0.01, 1))
def test_an_interval_is_drawn_in_order_and_on_the_axis(diff, half, limit):
    mark = plots.forest(diff, diff - half, diff + half, limit)
    assert 0 <= mark.low <= mark.mid <= mark.high <= plots.FOREST
    assert mark.left_arrow == (diff - half < -limit)
    assert mark.right_arrow == (diff + half > limit)
    assert plots.forest(0.0, 0.0, 0.0, limit).mid == plots.FOREST / 2


def test_a_missing_bound_draws_nothing():
    assert plots.forest(0.1, None, 0.2, 0.5) is None
