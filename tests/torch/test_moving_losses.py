"""SuperLoss against scipy's W and the stated digits; GroupDRO at its saddle point; meta weights against a step taken."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from scipy.special import lambertw
from torch import nn
from torch.func import functional_call

from upweight import InputError
from upweight.torch import GroupDRO, meta_weights, superloss, superloss_weight
from upweight.torch.losses._superloss import lambert_w


def test_lambert_w_is_scipys_and_right_at_the_branch_point_where_scipys_is_nan():
    y = np.r_[-1 / np.e + np.geomspace(1e-12, 1, 3000), np.geomspace(1e-9, 1e8, 3000)]
    found = lambert_w(torch.as_tensor(y)).numpy()
    assert np.abs(found - lambertw(y).real).max() < 1e-9
    assert abs(lambert_w(torch.tensor([-1 / np.e], dtype=torch.float64)).item() + 1) < 1e-7


def test_superloss_is_the_stated_digits_and_minimises_over_sigma():
    l = torch.tensor([2.0, 0.1], dtype=torch.float64)
    assert [round(s, 6) for s in superloss_weight(l, tau=0.693).tolist()] == [0.652745, 1.613491]
    assert round(superloss(l, tau=0.693)[0].item(), 6) == 1.035099
    sigma = torch.linspace(0.01, np.e, 200_000, dtype=torch.float64)[:, None]
    tried = (l - 0.693) * sigma + 0.5 * sigma.log() ** 2
    assert torch.allclose(superloss(l, tau=0.693, lam=0.5), tried.min(0).values, atol=1e-6)


def test_superloss_clips_at_e_and_its_gradient_is_sigma():
    l = torch.tensor([-50.0, 3.0], requires_grad=True)
    superloss(l, tau=0.7).sum().backward()
    assert torch.allclose(l.grad, superloss_weight(l.detach(), tau=0.7))
    assert abs(l.grad[0].item() - np.e) < 1e-5
    assert superloss_weight(torch.ones(2, dtype=torch.bfloat16), tau=0.7).dtype == torch.float32


def test_group_dro_finds_the_saddle_point():
    theta = torch.tensor(0.2, requires_grad=True)
    dro = GroupDRO(2, eta=0.05)
    for _ in range(3000):
        loss = dro(torch.stack([theta**2, 4 * (theta - 1) ** 2]), torch.tensor([0, 1]))
        (g,) = torch.autograd.grad(loss, theta)
        theta.data -= 0.02 * g
    assert abs(theta.item() - 2 / 3) < 1e-3
    assert torch.allclose(dro.q, torch.tensor([2 / 3, 1 / 3]), atol=1e-3)


def test_absent_groups_keep_their_logs_and_adjustment_favours_small_ones():
    dro = GroupDRO(3, counts=[10_000, 100, 25], eta=1.0, adjustment=1.0)
    dro(torch.tensor([0.0, 0.0]), torch.tensor([0, 1]))
    q = dro.q
    assert torch.allclose(
        q[2] / q[0], torch.exp(torch.tensor(-0.01))
    )  # the absent one kept its log, the first rose by 1/100
    assert torch.allclose(q[1] / q[0], torch.exp(torch.tensor(0.1 - 0.01)))
    other = GroupDRO(3)
    other.load_state_dict(dro.state_dict())
    assert torch.equal(other.q, q)


def in_two_processes(rank, folder, found):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    theta = torch.tensor(0.2, requires_grad=True)
    dro = GroupDRO(2, eta=0.5)
    rows = [(1.0, 0), (2.0, 1), (3.0, 1), (0.5, 0)][2 * rank : 2 * rank + 2]
    losses = torch.stack([(theta - a) ** 2 for a, _ in rows])
    loss = dro(losses, torch.tensor([g for _, g in rows]))
    (g,) = torch.autograd.grad(loss, theta)
    found[rank] = (loss.item(), g.item(), dro.q.tolist())
    torch.distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore")
def test_two_ranks_agree_with_one_process(tmp_path):
    with mp.Manager() as manager:
        found = manager.dict()
        mp.spawn(in_two_processes, (str(tmp_path), found), nprocs=2)
        ranks = [found[0], found[1]]
    theta = torch.tensor(0.2, requires_grad=True)
    dro = GroupDRO(2, eta=0.5)
    loss = dro((theta - torch.tensor([1.0, 2.0, 3.0, 0.5])) ** 2, torch.tensor([0, 1, 1, 0]))
    (g,) = torch.autograd.grad(loss, theta)
    assert ranks[0][0] == pytest.approx(loss.item(), rel=1e-6)
    assert ranks[0][0] == ranks[1][0]
    assert (ranks[0][1] + ranks[1][1]) / 2 == pytest.approx(g.item(), rel=1e-6)
    assert ranks[0][2] == pytest.approx(dro.q.tolist(), rel=1e-6)


def test_meta_weights_are_the_change_of_the_clean_loss_by_a_step_on_each_row():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    x, y = torch.randn(12, 4).double(), torch.randint(0, 3, (12,))
    x_clean, y_clean = torch.randn(20, 4).double(), torch.randint(0, 3, (20,))
    params = dict(model.named_parameters())

    def losses(p):
        return nn.functional.cross_entropy(functional_call(model, p, (x,)), y, reduction="none")

    def clean(p):
        return nn.functional.cross_entropy(functional_call(model, p, (x_clean,)), y_clean)

    w = meta_weights(losses, params, clean=clean)
    inner = []
    for i in range(12):
        g = torch.autograd.grad(losses(params)[i], list(params.values()))
        c = torch.autograd.grad(clean(params), list(params.values()))
        inner.append(sum((a * b).sum() for a, b in zip(g, c, strict=True)).item())
    wanted = np.maximum(inner, 0)
    np.testing.assert_allclose(w.numpy(), wanted / wanted.mean(), rtol=1e-12)
    assert all(p.grad is None for p in model.parameters())


def test_no_row_that_helps_gives_zeros_and_says_so():
    params = {"a": torch.tensor(0.0)}
    with pytest.warns(UserWarning, match="no row of this batch lowers the clean loss"):
        w = meta_weights(lambda p: (p["a"] + torch.ones(3)) ** 2, params, clean=lambda p: (p["a"] - 1) ** 2)
    assert w.tolist() == [0, 0, 0]
    with pytest.warns(UserWarning, match="gradients of this batch are not finite"):
        w = meta_weights(lambda p: p["a"] * torch.tensor([1.0, torch.nan]), params, clean=lambda p: p["a"])
    assert w.tolist() == [0, 0]


def test_a_loss_that_is_not_finite_leaves_the_weight_of_its_group():
    """As in a step that a gradient scaler skips: one NaN made q NaN for ever."""
    dro = GroupDRO(3, eta=1.0)
    assert dro(torch.tensor([torch.nan, 1.0, torch.inf]), torch.tensor([0, 1, 2])).isnan()
    assert torch.allclose(dro.q, torch.tensor([1.0, torch.e, 1.0]) / (2 + torch.e))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: superloss(torch.tensor(1.0), tau=0.7), "got a scalar, not one a row. Use reduction='none'."),
        (lambda: superloss(torch.ones(2), tau=0.7, lam=0), "`lam` must be a finite number above 0; got 0."),
        (lambda: superloss(torch.ones(2), tau=float("nan")), "`tau` must be a finite number"),
        (lambda: superloss(torch.ones(3), tau=torch.ones(2)), "one a row, (3,); got shape (2,)."),
        (
            lambda: superloss(torch.ones(2), tau=0.7, lam=float("inf")),
            "`lam` must be a finite number above 0; got inf.",
        ),
        (
            lambda: meta_weights(lambda p: p["a"], {"a": torch.ones(2)}, clean=lambda p: p["a"]),
            "`clean` must give a scalar, the mean loss of the clean rows; got shape (2,). Take its mean.",
        ),
        (lambda: GroupDRO(2)(torch.ones(3), torch.tensor([0, 1, 2])), "`group` must lie in 0..1; got 2 at row 2."),
        (lambda: GroupDRO(2)(torch.tensor(1.0), torch.tensor(0)), "Use reduction='none'."),
        (lambda: GroupDRO(2, adjustment=1.0), "Pass counts=np.bincount(group)."),
        (lambda: GroupDRO(2, counts=[1, 0], adjustment=1.0), "`counts` must be 2 numbers above 0"),
        (lambda: GroupDRO(2).load_state_dict(GroupDRO(3).state_dict()), "this state has (3,) groups, not 2."),
    ],
)
def test_what_is_refused_and_how(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)


def test_a_group_out_of_bounds_leaves_q_alone():
    dro = GroupDRO(2)
    with pytest.raises(InputError):
        dro(torch.ones(2), torch.tensor([0, 5]))
    assert dro.q.tolist() == [0.5, 0.5]
