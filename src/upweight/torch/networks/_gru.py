"""GRU: the settings of networks over sequences."""

from __future__ import annotations

import torch
from sklearn.base import BaseEstimator

from ..._errors import require_int
from ..._set_module import set_module
from ._recurrent import SequenceDecoder, SequenceEncoder, started

__all__ = ["GRU"]


@set_module("upweight.torch")
class GRU(BaseEstimator):
    """Recurrent encoder and decoder with gates, for sequences of tokens.

    Parameters
    ----------
    hidden : units of the state, in encoder and decoder each. embed : numbers that stand for a token, in each.

    Raises
    ------
    InputError : a setting out of range.

    Costs: time grows with the longest document of a batch, a step a token. A decoder that foretells the next token well needs no code:
    see `Collapse`. Source: Cho et al. (2014).

    >>> GRU(64).get_params()
    {'embed': 96, 'hidden': 64}

    >>> net = GRU(8, embed=4)
    >>> net.refuse_wrong()
    >>> len(net.modules(5, 2, generator=torch.Generator().manual_seed(0)))
    2
    """

    def __init__(self, hidden: int = 128, *, embed: int = 96) -> None:
        self.hidden = hidden
        self.embed = embed
        self.refuse_wrong()

    def refuse_wrong(self) -> None:
        """Refuse a setting out of range; called again by `fit`, since `set_params` passes by the constructor."""
        require_int("hidden", self.hidden)
        require_int("embed", self.embed)

    def modules(
        self, n_tokens: int, latent: int, *, generator: torch.Generator
    ) -> tuple[SequenceEncoder, SequenceDecoder]:
        """Encoder and decoder over `n_tokens` numbered tokens, started from the generator."""
        size = {"hidden": int(self.hidden), "embed": int(self.embed)}
        encoder = SequenceEncoder(n_tokens, latent, **size)
        decoder = SequenceDecoder(n_tokens, latent, **size)
        started(encoder, generator)
        started(decoder, generator)
        return encoder, decoder
