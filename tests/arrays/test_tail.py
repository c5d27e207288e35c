"""k-hat and smoothing: printed figures, the formula written out longhand, the edges, the laws, the peer."""

import math
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upweight._errors import InputError
from upweight.arrays import khat, khat_of_largest, normalise, psis, tail_index, tail_size
from upweight.arrays._tail import largest


def grid(k, n):
    """Exact log-weights of tail index k: target Exp(1 - k) over source Exp(1), at quantiles of the source."""
    return -k * np.log1p(-(np.arange(n) + 0.5) / n) + (np.log(1 - k) if k < 1 else 0.0)


FIGURES = {
    (25, 0.5): 0.502247284039,
    (100, 0.5): 0.491960020199,
    (225, 0.5): 0.497208621174,
    (1000, 0.2): 0.236808297256,
    (1000, 0.5): 0.496630175164,
    (1000, 0.7): 0.669900412043,
    (1000, 1.1): 1.016545965681,
    (4000, 0.5): 0.498660905637,
    (10_000, 0.7): 0.689982034899,
}


def longhand(log_w, r_eff=1.0):
    """The definition, one row at a time and with plain logarithms; k-hat, sigma, cut and exceedances."""
    l = np.sort(log_w[log_w > -np.inf])
    S = len(l)
    M = min(math.floor(3 * math.sqrt(S / r_eff)) if S * r_eff > 225 else S // 5, 30_000, S - 1)
    u, l = l[-M - 1], l[-M:]
    l = l[l - u > 8 * 2.3e-16 * np.maximum(1, abs(l))]
    M = len(l)
    y = np.exp(u - l[-1]) * np.expm1(l - u)
    m = 30 + math.floor(math.sqrt(M))
    j = np.arange(1, m + 1)
    b = 1 / y[-1] + (1 - np.sqrt(m / (j - 0.5))) / (3 * y[int(M / 4 + 0.5) - 1])
    kappa = np.array([np.mean(np.log1p(-bj * y)) for bj in b])
    L = M * (np.log(-b / kappa) - kappa - 1)
    w = np.exp(L - L.max())
    w /= w.sum()
    w[w < 10 * 2.3e-16] = 0
    b = np.sum(w * b) / w.sum()
    kappa = np.mean(np.log1p(-b * y))
    return (M * kappa + 5) / (M + 10), -kappa / b, u, l


@pytest.mark.parametrize(("n", "k"), FIGURES)
def test_khat_of_the_grids(n, k):
    assert khat(grid(k, n)) == pytest.approx(FIGURES[n, k], abs=6e-13)
    assert psis(grid(k, n))[1] == khat(grid(k, n))


def test_khat_of_bounded_weights_is_negative():
    assert khat(np.log(np.arange(1, 1001))) == pytest.approx(-0.817816333706, abs=6e-13)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [25, 99, 226, 1000, 5000])
def test_khat_is_the_definition_written_out(n, seed):
    rng = np.random.default_rng(seed)
    normal, uniform = rng.normal(size=n), rng.uniform(size=n)
    for l in (normal, 4 * normal, -0.8 * np.log(uniform), np.log(uniform)):
        assert khat(l) == pytest.approx(longhand(l)[0], abs=2e-12)


@pytest.mark.parametrize("r_eff", [0.2, 0.5, 2.0])
def test_khat_takes_more_rows_from_correlated_draws(r_eff):
    l = 0.5 * np.random.default_rng(3).exponential(size=2000)
    assert khat(l, r_eff=r_eff) == pytest.approx(longhand(l, r_eff)[0], abs=1e-12)
    assert tail_size(2000, r_eff) == math.floor(3 * math.sqrt(2000 / r_eff))


@pytest.mark.parametrize(
    ("rows", "size"),
    [(25, 5), (224, 44), (225, 45), (226, 45), (240, 46), (4000, 189), (99_999_999, 29_999), (10**9, 30_000)],
)
def test_the_tail_is_a_fifth_then_three_roots_then_capped(rows, size):
    assert tail_size(rows) == size


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_smoothing_writes_the_fitted_quantiles_over_the_exceedances(k):
    l = np.random.default_rng(4).permutation(grid(k, 3000))
    fitted, sigma, u, tail = longhand(l)
    p = (np.arange(len(tail)) + 0.5) / len(tail)
    expected = np.log(np.exp(u - tail[-1]) + sigma * np.expm1(-fitted * np.log1p(-p)) / fitted) + tail[-1]
    smooth, found = psis(l)
    assert found == pytest.approx(fitted, abs=1e-12)
    order = np.argsort(l)
    np.testing.assert_allclose(smooth[order][-len(tail) :], np.minimum(expected, l.max()), atol=1e-11)
    np.testing.assert_array_equal(smooth[order][: -len(tail)], l[order][: -len(tail)])


def test_both_agree_with_the_peer():
    """arviz-stats takes log-likelihoods and normalises what it gives back; the fit is the same."""
    array_stats = pytest.importorskip("arviz_stats.base").array_stats
    rng = np.random.default_rng(5)
    light, heavy = rng.normal(size=(40, 1000)), 0.7 * rng.exponential(size=(40, 300))
    for l in (light, heavy, np.log(rng.beta(2, 3, (40, 4000)))):
        theirs, their_k = array_stats.psislw(-l)
        ours, our_k = psis(l)
        np.testing.assert_allclose(our_k, their_k, atol=2e-12)
        np.testing.assert_allclose(normalise(ours), theirs, atol=2e-11)


# edges ---------------------------------------------------------------------------


def shares(*pairs):
    return np.log(np.repeat([float(v) for v, _ in pairs], [c for _, c in pairs]))


@pytest.mark.parametrize(
    "flat",
    [
        np.zeros(25),
        np.full(1000, 1e5),
        shares((1, 980), (10, 20)),
        shares((1, 500), (10, 500)),
        shares((1, 12), (10, 12), (11, 6)),
        np.minimum(grid(0.8, 1000), 0.2),
        np.r_[np.zeros(999), 1e-15],
    ],
)
def test_weights_that_share_their_largest_value_have_no_tail(flat):
    assert khat(flat) == -np.inf
    smooth, k = psis(flat)
    assert k == -np.inf
    np.testing.assert_array_equal(smooth, flat)


@pytest.mark.parametrize(
    "unjudged",
    [
        grid(0.5, 24),
        np.r_[grid(0.5, 24), np.full(50, -np.inf)],
        np.r_[np.zeros(999), math.log(1e4)],
        np.r_[np.zeros(996), 1.0, 2.0, 3.0, 4.0],
        np.full(30, -np.inf),
        np.r_[grid(0.5, 99), np.nan],
        np.r_[grid(0.5, 99), np.inf],
        np.r_[grid(0.5, 200_000), np.nan],
        np.zeros(0),
    ],
)
def test_too_little_to_judge_is_nan_and_never_no_tail(unjudged):
    assert np.isnan(khat(unjudged))
    smooth, k = psis(unjudged)
    assert np.isnan(k)
    np.testing.assert_array_equal(smooth, unjudged)


def test_one_huge_row_must_not_read_as_no_tail():
    assert np.isnan(khat(np.r_[np.zeros(999), math.log(1e4)]))
    assert khat(np.r_[grid(0.1, 999), 60.0]) > 0.4


def test_ties_at_the_cut_are_not_exceedances():
    l = np.r_[np.zeros(950), np.linspace(1, 4, 50)]
    k, _, u, tail = longhand(l)
    assert (u, len(tail)) == (0.0, 50)
    assert khat(l) == pytest.approx(k, abs=1e-12)


@pytest.mark.parametrize("spread", [30, 1000, 1e5])
def test_weights_beyond_the_range_of_floats_are_fitted_and_found_hopeless(spread):
    l = spread * np.random.default_rng(6).normal(size=2000)
    smooth, k = psis(l)
    assert k > 1
    assert np.isfinite(smooth).all()
    assert smooth.max() <= l.max()
    assert np.count_nonzero(smooth == l.max()) <= 3
    assert k == pytest.approx(longhand(l)[0], rel=1e-9) if spread == 30 else np.isfinite(k)


def test_no_input_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for l in (
            np.zeros(25),
            np.full(99, -np.inf),
            1e300 * grid(0.5, 99),
            [0.0],
            [np.nan] * 30,
        ):
            khat(l), psis(l)


@pytest.mark.parametrize("r_eff", [0.0, -1.0, math.nan])
def test_r_eff_must_be_positive(r_eff):
    for f in (khat, psis):
        with pytest.raises(InputError, match=r"`r_eff` must be > 0; got"):
            f(grid(0.5, 99), r_eff=r_eff)


def test_a_tail_of_fewer_than_five_rows_is_not_judged():
    assert np.isnan(khat(grid(0.5, 300), r_eff=300))


# laws ----------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(-30, 30), st.sampled_from([30, 240, 1100]))
def test_khat_does_not_see_the_level_or_the_order_or_zeros(seed, level, n):
    rng = np.random.default_rng(seed)
    l = rng.exponential(size=n) * rng.uniform(0.1, 1.2)
    k = khat(l)
    assert khat(l + level) == pytest.approx(k, abs=1e-12)
    assert khat(rng.permutation(l)) == k
    assert khat(np.insert(l, rng.integers(0, n, 7), -np.inf)) == k


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.05, 1.5))
def test_smoothing_keeps_order_level_and_largest(seed, k):
    rng = np.random.default_rng(seed)
    l = k * rng.exponential(size=400)
    smooth, _ = psis(l)
    assert smooth.max() <= l.max()
    assert np.all(np.diff(smooth[np.argsort(l, kind="stable")]) >= -1e-9)
    untouched = np.argsort(l)[:-60]
    np.testing.assert_array_equal(smooth[untouched], l[untouched])
    np.testing.assert_allclose(psis(l + 7.0)[0], smooth + 7.0, atol=1e-11)


def test_khat_of_a_power_is_nearly_the_power_of_khat():
    assert khat(0.625 * grid(0.8, 4000)) == pytest.approx(0.4987, abs=5e-5)
    assert khat(grid(0.8, 4000)) == pytest.approx(0.7776, abs=5e-5)


# shapes, dtypes, memory ----------------------------------------------------------


def test_rows_of_a_batch_are_judged_alone_whatever_their_zeros():
    rng = np.random.default_rng(7)
    l = rng.normal(size=(70, 500)) * rng.uniform(0.2, 3, (70, 1))
    l[3, :100] = l[40, :300] = l[41, 7:] = -np.inf
    l[50], l[51, 0], l[52] = 0.0, np.nan, -np.inf
    alone = [psis(row) for row in l]
    smooth, k = psis(l.reshape(7, 10, 500))
    np.testing.assert_array_equal(k.ravel(), [k for _, k in alone])
    np.testing.assert_array_equal(smooth.reshape(70, 500), [s for s, _ in alone])
    np.testing.assert_array_equal(khat(l), k.ravel())


def test_float32_is_kept_and_close():
    l = np.random.default_rng(8).normal(size=(20, 2000))
    smooth, k = psis(l.astype(np.float32))
    assert smooth.dtype == k.dtype == khat(l.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(k, khat(l), atol=1e-4)
    np.testing.assert_allclose(smooth, psis(l)[0], atol=2e-5)


def test_float32_ties_are_judged_by_its_own_rounding():
    l = np.full(500, 3.0, dtype=np.float32)
    l[::2] = np.nextafter(np.float32(3), np.float32(4))
    assert khat(l) == -np.inf


def test_inputs_are_not_written_and_strides_do_not_matter():
    l = np.random.default_rng(9).normal(size=(300, 6))
    before = l.copy()
    l.flags.writeable = False
    np.testing.assert_array_equal(psis(l.T)[0], psis(np.ascontiguousarray(l.T))[0])
    np.testing.assert_array_equal(psis(l[::2, 0])[0], psis(l[::2, 0].copy())[0])
    np.testing.assert_array_equal(l, before)


@pytest.mark.parametrize("order", ["random", "ascending", "descending", "equal"])
def test_largest_is_the_end_of_a_sort(order):
    l = np.random.default_rng(10).normal(size=400_001)
    l = {"random": l, "ascending": np.sort(l), "descending": np.sort(l)[::-1], "equal": np.zeros(400_001)}[order]
    for count in (6, 1898, 200_000):
        np.testing.assert_array_equal(largest(l, count), np.sort(l)[-count:])


def test_the_tail_of_a_row_needs_its_largest_values_only():
    l = np.random.default_rng(11).exponential(size=300_000)
    size = tail_size(300_000)
    assert tail_index(l) == khat(l) == tail_index(largest(l, 5000), size=size) == khat(l[None])[0]
    assert np.isnan(tail_index(l[:20]))


def test_khat_of_a_long_row_makes_no_copy():
    l = np.random.default_rng(12).exponential(size=4_000_000)
    khat(l)
    tracemalloc.start()
    khat(l)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < l.nbytes / 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [24, 25, 100, 226, 3000])
def test_khat_of_rows_of_which_the_largest_were_kept_has_the_bits_of_all(n, dtype):
    rng = np.random.default_rng(n)
    l = (3 * rng.normal(size=(40, n)) - 800).astype(dtype)
    l[3:20] = np.where(rng.random((17, n)) < rng.uniform(0, 1, (17, 1)), -np.inf, l[3:20])
    l[20:24], l[24, :-1] = -5.0, -np.inf
    count = np.count_nonzero(l > -np.inf, axis=-1)
    top = rng.permuted(np.sort(l, axis=-1)[:, -(tail_size(n) + 1) :], axis=-1)
    before = top.copy()
    assert np.array_equal(khat_of_largest(top, count).astype(dtype), khat(l), equal_nan=True)
    assert np.array_equal(top, before)
