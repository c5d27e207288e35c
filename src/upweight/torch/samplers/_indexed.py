"""A data set that says which row a sample is.

The trouble: scores, loss weights and weights are kept by row, and a batch has forgotten its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils.data import Dataset

from ..._errors import InputError
from ..._set_module import set_module

__all__ = ["Indexed"]


@set_module("upweight.torch")
class Indexed(Dataset):
    """Samples with their row numbers: (sample, i); a dict gains "index".

    dataset : anything with `len` and `[i]`; batches are asked for at once where it knows how (`__getitems__`).

    Raises InputError for a data set without length or rows, and for a dict that has an "index" of its own.

    >>> Indexed(["a", "b"])[1], Indexed([{"x": 5}])[0]
    (('b', 1), {'x': 5, 'index': 0})
    """

    def __init__(self, dataset: Any) -> None:
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise InputError(
                f"`dataset` must have a length and rows; got {type(dataset).__name__}. A stream has no row numbers."
            )
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> Any:
        return _with_index(self.dataset[i], i)

    def __getitems__(self, rows: Sequence[int]) -> list[Any]:
        many: Any = getattr(self.dataset, "__getitems__", None)
        samples: Any = many(rows) if callable(many) else [self.dataset[i] for i in rows]
        return [_with_index(sample, i) for sample, i in zip(samples, rows, strict=True)]

    def __repr__(self) -> str:
        return f"Indexed({type(self.dataset).__name__}, {len(self):,} rows)"


def _with_index(sample: Any, i: int) -> Any:
    if not isinstance(sample, dict):
        return sample, i
    if "index" in sample:
        raise InputError(f'samples have an "index" of their own; got {sample["index"]!r} in row {i}. Rename it.')
    return {**sample, "index": i}
