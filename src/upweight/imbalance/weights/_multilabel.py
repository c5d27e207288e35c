"""Weights for multi-label data: a row may carry several labels, and some labels are rare.

The trouble: with several labels a row there is no class to balance: lifting the rows of a rare label lifts the common labels
they carry too. Two honest answers, one number a row or one a row and label:

    IR_l = max_k count_k / count_l                            imbalance ratio of label l
    row:    w_i = base_i mean or max of IR_l over the labels of row i,  1 if it has none
    label:  w_li = base_i (W/2)/W_lc,  c = Y_il               label l balanced by itself, for one model a label

If one model predicts all labels take `per="row"`; with one model a label (one-vs-rest) take `per="label"`, a batch of weights.
A label that no row carries (or, by label, that every row carries) cannot be balanced: its weights stay 1 and the notes say so.

Source: Charte, Rivera, del Jesus and Herrera, Neurocomputing 163 (2015).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
from scipy import sparse

from ..._errors import InputError
from ..._foreign_keywords import own_keywords
from ..._frames import NUMPY, Container
from ..._weights import Weights
from ...tables import is_frame, refuse_other_index, row_weights

__all__ = ["label_weights"]


@own_keywords
def label_weights(Y: Any, *, per: str = "row", combine: str = "mean", base: Any = None) -> Weights:
    """Weigh rows of multi-label data by how rare their labels are.

        w_i = mean (or max) over the labels l of row i of  IR_l = max_k count_k / count_l

    Parameters
    ----------
    Y : (n, L) zeros and ones, row i has label l: array, list of lists, CSR, or a pandas, polars or Arrow frame.
    per : "row", one weight a row; "label", a batch (L, n) that balances every label by itself.
    combine : "mean" or "max" over the labels of a row; not used by label.
    base : (n,) weights >= 0 you have, array or `Weights`; they count in the counts and multiply the result.

    Returns
    -------
    Weights of kind class (the larger kind, if `base` are `Weights`), shape (n,) or (L, n); a row without labels has weight 1
    times its base. Labels that cannot be balanced are named in ``notes``.

    Raises
    ------
    InputError : anything but 0 and 1, with count and first place; one column of labels (that is `class_weights`); bad `base`.

    Costs: common labels that ride on rows with rare ones are lifted too ("row"), so no label ends exactly balanced;
    probabilities come out too high for what was lifted. By label each is exactly balanced and needs its own model.
    Source: Charte et al. (2015).

    >>> Y = [[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0]]          # 5, 2 and 1 rows
    >>> label_weights(Y).values.round(6)
    array([1.      , 1.      , 1.      , 2.833333, 1.75    ])
    """
    for name, value, known in (("per", per, ("row", "label")), ("combine", combine, ("mean", "max"))):
        if value not in known:
            raise InputError(f"`{name}` must be {known[0]!r} or {known[1]!r}; got {value!r}.")
    table, names, container = _label_table(Y)
    n = table.shape[0]
    refuse_other_index({"Y": Y, "base": base})
    given = row_weights(base, n, name="base")
    mass = np.ones(n) if given is None else given
    count = np.asarray(mass @ table, dtype=np.float64).reshape(-1)
    if per == "row":
        factor, idle = _by_row(table, count, combine), count == 0
    else:
        factor, idle = _by_label(table, count, mass.sum()), (count == 0) | (count == mass.sum())
    made = Weights.of(container.wrap(factor), kind="class")
    if isinstance(base, Weights):
        made = base * made
    elif given is not None:
        made = Weights.of(container.wrap(factor * mass), kind="class")
    return replace(made, notes=(*made.notes, *_idle_notes(names, count, idle)))


def _by_row(table: Any, count: np.ndarray, combine: str) -> np.ndarray:
    """(n,) mean or max of the imbalance ratios of a row's labels; 1 without labels."""
    if not count.any():
        return np.ones(table.shape[0])
    ratio = np.where(count > 0, count.max() / np.where(count > 0, count, 1), 1.0)
    carried = np.diff(table.indptr)
    some = carried > 0
    out = np.ones(table.shape[0])
    if combine == "mean":
        out[some] = (table @ ratio)[some] / carried[some]
    else:
        out[some] = np.maximum.reduceat(ratio[table.indices], table.indptr[:-1][some])
    return out


def _by_label(table: Any, count: np.ndarray, total: float) -> np.ndarray:
    """(L, n) half the mass over that of the row's side of the label; ones if a side is empty."""
    both = (count > 0) & (count < total)
    with np.errstate(divide="ignore"):
        yes = np.where(both, total / 2 / count, 1.0)
        no = np.where(both, total / 2 / (total - count), 1.0)
    return np.where(table.toarray().T > 0, yes[:, None], no[:, None])


def _idle_notes(names: list[str], count: np.ndarray, idle: np.ndarray) -> tuple[str, ...]:
    """One note for the labels never seen, one for those that every row has."""
    never = [n for n, c, i in zip(names, count, idle, strict=True) if i and c == 0]
    always = [n for n, c, i in zip(names, count, idle, strict=True) if i and c > 0]
    named = (("LABEL_NEVER_SEEN", never), ("LABEL_ALWAYS_SEEN", always))
    return tuple(f"{code}: {', '.join(which)}" for code, which in named if which)


def _label_table(Y: Any) -> tuple[Any, list[str], Container]:
    """Y as CSR of ones, the names of its labels, and the container of its rows."""
    if sparse.issparse(Y):
        table: Any = sparse.csr_array(Y, dtype=np.float64, copy=True)
        table.sum_duplicates()
        _refuse_other_values(table.data, lambda j: _entry_of(table, j))
        table.eliminate_zeros()
        return table, [f"column {j}" for j in range(table.shape[1])], NUMPY
    if not is_frame(Y):
        values, names, container = np.asarray(Y), None, NUMPY
    else:
        frame = nw.from_native(Y, eager_only=True)
        values, names = frame.to_numpy(), [str(c) for c in frame.columns]
        container = Container(frame.implementation.name.lower(), nw.maybe_get_index(frame))
    if values.ndim != 2 or not values.size:
        raise InputError(
            f"`Y` must be rows by labels, zeros and ones; got shape {values.shape}. For one label a row use class_weights."
        )
    numbers = _as_numbers(values)
    _refuse_other_values(numbers.reshape(-1), lambda j: divmod(j, numbers.shape[1]))
    return sparse.csr_array(numbers), names or [f"column {j}" for j in range(values.shape[1])], container


def _as_numbers(values: np.ndarray) -> np.ndarray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"`Y` must hold zeros and ones; got values of type {values.dtype}. Binarise it first."
        ) from None


def _entry_of(table: Any, j: int) -> tuple[int, int]:
    return int(np.searchsorted(table.indptr, j, side="right") - 1), int(table.indices[j])


def _refuse_other_values(values: np.ndarray, place: Any) -> None:
    bad = np.flatnonzero((values != 0) & (values != 1))
    if len(bad):
        row, column = place(int(bad[0]))
        raise InputError(
            f"`Y` must hold zeros and ones; got {len(bad):,} other values, first {values[bad[0]]:g} at row {row}, "
            f"column {column}. Binarise it first."
        )
