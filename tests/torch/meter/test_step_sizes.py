"""How far optimisers go: against what each of them does with a gradient that stays; and what no optimiser does."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from upweight.torch import Meter, margin_loss, weighted_loss
from upweight.torch.meter._step_sizes import directions

OPTIMISERS = [
    (torch.optim.SGD, {}),
    (torch.optim.SGD, {"momentum": 0.9}),
    (torch.optim.SGD, {"momentum": 0.8, "dampening": 0.5}),
    (torch.optim.Adam, {}),
    (torch.optim.Adam, {"amsgrad": True}),
    (torch.optim.AdamW, {"weight_decay": 0.0}),
    (torch.optim.RMSprop, {}),
    (torch.optim.RMSprop, {"momentum": 0.9}),
    (torch.optim.Adagrad, {}),
    (torch.optim.Adamax, {}),
]


@pytest.mark.parametrize(("kind", "options"), OPTIMISERS)
def test_a_step_is_what_the_optimiser_makes_of_a_steady_gradient(kind, options):
    p = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    opt = kind([p], lr=0.01, **options)
    g = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    for _ in range(400):
        p.grad = g.clone()
        opt.step()
    foretold = directions({"p": g}, {id(p): "p"}, opt)
    before = p.detach().clone()
    p.grad = g.clone()
    opt.step()
    assert foretold is not None
    assert torch.allclose(foretold["p"], before - p.detach(), rtol=0.02)


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.RMSprop, torch.optim.Adagrad, torch.optim.Adamax])
def test_no_coordinate_goes_further_than_the_learning_rate(kind):
    p = nn.Parameter(torch.zeros(2))
    opt = kind([p], lr=0.01)
    p.grad = torch.tensor([1e-9, 1.0])
    opt.step()
    step = directions({"p": torch.tensor([3.0, 0.0])}, {id(p): "p"}, opt)
    assert step is not None
    assert abs(step["p"][0].item() - 0.01) < 1e-8
    assert step["p"][1] == 0


def test_of_other_optimisers_nothing_is_said():
    p = nn.Parameter(torch.zeros(2, 2))
    d = {"p": torch.ones(2, 2)}
    for opt in (torch.optim.Rprop([p]), torch.optim.Adadelta([p]), torch.optim.NAdam([p]), torch.optim.Adam([p])):
        if not isinstance(opt, (torch.optim.NAdam, torch.optim.Adam)):
            p.grad = torch.ones(2, 2)
            opt.step()
        assert directions(d, {id(p): "p"}, opt) is None  # Adam before its first step has no second moment
    assert directions(d, {}, torch.optim.SGD([p])) == {}


def trained(model, optimiser):
    """300 steps, weights 4:1; the meter's pull."""
    torch.manual_seed(0)
    X = torch.randn(400, 8)
    y = (X[:, 0] + 0.5 * torch.randn(400) > 0).long()
    w = torch.where(y == 1, 4.0, 1.0)
    opt = optimiser(model.parameters())
    meter = Meter(model, (X, y), w, optimizer=opt, every=1000)
    for _ in range(300):
        i = torch.randint(400, (32,))
        z = model(X[i])
        meter.watch(z, y[i])
        weighted_loss(margin_loss(z, y[i]), (w / w.mean())[i]).backward()
        opt.step()
        opt.zero_grad()
        meter.step()
    return meter.report()


def normalised(bias):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 32, bias=bias), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))


def test_a_bias_before_batch_norm_hardly_pulls_under_adam():
    """It has a gradient in evaluation and none in training: over the root of a second moment of nothing, the pull read 648,236."""
    with_bias, without = (
        trained(normalised(b), lambda p: torch.optim.Adam(p, lr=0.01)).figures["pull"] for b in (True, False)
    )
    assert 0 < without < 10
    assert with_bias < 3 * without


def test_why_a_pull_is_not_known_is_told():
    torch.manual_seed(0)
    model = nn.Linear(8, 2)
    f = trained(model, torch.optim.Rprop)
    assert math.isnan(f.figures["pull"])
    assert "how far Rprop steps is not known" in str(f)
    assert "Pass optimizer=" not in str(f)
    other = nn.Linear(8, 2)
    f = trained(model, lambda p: torch.optim.SGD(other.parameters(), lr=0.1))
    assert "the optimiser has no parameter of the model" in str(f)
    X, y = torch.randn(10, 8), torch.arange(10) % 2
    f = Meter(model, (X, y), np.arange(10.0)).report()
    assert "the optimiser was not given. Pass optimizer= to Meter." in str(f)
