"""Sums in logs: the direct formula wherever it does not overflow, and the edges where it would."""

import math
import tracemalloc

import numpy as np
import pytest
from scipy.special import logsumexp

from upweight._errors import InputError
from upweight.arrays import log_mean_exp, log_sum_exp, normalise
from upweight.arrays._log import BLOCK, sums


@pytest.fixture
def log_w():
    return np.random.default_rng(1).normal(0.0, 3.0, (7, 1000))


def test_log_sum_exp_is_the_log_of_the_sum(log_w):
    np.testing.assert_allclose(log_sum_exp(log_w), np.log(np.exp(log_w).sum(-1)), rtol=1e-14)


def test_a_level_shifts_log_sum_exp_by_itself(log_w):
    for level in (1e4, -1e4):
        np.testing.assert_allclose(log_sum_exp(log_w + level), log_sum_exp(log_w) + level, rtol=1e-14)


def test_leading_axes_are_a_batch(log_w):
    deep = log_w.reshape(7, 2, 2, 250)
    assert log_sum_exp(deep).shape == (7, 2, 2)
    np.testing.assert_allclose(log_sum_exp(deep), logsumexp(deep, axis=-1), rtol=1e-14)


def test_one_row_may_be_longer_than_a_block():
    l = np.random.default_rng(2).normal(size=3 * BLOCK + 17)
    assert math.isclose(log_sum_exp(l), logsumexp(l), rel_tol=1e-14)
    np.testing.assert_allclose(log_sum_exp(np.stack([l, l[::-1] + 1])), [logsumexp(l), logsumexp(l) + 1])


def test_many_short_rows_and_other_strides_give_the_same():
    l = np.random.default_rng(3).normal(size=(3, 70_000))
    np.testing.assert_allclose(log_sum_exp(l.T), logsumexp(l, axis=0), rtol=0, atol=2e-15)


@pytest.mark.parametrize("nothing", [[-np.inf, -np.inf], np.zeros(0), [[-np.inf] * 3] * 2])
def test_a_sum_of_zeros_is_minus_infinity_without_a_warning(nothing):
    assert np.all(log_sum_exp(nothing) == -np.inf)


def test_nan_and_infinity_stay_visible():
    assert np.isnan(log_sum_exp([0.0, np.nan]))
    assert log_sum_exp([0.0, np.inf]) == np.inf


def test_log_mean_exp_counts_zeros():
    assert math.isclose(log_mean_exp(np.log([2.0, 2.0])), math.log(2))
    assert math.isclose(log_mean_exp(np.log([2.0, 2.0]).tolist() + [-math.inf] * 2), 0.0, abs_tol=1e-15)


def test_normalised_weights_sum_to_one(log_w):
    np.testing.assert_allclose(np.exp(normalise(log_w - 1e4)).sum(-1), 1.0, rtol=1e-11)
    np.testing.assert_array_equal(normalise([-np.inf, 3.0]), [-np.inf, 0.0])


def test_normalising_only_zeros_leaves_zeros():
    np.testing.assert_array_equal(normalise([-np.inf, -np.inf]), [-np.inf, -np.inf])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_is_kept_and_the_sum_is_taken_in_float64(dtype):
    l = np.zeros(1 << 12, dtype=dtype)
    for f in (log_sum_exp, log_mean_exp, normalise):
        assert f(l).dtype == dtype
    assert log_sum_exp(l) == dtype(math.log(1 << 12))


def test_integers_become_float64():
    assert log_sum_exp(np.array([0, 0])).dtype == np.float64


def test_sums_are_the_direct_sums(log_w):
    log_w[2, :100] = -np.inf
    s = sums(log_w, squares=True, entropy=True)
    w = np.exp(log_w - log_w.max(-1, keepdims=True))
    np.testing.assert_allclose(s.w, w.sum(-1), rtol=1e-13)
    np.testing.assert_allclose(s.w2, (w**2).sum(-1), rtol=1e-13)
    log = np.log(w, where=w > 0, out=np.zeros_like(w))
    np.testing.assert_allclose(s.wlogw, (w * log).sum(-1), rtol=1e-12)


def test_no_temporary_is_as_long_as_the_data():
    l = np.zeros(4_000_000)
    log_sum_exp(l)
    tracemalloc.start()
    log_sum_exp(l)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < l.nbytes / 20


def test_inputs_are_not_written(log_w):
    log_w.flags.writeable = False
    before = log_w.copy()
    log_sum_exp(log_w), log_mean_exp(log_w), normalise(log_w)
    np.testing.assert_array_equal(log_w, before)


@pytest.mark.parametrize(
    ("bad", "text"),
    [(3.0, "need an axis of rows"), ([1j], "must be real; got dtype complex128"), (["a"], "must be real")],
)
def test_what_is_not_a_vector_of_numbers_is_refused(bad, text):
    with pytest.raises(InputError, match=text):
        log_sum_exp(bad)


@pytest.mark.parametrize("level", [-1e12, 1e12])
def test_normalised_weights_add_up_at_any_level(level):
    l = np.log(np.random.default_rng(0).exponential(size=(2, 500)))
    l[0, :9] = -np.inf
    np.testing.assert_allclose(np.exp(normalise(l + level)).sum(axis=-1), 1.0, rtol=1e-13)
    assert (normalise(np.full(3, -np.inf)) == -np.inf).all()
    assert normalise(np.empty((2, 0))).shape == (2, 0)
