"""Batches on one machine, on Spark, on Ray; knows batches, not methods."""

from ._draw import DRAW, draw, key_array, seed_of_purpose

__all__ = ["DRAW", "draw", "key_array", "seed_of_purpose"]
