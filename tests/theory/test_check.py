"""How often check cries wolf, and how often it sees one: right and inverted weights over many seeds.

Demanded for n >= 1000 and tail index <= 0.5: a false alarm of the mean test in at most 2 % of right weights; INVERTED in at least
85 % of inverted and at most 3 % of right ones. Measured rates are well inside (0.5 %, 88 to 100 %, 0); the limits of the short form
leave room for chance, so that a sound rule fails one run in ten thousand, and one that is off by what is named fails nearly always.

SEGMENT_MEAN claims a false alarm in one verdict of a thousand, however many segments; the heavy cases below gave .71 (t3 over t5) and
.17 (lognormal) when a segment was judged by its own sd alone, and 0 since.
"""

import numpy as np
import pytest
from scipy import stats

import upweight as uw
from upweight import Weights


def pareto(k):
    """Target Exp(1 - k) over source Exp(1): tail exactly k."""
    return lambda rng, n: np.log(1 - k) + k * rng.exponential(size=n)


def shift(mu):
    """Target N(mu, 1) over source N(0, 1)."""
    return lambda rng, n: mu * rng.normal(size=n) - mu * mu / 2


RIGHT = {f"Pareto, k {k}": pareto(k) for k in (0.2, 0.4, 0.5)} | {f"shift {mu}": shift(mu) for mu in (0.5, 1.0, 1.5)}


def t3_over_t5(rng, n):
    """Target t with 3, source t with 5 degrees of freedom: tail 0.4, and 1/w is bounded."""
    x = rng.standard_t(5, size=n)
    return stats.t.logpdf(x, 3) - stats.t.logpdf(x, 5)


HEAVY = {
    "t3 over t5": t3_over_t5,
    "lognormal 1": shift(1.0),
    "lognormal 1.5": shift(1.5),
    "Pareto, k 0.55": pareto(0.55),
}
FAR = {f"shift {mu}": shift(mu) for mu in (1.8, 2.2, 2.6)} | {"t3 over t5": t3_over_t5}


def rates(draw, n, runs, sign=1):
    """Shares of runs that give each reason, of weights (sign 1) or their inverse (-1), with eight segments."""
    found = {}
    by = np.arange(n) % 8
    for seed in range(runs):
        w = Weights.of_log(sign * draw(np.random.default_rng([seed, n]), n), kind="importance", exact=True)
        for code in w.check(by=by).reasons:
            found[code] = found.get(code, 0) + 1 / runs
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_right_weights_are_rarely_accused(name):
    found = rates(RIGHT[name], 1000, 200)
    assert found.get("MEAN_NOT_ONE", 0) <= 0.04  # 8 of 200; at a true 1 % that has probability 1e-4
    assert found.get("INVERTED", 0) <= 0.03
    assert found.get("SEGMENT_MEAN", 0) <= 0.09
    assert found.get("MEAN_LOW", 0) <= 0.04


@pytest.mark.parametrize("name", RIGHT)
def test_inverted_weights_are_found(name):
    assert (
        rates(RIGHT[name], 1000, 200, sign=-1).get("INVERTED", 0) >= 0.80
    )  # 85 % demanded: 0.05 is two standard errors


@pytest.mark.parametrize("breach", [0.9, 1.1])
def test_a_breach_of_a_tenth_is_found(breach):
    off = lambda rng, n: shift(0.5)(rng, n) + np.log(breach)
    assert rates(off, 10_000, 100).get("MEAN_NOT_ONE", 0) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("n", [1000, 10_000])
@pytest.mark.parametrize("name", RIGHT)
def test_rates_in_the_long_run(name, n):
    runs = 2000 if n == 1000 else 500
    right, wrong = rates(RIGHT[name], n, runs), rates(RIGHT[name], n, runs, sign=-1)
    assert right.get("MEAN_NOT_ONE", 0) <= 0.02
    assert right.get("INVERTED", 0) <= 0.03
    assert wrong.get("INVERTED", 0) >= 0.85


# ---- segments -------------------------------------------------------------------------------------------------------


def accused(draw, n, segments, runs, breach=1.0):
    """Share of verdicts with SEGMENT_MEAN, the weights of the first segment times `breach`."""
    by = np.arange(n) % segments
    off = np.where(by == 0, np.log(breach), 0.0)
    made = (draw(np.random.default_rng([seed, n, segments]), n) + off for seed in range(runs))
    verdicts = (Weights.of_log(l, kind="importance", exact=True).check(by=by) for l in made)
    return sum("SEGMENT_MEAN" in v.reasons for v in verdicts) / runs


@pytest.mark.parametrize("name", HEAVY)
def test_labels_at_random_are_not_accused(name):
    assert accused(HEAVY[name], 2000, 20, 60) <= 0.02  # two alarms in 60 have probability 0.002 at the level claimed
    assert accused(HEAVY[name], 10_000, 100, 30) <= 0.04


def test_a_broken_segment_is_found():
    assert accused(shift(0.2), 10_000, 20, 40, breach=0.8) >= 0.95
    assert accused(t3_over_t5, 10_000, 100, 40, breach=0.5) >= 0.9  # 0.87 while a heavy tail excused a low segment


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVY)
def test_segments_hold_the_level_claimed(name):
    found = [accused(HEAVY[name], n, segments, 1000) for n, segments in ((10_000, 100), (2000, 20))]
    assert max(found) <= 0.005  # claimed 0.001; six alarms in 1000 have probability 6e-4 then


@pytest.mark.slow
def test_power_of_segments_in_the_long_run():
    assert min(accused(shift(0.2), 10_000, 100, 200, breach=b) for b in (0.7, 0.8, 1.25)) >= 0.95
    assert accused(t3_over_t5, 10_000, 100, 200, breach=0.7) >= 0.8


# ---- the sign, far out, and by balance --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAR)
def test_right_weights_far_out_are_not_called_inverted(name):
    assert rates(FAR[name], 1000, 100).get("INVERTED", 0) <= 0.01  # .04 to .15 while 1/w passed by its own huge error


@pytest.mark.slow
@pytest.mark.parametrize("n", [1000, 2000, 10_000])
@pytest.mark.parametrize("name", FAR)
def test_right_weights_far_out_in_the_long_run(name, n):
    assert rates(FAR[name], n, 500).get("INVERTED", 0) <= 0.006


def wrong_way(source, target, log_w):
    w = Weights.of_log(log_w, kind="importance")
    return "WRONG_WAY" in w.check(balance=uw.balance(source, target, weights=w)).reasons


def test_balance_within_noise_has_no_direction():
    wide = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        source, target = rng.normal(size=(1000, 2)), 1.3 * rng.normal(size=(1000, 2))
        wide += wrong_way(source, target, (source**2).sum(axis=1) * (1 - 1 / 1.69) / 2)
    assert wide == 0  # 25 of these 60 when the two means were compared alone, 4 with the limit of 0.1 on the mean after


def test_balance_beyond_noise_has_one():
    found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        source, target = rng.normal(size=(1000, 2)), rng.normal(0.2, 1, size=(1000, 2))
        found += wrong_way(source, target, -0.2 * source.sum(axis=1))
    assert found >= 39


# ---- a promise broken downward ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [0.5, 0.55, 0.6])
def test_half_a_target_is_not_usable(k):
    half = lambda rng, n: pareto(k)(rng, n) + np.log(0.5)
    verdicts = [
        Weights.of_log(half(np.random.default_rng(s), 2000), kind="importance", exact=True).check() for s in range(50)
    ]
    assert (
        sum(v.ok for v in verdicts) <= 3
    )  # one in a hundred measured; all of those with k-hat above 0.5 were usable before


@pytest.mark.slow
@pytest.mark.parametrize("k", [0.5, 0.55, 0.6])
def test_right_logs_are_not_called_low(k):
    assert rates(pareto(k), 800, 800).get("MEAN_LOW", 0) == 0
