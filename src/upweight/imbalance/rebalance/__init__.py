"""A learner, a method and a repair: steps, members, the model, the pipeline, the saved file."""

from ._members import Fitted, Member, Recipe, fit_member, fit_task
from ._pipeline import Pipeline
from ._rebalanced import Rebalanced, read_cost
from ._save import load, save_model, strange_types
from ._steps import as_steps

__all__ = [
    "Fitted",
    "Member",
    "Pipeline",
    "Rebalanced",
    "Recipe",
    "as_steps",
    "fit_member",
    "fit_task",
    "load",
    "read_cost",
    "save_model",
    "strange_types",
]
