"""docs/coming-from/pythae.md beside pythae: the names its table uses, and what is logged there as a bound.

Run where it is installed (pip install --no-deps pythae==0.1.2).
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from upweight.torch import iwae

pytestmark = [
    pytest.mark.skipif(find_spec("pythae") is None, reason="pythae is not installed; no dependency of ours"),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def page(run_page):
    return run_page("pythae")


def test_its_loss_is_the_sum_of_normalised_weights_times_log_weights_and_lies_above_log_p(page):
    log_w, log_p = page["log_w"].detach(), page["log_p"]
    assert -page["loss"].item() == pytest.approx((torch.softmax(log_w, 1) * log_w).sum(1).mean().item(), abs=1e-3)
    assert -page["loss"].item() > log_p > iwae.bound(log_w).mean().item()


def test_what_is_logged_exceeds_the_bound_by_the_distance_of_the_weights_from_equal_ones(page):
    log_w = page["log_w"].detach().double()
    W = torch.softmax(log_w, 1)
    from_equal = np.log(256) - torch.special.entr(W).sum(1)
    gap = (W * log_w).sum(1) - iwae.bound(log_w)
    torch.testing.assert_close(gap, from_equal, rtol=1e-9, atol=1e-9)
    assert (from_equal >= 0).all()


def test_its_gradient_is_that_of_the_bound(page):
    """Of the decoder; the weights of its loss are detached."""
    decoder, log_w = page["decoder"], page["log_w"]
    theirs = torch.autograd.grad(page["loss"], decoder.weight, retain_graph=True)[0]
    ours = torch.autograd.grad(-torch.logsumexp(log_w, 1).mean(), decoder.weight, retain_graph=True)[0]
    torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-5)


def test_the_names_of_the_table_are_theirs():
    from pythae import models, trainers

    assert models.IWAEConfig(input_dim=(8,), latent_dim=2, number_samples=10).number_samples == 10
    assert models.MIWAEConfig(input_dim=(8,), number_gradient_estimates=2).number_gradient_estimates == 2
    assert models.PIWAEConfig(input_dim=(8,), number_gradient_estimates=2).number_gradient_estimates == 2
    assert models.CIWAEConfig(input_dim=(8,), beta=0.5).beta == 0.5
    assert trainers.BaseTrainerConfig(num_epochs=60, learning_rate=1e-3).num_epochs == 60
    assert all(hasattr(models.IWAE, name) for name in ("get_nll", "embed", "reconstruct"))
    assert hasattr(models.AutoModel, "load_from_folder")
