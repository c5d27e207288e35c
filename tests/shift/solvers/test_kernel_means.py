"""Kernel means: the conditions of the optimum are a function of the row, and blocks change nothing."""

import numpy as np
import pytest

from upweight.shift.solvers import _kernel_means, gaussian, kernel_means, kernel_sums


def samples(n_s=300, n_t=200):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_s, 2)), rng.normal(0.5, 1, (n_t, 2))


@pytest.mark.parametrize(("ridge", "near"), [(0.1, 1e-6), (1.0, 1e-7), (10.0, 1e-8)])
def test_the_vector_is_the_function_at_the_source_rows(ridge, near):
    x, t = samples()
    w = kernel_means(x, t, np.ones(len(x)), width=1.5, ridge=ridge, cap=1000.0)
    kappa = len(x) / len(t) * kernel_sums(x, t, np.ones(len(t)), 1.5)
    function = np.clip((kappa - kernel_sums(x, x, w, 1.5)) / ridge, 0, 1000.0)
    assert np.abs(function - w).max() < near


@pytest.mark.parametrize("cap", [1.5, 1000.0])
def test_nothing_in_the_box_is_better(cap):
    x, t = samples(60, 40)
    w = kernel_means(x, t, np.ones(60), width=1.5, ridge=0.5, cap=cap)
    K = gaussian(x, x, 1.5) + 0.5 * np.eye(60)
    kappa = 60 / 40 * kernel_sums(x, t, np.ones(40), 1.5)
    value = lambda v: v @ K @ v / 2 - kappa @ v
    rng = np.random.default_rng(1)
    others = [np.clip(w + s * rng.normal(size=60), 0, cap) for s in (1e-3, 0.1, 1.0) for _ in range(50)]
    assert min(map(value, others)) >= value(w) - 1e-9
    assert w.max() <= cap


def test_blocks_change_nothing(monkeypatch):
    x, t = samples(80, 60)
    whole = kernel_means(x, t, np.ones(80), width=1.5, ridge=1.0, cap=1000.0)
    monkeypatch.setattr(_kernel_means, "BLOCK", 8 * 80 * 7)
    monkeypatch.setattr(_kernel_means, "KEPT", 0)
    with pytest.warns(UserWarning, match="80 source rows have a matrix of 0.0 GB"):
        blocks = kernel_means(x, t, np.ones(80), width=1.5, ridge=1.0, cap=1000.0)
    assert blocks == pytest.approx(whole, abs=1e-9)
