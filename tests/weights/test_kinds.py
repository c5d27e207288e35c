"""Which verb is lawful for which kind, and what a product may do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from upweight import InputError, KindError, Weights
from upweight._weights._kinds import KINDS, known, product_kind, rows_worth

ALLOWED = {  # the table of kinds, verb by verb
    "mean": {"importance", "inclusion", "frequency"},
    "quantile": {"importance", "inclusion", "frequency"},
    "cdf": {"importance", "inclusion", "frequency"},
    "smooth": {"importance", "inclusion"},
    "truncate": {"importance", "inclusion"},
    "shrink": {"importance"},
    "drop": {"importance"},
    "clip": {"importance", "inclusion", "class", "cost"},
    "temper": {"importance", "inclusion", "class", "cost"},
    "resample": set(KINDS),
    "rows": set(KINDS),
}
F = np.arange(40.0)
CALLS = {
    "mean": lambda w: w.mean(F),
    "quantile": lambda w: w.quantile(F, 0.5),
    "cdf": lambda w: w.cdf(F, 3.0),
    "smooth": lambda w: w.smooth(),
    "truncate": lambda w: w.truncate(),
    "shrink": lambda w: w.shrink(lam=2.0),
    "drop": lambda w: w.drop(above=5.0),
    "clip": lambda w: w.clip(at=3),
    "temper": lambda w: w.temper(power=0.5),
    "resample": lambda w: w.resample(5, rng=0),
    "rows": lambda w: w[:3],
}


def of(kind: str) -> Weights:
    return Weights.of(1 + np.arange(40) % 7, kind=kind)


@pytest.mark.parametrize(("verb", "kind"), list(itertools.product(ALLOWED, KINDS)))
def test_verbs_are_open_to_their_kinds_and_closed_to_others(verb, kind):
    if kind in ALLOWED[verb]:
        assert CALLS[verb](of(kind)) is not None
    else:
        with pytest.raises(KindError, match=rf"w\.{verb}\(\) is not for {kind} weights: .*"):
            CALLS[verb](of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_scales_are_open_to_all(kind):
    w = of(kind)
    assert np.mean(w.sample_weight) == pytest.approx(1.0, rel=1e-12)
    assert np.sum(w.probabilities) == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(w.values, 1 + np.arange(40) % 7, rtol=1e-14)
    assert np.array_equal(np.asarray(w), w.sample_weight)


def test_a_class_weight_is_told_what_to_do_instead():
    with pytest.raises(
        KindError,
        match=r"a class weight does not estimate a population mean; train with w\.sample_weight\. If these are "
        r"p_world\(y\)/p_train\(y\), say so: w\.declare\(kind='importance'\)",
    ):
        of("class").mean(F)
    assert of("class").declare(kind="importance").mean(F).value > 0


def test_frequencies_are_counted_not_judged():
    w = of("frequency")
    assert w.ess == w.values.sum()
    assert w.ess_of(0) == w.ess_of(1) == w.ess
    assert w.khat == -np.inf
    assert w.design_effect == 1.0


@pytest.mark.parametrize("kind", ["importance", "inclusion", "class", "cost"])
def test_other_kinds_are_worth_what_kish_says(kind):
    v = 1.0 + np.arange(40) % 7
    assert of(kind).ess == pytest.approx(v.sum() ** 2 / (v**2).sum(), rel=1e-12)
    assert of(kind).design_effect == pytest.approx(40 * (v**2).sum() / v.sum() ** 2, rel=1e-12)


ORDER = ("inclusion", "importance", "class", "cost")


@pytest.mark.parametrize(("a", "b"), list(itertools.product(ORDER, ORDER)))
def test_the_larger_kind_wins_a_product(a, b):
    assert (of(a) * of(b)).kind == product_kind(a, b) == max(a, b, key=ORDER.index)


@pytest.mark.parametrize("other", ORDER)
def test_copies_multiply_copies_only(other):
    assert (of("frequency") * of("frequency")).kind == "frequency"
    for left, right in ((of("frequency"), of(other)), (of(other), of("frequency"))):
        with pytest.raises(KindError, match=rf"cannot be multiplied by {other} weights: repeat the rows first"):
            _ = left * right


def test_kinds_that_do_not_exist_are_told_those_that_do():
    assert known(None) == "importance"
    with pytest.raises(
        InputError, match="`kind` must be one of inclusion, importance, class, cost, frequency; got 'weight'"
    ):
        Weights.of([1, 2], kind="weight")


@pytest.mark.parametrize(
    ("x", "said"), [(3117.4, "3,117"), (100, "100"), (99.96, "100"), (11.23, "11.2"), (1.2, "1.2"), (0, "0")]
)
def test_sizes_are_said_with_three_digits(x, said):
    assert rows_worth(x) == said
