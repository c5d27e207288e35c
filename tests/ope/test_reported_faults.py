"""Faults that were read, or reported, of other libraries for off-policy evaluation: what their formulas say of a log whose truth is known, and what is said here."""

from __future__ import annotations

import numpy as np
import pytest

import upweight as uw
from upweight.ope import evaluate, sequence, value


def test_ratios_per_decision_are_cumulated(ring):
    """RLlib's "pdis" weights a reward by the ratio of its own step: over all paths that is .438, the logged value, and not .570."""
    world = ring(4, 0.9)
    chance, x = world.paths()
    w = uw.Weights.of(x.rho, kind="importance", exact=True)
    of = {how: sequence(x.r, w, group=x.group, how=how, discount=0.9) for how in ("pdis", "step")}
    mean = {how: float(chance @ _by_group(e)) for how, e in of.items()}
    assert mean["pdis"] == pytest.approx(world.truth(), abs=1e-9)
    steps = 0.9**x.t * x.rho * x.r
    assert mean["step"] == pytest.approx(float(chance @ np.bincount(x.group, steps)), abs=1e-12)
    assert mean["step"] == pytest.approx(0.437957713, abs=1e-9)


def _by_group(e):
    """The number of each group whose mean the estimate is."""
    return np.asarray(e.influence) + e.value


def test_the_action_that_was_logged_is_the_one_that_is_weighed():
    """RLlib takes the log-probability of an action that is drawn anew: the ratio is then right on the average, and says nothing of the reward beside it."""
    g = np.random.default_rng(0)
    logged, target, n = np.array([0.8, 0.2]), np.array([0.2, 0.8]), 20_000
    action, drawn = (g.choice(2, size=n, p=logged) for _ in range(2))
    reward = 1.0 * (g.random(n) < np.array([0.2, 0.6])[action])
    anew = value(reward, uw.ratio(target[drawn], logged[drawn]))
    ours = value(reward, uw.ratio(target[action], logged[action]))
    assert ours.interval()[0] < 0.52 < ours.interval()[1]
    assert anew.interval()[1] < 0.35  # the logged policy's .28


def test_logged_propensities_are_used_and_found_out():
    """skdr-eval estimates propensities and lays those of the log aside (its issue 167): with wrong ones it says the same."""
    g = np.random.default_rng(1)
    p = np.where(g.random(20_000) < 0.5, 0.75, 0.25)
    action = g.random(20_000) < p
    reward, chance = 1.0 * (g.random(20_000) < np.where(action, 0.6, 0.2)), np.where(action, p, 1 - p)
    right, wrong = uw.ratio(0.5, chance), uw.ratio(0.5, 0.6 * chance)
    assert value(reward, right, how="plain").value == pytest.approx(0.4, abs=0.02)
    assert value(reward, wrong, how="plain").value == pytest.approx(0.4 / 0.6, abs=0.03)
    assert evaluate(reward, right).decision != "UNTRUSTED"
    assert evaluate(reward, wrong).decision == "UNTRUSTED"
