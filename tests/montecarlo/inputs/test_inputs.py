"""Inputs: both tails at full precision, the dependence that was meant, and every refusal."""

import numpy as np
import pytest
from scipy import special, stats

import upweight as uw
from upweight.montecarlo import Inputs
from upweight.montecarlo.inputs import as_inputs


@pytest.mark.parametrize("z", [-37.0, -8.0, -1.0, 0.0, 1.0, 8.0, 37.0])
def test_both_tails_keep_full_precision(z):
    """An exponential has x = -log Phi(-z) exactly, where ppf(Phi(z)) would be infinite from z = 8.3 on."""
    x = Inputs([stats.expon(), stats.norm(3, 2)]).to_x([[z, z]])
    assert x[0, 0] == pytest.approx(-special.log_ndtr(-z), rel=1e-12)
    assert x[0, 1] == pytest.approx(3 + 2 * z, rel=1e-11)


def test_all_forms_of_inputs_agree():
    u = np.random.default_rng(0).standard_normal((50, 2))
    old, new = stats.norm(1, 2), stats.Normal(mu=1.0, sigma=2.0)
    want = 1 + 2 * u
    np.testing.assert_allclose(as_inputs([old, new]).to_x(u), want, rtol=1e-9, atol=1e-9)
    named = as_inputs({"a": old, "b": new}).to_x(u)
    assert list(named) == ["a", "b"]
    np.testing.assert_allclose(named["b"], want[:, 1], rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(as_inputs(2).to_x(u), u)
    np.testing.assert_array_equal(as_inputs(Inputs.transform(lambda u: 1 + 2 * u, 2)).to_x(u), want)


def test_discrete_marginals_are_steps():
    u = np.random.default_rng(0).standard_normal((20_000, 1))
    x = Inputs([stats.poisson(3)]).to_x(u)[:, 0]
    assert (x == np.rint(x)).all()
    assert abs((x == 2).mean() - stats.poisson(3).pmf(2)) < 4 * np.sqrt(0.25 / 20_000)


def test_the_correlation_is_that_of_the_normal_scores():
    u = np.random.default_rng(0).standard_normal((40_000, 2))
    inputs = Inputs({"a": stats.expon(), "b": stats.gumbel_r()}, correlation=[[1, 0.7], [0.7, 1]])
    x = inputs.to_x(u)
    scores = [stats.expon().cdf(x["a"]), stats.gumbel_r().cdf(x["b"])]
    assert abs(np.corrcoef(special.ndtri(scores))[0, 1] - 0.7) < 0.012
    np.testing.assert_allclose(inputs.scores(u) @ np.linalg.cholesky([[1, 0.7], [0.7, 1]]), u, atol=1e-12)


def test_a_uniform_transform_gets_numbers_strictly_inside():
    seen = []
    inputs = Inputs.transform(lambda v: seen.append(v) or v, 2, uniform=True)
    inputs.to_x([[-40.0, 40.0], [0.0, 0.0]])
    assert ((seen[0] > 0) & (seen[0] < 1)).all()
    assert seen[0][1, 0] == 0.5


def test_a_transform_that_writes_into_its_input_harms_nobody():
    u = np.ones((3, 2))

    def spoil(v):
        v *= 0
        return v

    Inputs.transform(spoil, 2).to_x(u)
    assert (u == 1).all()


def test_a_distribution_of_openturns_goes_in_as_it_is():
    """By its transformation alone: no package is needed to take it."""

    class Distribution:
        def getDimension(self):
            return 2

        def getInverseIsoProbabilisticTransformation(self):
            return lambda u: 2 * np.asarray(u)

    inputs = as_inputs(Distribution())
    np.testing.assert_array_equal(inputs.to_x([[1.0, 2.0]]), [[2.0, 4.0]])
    assert inputs.labels == ("u0", "u1")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "at least one distribution; got none"),
        ({}, "at least one distribution; got none"),
        (0, "a whole number, 1 or more; got 0"),
        (True, "got bool"),
        ("norm", "got str"),
        (["norm"], r"the text 'norm'. Write scipy.stats.norm\(...\)"),
        ({"R": stats.norm}, "input R must be a frozen distribution; got norm without parameters"),
        ({"R": stats.norm(np.nan)}, "input R must have finite parameters"),
        ([stats.norm(), stats.norm(0, np.inf)], "input x1 must have finite parameters"),
        ([stats.multivariate_normal([0, 0])], "input x0 must have quantiles"),
        ({3: stats.norm()}, "the name of an input must be text; got 3"),
    ],
)
def test_what_is_no_distribution_is_refused_by_name(given, said):
    with pytest.raises(uw.InputError, match=said):
        as_inputs(given)


@pytest.mark.parametrize(
    ("correlation", "said"),
    [
        ([[1, 1.1], [1.1, 1]], "between -1 and 1; got 1.1 at row 0, column 1"),
        ([[1, 0.5], [0.4, 1]], "symmetric; got 0.5 at row 0, column 1"),
        ([[1, 0.5], [0.5, 2]], "one on its diagonal; got 2.0 at row 1, column 1"),
        ([[1, np.nan], [np.nan, 1]], "finite; got nan at row 0"),
        ([[1, 1], [1, 1]], "positive definite"),
        ([[1.0]], r"shape \(2, 2\), one row an input; got \(1, 1\)"),
    ],
)
def test_a_correlation_that_is_none_is_refused_by_its_entry(correlation, said):
    with pytest.raises(uw.InputError, match=said):
        Inputs(2, correlation=correlation)


def test_a_correlation_close_to_one_is_fine():
    x = Inputs(2, correlation=[[1, 0.99999], [0.99999, 1]]).to_x([[1.0, 0.0]])
    np.testing.assert_allclose(x, [[1.0, 0.99999]])


def test_an_input_that_becomes_infinite_is_refused_by_its_normal_score():
    with pytest.raises(uw.InputError, match="input x0 must be finite; it is inf at the standard normal 36"):
        Inputs([stats.lognorm(30)]).to_x([[36.0]])


@pytest.mark.parametrize(
    ("f", "names", "said"),
    [
        (lambda u: u * np.nan, None, "finite inputs; got nan in column 0 at row 0"),
        (lambda u: u[:2], None, r"one row of numbers a row of u: \(3, k\); got \(2, 2\)"),
        (lambda u: u, ["a"], "2 columns for 1 names"),
    ],
)
def test_a_transform_that_gives_no_inputs_is_refused(f, names, said):
    with pytest.raises(uw.InputError, match=said):
        Inputs.transform(f, 2, names=names).to_x(np.zeros((3, 2)))


def test_names_given_twice_are_refused():
    with pytest.raises(uw.InputError, match="its own name; got 'a' twice"):
        Inputs.transform(lambda u: u, 2, names=["a", "a"])


def test_the_fingerprint_tells_inputs_apart_and_is_the_same_for_the_same():
    one = lambda s: Inputs({"a": stats.norm(0, s), "b": stats.Normal(mu=0.0, sigma=s)}).fingerprint
    assert one(1.0) == one(1.0)
    assert len({one(1.0), one(2.0), Inputs(2).fingerprint, Inputs(2, correlation=np.eye(2)).fingerprint}) == 4


@pytest.mark.parametrize("law", [stats.poisson(3), stats.geom(0.3), stats.nbinom(3, 0.4), stats.binom(20, 0.3)])
def test_counts_keep_their_tail_where_scipys_inverse_ends(law):
    """k is the least with P(X > k) <= q, by the survival function itself, to 30 standard deviations."""
    z = np.array([0.5, 3.0, 8.0, 8.3, 9.0, 15.0, 30.0])
    x = Inputs([law]).to_x(z[:, None])[:, 0]
    q = special.ndtr(-z)
    assert (law.sf(x) <= q * (1 + 1e-9)).all()
    assert (law.sf(x - 1) > q * (1 - 1e-9)).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([stats.Normal], "got Normal without parameters"),
        ([stats.norm([0, 1], 1)], "a single number each"),
        ([stats.norm([0, 1, 2], 1)], "a single number each"),
        ({"": stats.norm()}, "Name it"),
    ],
)
def test_a_class_arrays_of_parameters_and_no_name_are_refused(given, words):
    with pytest.raises(uw.InputError, match=words):
        Inputs(given)


@pytest.mark.parametrize("correlation", [[[1], [0, 1]], "x", [[1, "a"], ["a", 1]]])
def test_a_correlation_that_is_no_table_is_refused_in_words(correlation):
    with pytest.raises(uw.InputError, match="must be 2 rows of 2 numbers"):
        Inputs(2, correlation=correlation)


def test_a_transform_that_gives_no_array_and_names_that_are_one_text_are_refused():
    with pytest.raises(uw.InputError, match="must give an array of numbers, \\(1, k\\); got dict"):
        Inputs.transform(lambda u: {"a": u[:, 0]}, 2).to_x([[0.0, 0.0]])
    with pytest.raises(uw.InputError, match="got the text 'ab'"):
        Inputs.transform(lambda u: u, 2, names="ab")


def test_points_that_are_not_finite_are_refused_with_their_place():
    with pytest.raises(uw.InputError, match="`u` must be finite; got nan in column 1, first at row 1"):
        Inputs(2).to_x([[0.0, 0.0], [1.0, np.nan]])


@pytest.mark.parametrize("law", [stats.norm([0], 1), stats.norm(0, [1, 2])])
def test_parameters_that_are_arrays_are_refused_at_the_door(law):
    with pytest.raises(uw.InputError, match="input x0 must have finite parameters, a single number each"):
        Inputs([law])


def test_what_scipy_does_not_list_is_not_said_to_be_in_it():
    law = stats.rv_histogram(np.histogram([1.0, 2.0, 3.0], bins=3), density=False)
    with pytest.raises(
        uw.InputError,
        match=r"got Distribution without parameters. Call it: with its parameters, or \(\) if it has none",
    ):
        Inputs([law])
    assert Inputs([law()]).to_x([[0.0]])[0, 0] == pytest.approx(2.0)
