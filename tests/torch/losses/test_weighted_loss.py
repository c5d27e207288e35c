"""The reducer: denominators, accumulation, masks, weights of every sort, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import upweight.torch as T
from upweight import InputError, Weights

L = torch.tensor([1.0, 3.0, 0.5, 2.0])
W = torch.tensor([0.5, 2.0, 0.0, 1.0])


def test_the_three_denominators():
    total = (L * W).sum()
    torch.testing.assert_close(T.weighted_loss(L, W), total / 4)
    torch.testing.assert_close(T.weighted_loss(L, W, mean_weight=2.0, count=8), total / 16)
    torch.testing.assert_close(T.weighted_loss(L, W, by="batch"), total / W.sum())
    torch.testing.assert_close(T.weighted_loss(L, W, by="sum"), total)
    torch.testing.assert_close(T.weighted_loss(L), L.mean())
    torch.testing.assert_close(T.weighted_loss(L, by="batch"), L.mean())


def test_laws_of_weights():
    """Zero is removed and copies are repeated, of sums (the population divides by rows); order and scale."""
    live = W > 0
    torch.testing.assert_close(T.weighted_loss(L[live], W[live], count=4), T.weighted_loss(L, W))
    copies = torch.tensor([2, 0, 1, 3])
    repeated = L.repeat_interleave(copies)
    torch.testing.assert_close(T.weighted_loss(L, copies, count=6), T.weighted_loss(repeated))
    torch.testing.assert_close(T.weighted_loss(L, copies, by="batch"), T.weighted_loss(repeated, by="batch"))
    torch.testing.assert_close(T.weighted_loss(L.flip(0), W.flip(0)), T.weighted_loss(L, W))
    torch.testing.assert_close(T.weighted_loss(L, 3 * W, mean_weight=3.0), T.weighted_loss(L, W))
    torch.testing.assert_close(T.weighted_loss(L, 1e4 * W, by="batch"), T.weighted_loss(L, W, by="batch"))


def test_the_population_is_unbiased_over_batches_and_the_batch_is_not():
    """All 4^2 batches of two: the mean over them is the population's loss; divided by the batch's weights it is not."""
    pairs = torch.cartesian_prod(torch.arange(4), torch.arange(4))
    w = W / W.mean()
    want = (L * w).mean()
    mean = torch.stack([T.weighted_loss(L[i], w[i]) for i in pairs]).mean()
    ratio = torch.stack([T.weighted_loss(L[i], w[i], by="batch") for i in pairs]).mean()
    torch.testing.assert_close(mean, want)
    assert abs(ratio - want) > 0.05


def test_accumulation_with_the_steps_count_is_one_batch():
    torch.manual_seed(0)
    net, x, y, w = torch.nn.Linear(5, 3), torch.randn(16, 5), torch.randint(0, 3, (16,)), 5 * torch.rand(16)

    def gradient(size, loss):
        net.zero_grad()
        for i in range(0, 16, size):
            loss(net(x[i : i + size]), y[i : i + size], w[i : i + size], size).backward()
        return net.weight.grad.clone()

    def ours(z, y, w, size):
        return T.weighted_loss(T.margin_loss(z, y), w, count=16)

    def theirs(z, y, w, size):
        return cross_entropy(z, y, weight=torch.tensor([1.0, 5.0, 20.0])) * size / 16

    torch.testing.assert_close(gradient(4, ours), gradient(16, ours), atol=1e-6, rtol=0)
    assert (gradient(4, theirs) - gradient(16, theirs)).abs().max() > 1e-3


def test_a_count_of_each_batchs_own_favours_short_batches():
    """Batches of 1 and 20 unmasked items, losses 5 and 1: their own counts give 3, the step's 1.19; over 19 lengths 1.45 for 1.19."""
    losses = torch.stack([torch.full((20,), 5.0), torch.full((20,), 1.0)])
    mask = torch.stack([torch.arange(20) < 1, torch.arange(20) < 20])
    own = (T.weighted_loss(losses[0], mask=mask[0]) + T.weighted_loss(losses[1], mask=mask[1])) / 2
    step = sum(T.weighted_loss(losses[b], mask=mask[b], count=10.5) for b in (0, 1)) / 2
    assert own.item() == pytest.approx(3.0)
    assert step.item() == pytest.approx(25 / 21)


def test_a_mask_hides_nan_and_everything_masked_is_zero():
    losses = torch.tensor([[1.0, float("nan")], [2.0, 4.0]], requires_grad=True)
    mask = torch.tensor([[True, False], [True, True]])
    got = T.weighted_loss(losses, torch.tensor([1.0, 2.0]), mask=mask)
    got.backward()
    assert got.item() == pytest.approx((1 + 2 * 2 + 2 * 4) / 3)
    torch.testing.assert_close(losses.grad, torch.tensor([[1.0, 0.0], [2.0, 2.0]]) / 3)
    for by in ("population", "batch", "sum"):
        x = torch.full((3,), 2.0, requires_grad=True)
        nothing = T.weighted_loss(x, torch.ones(3), by=by, mask=torch.zeros(3, dtype=torch.bool))
        weightless = T.weighted_loss(x, torch.zeros(3), by=by)
        (nothing + weightless).backward()
        assert (nothing.item(), weightless.item(), x.grad.tolist()) == (0, 0, [0, 0, 0])


def test_row_weights_hold_for_all_items_of_a_row():
    losses, w = torch.rand(4, 3, 2), torch.rand(4)
    torch.testing.assert_close(T.weighted_loss(losses, w), (losses * w[:, None, None]).mean())
    by_item = torch.rand(4, 3)
    torch.testing.assert_close(T.weighted_loss(losses, by_item), (losses * by_item[:, :, None]).mean())


def test_weights_of_every_sort():
    v = [0.5, 2.0, 1.0, 0.5]
    want = T.weighted_loss(L, torch.tensor(v))
    for given in (v, np.array(v), torch.tensor(v, dtype=torch.float64), Weights.of(v, kind="class")):
        torch.testing.assert_close(T.weighted_loss(L, given), want)
    short = T.weighted_loss(L.bfloat16(), torch.tensor(v))
    assert short.dtype == torch.float32
    torch.testing.assert_close(short, want)


def test_gradients_reach_the_weight_too():
    w = W.clone().requires_grad_()
    T.weighted_loss(L, w).backward()
    torch.testing.assert_close(w.grad, L / 4)


def test_counts_may_be_tensors():
    torch.testing.assert_close(T.weighted_loss(L, count=torch.tensor(8)), L.sum() / 8)


whole = Weights.of(np.ones(60_000), kind="class")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: T.weighted_loss(L.mean()), "got a scalar, not one a row. Use reduction='none'."),
        (lambda: T.weighted_loss(3.0), "`losses` must be a tensor of losses"),
        (
            lambda: T.weighted_loss(torch.rand(64), torch.ones(60_000)),
            "got 60,000 weights for 64 losses; index them: w_all[i]",
        ),
        (lambda: T.weighted_loss(torch.rand(64), whole), "slice `torch.as_tensor(w.sample_weight)`"),
        (lambda: T.weighted_loss(torch.rand(64), whole[:64]), "slice `torch.as_tensor(w.sample_weight)`"),
        (
            lambda: T.weighted_loss(L, torch.tensor([1.0, float("nan"), 1.0, float("nan")])),
            "must be finite and ≥ 0; got 2 NaN, first at row 1. Set 0.",
        ),
        (lambda: T.weighted_loss(L, torch.tensor([1.0, 2.0, 3.0, float("inf")])), "got 1 infinite, first at row 3"),
        (lambda: T.weighted_loss(L, -W), "got 3 negative, first at row 0"),
        (lambda: T.weighted_loss(L, by="mean"), "`by` must be 'population', 'batch' or 'sum'"),
        (lambda: T.weighted_loss(L, count=0), "`count` must be a number above 0"),
        (lambda: T.weighted_loss(L, count=torch.tensor(0)), "`count` must be a number above 0"),
        (lambda: T.weighted_loss(L, mean_weight=0.0), "`mean_weight` must be a number above 0"),
        (
            lambda: T.weighted_loss(L, mask=torch.ones(4)),
            "`mask` must be a bool tensor, True where an item counts; got torch.float32.",
        ),
        (
            lambda: T.weighted_loss(L, mask=torch.ones(5).bool()),
            "`mask` must have the shape of the losses, (4,), or (4,); got (5,).",
        ),
        (
            lambda: T.weighted_loss(torch.rand(4, 3), torch.rand(3, 4)),
            "must have the shape of the losses, (4, 3), or (4,); got (3, 4)",
        ),
    ],
)
def test_bad_input_is_told(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)
