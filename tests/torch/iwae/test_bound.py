"""The value of every objective: by hand, its laws, and what is refused at the door."""

from __future__ import annotations

import math

import pytest
import torch

from upweight import InputError
from upweight.torch.iwae import Objective, bound, curve, diagnose, expect, resample, surrogate

BY_HAND = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64).log()
INF = math.inf
OBJECTIVES = [
    Objective(),
    Objective(groups=2),
    Objective(beta=0.5),
    Objective(power=0.5),
    Objective(power=0.0),
    Objective(power=-1.0),
    Objective(power=2.0),
    Objective(groups=2, split=True),
    Objective(groups=2, beta=0.25, power=0.5),
]


def logs(*shape, seed=0, sd=2.0, dtype=torch.float64):
    return sd * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        ("standard", 0.916291),
        ("dreg", 0.916291),
        ("stl", 0.916291),
        ("vimco", 0.916291),
        (Objective(groups=2), 0.829114),
        (Objective(beta=0.5), 0.855402),
        (Objective(power=0.5), 0.859100),
        (Objective(power=0.0), 0.794513),
        (Objective(power=-1.0), 0.652325),
        (Objective(power=2.0), 1.007452),
        (Objective(groups=2, split=True), 0.916291),
    ],
)
def test_values_by_hand(objective, value):
    assert abs(bound(BY_HAND, objective).item() - value) < 6e-7


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_constant_in_log_w_is_a_constant_in_the_bound(objective):
    l = logs(20, 8)
    assert torch.allclose(bound(l - 800, objective), bound(l, objective) - 800, rtol=0, atol=1e-11)


@pytest.mark.parametrize("objective", [o for o in OBJECTIVES if o.groups == 1 or o.split])
def test_the_order_of_draws_does_not_matter_without_groups(objective):
    l = logs(20, 8)
    assert torch.allclose(bound(l.flip(-1), objective), bound(l, objective), rtol=0, atol=1e-12)


def test_the_elbo_is_all_groups_all_beta_and_power_zero():
    l = logs(20, 8)
    for objective in (Objective(groups=8), Objective(beta=1.0), Objective(power=0.0), Objective(power=0.0, groups=4)):
        assert torch.allclose(bound(l, objective), l.mean(-1), rtol=0, atol=1e-12)


def test_the_power_mean_rises_with_the_power():
    l = logs(50, 8)
    values = torch.stack([bound(l, Objective(power=p)) for p in (-2.0, -0.5, 0.0, 0.3, 1.0, 3.0)])
    assert (values.diff(dim=0) > 0).all()


def test_the_bound_is_detached_and_the_input_unwritten():
    l = logs(3, 4).requires_grad_()
    before = l.detach().clone()
    assert not bound(l).requires_grad
    assert torch.equal(l.detach(), before)


def test_a_weight_of_zero_adds_nothing_but_a_draw():
    l = torch.cat([BY_HAND, torch.tensor([-INF], dtype=torch.float64)])
    assert abs(bound(l).item() - (bound(BY_HAND).item() + math.log(4 / 5))) < 1e-12


@pytest.mark.parametrize(
    ("objective", "lost"),
    [
        (Objective(), [False, True]),
        (Objective(groups=2), [True, True]),
        (Objective(groups=2, split=True), [False, True]),
        (Objective(power=-1.0), [True, True]),
        (Objective(power=0.0), [True, True]),
        (Objective(beta=0.1), [True, True]),
    ],
)
def test_where_no_draw_is_left_the_value_is_minus_infinity(objective, lost):
    l = torch.tensor([[0.0, 1.0, -INF, -INF], [-INF] * 4])
    assert (bound(l, objective) == -INF).tolist() == lost


# ---- what is refused --------------------------------------------------------------------------------------------------------

EVERY = [bound, surrogate, diagnose, curve, lambda l: expect(l, l), lambda l: resample(l, l[..., None], 2, rng=0)]


@pytest.mark.parametrize("f", EVERY)
def test_nan_and_infinity_are_refused_with_their_place(f):
    l = torch.zeros(20, 6)
    l[17, 4], l[18, 0], l[19, 5] = math.nan, math.nan, math.nan
    with pytest.raises(InputError, match=r"got 3 NaN, first at row 17, draw 4\. Look at the decoder's scale"):
        f(l)
    with pytest.raises(InputError, match=r"got 1 \+inf, first at draw 2\."):
        f(torch.tensor([0.0, 1.0, INF]))


@pytest.mark.parametrize("f", EVERY)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int64])
def test_other_types_are_refused(f, dtype):
    with pytest.raises(InputError, match="float32 or float64; got .*Sum the densities in float32"):
        f(torch.zeros(3, 4, dtype=dtype))


@pytest.mark.parametrize("f", EVERY)
def test_no_draws_and_no_tensors_are_refused(f):
    with pytest.raises(InputError, match=r"draws on its last axis, one at least; got a single number"):
        f(torch.tensor(1.0))
    with pytest.raises(InputError, match=r"got shape \(3, 0\)"):
        f(torch.zeros(3, 0))
    with pytest.raises(InputError, match=r"must be a tensor; got ndarray. Use torch.as_tensor"):
        bound(torch.zeros(3, 4).numpy())


def test_groups_must_divide_and_vimco_needs_two():
    with pytest.raises(InputError, match="`groups` must divide the draws; got 4 draws and 3 groups"):
        bound(BY_HAND, Objective(groups=3))
    with pytest.raises(InputError, match="vimco needs two draws"):
        bound(BY_HAND[:1], "vimco")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Objective("dregs"), "`estimator` must be .* got 'dregs'. Did you mean 'dreg'"),
        (lambda: Objective(groups=0), "`groups` must be a whole number"),
        (lambda: Objective(beta=1.5), r"`beta` must lie in \[0, 1\]; got 1.5"),
        (lambda: Objective(power=INF), "`power` must be a finite number; got inf"),
        (lambda: Objective(split=1), "`split` must be True or False"),
        (lambda: Objective("vimco", groups=2), "vimco is for the plain bound"),
        (lambda: bound(BY_HAND, 3), "`objective` must be an Objective or one of the names .* got int"),
        (lambda: bound(BY_HAND, "elbo"), "`estimator` must be"),
    ],
)
def test_objectives_that_mean_nothing_are_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_what_is_no_log_weight_is_told_what_it_is():
    with pytest.raises(InputError, match="got int64. Sum the densities in float32"):
        bound(torch.ones(3, 4, dtype=torch.int64))
    with pytest.raises(
        InputError, match=r"must hold a row or more, the draws on its last axis, one at least; got shape \(0, 3\)"
    ):
        bound(torch.zeros(0, 3))
