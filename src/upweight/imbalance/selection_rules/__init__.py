"""Which of some points stay: rules on distances and classes that know no frames and no samplers."""

from ._cleaning_rule import clean
from ._editing import edit
from ._hart import condense, misread
from ._near_rules import near_miss
from ._tomek_links import linked

__all__ = ["clean", "condense", "edit", "linked", "misread", "near_miss"]
