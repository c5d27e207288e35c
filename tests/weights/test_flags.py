"""True and False are said as such: a word, a number or None in their place is refused, and they are no numbers either."""

from __future__ import annotations

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, Weights

W = Weights.of(np.arange(1.0, 41.0), kind="importance")
F = np.arange(40.0)
FLAGS = {
    "of": lambda x: Weights.of([1.0, 2.0], kind="importance", exact=x),
    "of_log": lambda x: Weights.of_log([1.0, 2.0], kind="importance", exact=x),
    "ratio": lambda x: uw.ratio([0.5, 0.5], [0.4, 0.6], exact=x),
    "log_ratio": lambda x: uw.log_ratio([0.5, 0.5], [0.4, 0.6], exact=x),
    "mixture": lambda x: uw.mixture([0.0, 0.0], [[0.0, 0.0]], [2], exact=x),
    "declare": lambda x: W.declare(exact=x),
    "check": lambda x: W.check(strict=x),
    "mean": lambda x: W.mean(F, autocorrelated=x),
    "integral": lambda x: W.integral(F, autocorrelated=x),
    "quantile": lambda x: W.quantile(F, 0.5, autocorrelated=x),
    "cdf": lambda x: W.cdf(F, 3.0, autocorrelated=x),
    "var": lambda x: W.var(F, autocorrelated=x),
    "std": lambda x: W.std(F, autocorrelated=x),
    "cov": lambda x: W.cov(F, F, autocorrelated=x),
    "corr": lambda x: W.corr(F, -F, autocorrelated=x),
}
NUMBERS = {
    "quantile": lambda x: W.quantile(F, x),
    "quantiles": lambda x: W.quantile(F, [x, False]),
    "cdf": lambda x: W.cdf(F, x),
    "ess_of": lambda x: W.ess_of(x),
    "resample": lambda x: W.resample(x, rng=0),
    "temper": lambda x: W.temper(power=x),
    "clip": lambda x: W.clip(at=x),
    "clip quantile": lambda x: W.clip(quantile=x),
    "smooth": lambda x: W.smooth(r_eff=x),
    "check": lambda x: W.check(r_eff=x),
    "blocks": lambda x: W.mean(F, blocks=x),
    "bounds": lambda x: W.mean(F > 3, bounds=(False, x)),
    "interval": lambda x: W.mean(F).interval(x),
    "khat": lambda x: uw.arrays.khat(np.zeros(40), r_eff=x),
    "threshold": lambda x: uw.Correction.kept(negatives=0.1).threshold(false_positive=x, false_negative=5),
    "kept": lambda x: uw.Correction.kept(negatives=x),
}


@pytest.mark.parametrize("call", FLAGS.values(), ids=FLAGS)
def test_a_flag_is_true_or_false(call):
    for wrong in ("no", "yes", 0, 1, 0.0, []):
        with pytest.raises(InputError, match=r"must be True or False; got"):
            call(wrong)
    call(False)
    call(np.bool_(False))


@pytest.mark.parametrize("call", NUMBERS.values(), ids=NUMBERS)
def test_true_is_no_number(call):
    with pytest.raises(InputError):
        call(True)


def test_what_a_flag_says_is_kept_as_a_bool():
    assert Weights.of([1.0, 2.0], exact=np.True_).exact is True
    assert W.declare(exact=np.True_).exact is True
    assert W.mean(F, autocorrelated=np.True_).trail == W.mean(F, autocorrelated=True).trail


@pytest.mark.parametrize("bounds", [("0", "99"), (0, None), 5, (0, 1, 2), (np.zeros(2), 5)])
def test_bounds_are_two_numbers(bounds):
    with pytest.raises(InputError, match=r"`bounds` must be two numbers"):
        W.mean(F, bounds=bounds)


@pytest.mark.parametrize(
    "call",
    [
        lambda w: Weights.of(w),
        lambda w: Weights.of(w, kind="class"),
        lambda w: Weights.of_log(w),
        lambda w: uw.ratio(w, np.ones(40)),
        lambda w: uw.log_ratio(0.0, w),
        lambda w: w.mean(w),
    ],
)
def test_weights_are_no_column_of_numbers(call):
    """Kind, promise and history would be lost, and nobody can tell which scale was meant."""
    tamed = W.declare(exact=True).clip(at=9.0)
    with pytest.raises(
        InputError,
        match=r"got Weights, whose kind and history would be lost\..*w\.declare\(kind=.*w\[rows\].*w\.values",
    ):
        call(tamed)
