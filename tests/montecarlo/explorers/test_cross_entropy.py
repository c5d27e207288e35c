"""The walk of an explorer: it arrives, it stalls, it never spends what it has not, and hands on all failures of its history."""

import numpy as np
import pytest

from upweight.montecarlo.explorers import explore, level_size, log_normal


def walk(g, d=2, *, budget=10**6, seed=0, family="auto"):
    spent = []

    def ask(u, phase):
        spent.append(len(u))
        return g(u)

    found = explore(ask, lambda: budget - sum(spent), d, rng=np.random.default_rng(seed), family=family)
    return found, spent


def test_it_arrives_and_its_proposal_sits_on_the_failures():
    found, spent = walk(lambda u: 4 - u[:, 0])
    assert found.reached
    x = found.proposal.sample(2000, np.random.default_rng(1))
    assert (x[:, 0] > 4).mean() > 0.3
    widths = [row["sigma"] for row in found.history]
    assert widths == sorted(widths, reverse=True)
    assert [row["calls"] for row in found.history] == spent
    assert [k.n for k in found.known] == spent
    for k in found.known:
        np.testing.assert_array_equal(np.isfinite(k.log_f), k.u[:, 0] >= 4)


def test_both_sides_are_covered():
    found, _ = walk(lambda u: 3.5 - np.abs(u[:, 0]))
    x = found.proposal.sample(4000, np.random.default_rng(1))
    assert (x[:, 0] > 3).mean() > 0.1
    assert (x[:, 0] < -3).mean() > 0.1


def test_a_constant_ends_after_one_level():
    found, spent = walk(lambda u: np.full(len(u), 2.0))
    assert not found.reached
    assert [row["calls"] for row in found.history] == [500]
    assert spent == [500]


def test_a_floor_stalls_without_failure():
    found, spent = walk(lambda u: 1 + u[:, 0] ** 2)
    assert not found.reached
    assert len(spent) < 25


@pytest.mark.parametrize("budget", [400, 500, 1499, 1500, 3200])
def test_no_level_is_begun_that_the_budget_does_not_hold(budget):
    """A level needs twice its points from the second on, so that something is left to draw."""
    _, spent = walk(lambda u: 9 - u[:, 0], budget=budget)
    assert sum(spent) <= budget
    assert len(spent) == {400: 0, 500: 1, 1499: 1, 1500: 2, 3200: 5}[budget]


def test_minus_infinity_counts_as_failure_and_not_as_a_size():
    found, _ = walk(lambda u: np.where(u[:, 0] > 3, -np.inf, 3 - u[:, 0]))
    assert found.reached
    assert all(np.isfinite(row["sigma"]) for row in found.history)


def test_sizes_of_levels_and_the_density_of_the_standard_normal():
    assert [level_size(d) for d in (1, 20, 21, 300)] == [500, 500, 1000, 3000]
    assert log_normal(np.zeros((1, 2)))[0] == pytest.approx(-np.log(2 * np.pi))
