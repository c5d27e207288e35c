"""What a common IWAE loss logs against the bound: it is above log p(x) where it is to be below.

Several libraries (pythae 0.1.2 was measured) log sum_k W_k log w_k with W = softmax(log w); the number here is computed by that
formula, without the package.
"""

from __future__ import annotations

import math

import torch

from upweight.torch import iwae

BY_HAND = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64).log()


def logged(log_w):
    """The normalised weights' product with the log-weights, summed."""
    return (torch.softmax(log_w, -1) * log_w).sum(-1)


def test_by_hand_the_logged_number_is_not_the_bound():
    assert abs(logged(BY_HAND).item() - 1.022731) < 6e-7
    assert abs(iwae.bound(BY_HAND).item() - 0.916291) < 6e-7


def test_it_lies_above_the_truth_where_the_bound_lies_below():
    """Log-normal weights of sd 1: log p is 1/2 exactly."""
    log_w = torch.randn(4000, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    error = 4 * logged(log_w).std().item() / math.sqrt(4000)
    assert logged(log_w).mean().item() - error > 0.5
    assert iwae.bound(log_w).mean().item() < 0.5


def test_its_gradient_is_that_of_the_bound_all_the_same():
    """If the weights are detached, the gradient is W, as that of L_K: the training is right, the curve is not."""
    l = BY_HAND.clone().requires_grad_()
    (theirs,) = torch.autograd.grad((torch.softmax(l.detach(), -1) * l).sum(), l)
    (ours,) = torch.autograd.grad(iwae.surrogate(l), l)
    assert torch.allclose(theirs, ours, rtol=0, atol=1e-15)
