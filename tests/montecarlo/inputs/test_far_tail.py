"""Far tails: where SciPy rounds 1 - q, quantiles are those of the tail probability, or are refused."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import ndtr, ndtri

import upweight as uw
from upweight.montecarlo import Inputs, rare

Z = np.array([6.5, 7.3, 8.0, 8.6, 9.5, 12.0])


def far(distribution, z=Z):
    return Inputs([distribution]).to_x(np.asarray(z)[:, None])[:, 0]


@pytest.mark.parametrize(
    "distribution",
    [stats.pearson3(0.1), stats.foldnorm(1.95), stats.moyal(), stats.f(29, 18), stats.genlogistic(3.3)],
    ids=lambda d: d.dist.name,
)
def test_upper_quantiles_without_a_formula_have_the_tail_that_was_asked(distribution):
    np.testing.assert_allclose(distribution.sf(far(distribution)), ndtr(-Z), rtol=0.01)


def test_a_folded_normal_is_a_normal_out_there():
    """|N(c, 1)|, whose SciPy quantile is 100 from 8.3 on: the far side adds nothing, so x = c + z, to one per cent of q."""
    np.testing.assert_allclose(far(stats.foldnorm(1.95)), 1.95 + Z, rtol=3e-4)


def test_lower_quantiles_are_held_against_the_lower_tail():
    """A skew normal, by integration of its density 2 phi(x) Phi(4 x); SciPy's ppf gives -4.6 at -9.5, true is -2.2."""
    x = far(stats.skewnorm(4), [-8.6, -9.5])
    area = [integrate.quad(lambda t: 2 * stats.norm.pdf(t) * ndtr(4 * t), -6, v, epsabs=0)[0] for v in x]
    np.testing.assert_allclose(area, ndtr([-8.6, -9.5]), rtol=0.01)


@pytest.mark.parametrize(
    "distribution", [stats.poisson(1), stats.geom(0.5), stats.planck(0.51)], ids=lambda d: d.dist.name
)
def test_a_count_is_the_first_with_no_more_beyond_it(distribution):
    k = far(distribution)
    assert (k == np.round(k)).all()
    assert (distribution.sf(k) <= ndtr(-Z)).all()
    assert (distribution.sf(k - 1) > ndtr(-Z)).all()


def test_what_has_a_formula_or_an_end_is_left_as_it_came():
    for d in (stats.fisk(3.1), stats.uniform(), stats.triang(0.3), stats.gumbel_r(), stats.lognorm(1.0), stats.expon()):
        np.testing.assert_allclose(far(d), d.isf(ndtr(-Z)), rtol=1e-6)
        np.testing.assert_allclose(far(d, -Z), d.ppf(ndtr(-Z)), rtol=1e-6)


def test_a_tail_that_nobody_knows_is_refused():
    with pytest.raises(uw.InputError, match="input x0 must be finite; .* where SciPy rounds it"):
        far(stats.rel_breitwigner(36.5), [8.6])  # 1e7 by SciPy, whatever the probability


def test_a_rounded_quantile_makes_no_failure_probability():
    """P(X > 60) is 1e-737; with SciPy's quantile of 100 from 8.3 on it came as 6e-17."""
    r = rare(lambda x: 60 - x[:, 0], [stats.foldnorm(1.95)], budget=6000, rng=0)
    assert r.probability is None


def test_failure_far_out_is_that_of_the_distribution():
    r = rare(lambda x: 12 - x[:, 0], [stats.pearson3(0.1)], rng=0)
    truth = stats.pearson3(0.1).sf(12)  # 8.6e-25, 10.2 standard deviations
    assert r.converged
    assert r.probability.value == pytest.approx(truth, rel=0.15)
    assert r.beta == pytest.approx(-ndtri(truth), abs=0.02)


def test_a_row_depends_on_no_other_and_a_dear_tail_is_asked_little():
    """The thin side of a skew normal is a quadrature a point: fifteen of them a point that SciPy has wrong were needed."""
    law, asked = stats.skewnorm(-4), []

    class Counted:
        dist, args, kwds = law.dist, law.args, law.kwds
        ppf, isf, cdf, support = law.ppf, law.isf, law.cdf, law.support

        def sf(self, x):
            asked.append(np.size(x))
            return law.sf(x)

    z = np.linspace(8.1, 9.5, 40)
    x = far(Counted(), z)
    assert sum(asked) <= 12 * z.size
    np.testing.assert_allclose(law.sf(x), ndtr(-z), rtol=1e-3)
    np.testing.assert_array_equal(np.concatenate([far(law, z[i : i + 1]) for i in range(z.size)]), x)


def test_what_is_too_large_for_a_float_is_not_blamed_on_rounding():
    with pytest.raises(
        uw.InputError, match=r"it is inf at the standard normal 4, beyond the largest float\. Cut its support"
    ):
        far(stats.lognorm(200), [4.0])
