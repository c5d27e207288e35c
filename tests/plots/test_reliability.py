"""Reliability: the marks are the bins, and the bins are what brute force says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import upweight as uw

from .pictures import drawn


def held_out(n=3000, seed=0, add=1.5):
    rng = np.random.default_rng(seed)
    logit = rng.normal(-2, 1.5, n)
    return rng.random(n) < 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(-logit - add))


def marks(ax):
    return {points.get_label().split(" (")[0]: points for points in ax.collections}


def test_marks_are_the_bins_before_and_after():
    r = uw.recalibrate(*held_out())
    found = marks(r.plot())
    np.testing.assert_array_equal(found["before"].get_offsets(), r.before.bins[:, :2])
    np.testing.assert_array_equal(found["after"].get_offsets(), r.after.bins[:, :2])


def test_the_area_of_a_mark_goes_with_the_rows_of_its_bin():
    y, p = held_out()
    r = uw.recalibrate(y, np.where(p < 0.3, 0.01, p))
    sizes, rows = marks(r.plot())["before"].get_sizes(), r.before.bins[:, 2]
    np.testing.assert_allclose(sizes, 14 + 46 * rows / rows.max())
    assert f"{rows.min():,.0f} to {rows.max():,.0f} rows" in marks(r.plot())["before"].get_label()


def test_both_axes_are_square_roots():
    ax = uw.recalibrate(*held_out()).plot()
    x = np.array([[0, 0], [0.25, 0.25], [1, 1]])
    corner, quarter, end = ax.transData.transform(x)
    np.testing.assert_allclose(quarter - corner, (end - corner) / 2)


def test_rare_classes_are_drawn_on_axes_of_their_own_size():
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 0.008, 20_000)
    ax = uw.recalibrate(rng.random(20_000) < p, p).plot()
    assert ax.get_xlim()[1] < 0.05
    assert len([t for t in ax.get_xticks() if t <= ax.get_xlim()[1]]) >= 5


def test_probabilities_that_were_left_as_they_came_are_one_curve():
    r = uw.Correction.impossible("rows were made").verify([0, 1, 1], [0.2, 0.3, 0.4])
    assert list(marks(r.plot())) == ["as they came"]


def test_the_title_is_the_first_line_of_the_repair():
    r = uw.recalibrate(*held_out())
    assert r.plot().get_title(loc="left").replace("\n", " ") == str(r).split("\n")[0]


def test_a_repair_of_an_earlier_version_is_a_labelled_empty_picture():
    d = uw.recalibrate(*held_out()).to_dict()
    for part in ("before", "after"):
        del d[part]["bins"]
    r = type(uw.recalibrate(*held_out())).from_dict(d)
    assert r.before.bins.shape == (0, 3)
    (ax,) = drawn(r.plot())
    assert "no bins were kept" in ax.texts[0].get_text()
    assert ax.get_xlabel()


def test_bins_come_back_from_a_document():
    r = uw.recalibrate(*held_out())
    np.testing.assert_array_equal(type(r).from_dict(r.to_dict()).before.bins, r.before.bins)


@pytest.mark.parametrize("kind", ["none", "importance", "frequency"])
def test_bins_are_the_weighted_shares_of_their_rows(kind):
    y, p = held_out(1000)
    w = np.random.default_rng(1).integers(1, 4, 1000)
    weight = None if kind == "none" else uw.Weights.of(w, kind=kind)
    bins = uw.recalibrate(y, p, sample_weight=weight).before.bins
    w = np.ones(1000) if kind == "none" else w.astype(float)
    assert len(bins) == 20
    assert bins[:, 2].sum() == (w.sum() if kind == "frequency" else 1000)
    mass = np.array([w[(p >= low) & (p < high)].sum() for low, high in edges(p, bins, w)])
    assert mass.max() < 1.2 * w.sum() / 20
    for (low, high), (promised, observed, _) in zip(edges(p, bins, w), bins, strict=True):
        mine = (p >= low) & (p < high)
        np.testing.assert_allclose(promised, np.average(p[mine], weights=w[mine]))
        np.testing.assert_allclose(observed, np.average(y[mine], weights=w[mine]))


def edges(p, bins, w):
    """Ends of the bins, found again: a bin begins where the mass of those before it ends."""
    order = np.argsort(p)
    sums = np.cumsum((w * p)[order])
    at = [0]
    share = np.cumsum(w[order])
    for promised, _, _ in bins:
        start = at[-1]
        before_p, before_w = (sums[start - 1], share[start - 1]) if start else (0.0, 0.0)
        means = (sums[start:] - before_p) / (share[start:] - before_w)
        at.append(start + int(np.argmin(np.abs(means - promised))) + 1)
    places = [*p[order][at[:-1]], np.inf]
    return list(pairwise(places))


def test_equal_probabilities_are_never_parted():
    y = np.tile([0, 0, 1], 100)
    bins = uw.recalibrate(y, np.repeat([0.2, 0.7], [240, 60])).before.bins
    np.testing.assert_allclose(bins[:, 0], [0.2, 0.7])
    np.testing.assert_array_equal(bins[:, 2], [240, 60])


def test_three_classes_stand_against_the_rest_in_the_same_bins():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([2, 1, 1], 500)
    y = np.array([rng.choice(3, p=row) for row in p])
    bins = uw.recalibrate(y, p).before.bins
    assert bins[:, 2].sum() == 1500
    np.testing.assert_allclose(bins[:, 1] @ bins[:, 2], 500)
    np.testing.assert_allclose(bins[:, 0] @ bins[:, 2], 500)
