"""Measures against counting by hand and scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from upweight.learners._measures import average_precision, decision, farthest, macro, recall_at, roc_auc

RNG = np.random.default_rng(0)
HIT = RNG.random(300) < 0.2
P = np.round(np.clip(0.2 * HIT + RNG.random(300), 0, 1), 2)
W = RNG.integers(1, 5, 300)


def test_decision_figures_equal_scikit_learns():
    flagged = P >= 0.5
    d = decision(HIT, flagged, None)
    assert d["sensitivity"] == pytest.approx(metrics.recall_score(HIT, flagged))
    assert d["precision"] == pytest.approx(metrics.precision_score(HIT, flagged))
    assert d["f1"] == pytest.approx(metrics.f1_score(HIT, flagged))
    assert d["mcc"] == pytest.approx(metrics.matthews_corrcoef(HIT, flagged))
    assert d["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(HIT, flagged))
    assert d["alerts"] == pytest.approx(1000 * flagged.mean())


def test_sensitivity_and_specificity_of_the_page():
    hit = np.repeat([True, False], [10, 10])
    flagged = np.r_[np.ones(8), np.zeros(2), np.ones(1), np.zeros(9)].astype(bool)
    d = decision(hit, flagged, None)
    assert (d["sensitivity"], d["specificity"]) == (0.8, 0.9)
    assert d["gmean"] == pytest.approx(0.848528, abs=5e-7)
    assert d["iba"] == pytest.approx(0.7128)


def test_whole_weights_are_repeated_rows():
    again = np.repeat(np.arange(300), W)
    for f in (average_precision, roc_auc):
        assert f(HIT, P, W.astype(float)) == pytest.approx(f(HIT[again], P[again], None))
    a, b = decision(HIT, P > 0.4, W.astype(float)), decision(HIT[again], P[again] > 0.4, None)
    assert a == pytest.approx(b)
    assert recall_at(HIT, P, W.astype(float), 77.0) == pytest.approx(recall_at(HIT[again], P[again], None, 77.0))


def test_recall_at_spends_alerts_from_the_top_and_shares_ties():
    hit = np.array([True, False, True, False])
    assert recall_at(hit, np.array([0.9, 0.8, 0.7, 0.1]), None, 1) == 0.5
    assert recall_at(hit, np.array([0.9, 0.8, 0.7, 0.1]), None, 3) == 1.0
    assert recall_at(hit, np.full(4, 0.5), None, 2) == 0.5
    assert recall_at(hit, np.array([0.9, 0.5, 0.5, 0.5]), None, 2) == pytest.approx(0.5 + 0.5 / 3)
    assert recall_at(hit, np.array([0.9, 0.8, 0.7, 0.1]), None, 0) == 0.0


def test_what_cannot_be_told_is_nan():
    none = np.zeros(4, bool)
    assert np.isnan(average_precision(none, np.ones(4), None))
    assert np.isnan(roc_auc(none, np.ones(4), None))
    assert np.isnan(decision(none, none, None)["precision"])
    assert np.isnan(macro([np.nan]))
    assert macro([1.0, np.nan, 3.0]) == 2.0


def test_the_farthest_ratio_is_judged_in_logs():
    assert farthest([0.5, 1.9, 1.0]) == 0.5
    assert farthest([0.6, 1.9, 1.0]) == 1.9
    assert farthest(1.2) == 1.2
