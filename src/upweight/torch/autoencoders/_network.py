"""The module of an autoencoder: stochastic layers, decoder, and what the likelihood has of its own.

The trouble: a start that depends on PyTorch's global generator, on its default type, or on modules that somebody trains elsewhere is no
start that can be repeated. Parameters are float32 and follow from the key; modules of the user's are copied, and begin as they are.

What is inside: `Network`; `build_network`; `net_of`, settings by name; `net_document`, settings as JSON takes them.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from ..._errors import InputError
from ..keyed import seeded
from ..likelihoods import Density
from ..networks import MLP, Conv
from ._layers import OneLayer, TwoLayers

__all__ = ["Network", "build_network", "net_document", "net_from", "net_of"]

NAMED = {"mlp": MLP, "conv": Conv}


class Network(nn.Module):
    """`layers` (encoder and prior), `decoder` (..., d) -> (..., n_outputs), `own` parameters of the likelihood or None."""

    def __init__(self, layers: OneLayer | TwoLayers, decoder: nn.Module, own: nn.Module | None) -> None:
        super().__init__()
        self.layers, self.decoder, self.own = layers, decoder, own


def net_of(net: Any) -> Any:
    """MLP, Conv or a pair of modules, from what was given as `net`."""
    if isinstance(net, str) and net in NAMED:
        return NAMED[net]()
    if isinstance(net, (MLP, Conv)):
        net.refuse_wrong()
        return net
    if isinstance(net, (tuple, list)) and len(net) == 2 and all(isinstance(m, nn.Module) for m in net):
        return net
    raise InputError(f"`net` must be 'mlp', 'conv', MLP, Conv or a pair of modules (encoder, decoder); got {net!r}.")


def build_network(
    density: Density, latent: tuple[int, ...], net: Any, *, key: int, bias: torch.Tensor | None
) -> Network:
    """A network for this likelihood, on the CPU; started from the key, with the decoder's last bias at `bias`."""
    net = net_of(net)
    generator = seeded(key, "start")
    if isinstance(net, (tuple, list)):
        encoder, decoder = _own(net, density, latent)
        return Network(OneLayer(encoder, latent[0]), decoder, density.module())
    encoder = net.encoder(density.n_inputs, 2 * latent[0], generator=generator)
    decoder = net.decoder(latent[0], density.n_outputs, generator=generator, bias=bias)
    if len(latent) == 1:
        return Network(OneLayer(encoder, latent[0]), decoder, density.module())
    between = net.halved()
    upper = between.encoder(latent[0], 2 * latent[1], generator=generator)
    lower = between.decoder(latent[1], 2 * latent[0], generator=generator)
    return Network(TwoLayers(encoder, upper, lower, (latent[0], latent[1])), decoder, density.module())


def _own(net: Any, density: Density, latent: tuple[int, ...]) -> tuple[nn.Module, nn.Module]:
    """Copies of the user's modules, float32, whose sizes fit."""
    if len(latent) == 2:
        raise InputError(
            "two stochastic layers take net='mlp' or 'conv'; got modules. Write `log_joint` for iwae.draw yourself."
        )
    encoder, decoder = (copy.deepcopy(module).float().cpu() for module in net)
    for name, module, given, wanted in (
        ("encoder", encoder, (2, density.n_inputs), (2, 2 * latent[0])),
        ("decoder", decoder, (2, 3, latent[0]), (2, 3, density.n_outputs)),
    ):
        trained = module.training
        with torch.no_grad():
            try:
                found = tuple(module.eval()(torch.zeros(given, dtype=torch.float32)).shape)
            except RuntimeError as error:
                found = f"{error}"
        module.train(trained)
        if found != wanted:
            raise InputError(
                f"the {name} must make {wanted} of {given}: {'mean and log-scale' if name == 'encoder' else 'all outputs'} of the last "
                f"axis; got {found}. Change its first or last layer."
            )
    return encoder, decoder


def net_document(net: Any) -> dict[str, Any]:
    """Settings of a net as JSON takes them; of modules their names."""
    if isinstance(net, (tuple, list)):
        return {"name": "own", "modules": [type(m).__name__ for m in net]}
    if isinstance(net, str):
        return {"name": net}
    settings = {name: list(v) if isinstance(v, tuple) else v for name, v in net.get_params().items()}
    return {"name": type(net).__name__.lower(), "settings": settings}


def net_from(document: dict[str, Any], net: Any) -> Any:
    """What `net_document` described; modules come from the caller, who has looked whether they are needed."""
    if document["name"] == "own":
        return net
    if "settings" not in document:
        return document["name"]
    settings = {name: tuple(v) if isinstance(v, list) else v for name, v in document["settings"].items()}
    return NAMED[document["name"]](**settings)
