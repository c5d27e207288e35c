"""The two bars are the shares of the total weight, before and after lifting."""

from __future__ import annotations

import numpy as np

from .pictures import drawn, lifted


def bars(ax):
    """{name: (width before, width after)} in per cent."""
    return {c.get_label(): [patch.get_width() for patch in c.patches] for c in ax.containers}


def test_bars_are_shares_of_the_weight_before_and_after():
    e = lifted(by="row", lift=3.0)
    found = bars(e.plot())
    w = np.asarray(e.weights)
    after = w[e.lifted].sum() / w.sum()
    up = np.sum([found[name] for name in found if name != "the rest"], axis=0)
    np.testing.assert_allclose(up, [100 * e.share, 100 * after])
    np.testing.assert_allclose(np.sum(list(found.values()), axis=0), 100)
    np.testing.assert_allclose(after, e.share * e.lift / (1 - e.share + e.share * e.lift))


def test_suspects_are_shown_apart():
    e = lifted(by="row", lift=3.0)
    found = bars(e.plot())
    w = np.asarray(e.weights)
    np.testing.assert_allclose(found["lifted, all ten nearest disagree"][1], 100 * w[e.suspects].sum() / w.sum())


def test_bars_differ_in_hatching():
    ax = lifted(by="row").plot()
    assert len({c.patches[0].get_hatch() for c in ax.containers}) == len(ax.containers)


def test_the_title_is_what_the_object_says():
    e = lifted(by="row")
    (ax,) = drawn(e.plot())
    assert ax.get_title(loc="left").replace("\n", " ") == str(e).split("\n")[0]
