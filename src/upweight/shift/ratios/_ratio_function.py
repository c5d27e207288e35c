"""DensityRatio: a fitted ratio, a function of rows that nothing can change.

    r(X)         Weights of new rows, on the ratio's own scale: w(x) = p_target(x)/p_source(x)
    r.log(X)     the same as natural logs, (rows,)
    r.weights    Weights of the source rows, for averages and checks; of a classifier out of fold, and so not r(source)

A copy for scikit-learn is the same object: a fitted ratio has no settings to try, and a search that copied it would fit it again or copy the
data. It knows its columns and their ranges: a column that was scaled on the way is told.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from ..._errors import InputError, printable, reading
from ..._set_module import set_module
from ..._weights import Step, Weights, rows_worth
from ...tables import Schema, Table, column_names, is_frame
from ..columns import Pooled, container_of_rows
from ._documents import function_document, function_from, schema_document, schema_from
from ._fitted import FittedRatio, RatioFunction

__all__ = ["DensityRatio", "ranges_of", "weights_of"]

DOCUMENT = "upweight.density_ratio/1"
FEWEST = 5  # rows from which the median of a column says something about its scale


@set_module("upweight.shift")
@dataclass(frozen=True, eq=False, repr=False)
class DensityRatio:
    """A fitted density ratio, target over source: call it with rows, and get their Weights.

    Made by `upweight.shift.density_ratio`. Nothing on it can change; `sklearn.base.clone(r)` is r.

    Attributes
    ----------
    method : str, what it was learnt by. alpha : float, 0; of relative least squares the share of the target in the denominator.
    losses : what the choice rested on, smaller is better: {name: log loss out of fold, in nats}, ones having log 2; of least squares
        {(width, ridge): leave-one-out J}, of KLIEP {width: minus the held-out mean log w}.
    weights : Weights of the source rows, kind importance (times those of `base`).

    Raises
    ------
    InputError : rows of other columns.

    Warns
    -----
    UserWarning : a column whose median, of five rows or more, lies outside the range that the ratio was learnt on.

    >>> from upweight.shift import density_ratio
    >>> r = density_ratio([[0.0], [1.0], [2.0], [3.0]], [[0.5], [2.5]], method="none")
    >>> r
    DensityRatio(none, 4 source rows worth 4)
    >>> r([[9.0]]).values
    array([1.])

    >>> type(r).from_dict(r.to_dict()).log([[9.0]])
    array([0.])
    """

    method: str
    alpha: float
    losses: Mapping[Any, float]
    weights: Weights
    _function: RatioFunction = field(repr=False)
    _schema: Schema = field(repr=False)
    _names: tuple[Any, ...] = field(repr=False)
    _ranges: Mapping[str, tuple[float, float]] = field(repr=False)

    def __call__(self, X: Any) -> Weights:
        """Weights (rows,) of any rows with the same columns, on the ratio's own scale; kind importance, no promise."""
        log_w = self.log(X)
        made = Weights.of_log(log_w, kind="importance")
        step = Step("density_ratio", {"method": self.method, "alpha": self.alpha, "rows": "new"})
        return replace(made, trail=(step,), notes=(), _linear=True, _container=container_of_rows(X))

    def log(self, X: Any) -> np.ndarray:
        """(rows,) natural logs of the ratio at any rows X (m, d) with the same columns; -inf is a ratio of zero.

        Raises InputError for rows in another form, or with other columns, than those it was learnt on.
        """
        _refuse_other_names(X, self._names, self._schema.named)
        table = self._schema.read(X)
        _tell_other_scale(table, self._schema, self._ranges)
        return self._function.log(X, table)

    def to_dict(self) -> dict[str, Any]:
        """The ratio as plain numbers, lists and text, for JSON; refused for boosting and classifiers, which no vector describes."""
        log_w = [None if l == -np.inf else l for l in self.weights.log_w.tolist()]
        losses = [[list(key) if isinstance(key, tuple) else key, loss] for key, loss in self.losses.items()]
        return {
            "schema": DOCUMENT,
            "method": self.method,
            "alpha": self.alpha,
            "losses": [[key, None if loss == np.inf else loss] for key, loss in losses],
            "names": list(self._names),
            "ranges": {name: list(ends) for name, ends in self._ranges.items()},
            "columns": schema_document(self._schema),
            "function": function_document(self._function, self.method),
            "weights": {"log_w": log_w, "kind": self.weights.kind},
        }

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> DensityRatio:
        """What `to_dict` wrote; the history of the weights beyond the method is not kept.

        Raises InputError if the document is damaged, lacks a part, or is of another schema or a later version.
        """
        with reading("the ratio", "DensityRatio.to_dict"):
            if d["schema"] != DOCUMENT:
                raise InputError(f"a density ratio has schema {DOCUMENT!r}; got {d['schema']!r}.")
            schema = schema_from(d["columns"])
            log_w = np.array([-np.inf if l is None else l for l in d["weights"]["log_w"]], dtype=np.float64)
            weights = Weights._made(log_w, "density_ratio", d["weights"]["kind"], False)
            step = Step("density_ratio", {"method": d["method"], "alpha": d["alpha"]})
            losses = [(tuple(k) if isinstance(k, list) else k, np.inf if v is None else v) for k, v in d["losses"]]
            return cls(
                method=str(d["method"]),
                alpha=float(d["alpha"]),
                losses=dict(losses),
                weights=replace(weights, trail=(step,)),
                _function=function_from(d["function"], schema),
                _schema=schema,
                _names=tuple(d["names"]),
                _ranges={name: (float(low), float(high)) for name, (low, high) in d["ranges"].items()},
            )

    def __sklearn_clone__(self) -> DensityRatio:
        return self

    def __repr__(self) -> str:
        return f"DensityRatio({self.method}, {self.weights.n:,} source rows worth {rows_worth(self.weights.ess)})"


def weights_of(found: FittedRatio, pooled: Pooled) -> Weights:
    """Weights of all source rows, with what was done on their trail; times those they had already."""
    made = Weights._made(
        pooled.of_source(found.log_w), "density_ratio", "importance", False, container=pooled.container
    )
    losses = {str(name): loss for name, loss in found.losses.items()}
    params = {"method": found.method, "losses": losses, "alpha": found.alpha, **found.steps}
    made = replace(made, trail=(Step("density_ratio", params),))
    return made if pooled.base is None else made * pooled.base


def ranges_of(pooled: Pooled) -> dict[str, tuple[float, float]]:
    """The smallest and largest value of every numeric column, over both samples."""
    numbers = pooled.task.X.numbers
    if sparse.issparse(numbers):
        low, high = (np.asarray(x.todense()).ravel() for x in (numbers.min(axis=0), numbers.max(axis=0)))
    else:
        low, high = np.nanmin(numbers, axis=0), np.nanmax(numbers, axis=0)
    return dict(zip(_numeric(pooled.schema), zip(low.tolist(), high.tolist(), strict=True), strict=True))


def _numeric(schema: Schema) -> list[str]:
    return [c.name for c in schema.columns if c.kind == "numeric"]


def _refuse_other_names(X: Any, names: tuple[Any, ...], named: bool) -> None:
    """Refuse rows whose columns are not those that the ratio was learnt on."""
    have = tuple(column_names(X)) if is_frame(X) else ()
    if named != bool(have):
        known = ", ".join(map(repr, names[:8])) if named else f"{len(names)} columns of an array"
        raise InputError(
            f"the ratio was learnt on {known}; got {type(X).__name__}. Pass rows in the form that it was learnt on."
        )
    if not named or not set(names) - set(have):
        return
    first = next(n for n in names if n not in have)
    raise InputError(
        f"the ratio was learnt on {_shown(names)}; got {_shown(have)}. First difference: {first!r}. Pass the columns it was learnt on."
    )


def _shown(names: tuple[Any, ...]) -> str:
    return ", ".join(map(repr, names[:12])) + (", ..." if len(names) > 12 else "")


def _tell_other_scale(table: Table, schema: Schema, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Warn of columns whose median is outside what the ratio has seen: they were scaled, or are of another unit."""
    if len(table) < FEWEST or sparse.issparse(table.numbers):
        return
    dated = {c.name for c in schema.columns if c.dated}  # tomorrow's rows are later, and that is no unit
    for j, name in enumerate(_numeric(schema)):
        if name in dated:
            continue
        x = table.numbers[:, j]
        there = x[~np.isnan(x)]
        low, high = ranges[name]
        if len(there) >= FEWEST and not low <= (middle := float(np.median(there))) <= high:
            warnings.warn(
                f"the ratio has seen column {printable(name)!r} between {low:.4g} and {high:.4g}, and its median is now {middle:.4g}. Was it "
                "scaled? A scaler goes inside: WeightedEstimator(make_pipeline(StandardScaler(), learner), r).",
                UserWarning,
                stacklevel=4,
            )
            return
