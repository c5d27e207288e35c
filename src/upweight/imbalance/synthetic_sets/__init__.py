"""A table after SMOTE, whose synthetic rows lie on lines between rows that were there, and how to search it."""

from ._edits import family_edit
from ._links import family_links
from ._synthetic_set import Family

__all__ = ["Family", "family_edit", "family_links"]
