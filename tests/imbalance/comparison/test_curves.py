"""Curves: bins, precision at recall, counts above thresholds, against counting."""

import numpy as np
import pytest

from upweight.imbalance.comparison._curves import bins, operating, precision_at

RNG = np.random.default_rng(0)
HIT = (RNG.random(2000) < 0.2).astype(int)
P = np.round(np.clip(0.2 + 0.2 * HIT + 0.15 * RNG.normal(size=2000), 0.001, 0.999), 2)
ONE = np.ones(2000)


class Cut:
    threshold = 0.31


def test_bins_hold_every_row_once_and_never_split_a_tie():
    found = bins(HIT, P, ONE)
    assert len(found) <= 20
    assert sum(b["count"] for b in found) == 2000
    assert sum(b["count"] * b["proba"] for b in found) == pytest.approx(P.sum())
    assert sum(b["count"] * b["observed"] for b in found) == pytest.approx(HIT.sum())
    edges = [b["proba"] for b in found]
    assert edges == sorted(edges)
    assert len(bins(HIT, np.full(2000, 0.2), ONE)) == 1


def test_precision_at_a_recall_is_that_of_the_first_threshold_that_reaches_it():
    recall = np.linspace(0, 1, 101)
    got = precision_at(HIT, P, ONE, recall)
    cuts = np.unique(P)[::-1]
    reached = np.array([HIT[cuts_ <= P].sum() / HIT.sum() for cuts_ in cuts])
    for r, value in zip(recall[1:], got[1:], strict=True):
        cut = cuts[np.argmax(reached >= r - 1e-12)]
        assert value == pytest.approx(HIT[cut <= P].mean())
    assert got[-1] == pytest.approx(HIT[np.min(P[HIT == 1]) <= P].mean())


def test_counts_per_thousand_are_what_each_threshold_flags():
    found = operating(HIT, P, ONE, [Cut()])
    at = np.array(found["threshold"])
    assert len(at) <= 201
    assert (np.diff(at) > 0).all()
    assert 0.31 in at
    for t, tp, fp in zip(at, found["true_positives"], found["false_positives"], strict=True):
        assert tp == pytest.approx(1000 * (HIT[t <= P] == 1).sum() / 2000)
        assert fp == pytest.approx(1000 * (HIT[t <= P] == 0).sum() / 2000)


def test_whole_weights_are_repeated_rows():
    w = RNG.integers(1, 4, 2000)
    again = np.repeat(np.arange(2000), w)
    recall = np.linspace(0, 1, 11)
    np.testing.assert_allclose(
        precision_at(HIT, P, w.astype(float), recall), precision_at(HIT[again], P[again], np.ones(len(again)), recall)
    )
