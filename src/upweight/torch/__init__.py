"""Weights in PyTorch that arrive and keep acting."""

from . import _installed as _installed  # isort: split

from ._offset_bce import offset_bce

__all__ = ["offset_bce"]
