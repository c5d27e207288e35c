"""Corrections over many seeds: estimators reach the truth, tests keep their level."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from upweight import Correction, recalibrate


def logistic(X, y, w=None, offset=0.0):
    """Newton for a weighted logistic regression with an offset."""
    b, w = np.zeros(X.shape[1]), np.ones(len(y)) if w is None else w
    for _ in range(25):
        p = expit(X @ b + offset)
        step = np.linalg.solve((X * (w * p * (1 - p))[:, None]).T @ X, X.T @ (w * (y - p)))
        b = b + step
        if np.abs(step).max() < 1e-9:
            break
    return b


def population(seed, n=20_000):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return rng, X, rng.random(n) < expit(X @ [-3.0, 1.0, -0.5])


def test_correction_and_weights_both_bring_a_thinned_sample_back():
    # 40 seeds; each mean is within 4 standard errors of the truth, which fails one time in 5000
    c = Correction.kept(negatives=0.1)
    by_odds, by_weights = [], []
    for seed in range(40):
        rng, X, y = population(seed)
        keep = y | (rng.random(len(y)) < 0.1)
        b = logistic(X[keep], y[keep])
        np.testing.assert_allclose(c.apply(expit(X @ b)), expit(X @ (b - [c.log_odds, 0, 0])), rtol=1e-9)
        by_odds.append(b - [c.log_odds, 0, 0])
        by_weights.append(logistic(X[keep], y[keep], np.asarray(c.weights(y[keep]))))
    for found in (np.array(by_odds), np.array(by_weights)):
        error = found.std(axis=0, ddof=1) / np.sqrt(40)
        assert (np.abs(found.mean(axis=0) - [-3, 1, -0.5]) < 4 * error).all()
        assert error.max() < 0.02
    assert np.var(by_odds, axis=0)[1] < np.var(by_weights, axis=0)[1]  # offsets spend less than weights


def test_class_weights_are_undone_where_the_model_is_true():
    bias = []
    for seed in range(30):
        _, X, y = population(seed)
        w = np.where(y, 12.0, 1.0)
        c = Correction.weighted(y, w)
        bias.append(logistic(X, y, w) - [c.log_odds, 0, 0])
    bias = np.array(bias)
    assert (np.abs(bias.mean(axis=0) - [-3, 1, -0.5]) < 4 * bias.std(axis=0, ddof=1) / np.sqrt(30)).all()


def test_em_size_and_coverage():
    # 500 runs: a true size of .05 leaves [.03, .08] one time in 100, a true coverage of .95 leaves [.92, .98] one in 500
    rejected = covered = 0
    for seed in range(500):
        rng = np.random.default_rng(seed)
        z, u = rng.normal(size=1000), rng.random(1000)
        rejected += Correction.em(expit(2 * (z + np.where(u < 0.5, 1, -1))), train=0.5).prior.p < 0.05
        found = Correction.em(expit(2 * (z + np.where(u < 0.2, 1, -1))), train=0.5).prior
        covered += abs(found[1] - 0.2) <= 1.959964 * found.se[1]
    assert 0.03 <= rejected / 500 <= 0.08
    assert 0.92 <= covered / 500 <= 0.98


def test_em_covers_each_of_three_classes():
    world = np.array([0.6, 0.3, 0.1])
    centres = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    inside = np.zeros(3)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = centres[rng.choice(3, 800, p=world)] + rng.normal(size=(800, 2))
        p = np.exp(x @ centres.T - (centres**2).sum(axis=1) / 2)
        found = Correction.em(p / p.sum(axis=1, keepdims=True), train=[1 / 3] * 3).prior
        inside += np.abs(found.world - world) <= 1.959964 * found.se
    assert ((inside / 300 >= 0.91) & (inside / 300 <= 0.985)).all()


def test_verify_rarely_doubts_the_truth_and_rarely_misses_a_lie():
    # right: O/E and slope each fail at most one time in twenty; wrong: a tenth more or less in all odds, 30,000 rows
    doubted = missed = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        l = rng.normal(-2, 1, 30_000)
        y = rng.random(30_000) < expit(l)
        small = slice(0, 2000)
        doubted += Correction.none().verify(y[small], expit(l[small])).status != "confirmed"
        if seed < 15:
            missed += Correction.offset(np.log(1.15)).verify(y, expit(l)).status == "confirmed"
    assert doubted / 200 <= 0.14  # at most .10 in truth; .14 is passed wrongly one time in 20 of those
    assert missed == 0


def test_the_slope_is_added_one_time_in_twenty_where_none_is_needed():
    added = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        l = rng.normal(-1, 1.5, 400)
        added += recalibrate(rng.random(400) < expit(l), expit(l + 1)).how == "platt"
    assert 0.02 <= added / 400 <= 0.085


def test_weighted_likelihood_ratios_keep_their_level_too():
    # weights that vary by a factor of nine, unrelated to y: at mean one, without sum w / sum w^2, an eighth would be added
    added = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        l = rng.normal(-1, 1.5, 400)
        w = rng.choice([1.0, 9.0], 400) * 1000
        added += recalibrate(rng.random(400) < expit(l), expit(l + 1), sample_weight=w).how == "platt"
    assert 0.02 <= added / 400 <= 0.09
