"""Two points under each loss: closed forms, digit for digit; what fades and what keeps acting; what is refused."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from upweight import InputError
from upweight.torch import focal, poly, two_point


def cross_entropy(m, y):
    return F.softplus(-m)


def polynomial(alpha):
    return lambda m, y: torch.where(m <= 1, F.softplus(-m) / math.log1p(1 / math.e), m.clamp(min=1e-9) ** -alpha)


@pytest.mark.parametrize(("r", "alpha", "ratio"), [(4, 1, 1.5874), (16, 1, 2.5198), (16, 2, 2.0), (256, 1, 6.3496)])
def test_poly_has_one_ratio_at_any_norm(r, alpha, ratio):
    for norm in (20.0, 40.0, 4000.0):
        q = two_point(polynomial(alpha), ratio=r, norm=norm)
        assert round(q.ratio, 4) == ratio
        assert abs(q.ratio - r ** (1 / (alpha + 2))) < 1e-9
        assert q.verdict == "keeps acting"


@pytest.mark.parametrize("r", [4.0, 16.0, 256.0])
@pytest.mark.parametrize("norm", [5.0, 20.0, 200.0])
def test_cross_entropy_keeps_a_gap_and_focal_a_smaller_one(r, norm):
    q = two_point(cross_entropy, ratio=r, norm=norm)
    # m_1 - m_0 + log(m_1/m_0) = log r up to the curvature of softplus near zero, e^-m
    assert abs(q.gap + math.log(q.ratio) - math.log(r)) < 2 * math.exp(-0.4 * norm) + 1e-9
    f = two_point(
        lambda m, y: torch.exp(-2 * F.softplus(m)) * F.softplus(-m), ratio=r, norm=min(max(norm, 20.0), 100.0)
    )
    assert abs(3 * f.gap + math.log(f.ratio) - math.log(r)) < 1e-6


def test_the_figures_at_norm_40_and_the_verdicts():
    q = two_point(cross_entropy, ratio=16.0, norm=40.0)
    assert (round(q.ratio, 4), round(q.gap, 4)) == (1.07, 2.7049)
    assert q.verdict == "fades as the network grows"
    assert round(two_point(cross_entropy).kept, 2) == 0.51
    assert two_point(cross_entropy, ratio=1.0).verdict == "does not act"


@pytest.mark.parametrize("r", [1.0, 16.0])
def test_vs_of_two_classes_is_its_formula(r):
    delta, iota = torch.tensor([0.5, 1.0], dtype=torch.float64), torch.tensor([0.3, -0.7], dtype=torch.float64)
    q = two_point(lambda m, y: F.softplus(-(delta[y] * m + iota[y])), ratio=r, norm=40.0)
    m_1, m_0 = q.gap * q.ratio / (q.ratio - 1), q.gap / (q.ratio - 1)
    left = m_1 - 0.5 * m_0 + math.log(m_1 / m_0)
    assert abs(left - (math.log(r / 0.5) - (-0.7 - 0.3))) < 1e-6
    assert q.verdict == "keeps acting"


def test_vs_without_offsets_at_norm_40():
    delta = torch.tensor([0.5, 1.0], dtype=torch.float64)
    q = two_point(lambda m, y: F.softplus(-delta[y] * m), ratio=1.0, norm=40.0)
    assert round(q.ratio, 4) == 0.5267


def test_ldam_of_two_classes_is_its_formula():
    d, s = torch.tensor([0.1, 0.5], dtype=torch.float64), 3.0
    q = two_point(lambda m, y: F.softplus(-s * (m - d[y])), ratio=16.0, norm=20.0)
    assert abs(s * q.gap + math.log(q.ratio) - (s * 0.4 + math.log(16))) < 1e-9


def test_two_output_columns_undo_the_factors_and_one_margin_does_not():
    """Free columns of a head on the same points: the ratio of margins is 1; one column: toward 1/2."""
    delta = torch.tensor([0.5, 1.0], dtype=torch.float64)
    theta = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)  # columns of a head on (x, 1)
    rows, y = torch.tensor([[1.0, 1.0], [-1.0, 1.0]], dtype=torch.float64), torch.tensor([1, 0])
    z = 30 * F.normalize(theta.detach().flatten() + torch.tensor([-1.0, 0.1, 1.0, -0.1]), dim=0).reshape(2, 2)
    for _ in range(6000):  # projected gradient on the sphere of u = delta * z, in logs
        z.requires_grad_(True)
        loss = torch.logsumexp(torch.log(F.cross_entropy(rows @ z.T * delta, y, reduction="none")), 0)
        (g,) = torch.autograd.grad(loss, z)
        z = 30 * F.normalize((z - 0.5 * g).detach().flatten(), dim=0).reshape(2, 2)
    u = rows @ z.T * delta
    margins = [(u[0, 1] - u[0, 0]).item(), (u[1, 0] - u[1, 1]).item()]
    assert abs(margins[0] / margins[1] - 1) < 0.01
    assert two_point(lambda m, y: F.softplus(-delta[y] * m), ratio=1.0).ratio < 0.6


@pytest.mark.parametrize(
    ("loss", "more", "said"),
    [
        (lambda m, y: F.relu(1 - m), {}, "its slope is 0 there"),
        (cross_entropy, {"norm": 400.0}, "the loss must fall at the margins of norm 400 and 800"),
        (cross_entropy, {"ratio": 0}, "`ratio` must be a finite number above 0; got 0."),
        (lambda m, y: F.softplus(-m).mean(), {}, "one differentiable loss a margin, shape (42,); got ()"),
        (lambda m, y: torch.ones_like(m), {}, "one differentiable loss a margin"),
        (lambda m, y: m, {}, "the loss must fall"),
    ],
)
def test_what_is_refused_and_how(loss, more, said):
    with pytest.raises(InputError) as error:
        two_point(loss, **more)
    assert said in str(error.value)


def test_the_curve_is_there_and_nan_where_the_loss_is_flat():
    q = two_point(
        lambda m, y: torch.where(m > 0.5, m.clamp(min=1e-9) ** -1.0, torch.full_like(m, 2.0) - 0 * m), norm=20.0
    )
    assert len(q.norms) == len(q.ratios) == 40
    assert np.isfinite(q.ratios[-10:]).all()
    assert str(q).startswith("keeps acting: weights 16:1 give margins 2.5198:1 at norm 20")


@pytest.mark.parametrize("tail", [poly(1.5), focal(2.0)])
def test_tails_are_saved_and_read_again(tail):
    """A model that holds one is pickled whole, by workers and by checkpoints."""
    m = torch.linspace(-3, 5, 9)
    assert torch.equal(pickle.loads(pickle.dumps(tail))(m), tail(m))
