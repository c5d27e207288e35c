"""Everything random as a function of (key, epoch, step) or of (key, row, block): resumed work draws what it would have drawn."""

from ._keys import data_digest, row_keys, seed_of, take_key
from ._noise import BLOCK, RowNoise, normal_noise, row_order, seeded

__all__ = [
    "BLOCK",
    "RowNoise",
    "data_digest",
    "normal_noise",
    "row_keys",
    "row_order",
    "seed_of",
    "seeded",
    "take_key",
]
