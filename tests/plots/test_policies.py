"""The pictures of policies hold the numbers of the objects they draw."""

import numpy as np

from .pictures import chosen, drawn, policy


def test_the_forest_holds_values_intervals_and_proof():
    e = policy(bounds=(0, 1), by=np.arange(900) % 3)
    forest, labels, caps = drawn(e.plot())
    lines = [
        line.get_xdata() for line in forest.lines if len(line.get_xdata()) == 2 and line.get_linestyle() in ("-", "--")
    ]
    expected = [e.logged.interval(), e.value.interval(), e.gain.interval(), e.guarantee]
    np.testing.assert_allclose(lines, expected)
    np.testing.assert_allclose(caps.lines[0].get_ydata(), e.path.values[1:])
    marks = [line.get_xdata() for line in labels.lines if line.get_marker() in ("o", "s")]
    np.testing.assert_allclose(sorted(np.concatenate(marks)), sorted(s.mean for s in e.by.values()))


def test_the_path_marks_the_chosen_candidate_with_the_interval_of_the_best():
    p = chosen(taming="clip", grid=[2, 1])
    *_, candidates, interval, best = p.plot().lines
    np.testing.assert_allclose(candidates.get_ydata(), p.values)
    np.testing.assert_allclose(interval.get_ydata(), p.best.interval())
    assert best.get_ydata()[0] == p.best.value
