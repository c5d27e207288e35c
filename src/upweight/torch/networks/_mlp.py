"""Plain networks: layers of equal activation, and the start that makes comparisons fair.

The trouble: PyTorch's own start costs a small autoencoder about a nat, more than most of what is published as a gain. Weights start as
Glorot and Bengio's uniform, biases at zero, and the last bias of a decoder at what gives the data's own mean.

What is inside: `MLP`, the settings; `Layers`, the module they build; `linear`.

Source: Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from sklearn.base import BaseEstimator
from torch import nn

from ..._errors import InputError, require_choice, require_int
from ..._set_module import set_module
from ._tanh import Tanh, tanh_

__all__ = ["MLP", "Layers", "linear"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": Tanh,
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "softplus": nn.Softplus,
}
IN_PLACE = {Tanh: tanh_, nn.ReLU: torch.relu_}


@set_module("upweight.torch")
class MLP(BaseEstimator):
    """Encoder and decoder as layers of `hidden` widths, the decoder's in the opposite order; MLP(()) is linear.

    Parameters
    ----------
    hidden : widths of the layers between data and latent, in the encoder's order.
    activation : "tanh", "relu", "elu", "gelu" or "softplus".

    Raises
    ------
    InputError : a width below 1, an unknown activation.

    Costs: a layer of width h costs about 2 h (width before + width after) multiplications a draw in the decoder, a row in the encoder.
    Source: Glorot & Bengio (2010) for the start.

    >>> net = MLP((64, 32)).encoder(10, 4, generator=torch.Generator().manual_seed(0))
    >>> net(torch.zeros(7, 10)).shape
    torch.Size([7, 4])

    >>> net = MLP((16, 8), "relu")
    >>> net.refuse_wrong()
    >>> net.halved().hidden, net.decoder(4, 20, generator=torch.Generator().manual_seed(0))(torch.zeros(3, 4)).shape
    ((8, 4), torch.Size([3, 20]))
    """

    def __init__(self, hidden: tuple[int, ...] = (200, 200), activation: str = "tanh") -> None:
        self.hidden = hidden
        self.activation = activation
        self.refuse_wrong()

    def refuse_wrong(self) -> None:
        """Refuse settings out of range; called again by `fit`."""
        if not isinstance(self.hidden, (tuple, list)):
            raise InputError(f"`hidden` must be a tuple of widths; got {self.hidden!r}. Write MLP((200, 200)).")
        for width in self.hidden:
            require_int("hidden", width)
        require_choice("activation", self.activation, tuple(ACTIVATIONS))

    def encoder(self, n_inputs: int, n_outputs: int, *, generator: torch.Generator) -> nn.Module:
        """Module (..., n_inputs) -> (..., n_outputs)."""
        return Layers([n_inputs, *map(int, self.hidden), n_outputs], self.activation, generator)

    def decoder(
        self, n_latent: int, n_outputs: int, *, generator: torch.Generator, bias: torch.Tensor | None = None
    ) -> nn.Module:
        """Module (..., n_latent) -> (..., n_outputs) that begins at `bias` (n_outputs,)."""
        return Layers([n_latent, *map(int, self.hidden[::-1]), n_outputs], self.activation, generator, bias)

    def halved(self) -> MLP:
        """The same with layers of half the width: what stands between two stochastic layers."""
        return MLP(tuple(max(1, width // 2) for width in self.hidden), self.activation)


class Layers(nn.Sequential):
    """Linear layers with an activation between them."""

    def __init__(
        self, widths: list[int], activation: str, generator: torch.Generator, bias: torch.Tensor | None = None
    ) -> None:
        steps: list[nn.Module] = []
        for a, b in pairwise(widths):
            steps += [linear(a, b, generator), ACTIVATIONS[activation]()]
        super().__init__(*steps[:-1])
        if bias is not None:
            with torch.no_grad():
                steps[-2].bias.copy_(bias)  # pyright: ignore[reportCallIssue]

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The same to every bit; where nothing is learnt, an activation writes over what it was given, which nobody else has."""
        if torch.is_grad_enabled():
            return super().forward(input)
        h = input
        for step in self:
            h = step(h) if isinstance(step, nn.Linear) else IN_PLACE.get(type(step), step)(h)
        return h


def linear(a: int, b: int, generator: torch.Generator) -> nn.Linear:
    """A float32 layer started by the generator alone, whatever PyTorch's defaults are."""
    layer = cast(nn.Linear, nn.utils.skip_init(nn.Linear, a, b, dtype=torch.float32, device="cpu"))
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
