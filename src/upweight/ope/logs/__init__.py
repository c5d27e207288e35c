"""Logs of decisions in formats of others, as columns."""

from ._dsjson import read_dsjson

__all__ = ["read_dsjson"]
