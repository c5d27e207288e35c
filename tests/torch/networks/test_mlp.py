"""Plain networks: the same with a gradient and without, to every bit."""

from __future__ import annotations

import pytest
import torch

from upweight.torch import MLP


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
