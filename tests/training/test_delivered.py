"""Delivered shares: the page's figures, brute force over every batch, a simulation, and the ends."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from upweight import InputError
from upweight.training import delivered_share

RARE = {1: 0.01, 8: 0.0723, 16: 0.1297, 32: 0.2140, 64: 0.3121, 128: 0.3960, 256: 0.4482, 1024: 0.4876}


def inverse(share):
    s = np.asarray(share)
    return s, 1 / (len(s) * s)


def every_batch(s, w, size):
    """E[X_g / S] over all multinomial batches, those without weight delivering nothing; scaled to sum one."""
    out = np.zeros(len(s))
    for k in itertools.product(range(size + 1), repeat=len(s)):
        if sum(k) == size:
            k = np.array(k)
            chance = math.factorial(size) * np.prod([p**n / math.factorial(n) for p, n in zip(s, k, strict=True)])
            out += chance * k * w / (k @ w) if k @ w else 0
    return out / out.sum()


@pytest.mark.parametrize("size", RARE)
def test_one_per_cent(size):
    assert delivered_share(*inverse([0.99, 0.01]), batch_size=size)[1] == pytest.approx(RARE[size], abs=5e-5)


@pytest.mark.parametrize(("rare", "size", "got"), [(0.05, 16, 0.3494), (0.05, 128, 0.4809), (0.1, 16, 0.4264)])
def test_other_rates(rare, size, got):
    assert delivered_share(*inverse([1 - rare, rare]), batch_size=size)[1] == pytest.approx(got, abs=5e-5)


def test_three_classes():
    got = delivered_share(*inverse([0.9, 0.09, 0.01]), batch_size=32)
    np.testing.assert_allclose(got, [0.4423, 0.3806, 0.1771], atol=5e-5)


@pytest.mark.parametrize("w", [[1.0, 7.0, 0.2], [1.0, 0.0, 3.0], [1e-6, 1.0, 1e6], [0.0, 0.0, 2.0]])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_every_batch_counted(w, size):
    s, w = np.array([0.6, 0.3, 0.1]), np.array(w)
    np.testing.assert_allclose(delivered_share(s, w, batch_size=size), every_batch(s, w, size), atol=1e-12)


def test_large_batches_deliver_what_is_meant_and_populations_always_do():
    s, w = inverse([0.9, 0.09, 0.01])
    np.testing.assert_allclose(delivered_share(s, w, batch_size=10**7), [1 / 3] * 3, atol=1e-5)
    np.testing.assert_allclose(delivered_share(s, w, batch_size=1, by="population"), [1 / 3] * 3, rtol=1e-12)
    np.testing.assert_allclose(delivered_share(s, w, batch_size=1), s, atol=1e-12)


def test_laws():
    s, w = np.array([0.6, 0.3, 0.1]), np.array([1.0, 2.0, 9.0])
    want = delivered_share(s, w, batch_size=8)
    np.testing.assert_allclose(delivered_share(1000 * s, 1e300 * w, batch_size=8), want, rtol=1e-9)
    np.testing.assert_allclose(delivered_share(s[::-1], w[::-1], batch_size=8)[::-1], want, rtol=1e-12)
    split = delivered_share([0.6, 0.1, 0.2, 0.1], [1.0, 2.0, 2.0, 9.0], batch_size=8)
    np.testing.assert_allclose([split[0], split[1] + split[2], split[3]], want, rtol=1e-9)
    gone = delivered_share([0.6, 0.3, 0.1, 0.0], [1.0, 2.0, 9.0, 5.0], batch_size=8)
    np.testing.assert_allclose(gone, [*want, 0], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (([0.5, 0.5], [1, 2, 3], 4), "2 groups and `class_weight` 3"),
        (([0.5, 0.5], [0, 0], 4), "no group has both rows and weight"),
        (([0.5, 0.5], [1, np.inf], 4), "got 1 infinite, first at row 1"),
        (([0.5, 0.5], [1, 2], 0), "`batch_size` must be a whole number, 1 or more"),
    ],
)
def test_bad_input_is_told(call, said):
    with pytest.raises(InputError) as error:
        delivered_share(call[0], call[1], batch_size=call[2])
    assert said in str(error.value)
