"""Pictures of margin rules, scores and samplers hold the numbers of the objects."""

from __future__ import annotations

import numpy as np
import torch

import upweight.torch as T

from .pictures import drawn, scored


def test_lines_of_a_rule_are_its_margins():
    for counts, kind in (([900, 90, 10], "vs"), ([900, 90, 10], "temper"), ([90, 10], "vs"), ([90, 9, 1], "ldam")):
        rule = T.margin_rule(counts, kind=kind)
        (ax,) = drawn(rule.plot())
        for c, line in enumerate(ax.lines[1:]):
            lead, margin = line.get_data()
            z = torch.zeros(len(lead), len(counts), dtype=torch.float64)
            z[:, c] = torch.as_tensor(np.array(lead))
            want = T.margin(z, torch.full((len(lead),), c), rule)
            np.testing.assert_allclose(margin, want, atol=1e-9)


def test_only_some_of_many_classes_are_drawn():
    (ax,) = drawn(T.margin_rule(np.arange(1, 1001)).plot())
    assert len(ax.lines) == 7
    assert ax.lines[-1].get_label().startswith("class 0,")


def test_figures_of_scores_are_their_history():
    scores = scored().scores
    (ax,) = drawn(scores.plot())
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(lines["tau, promised"], [t for t, _ in scores.history])
    np.testing.assert_allclose(lines["gain, kept"], [g for _, g in scores.history])
    assert ax.get_title(loc="left").startswith("Drawing by scores is on")


def test_shares_of_a_sampler_are_sums_of_p():
    s = scored()
    (ax,) = drawn(s.plot())
    lines = {line.get_label(): line.get_data() for line in ax.lines}
    p = np.sort(s.p)[::-1]
    x, y = lines["draws"]
    np.testing.assert_allclose(y, 100 * np.r_[0, np.cumsum(p)][np.round(np.array(x) * 3).astype(int)], atol=1e-9)
    assert lines["draws times loss weight"][1][-1] == 100
