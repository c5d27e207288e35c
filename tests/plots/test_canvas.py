"""Laws of every picture: labelled, titled, readable without colour, drawn without a warning, and nothing left behind."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from itertools import pairwise

import matplotlib.style
import numpy as np
import pytest
from matplotlib.cbook import is_math_text
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import upweight as uw
from upweight.plots._canvas import label

from .pictures import EVERY, PLAIN, drawn, heavy


@pytest.mark.parametrize("name", EVERY)
def test_every_axis_is_labelled_and_the_picture_titled(name):
    panels = drawn(EVERY[name]())
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in panels)
    assert any(ax.get_title(loc="left") for ax in panels) or panels[0].figure.get_suptitle()


@pytest.mark.parametrize("name", PLAIN)
def test_no_mark_reaches_into_the_next_panel_or_out_of_the_figure(name):
    panels = drawn(PLAIN[name]())
    figure = panels[0].figure
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    whole = figure.bbox.padded(3)
    boxes = [ax.get_tightbbox(renderer) for ax in panels]
    assert all(whole.x0 <= b.x0 and b.x1 <= whole.x1 and whole.y0 <= b.y0 and b.y1 <= whole.y1 for b in boxes)
    assert all(left.x1 <= right.x0 + 3 for left, right in pairwise(boxes))


@pytest.mark.parametrize("name", EVERY)
def test_named_marks_differ_without_colour(name):
    for ax in drawn(EVERY[name]()):
        handles, _ = ax.get_legend_handles_labels()
        forms = [form(h) for h in handles]
        assert len(set(forms)) == len(forms)


def form(handle):
    """What is left of a mark in grey print."""
    if isinstance(handle, Line2D):
        return (
            handle.get_linestyle(),
            handle.get_marker(),
            str(handle.get_markerfacecolor()) == "none",
            handle.get_linewidth(),
        )
    if isinstance(handle, PathCollection):
        return handle.get_paths()[0].vertices.shape, len(handle.get_facecolors()) == 0
    return (handle.patches[0].get_hatch(),)


@pytest.mark.parametrize("name", PLAIN)
def test_pictures_can_be_drawn_in_the_style_of_the_user(name):
    with matplotlib.style.context("dark_background"):
        panels = drawn(PLAIN[name]())
        assert all(ax.xaxis.label.get_color() == "white" for ax in panels)


def test_a_picture_is_freed_when_nobody_holds_it():
    figure = heavy(100).check().plot()
    known = weakref.ref(figure)
    del figure
    gc.collect()
    assert known() is None


def test_axes_and_figures_show_themselves_in_a_notebook():
    ax, figure = PLAIN["estimate"](), PLAIN["verdict"]()
    assert ax._repr_png_()[:8] == figure._repr_png_()[:8] == b"\x89PNG\r\n\x1a\n"


def test_pyplot_is_never_imported_and_matplotlib_only_for_a_picture():
    script = (
        "import sys, numpy as np, upweight as uw\n"
        "v = uw.Weights.of(np.arange(1.0, 50.0)).check(); v._repr_html_(); print('matplotlib' in sys.modules)\n"
        "v.plot(); print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


def test_pictures_are_drawn_on_the_axes_that_are_given():
    figure = Figure()
    ax = figure.subplots()
    e = uw.Weights.of(np.ones(50)).mean(np.arange(50.0))
    assert e.plot(ax) is ax
    three = figure.subplots(1, 3)
    assert heavy(100).check().plot(three) is figure
    assert three[0].get_title(loc="left").replace("\n", " ") == str(heavy(100).check()).split("\n")[0]
    assert figure.get_suptitle() == ""


def test_pictures_can_be_drawn_on_a_figure_within_a_figure():
    outer = Figure(figsize=(12, 5))
    inner = outer.subfigures(1, 2)
    assert heavy(100).check().plot(inner[0].subplots(1, 3)) is outer
    uw.Weights.of(np.ones(50)).mean(np.arange(50.0)).plot(inner[1].subplots())
    assert len(drawn(outer)) == 4


@pytest.mark.parametrize(
    ("ax", "said"), [("here", "pass 3 Axes"), (Figure().subplots(), r"fig.subplots\(1, 3\)"), ([1, 2, 3], "3 panels")]
)
def test_other_things_than_three_axes_are_refused(ax, said):
    with pytest.raises(uw.InputError, match=said):
        heavy(100).check().plot(ax)


def test_other_things_than_axes_are_refused():
    with pytest.raises(uw.InputError, match="`ax` must be the Axes of matplotlib, or None .* got str"):
        uw.Weights.of(np.ones(50)).mean(np.arange(50.0)).plot("here")


@pytest.mark.parametrize("text", ["US$", "$a$", "a $b$ c $d$", "$$"])
def test_a_dollar_in_a_name_is_no_formula(text):
    assert not is_math_text(label(text))
    assert label(text).replace(r"\$", "$") == text


def test_names_of_the_data_are_cut_and_spelled():
    assert label("a\nb\u202e\t" + "x" * 99, most=12) == "a b[U+202E] xxxxxx…"
