"""What PyTorch's losses do to weights and margins, and ours on the same input.

Seen with PyTorch 2.13. A test that fails because a peer was mended is good news: drop its first half.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import upweight.torch as T

WEIGHT = torch.tensor([0.5 / 0.99, 50.0])
quiet = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")


def share_of_the_rare(loss, batches=12_500, size=16):
    """Share of the 1 % class in the gradient at logits of zero, where every row of weight one pulls alike; over batches."""
    y = (torch.rand(batches, size, generator=torch.Generator().manual_seed(0)) < 0.01).long()
    g = torch.func.vmap(torch.func.grad(loss))(torch.zeros(batches, size, 2), y)[..., 1].abs()
    return ((g * y).sum() / g.sum()).item()


@quiet
def test_dividing_by_the_batchs_weights_leaves_an_eighth_of_a_half():
    theirs = share_of_the_rare(lambda z, y: cross_entropy(z, y, weight=WEIGHT))
    ours = share_of_the_rare(lambda z, y: T.weighted_loss(T.margin_loss(z, y), WEIGHT[y]))
    assert 0.12 < theirs < 0.14
    assert 0.46 < ours < 0.54  # 2,000 rare rows of 200,000: a standard error of .011
    assert theirs == pytest.approx(T.delivered_share([0.99, 0.01], WEIGHT, batch_size=16)[1], abs=0.01)


def test_cross_entropy_pushes_from_nothing_past_margin_17():
    def gradient(loss, m):
        z = torch.tensor([[m, 0.0]], requires_grad=True)
        loss(z, torch.tensor([0])).sum().backward()
        return z.grad[0].tolist()

    for m in (18.0, 25.0):
        theirs, ours = gradient(lambda z, y: cross_entropy(z, y, reduction="none"), m), gradient(T.margin_loss, m)
        assert theirs[0] == 0
        assert theirs[1] == pytest.approx(np.exp(-m), rel=1e-5)
        assert ours == pytest.approx([-np.exp(-m), np.exp(-m)], rel=1e-5)


def test_hand_written_focal_loss_forgets_its_gradient_at_20():
    def gradient(loss):
        m = torch.tensor(20.0, requires_grad=True)
        loss(m).backward()
        return m.grad.item()

    def by_hand(m):
        p = torch.sigmoid(m)
        return -((1 - p) ** 2) * torch.log(p)

    assert gradient(by_hand) == 0
    assert gradient(T.focal(2.0)) == pytest.approx(-3 * np.exp(-60.0), rel=1e-5)


def log_cross_entropy(m):
    """log(log(1 + e^-m)) for margins far out, where the loss itself is 0 in float64."""
    return torch.where(m > 30, -m, torch.log(torch.nn.functional.softplus(-m.clamp(max=30))))


def smallest(margins, columns, norm=40.0):
    """Margins (m_1, m_0) at x = +1, -1 of a linear network of a given norm with least loss, by gradient descent on the sphere."""
    torch.manual_seed(0)
    v = torch.randn(2, columns, dtype=torch.float64).requires_grad_()
    opt = torch.optim.Adam([v], lr=0.02)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 1500)
    x = torch.tensor([[1.0, 1.0], [-1.0, 1.0]], dtype=torch.float64)
    for _ in range(1500):
        opt.zero_grad()
        z = x @ (norm * v / v.norm())
        torch.logsumexp(log_cross_entropy(margins(z)), 0).backward()
        opt.step()
        rate.step()
    f = z[:, 1] - z[:, 0] if columns == 2 else z[:, 0]
    return f[0].item(), -f[1].item()


def test_factors_by_class_do_nothing_in_two_free_columns():
    """The page: margin ratio 1.0000 whatever the factors; in one margin .5267 for factors .5 and 1 at norm 40."""
    delta, y = torch.tensor([0.5, 1.0], dtype=torch.float64), torch.tensor([1, 0])
    up, down = smallest(lambda z: (2 * y - 1) * (delta * z).diff(dim=-1)[:, 0], 2)  # of cross_entropy(delta z)
    assert up / down == pytest.approx(1.0, abs=5e-4)
    rule = T.margin_rule([1, 4], kind="cdt", gamma=0.5)
    assert rule.delta.tolist() == [0.5, 1.0]
    up, down = smallest(lambda z: T.margin(z, y, rule), 1)
    assert up / down == pytest.approx(0.5267, abs=5e-4)
