"""Ledger: an evaluation of more decisions than fit into memory.

The trouble: a log of a year arrives in files by day, from many machines. Values of days cannot be averaged into the value of the year with an error
that is right, and a sample of the rows misses the large weights that decide. A ledger keeps sums,

    Ledger.of(first, w) + Ledger.of(second, w) + ...  =  the ledger of all rows,   in any split and any order

and makes of them what `evaluate` says, but for what only rows can tell: tails of the reward, and the proof.

What is inside: `Ledger`. Source: Chan, Golub and LeVeque (1983) for sums that merge.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._check import Tally, labels, plain
from ..._errors import InputError, reading
from ..._estimate import read_values
from ..._frames import container_of, same_rows
from ..._frames import labels as numbered
from ..._set_module import set_module
from ..._weights import Weights
from ..evaluation import Evaluation
from ..values import require_weights
from ._products import Products
from ._result import evaluation_of
from ._sums import Rewards, buckets_of, caps_of, labels_of, shifted

__all__ = ["Ledger"]

SCHEMA = "upweight.ledger/1"
LEAST = 1e-100
LARGEST_LOG = 300.0  # whose squares, of a million rows, fit a float


@set_module("upweight.ope")
@dataclass(frozen=True, eq=False, repr=False)
class Ledger:
    """The sums of some decisions; ledgers of batches add up to that of all.

    Made by `Ledger.of`; `a + b` has the rows of `b` after those of `a`, which matters for the number of the largest row only.

    >>> import numpy as np
    >>> import upweight as uw
    >>> from upweight.ope.evaluation import demo
    >>> log = demo("digits")
    >>> of = lambda rows: uw.ope.Ledger.of(log.reward[rows], uw.ratio(log.target[rows], log.logged[rows]))
    >>> whole = sum(of(rows) for rows in np.array_split(np.arange(10_000), 7))
    >>> whole.n, whole.result().decision, round(whole.result().gain.value, 3)
    (10000, 'BETTER', 0.365)

    >>> uw.ope.Ledger.from_dict(whole.to_dict()).to_json() == whole.to_json()
    True
    """

    tally: Tally  # the weights, as `Tally`
    products: Products  # sums of w, r and their products, from which value and gain follow
    caps: np.ndarray  # thresholds of the path
    above: np.ndarray  # sums over the rows above each cap
    rewards: Rewards  # how often which reward came, and the weight it carried
    by: Mapping[Any, np.ndarray] | None  # {label: sums}, or None
    by_name: str  # what the labels are
    buckets: np.ndarray | None  # sums by hash of the cluster, or None

    @classmethod
    def of(cls, reward: Any, w: Weights, *, cluster: Any = None, by: Any = None) -> Ledger:
        """The ledger of one batch.

        Parameters
        ----------
        reward : (n,) numbers, finite in every row, in the unit of all batches.
        w : Weights (n,) of kind importance, untamed.
        cluster : (n,) labels of rows that belong together, in whatever batch; kept in 4,096 buckets by a hash of their text.
        by : (n,) labels known before the decision; mean weight and value of each.

        Raises
        ------
        InputError : no or tamed weights, gaps, other lengths, weights beyond e^300.

        Costs: 0.6 MB, and some 30 passes over the rows. Clusters that fall into one bucket are added up first, which leaves the error right on
        the average and within 5 % of that of `evaluate`.
        """
        w = require_weights(w, "Ledger.of") if not _all_zero(w) else w
        if w.tamed:
            raise InputError("Ledger.of takes untamed weights: its path shows taming. Pass w.raw.")
        columns = read_values(Weights.of(np.ones(w.n), kind="importance"), reward, name="reward")
        same_rows(w._container, columns.container, ("weights", "reward"))
        one = columns.only("reward")
        _refuse_length(w, one.values.size)
        r = one.values * one.unit
        if w.log_w.max() > LARGEST_LOG:
            raise InputError(
                f"weights up to e^{LARGEST_LOG:.0f} can be added up; got a log of {w.log_w.max():.6g}. Check the probabilities."
            )
        _refuse_sizes(w, r)
        linear, pivot = np.exp(w.log_w), float(r[0])
        caps, above = caps_of(linear, r - pivot)
        tally = Tally.of(w, by=by)
        table = None if by is None else _table(linear, r - pivot, by)
        return cls(
            tally,
            Products.of(linear, r, pivot),
            caps,
            above,
            Rewards.of(linear, r),
            table,
            _name_of(by),
            None if cluster is None else _buckets(w, linear, r - pivot, cluster),
        )

    def __add__(self, other: Any) -> Ledger:
        if not isinstance(other, Ledger):
            return NotImplemented
        if (self.buckets is None) != (other.buckets is None):
            raise InputError(
                "both ledgers must have `cluster`, or neither; one of them has not. Keep every batch alike."
            )
        by = other.products.pivot - self.products.pivot
        return Ledger(
            self.tally + other.tally,
            self.products + other.products,
            self.caps + shifted(other.caps, by),
            self.above + other.above,
            self.rewards + other.rewards,
            None if self.by is None or other.by is None else _both(self.by, other.by, by),
            self.by_name,
            None if self.buckets is None or other.buckets is None else self.buckets + shifted(other.buckets, by),
        )

    def __radd__(self, other: Any) -> Ledger:
        return self if other == 0 else NotImplemented  # sum(ledgers) starts at 0

    @property
    def n(self) -> int:
        """Decisions, weights of zero counted."""
        return self.products.n

    def result(self) -> Evaluation:
        """What `evaluate` says of all rows: value, gain, their errors and the tests of the mean weight are the same to 1e-9.

        Tails are those of the weights alone, the path has a grid of its own, powers of two, and there is no guarantee.

        Raises InputError if every weight is zero.

        Costs: an interval that is too narrow where rewards themselves have a heavy tail; look at a sample of them.
        """
        return evaluation_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Schema "upweight.ledger/1": plain types that survive JSON without losing a bit."""
        table = None if self.by is None else [[label, x.tolist()] for label, x in self.by.items()]
        made = {"schema": SCHEMA, "tally": self.tally.to_dict(), "products": self.products.to_dict()}
        made |= {"caps": self.caps.tolist(), "above": self.above.tolist(), "rewards": self.rewards.to_dict()}
        buckets = None if self.buckets is None else self.buckets.tolist()
        return plain(made | {"by": table, "by_name": self.by_name, "buckets": buckets})

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Ledger:
        """The ledger that `to_dict` wrote.

        Raises InputError if the document is damaged, lacks a part, or is of another schema.
        """
        found = d.get("schema") if isinstance(d, Mapping) else type(d).__name__
        if found != SCHEMA:
            raise InputError(f"a ledger has schema {SCHEMA!r}; got {found!r}. Pass what Ledger.to_dict gave.")
        with reading("this ledger", "Ledger.to_dict"):
            table = None if d["by"] is None else {label: np.asarray(x, dtype=float) for label, x in d["by"]}
            made = cls(
                Tally.from_dict(d["tally"]),
                Products.from_dict(d["products"]),
                _shaped(d["caps"], (2, 17)),
                _shaped(d["above"], (17,)),
                Rewards.from_dict(d["rewards"]),
                table,
                str(d["by_name"]),
                None if d["buckets"] is None else _shaped(d["buckets"], (2, 2, 4096)),
            )
            str(made.result())
        return made

    def __repr__(self) -> str:
        extras = [name for name, part in (("by", self.by), ("cluster", self.buckets)) if part is not None]
        return f"Ledger({self.n:,} decisions{''.join(', with ' + name for name in extras)})"


def _all_zero(w: Any) -> bool:
    """Whether a batch happens to hold nothing that the target does; the others may."""
    return isinstance(w, Weights) and w.ndim == 1 and w.kind == "importance" and bool((w.log_w == -np.inf).all())


def _refuse_sizes(w: Weights, r: np.ndarray) -> None:
    """Sums of w^2 r^2 must be floats."""
    top = float(np.abs(r).max())
    if 0 < top < LEAST:
        raise InputError(
            f"rewards must be 0 or reach {LEAST:g}, for their squares are added up; got {top:.3g} at most. Rescale them."
        )
    if top > 0 and math.log(top) + max(0.0, float(w.log_w.max())) > LARGEST_LOG:
        raise InputError(
            f"rewards times weights up to e^{LARGEST_LOG:.0f} can be added up; got rewards up to {top:.3g}. Rescale them in every batch."
        )


def _refuse_length(w: Weights, rows: int) -> None:
    if rows != w.n:
        raise InputError(
            f"`reward` must have one entry a weight; got {rows:,} for {w.n:,} weights. Pass both of the same rows."
        )


def _table(w: np.ndarray, f: np.ndarray, by: Any) -> dict[Any, np.ndarray]:
    codes, names, _ = labels(by, w.size, "by")
    sums = labels_of(w, f, codes, len(names))
    return {name: sums[:, :, i] for i, name in enumerate(names)}


def _both(a: Mapping[Any, np.ndarray], b: Mapping[Any, np.ndarray], by: float) -> dict[Any, np.ndarray]:
    nothing = np.zeros((3, 3))
    names = dict.fromkeys((*a, *b))
    return {name: a.get(name, nothing) + shifted(b.get(name, nothing), by) for name in names}


def _buckets(w: Weights, linear: np.ndarray, f: np.ndarray, cluster: Any) -> np.ndarray:
    same_rows(w._container, container_of(cluster), ("weights", "cluster"))
    codes = numbered(cluster, "cluster")[0]
    if codes.size != w.n:
        raise InputError(
            f"`cluster` must have one entry a weight; got {codes.size:,} for {w.n:,} weights. Pass both of the same rows."
        )
    return buckets_of(linear, f, cluster)


def _name_of(by: Any) -> str:
    name = getattr(by, "name", None)
    return name if isinstance(name, str) and name else "by"


def _shaped(x: Any, shape: tuple[int, ...]) -> np.ndarray:
    a = np.asarray(x, dtype=float)
    if a.shape != shape or not np.isfinite(a).all():
        raise ValueError(f"sums of shape {a.shape}")
    return a
