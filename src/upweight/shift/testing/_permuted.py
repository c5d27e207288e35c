"""Which columns the classifier needs to tell the samples apart: its area with a column's values dealt out anew.

    importance of column c = A - A(rows keep everything but c, which is permuted),     on rows that the model has not seen

The trouble: of two columns that say the same neither is needed, and both fall together; that is what "needed" means.

What is inside: `importances`.

Source: Breiman, Random forests, Machine Learning 45 (2001); Fisher, Rudin and Dominici, JMLR 20 (2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from ..._weights import Weights
from ...tables import Schema, Table, row_slice
from ..columns import Pooled
from ..ratios import logits
from ._cross_fitted import CrossFit, area_in

__all__ = ["importances"]

REPEATS = 2  # permutations a column and fold
MANY = 100  # columns beyond which one permutation must do


def importances(pooled: Pooled, fit: CrossFit, weights: Weights | None, rng: np.random.Generator) -> dict[Any, float]:
    """{column: fall in area}, largest first; columns that no learner reads are left out."""
    live = None if weights is None else weights[pooled.rows]
    found = dict.fromkeys((name for name, _ in _blocks(pooled)), 0.0)
    repeats = REPEATS if len(found) <= MANY else 1
    for test, model, area in zip(fit.tests, fit.models, fit.areas, strict=True):
        table = row_slice(pooled.task.X, test)
        for name, block in _blocks(pooled):
            for _ in range(repeats):
                dealt = _permuted(table, block, rng.permutation(len(test)))
                fall = area - area_in(logits(model, dealt), test, len(pooled.rows), live)[0]
                found[name] += float(fall) / (repeats * len(fit.tests))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


Block = tuple[str, slice]


def _blocks(pooled: Pooled) -> Iterator[tuple[Any, Block]]:
    """Every column that is read, with the part of a table that holds it."""
    schema: Schema = pooled.schema
    at = {"numeric": 0, "categorical": 0, "text": 0}
    for name, column in zip(pooled.names, schema.columns, strict=True):
        if column.kind not in at:
            continue
        width = len(column.categories) if column.kind == "text" else 1
        yield name, (column.kind, slice(at[column.kind], at[column.kind] + width))
        at[column.kind] += width


def _permuted(table: Table, block: Block, order: np.ndarray) -> Table:
    """The table with one block of columns in another order of rows."""
    kind, columns = block
    field = {"numeric": "numbers", "categorical": "codes", "text": "words"}[kind]
    values = getattr(table, field)
    if sparse.issparse(values):
        whole = sparse.csc_array(values)
        parts = [
            whole[:, : columns.start],
            sparse.csc_array(sparse.csr_array(whole[:, columns])[order]),
            whole[:, columns.stop :],
        ]
        return replace(table, **{field: sparse.csr_array(sparse.hstack(parts))})
    dealt = values.copy()
    dealt[:, columns] = values[order, columns]
    return replace(table, **{field: dealt})
