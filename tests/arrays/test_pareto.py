"""The generalised Pareto fit: printed figures, quantiles of known shape, scale, and refusals."""

import numpy as np
import pytest

from upweight._errors import InputError
from upweight.arrays import fit_pareto, khat
from upweight.arrays._pareto import _sum_log1p, first_quartile, fit_logs
from upweight.arrays._pareto import grid as grid_of


def grid(k, n):
    """Exact log-weights of tail index k: target Exp(1 - k) over source Exp(1), at quantiles of the source."""
    return -k * np.log1p(-(np.arange(n) + 0.5) / n) + (np.log(1 - k) if k < 1 else 0.0)


def test_sigma_and_k_of_the_grid():
    l = grid(0.5, 1000)
    w = np.exp(l - l.max())
    k, sigma = fit_pareto(w[-94:] - w[-95])
    assert k == pytest.approx(0.496630175164, abs=1e-12)
    assert sigma == pytest.approx(0.0365926065, abs=5e-11)
    assert k == pytest.approx(khat(l), abs=1e-12)


@pytest.mark.parametrize("k", [-0.5, 0.0, 0.3, 0.9, 2.0])
def test_quantiles_give_back_their_shape_and_scale(k):
    p = (np.arange(20_000) + 0.5) / 20_000
    y = -np.log1p(-p) if k == 0 else np.expm1(-k * np.log1p(-p)) / k
    found, sigma = fit_pareto(3.0 * y)
    assert found == pytest.approx(k, abs=0.01)
    assert sigma == pytest.approx(3.0, rel=0.01)


def test_the_unit_and_the_order_do_not_matter():
    y = np.random.default_rng(1).pareto(2.0, size=(5, 77))
    k, sigma = fit_pareto(y)
    for unit in (1e-200, 1e200):
        np.testing.assert_allclose(fit_pareto(unit * y[:, ::-1]), [k, unit * sigma], rtol=1e-12)


def test_the_prior_has_the_weight_of_ten_rows_at_one_half():
    y = np.random.default_rng(2).exponential(size=40)
    k, sigma = fit_pareto(y)
    kappa = (k * 50 - 5) / 40
    assert kappa == pytest.approx(np.mean(np.log1p(kappa / sigma * y)), rel=1e-10)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 0.1, 3.0, 1e20])
@pytest.mark.parametrize("size", [5, 8, 61, 512])
def test_products_of_eight_factors_lose_nothing(size, scale):
    rng = np.random.default_rng(3)
    y = rng.exponential(size=(4, size))
    b = scale * rng.uniform(0.1, 1, (4, 9))
    expected = np.log1p(b[:, :, None] * y[:, None, :]).sum(-1)
    np.testing.assert_allclose(_sum_log1p(b, y), expected, rtol=5e-14)
    b = -min(scale, 0.9) * rng.uniform(0.5, 1, (4, 9)) / y.max(-1, keepdims=True)
    expected = np.log1p(b[:, :, None] * y[:, None, :]).sum(-1)
    np.testing.assert_allclose(_sum_log1p(b, y), expected, rtol=5e-14)


def test_a_grid_point_at_zero_takes_its_limit():
    """b = 0 is the exponential: kappa vanishes with it, and b / kappa tends to 1 / mean(y)."""
    third = next(x for x in np.log(3) + np.arange(-8, 9) * 2.2e-16 if np.exp(-x) == 1 / 3)
    l = np.sort(np.random.default_rng(5).uniform(-4, third, 400))
    l += -l[first_quartile(400)]
    l = np.minimum(l, third)
    l[-1] = third
    assert (grid_of(400) - np.exp(-l[-1]) == 0).any()
    at, beside = fit_logs(l[None], np.array([-np.inf])), fit_logs(l[None] * (1 + 1e-9), np.array([-np.inf]))
    assert at.k == pytest.approx(beside.k, abs=1e-6)
    assert at.sigma == pytest.approx(beside.sigma, abs=1e-6)


def test_fewer_than_five_have_no_shape():
    assert np.isnan(fit_pareto([1.0, 2.0, 3.0, 4.0])).all()
    assert np.isfinite(fit_pareto([1.0, 2.0, 3.0, 4.0, 5.0])).all()


def test_equal_exceedances_are_fitted_without_a_warning():
    k, sigma = fit_pareto(np.full(30, 2.0))
    assert np.isfinite(k)
    assert sigma > 0


@pytest.mark.parametrize("bad", [0.0, -3.0])
def test_what_does_not_exceed_is_refused(bad):
    with pytest.raises(InputError, match=r"exceedances must be > 0; got 1 that are not, first .* at 6"):
        fit_pareto([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, bad])


def test_batches_and_dtypes_are_kept():
    y = np.random.default_rng(4).exponential(size=(3, 2, 50)).astype(np.float32)
    k, sigma = fit_pareto(y)
    assert k.shape == sigma.shape == (3, 2)
    assert k.dtype == sigma.dtype == np.float32
