"""Stochastic layers: every estimator has the bound's own gradient in the mean, through one layer and through two."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Independent, Normal

from upweight.torch import MLP
from upweight.torch.autoencoders._layers import OneLayer, TwoLayers
from upweight.torch.iwae import Objective, surrogate
from upweight.torch.keyed import seeded

X = torch.tensor([0.5, -1.0, 1.5])


def layers(two):
    g = seeded(3, "layers")
    net = MLP((4,))
    encoder = net.encoder(3, 4, generator=g)
    if not two:
        return OneLayer(encoder, 2), net.decoder(2, 3, generator=g)
    upper, lower = net.encoder(2, 2, generator=g), net.decoder(1, 4, generator=g)
    return TwoLayers(encoder, upper, lower, (2, 1)), net.decoder(2, 3, generator=g)


def gradients(two, objective, seed, *, batches=40, rows=400, k=4):
    """(batches, parameters) gradients of all parameters, float64; a batch is the mean over rows of one x."""
    module, decoder = (m.double() for m in layers(two))
    parameters = [*module.parameters(), *decoder.parameters()]
    found = []
    for b in range(batches):
        noise = torch.randn(rows, k, module.width, generator=seeded(seed, b), dtype=torch.float64)
        d = module.draws(module.state(X.double().expand(rows, -1)), noise, objective)
        log_w = -(decoder(d.seen) - X.double()).square().sum(-1) / 2 + d.log_prior - d.log_q
        log_q = d.log_q if objective.estimator == "vimco" else None
        loss = surrogate(log_w, objective, path=d.path, log_q=log_q).mean()
        found.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)]))
    return torch.stack(found)


@pytest.mark.parametrize("two", [False, True], ids=["one layer", "two layers"])
@pytest.mark.parametrize(
    "objective",
    [Objective("dreg"), Objective("dreg", groups=2, beta=0.3), Objective("dreg", power=0.5), Objective("vimco")],
)
def test_gradients_agree_in_the_mean(two, objective):
    """Within 4.5 standard errors in each of about 60 parameters: a false alarm in two thousand runs of all."""
    plain = Objective(groups=objective.groups, beta=objective.beta, power=objective.power)
    a, b = gradients(two, objective, 1), gradients(two, plain, 2)
    error = ((a.var(0) + b.var(0)) / len(a)).sqrt()
    apart = (a.mean(0) - b.mean(0)).abs() / error.clamp_min(1e-12)
    assert apart.max() < 4.5


def test_split_agrees_for_the_encoder_with_its_groups_and_for_the_model_with_all():
    split = gradients(False, Objective(groups=2, split=True), 1)
    whole, grouped = gradients(False, Objective(), 2), gradients(False, Objective(groups=2), 3)
    module, _ = layers(False)
    n = sum(p.numel() for p in module.parameters())
    for theirs, part in ((grouped, slice(0, n)), (whole, slice(n, None))):
        error = ((split.var(0) + theirs.var(0)) / len(split)).sqrt()[part]
        assert ((split.mean(0) - theirs.mean(0)).abs()[part] / error.clamp_min(1e-12)).max() < 4.5


@pytest.mark.parametrize("two", [False, True], ids=["one layer", "two layers"])
def test_densities_are_those_of_torch_and_draws_those_of_the_noise(two):
    module, _ = layers(two)
    noise = torch.randn(5, 7, module.width, generator=seeded(0, "noise"))
    mean, log_scale = module.state(X.expand(5, -1))
    d = module.proposed((mean, log_scale), noise, None)
    first = noise[..., : module.code_width]
    assert torch.allclose(d.z, mean.unsqueeze(1) + log_scale.exp().unsqueeze(1) * first)
    log_q = Independent(Normal(mean.unsqueeze(1), log_scale.exp().unsqueeze(1)), 1).log_prob(d.z)
    log_prior = Independent(Normal(torch.zeros(2), torch.ones(2)), 1).log_prob(d.z)
    if two:
        m, s = module.upper(d.z).chunk(2, -1)
        z2 = m + s.exp() * noise[..., 2:]
        low, wide = module.lower(z2).chunk(2, -1)
        log_q = log_q + Independent(Normal(m, s.exp()), 1).log_prob(z2)
        log_prior = Independent(Normal(low, wide.exp()), 1).log_prob(d.z) + Independent(
            Normal(torch.zeros(1), torch.ones(1)), 1
        ).log_prob(z2)
    assert torch.allclose(d.log_q, log_q, atol=1e-5)
    assert torch.allclose(d.log_prior, log_prior, atol=1e-5)
