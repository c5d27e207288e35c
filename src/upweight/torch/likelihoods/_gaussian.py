"""Numbers with normal noise, in the user's units.

The trouble: nets want columns of one scale, users want densities of their own; a column that never varies has no density, and a sigma that
may shrink to nothing makes the likelihood of a copied value infinite. So columns are standardised over what was observed, sigma has a
floor, and the density gives the scale back:

    log p(x|z) = sum_d -((u_d - m_d) / s_d)^2 / 2 - log s_d - log(2 pi) / 2 - log sd_d,     u_d = (x_d - mean_d) / sd_d
    s = floor + softplus(.)        one ("shared"), one a column ("column"), or the decoder's, one a row and column ("row")

over the observed entries of the columns that vary. What is inside: `Gaussian`, the settings; `GaussianDensity`, what fit learnt; `Scale`,
the sigmas that are trained.

Source: Kingma & Welling (2014); Mattei & Frellsen (2019) for gaps.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn
from torch.nn import functional as F

from ..._errors import InputError, is_number, require_choice
from ..._set_module import set_module
from ._density import MISSING_NOTE, Density, ObservedRows, at_least_ten, refuse_gaps
from ._read_columns import ReadColumns, table_width
from ._standard import Standard, repeated_note, standard_of

__all__ = ["Gaussian", "GaussianDensity", "Scale"]

SCALES = ("shared", "column", "row")


@set_module("upweight.torch")
@dataclass(frozen=True)
class Gaussian:
    """Numbers with normal noise around the decoder's mean; densities are in the units of the data.

        log p(x|z) = sum_d log N(x_d; mean_d + sd_d m_d(z), (sd_d s_d)^2)

    Parameters
    ----------
    scale : "shared", one sigma; "column", one a column; "row", the decoder's for every row and column.
    floor : > 0, least sigma, in standard deviations of the column.

    Raises
    ------
    InputError : another scale, a floor that is not positive.

    Costs: columns that do not vary are kept out of the density, with a warning; whole numbers count as continuous.
    Source: Kingma & Welling (2014).

    >>> X = np.random.default_rng(0).normal(5, 2, (50, 3))
    >>> d = Gaussian("shared").fitted(X, None, missing="refuse")
    >>> d.rows(X).x.mean(0).abs().max().item() < 1e-6, d.n_outputs
    (True, 3)
    """

    scale: str = "column"
    floor: float = 0.01

    def __post_init__(self) -> None:
        require_choice("scale", self.scale, SCALES)
        if not is_number(self.floor) or not 0 < self.floor < 1:
            raise InputError(f"`floor` must be a number in (0, 1), in standard deviations; got {self.floor!r}.")

    def fitted(self, X: Any, weights: np.ndarray | None, *, missing: str) -> GaussianDensity:
        """Look at a table (n, D) of numbers and learn its columns.

        Raises InputError for too few rows, gaps that are not allowed, empty columns, and numbers too far apart for floats.
        """
        columns = ReadColumns.of(X, [False] * table_width(X))
        return gaussian_of(self, columns, columns.values(X), weights, missing)


def gaussian_of(
    settings: Gaussian, columns: ReadColumns, values: Any, weights: np.ndarray | None, missing: str
) -> GaussianDensity:
    """The density of values (n, D) float64 that the columns have read."""
    values = values.toarray() if sparse.issparse(values) else values
    at_least_ten(len(values))
    if missing == "refuse":
        refuse_gaps(values, columns)
    if np.array_equal(np.unique(values[~np.isnan(values)]), (0.0, 1.0)):
        warnings.warn(
            "0/1 data given to a Gaussian: its density has no bound on two points. Use likelihood='bernoulli'.",
            UserWarning,
            stacklevel=4,
        )
    standard = standard_of(values, weights, columns)
    repeated = repeated_note(values, columns)
    notes = (repeated,) * bool(repeated) + (MISSING_NOTE,) * (missing == "mar")
    return GaussianDensity(columns, missing, notes, standard, settings.scale, float(settings.floor))


class Scale(nn.Module):
    """Sigmas in standardised units, one or one a column, that begin at one."""

    def __init__(self, size: int, floor: float) -> None:
        super().__init__()
        self.floor = floor
        self.raw = nn.Parameter(torch.full((size,), _raw_of_one(floor)))

    def forward(self) -> torch.Tensor:
        """(1,) or (D,) sigma."""
        return self.floor + F.softplus(self.raw)


def _raw_of_one(floor: float) -> float:
    """What gives a sigma of one."""
    return math.log(math.expm1(1 - floor))


@dataclass(frozen=True, eq=False)
class GaussianDensity(Density):
    """Numbers, standardised by `standard`."""

    standard: Standard
    scale: str
    floor: float

    @property
    def n_outputs(self) -> int:
        return self.columns.n * (2 if self.scale == "row" else 1)

    def module(self) -> nn.Module | None:
        return (
            None if self.scale == "row" else Scale(1 if self.scale == "shared" else self.columns.n, self.floor).float()
        )

    def coded(self, values: Any) -> np.ndarray:
        values = values.toarray() if sparse.issparse(values) else values
        self.standard.warn_of_change(values, self.columns)
        x = self.standard.standardised(values)
        self.standard.refuse_far(x, self.columns)
        return x

    def decoded(self, x: np.ndarray) -> np.ndarray:
        return self.standard.raw(x)

    def start_bias(self, rows: ObservedRows, weights: np.ndarray | None) -> torch.Tensor:
        return torch.zeros(self.n_outputs)

    def _split(self, outputs: torch.Tensor, own: nn.Module | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean (..., D) and sigma, (..., D), (D,) or (1,), in standardised units."""
        if self.scale != "row":
            assert own is not None
            return outputs, own()
        mean, raw = outputs.split(self.columns.n, -1)
        return mean, self.floor + F.softplus(raw + _raw_of_one(self.floor))

    def known(self, seen: torch.Tensor) -> torch.Tensor:
        return seen & self._varies(seen)

    def _varies(self, near: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(self.standard.varies).to(near.device)

    def _weight(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """(B, D) one where an entry enters the density, else zero."""
        return (self._varies(x).expand(x.shape) if seen is None else self.known(seen)).to(x)

    def log_prob(self, outputs, x, seen, own):
        mean, sigma = self._split(outputs, own)
        weight = self._weight(x, seen).to(outputs)
        far = (x.unsqueeze(1) - mean) / sigma
        log_sigma = sigma.log()
        if self.scale == "row":
            terms = torch.bmm(-(far.square() / 2 + log_sigma), weight.unsqueeze(-1)).squeeze(-1)
        else:
            terms = torch.bmm(far.square(), weight.unsqueeze(-1)).squeeze(-1) / -2
            terms = terms - (weight * log_sigma).sum(-1, keepdim=True)
        return terms - (weight.double() @ self._units(x)).unsqueeze(-1).to(terms)

    def _units(self, near: torch.Tensor) -> torch.Tensor:
        """(D,) float64 log sd + log(2 pi) / 2: what each entry takes off the density to be in the user's units."""
        return torch.from_numpy(np.log(self.standard.sd) + 0.5 * math.log(2 * math.pi)).to(near.device)

    def mean(self, outputs: torch.Tensor, own: nn.Module | None) -> torch.Tensor:
        return self._split(outputs, own)[0]

    def sample(self, outputs, own, generator):
        mean, sigma = self._split(outputs, own)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        return (mean + sigma * noise) * self._varies(mean)

    def _document(self) -> dict[str, Any]:
        return {
            "likelihood": "gaussian",
            "standard": self.standard.to_dict(),
            "scale": self.scale,
            "floor": self.floor,
        }
