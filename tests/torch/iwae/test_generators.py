"""Weighted losses of generators: the formula longhand, unbiasedness by enumeration, laws of weights, what is refused."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.nn.functional import softplus

from upweight import InputError, Weights
from upweight.torch.iwae import gan_loss, mmd2


def rows(n, d=2, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def kernel(a, b, h):
    squared = float((a - b).square().sum())
    return sum(math.exp(-squared / (2 * (c * h) ** 2)) for c in (0.25, 0.5, 1, 2)) / 4


def longhand(g, y, w, h):
    m, n = len(g), len(y)
    alike = sum(kernel(g[i], g[j], h) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    across = sum(w[j] * kernel(g[i], y[j], h) for i in range(m) for j in range(n)) / (m * n)
    real = sum(w[j] * w[i] * kernel(y[i], y[j], h) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return alike - 2 * across + real


@pytest.mark.parametrize("h", [0.3, 1.0, 4.0])
def test_the_formula_longhand(h):
    g, y, w = rows(5), rows(6, seed=1) + 100, torch.tensor([0.2, 3.0, 0.0, 1.0, 1.0, 0.8], dtype=torch.float64)
    assert abs(mmd2(g + 100, y, w, bandwidth=h).item() - longhand(g + 100, y, w.tolist(), h)) < 1e-10


def test_batches_average_to_the_population_by_population_and_not_by_batch():
    """All batches of 3 of 6 real rows: their mean is the loss of all six."""
    g, y, w = rows(4), rows(6, seed=1), torch.tensor([0.2, 3.0, 0.1, 1.0, 1.0, 0.7], dtype=torch.float64)
    batches = [list(b) for b in itertools.combinations(range(6), 3)]
    for by, unbiased in (("population", True), ("batch", False)):
        mean = torch.stack([mmd2(g, y[b], w[b], by=by, bandwidth=1.0) for b in batches]).mean()
        assert (abs(mean - mmd2(g, y, w, by=by, bandwidth=1.0)) < 1e-12) == unbiased
        critic = torch.stack([gan_loss(y[b, 0], g[:, 0], w[b], by=by)[0] for b in batches]).mean()
        assert (abs(critic - gan_loss(y[:, 0], g[:, 0], w, by=by)[0]) < 1e-12) == unbiased


@pytest.mark.parametrize("loss", [lambda y, w: mmd2(rows(4), y, w, by="batch", bandwidth=1.0), lambda y, w: gan_loss(y[:, 0], rows(4)[:, 0], w, by="batch")[0]])  # fmt: skip
def test_by_batch_the_scale_of_the_weights_does_not_matter_and_zero_is_removed(loss):
    y, w = rows(6, seed=1), torch.tensor([0.2, 3.0, 0.0, 1.0, 1.0, 0.8], dtype=torch.float64)
    assert torch.allclose(loss(y, w), loss(y, 7 * w))
    keep = w > 0
    assert torch.allclose(loss(y, w), loss(y[keep], w[keep]))


def test_the_losses_of_a_critic():
    real, generated, w = rows(5, 1), rows(7, 1, seed=1), torch.tensor([0.2, 3.0, 0.0, 1.0, 0.8], dtype=torch.float64)
    critic, generator = gan_loss(real, generated, w)
    wanted = (w * softplus(-real[:, 0])).sum() / 5 + softplus(generated).mean()
    assert torch.allclose(critic, wanted)
    assert torch.allclose(generator, softplus(-generated).mean())


def test_the_median_of_blocks_is_not_moved_by_one_huge_weight():
    g, y, w = rows(20), rows(20, seed=1), torch.ones(20, dtype=torch.float64)
    far = w.clone()
    far[3] = 1e6
    assert abs(mmd2(g, y, far, bandwidth=1.0)) > 1e3
    assert abs(mmd2(g, y, far, by="median", bandwidth=1.0)) < 5
    blocks = [mmd2(g[i : i + 4], y[i : i + 4], bandwidth=1.0) for i in range(0, 20, 4)]
    centred = torch.stack(blocks).median()
    assert torch.allclose(mmd2(g, y, by="median", bandwidth=1.0), centred)


def test_the_bandwidth_is_the_median_distance_of_real_rows():
    g, y = rows(9), rows(9, seed=1)
    median = torch.pdist(y.float()).median().item()
    assert torch.equal(mmd2(g, y), mmd2(g, y, bandwidth=median))


def test_gradients_move_generated_rows_toward_the_weighted_target():
    y = torch.tensor([[-2.0], [2.0]], dtype=torch.float64).repeat(10, 1)
    w = torch.tensor([0.2, 1.8], dtype=torch.float64).repeat(10)
    g = torch.zeros(6, 1, dtype=torch.float64, requires_grad=True)
    mmd2(g, y, w, bandwidth=2.0).backward()
    assert (g.grad < 0).all()  # downhill is to the right, where the weight lies
    assert torch.isfinite(g.grad).all()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda g, y: mmd2(g, y, Weights.of([1.0] * 6)), "a slice of them again: pass the rows of one tensor"),
        (lambda g, y: gan_loss(y[:, 0], g[:, 0], Weights.of([1.0] * 6)), "a slice of them again"),
        (lambda g, y: mmd2(g, y, torch.ones(5)), r"one weight a real row, \(6,\); got \(5,\)"),
        (lambda g, y: mmd2(g, y, -torch.ones(6)), "weight"),
        (lambda g, y: mmd2(g, y, by="mean"), "`by` must be 'population', 'batch' or 'median'"),
        (lambda g, y: mmd2(g, y, by="median"), "5 blocks of two rows; got 6 real and 4 generated"),
        (lambda g, y: mmd2(g, y, bandwidth=0.0), "`bandwidth` must be a number above zero"),
        (lambda g, y: mmd2(g, y * 0), "half of the real rows are the same"),
        (lambda g, y: mmd2(g[:1], y), "`generated` must be a float tensor"),
        (lambda g, y: mmd2(g[:, :1], y), "same columns; got 1 and 2"),
        (lambda g, y: gan_loss(y, g), "`real` must hold one logit a row"),
    ],
)
def test_what_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call(rows(4), rows(6, seed=1))


def test_by_batch_needs_weights_that_it_can_divide_by():
    x, w = torch.randn(4, 2), torch.zeros(4)
    with pytest.raises(
        InputError, match="by='batch' divides by the sum of `weight`, and needs 2 rows of positive weight; got 0"
    ):
        mmd2(x, x + 1, w, by="batch")
    with pytest.raises(InputError, match="needs 2 rows of positive weight; got 1"):
        mmd2(x, x + 1, torch.eye(4)[0], by="batch")
    with pytest.raises(InputError, match="needs 1 row of positive weight; got 0"):
        gan_loss(x[:, 0], x[:, 0], w, by="batch")
    assert torch.isfinite(gan_loss(x[:, 0], x[:, 0], torch.eye(4)[0], by="batch")[0])


@pytest.mark.parametrize(("by", "sign"), [("median", 1), ("population", -1)])
def test_the_median_of_blocks_leans_to_no_weights_where_a_block_often_holds_no_heavy_row(by, sign):
    """Two modes, one row in 51 meant to be half: the mean loss of 150 batches at .6 of the rare mode less that at .2.

    Over twelve seeds it was .036 +- .015 by median, least .014, and -.11 +- .011 by population.
    """
    g = torch.Generator().manual_seed(0)
    rises = 0.0
    for _ in range(150):
        rare = torch.rand(100, generator=g) < 1 / 51
        noise = 0.5 * torch.randn(2, 100, 1, generator=g)
        real = torch.where(rare, 2.0, -2.0)[:, None] + noise[0]
        order = torch.randperm(100, generator=g)
        at = [torch.where(torch.arange(100) % 5 < share, 2.0, -2.0)[order][:, None] + noise[1] for share in (1, 3)]
        few, many = (mmd2(m, real, torch.where(rare, 25.5, 0.51), by=by, bandwidth=2.0).item() for m in at)
        rises += many - few
    assert sign * rises > 0
