"""Documents as a model sees them, and what it writes: packed batches, log p(x|z) over tokens, and documents of codes.

The trouble: a decoder of tokens must stop somewhere. It writes until `<eos>`, and if that does not come, as many tokens as the longest
document it was trained on has; what is cut there is as likely to go on.

What is inside: `DocumentRows`, the rows of `ModelRows`; `written`, documents of codes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from ..fitting import in_float32
from ..keyed import seed_of
from ..networks import SequenceDecoder, packed
from ._layers import OneLayer, State, TwoLayers
from ._rows import slices
from ._scoring import PAIRS
from ._vocabulary import END, Documents, Vocabulary

__all__ = ["DocumentRows", "written"]


class DocumentRows:
    """Numbered documents through a network with `layers` and `decoder`."""

    def __init__(self, documents: Documents, network: nn.Module) -> None:
        self.documents, self.network = documents, network
        self.layers: OneLayer | TwoLayers = network.layers  # pyright: ignore[reportAttributeAccessIssue]
        self.decoder: SequenceDecoder = network.decoder  # pyright: ignore[reportAttributeAccessIssue]
        self.device = next(network.parameters()).device

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def n_outputs(self) -> int:
        """Numbers that the decoder makes of a draw of a document, on the average."""
        return round(float(self.documents.lengths.mean())) * self.decoder.out.out_features

    def keys(self, key: int) -> list[int]:
        return [seed_of(key, "row", content) for content in self.documents.row_bytes()]

    def batch(self, rows: slice | torch.Tensor) -> PackedSequence:
        index = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows.numpy()
        ids, lengths = self.documents.batch(index)
        return packed(ids.to(self.device), lengths)

    def state(self, batch: Any) -> State:
        return self.layers.state(batch)

    def log_prob(self, z: torch.Tensor, batch: Any) -> torch.Tensor:
        return self.decoder.log_prob(z, batch)

    def empty(self, batch: Any) -> torch.Tensor | None:
        """No document is unobserved: an empty one ends at once, and that has a probability."""
        return None


@in_float32()
def written(
    decoder: SequenceDecoder,
    vocabulary: Vocabulary,
    z: torch.Tensor,
    *,
    longest: int,
    generator: torch.Generator | None,
) -> list[list[Any]]:
    """Documents of codes (n, d): drawn token by token, or without a generator the likeliest token each time."""
    docs: list[list[Any]] = []
    for part in slices(len(z), PAIRS):
        with torch.no_grad():
            docs += [vocabulary.words_of(ids) for ids in _tokens(decoder, z[part], longest, generator).tolist()]
    return docs


def _tokens(decoder: SequenceDecoder, z: torch.Tensor, longest: int, generator: torch.Generator | None) -> torch.Tensor:
    """Numbers (n, T) of the tokens, some after the end."""
    h, by_z = decoder.first(z)
    token = torch.full((len(z),), END, device=z.device)
    ended = torch.zeros(len(z), dtype=torch.bool, device=z.device)
    found = []
    for _ in range(longest):
        h, logits = decoder.step(h, token, by_z)
        if generator is None:
            token = logits.argmax(-1)
        else:
            token = torch.multinomial(torch.softmax(logits, -1), 1, generator=generator)[:, 0]
        found.append(token)
        ended |= token == END
        if ended.all():
            break
    return torch.stack(found, 1)
