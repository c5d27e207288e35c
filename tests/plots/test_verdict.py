"""The three panels carry the figures of the verdict."""

from __future__ import annotations

import json

import numpy as np
import pytest

import upweight as uw

from .pictures import drawn


def named(ax):
    return {line.get_label(): line for line in ax.lines}


def test_the_lorenz_panel_shows_who_holds_the_total_and_the_ess(heavy):
    v = heavy.check()
    lines = named(v.plot().axes[0])
    rows, held = lines["these weights"].get_data()
    largest = np.sort(heavy.values)[::-1]
    np.testing.assert_allclose(held, 100 * np.cumsum(largest)[rows.astype(int) - 1] / largest.sum(), rtol=1e-12)
    assert (rows[0], rows[-1]) == (1, heavy.n)
    np.testing.assert_allclose(held[0], 100 * v.max_share)
    np.testing.assert_allclose(held[np.flatnonzero(rows == 40)], 100 * v.top_share)
    assert lines["ESS 166"].get_xdata()[0] == v.ess
    x, y = lines["equal weights"].get_data()
    np.testing.assert_allclose(y, 100 * x / heavy.n)


def test_the_tail_panel_shows_the_rows_and_the_fit_behind_khat(heavy):
    v = heavy.check()
    lines = named(v.plot().axes[1])
    fit = f"Pareto fit, k-hat {v.khat:.2f}"
    assert set(lines) == {"rows below the cut", "the tail", fit}
    assert v.curves.fit.khat == v.khat
    weight, beyond = lines["the tail"].get_data()
    relative = heavy.values / heavy.values.mean()
    np.testing.assert_allclose(beyond, [(np.sum(relative > w * (1 + 1e-12)) + 0.5) / heavy.n for w in weight])
    x, y = lines[fit].get_data()
    np.testing.assert_allclose(y, v.curves.fit.share(x))


def test_the_tempering_panel_shows_the_ess_of_every_power(heavy):
    lines = named(heavy.check().plot().axes[2])
    power, ess = lines["ESS after tempering"].get_data()
    np.testing.assert_allclose(ess[1:], [heavy.temper(power=a).ess for a in power[1:]])
    assert ess[0] == heavy.n
    assert [list(x) for x in lines["now: ESS 166"].get_data()] == [[1.0], [ess[-1]]]
    assert any(name.startswith("tail at 0.5 (power 0.54") for name in lines)


@pytest.mark.parametrize("how", [{"power": 0.6}, {"ess": 0.5}])
def test_tempered_weights_are_marked_at_their_power(heavy, how):
    tempered = heavy.temper(**how)
    lines = named(tempered.check().plot().axes[2])
    place = next(line for name, line in lines.items() if name.startswith("now, power"))
    np.testing.assert_allclose(place.get_ydata()[0], tempered.ess, rtol=0.01)
    if "power" in how:
        assert place.get_xdata()[0] == 0.6


def test_other_tamings_are_marked_as_judged_before(heavy):
    lines = named(heavy.clip(at=3).check().plot().axes[2])
    assert "before taming: ESS 166" in lines


def test_a_tally_draws_what_it_has_and_says_what_is_missing(heavy):
    whole, parts = heavy.check(), uw.Tally.of(heavy).result()
    figure = parts.plot()
    assert str(parts) == str(whole)
    np.testing.assert_array_equal(parts.curves.weight, whole.curves.weight)
    np.testing.assert_allclose(parts.curves.held, whole.curves.held)
    lines = named(figure.axes[2])
    assert list(lines["ESS after tempering"].get_xdata()) == [0, 1]
    np.testing.assert_allclose(lines["ESS after tempering"].get_ydata(), [heavy.n, whole.ess])
    assert "need the weights" in figure.axes[2].get_xlabel().replace("\n", " ")


def test_a_large_tally_says_where_its_rows_end():
    w = uw.Weights.of_log(np.random.default_rng(0).normal(size=50_000), kind="importance")
    ax = uw.Tally.of(w).result().plot().axes[0]
    assert "beyond the largest 30,001 rows" in ax.get_xlabel().replace("\n", " ")
    rows, held = named(ax)["these weights"].get_data()
    assert list(rows[-2:]) == [30_001, 50_000]
    np.testing.assert_allclose(
        held[:-1], 100 * np.cumsum(np.sort(w.values)[::-1])[rows[:-1].astype(int) - 1] / w.values.sum()
    )


def test_a_document_draws_its_figures(heavy):
    v = heavy.check()
    back = uw.Verdict.from_dict(json.loads(v.to_json()))
    panels = drawn(back.plot())
    rows, held = named(panels[0])["these weights"].get_data()
    np.testing.assert_allclose(rows, [1, 40, heavy.n])
    np.testing.assert_allclose(held, [100 * v.max_share, 100 * v.top_share, 100])
    assert f"k-hat {v.khat:.2f}" in panels[1].texts[0].get_text()
    assert "document" in panels[1].texts[0].get_text()


def test_the_title_is_the_first_line_of_the_verdict(heavy):
    v = heavy.check()
    assert v.plot().get_suptitle() == str(v).split("\n")[0]


def test_frequencies_have_no_tempering_and_classes_no_tail():
    figure = uw.Weights.of([1, 2, 3], kind="frequency").check().plot()
    assert figure.axes[2].texts[0].get_text() == "copies of rows are not tempered"
    ax = uw.Weights.of([1.0] * 90 + [10.0] * 10, kind="class").check().plot().axes[1]
    assert "the tail of class weights is not judged" in ax.get_xlabel().replace("\n", " ")
