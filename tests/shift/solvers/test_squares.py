"""Leave-one-out in closed form against fits with each pair left out, and against stored answers of the same sums in high precision."""

import numpy as np
import pytest
from scipy.special import ndtri

from upweight.shift.solvers import gaussian, least_squares, leave_one_out

SOURCE = ndtri((np.arange(1, 201) - 0.5) / 200)[:, None]
TARGET = 1 + ndtri((np.arange(1, 101) - 0.5) / 100)[:, None]
CENTRES = TARGET[::5]
# leave-one-out at ridge .01, .1, 1; by fits with each pair left out (NumPy 2.4.6)
GOLDEN = {
    0.0: (-2.769565384268, -1.878024762994, -1.138391689620),
    0.1: (-1.720748691561, -1.403752581066, -0.996674412237),
    0.5: (-0.723864724653, -0.718916311777, -0.654554538407),
}


def brute(P, Q, alpha, ridge):
    """The score, one fit for every pair left out."""
    m = min(len(P), len(Q))
    scores = []
    for i in range(m):
        p, q = np.delete(P, i, axis=0), np.delete(Q, i, axis=0)
        H = (1 - alpha) * p.T @ p / len(p) + alpha * q.T @ q / len(q) + ridge * np.eye(P.shape[1])
        a = np.maximum(0, np.linalg.solve(H, q.mean(axis=0)))
        scores.append((1 - alpha) / 2 * (P[i] @ a) ** 2 + alpha / 2 * (Q[i] @ a) ** 2 - Q[i] @ a)
    return np.mean(scores)


@pytest.mark.parametrize("alpha", GOLDEN)
def test_goldens(alpha):
    P, Q = gaussian(SOURCE, CENTRES, 1.0), gaussian(TARGET, CENTRES, 1.0)
    found = leave_one_out(P, Q, np.full(200, 1 / 200), alpha, (0.01, 0.1, 1.0))
    assert found == pytest.approx(GOLDEN[alpha], abs=1e-11)


@pytest.mark.parametrize(("ridge", "wanted"), [(0.01, 1.304280688), (0.1, 0.763810821), (1.0, 0.713280499)])
def test_the_ratio_at_zero(ridge, wanted):
    P, Q = gaussian(SOURCE, CENTRES, 1.0), gaussian(TARGET, CENTRES, 1.0)
    a = least_squares(P, Q, np.full(200, 1 / 200), 0.0, ridge)
    assert gaussian(np.zeros((1, 1)), CENTRES, 1.0) @ a == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.5])
@pytest.mark.parametrize(("n_s", "n_t"), [(40, 25), (25, 40), (30, 30)])
def test_closed_form_is_the_fit_without_each_pair(alpha, n_s, n_t):
    for seed in range(5):
        rng = np.random.default_rng([seed, n_s])
        x, t = rng.normal(size=(n_s, 2)), rng.normal(0.5, 1, (n_t, 2))
        P, Q = gaussian(x, t[:12], 1.0), gaussian(t, t[:12], 1.0)
        ridges = (0.01, 0.1, 1.0)
        found = leave_one_out(P, Q, np.full(n_s, 1 / n_s), alpha, ridges)
        assert found == pytest.approx([brute(P, Q, alpha, ridge) for ridge in ridges], abs=1e-12)


def test_kernels_of_far_off_columns_keep_their_digits():
    x = np.array([[1e8], [1e8 + 1.0]])
    assert gaussian(x, x, 1.0)[0, 1] == pytest.approx(np.exp(-0.5), rel=1e-9)
