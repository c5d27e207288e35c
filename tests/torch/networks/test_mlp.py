"""Plain networks: the same with a gradient and without, to every bit."""

from __future__ import annotations

import pytest
import torch

from upweight.torch import MLP
from upweight.torch.networks._tanh import Tanh


@pytest.mark.parametrize("activation", ["tanh", "relu", "elu", "gelu", "softplus"])
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)])
def test_without_a_gradient_nothing_differs_and_no_input_is_written_to(activation, hidden):
    net = MLP(hidden, activation).encoder(6, 4, generator=torch.Generator().manual_seed(0))
    x = torch.randn(20, 3, 6, generator=torch.Generator().manual_seed(1))
    given = x.clone()
    wanted = net(x).detach()
    with torch.no_grad():
        assert torch.equal(net(x), wanted)
        assert torch.equal(net(x), wanted), "asked again"
    assert torch.equal(x, given)


@pytest.mark.parametrize(("dtype", "off"), [(torch.float32, 3e-7), (torch.float64, 1e-15)])
def test_tanh_by_a_sigmoid_is_tanh_to_its_rounding_with_its_gradient_of_any_order(dtype, off):
    h = torch.cat([torch.linspace(-30, 30, 2001, dtype=dtype), torch.tensor([0.0, 1e-8, 200, -200], dtype=dtype)])
    h.requires_grad_()
    ours, theirs = Tanh()(h), torch.tanh(h)
    assert (ours - theirs).abs().max() <= off
    assert Tanh()(torch.zeros(3, dtype=dtype)).tolist() == [0, 0, 0]
    for _ in range(2):
        ours, theirs = (torch.autograd.grad(v.sum(), h, create_graph=True)[0] for v in (ours, theirs))
        assert (ours - theirs).abs().max() <= 4 * off
    assert torch.autograd.gradgradcheck(Tanh(), torch.randn(5, dtype=torch.float64, requires_grad=True))


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # PyTorch's own, in its jvp
def test_tanh_by_a_sigmoid_knows_vmap_and_forward_mode():
    h, v = torch.randn(4, 3), torch.randn(4, 3)
    torch.testing.assert_close(torch.func.vmap(Tanh())(h), h.tanh())
    ours, theirs = (torch.func.jvp(f, (h,), (v,))[1] for f in (Tanh(), torch.tanh))
    torch.testing.assert_close(ours, theirs)
    ours, theirs = (torch.func.vmap(torch.func.grad(lambda r, f=f: f(r).sum()))(h) for f in (Tanh(), torch.tanh))
    torch.testing.assert_close(ours, theirs)
