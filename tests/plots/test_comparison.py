"""The three panels of a comparison carry its document."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import upweight as uw
from upweight.plots import comparison

from .pictures import drawn


def marks(ax):
    """{y: x} of every round mark."""
    lines = [line for line in ax.lines if line.get_marker() == "o"]
    return {int(y): x for line in lines for x, y in zip(*line.get_data(), strict=True)}


def test_the_forest_shows_differences_with_their_intervals(document):
    ax = comparison(document).axes[0]
    rows = [row for row in document["rows"] if row["name"] != "threshold"]
    assert [t.get_text() for t in ax.get_yticklabels()] == [row["name"] for row in rows]
    assert marks(ax) == {i: row["ap_diff"] for i, row in enumerate(rows)}
    lines = {
        line.get_ydata()[0]: tuple(line.get_xdata())
        for line in ax.lines
        if len(line.get_xdata()) == 2 and line.get_ydata()[0] == line.get_ydata()[1]
    }
    left, right = ax.get_xlim()
    assert lines == {i: (max(row["ap_low"], left), min(row["ap_high"], right)) for i, row in enumerate(rows)}
    assert document["verdict"]["grade"] in ax.get_title(loc="left")


def test_sure_differences_are_filled(document):
    facts = copy.deepcopy(document)
    rows = [row for row in facts["rows"] if row["name"] != "threshold"]
    for row, p in zip(rows, (0.5, 0.01, 0.2), strict=True):
        row["ap_p"] = p
    ax = comparison(facts).axes[0]
    filled = [line for line in ax.lines if line.get_marker() == "o" and line.get_markerfacecolor() == line.get_color()]
    assert [list(line.get_ydata()) for line in filled] == [[1]]


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow(document):
    facts = copy.deepcopy(document)
    rows = [row for row in facts["rows"] if row["name"] != "threshold"]
    for row in rows:
        row |= {"ap_low": -0.01, "ap_diff": 0.0, "ap_high": 0.01}
    rows[0]["ap_low"] = -0.9
    ax = comparison(facts).axes[0]
    arrows = [line for line in ax.lines if line.get_marker() == "<"]
    assert [line.get_ydata()[0] for line in arrows] == [0]
    assert arrows[0].get_xdata()[0] == ax.get_xlim()[0] > -0.1


def test_precision_and_recall_are_those_of_the_document(document):
    ax = comparison(document).axes[1]
    lines = {line.get_label(): line for line in ax.lines}
    np.testing.assert_array_equal(
        lines["moving the threshold"].get_data(),
        [document["curves"]["threshold"]["pr"][k] for k in ("recall", "precision")],
    )
    assert lines["chance"].get_ydata()[0] == document["data"]["prevalence"]


def test_reliability_is_that_of_the_named_remedy(document):
    figure = comparison(document)
    name = figure.axes[2].get_title(loc="left").removeprefix("reliability of ")
    ranked = [row for row in document["rows"] if row["name"] not in ("threshold", "none")]
    assert name == max(ranked, key=lambda row: row["ap"])["name"]
    repaired = next(p for p in figure.axes[2].collections if p.get_label().startswith("repaired"))
    wanted = [[b["proba"], b["observed"]] for b in document["curves"][name]["calibration"]]
    np.testing.assert_allclose(repaired.get_offsets(), wanted)


def test_the_remedy_of_the_verdict_is_named(document):
    facts = copy.deepcopy(document)
    facts["verdict"]["code"] = "use:random_under"
    assert comparison(facts).axes[2].get_title(loc="left") == "reliability of random_under"


def test_the_title_is_the_verdict(document):
    assert comparison(document).get_suptitle().replace("\n", " ") == document["verdict"]["sentences"][0]


def test_on_axes_of_somebody_else_the_verdict_stands_over_the_first(document):
    from matplotlib.figure import Figure

    three = Figure(figsize=(12, 4)).subplots(1, 3)
    comparison(document, ax=three)
    first, grade = three[0].get_title(loc="left").rsplit("\n", 1)
    assert first.replace("\n", " ") == document["verdict"]["sentences"][0]
    assert grade == f"ranking (grade: {document['verdict']['grade']})"


def test_a_comparison_and_its_document_give_the_same_picture(document, monkeypatch):
    from upweight.imbalance import Comparison

    c = object.__new__(Comparison)
    monkeypatch.setattr(Comparison, "to_dict", lambda self: document)
    assert marks(c.plot().axes[0]) == marks(comparison(document).axes[0])


def test_failed_and_untold_rows_are_named_without_a_mark(document):
    facts = copy.deepcopy(document)
    bad = facts["rows"][2]
    bad |= {"error": "it broke", "ap": None, "ap_diff": None, "ap_low": None, "ap_high": None, "ap_p": None}
    del facts["curves"][bad["name"]]
    panels = drawn(comparison(facts))
    assert f"{bad['name']} (failed)" in [t.get_text() for t in panels[0].get_yticklabels()]
    assert np.isnan(marks(panels[0])[1])


def test_nothing_finished_is_three_labelled_empty_panels(document):
    facts = copy.deepcopy(document)
    for row in facts["rows"]:
        row |= dict.fromkeys(("ap", "ap_diff", "ap_low", "ap_high", "ap_p"))
    facts |= {"curves": {}, "verdict": {"code": "incomplete", "grade": "unusable", "reasons": [], "sentences": []}}
    panels = drawn(comparison(facts))
    assert [ax.texts[0].get_text().replace("\n", " ") for ax in panels] == [
        "no difference could be told: too few folds are in",
        "no remedy has finished a fold",
        "no remedy has finished a fold",
    ]
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in panels)


def test_more_than_two_classes_have_no_curves(document):
    facts = copy.deepcopy(document)
    facts["curves"] = {}
    facts["data"] |= {"classes": [1, 2, 3], "counts": [1, 2, 3]}
    assert [ax.texts[0].get_text() for ax in comparison(facts).axes[1:]] == ["curves are for two classes"] * 2


def test_very_many_remedies_are_cut_and_counted(document):
    facts = copy.deepcopy(document)
    facts["rows"] += [facts["rows"][0] | {"name": f"copy {i}"} for i in range(60)]
    ax = drawn(comparison(facts))[0]
    assert len(ax.get_yticklabels()) == 40
    assert "23 more are not drawn" in ax.get_xlabel().replace("\n", " ")


def test_other_documents_are_refused():
    with pytest.raises(uw.InputError, match=r"schema 'upweight.compare/1'; got None"):
        comparison({})
