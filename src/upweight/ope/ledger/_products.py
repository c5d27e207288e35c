"""Means and centred products of w, w r and r: all that values, gains and their errors are made of.

    x = (w, w r', r'),  r' = r less a pivot:      n,  mean x,  sum (x - mean)(x - mean)^T

Two sets of rows merge by Chan's update; another pivot is a linear map of x, so that nothing is lost by it.

What is inside: `Products`. Source: Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays import BLOCK

__all__ = ["Products"]


@dataclass(frozen=True, eq=False)
class Products:
    """Of n rows: mean (3,) of (w, w r', r') and their centred products (3, 3)."""

    n: int
    pivot: float
    mean: np.ndarray
    centred: np.ndarray

    @classmethod
    def of(cls, w: np.ndarray, r: np.ndarray, pivot: float) -> Products:
        """Linear weights and rewards (n,)."""
        made = cls(0, pivot, np.zeros(3), np.zeros((3, 3)))
        for i in range(0, w.size, BLOCK):
            u, f = w[i : i + BLOCK], r[i : i + BLOCK] - pivot
            x = np.stack([u, u * f, f])
            mean = x.mean(axis=1)
            x -= mean[:, None]
            made = made + cls(u.size, pivot, mean, x @ x.T)
        return made

    def __add__(self, other: Products) -> Products:
        other = other.about(self.pivot)
        n = self.n + other.n
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.n / n)
        centred = self.centred + other.centred + np.outer(gap, gap) * (self.n * (other.n / n))
        return Products(n, self.pivot, mean, centred)

    def about(self, pivot: float) -> Products:
        """The same with another pivot."""
        by = self.pivot - pivot
        if by == 0:
            return self
        change = np.array([[1.0, 0, 0], [by, 1, 0], [0, 0, 1]])
        return Products(self.n, pivot, change @ self.mean + [0, 0, by], change @ self.centred @ change.T)

    def norm(self, slope: np.ndarray) -> float:
        """Root of the sum of squares of the influences slope . (x - mean)/n."""
        return float(np.sqrt(max(0.0, float(slope @ self.centred @ slope)))) / self.n

    def to_dict(self) -> dict[str, Any]:
        """Plain lists."""
        return {"n": self.n, "pivot": self.pivot, "mean": self.mean.tolist(), "centred": self.centred.tolist()}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Products:
        """From what `to_dict` gave."""
        mean, centred = np.asarray(d["mean"], dtype=float), np.asarray(d["centred"], dtype=float)
        if mean.shape != (3,) or centred.shape != (3, 3) or not np.isfinite([*mean, *centred.ravel()]).all():
            raise ValueError("products")
        return cls(int(d["n"]), float(d["pivot"]), mean, centred)
