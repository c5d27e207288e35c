"""Diagnosis, curve, posterior means and draws: by hand, by `uw.arrays`, by law."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import upweight as uw
from upweight import InputError
from upweight.torch.iwae import curve, diagnose, expect, resample
from upweight.torch.iwae._diagnosis import _quartiles

BY_HAND = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64).log()
INF = math.inf


def logs(*shape, seed=0, sd=1.0, dtype=torch.float64):
    return sd * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# ---- diagnosis --------------------------------------------------------------------------------------------------------------


def test_figures_by_hand():
    d = diagnose(BY_HAND)
    figures = [d.bound, d.ess, d.max_share, d.gap]
    assert [round(f.item(), 6) for f in figures] == [0.916291, 3.333333, 0.4, 0.025]
    assert math.isnan(d.khat)
    assert math.isnan(diagnose(BY_HAND[:1]).gap)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ess_and_khat_are_those_of_arrays(dtype):
    l = logs(40, 300, sd=3.0, dtype=dtype) - 800
    l[3, ::2], l[4] = -INF, -INF
    d = diagnose(l)
    assert np.allclose(d.ess, uw.arrays.ess(l.numpy()), rtol=1e-5 if dtype == torch.float32 else 1e-12)
    assert np.array_equal(d.khat, uw.arrays.khat(l.numpy()), equal_nan=True)
    assert np.allclose(d.bound, uw.arrays.log_mean_exp(l.numpy()), rtol=1e-6)
    assert d.khat.dtype == d.ess.dtype == dtype


def test_a_row_of_nothing():
    d = diagnose(torch.full((2, 30), -INF))
    assert d.ess.tolist() == [0, 0]
    assert d.bound.tolist() == [-INF, -INF]
    assert torch.isnan(torch.stack([d.gap, d.max_share, d.khat])).all()
    assert len(str(d).splitlines()) == 3


def test_the_gap_is_right_to_first_order_and_understates():
    """Log-normal weights of sd s have log p = s^2/2 exactly; the first-order gap, averaged over rows, against the true one."""
    for sd, said, true in ((0.5, 0.0022, 0.0022), (1.0, 0.0116, 0.0129), (1.5, 0.0352, 0.0512)):
        l = logs(60_000, 64, seed=3, sd=sd)
        d = diagnose(l)
        assert abs(d.gap.mean().item() - said) < 0.0006
        assert abs(sd**2 / 2 - d.bound.mean().item() - true) < 0.0025


def test_weights_are_a_batch_and_a_row_has_its_verdict():
    l = logs(5, 200, sd=2.0)
    w = diagnose(l).weights
    assert (w.kind, w.shape) == ("importance", (5, 200))
    assert abs(w.pick(1).ess - diagnose(l).ess[1].item()) < 1e-9
    assert w.pick(1).check().grade in ("good", "usable", "unreliable", "unusable")


def test_words_of_a_diagnosis():
    many = str(diagnose(logs(100, 200, sd=2.0))).splitlines()
    assert len(many) == 3
    assert many[0].startswith("L_200 ")
    assert "mean of 100 rows" in many[0]
    assert "not below 0.57 in" in many[2]
    assert "(want < 0.57): averages over these draws cannot be believed" in str(diagnose(logs(200, sd=5.0)))
    assert "k-hat not judged" in str(diagnose(logs(3, 9)))
    assert "no tail" in str(diagnose(torch.zeros(99)))
    page = diagnose(logs(30, 99))._repr_html_()
    assert "three quarters" in page
    assert "k-hat" in page


def test_quartiles_leave_out_what_is_not_known():
    x = torch.cat([torch.arange(101.0), torch.tensor([math.nan, math.nan])])
    assert _quartiles(x) == [0, 25, 50, 75, 100]
    assert _quartiles(torch.tensor([-INF, 1.0, 2.0]))[0] == -INF
    assert np.isnan(_quartiles(torch.tensor([math.nan]))).all()


def test_nothing_is_attached_or_written():
    l = logs(3, 30).requires_grad_()
    before = l.detach().clone()
    d, c = diagnose(l), curve(l)
    assert not any(t.requires_grad for t in (d.bound, d.ess, d.gap, d.khat, c.values))
    assert torch.equal(l.detach(), before)


# ---- curve ------------------------------------------------------------------------------------------------------------------


def test_the_curve_by_hand():
    c = curve(BY_HAND)
    assert c.ks == (1, 2, 4)
    assert [round(v, 6) for v in c.values.tolist()] == [0.794513, 0.829114, 0.916291]
    assert abs(c.gain.item() - (0.916291 - 0.794513)) < 2e-6
    assert "L_4 0.916291 nats; the last step added 0.087" in str(c)
    assert "gain 0.122 nats" in repr(c)
    assert "bound (nats)" in c._repr_html_()


@pytest.mark.parametrize("level", [0.0, -800.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_curve_never_falls(dtype, level):
    l = (logs(1000, 1024, sd=3.0) + level).to(dtype)
    assert (curve(l).values.diff(dim=-1) >= (0 if dtype == torch.float32 else -1e-12)).all()
    assert (curve(l, ks=[3, 15, 45]).values.diff(dim=-1) >= -1e-12).all()


def test_draws_after_the_last_whole_multiple_are_cut():
    l = logs(2, 5000)
    assert curve(l).ks[-1] == 4096
    assert torch.equal(curve(l).values, curve(l[:, :4096]).values)
    assert torch.equal(curve(l, ks=[1000]).values[:, 0], curve(l, ks=[1000]).values[:, -1])
    blocks = torch.logsumexp(l.unflatten(-1, (5, 1000)), -1).mean(-1) - math.log(1000)
    assert torch.allclose(curve(l, ks=[1000]).values[:, 0], blocks)


@pytest.mark.parametrize(
    ("ks", "said"),
    [
        ([2, 3], r"must divide the next; got \(2, 3\)"),
        ([4, 2], "must divide the next"),
        ([2, 2], "must divide the next"),
        ([], "must divide the next"),
        ([1, 8], "must not pass the draws; got 8 of 4"),
        ([0, 2], "whole number"),
        ([1.0, 2], "whole number"),
    ],
)
def test_other_ks_are_refused(ks, said):
    with pytest.raises(InputError, match=said):
        curve(BY_HAND, ks)


# ---- posterior --------------------------------------------------------------------------------------------------------------


def test_a_mean_by_weights_is_that_of_the_trunk():
    l, f = logs(6, 40, sd=3.0), logs(6, 40, 2, seed=1)
    got = expect(l, f)
    for i in range(6):
        assert np.allclose(got[i], uw.Weights.of_log(l[i].numpy()).mean(f[i].numpy()).value, rtol=1e-12)
    assert expect(l, f[..., 0]).shape == (6,)
    assert expect(l.float(), f.float()).dtype == torch.float32
    assert expect(l, f > 0).dtype == torch.float64


def test_what_has_no_weight_is_not_looked_at():
    l = torch.tensor([0.0, -INF, 0.0])
    f = torch.tensor([1.0, math.nan, 3.0])
    assert expect(l, f).item() == 2


def test_gradients_flow_to_values_and_weights():
    l, f = logs(4).requires_grad_(), logs(4, seed=1).requires_grad_()
    wanted = torch.autograd.grad((torch.softmax(l, -1) * f).sum(), (l, f))
    assert all(torch.allclose(a, b) for a, b in zip(torch.autograd.grad(expect(l, f), (l, f)), wanted, strict=True))


def test_draws_come_in_proportion_to_weights():
    l = BY_HAND.expand(500, 4)
    z = torch.arange(4.0)[:, None].expand(500, 4, 1)
    drawn = resample(l, z, 7, rng=0)
    assert drawn.shape == (500, 7, 1)
    counts = torch.stack([(drawn == k).double().sum((1, 2)) for k in range(4)], -1)
    assert ((counts - 7 * torch.softmax(BY_HAND, -1)).abs() < 1).all()
    assert torch.allclose(counts.mean(0), 7 * torch.softmax(BY_HAND, -1), atol=0.1)
    assert torch.equal(drawn, resample(l, z, 7, rng=0))


@pytest.mark.parametrize("f", [lambda l: expect(l, l), lambda l: resample(l, l[..., None], 2)])
def test_rows_without_weight_are_refused(f):
    l = torch.zeros(9, 3)
    l[4] = l[7] = -INF
    with pytest.raises(InputError, match="every weight is zero in 2 rows, first row 4"):
        f(l)


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match=r"`f` must begin with the shape of log_w \(3, 4\); got \(4, 3\)"):
        expect(torch.zeros(3, 4), torch.zeros(4, 3))
    with pytest.raises(InputError, match=r"`z` must have the shape \(3, 4, d\)"):
        resample(torch.zeros(3, 4), torch.zeros(3, 4), 2)


def test_what_is_printed_of_strange_weights_is_no_nonsense():
    from upweight.torch.iwae import log_likelihood
    from upweight.torch.iwae._diagnosis import _apart

    assert _apart(0.4081, 0.4114) == ("0.408", "0.411"), "'0.41 (want < 0.41)' says nothing"
    assert "000000" not in str(diagnose(1e30 * logs(3, 30)))
    assert "nan" not in str(curve(torch.full((3, 8), -INF)))
    assert "-0 nats" not in str(log_likelihood(lambda rows, first, count: torch.zeros(4, count), 4, k=100))


@pytest.mark.parametrize(("shape", "said"), [((4,), "of 1 row,"), ((1, 4), "of 1 row,"), ((2, 3, 4), "of 2 x 3 rows,")])
def test_draws_count_their_rows(shape, said):
    from upweight.torch.iwae import Draws, Objective

    assert said in repr(Draws(logs(*shape), logs(*shape, 2), logs(*shape), (), Objective()))


def test_autocast_changes_no_figure():
    from upweight.torch.iwae import mmd2

    l, f = logs(20, 64, dtype=torch.float32), logs(20, 64, 3, dtype=torch.float32)
    made = lambda: [diagnose(l).ess, diagnose(l).gap, curve(l).values, expect(l, f), mmd2(f[0], f[1])]
    wanted = made()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert all(torch.equal(a, b) for a, b in zip(wanted, made(), strict=True))
