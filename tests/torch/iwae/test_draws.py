"""Draws as the objective needs them: shapes, seeds, which graph sees what, and the gradient of every estimator through `draw`."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import distributions as D

from upweight import InputError
from upweight.torch.iwae import Objective, bound, detached, draw, expect
from upweight.torch.iwae._detached import expanded

NORMAL = D.Independent(D.Normal(torch.zeros(3, 2), 1.0), 1)
ESTIMATORS = ["standard", "stl", "dreg", Objective(groups=2, split=True), Objective("dreg", groups=2, split=True)]


def log_joint(z):
    return -(z - 1).square().sum(-1) / 2 - z.square().sum(-1) / 2


def families():
    """One of every family that can be stopped, with its parameters."""
    p = lambda *shape: (torch.rand(*shape, generator=torch.Generator().manual_seed(1)) + 0.5).requires_grad_()
    loc, scale, df = p(3, 2), p(3, 2), p(3, 2)
    tril = torch.linalg.cholesky(torch.eye(2) + 0.1)
    return {
        "Normal": (D.Independent(D.Normal(loc, scale), 1), [loc, scale]),
        "LogNormal": (D.Independent(D.LogNormal(loc, scale), 1), [loc, scale]),
        "Laplace": (D.Independent(D.Laplace(loc, scale), 1), [loc, scale]),
        "StudentT": (D.Independent(D.StudentT(df + 3, loc, scale), 1), [loc, scale, df]),
        "MultivariateNormal": (D.MultivariateNormal(loc, scale_tril=tril), [loc]),
        "LowRank": (D.LowRankMultivariateNormal(loc, p(3, 2, 1), scale), [loc, scale]),
        "nested": (D.Independent(D.Independent(D.Normal(p(2), 1.0), 0), 1), []),
        "no batch": (D.MultivariateNormal(p(2), torch.eye(2)), []),
    }


FAMILIES = list(families())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_stopped_distribution_has_the_same_density_and_a_gradient_to_z_only(name):
    q, parameters = families()[name]
    z = q.rsample((4,)).detach().requires_grad_()
    stopped = detached(q)
    assert type(stopped) is type(q)
    assert torch.equal(stopped.log_prob(z), q.log_prob(z))
    got = stopped.log_prob(z).sum()
    (to_z,) = torch.autograd.grad(got, z, retain_graph=True)
    assert torch.equal(to_z, torch.autograd.grad(q.log_prob(z).sum(), z)[0])
    assert all(g is None for g in torch.autograd.grad(got, parameters, allow_unused=True)) if parameters else True


@pytest.mark.parametrize("name", FAMILIES)
def test_a_distribution_with_parameters_for_every_draw_has_the_same_density(name):
    q, _ = families()[name]
    z = q.rsample((4,)).movedim(0, -2).detach()
    each, copies = expanded(q, 4)
    assert torch.allclose(each.log_prob(z), q.log_prob(z.movedim(-2, 0)).movedim(0, -1))
    assert all(c.shape[: z.ndim - 1] == z.shape[:-1] for c in copies)


@pytest.mark.parametrize("q", [D.Independent(D.Gamma(torch.ones(2), 1.0), 1), D.Categorical(torch.ones(3))])
def test_other_families_are_refused(q):
    with pytest.raises(InputError, match=r"`q` must be Normal, .* got (Gamma|Categorical). Give log_w yourself"):
        detached(q)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("objective", ESTIMATORS)
def test_every_family_is_drawn_weighed_and_learnt_from(name, objective):
    q, parameters = families()[name]
    d = draw(log_joint, q, 4, objective=objective, rng=0)
    assert d.z.shape == (*q.batch_shape, 4, 2)
    assert d.log_w.shape == d.log_q.shape == (*q.batch_shape, 4)
    assert torch.equal(d.surrogate(), d.bound())
    assert torch.equal(d.bound(), bound(d.log_w, objective))
    assert torch.allclose(d.log_w, log_joint(d.z) - q.log_prob(d.z.movedim(-2, 0)).movedim(0, -1), atol=1e-5)
    if parameters:
        gradients = torch.autograd.grad(d.surrogate().sum(), parameters, allow_unused=True)
        assert all(torch.isfinite(g).all() for g in gradients if g is not None)
        assert gradients[0] is not None


def test_draws_come_by_their_seed_and_leave_pytorchs_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = (draw(log_joint, NORMAL, 4, rng=seed).z for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(draw(log_joint, NORMAL, 4, rng=np.random.default_rng(3)).z, first)
    free = draw(log_joint, NORMAL, 4).z
    torch.manual_seed(5)
    assert torch.equal(free, NORMAL.rsample((4,)).movedim(0, -2))
    assert free.movedim(-2, 0).is_contiguous()  # no copy


@pytest.mark.parametrize("objective", ESTIMATORS)
def test_other_losses_on_the_draws_are_not_scaled(objective):
    loc = torch.zeros(3, 2, requires_grad=True)
    q = D.Independent(D.Normal(loc, 1.0), 1)
    d = draw(log_joint, q, 4, objective=objective, rng=0)
    alone = torch.autograd.grad(d.z.sin().sum(), loc, retain_graph=True)[0]
    both = torch.autograd.grad(d.surrogate().sum() + d.z.sin().sum(), loc, retain_graph=True)[0]
    assert torch.allclose(both - torch.autograd.grad(d.surrogate().sum(), loc)[0], alone, atol=1e-6)


def test_the_surrogate_is_made_once():
    d = draw(log_joint, NORMAL, 4, objective="dreg", rng=0)
    assert d.surrogate() is d.surrogate()
    assert "Draws(4 draws of 3 rows, dreg)" in repr(d)


def test_split_gives_the_encoder_the_gradient_of_its_groups():
    """PIWAE's encoder gradient is that of the MIWAE bound with the same noise."""
    gradients = []
    for objective in (Objective(groups=2, split=True), Objective(groups=2)):
        loc, scale = (torch.full((3, 2), v, dtype=torch.float64, requires_grad=True) for v in (0.3, 0.8))
        d = draw(log_joint, D.Independent(D.Normal(loc, scale), 1), 8, objective=objective, rng=0)
        gradients.append(torch.cat(torch.autograd.grad(d.surrogate().sum(), [loc, scale])))
    assert torch.allclose(*gradients, rtol=0, atol=1e-14)


def test_discrete_draws_by_vimco():
    logits = torch.zeros(3, 2, requires_grad=True)
    d = draw(lambda z: z.sum(-1), D.Independent(D.Bernoulli(logits=logits), 1), 8, objective="vimco", rng=0)
    d.surrogate().sum().backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad != 0).any()


def test_diagnosis_and_expectation_of_draws():
    d = draw(log_joint, NORMAL, 50, rng=0)
    assert torch.equal(d.diagnose().ess, draw(log_joint, NORMAL, 50, rng=0).diagnose().ess)
    assert torch.equal(d.expect(d.z), expect(d.log_w, d.z))
    assert torch.equal(d.expect(lambda z: z), d.expect(d.z))
    said = str(draw(log_joint, NORMAL, 50, objective=Objective(power=2.0), rng=0).diagnose())
    assert "a power above 1 is no lower bound" in said
    assert "no lower bound" not in str(d.diagnose())


@pytest.mark.parametrize(
    ("q", "said"),
    [
        (
            D.Normal(torch.zeros(3, 2), 1.0),
            r"event shape of one axis, \(d,\); got \(\). Wrap it in Independent\(q, 1\)",
        ),
        (D.Independent(D.Normal(torch.zeros(3, 2), 1.0), 2), r"got \(3, 2\)"),
        (D.Independent(D.Bernoulli(torch.full((3, 2), 0.5)), 1), "cannot be differentiated through its draws.*vimco"),
        ("normal", "must be a torch Distribution; got str"),
    ],
)
def test_distributions_that_cannot_be_drawn_from(q, said):
    with pytest.raises(InputError, match=said):
        draw(log_joint, q, 4)


def test_a_log_joint_of_another_shape():
    with pytest.raises(InputError, match=r"one number a draw, \(3, 4\) for z \(3, 4, 2\); got \(3, 4, 2\)"):
        draw(lambda z: z, NORMAL, 4)
    with pytest.raises(InputError, match="got float"):
        draw(lambda z: 1.0, NORMAL, 4)
    with pytest.raises(InputError, match="`k` must be a whole number"):
        draw(log_joint, NORMAL, 0)
