"""Resampling: means, bounds, zeros, and the variances that tell the schemes apart.

Statistical tests say how many standard errors they allow; with the seeds fixed they cannot flake.
"""

import numpy as np
import pytest

from upweight._errors import InputError
from upweight.arrays import alias_table, resample
from upweight.arrays._resample import METHODS, _running

ALL = list(METHODS)
W = np.array([0.0, 0.05, 0.3, 0.0, 0.001, 0.249, 0.1, 0.3, 0.0])


def logs(w):
    with np.errstate(divide="ignore"):
        return np.log(w)


def counts(w, m, method, rng):
    return np.bincount(resample(logs(w), m, method=method, rng=rng), minlength=len(w))


@pytest.mark.parametrize("method", ALL)
def test_indices_are_m_ascending_int64_of_positive_rows(method):
    for m in (1, 2, 7, 100, 1001):
        rows = resample(logs(W), m, method=method, rng=m)
        assert rows.dtype == np.int64
        assert rows.shape == (m,)
        assert np.all(np.diff(rows) >= 0)
        assert np.all(W[rows] > 0)


@pytest.mark.parametrize("method", ALL)
def test_copies_have_mean_m_w(method):
    rng, m, runs = np.random.default_rng(1), 13, 10_000
    found = np.array([counts(W, m, method, rng) for _ in range(runs)])
    error = np.sqrt(m * W * (1 - W) / runs)  # no scheme is noisier than multinomial in a single row
    assert np.all(np.abs(found.mean(0) - m * W) <= 4.5 * error)
    assert np.all(found.sum(1) == m)


@pytest.mark.parametrize("method", ["systematic", "ssp"])
def test_copies_are_floor_or_ceiling_of_m_w(method):
    rng = np.random.default_rng(2)
    for n in (1, 2, 3, 10, 255, 1000):
        w = rng.gamma(0.5, size=n)
        w /= w.sum()
        for m in (1, 5, n, 3 * n + 1):
            found = counts(w, m, method, rng)
            assert np.all(found >= np.floor(m * w - 1e-9))
            assert np.all(found <= np.ceil(m * w + 1e-9))


def test_residual_keeps_the_whole_copies():
    w = np.random.default_rng(3).dirichlet(np.ones(50))
    for seed in range(50):
        assert np.all(counts(w, 400, "residual", seed) >= np.floor(400 * w - 1e-9))


def test_stratified_puts_one_draw_in_each_stratum():
    w = np.full(1000, 1e-3)
    for seed in range(20):
        found = resample(logs(w), 100, method="stratified", rng=seed)
        np.testing.assert_array_equal(found // 10, np.arange(100))


@pytest.mark.parametrize("method", ALL)
def test_whole_m_w_needs_no_luck_except_for_multinomial(method):
    found = counts(np.array([1.0, 2.0, 4.0, 0.0, 1.0]), 8, method, 4)
    if method != "multinomial":
        np.testing.assert_array_equal(found, [1, 2, 4, 0, 1])


def test_multinomial_counts_have_the_multinomial_covariance():
    w = np.array([0.5, 0.3, 0.15, 0.05])
    rng, m, runs = np.random.default_rng(5), 6, 20_000
    cov = np.cov(np.array([counts(w, m, "multinomial", rng) for _ in range(runs)]).T)
    np.testing.assert_allclose(cov, m * (np.diag(w) - np.outer(w, w)), atol=0.05)


def test_ssp_pairs_are_settled_with_the_right_odds():
    """Three rows of 2/3 and two draws: one of the three is left out, each with chance 1/3."""
    rng = np.random.default_rng(6)
    found = np.array([counts(np.ones(3), 2, "ssp", rng) for _ in range(9000)])
    assert np.all(found.sum(1) == 2)
    np.testing.assert_allclose((found == 0).mean(0), 1 / 3, atol=4.5 * np.sqrt(2 / 9 / 9000))


@pytest.mark.parametrize(("shares", "m"), [([0.3, 0.2, 0.1, 0.4], 1), ([0.9, 0.8, 0.7, 0.6], 3), ([0.5] * 7, 4)])
def test_ssp_copies_are_never_positively_correlated(shares, m):
    rng, runs = np.random.default_rng(7), 10_000
    found = np.array([counts(np.array(shares), m, "ssp", rng) for _ in range(runs)])
    cov = np.cov(found.T)
    off = cov[~np.eye(len(shares), dtype=bool)]
    assert off.max() < 4.5 * 0.25 / np.sqrt(runs)


def variance(w, f, method, runs=400):
    rng, n = np.random.default_rng(8), len(w)
    return np.var([f[resample(logs(w), n, method=method, rng=rng)].mean() for _ in range(runs)])


def test_alternating_rows_undo_systematic_and_not_ssp():
    """In closed form 500/3 and 1/3 times multinomial; 400 runs know a ratio of variances to 10 %."""
    w, f = np.tile([1.2, 0.8], 500), np.tile([1.0, 0.0], 500)
    base = variance(w, f, "multinomial")
    assert 100 < variance(w, f, "systematic") / base < 260
    assert 0.22 < variance(w, f, "ssp") / base < 0.45


def test_variance_falls_from_multinomial_to_residual_to_stratified_to_ssp():
    rng = np.random.default_rng(9)
    w, f = rng.exponential(size=500), rng.normal(size=500)
    found = [variance(w, f, how, 1500) for how in ("multinomial", "residual", "stratified", "ssp")]
    assert np.all(np.diff(found) < 0)


@pytest.mark.parametrize("method", ALL)
def test_one_seed_one_draw_and_level_free(method):
    l = np.random.default_rng(12).normal(size=40)
    draw = resample(l, 50, method=method, rng=3)
    np.testing.assert_array_equal(draw, resample(l, 50, method=method, rng=np.random.default_rng(3)))
    np.testing.assert_array_equal(draw, resample(l + 100.0, 50, method=method, rng=3))
    assert len({tuple(resample(l, 50, method=method, rng=i)) for i in range(9)}) > 1


@pytest.mark.parametrize("method", ALL)
def test_each_row_of_a_batch_is_drawn_from(method):
    found = resample(logs(np.array([[[1.0, 0, 0], [0, 1, 0]], [[0, 0, 1], [0, 1, 1]]])), 5, method=method, rng=1)
    assert found.shape == (2, 2, 5)
    assert found[:, :, 0].tolist()[0] == [0, 1]
    assert set(found[1, 1]) <= {1, 2}


@pytest.mark.parametrize("method", ALL)
def test_extreme_weights_and_float32(method):
    l = np.array([-1e5, 0.0, -800.0, -np.inf], dtype=np.float32)
    np.testing.assert_array_equal(resample(l, 9, method=method, rng=0), 1)


def test_running_sums_end_in_exactly_one_before_trailing_zeros():
    for seed in range(50):
        c = _running(np.r_[np.random.default_rng(seed).gamma(0.1, size=999), 0.0, 0.0])
        assert c[-3:].tolist() == [1.0, 1.0, 1.0]


def test_inputs_are_not_written():
    l = logs(W)
    l.flags.writeable = False
    for method in ALL:
        resample(l, 20, method=method, rng=0)
    np.testing.assert_array_equal(l, logs(W))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: resample(logs(W), 0), r"`m` must be at least 1; got 0"),
        (lambda: resample(logs(W), 2.5), r"`m` must be a whole number of draws; got 2.5"),
        (
            lambda: resample(logs(W), 5, method="killing"),
            r"`method` must be one of systematic, .*; got 'killing'",
        ),
        (lambda: resample([-np.inf] * 3, 5), r"every weight is zero: no row can be drawn"),
        (lambda: resample([0.0, np.nan], 5), r"finite or -inf; got nan at row 1"),
        (lambda: resample([0.0, 0.0, np.inf], 5), r"finite or -inf; got inf at row 2"),
        (lambda: resample(np.zeros(0), 5), r"every weight is zero"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, text):
    with pytest.raises(InputError, match=text):
        call()


@pytest.mark.parametrize("rng", ["x", True, -1, 1.5, [1]])
def test_what_is_no_source_of_chance_is_refused_in_words(rng):
    for draw in (lambda: resample(np.zeros(3), 2, rng=rng), lambda: alias_table(np.zeros(3)).draw(2, rng=rng)):
        with pytest.raises(InputError, match="`rng` must be an int >= 0, a numpy Generator or None"):
            draw()


@pytest.mark.parametrize("method", ["multinomial", "residual"])
@pytest.mark.parametrize("spread", [0.0, 1.0, 30.0])
def test_points_are_merged_as_a_search_would(method, spread):
    """Row by row: with the same exponentials, a search for every point."""
    l = spread * np.random.default_rng(1).normal(size=40_000)
    l[::7] = -np.inf
    for m in (1, 500, 90_000):
        w = np.exp(l - l.max())
        whole = np.floor(w * (m / w.sum())).astype(int) if method == "residual" else np.zeros(len(w), int)
        share = w * (m / w.sum()) - whole if method == "residual" else w
        left = m - whole.sum()
        counts = whole.copy()
        if left:
            c = np.cumsum(share)
            z = np.cumsum(np.random.default_rng(2).standard_exponential(left + 1))
            rows = np.searchsorted(c / c[-1], z[:-1] / z[-1], side="left")
            counts += np.bincount(rows, minlength=len(w))
        found = np.bincount(resample(l, m, method=method, rng=2), minlength=len(w))
        assert found.tolist() == counts.tolist()
