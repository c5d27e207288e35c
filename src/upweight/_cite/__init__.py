"""The references of what was done, as BibTeX."""

from ._cite import cite

__all__ = ["cite"]
