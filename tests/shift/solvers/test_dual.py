"""The dual: F is the slope of G, solutions keep their promises, and the thin half of a matrix counts as the dense one does."""

import math

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

from upweight.shift.solvers import Distance, TermMatrix, left_at_zero, minimise, nearest

DISTANCES = [
    Distance("kl"),
    Distance("kl", 0.2, math.inf),
    Distance("kl", 0.2, 3.0),
    Distance("kl", 0.0, 3.0),
    Distance("chi2"),
    Distance("chi2", 0.2, 3.0),
]


@pytest.mark.parametrize("distance", DISTANCES)
def test_weights_are_the_slope_of_the_value(distance):
    u, h = np.linspace(-3, 3, 61) + 0.013, 1e-6
    slope = (distance.value(u + h) - distance.value(u - h)) / (2 * h)
    second = (distance.weights(u + h) - distance.weights(u - h)) / (2 * h)
    assert slope == pytest.approx(distance.weights(u), abs=1e-6)
    assert second == pytest.approx(distance.slope(u), abs=1e-5)
    assert distance.weights(np.zeros(1)) == pytest.approx(1)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("tolerance", [0.0, 0.05])
def test_solutions_keep_averages_sum_and_bounds(distance, tolerance):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(200, 4))
        q = rng.dirichlet(np.full(200, 5.0))
        z = TermMatrix.of(x, None, np.array([0.3, 0.0, -0.2, 0.1]), np.ones(4))
        found = minimise(z, q, distance, tolerance=tolerance)
        assert found.solved
        assert found.w.sum() == pytest.approx(1, abs=1e-9)
        assert np.abs(z.sums(found.w)).max() <= tolerance + 1e-9
        assert (found.w >= distance.low * q - 1e-15).all()
        assert (found.w <= distance.high * q + 1e-15).all()


def test_nothing_allowed_is_nearer():
    """Against a general solver of the primal: kl with a tolerance."""
    rng = np.random.default_rng(1)
    x, q = rng.normal(size=(12, 2)), np.full(12, 1 / 12)
    z = TermMatrix.of(x, None, np.array([0.3, -0.2]), np.ones(2))
    found = minimise(z, q, Distance("kl"), tolerance=0.1)
    far = lambda w: float(np.sum(w * np.log(w / q)))
    limits = [
        {"type": "ineq", "fun": lambda w, s=s, k=k: 0.1 + s * (w @ z.dense[:, k])} for s in (1, -1) for k in (0, 1)
    ]
    general = minimize(
        far, q, constraints=[*limits, {"type": "eq", "fun": lambda w: w.sum() - 1}], bounds=[(1e-12, 1)] * 12, tol=1e-12
    )
    assert far(found.w) <= general.fun + 1e-8
    assert found.w == pytest.approx(general.x, abs=1e-4)


def test_sparse_terms_are_dense_terms():
    rng = np.random.default_rng(2)
    dense, codes = rng.normal(size=(300, 2)), rng.integers(0, 4, 300)
    thin = sparse.csr_array(np.eye(4)[codes])
    mean, scale = np.array([0.1, 0.2, 0.3, 0.3, 0.2, 0.2]), np.array([1.0, 2.0, 0.4, 0.5, 0.4, 0.4])
    split = TermMatrix.of(dense, thin, mean, scale)
    whole = TermMatrix.of(np.hstack([dense, thin.toarray()]), None, mean, scale)
    h, lam = rng.random(300), rng.normal(size=6)
    assert split.gram(h) == pytest.approx(whole.gram(h), abs=1e-10)
    assert split.sums(h) == pytest.approx(whole.sums(h), abs=1e-10)
    assert split.dot(lam) == pytest.approx(whole.dot(lam), abs=1e-10)
    assert split.written_out() == pytest.approx(whole.written_out(), abs=1e-12)
    keep = np.array([True, False, True, True, False, True])
    assert split.keep(keep).written_out() == pytest.approx(whole.keep(keep).written_out(), abs=1e-12)


def test_redundant_terms_are_harmless():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(100, 1))
    once = minimise(TermMatrix.of(x, None, np.array([0.3]), np.ones(1)), np.full(100, 0.01), Distance("kl"))
    twice = TermMatrix.of(np.hstack([x, 2 * x]), None, np.array([0.3, 0.6]), np.array([1.0, 2.0]))
    assert minimise(twice, np.full(100, 0.01), Distance("kl")).w == pytest.approx(once.w, abs=1e-12)


def test_the_certificate_is_the_nearest_and_its_combination_separates():
    rng = np.random.default_rng(4)
    x, m = rng.normal(size=(30, 3)), np.array([2.5, -2.5, 0.5])
    z = TermMatrix.of(x, None, m, np.ones(3))
    q = np.full(30, 1 / 30)
    t, way = nearest(z, q, 0.0, math.inf)
    assert np.abs(way).sum() == pytest.approx(1)
    assert (x @ way).max() == pytest.approx(m @ way - t, abs=1e-8)  # no average exceeds the largest row
    assert not minimise(z, q, Distance("kl"), tolerance=0.98 * t, steps=60).solved
    assert minimise(z, q, Distance("kl"), tolerance=1.01 * t).solved


def test_rows_that_no_solution_uses_are_found():
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    z = TermMatrix.of(x, None, np.array([0.0, 0.3]), np.ones(2))
    found = left_at_zero(z, np.full(4, 0.25), math.inf, 0.0, np.ones(4, dtype=bool))
    assert found.tolist() == [False, False, True, True]
