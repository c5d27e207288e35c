"""Effective sizes: closed forms, brute force, and the laws of Hill numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upweight._errors import InputError
from upweight.arrays import design_effect, ess, ess_for

ORDERS = [0.0, 0.3, 0.5, 1.0, 1.7, 2.0, 5.0, math.inf]
TENS = np.log(np.repeat([1.0, 10.0], [900, 100]))


def brute(w, order):
    W = np.asarray(w)[np.asarray(w) > 0] / np.sum(w)
    if order == 1:
        return math.exp(-np.sum(W * np.log(W)))
    return 1 / W.max() if order == math.inf else np.sum(W**order) ** (1 / (1 - order))


@pytest.mark.parametrize(
    ("order", "size"),
    [(0, 1000), (0.5, 778.531568), (1, 565.506774), (2, 331.192661), (math.inf, 190)],
)
def test_ess_of_900_ones_and_100_tens(order, size):
    assert ess(TENS, order=order) == pytest.approx(size, abs=5e-7)


@pytest.mark.parametrize("order", ORDERS)
def test_ess_is_the_hill_number(order):
    w = np.random.default_rng(5).lognormal(0, 1.5, (4, 321))
    w[1, 40:80] = 0
    with np.errstate(divide="ignore"):
        found = ess(np.log(w), order=order)
    np.testing.assert_allclose(found, [brute(row, order) for row in w], rtol=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_equal_weights_are_worth_their_number(order):
    assert ess(np.full(57, -3.0), order=order) == pytest.approx(57, rel=1e-13)
    assert ess([2.0, -np.inf, -np.inf], order=order) == pytest.approx(1)


@pytest.mark.parametrize("order", ORDERS)
def test_no_weight_is_worth_no_row(order):
    assert ess(np.full((2, 9), -np.inf), order=order).tolist() == [0.0, 0.0]


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=40), st.floats(-1e3, 1e3))
def test_sizes_fall_with_the_order_and_do_not_see_the_level(log_w, level):
    l = np.array(log_w)
    sizes = np.array([float(ess(l, order=b)) for b in ORDERS])
    assert np.all(np.diff(sizes) <= 1e-9 * len(l))
    assert sizes[0] == len(l)
    assert sizes[-1] >= 1 - 1e-12
    np.testing.assert_allclose([float(ess(l + level, order=b)) for b in ORDERS], sizes, rtol=1e-9)


def test_the_order_one_is_the_limit_of_its_neighbours():
    near = [float(ess(TENS, order=1 + d)) for d in (-1e-6, -1e-9, 0, 1e-9, 1e-6)]
    np.testing.assert_allclose(near, near[2], rtol=2e-6)
    np.testing.assert_allclose(near[1:4], near[2], rtol=1e-8)


def test_zero_weights_are_as_good_as_removed():
    l = np.random.default_rng(6).normal(size=300)
    with_zeros = np.insert(l, [3, 77, 300], -np.inf)
    for order in ORDERS:
        assert ess(with_zeros, order=order) == pytest.approx(ess(l, order=order), rel=1e-13)
    assert design_effect(with_zeros) == pytest.approx(design_effect(l), rel=1e-13)


def test_kish_size_of_normal_weights_tends_to_exp_of_minus_mu_squared():
    from scipy.special import ndtri

    z = ndtri((np.arange(4000) + 0.5) / 4000)
    assert ess(0.5 * z - 0.125) / 4000 == pytest.approx(0.7792, abs=5e-5)
    z = ndtri((np.arange(4_000_000) + 0.5) / 4_000_000)
    assert ess(0.5 * z - 0.125) / 4e6 == pytest.approx(math.exp(-0.25), rel=1e-5)


def test_design_effect_is_rows_in_use_over_rows_worth():
    assert design_effect(TENS) == pytest.approx(1000 / 331.192661, rel=1e-8)
    assert np.isnan(design_effect([-np.inf, -np.inf]))


def test_ess_for_is_brute_force_and_batched():
    rng = np.random.default_rng(7)
    l, f = rng.normal(size=(3, 200)), rng.normal(1e6, 1, 200)
    W = np.exp(l) / np.exp(l).sum(-1, keepdims=True)
    d2 = (f - (W * f).sum(-1, keepdims=True)) ** 2
    expected = (W * d2).sum(-1) / (W**2 * d2).sum(-1)
    np.testing.assert_allclose(ess_for(l, f), expected, rtol=1e-8)
    np.testing.assert_allclose(ess_for(l[0], np.stack([f, f**2])), [expected[0], ess_for(l[0], f**2)])


def test_ess_for_may_exceed_the_number_of_rows():
    assert ess_for(np.log([10.0, 1.0, 1.0]), [0.5, 0.0, 1.0]) == pytest.approx(12.0)


def test_equal_weights_make_every_average_worth_n():
    f = np.random.default_rng(8).normal(size=99)
    assert ess_for(np.zeros(99), f) == pytest.approx(99, rel=1e-13)


def test_ess_for_ignores_values_without_weight_and_has_no_answer_for_constants():
    assert ess_for([0.0, 0.0, -np.inf], [1.0, 2.0, np.nan]) == pytest.approx(2.0)
    assert np.isnan(ess_for([0.0, 1.0], [3.0, 3.0]))


@pytest.mark.parametrize("order", [-1.0, math.nan])
def test_orders_below_zero_are_refused(order):
    with pytest.raises(InputError, match=r"`order` must be >= 0; got"):
        ess([0.0], order=order)


def test_the_dtype_is_kept():
    l = np.zeros(10, dtype=np.float32)
    assert ess(l).dtype == ess(l, order=0).dtype == design_effect(l).dtype == np.float32
    assert ess_for(l, np.arange(10)).dtype == np.float32
    assert ess(l).shape == ()
