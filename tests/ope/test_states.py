"""Weights of `marginal` are estimated, and the interval of `sequence` knows it."""

import pickle

import numpy as np
import pytest

import upweight as uw
from upweight.ope import marginal, sequence


def weighted_value(x, mass, discount):
    """The value with masses on the groups, written down step by step."""
    share, carried, value = mass / mass.sum(), np.ones(mass.size), 0.0
    for t in range(int(x.t.max()) + 1):
        rows = np.flatnonzero(x.t == t)
        g, s = x.group[rows], x.s[rows]
        carried = carried / (share @ carried)
        kappa = np.array(
            [share[g[s == i]] @ carried[g[s == i]] / max(share[g[s == i]].sum(), 1e-300) for i in range(4)]
        )
        w = kappa[s] * x.rho[rows]
        value += discount**t * float(share[g] @ (w * x.r[rows]))
        carried = carried.copy()
        carried[g] = w
    return value


def rho_of(x):
    return uw.Weights.of(x.rho, kind="importance", exact=True)


@pytest.mark.parametrize(("steps", "discount"), [(1, 1.0), (5, 0.9), (9, 1.0)])
def test_influences_are_derivatives_by_the_mass_of_a_group(ring, steps, discount):
    x = ring(steps, discount).draw(60, np.random.default_rng(0))
    m = marginal(rho_of(x), group=x.group, state=x.s)
    e = sequence(x.r, m, group=x.group, discount=discount)
    ones = np.ones(60)
    assert e.value == pytest.approx(weighted_value(x, ones, discount), rel=1e-12)
    heavier = [weighted_value(x, ones + 1e-5 * (np.arange(60) == i), discount) for i in range(60)]
    slope = (np.array(heavier) - e.value) / 1e-5
    assert np.asarray(e.influence) / 60 == pytest.approx(slope, abs=1e-4 * np.abs(slope).max())
    assert float(np.sum(e.influence)) == pytest.approx(0, abs=1e-10)


def test_order_and_labels_change_nothing(ring):
    x = ring(6, 0.9).draw(200, np.random.default_rng(1))
    mixed = np.random.default_rng(2).permutation(x.r.size)
    mixed = mixed[np.argsort(x.t[mixed], kind="stable")]  # rows of a group stay in order
    one = sequence(x.r, marginal(rho_of(x), group=x.group, state=x.s), group=x.group)
    w = uw.Weights.of(x.rho[mixed], kind="importance", exact=True)
    states = np.array(["a", "b", "c", "d"])[x.s[mixed]]
    other = sequence(x.r[mixed], marginal(w, group=x.group[mixed], state=states), group=x.group[mixed])
    assert (other.value, other.se) == pytest.approx((one.value, one.se), rel=1e-12)


def test_of_one_step_nothing_is_estimated(ring):
    x = ring(1, 1.0).draw(300, np.random.default_rng(3))
    m = marginal(rho_of(x), group=x.group, state=x.s)
    own, known = sequence(x.r, m, group=x.group), sequence(x.r, rho_of(x), group=x.group, how="step")
    assert (own.value, own.se) == pytest.approx((known.value, known.se), rel=1e-12)


def test_weights_that_were_changed_or_grouped_otherwise_are_taken_for_known(ring):
    x = ring(6, 0.9).draw(200, np.random.default_rng(4))
    m = marginal(rho_of(x), group=x.group, state=x.s)
    capped = sequence(x.r, m.clip(at=1.0), group=x.group)
    by_hand = np.bincount(x.group, np.minimum(m.values, 1.0) * x.r)
    assert capped.se == pytest.approx(by_hand.std(ddof=1) / np.sqrt(200), rel=1e-9)
    pairs = sequence(x.r, m, group=x.group // 2)
    assert len(pairs.influence) == 100
    again = pickle.loads(pickle.dumps(m))
    assert sequence(x.r, again, group=x.group).se == sequence(x.r, m, group=x.group).se


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "discount", "end", "n"), [(20, 0.95, 0.1, 2000), (20, 1.0, 0.0, 500), (80, 1.0, 0.0, 500)]
)
def test_intervals_cover_whatever_the_length(ring, steps, discount, end, n):
    """200 runs, se .015: below .90 once in two thousand. With weights taken for known: .87, .965, .985 (plain se), widths off by 1.3 and .78."""
    world, inside, far = ring(steps, discount, end=end), [], []
    for seed in range(200):
        x = world.draw(n, np.random.default_rng(seed))
        e = sequence(x.r, marginal(rho_of(x), group=x.group, state=x.s), group=x.group, discount=discount)
        low, high = e.interval()
        inside.append(low <= world.truth() <= high)
        far.append((e.value - world.truth()) / e.se)
    assert np.mean(inside) >= 0.90
    assert 0.85 < np.std(far) < 1.2
