"""Networks over sequences: an encoder that reads tokens, and a decoder whose K draws share everything that does not depend on z.

The trouble: a decoder that is fed K copies of a document computes its token projections K times, and one that runs over padding
computes, and in the end may count, what is not there. Here

    encoder   GRU over the tokens -> mean and log-scale of q(z|x)
    decoder   i_t = A e(x_{t-1})          once a row                 (B, T, 3H)
              a   = C z                   once a draw, no T          (B, K, 3H)
              h_0 = tanh(S z);  h_t = GRU(h_{t-1}; gates i_t + a)    (B, K, H)
              log p(x_t | x_<t, z) = log softmax(O h_t)

Documents of a batch are packed: at step t only rows still running take part, so padding costs nothing and changes no log p.

What is inside: `SequenceEncoder`; `SequenceDecoder`; `packed`, ids and lengths in PyTorch's packed order.

Sources: Cho et al. (2014) for the GRU; Bowman et al. (2016), Generating sentences from a continuous space.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import skip_init
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

__all__ = ["SequenceDecoder", "SequenceEncoder", "packed", "started"]

PLACE: dict[str, Any] = {"dtype": torch.float32, "device": "cpu"}  # whatever PyTorch's defaults are
PIECE = 1 << 22  # logits in memory at a time where no gradient is kept


def packed(ids: torch.Tensor, lengths: torch.Tensor) -> PackedSequence:
    """ids (B, T) int64, padded with anything, and lengths (B,) >= 1, in packed order: all first tokens, all second ones, and so on."""
    return pack_padded_sequence(ids, lengths.cpu(), batch_first=True, enforce_sorted=False)


class SequenceEncoder(nn.Module):
    """q(z|x) of a document: a GRU over its tokens, the last state to mean and log-scale."""

    def __init__(self, n_tokens: int, latent: int, *, hidden: int, embed: int) -> None:
        super().__init__()
        self.embed = _embedding(n_tokens, embed)
        self.read = nn.GRU(embed, hidden, batch_first=True, device="meta", dtype=torch.float32).to_empty(device="cpu")
        self.head = _linear(hidden, 2 * latent)

    def forward(self, rows: PackedSequence) -> torch.Tensor:
        """Means, then log-scales, (B, 2 latent)."""
        _, last = self.read(rows._replace(data=self.embed(rows.data)))
        return self.head(last[0])


class SequenceDecoder(nn.Module):
    """p(x|z) of a document, token by token; token 0 both begins and ends it."""

    def __init__(self, n_tokens: int, latent: int, *, hidden: int, embed: int) -> None:
        super().__init__()
        self.embed = _embedding(n_tokens, embed)
        self.token = _linear(embed, 3 * hidden)
        self.gates = _linear(latent, 3 * hidden, bias=False)
        self.start = _linear(latent, hidden)
        self.hidden = _linear(hidden, 3 * hidden)
        self.out = _linear(hidden, n_tokens)

    def log_prob(self, z: torch.Tensor, rows: PackedSequence) -> torch.Tensor:
        """log p(x|z) in nats, (B, K), for z (B, K, latent)."""
        z = _ordered(z, rows.sorted_indices)
        states = self._states(z, rows)
        each = torch.cat([self._log_p(h, x) for h, x in self._pieces(states, rows.data)])
        sizes = rows.batch_sizes.tolist()
        row = torch.cat([torch.arange(n) for n in sizes]).to(z.device)
        total = torch.zeros(z.shape[:2], dtype=each.dtype, device=z.device).index_add(0, row, each)
        return _ordered(total, rows.unsorted_indices)

    def first(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """State before the first token and what z adds to the gates, for z (..., latent)."""
        return torch.tanh(self.start(z)), self.gates(z)

    def step(self, h: torch.Tensor, token: torch.Tensor, by_z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The next state and the logits of the token that follows `token`; token (...), h and by_z (..., H) and (..., 3H)."""
        h = self._cell(self.token(self.embed(token)) + by_z, h)
        return h, self.out(h)

    def _states(self, z: torch.Tensor, rows: PackedSequence) -> torch.Tensor:
        """Hidden states in packed order, (tokens, K, H)."""
        h, by_z = self.first(z)
        inputs = self.token(self.embed(_shifted(rows)))
        states = []
        for i in inputs.split(rows.batch_sizes.tolist()):
            h = self._cell(i.unsqueeze(1) + by_z[: len(i)], h[: len(i)])
            states.append(h)
        return torch.cat(states)

    def _cell(self, i: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        width = h.shape[-1]
        g = self.hidden(h)
        reset, update = torch.sigmoid(i[..., : 2 * width] + g[..., : 2 * width]).chunk(2, -1)
        new = torch.tanh(i[..., 2 * width :] + reset * g[..., 2 * width :])
        return new + update * (h - new)

    def _pieces(self, states: torch.Tensor, ids: torch.Tensor):
        """All at once with a gradient, which keeps everything anyway; else in pieces that bound the logits."""
        if torch.is_grad_enabled():
            return [(states, ids)]
        some = max(1, PIECE // (states.shape[1] * self.out.out_features))
        return zip(states.split(some), ids.split(some), strict=True)

    def _log_p(self, h: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """log p of the tokens `ids` (N,) from their states (N, K, H), (N, K)."""
        k = h.shape[1]
        logits = self.out(h).flatten(0, 1)
        return -cross_entropy(logits, ids.repeat_interleave(k), reduction="none").view(-1, k)


def started(module: nn.Module, generator: torch.Generator) -> nn.Module:
    """Parameters as PyTorch starts recurrent networks, but from a generator of their own.

    Tokens are standard normals; a weight is uniform within 1/sqrt(its inputs), and so is the bias beside it; those of a GRU are within
    1/sqrt(its units). Glorot's start, which is right for plain networks, here makes either the embeddings too small to be learnt in
    some epochs or the code of an untrained encoder loud.
    """
    for part in module.modules():
        if isinstance(part, nn.Embedding):
            nn.init.normal_(part.weight, generator=generator)
        elif isinstance(part, (nn.Linear, nn.GRU)):
            reach = (part.in_features if isinstance(part, nn.Linear) else part.hidden_size) ** -0.5
            for p in part.parameters():
                nn.init.uniform_(p, -reach, reach, generator=generator)
    return module


def _linear(a: int, b: int, *, bias: bool = True) -> nn.Linear:
    return cast(nn.Linear, skip_init(nn.Linear, a, b, bias=bias, **PLACE))


def _embedding(n: int, width: int) -> nn.Embedding:
    return cast(nn.Embedding, skip_init(nn.Embedding, n, width, **PLACE))


def _ordered(x: torch.Tensor, order: torch.Tensor | None) -> torch.Tensor:
    return x if order is None else x[order]


def _shifted(rows: PackedSequence) -> torch.Tensor:
    """The token before each, in packed order; 0 before the first."""
    parts = rows.data.split(rows.batch_sizes.tolist())
    before = [torch.zeros_like(parts[0]), *parts[:-1]]
    return torch.cat([b[: len(p)] for b, p in zip(before, parts, strict=True)])
