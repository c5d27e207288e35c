"""Networks by their settings, `MLP`, `Conv`, `GRU`, and the modules they build, started so that comparisons are fair."""

from ._conv import Conv
from ._gru import GRU
from ._mlp import MLP
from ._recurrent import SequenceDecoder, SequenceEncoder, packed

__all__ = ["GRU", "MLP", "Conv", "SequenceDecoder", "SequenceEncoder", "packed"]
