"""Weights of rows by class, by rarity of a number, by labels that come together."""

from ._class_weights import class_weights, cost_weights, kept_kind
from ._density import density_weights
from ._multilabel import label_weights

__all__ = ["class_weights", "cost_weights", "density_weights", "kept_kind", "label_weights"]
