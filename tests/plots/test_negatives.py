"""The pictures of a plan and of a check carry their figures."""

from __future__ import annotations

import numpy as np

from .pictures import checked, drawn, thinned


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
