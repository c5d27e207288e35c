"""A table after SMOTE, whose synthetic rows lie on lines between rows that were there, and how to search it."""

from ._edits import edit_synthetic
from ._links import synthetic_links
from ._synthetic_set import SyntheticSet

__all__ = ["SyntheticSet", "edit_synthetic", "synthetic_links"]
