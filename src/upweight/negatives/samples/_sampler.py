"""NegativeSampler: a plan as a resampler, for tables in memory and for pipelines that know imbalanced-learn's samplers.

    fit_resample(X, y)  ->  the kept rows;  sample_indices_, their numbers;  offset_, log pi1 - log pi0 of each;  plan_

The key is the row's position, so the same table in the same order keeps the same rows. What repairs by held-out rows, as `imbalance.Rebalanced` and
`imbalance.compare` do, needs no more than the rows; `offset_` is for trainers that take one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array

from ..._errors import InputError
from ..._set_module import set_module
from ...stream import draw
from ...tables import Labels, frame_of, is_frame, label_rows, row_count, row_slice
from ..designs import plan
from ..scoring import keep_probabilities, key_columns

__all__ = ["NegativeSampler"]

LABEL = "_label"


@set_module("upweight.negatives")
class NegativeSampler(BaseEstimator):
    """Keep few negatives, in proportion to a cheap pilot's score; the rarer class is kept whole.

        pi0 = min(1, max(floor rho, scale p(x))),   rho = per_positive N1 / N0

    Parameters
    ----------
    per_positive : kappa, negatives kept for each positive. pilot : "linear" or a `Pilot`. rule : "proportional", "optimal", "local", "uniform" or a `Rule`.
    rng : seed, Generator or None.

    Attributes
    ----------
    sample_indices_ : (m,) numbers of the kept rows. offset_ : (m,) log-odds to train with. plan_ : the `Plan`.

    Costs: (1 + 1/kappa) times the variance of training on everything; the probabilities of a model trained without the offset are too high.
    Source: Wang, Zhang and Wang, NeurIPS (2021).

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20_000, 3))
    >>> y = rng.random(20_000) < 1 / (1 + np.exp(5 - X.sum(1)))
    >>> s = NegativeSampler(per_positive=3)
    >>> X_kept, y_kept = s.fit_resample(X, y)
    >>> int(y.sum()), int(y_kept.sum()), bool(2.5 < (~y_kept).sum() / y.sum() < 3.5)
    (460, 460, True)

    >>> NegativeSampler(per_positive=3).fit(X, y).fit_resample(X, y)[0].shape == X_kept.shape
    True
    """

    _sampling_type = "bypass"
    _estimator_type = "sampler"

    def __init__(self, *, per_positive: float = 5.0, pilot: Any = "linear", rule: Any = "proportional", rng: Any = 0):
        self.per_positive = per_positive
        self.pilot = pilot
        self.rule = rule
        self.rng = rng

    def fit(self, X: Any, y: Any) -> NegativeSampler:
        """Choose the rows; sets the attributes.

        Raises InputError for other than two classes, columns of one name, a sparse matrix under a pilot, and keys with gaps.

        X : (n, d) table; columns are what the pilot reads. y : (n,) labels of two classes.
        """
        labels = Labels.of(y, rows=row_count(X))
        if len(labels.classes) != 2:
            raise InputError(
                f"negative sampling is for two classes; `y` has {len(labels.classes)}. Thin one class against the rest."
            )
        positive = labels.codes == labels.positive
        table = _arrow_of(X).append_column(LABEL, pa.array(positive))
        made = plan(
            table, label=LABEL, key=None, per_positive=self.per_positive, pilot=self.pilot, rule=self.rule, rng=self.rng
        )
        kept = keep_probabilities(made.design, table)
        u = draw(*key_columns(table, "position"), seed=made.design["seed"])
        stays = np.flatnonzero(u < np.where(positive, kept.pi1, kept.pi0))
        self.plan_ = made
        self.sample_indices_ = stays
        self.offset_ = np.log(kept.pi1[stays]) - np.log(kept.pi0[stays])
        self.n_features_in_ = table.num_columns - 1
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """(X, y) of the kept rows, each in its own kind, in their order."""
        self.fit(X, y)
        return row_slice(X, self.sample_indices_), label_rows(y, self.sample_indices_)


def _arrow_of(X: Any) -> pa.Table:
    """Any table as Arrow columns: those of a frame, or x0, x1, ... of a matrix."""
    if is_frame(X):
        return frame_of(X).to_arrow()
    if sparse.issparse(X):
        raise InputError(
            "the pilot reads columns; `X` is a sparse matrix. Use rule='uniform' on its row numbers, or a dense table."
        )
    finite: Any = "allow-nan"
    X = check_array(X, ensure_all_finite=finite, dtype="numeric")
    return pa.table({f"x{j}": pa.array(X[:, j].astype(np.float64), from_pandas=False) for j in range(X.shape[1])})
