"""Terms of many rows as one matrix, dense columns beside sparse ones, centred without being written out.

    z_i = ((phi_i - m)/s),    u = lam_0 + z lam,    sums of w z and of h z z'

The trouble: an indicator is mostly zero and a centred one never is: 20,000 rows of twelve margins of six levels fit in a cache as they are and in
none once centred. So dense columns are centred and sparse ones only scaled, and their centre c enters the sums:

    sum w (S - 1 c') = S'w - c sum w          sum h (S - 1 c')(S - 1 c')' = S'hS - (S'h)c' - c(S'h)' + c c' sum h

What is inside: `TermMatrix`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["TermMatrix"]

BLOCK = (
    1 << 16
)  # numbers of a block of dense rows: half a megabyte, which stays in the cache and is asked of the system once


@dataclass(frozen=True, eq=False)
class TermMatrix:
    """`dense` (n, a) centred and scaled; `thin` (n, b) CSR scaled, with its `centre` (b,); K = a + b terms."""

    dense: np.ndarray
    thin: Any = None
    centre: np.ndarray | None = None

    @classmethod
    def of(cls, dense: np.ndarray, thin: Any, mean: np.ndarray, scale: np.ndarray) -> TermMatrix:
        """From raw terms; mean (K,) and scale (K,) of all of them, the dense ones first."""
        a = dense.shape[1]
        z = dense - mean[:a]
        z /= scale[:a]
        if thin is None or not thin.shape[1]:
            return cls(z)
        return cls(
            z, sparse.csr_array(thin @ sparse.diags_array(1 / scale[a:])), np.asarray(mean[a:] / scale[a:], dtype=float)
        )

    @property
    def rows(self) -> int:
        return self.dense.shape[0]

    @property
    def terms(self) -> int:
        return self.dense.shape[1] + (0 if self.thin is None else self.thin.shape[1])

    def take(self, rows: np.ndarray) -> TermMatrix:
        """Some of the rows, by ascending number."""
        if len(rows) == self.rows:
            return self
        return TermMatrix(self.dense[rows], None if self.thin is None else self.thin[rows], self.centre)

    def keep(self, terms: np.ndarray) -> TermMatrix:
        """Some of the terms, by mask (K,)."""
        if terms.all():
            return self
        a = self.dense.shape[1]
        if self.thin is None or self.centre is None:
            return TermMatrix(self.dense[:, terms[:a]])
        chosen = np.flatnonzero(terms[a:])
        return TermMatrix(self.dense[:, terms[:a]], sparse.csr_array(self.thin.tocsc()[:, chosen]), self.centre[chosen])

    def dot(self, lam: np.ndarray) -> np.ndarray:
        """(n,) z lam for lam (K,)."""
        a = self.dense.shape[1]
        u = self.dense @ lam[:a]
        if self.thin is not None and self.centre is not None:
            u = u + (self.thin @ lam[a:] - self.centre @ lam[a:])
        return u

    def sums(self, w: np.ndarray) -> np.ndarray:
        """(K,) sum_i w_i z_i."""
        first = w @ self.dense
        if self.thin is None or self.centre is None:
            return first
        return np.append(first, self.thin.T @ w - self.centre * w.sum())

    def gram(self, h: np.ndarray) -> np.ndarray:
        """(K + 1, K + 1) sum_i h_i (1, z_i)(1, z_i)', h >= 0."""
        a, k = self.dense.shape[1], self.terms
        out = np.zeros((k + 1, k + 1))
        out[0, 0] = h.sum()
        out[0, 1:] = self.sums(h)
        root = np.sqrt(h)
        step = max(1, BLOCK // max(1, a))
        room = np.empty((min(step, self.rows), a))
        for i in range(0, self.rows if a else 0, step):
            some = self.dense[i : i + step]
            block = np.multiply(some, root[i : i + step, None], out=room[: len(some)])
            out[1 : a + 1, 1 : a + 1] += block.T @ block
        if self.thin is not None and self.centre is not None:
            self._thin_gram(h, out)
        out[1:, 0] = out[0, 1:]
        return out

    def _thin_gram(self, h: np.ndarray, out: np.ndarray) -> None:
        assert self.thin is not None
        assert self.centre is not None
        a, c = self.dense.shape[1], self.centre
        weighted = sparse.csr_array(self.thin.multiply(h[:, None]))
        raw = np.asarray(self.thin.T @ h)
        out[a + 1 :, a + 1 :] = (
            (self.thin.T @ weighted).toarray() - np.outer(raw, c) - np.outer(c, raw) + h.sum() * np.outer(c, c)
        )
        cross = np.asarray(weighted.T @ self.dense).T - np.outer(h @ self.dense, c)
        out[1 : a + 1, a + 1 :] = cross
        out[a + 1 :, 1 : a + 1] = cross.T

    def written_out(self) -> np.ndarray:
        """(n, K) all of it, centred: for the one linear programme."""
        if self.thin is None or self.centre is None:
            return self.dense
        return np.hstack([self.dense, self.thin.toarray() - self.centre])
