"""What may stand for a proposal: SciPy's and PyTorch's laws as they come, one dimension as a column, wrong shapes refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from upweight import InputError
from upweight.montecarlo.proposals import as_proposal, pooled_draws, round_normal


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("law", "d"),
    [
        (stats.norm(1, 2), 1),
        (stats.multivariate_normal([0, 1, 2]), 3),
        (stats.multivariate_t([0, 1], df=5), 2),
        (stats.multivariate_normal([3.0], [[2.0]]), 1),
        (round_normal(4), 4),
    ],
)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_rows_come_as_rows_whatever_the_law(law, d, n):
    q = as_proposal(law)
    x = q.sample(n, rng())
    assert x.shape == (n, d)
    assert q.log_prob(x).shape == (n,)
    np.testing.assert_array_equal(x, q.sample(n, rng()))
    assert as_proposal(q) is q


def test_scipys_new_laws_are_taken():
    if not hasattr(stats, "Normal"):
        pytest.skip("this SciPy has no stats.Normal")
    q = as_proposal(stats.Normal(mu=1.0, sigma=2.0))
    x = q.sample(5, rng())
    np.testing.assert_allclose(q.log_prob(x), stats.norm(1, 2).logpdf(x[:, 0]))


def test_laws_of_pytorch_draw_by_our_generator_and_know_their_support():
    torch = pytest.importorskip("torch")
    D = torch.distributions
    mixture = D.MixtureSameFamily(
        D.Categorical(torch.tensor([0.3, 0.7])),
        D.MultivariateNormal(torch.tensor([[2.0, 0.0], [-2.0, 0.0]]), torch.eye(2)),
    )
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    for law, d in (
        (mixture, 2),
        (D.Independent(D.Normal(torch.zeros(3), torch.ones(3)), 1), 3),
        (D.Normal(0.0, 1.0), 1),
    ):
        q = as_proposal(law)
        x = q.sample(50, rng(1))
        assert x.shape == (50, d)
        assert x.dtype == np.float64
        assert np.isfinite(q.log_prob(x)).all()
        np.testing.assert_array_equal(x, q.sample(50, rng(1)))
    assert torch.equal(before, torch.random.get_rng_state())
    normal = stats.multivariate_normal
    x = rng(2).normal(size=(20, 2))
    by_hand = 0.3 * normal([2, 0]).pdf(x) + 0.7 * normal([-2, 0]).pdf(x)
    np.testing.assert_allclose(as_proposal(mixture).log_prob(x), np.log(by_hand), rtol=1e-5)
    np.testing.assert_allclose(
        as_proposal(D.Exponential(torch.tensor(1.0))).log_prob(np.array([[-1.0], [2.0]])), [-np.inf, -2.0]
    )
    with pytest.raises(InputError, match="log_prob of 3 rows must be one number a row"):
        as_proposal(D.Normal(torch.zeros(2), torch.ones(2))).log_prob(np.zeros((3, 2)))


class Law:
    def __init__(self, sample, log_prob):
        self.sample, self.log_prob = sample, log_prob


def test_answers_of_a_wrong_shape_are_refused():
    zeros = lambda x: np.zeros(len(x))
    for law, words in (
        (Law(lambda n, r: np.zeros((n + 1, 2)), zeros), r"q: 5 draws must come as \(n, d\) rows; got shape \(6, 2\)"),
        (Law(lambda n, r: np.full((n, 2), np.nan), zeros), "draws must be finite; got 5 rows"),
    ):
        with pytest.raises(InputError, match=words):
            as_proposal(law, "q").sample(5, rng())
    for log_prob, words in (
        (lambda x: np.zeros((len(x), 2)), r"got shape \(5, 2\)"),
        (lambda x: np.full(len(x), np.nan), "got nan at row 0"),
        (lambda x: np.where(np.arange(len(x)) == 3, np.inf, 0.0), "got inf at row 3"),
    ):
        with pytest.raises(InputError, match=words):
            as_proposal(Law(print, log_prob)).log_prob(np.zeros((5, 2)))
    assert as_proposal(Law(print, lambda x: np.zeros((len(x), 1)))).log_prob(np.zeros((5, 2))).shape == (5,)


def test_what_is_no_law_is_refused():
    class Half:
        def sample(self, n, rng):
            return np.zeros((n, 1))

    for given, words in (
        (Half(), "Half has no log_prob"),
        (3.0, "float has no sample and log_prob"),
        (stats.norm, "must be frozen; got norm. Write norm"),
        (Law, "got the class Law, not a law with its numbers"),
    ):
        with pytest.raises(InputError, match=words):
            as_proposal(given)


def test_a_result_stands_for_its_proposal():
    class Result:
        proposal = round_normal(2)

    assert as_proposal(Result()).sample(3, rng()).shape == (3, 2)


def test_pooled_draws_ask_every_law_at_every_row():
    x, log_q = pooled_draws([round_normal(2), round_normal(2, 3.0)], [10, 20], rng())
    assert x.shape == (30, 2)
    np.testing.assert_allclose(log_q[1], round_normal(2, 3.0).log_prob(x))
    uniform = stats.uniform(0, 1)
    wrong = as_proposal(Law(lambda n, r: np.full((n, 1), 2.0), lambda x: uniform.logpdf(x[:, 0])), "proposal 1")
    with pytest.raises(InputError, match=r"proposal 1 drew 4 rows outside its own support, first row 0"):
        pooled_draws([as_proposal(uniform), wrong], [3, 4], rng())
    with pytest.raises(InputError, match=r"one space; got \[1, 2\] dimensions"):
        pooled_draws([as_proposal(uniform), round_normal(2)], [3, 4], rng())


def test_writing_into_what_is_asked_harms_nobody():
    def log_prob(x):
        x[:] = 0
        return np.zeros(len(x))

    x = np.ones((4, 2))
    as_proposal(Law(print, log_prob)).log_prob(x)
    assert (x == 1).all()
