"""The networks of a generator: noise to rows, and rows to one number.

    generator   z -> hidden -> row; a sigmoid at the end where all values lie in [0, 1]
    critic      row -> hidden -> logit

Both come of the settings that autoencoders use, the generator as their decoder and the critic as their encoder.

What is inside: `generator_networks`; `net_of`, settings by name; `net_document` and `net_from`, settings as JSON takes them and back.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from ..._errors import InputError
from ..keyed import seeded
from ..networks import MLP, Conv

__all__ = ["generator_networks", "net_document", "net_from", "net_of"]

SETTINGS = {"mlp": MLP, "conv": Conv}


def net_of(net: Any) -> MLP | Conv:
    """The settings that a name stands for, or those that were given, looked at."""
    if isinstance(net, str) and net in SETTINGS:
        return MLP((128, 128), "relu") if net == "mlp" else Conv()
    if isinstance(net, (MLP, Conv)):
        net.refuse_wrong()
        return net
    raise InputError(f"`net` must be 'mlp', 'conv', MLP or Conv; got {net!r}. Write MLP((128, 128), 'relu').")


def generator_networks(net: MLP | Conv, size: tuple[int, int], *, unit: bool, critic: bool, key: int) -> nn.ModuleDict:
    """Generator, and with `critic` a critic, of (latent, columns), started from the key."""
    latent, d = size
    start = seeded(key, "start")
    made = net.decoder(latent, d, generator=start)
    parts: dict[str, nn.Module] = {"generator": nn.Sequential(made, nn.Sigmoid()) if unit else made}
    if critic:
        parts["critic"] = net.encoder(d, 1, generator=start)
    return nn.ModuleDict(parts)


def net_document(net: MLP | Conv) -> dict[str, Any]:
    """Settings as JSON takes them."""
    settings = {name: list(v) if isinstance(v, tuple) else v for name, v in net.get_params().items()}
    return {"name": type(net).__name__.lower(), "settings": settings}


def net_from(document: dict[str, Any]) -> MLP | Conv:
    """What `net_document` described."""
    settings = {name: tuple(v) if isinstance(v, list) else v for name, v in document["settings"].items()}
    return SETTINGS[document["name"]](**settings)
