"""Corrected intervals and adjusted p-values, by hand and by simulation."""

import numpy as np
import pytest
from scipy import stats

from upweight.learners._statistics import holm, paired


def test_without_overlap_it_is_the_t_interval():
    d = np.array([0.1, 0.3, -0.2, 0.4, 0.2])
    i = paired(d, 0.0)
    t = stats.ttest_1samp(d, 0)
    assert i.p == pytest.approx(t.pvalue, rel=1e-12)
    assert (i.low, i.high) == pytest.approx(tuple(t.confidence_interval()), rel=1e-12)


def test_overlap_widens_by_the_formula():
    d = np.array([0.1, 0.3, -0.2, 0.4, 0.2])
    assert paired(d, 0.25).half / paired(d, 0.0).half == pytest.approx(np.sqrt((1 / 5 + 0.25) * 5))


def test_folds_that_say_nothing_are_left_out():
    assert paired([0.1, np.nan, 0.3], 0.2) == paired([0.1, 0.3], 0.2)
    assert np.isnan(paired([0.1], 0.2).low)
    assert np.isnan(paired([], 0.2).mean)


def test_equal_differences_have_no_width():
    assert paired([0.0, 0.0, 0.0], 0.2) == (0, 0, 0, 1)
    assert paired([0.5, 0.5, 0.5], 0.2).p == 0


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.02, 0.03, 0.04]), [0.04, 0.06, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.5, np.nan, 0.9]), [1.0, np.nan, 1.0])
    assert np.isnan(holm([np.nan])).all()


def test_holm_holds_the_family_error():
    rng = np.random.default_rng(0)
    false = [(holm(rng.random(8)) < 0.05).any() for _ in range(4000)]
    assert np.mean(false) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 4000)
