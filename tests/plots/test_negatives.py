"""The pictures of a plan, of a check and of metrics carry their figures."""

from __future__ import annotations

import numpy as np

from upweight import negatives

from .pictures import checked, drawn, judged, thinned


def test_the_forecast_stands_beside_the_law():
    f = thinned().forecast
    (ax,) = drawn(f.plot())
    lines = {line.get_label(): line.get_xydata() for line in ax.lines}
    law = lines.pop("1 + 1/negatives a positive")
    np.testing.assert_allclose(law[:, 1], 1 + 1 / law[:, 0])
    marks = sorted(tuple(xy[0]) for xy in lines.values())
    kept = f.kept_negatives / f.positives
    np.testing.assert_allclose(marks, sorted([(kept, f.factor_offset), (kept, f.factor_weights)]))
    assert f"{f.factor_offset:.2f}" in ax.get_title(loc="left")


def test_the_bins_of_a_check_are_its_marks():
    c = checked()
    (ax,) = drawn(c.plot())
    seen = ax.lines[1].get_ydata()
    np.testing.assert_allclose(seen, [b.observed / b.expected for b in c.bins])
    assert ax.get_title(loc="left").replace("\n", " ").startswith(c.grade)


def test_rows_lie_at_their_score_and_keep_probability():
    """pi0 = min(1, max(floor rho, scale p)): the points are the rule's line, the flat lines its floor and its mean."""
    plan, clicks = thinned(), negatives.demo_clicks(30_000)
    (ax,) = drawn(plan.plot(clicks))
    lines = {line.get_label(): line for line in ax.lines}
    p, pi = lines["rows"].get_data()
    rule = plan.design["rule"]
    np.testing.assert_allclose(pi, np.clip(rule["scale"] * p, rule["floor"] * rule["rate"], 1))
    assert p.min() == plan.scores(clicks).min()
    assert p.max() == plan.scores(clicks).max()
    assert set(lines["floor"].get_ydata()) == {rule["floor"] * rule["rate"]}
    assert set(lines["mean over the negatives"].get_ydata()) == {rule["rate"]}


def test_each_figure_of_metrics_has_its_interval_as_a_share():
    m = judged()
    (ax,) = drawn(m.plot())
    assert [t.get_text() for t in ax.get_yticklabels()] == list(m.estimates)
    whiskers = {round(line.get_ydata()[0]): line.get_xdata() for line in ax.lines[1:] if len(line.get_xdata()) == 2}
    for y, e in enumerate(m.estimates.values()):
        np.testing.assert_allclose(whiskers[y], np.array(e.interval()) / e.value)
    words = [t.get_text() for t in ax.texts]
    assert words[2].startswith(f"{m.roc_auc.value:.4g} (")


def test_a_figure_that_is_not_defined_says_so_and_hides_no_other():
    m = judged(sure=True)
    (ax,) = drawn(m.plot())
    words = [t.get_text() for t in ax.texts]
    assert words[0] == words[5] == "not defined"
    assert words[2].startswith(f"{m.roc_auc.value:.4g}")
    assert "row 0 has y = 1 and probability 0" in str(m)
