"""Autoencoders with K weighted draws, as models that are fitted and asked."""

from ._collapse import Collapse, collapse_of

__all__ = ["Collapse", "collapse_of"]
