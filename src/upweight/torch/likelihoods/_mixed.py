"""A table as people have it: numbers, yes and no, and words side by side.

    log p(x|z) = log p(numbers|z) + log p(two values|z) + log p(levels|z)

Which column is which: bool or two values are Bernoulli; text, categories and objects categorical; the rest Gaussian; or as a dict says.
Inside, the columns stand in that order: numbers, two values, levels.

What is inside: `Mixed`, the settings; `MixedDensity`, what fit learnt.

Source: Mattei & Frellsen (2019) for gaps; Nazabal et al. (2020) for likelihoods by column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from ..._errors import InputError, require_choice
from ..._set_module import set_module
from ._bernoulli import BernoulliDensity
from ._categorical import categorical_of
from ._column_kinds import KINDS, identifiers_note, kinds_of
from ._density import MISSING_NOTE, Density, ObservedRows, at_least_ten, refuse_gaps
from ._gaussian import SCALES, Gaussian, gaussian_of
from ._read_columns import ReadColumns

__all__ = ["Mixed", "MixedDensity"]


@set_module("upweight.torch")
@dataclass(frozen=True)
class Mixed:
    """A table of columns of several kinds, independent given z.

        log p(x|z) = sum over columns of the log-density of each

    Parameters
    ----------
    columns : "auto": bool or two values are Bernoulli; text, categories and objects categorical; the rest Gaussian. Or a dict of
        column (its name, or in a matrix its number) to "gaussian", "bernoulli" or "categorical"; columns that it leaves out are read as
        under "auto".
    gaussian : the scale of the Gaussian columns, "shared", "column" or "row".

    Raises
    ------
    InputError : another kind or scale.

    Costs: densities of numbers and probabilities of levels are added up: the figure changes with the unit of a number.
    Source: Nazabal, Olmos, Ghahramani & Valera (2020).

    >>> X = np.array([[1.5, "a", True], [2.5, "b", False], [0.5, "c", True]] * 4, dtype=object)
    >>> Mixed().fitted(X, None, missing="refuse").kinds
    ('gaussian', 'categorical', 'bernoulli')
    """

    columns: Any = "auto"
    gaussian: str = "column"

    def __post_init__(self) -> None:
        require_choice("gaussian", self.gaussian, SCALES)
        if isinstance(self.columns, Mapping):
            for name, kind in self.columns.items():
                require_choice(f"columns[{name!r}]", kind, KINDS)
        elif not isinstance(self.columns, str) or self.columns != "auto":
            raise InputError(
                f"`columns` must be 'auto' or a dict of column to kind; got {self.columns!r}. Write {{'age': 'gaussian'}}."
            )

    def fitted(self, X: Any, weights: np.ndarray | None, *, missing: str) -> MixedDensity:
        """Look at a table (n, D), decide what each column is, and learn it.

        Raises InputError for too few rows, columns that are not there, and columns whose values do not fit what was said of them.
        """
        kinds = kinds_of(X, self.columns)
        columns = ReadColumns.of(X, [kind != "gaussian" for kind in kinds])
        values = columns.values(X)
        at_least_ten(len(values))
        if missing == "refuse":
            refuse_gaps(values, columns)
        parts = tuple(
            self._part(kind, columns, values, places, weights, missing)
            for kind in KINDS
            if (places := [j for j, found in enumerate(kinds) if found == kind])
        )
        said = (*_said(parts), identifiers_note(columns, values), MISSING_NOTE * (missing == "mar"))
        return MixedDensity(columns, missing, tuple(note for note in said if note), tuple(kinds), parts)

    def _part(self, kind: str, columns: ReadColumns, values: np.ndarray, places: list[int], weights: Any, missing: str):
        some, found = columns.some(places), values[:, places]
        if kind == "gaussian":
            return gaussian_of(Gaussian(self.gaussian), some, found, weights, missing)
        return (
            BernoulliDensity(some, missing, (), False) if kind == "bernoulli" else categorical_of(some, found, missing)
        )


def _said(parts: tuple[Density, ...]) -> Iterator[str]:
    for part in parts:
        yield from (note for note in part.notes if note != MISSING_NOTE)


@dataclass(frozen=True, eq=False)
class MixedDensity(Density):
    """Columns of several kinds; `kinds` in the order of the table, `parts` in that of x."""

    kinds: tuple[str, ...]
    parts: tuple[Density, ...]

    @cached_property
    def _order(self) -> np.ndarray:
        """(D,) the column of the table that stands at each place of x."""
        return np.array([j for kind in KINDS for j, found in enumerate(self.kinds) if found == kind])

    @property
    def n_outputs(self) -> int:
        return sum(part.n_outputs for part in self.parts)

    @property
    def n_means(self) -> int:
        return sum(part.n_means for part in self.parts)

    def width(self) -> int:
        return sum(part.width() for part in self.parts)

    def _split(self, x: torch.Tensor, size: Callable[[Density], int]) -> list[torch.Tensor]:
        return list(x.split([size(part) for part in self.parts], -1))

    def _columns_of(self, x: torch.Tensor | None) -> list[Any]:
        return [None] * len(self.parts) if x is None else self._split(x, lambda part: part.columns.n)

    def _slices(self) -> list[slice]:
        ends = np.cumsum([0, *(part.columns.n for part in self.parts)]).tolist()
        return [slice(a, b) for a, b in pairwise(ends)]

    def _arranged(self, values: Any) -> Any:
        return values[:, self._order]

    def coded(self, values: Any) -> Any:
        return np.hstack([part.coded(values[:, at]) for part, at in zip(self.parts, self._slices(), strict=True)])

    def decoded(self, x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        out[:, self._order] = np.hstack(
            [part.decoded(x[:, at]) for part, at in zip(self.parts, self._slices(), strict=True)]
        )
        return out

    def start_bias(self, rows: ObservedRows, weights: np.ndarray | None) -> torch.Tensor:
        pairs = zip(self.parts, self._slices(), strict=True)
        return torch.cat([part.start_bias(rows.part(at), weights) for part, at in pairs])

    def module(self) -> nn.Module | None:
        made = {str(i): m for i, part in enumerate(self.parts) if (m := part.module()) is not None}
        return nn.ModuleDict(made) if made else None

    def _own(self, own: nn.Module | None) -> list[nn.Module | None]:
        held = dict(own.named_children()) if own is not None else {}
        return [held.get(str(i)) for i in range(len(self.parts))]

    def known(self, seen: torch.Tensor) -> torch.Tensor:
        return torch.cat([p.known(s) for p, s in zip(self.parts, self._columns_of(seen), strict=True)], -1)

    def log_prob(self, outputs, x, seen, own):
        each = zip(
            *(self.parts, self._split(outputs, lambda part: part.n_outputs)),
            *(self._columns_of(x), self._columns_of(seen), self._own(own)),
            strict=True,
        )
        return torch.stack([part.log_prob(o, a, s, m) for part, o, a, s, m in each]).sum(0)

    def mean(self, outputs: torch.Tensor, own: nn.Module | None) -> torch.Tensor:
        each = zip(self.parts, self._split(outputs, lambda part: part.n_outputs), self._own(own), strict=True)
        return torch.cat([part.mean(o, m) for part, o, m in each], -1)

    def expected(self, mean: torch.Tensor) -> torch.Tensor:
        """(..., D) numbers their mean, of two values and of levels the likeliest."""
        each = zip(self.parts, self._split(mean, lambda part: part.n_means), strict=True)
        return torch.cat([part.guess(m) for part, m in each], -1)

    def sample(self, outputs, own, generator):
        each = zip(self.parts, self._split(outputs, lambda part: part.n_outputs), self._own(own), strict=True)
        return torch.cat([part.sample(o, m, generator) for part, o, m in each], -1)

    def entries(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        each = zip(self.parts, self._columns_of(x), self._columns_of(seen), strict=True)
        return torch.cat([part.entries(a, s) for part, a, s in each], -1)

    def _document(self) -> dict[str, Any]:
        return {"likelihood": "mixed", "kinds": list(self.kinds), "parts": [part.to_dict() for part in self.parts]}
