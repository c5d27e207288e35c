"""A forest carries values, intervals, and whether to believe them."""

from __future__ import annotations

import numpy as np
import pytest

import upweight as uw


def light(n=400):
    return uw.Weights.of_log(np.random.default_rng(0).normal(0, 0.5, n), kind="importance")


def values(n=400, seed=1):
    return np.random.default_rng(seed).normal(5, 1, n)


def points(ax):
    """{y: value} of every mark that is a value."""
    marks = [line for line in ax.lines if line.get_marker() in ("o", "s")]
    return {y: x for line in marks for x, y in zip(*line.get_data(), strict=True)}


def intervals(ax):
    """{y: (low, high)} of every horizontal line."""
    return {
        line.get_ydata()[0]: tuple(line.get_xdata())
        for line in ax.lines
        if len(line.get_xdata()) == 2 and line.get_marker() == "None"
    }


def test_one_estimate_is_a_point_and_its_interval():
    e = light().mean(values())
    ax = e.plot()
    assert points(ax) == {0: e.value}
    assert intervals(ax) == {0: e.interval()}
    assert ax.get_title(loc="left").replace("\n", " ") == str(e)


def test_several_stand_in_their_order_with_khat_and_ess_beside():
    w = light()
    named = {"b": w.mean(values()), "a": w.mean(values(seed=2))}
    ax = uw.plots.estimates(named, level=0.8)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a"]
    assert points(ax) == {i: e.value for i, e in enumerate(named.values())}
    assert intervals(ax) == {i: e.interval(0.8) for i, e in enumerate(named.values())}
    assert [t.get_text() for t in ax.texts] == [f"k-hat {e.khat:.2f}, ESS {e.ess:,.0f} of 400" for e in named.values()]
    assert "80 % interval" in ax.get_xlabel()


def test_an_estimate_of_several_averages_takes_a_line_for_each():
    e = light().mean(np.column_stack([values(), values(seed=2)]))
    ax = uw.plots.estimates({"both": e})
    assert [t.get_text() for t in ax.get_yticklabels()] == ["both[0]", "both[1]"]
    np.testing.assert_array_equal(list(points(ax).values()), e.value)


def test_an_estimate_that_cannot_be_believed_is_hollow_dashed_and_said():
    heavy = uw.Weights.of(np.random.default_rng(0).pareto(1.2, 2000) + 1, kind="importance")
    e = heavy.mean(values(2000))
    ax = uw.plots.estimates({"good": light().mean(values()), "bad": e})
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines["interval cannot be believed"].get_ydata()) == [1]
    assert list(lines["interval can be believed"].get_ydata()) == [0]
    assert (
        lines["interval cannot be believed"].get_markerfacecolor() != lines["interval cannot be believed"].get_color()
    )
    assert ax.get_title(loc="left").replace("\n", " ") == f"2 estimates; bad: {e.why}"


def test_an_interval_without_an_end_ends_in_arrows_at_the_edges():
    e = uw.Weights.of(np.random.default_rng(0).pareto(0.6, 900) + 1).mean(np.arange(900.0))
    assert e.interval() == (-np.inf, np.inf)
    ax = e.plot()
    ends = {line.get_marker(): line.get_xdata()[0] for line in ax.lines if line.get_marker() in "<>"}
    assert (ends["<"], ends[">"]) == ax.get_xlim()


def test_a_forest_of_very_many_is_cut_and_says_so():
    e = light().mean(np.random.default_rng(0).normal(size=(400, 70)))
    ax = e.plot()
    assert len(ax.get_yticklabels()) == 60
    assert ax.get_title(loc="left").startswith("70 estimates, the first 60 drawn")


def test_an_estimate_of_a_tally_which_has_no_influences_is_drawn():
    e = uw.Tally.of(light(), f=values()).mean()
    assert points(e.plot()) == {0: e.value}


def test_drawing_computes_no_influences():
    e = light().mean(values())
    e.plot()
    assert "influence" not in vars(e)


@pytest.mark.parametrize("make", [lambda w: w.quantile(values(), 0.5), lambda w: w.cdf(values(), [4.0, 5.0])])
def test_quantiles_and_shares_are_drawn_with_their_own_intervals(make):
    e = make(light())
    low, high = (np.atleast_1d(x).tolist() for x in e.interval())
    assert list(intervals(e.plot()).values()) == list(zip(low, high, strict=True))


def test_other_things_than_estimates_are_refused():
    with pytest.raises(uw.InputError, match=r"a forest takes {name: Estimate}; got float"):
        uw.plots.estimates({"a": 1.0})


@pytest.mark.parametrize("shape", [(3, 400), (2, 3, 400)])
@pytest.mark.parametrize("columns", [0, 2])
def test_every_vector_of_a_batch_tells_its_own_effective_rows(shape, columns):
    f = values() if not columns else np.stack([values(), values(seed=2)], axis=1)
    w = uw.Weights.of_log(np.random.default_rng(0).normal(0, 1, shape), kind="importance")
    ax = w.mean(f).plot()
    told = [text.get_text() for text in ax.texts if "ESS" in text.get_text()]
    expected = np.repeat(np.ravel(w.ess), max(columns, 1))[: len(told)]
    assert told
    assert [t.split("ESS ")[1] for t in told] == [f"{x:,.0f} of 400" for x in expected]


def test_repeats_are_said_beside_instead_of_rows():
    e = uw.Estimate.of_repeats(np.arange(16.0).reshape(8, 2))
    ax = e.plot()
    assert [text.get_text() for text in ax.texts if "repeats" in text.get_text()] == ["8 repeats", "8 repeats"]
