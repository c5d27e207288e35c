"""Networks as settings, and the modules that they build."""

from ._gru import GRU
from ._recurrent import SequenceDecoder, SequenceEncoder, packed

__all__ = ["GRU", "SequenceDecoder", "SequenceEncoder", "packed"]
