"""Data drawn by importance for `fit`: batches of rows, labels and the loss weights that make up for how they were drawn.

The trouble: `fit` shuffles and knows no weights but those that multiply losses; a class at one per cent then comes in jumps. Here rows are drawn as often as
they weigh, by the plan that the samplers for PyTorch have, and what the draw did not do the loss weight does.

    epoch e:  rows = order(seed, e, p);    sample_weight_i = w_i / (n p_i)

What is inside: `WeightedData`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras  # pyright: ignore[reportMissingImports]
import numpy as np

from .._errors import InputError, require_int
from .._set_module import set_module
from ..training import Proposal, RowDraws, Scores

__all__ = ["WeightedData"]


@set_module("upweight.keras")
class WeightedData(keras.utils.PyDataset):
    """Batches (x, y, sample_weight) for `model.fit`, drawn by importance; a new plan at the beginning of each epoch.

        E[sum of sample_weight x over an epoch] / n = sum w x / sum w

    Parameters
    ----------
    X : array (n, ...) or a dict of them. y : (n, ...) array. sampler : `Weights` or (n,) numbers >= 0, `Scores` of n rows, or n alone.
    batch_size : rows a batch; the last of an epoch may be smaller.

    Attributes
    ----------
    loss_weight : (n,) float32, mean one over draws. p : (n,), probability of a draw to be each row. tau : what scores promise, 1 without.
    scores : the `Scores`, or None. `WeightsCallback` keeps them fresh.

    Raises InputError for X, y and weights of different lengths, and for bad weights.

    Costs: rows of X are copied, a batch at a time. Batch norm sees rows as drawn. Beside `class_weight` it counts twice.
    Source: Katharopoulos and Fleuret, ICML (2018).

    >>> data = WeightedData(np.arange(4.0)[:, None], np.array([0, 0, 0, 1]), [1.0, 1.0, 1.0, 3.0], batch_size=6)
    >>> x, y, w = data[0]
    >>> len(data), len(x), sorted(set(w.tolist()))
    (1, 4, [1.0])
    >>> data.x_of([0, 3]).tolist()
    [[0.0], [3.0]]
    """

    def __init__(self, X: Any, y: Any, sampler: Any, *, batch_size: int = 32):
        super().__init__()
        require_int("batch_size", batch_size)
        self.X, self.y, self.batch_size = X, np.asarray(y), int(batch_size)
        scores = sampler if isinstance(sampler, Scores) else None
        self._draws = RowDraws(len(scores) if scores is not None else sampler, scores=scores)
        n = {len(a) for a in (*X.values(),)} if isinstance(X, Mapping) else {len(X)}
        if n != {self._draws.n} or len(self.y) != self._draws.n:
            raise InputError(
                f"X, y and weights must have as many rows; got {max(n):,}, {len(self.y):,} and {self._draws.n:,}. Pass all rows."
            )
        self._epoch = -1
        self._planned: tuple[int, Proposal, np.ndarray] | None = None

    @property
    def n(self) -> int:
        """Rows."""
        return self._draws.n

    @property
    def scores(self) -> Scores | None:
        """The scores, if rows are drawn by them."""
        return self._draws.scores

    @property
    def target(self) -> np.ndarray:
        """(n,) weights that are meant to act, mean one."""
        return self._draws.target

    @property
    def rows(self) -> np.ndarray:
        """Row numbers of this epoch, in order."""
        return self._plan()[2]

    @property
    def p(self) -> np.ndarray:
        """(n,) probability of a draw to be each row, this epoch."""
        return self._plan()[1].p

    @property
    def tau(self) -> float:
        """What the scores promise."""
        self._plan()
        return 1.0 if self.scores is None else float(self.scores.tau)

    @property
    def loss_weight(self) -> np.ndarray:
        """(n,) float32, this epoch."""
        v = self._plan()[1].loss_weight
        return np.ones(self.n, dtype=np.float32) if v is None else v.astype(np.float32)

    def _plan(self) -> tuple[int, Proposal, np.ndarray]:
        epoch = max(self._epoch, 0)
        if self._planned is None or self._planned[0] != epoch:
            if epoch:
                self._draws.settle()
            proposal = self._draws.propose(self._draws.size)
            self._planned = epoch, proposal, self._draws.order(proposal, self._draws.size, epoch)
        return self._planned

    def on_epoch_begin(self) -> None:
        """A new plan; at the end would be once too often."""
        self._epoch += 1
        self._plan()

    def __len__(self) -> int:
        return -(-self._draws.size // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, np.ndarray, np.ndarray]:
        rows = self.rows[index * self.batch_size : (index + 1) * self.batch_size]
        v = self._plan()[1].loss_weight
        w = np.ones(len(rows), dtype=np.float32) if v is None else v[rows].astype(np.float32)
        return self.x_of(rows), self.y[rows], w

    def x_of(self, rows: Any) -> Any:
        """X of some row numbers (b,), in the form in which X came."""
        return {k: a[rows] for k, a in self.X.items()} if isinstance(self.X, Mapping) else self.X[rows]
