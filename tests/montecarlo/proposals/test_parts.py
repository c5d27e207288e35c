"""Every part of a mixture: its density integrates to one, its draws are of its density, and the families meet where they should."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from upweight.montecarlo.proposals import (
    Mixture,
    Normal,
    Projected,
    Student,
    VonMisesNakagami,
    net,
    round_normal,
)
from upweight.montecarlo.proposals._vmfn import log_bessel


def unit(d, seed=0):
    e = np.random.default_rng(seed).normal(size=d)
    return e / np.linalg.norm(e)


def parts(d):
    c = np.random.default_rng(d).normal(size=(d, d)) / (2 * math.sqrt(d)) + np.eye(d)
    yield Normal(unit(d), np.linalg.cholesky(c @ c.T))
    yield Student(unit(d), np.linalg.cholesky(c @ c.T), 5.0)
    yield Projected(2 * unit(d), unit(d), 0.5)
    for k in (0.0, 2.0):
        yield VonMisesNakagami(unit(d), k, 0.5 * d, 1.2 * d)
    yield net(d)


@pytest.mark.parametrize("d", [2, 3, 7])
def test_densities_integrate_to_one_and_draws_are_of_them(d):
    """Each against a wide Student by importance sampling, both ways: mean weights within four standard errors of one."""
    wide = Student(np.zeros(d), 2 * np.eye(d), 3.0)
    for i, q in enumerate(parts(d)):
        rng = np.random.default_rng(100 * d + i)
        x, y = wide.sample(40_000, rng), q.sample(40_000, rng)
        w = np.exp(q.log_prob(x) - wide.log_prob(x))
        assert abs(w.mean() - 1) < 4 * w.std() / 200, q
        for f in (lambda z: z[:, 0], lambda z: np.minimum(np.linalg.norm(z, axis=1), 5.0)):
            by_density, drawn = w * f(x), f(y)
            error = math.hypot(by_density.std(), drawn.std()) / 200
            assert abs(by_density.mean() - drawn.mean()) < 4.5 * error, q


def test_gaussians_and_students_agree_with_scipy():
    c = np.array([[2.0, 0.5], [0.5, 1.0]])
    m, x = np.array([1.0, -1.0]), np.random.default_rng(0).normal(size=(50, 2))
    L = np.linalg.cholesky(c)
    np.testing.assert_allclose(Normal(m, L).log_prob(x), stats.multivariate_normal(m, c).logpdf(x), rtol=1e-12)
    np.testing.assert_allclose(Student(m, L, 4.0).log_prob(x), stats.multivariate_t(m, c, df=4).logpdf(x), rtol=1e-12)


def test_a_projected_gaussian_is_the_full_one_of_its_covariance():
    e, m, v = unit(4), np.arange(4.0), 0.3
    c = np.eye(4) + (v - 1) * np.outer(e, e)
    x = np.random.default_rng(1).normal(size=(20, 4))
    q = Projected(m, e, v)
    np.testing.assert_allclose(q.log_prob(x), stats.multivariate_normal(m, c).logpdf(x), rtol=1e-12)
    np.testing.assert_allclose(np.cov(q.sample(50_000, np.random.default_rng(2)).T), c, atol=0.03)


@pytest.mark.parametrize("d", [2, 10, 300])
def test_without_direction_and_with_the_normal_law_of_lengths_it_is_the_standard_normal(d):
    q = VonMisesNakagami(unit(d), 0.0, d / 2, float(d))
    x = np.random.default_rng(3).normal(size=(10, d))
    np.testing.assert_allclose(q.log_prob(x), round_normal(d).log_prob(x), rtol=1e-11)


@pytest.mark.parametrize("d", [3, 100, 300])
@pytest.mark.parametrize("k", [0.5, 40.0, 3000.0])
def test_cosines_have_the_mean_that_bessel_functions_give(d, k):
    """E mu'a = I_{nu+1}(k)/I_nu(k); 20,000 draws, four and a half standard errors."""
    mu = unit(d)
    x = VonMisesNakagami(mu, k, 5.0, 1.0).sample(20_000, np.random.default_rng(d))
    cosine = x @ mu / np.linalg.norm(x, axis=1)
    nu = d / 2 - 1
    wanted = math.exp(log_bessel(nu + 1, k) - log_bessel(nu, k))
    assert abs(cosine.mean() - wanted) < 4.5 * cosine.std() / math.sqrt(20_000) + 1e-12


def test_log_bessel_is_scipys_and_goes_on_where_that_underflows():
    for nu, k in ((0.0, 1e-3), (4.0, 3.0), (149.0, 300.0), (149.0, 2000.0), (60.0, 1.0)):
        assert log_bessel(nu, k) == pytest.approx(math.log(special.ive(nu, k)) + k, rel=1e-12)
    for nu, k in ((149.0, 1e-1), (249.0, 10.0), (499.0, 40.0)):  # the power series, whose terms fall at once
        j = np.arange(200)
        terms = (2 * j + nu) * math.log(k / 2) - special.gammaln(j + 1) - special.gammaln(j + nu + 1)
        assert log_bessel(nu, k) == pytest.approx(special.logsumexp(terms), rel=1e-9)


def test_a_mixture_is_the_sum_of_its_parts_with_multinomial_counts():
    q = Mixture((round_normal(1, 0.1), Normal(np.array([9.0]), np.eye(1))), (0.25, 0.75))
    x = np.array([[0.0], [9.0], [4.0]])
    by_hand = np.log(0.25 * stats.norm(0, 0.1).pdf(x[:, 0]) + 0.75 * stats.norm(9, 1).pdf(x[:, 0]))
    np.testing.assert_allclose(q.log_prob(x), by_hand, rtol=1e-12)
    assert q.log_parts(x).shape == (2, 3)
    counts = [(q.sample(100, np.random.default_rng(s)) < 4).sum() for s in range(400)]
    assert np.var(counts) == pytest.approx(100 * 0.25 * 0.75, rel=0.3)


@pytest.mark.parametrize("d", [2, 3, 7])
def test_no_draws_are_an_empty_array_of_their_width(d):
    """A component of small share is drawn from not at all, now and then: a run on RP28 ended there, one in some hundreds."""
    for q in parts(d):
        assert q.sample(0, np.random.default_rng(0)).shape == (0, d), q
    rare = Mixture(tuple(parts(d)), (1.0, *[1e-9] * 5))
    assert rare.sample(50, np.random.default_rng(0)).shape == (50, d)
