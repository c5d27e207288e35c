"""Value in every bit, gradient of the estimator: by hand, against autograd, against enumeration; and what a path may not be."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, Normal

from upweight import InputError
from upweight.torch.iwae import Objective, bound, detached, surrogate
from upweight.torch.iwae._surrogate import multipliers
from upweight.torch.iwae._vimco import vimco_signal, without_each

BY_HAND = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64).log()
INF = math.inf
PLAIN = [Objective(), Objective(groups=2), Objective(beta=0.3), Objective(power=0.5), Objective(power=-1.0), Objective(power=2.0)]  # fmt: skip
PLAIN += [Objective(power=0.0), Objective(groups=4, beta=0.25, power=0.5)]
BY_PATH = [Objective("dreg"), Objective("stl"), Objective("dreg", groups=2, split=True), Objective("standard", groups=2, split=True)]  # fmt: skip
BY_PATH += [Objective("dreg", power=2.0, beta=0.5, groups=4)]


def logs(*shape, seed=0, sd=2.0, dtype=torch.float64):
    return sd * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def hooked(l, objective):
    """The gradient that reaches z and that reaches the model's part, where log_w is the sum of both."""
    z = torch.zeros(*l.shape, 1, dtype=l.dtype, requires_grad=True)
    theta = torch.zeros_like(l, requires_grad=True)
    y = z.view_as(z)
    value = surrogate(l + y.sum(-1) + theta, objective, path=y)
    value.sum().backward()
    return value, z.grad[..., 0], theta.grad


# ---- the value --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("objective", PLAIN + BY_PATH)
def test_the_value_is_the_bound_in_every_bit(objective, dtype):
    l = logs(200, 8, dtype=dtype) - 800
    value = hooked(l, objective)[0] if objective.by_path else surrogate(l.requires_grad_(), objective)
    assert torch.equal(value, bound(l, objective))


# ---- the gradient -----------------------------------------------------------------------------------------------------------


def written_out(l, o):
    """The value with its graph, as the formula says it, for finite log-weights."""
    g = l.unflatten(-1, (o.groups, -1))
    n = g.shape[-1]
    mean = g.mean(-1) if o.power == 0 else (torch.logsumexp(o.power * g, -1) - math.log(n)) / o.power
    return o.beta * l.mean(-1) + (1 - o.beta) * mean.mean(-1)


@pytest.mark.parametrize("objective", PLAIN)
def test_the_standard_gradient_is_that_of_the_value(objective):
    l = logs(50, 8).requires_grad_()
    wanted = torch.autograd.grad(written_out(l, objective).sum(), l)[0]
    got = torch.autograd.grad(surrogate(l, objective).sum(), l)[0]
    assert torch.allclose(got, wanted, rtol=0, atol=1e-14)


def test_gradients_by_hand():
    _, encoder, model = hooked(BY_HAND, "dreg")
    assert torch.allclose(model, torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64))
    assert torch.allclose(encoder, torch.tensor([0.01, 0.04, 0.09, 0.16], dtype=torch.float64))
    _, encoder, _ = hooked(BY_HAND, "stl")
    assert torch.allclose(encoder, torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64))


@pytest.mark.parametrize("power", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_the_dreg_multiplier_is_the_share_less_its_own_derivative(power):
    """e_k = v_k - d v_k / d log w_k, the law from which dreg follows for every power; derivatives by autograd."""
    l = logs(6, seed=3)
    slope = torch.autograd.functional.jacobian(lambda t: torch.softmax(power * t, -1), l).diagonal()
    encoder = multipliers(l, Objective("dreg", power=power))[1]
    assert torch.allclose(encoder, torch.softmax(power * l, -1) - slope, rtol=0, atol=1e-14)


def test_split_sees_all_draws_in_the_model_and_groups_in_the_encoder():
    l = logs(9, 8)
    _, encoder, model = hooked(l, Objective(groups=2, split=True))
    assert torch.allclose(model, torch.softmax(l, -1))
    assert torch.allclose(encoder, torch.softmax(l.unflatten(-1, (2, 4)), -1).flatten(-2) / 2)
    _, encoder, model = hooked(l, Objective("dreg", split=True))
    _, plain, same = hooked(l, Objective("dreg"))
    assert torch.equal(encoder, plain)
    assert torch.equal(model, same)


def test_a_group_far_behind_is_heard_by_the_encoder():
    l = torch.tensor([[0.0, -1.0, -200.0, -201.0]])
    _, encoder, model = hooked(l, Objective(groups=2, split=True))
    assert [round(g, 4) for g in encoder[0].tolist()] == [0.3655, 0.1345, 0.3655, 0.1345]
    assert torch.allclose(model, torch.softmax(l, -1), rtol=0, atol=1e-29)


@pytest.mark.parametrize("objective", PLAIN + BY_PATH)
def test_impossible_draws_leave_no_nan(objective):
    l = torch.tensor([[0.0, 1.0, -INF, -INF, 2.0, 0.5, 0.1, 0.2], [-INF] * 8], dtype=torch.float64)
    if objective.by_path:
        value, *gradients = hooked(l, objective)
    else:
        value = surrogate(l.requires_grad_(), objective)
        gradients = torch.autograd.grad(value.sum(), l)
    assert torch.equal(value, bound(l, objective))
    for g in gradients:
        assert torch.isfinite(g).all()
        assert (g[1] == 0).all()
        assert objective.split or (g[0, 2:4] == 0).all()


def test_a_group_without_a_term_has_no_gradient_and_the_others_keep_theirs():
    l = torch.tensor([0.0, -INF, 1.0, 2.0], dtype=torch.float64).requires_grad_()
    g = torch.autograd.grad(surrogate(l, Objective(groups=2, power=-1.0)), l)[0]
    assert (g[:2] == 0).all()
    assert torch.allclose(g[2:], torch.softmax(-l[2:].detach(), -1) / 2)


def test_a_loss_on_the_draws_themselves_is_not_scaled():
    z = logs(4, 1).requires_grad_()
    y = z.view_as(z)
    (surrogate(BY_HAND + y.sum(-1) * 0, "dreg", path=y) + z.sum()).backward()
    assert (z.grad == 1).all()


def test_gradient_accumulation_and_graph_free_evaluation():
    with torch.no_grad():
        y = torch.zeros(4, 1)
        assert torch.equal(surrogate(BY_HAND, "dreg", path=y), bound(BY_HAND))
    whole = hooked(logs(6, 8), "dreg")[1]
    parts = [hooked(logs(6, 8)[i : i + 2], "dreg")[1] for i in (0, 2, 4)]
    assert torch.allclose(torch.cat(parts), whole, rtol=0, atol=1e-15)


# ---- vimco ------------------------------------------------------------------------------------------------------------------


def test_bounds_without_each_draw_by_hand():
    assert [round(v, 6) for v in without_each(BY_HAND).tolist()] == [1.088941, 0.944823, 0.810930, 0.670022]


@pytest.mark.parametrize("level", [0.0, -800.0, 5000.0])
def test_leaving_out_one_by_one_agrees_with_doing_it(level):
    l = logs(30, 7) + level
    for k in range(7):
        others = torch.cat([l[:, :k], l[:, k + 1 :]], -1)
        swapped = torch.cat([others, others.mean(-1, keepdim=True)], -1)
        assert torch.allclose(without_each(l)[:, k], bound(swapped), rtol=0, atol=1e-11 + 1e-14 * abs(level))


def test_impossible_draws_in_vimco():
    l = torch.tensor([[0.0, -INF, 1.0], [-INF, 2.0, -INF], [-INF] * 3], dtype=torch.float64)
    signal = vimco_signal(l)
    assert torch.isfinite(signal).all()
    assert signal[1, 1] == 0
    assert (signal[2] == 0).all()
    assert abs(signal[0, 0] - (bound(l[0]) - (1 - math.log(3)))) < 1e-12  # the others: 1 and their mean, -inf


@pytest.mark.parametrize(("k", "d"), [(2, 1), (2, 2), (3, 1), (4, 1)])
def test_vimco_is_unbiased_by_enumeration(k, d):
    logits = logs(d, seed=k).requires_grad_()
    z = torch.tensor(list(itertools.product([0.0, 1.0], repeat=k * d)), dtype=torch.float64).reshape(-1, k, d)
    log_q = Independent(Bernoulli(logits=logits), 1).log_prob(z)
    log_w = (2 * z + 0.3).sum(-1).sin() - log_q
    chance = log_q.sum(-1).exp()
    exact = torch.autograd.grad((chance * written_out(log_w, Objective())).sum(), logits, retain_graph=True)[0]
    got = torch.autograd.grad((chance.detach() * surrogate(log_w, "vimco", log_q=log_q)).sum(), logits)[0]
    assert (exact - got).abs().max() < 1e-14
    assert exact.abs().max() > 1e-3


def test_vimco_and_only_vimco_takes_log_q():
    with pytest.raises(InputError, match=r"vimco needs `log_q`.*\(4,\); got None"):
        surrogate(BY_HAND, "vimco")
    with pytest.raises(InputError, match=r"got \(3,\)"):
        surrogate(BY_HAND, "vimco", log_q=BY_HAND[:3])
    with pytest.raises(InputError, match="`log_q` is for vimco"):
        surrogate(BY_HAND, log_q=BY_HAND)


# ---- what a path may not be -------------------------------------------------------------------------------------------------


@pytest.fixture
def encoder():
    """z with a graph behind it: its mean comes from a layer."""
    layer = torch.nn.Linear(3, 2)
    q = Independent(Normal(layer(torch.ones(5, 3)), 1.0), 1)
    return q, q.rsample((4,)).movedim(0, -2)


def density(z):
    return -(z - 1).square().sum(-1)


def log_q(q, z):
    return q.log_prob(z.movedim(-2, 0)).movedim(0, -1)


def hooks(*tensors):
    return sum(len(t._backward_hooks or {}) for t in tensors)


def test_dreg_without_a_path(encoder):
    with pytest.raises(InputError, match=r"dreg needs a path: pass path=z.view_as\(z\).*detached\(q\)"):
        surrogate(density(encoder[1]), "dreg")
    with pytest.raises(InputError, match="split needs a path"):
        surrogate(density(encoder[1]), Objective(groups=2, split=True))


def test_a_path_where_none_is_heard(encoder):
    with pytest.raises(InputError, match="`path` is for dreg, stl and split; standard needs none"):
        surrogate(density(encoder[1]), path=encoder[1])


@pytest.mark.parametrize("shape", [(5, 4), (4, 5, 2), (5, 2)])
def test_a_path_of_another_shape(encoder, shape):
    with pytest.raises(InputError, match=r"must have the shape of log_w \(5, 4\) and the axes of one draw"):
        surrogate(density(encoder[1]), "dreg", path=torch.zeros(shape))


def test_a_path_twice(encoder):
    q, z = encoder
    y = z.view_as(z)
    l = density(y) - log_q(detached(q), y)
    surrogate(l, "dreg", path=y)
    assert hooks(y) == 1
    with pytest.raises(
        InputError, match="this path carries an objective already: one surrogate a draw. Keep it, or draw again"
    ):
        surrogate(l, "dreg", path=y)
    assert hooks(y) == 1


@pytest.mark.parametrize("wrong", ["live", "bypassed", "unseen"])
def test_ways_around_the_path(encoder, wrong):
    q, z = encoder
    y = z.view_as(z)
    l = {
        "live": lambda: density(y) - log_q(q, y),
        "bypassed": lambda: density(z) - log_q(detached(q), y),
        "unseen": lambda: density(z.detach().requires_grad_()),
    }[wrong]()
    said = (
        "log_w does not depend on the path"
        if wrong == "unseen"
        else "log_w reaches the encoder by another way than `path`"
    )
    with pytest.raises(InputError, match=said):
        surrogate(l, "dreg", path=y)
    assert hooks(y, z) == 0


def test_parameters_that_are_leaves_are_found_too():
    mean = torch.zeros(5, 1, 2, requires_grad=True)
    z = mean + torch.randn(5, 4, 2)
    y = z.view_as(z)
    with pytest.raises(InputError, match="by another way"):
        surrogate(density(y) + (y - mean).square().sum(-1), "dreg", path=y)


def test_weights_that_encoder_and_decoder_share_are_no_other_way():
    shared = torch.nn.Linear(3, 2, bias=False)
    q = Independent(Normal(shared(torch.ones(5, 3)), 1.0), 1)
    z = q.rsample((4,)).movedim(0, -2)
    y = z.view_as(z)
    l = -(y @ shared.weight - 1).square().sum(-1) - log_q(detached(q), y)
    surrogate(l, "dreg", path=y).sum().backward()
    assert torch.isfinite(shared.weight.grad).all()


def test_hooks_on_a_chain_of_layers_are_refused_and_views_are_not(encoder):
    _, z1 = encoder
    z2 = 0.5 * z1 + torch.randn(5, 4, 2)
    with pytest.raises(InputError, match=r"z1 feeds z2.*Use views of both"):
        surrogate(density(z1) + density(z2), "dreg", path=(z1, z2))
    y1, y2 = z1.view_as(z1), z2.view_as(z2)
    surrogate(density(y1) + density(y2), "dreg", path=(y1, y2))
    assert hooks(y1, y2) == 2


def test_a_path_under_vmap(encoder):
    y = torch.zeros(5, 4, 2, requires_grad=True)
    with pytest.raises(InputError, match="a path cannot be hooked under vmap"):
        torch.vmap(lambda one: surrogate(density(one), "dreg", path=one))(y)
    assert torch.equal(torch.vmap(lambda one: surrogate(density(one)))(y), surrogate(density(y)))


@pytest.mark.parametrize(
    "objective", ["standard", "dreg", Objective("dreg", groups=2, power=0.5), Objective(groups=2, split=True, beta=0.3)]
)
def test_what_is_known_to_be_finite_gives_the_same_bits_as_what_is_not(objective, monkeypatch):
    from upweight.torch.iwae import _surrogate

    def made():
        z = torch.randn(5, 4, 2, generator=torch.Generator().manual_seed(0)).requires_grad_()
        y = z.view_as(z)
        as_path = () if objective == "standard" else y
        value = surrogate(3 * y.sum(-1), objective, path=as_path)
        value.sum().backward()
        return value.detach(), z.grad

    known = made()
    monkeypatch.setattr(_surrogate, "surely_finite", lambda l: False)
    assert all(torch.equal(a, b) for a, b in zip(known, made(), strict=True))


@pytest.mark.parametrize("shape", [(5, 2), (1, 2), (2,)])
def test_a_mean_a_row_that_is_a_leaf_is_found_too(shape):
    mean = torch.zeros(shape, requires_grad=True)
    q = Independent(Normal(mean, torch.ones(5, 2)), 1)
    z = q.rsample((4,)).movedim(0, -2)
    y = z.view_as(z)
    with pytest.raises(InputError, match="by another way"):
        surrogate(density(y) - log_q(q, y), "dreg", path=y)
    surrogate(density(y) - log_q(detached(q), y), "dreg", path=y).sum().backward()


def test_a_shared_weight_of_the_shape_of_a_mean_a_row_is_no_other_way():
    shared = torch.nn.Linear(2, 5, bias=False)  # (5, 2), as five rows of two latent dimensions
    q = Independent(Normal(torch.ones(5, 5) @ shared.weight, 1.0), 1)
    z = q.rsample((4,)).movedim(0, -2)
    y = z.view_as(z)
    l = -(shared(y) - 1).square().sum(-1) - log_q(detached(q), y)
    surrogate(l, "dreg", path=y).sum().backward()
