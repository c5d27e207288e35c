"""The best mixture: its certificate holds, and nothing on the simplex is better."""

import numpy as np
import pytest
from scipy.special import ndtri

from upweight.shift.solvers import best_mixture, gaussian


def kernels(rng, n, d, centres, width):
    x, t = rng.normal(size=(n, d)), rng.normal(0.5, 1, (n, d))
    c = t[:centres]
    return gaussian(t, c, width) / gaussian(x, c, width).mean(axis=0)


def test_mean_log_of_the_golden():
    x, t = ndtri((np.arange(1, 201) - 0.5) / 200)[:, None], 1 + ndtri((np.arange(1, 101) - 0.5) / 100)[:, None]
    A = gaussian(t, t[::5], 1.0) / gaussian(x, t[::5], 1.0).mean(axis=0)
    beta, gap, _ = best_mixture(A)
    assert gap < 1e-8
    assert np.log(A @ beta).mean() == pytest.approx(0.479637630, abs=1e-8)


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("width", [0.3, 1.0, 4.0])
def test_certificate_bounds_the_distance_to_every_other_mixture(d, width):
    rng = np.random.default_rng(d)
    A = kernels(rng, 300, d, 60, width)
    beta, gap, steps = best_mixture(A)
    assert gap < 1e-8
    assert steps <= 40
    assert beta.min() >= 0
    assert beta.sum() == pytest.approx(1, abs=1e-12)
    best = np.log(A @ beta).mean()
    others = [np.log(A @ rng.dirichlet(np.full(60, s))).mean() for s in (0.05, 0.3, 1.0) for _ in range(50)]
    near = [np.log(A @ (0.99 * beta + 0.01 * rng.dirichlet(np.ones(60)))).mean() for _ in range(50)]
    assert max(others + near) <= best + gap


def test_certificate_is_the_largest_slope():
    A = kernels(np.random.default_rng(0), 200, 2, 40, 1.0)
    beta, gap, _ = best_mixture(A)
    g = A.T @ (1 / (A @ beta)) / len(A)
    assert g.max() - 1 == pytest.approx(gap, abs=1e-12)


def test_one_column_has_all_of_it():
    assert best_mixture(np.ones((5, 1)))[0].tolist() == [1.0]
