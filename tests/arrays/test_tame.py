"""Taming: the formulas in linear space, the figures, the laws every cap obeys, the refusals."""

import math

import numpy as np
import pytest

import upweight as uw
from upweight._errors import InputError
from upweight.arrays import clip, drop, ess, khat, shrink, temper, truncate
from upweight.arrays._tame import power_for


def grid(k, n):
    """Exact log-weights of tail index k: target Exp(1 - k) over source Exp(1), at quantiles of the source."""
    return -k * np.log1p(-(np.arange(n) + 0.5) / n) + np.log(1 - k)


TAMINGS = {
    "truncate": truncate,
    "clip": lambda l: clip(l, at=1.3),
    "temper": lambda l: temper(l, power=0.4),
    "temper to a size": lambda l: temper(l, ess=0.9),
    "square": lambda l: shrink(l, lam=2.0),
    "drop": lambda l: drop(l, above=1.3),
    "harmonic": lambda l: shrink(l, lam=0.3, how="harmonic"),
}


@pytest.fixture
def w():
    return np.random.default_rng(1).lognormal(0, 1.2, (3, 400))


def test_truncate_caps_at_the_mean_times_root_n(w):
    cap = w.mean(-1, keepdims=True) * np.sqrt(400)
    w[:, 0] = 100 * w.sum()
    cap = w.mean(-1, keepdims=True) * np.sqrt(400)
    np.testing.assert_allclose(np.exp(truncate(np.log(w))), np.minimum(w, cap), rtol=1e-12)
    assert np.all(w[:, 0] > cap[:, 0])


def test_truncate_counts_positive_weights_only():
    l = np.log([1.0, 2.0, 50.0])
    np.testing.assert_array_equal(truncate(np.r_[l, -np.inf, -np.inf])[:3], truncate(l))


def test_clip_of_the_printed_example():
    w = np.array([1.0, 1.0, 98.0])
    tamed = np.exp(clip(np.log(w), at=10))
    assert ess(np.log(tamed)) == pytest.approx(1.411765, abs=5e-7)
    moved = np.abs(tamed / tamed.sum() - w / w.sum()).sum() / 2
    assert moved == pytest.approx(0.146667, abs=5e-7)


def test_clip_never_raises_a_weight_and_leaves_the_rest(w):
    tamed = clip(np.log(w), at=1.3)
    np.testing.assert_array_equal(tamed, np.minimum(np.log(w), math.log(1.3)))


def test_temper_is_a_power(w):
    np.testing.assert_allclose(np.exp(temper(np.log(w), power=0.3)), w**0.3, rtol=1e-12)
    np.testing.assert_array_equal(temper(np.log(w), power=1), np.log(w))


def test_temper_to_half_of_the_printed_grid():
    power = power_for(grid(0.55, 4000), ess=0.5)
    assert power == pytest.approx(0.825992982, abs=5e-10)
    assert ess(temper(grid(0.55, 4000), ess=0.5)) == pytest.approx(2000, rel=1e-9)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.3, 0.7, 0.99, 1 - 1e-9])
def test_temper_reaches_the_share_asked_for_row_by_row(share):
    rng = np.random.default_rng(2)
    l = rng.normal(size=(6, 500)) * np.array([0.01, 0.1, 1, 5, 50, 500])[:, None]
    l[2, :100] = -np.inf
    before = ess(l) / ess(l, order=0)
    power = power_for(l, ess=share)
    after = ess(temper(l, ess=share)) / ess(l, order=0)
    low = before < share
    np.testing.assert_allclose(after[low], np.maximum(share, before)[low], rtol=1e-6)
    np.testing.assert_array_equal(power[~low], 1.0)
    assert np.all((power > 0) & (power <= 1))
    np.testing.assert_allclose(temper(l, ess=share), l * power[:, None], rtol=1e-13)


def test_temper_multiplies_the_tail():
    assert khat(temper(grid(0.8, 4000), power=0.625)) == pytest.approx(0.4987, abs=5e-5)


def test_temper_of_nothing_or_of_equals_changes_nothing():
    for l in (np.full((2, 5), -np.inf), np.zeros((2, 5))):
        np.testing.assert_array_equal(temper(l, ess=0.5), l)


def test_shrink_is_the_formula(w):
    np.testing.assert_allclose(np.exp(shrink(np.log(w), lam=2.0)), 2 * w / (w**2 + 2), rtol=1e-12)
    expected = w / (0.7 + 0.3 * w)
    np.testing.assert_allclose(np.exp(shrink(np.log(w), lam=0.3, how="harmonic")), expected, rtol=1e-12)


def test_drop_is_the_formula_and_keeps_a_weight_at_the_threshold(w):
    np.testing.assert_allclose(np.exp(drop(np.log(w), above=2.0)), np.where(w <= 2, w, 0.0), rtol=1e-12)
    assert np.exp(drop(np.log(0.6) - np.log(np.array([0.3, 0.29])), above=2.0)).round(9).tolist() == [2.0, 0.0]
    assert drop(np.array([0.7, 0.1], dtype=np.float32), above=1.5).dtype == np.float32


def test_the_ends_of_shrink(w):
    l = np.log(w)
    np.testing.assert_allclose(shrink(l, lam=math.inf), l)
    np.testing.assert_allclose(shrink(l, lam=0, how="harmonic"), l)
    np.testing.assert_array_equal(shrink(l, lam=1, how="harmonic"), 0.0)
    assert shrink(np.array([500.0, -500.0]), lam=1.0).tolist() == [-500.0, -500.0]
    assert shrink(np.array([-np.inf, 0.0]), lam=1, how="harmonic").tolist() == [-np.inf, 0.0]


@pytest.mark.parametrize("how", TAMINGS)
def test_every_taming_keeps_zeros_nan_shape_dtype_and_input(how, w):
    l = np.log(w)
    l[0, 0], l[1, 1] = -np.inf, np.nan
    before = l.copy()
    l.flags.writeable = False
    for dtype in (np.float64, np.float32):
        tamed = TAMINGS[how](l.astype(dtype))
        assert tamed.shape == l.shape
        assert tamed.dtype == dtype
        assert tamed[0, 0] == -np.inf
        assert np.isnan(tamed[1, 1])
    np.testing.assert_array_equal(l, before)
    np.testing.assert_array_equal(TAMINGS[how](np.full(4, -np.inf)), -np.inf)


@pytest.mark.parametrize("how", TAMINGS)
def test_taming_never_lowers_the_effective_size_here_and_does_not_see_the_order(how, w):
    l = np.sort(np.log(w))
    tamed = TAMINGS[how](l)
    if how not in ("square", "drop"):  # they keep neither the order nor every row
        assert np.all(ess(tamed) >= ess(l))
        assert np.all(np.diff(tamed) >= 0)
    shuffle = np.random.default_rng(3).permutation(400)
    np.testing.assert_allclose(TAMINGS[how](l[:, shuffle]), tamed[:, shuffle], atol=1e-10)


@pytest.mark.parametrize("how", ["truncate", "temper to a size"])
def test_shares_do_not_depend_on_the_scale(how, w):
    near, far = (TAMINGS[how](np.log(w) + level) for level in (0.0, 300.0))
    np.testing.assert_allclose(near - near[:, :1], far - far[:, :1], atol=1e-9)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda l: clip(l, at=0), r"`at` must be > 0, a weight and no logarithm; got 0\."),
        (lambda l: clip(l, at=-2.5), r"got -2.5"),
        (lambda l: clip(l, at=math.nan), r"got nan"),
        (lambda l: temper(l, power=0), r"`power` must lie in \(0, 1\]; got 0"),
        (lambda l: temper(l, power=1.5), r"`power` must lie in \(0, 1\]; got 1.5"),
        (lambda l: temper(l), r"give `power` or `ess`, one of the two; got power=None, ess=None"),
        (lambda l: temper(l, power=0.5, ess=0.5), r"one of the two; got power=0.5, ess=0.5"),
        (lambda l: temper(l, ess=300), r"`ess` must lie in \(0, 1\), a share of the rows; got 300"),
        (lambda l: temper(l, ess=0), r"`ess` must lie"),
        (lambda l: drop(l, above=0), r"`above` must be > 0, a weight and no logarithm; got 0"),
        (lambda l: shrink(l, lam=0), r"`lam` must be > 0; got 0"),
        (lambda l: shrink(l, lam=2, how="harmonic"), r"`lam` must lie in \[0, 1\]; got 2"),
        (lambda l: shrink(l, lam=1, how="cubic"), r"`how` must be 'square' or 'harmonic'; got 'cubic'"),
    ],
)
def test_wrong_parameters_are_refused_with_rule_and_value(call, text):
    with pytest.raises(InputError, match=text):
        call(np.zeros(3))


# ---- clip at a quantile, and to a size ------------------------------------------------------------------------------------


def test_clip_at_a_quantile_caps_at_an_order_statistic_of_the_positive_weights():
    rng = np.random.default_rng(3)
    for n, zeros in ((7, 0), (100, 30), (1001, 1)):
        w = rng.exponential(size=n)
        w[:zeros] = 0
        positive = np.sort(w[w > 0])
        for level in (0.01, 0.5, 0.7, 0.9, 0.99):
            with np.errstate(divide="ignore"):
                capped = np.exp(clip(np.log(w), quantile=level))
            cap = np.quantile(positive, level, method="inverted_cdf")
            np.testing.assert_allclose(capped, np.minimum(w, cap), rtol=1e-13)


def test_clip_to_a_size_is_the_mildest_cap_that_reaches_it():
    rng = np.random.default_rng(4)
    for seed in range(5):
        w = np.exp(1.5 * rng.normal(size=200 + seed))
        w[: 10 * seed] = 0
        size = lambda v: v.sum() ** 2 / (v**2).sum() / np.count_nonzero(v)
        with np.errstate(divide="ignore"):
            l = np.log(w)
        for share in (0.3, 0.5, 0.9):
            if size(w) >= share:
                assert clip(l, ess=share).tolist() == l.tolist()
                continue
            capped = np.exp(clip(l, ess=share))
            assert size(capped) == pytest.approx(share, abs=1e-9)
            np.testing.assert_array_equal(capped < capped.max() * (1 - 1e-12), w < capped.max() * (1 - 1e-12))
            assert size(np.minimum(w, capped.max() * 1.001)) < share


def test_caps_of_a_batch_are_those_of_its_vectors():
    l = np.random.default_rng(5).normal(size=(3, 2, 50))
    l[l < -1] = -np.inf
    for settings in ({"quantile": 0.9}, {"ess": 0.8}):
        batch = clip(l, **settings)
        for i in np.ndindex(3, 2):
            np.testing.assert_allclose(batch[i], clip(l[i], **settings), rtol=1e-12)


def test_rows_of_zeros_stay_zeros_under_every_cap():
    l = np.full((2, 5), -np.inf)
    assert (clip(l, quantile=0.5) == -np.inf).all()
    assert (clip(l, ess=0.5) == -np.inf).all()


@pytest.mark.parametrize("settings", [{"quantile": 0.9}, {"ess": 0.8}, {"quantile": 0.5}, {"ess": 0.5}])
def test_caps_of_tensors_are_those_of_arrays(settings):
    torch, jnp = pytest.importorskip("torch"), pytest.importorskip("jax.numpy")
    l = 1.2 * np.random.default_rng(6).normal(size=(3, 400))
    l[0, :30] = -np.inf
    ours = clip(l, **settings)
    np.testing.assert_allclose(clip(torch.tensor(l), **settings).numpy(), ours, rtol=1e-9)
    np.testing.assert_allclose(np.asarray(clip(jnp.asarray(l), **settings)), ours, rtol=1e-4)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, r"give `at`, `quantile` or `ess`, one of the three; got at=None, quantile=None, ess=None"),
        ({"at": 2.0, "ess": 0.5}, "one of the three"),
        ({"quantile": 0}, r"`quantile` must lie in \(0, 1\)"),
        ({"quantile": 99}, r"`quantile` must lie in \(0, 1\).*got 99"),
        ({"quantile": "99%"}, r"got '99%'"),
        ({"ess": 50}, r"`ess` must lie in \(0, 1\)"),
        ({"at": "99%"}, r"got '99%'. For the largest hundredth write quantile=0.99"),
        ({"at": True}, "got True"),
    ],
)
def test_caps_out_of_range_are_refused(settings, text):
    with pytest.raises(InputError, match=text):
        clip(np.zeros(5), **settings)


@pytest.mark.parametrize("call", [lambda: temper(np.zeros(3), power="1"), lambda: shrink(np.zeros(3), lam="1")])
def test_text_for_a_number_is_refused_in_words(call):
    with pytest.raises(InputError, match="got '1'"):
        call()


@pytest.mark.parametrize("spread", [500.0, 800.0])
@pytest.mark.parametrize("how", [{"ess": 0.5}, {"quantile": 0.9}, {"at": 1.0}])
def test_what_taming_moved_is_told_however_far_the_weights_lie_apart(spread, how):
    l = np.random.default_rng(0).normal(size=300) * spread
    w = uw.Weights.of_log(l, kind="importance", exact=True)
    tamed = w.clip(**how)
    share = lambda x: np.exp(x - np.logaddexp.reduce(x))
    assert tamed.trail[-1].moved == pytest.approx(0.5 * np.abs(share(l) - share(tamed.log_w)).sum(), rel=1e-9)
