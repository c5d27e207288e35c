"""Networks for images: convolutions that halve the picture, and transposed ones that give it back.

The trouble: a plain network learns each place of an image anew. A convolution learns a pattern once, wherever it stands; on ten thousand
images that is worth several nats. Sizes need not be powers of two: each step halves rounding up, and its counterpart adds the odd line
again.

What is inside: `Conv`, the settings; the modules they build.

Source: LeCun et al. (1989); Glorot & Bengio (2010) for the start.
"""

from __future__ import annotations

import math

import torch
from sklearn.base import BaseEstimator
from torch import nn

from ..._errors import InputError, require_int
from ..._set_module import set_module
from ._mlp import MLP, linear

__all__ = ["Conv"]

SMALLEST = 8  # pixels a side


@set_module("upweight.torch")
class Conv(BaseEstimator):
    """Encoder and decoder of images: 3 x 3 convolutions of stride two, ReLU, then one plain layer.

    Parameters
    ----------
    channels : channels after each halving of the picture.
    hidden : width of the plain layer between convolutions and latent.
    shape : (channels, height, width) of a row; None: one channel, square.

    Raises
    ------
    InputError : rows that are no square without a shape, another number of values than the shape has, height or width below 8.

    Costs: several times the time of an MLP of the same likelihood a step. Source: LeCun et al. (1989).

    >>> net = Conv((8,), hidden=16, shape=(1, 28, 20)).encoder(560, 4, generator=torch.Generator().manual_seed(0))
    >>> net(torch.zeros(3, 560)).shape
    torch.Size([3, 4])

    >>> conv = Conv((8,), hidden=16, shape=(1, 28, 20))
    >>> conv.refuse_wrong()
    >>> conv.picture(560), conv.halved().hidden
    ((1, 28, 20), (16,))
    >>> conv.decoder(4, 560, generator=torch.Generator().manual_seed(0))(torch.zeros(3, 4)).shape
    torch.Size([3, 560])
    """

    def __init__(
        self,
        channels: tuple[int, ...] = (32, 64),
        hidden: int = 128,
        shape: tuple[int, int, int] | None = None,
    ) -> None:
        self.channels = channels
        self.hidden = hidden
        self.shape = shape
        self.refuse_wrong()

    def refuse_wrong(self) -> None:
        """Refuse settings out of range; called again by `fit`."""
        if not isinstance(self.channels, (tuple, list)) or not self.channels:
            raise InputError(
                f"`channels` must be a tuple of numbers of channels; got {self.channels!r}. Write Conv((32, 64))."
            )
        for n in self.channels:
            require_int("channels", n)
        require_int("hidden", self.hidden)
        if self.shape is not None:
            if not isinstance(self.shape, (tuple, list)) or len(self.shape) != 3:
                raise InputError(
                    f"`shape` must be (channels, height, width); got {self.shape!r}. Give Conv(shape=(1, 28, 20))."
                )
            for n in self.shape:
                require_int("shape", n)

    def encoder(self, n_inputs: int, n_outputs: int, *, generator: torch.Generator) -> nn.Module:
        """Module (..., n_inputs) -> (..., n_outputs); inputs are one or more pictures after each other (entries, mask)."""
        c, h, w = self.picture(n_inputs)
        return ImageEncoder(
            _copies(n_inputs, (c, h, w)), (h, w), self._channels(), (int(self.hidden), n_outputs), generator
        )

    def decoder(
        self, n_latent: int, n_outputs: int, *, generator: torch.Generator, bias: torch.Tensor | None = None
    ) -> nn.Module:
        """Module (..., n_latent) -> (..., n_outputs) that begins at `bias` (n_outputs,), which is near for each channel's pixels."""
        c, h, w = self.picture(n_outputs)
        widths = n_latent, int(self.hidden)
        module = ImageDecoder(widths, self._channels(), (h, w), _copies(n_outputs, (c, h, w)), generator)
        if bias is not None:
            with torch.no_grad():
                module.bias.copy_(bias)
        return module

    def _channels(self) -> tuple[int, ...]:
        return tuple(int(n) for n in self.channels)

    def halved(self) -> MLP:
        """What stands between two stochastic layers: one plain layer."""
        return MLP((self.hidden,), "relu")

    def picture(self, n: int) -> tuple[int, int, int]:
        """(channels, height, width) of a row of n values, or of several such rows after each other where a shape is given.

        Raises InputError if rows of that length are no square image, or too small a one.
        """
        side = math.isqrt(n)
        shape = tuple(int(n) for n in self.shape) if self.shape is not None else (1, side, side)
        c, h, w = shape
        if (self.shape is None and side * side != n) or n % (c * h * w):
            what = "are no square" if self.shape is None else f"do not fill the shape {shape}"
            raise InputError(f"rows of {n:,} values {what}. Give Conv(shape=(1, 28, 20)), channels first.")
        if min(h, w) < SMALLEST:
            raise InputError(
                f"images must be {SMALLEST} pixels high and wide at least; got {h} x {w}. Give Conv(shape=(1, 28, 20)), or use 'mlp'."
            )
        return c, h, w


def _copies(n: int, shape: tuple[int, int, int]) -> int:
    """Channels of n values that are pictures of this shape after each other."""
    return n // (shape[1] * shape[2])


class ImageEncoder(nn.Module):
    """Pictures to numbers."""

    def __init__(
        self,
        channels: int,
        size: tuple[int, int],
        inner: tuple[int, ...],
        widths: tuple[int, int],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.picture = (channels, *size)
        steps: list[nn.Module] = []
        for a, b in zip((channels, *inner), inner, strict=False):
            layer = nn.utils.skip_init(nn.Conv2d, a, b, 3, stride=2, padding=1, dtype=torch.float32, device="cpu")
            steps += [_started(layer, generator), nn.ReLU()]
        h, w = _sizes(size, len(inner))[-1]
        self.convolutions = nn.Sequential(*steps)
        self.plain = nn.Sequential(
            linear(inner[-1] * h * w, widths[0], generator), nn.ReLU(), linear(widths[0], widths[1], generator)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.convolutions(x.reshape(-1, *self.picture)).flatten(1)
        return self.plain(found).reshape(*x.shape[:-1], -1)


class ImageDecoder(nn.Module):
    """Numbers to pictures."""

    def __init__(
        self,
        widths: tuple[int, int],
        inner: tuple[int, ...],
        size: tuple[int, int],
        channels: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        sizes = _sizes(size, len(inner))
        self.smallest = (inner[-1], *sizes[-1])
        self.plain = nn.Sequential(
            linear(widths[0], widths[1], generator), nn.ReLU(), linear(widths[1], math.prod(self.smallest), generator)
        )
        steps: list[nn.Module] = []
        outer = (channels, *inner)
        for i in range(len(inner), 0, -1):
            odd = tuple(1 - side % 2 for side in sizes[i - 1])
            last = i == 1
            layer = nn.utils.skip_init(
                nn.ConvTranspose2d, outer[i], outer[i - 1], 3, stride=2, padding=1, output_padding=odd, bias=not last, dtype=torch.float32, device="cpu"
            )  # fmt: skip
            steps += [nn.ReLU(), _started(layer, generator)]
        self.convolutions = nn.Sequential(*steps)
        self.bias = nn.Parameter(torch.zeros(channels * size[0] * size[1], dtype=torch.float32))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        small = self.plain(z.reshape(-1, z.shape[-1])).reshape(-1, *self.smallest)
        return self.convolutions(small).reshape(*z.shape[:-1], -1) + self.bias


def _sizes(size: tuple[int, int], steps: int) -> list[tuple[int, int]]:
    """(height, width) before and after each halving, which rounds up."""
    found = [size]
    for _ in range(steps):
        h, w = found[-1]
        found.append(((h + 1) // 2, (w + 1) // 2))
    return found


def _started(layer: nn.Module, generator: torch.Generator) -> nn.Module:
    nn.init.xavier_uniform_(layer.weight, generator=generator)  # pyright: ignore[reportArgumentType]
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)  # pyright: ignore[reportArgumentType]
    return layer
