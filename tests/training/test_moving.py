"""Weights that follow the losses: closed forms, the asked effective rows, brute force, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import InputError, KindError
from upweight.training import adapt, pace, self_paced

TEN = np.arange(10.0)


def weighted(w, l=TEN):
    return float((w.sample_weight * l).mean())


def test_chi2_unclipped_is_mean_plus_sd_times_root():
    for e in (0.9, 0.8, 0.77):
        assert abs(weighted(adapt(TEN, ess=e)) - (4.5 + TEN.std() * np.sqrt(1 / e - 1))) < 1e-9
    assert round(weighted(adapt(TEN, ess=0.9)), 4) == 5.4574


def test_cvar_is_the_mean_of_the_worst_with_a_fraction_of_the_row_at_the_border():
    assert weighted(adapt(TEN, kind="cvar", ess=0.3)) == 8.0
    assert abs(weighted(adapt(TEN, kind="cvar", ess=0.25)) - (9 + 8 + 0.5 * 7) / 2.5) < 1e-12
    tied = adapt([1.0, 5.0, 5.0, 5.0], kind="cvar", ess=0.5).values
    np.testing.assert_allclose(tied, [0, 2 / 3, 2 / 3, 2 / 3])


@pytest.mark.parametrize("kind", ["chi2", "tilt"])
@pytest.mark.parametrize("ess", [0.05, 0.3, 0.6, 0.95])
def test_the_effective_rows_are_those_asked_for(kind, ess):
    l = np.random.default_rng(3).exponential(size=1000)
    w = adapt(l, kind=kind, ess=ess)
    assert abs(w.ess / 1000 - ess) < 1e-9
    assert w.kind == "cost"
    assert (np.diff(w.sample_weight[np.argsort(l)]) >= 0).all()


def test_chi2_is_the_worst_case_of_its_ball():
    """No weights of as many effective rows give a larger mean loss: 20,000 random ones and tilting do not."""
    rng = np.random.default_rng(0)
    l = rng.exponential(size=12)
    best = weighted(adapt(l, ess=0.5), l)
    assert best >= weighted(adapt(l, kind="tilt", ess=0.5), l)
    tried = rng.dirichlet(np.full(12, 0.7), size=20_000)
    inside = tried[1 / (12 * (tried**2).sum(axis=1)) >= 0.5]
    assert len(inside) > 1000
    assert (inside @ l).max() <= best + 1e-12


@pytest.mark.parametrize("kind", ["chi2", "tilt", "cvar"])
def test_constant_losses_and_a_full_share_give_ones_and_scale_or_order_change_nothing(kind):
    assert (adapt(np.full(7, 3.0), kind=kind).sample_weight == 1).all()
    assert (adapt(TEN, kind=kind, ess=1).sample_weight == 1).all()
    l = np.random.default_rng(1).normal(size=50)
    w = adapt(l, kind=kind, ess=0.4).sample_weight
    np.testing.assert_allclose(adapt(7 * l - 3, kind=kind, ess=0.4).sample_weight, w, atol=1e-9)
    order = np.random.default_rng(2).permutation(50)
    np.testing.assert_allclose(adapt(l[order], kind=kind, ess=0.4).sample_weight, w[order], atol=1e-9)


@pytest.mark.parametrize("kind", ["chi2", "tilt"])
def test_more_rows_tied_at_the_top_than_asked_weigh_the_same(kind):
    w = adapt([0.0, 1.0, 1.0, 1.0], kind=kind, ess=0.3).sample_weight
    np.testing.assert_allclose(w, [0, 4 / 3, 4 / 3, 4 / 3], atol=1e-12)


def test_moving_weights_estimate_no_population_mean():
    with pytest.raises(KindError, match="cost"):
        adapt(TEN).mean(TEN)


def test_the_input_is_not_written_to():
    l = TEN.copy()
    for kind in ("chi2", "tilt", "cvar"):
        adapt(l, kind=kind)
    self_paced(l, fraction=0.5, soft=True)
    np.testing.assert_array_equal(l, TEN)


def test_self_paced_takes_the_easiest_ties_in_the_order_of_rows():
    np.testing.assert_array_equal(self_paced([2.0, 1.0, 1.0, 1.0], fraction=0.5).values, [0, 1, 1, 0])
    np.testing.assert_array_equal(self_paced(-TEN, fraction=0.2).values, np.r_[np.zeros(8), 1, 1])
    assert (self_paced(TEN, fraction=1.0).values == 1).all()
    assert self_paced(TEN, fraction=0.01).values.sum() == 1


def test_self_paced_softly_falls_to_zero_at_the_quantile():
    w = self_paced(TEN, fraction=0.5, soft=True).values
    np.testing.assert_allclose(w, np.maximum(1 - TEN / np.quantile(TEN, 0.5), 0))
    assert (self_paced(np.zeros(4), fraction=0.5, soft=True).values == [1, 1, 0, 0]).all()
    assert (np.diff(self_paced(TEN - 20, fraction=1.0, soft=True).values) < 0).all()


def test_pace_is_the_formula_and_ends_at_one():
    assert round(pace(50, 100), 4) == 0.7106
    assert pace(0, 7) == 0.1
    assert pace(9, 7) == 1.0
    assert abs(pace(30, 100, start=0.2, power=1) - (0.3 * 0.8 + 0.2)) < 1e-12


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: adapt([1.0, np.nan, np.nan]), "`losses` must be finite; got 2 missing or NaN, first at row 1"),
        (lambda: adapt([[1.0, 2.0]]), "one number a row, shape (n,); got shape (1, 2). Use reduction='none'."),
        (lambda: adapt(3.0), "`losses` must be one number a row"),
        (lambda: adapt(TEN, kind="chi"), "`kind` must be 'chi2', 'tilt' or 'cvar'; got 'chi'. Did you mean"),
        (lambda: adapt(TEN, ess=0), "`ess` must be a share in (0, 1]; got 0."),
        (lambda: self_paced(TEN, fraction=1.5), "`fraction` must be a share in (0, 1]; got 1.5."),
        (lambda: pace(-1, 10), "`step` must be a finite number, 0 or more; got -1."),
        (lambda: pace(1, 0), "`total` must be a finite number, above 0; got 0."),
        (lambda: pace(1, 10, start=0), "`start` must be a share in (0, 1]; got 0."),
    ],
)
def test_what_is_refused_and_how(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)
