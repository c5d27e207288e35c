"""The rows of two samples as one table, and the terms of their columns that weights shall match."""

from ._pooled import Pooled, container_of_rows, halves, refuse_other_columns

__all__ = ["Pooled", "container_of_rows", "halves", "refuse_other_columns"]
