"""Many independent draws from the same weights, each in constant time.

A uniform number finds its row among n running sums in log n steps. Walker's table needs one: give each of n cells of
equal width to one row, let light rows leave part of their cell to a heavy one, and

    draw a cell, keep its own row with probability keep, else take its alias

Vose builds the table with two stacks, one step a row. The same table follows from two running sums and two sorted
searches, without a loop: where the sum of the light rows' deficits meets that of the heavy rows' surpluses tells who
fills whose cell.

Inside: `alias_table` and the `AliasTable` that it makes. For one sample of many rows `resample` is faster and less noisy.

Sources: Walker (1977), An efficient method for generating discrete random variables, ACM TOMS 3; Vose (1991), A linear
algorithm for generating random numbers with a given distribution, IEEE TSE 17.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import InputError
from .._rng import as_generator
from ._namespace import Array, device, floats, to_numpy
from ._resample import Rng, drawable, number_of_draws

__all__ = ["AliasTable", "alias_table"]


def alias_table(log_w: Array) -> AliasTable:
    """Prepare independent draws in constant time each: worth it from a few draws a row on.

        a row is a fair cell of [0, 1]; keep_i of it is its own, the rest belongs to alias_i

    Parameters
    ----------
    log_w : (n,) array of log-weights, any scale; -inf is never drawn

    Returns
    -------
    AliasTable, whose `draw(m, rng=)` gives row numbers.

    Raises
    ------
    InputError : every weight is zero, a weight is NaN or infinite, or more than one axis.

    Notes
    -----
    Costs: no bias; the probabilities are exact to 1e-14.
    Source: Walker (1977); Vose (1991). The table is built from two running sums instead of two stacks.

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import alias_table
    >>> table = alias_table(np.log([1.0, 2.0, 5.0]))
    >>> np.bincount(table.draw(8000, rng=0)).tolist()
    [998, 2009, 4993]
    """
    xp, l = floats(log_w)
    if l.ndim != 1:
        raise InputError(f"an alias table holds one vector of weights; got shape {tuple(l.shape)}. Pick a row.")
    w = drawable(to_numpy(xp, l))
    keep, alias = _cells(w * (len(w) / w.sum()))
    return AliasTable(keep, alias, None if xp is np else (xp, device(l)))


@dataclass(frozen=True, eq=False)
class AliasTable:
    """Weights prepared for independent draws; made by `alias_table`.

    keep : (n,) float64 in [0, 1], the share of its cell that each row keeps
    alias : (n,) int64, the row that gets the rest
    """

    keep: np.ndarray
    alias: np.ndarray
    home: tuple[Any, Any] | None = None  # library and device of the weights, if they were no NumPy array

    def draw(self, m: int, *, rng: Rng = None) -> Array:
        """Draw `m` row numbers independently, in no order: (m,) int64, in the library of the weights.

        m : number of draws, at least 1
        rng : seed, `numpy.random.Generator` or None

        Raises InputError if `m` is no whole number of at least 1, or `rng` is none of the three.

        >>> import numpy as np
        >>> from upweight.arrays import alias_table
        >>> alias_table([0.0, -np.inf]).draw(3, rng=0).tolist()
        [0, 0, 0]
        """
        m, rng = number_of_draws(m), as_generator(rng)
        cell = rng.integers(0, len(self.keep), size=m)
        found = np.where(rng.random(m) < self.keep[cell], cell, self.alias[cell])
        return found if self.home is None else self.home[0].asarray(found, device=self.home[1])


def _cells(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Alias cells of weights with mean one.

    Light rows (q < 1) line up their deficits, heavy ones their surpluses; where the two running sums cross
    says who fills whose cell. A heavy row whose surplus ends inside a deficit borrows the rest from the next.
    """
    keep, alias = np.minimum(q, 1.0), np.arange(len(q))
    light, heavy = np.flatnonzero(q < 1), np.flatnonzero(q >= 1)
    if not len(light) or not len(heavy):  # all equal, but for rounding
        return np.ones(len(q)), alias
    deficit, surplus = np.cumsum(1 - q[light]), np.cumsum(q[heavy] - 1)
    before = np.concatenate([[0.0], deficit[:-1]])
    lender = np.searchsorted(surplus, before, side="right")
    alias[light] = heavy[np.minimum(lender, len(heavy) - 1)]
    end = np.searchsorted(deficit, surplus[:-1], side="right")
    # a heavy row emptied to the last bit (before == surplus) owes nothing
    spent = np.flatnonzero((end < len(light)) & (before[np.minimum(end, len(light) - 1)] < surplus[:-1]))
    keep[heavy[spent]] = np.clip(1 - (deficit[end[spent]] - surplus[spent]), 0.0, 1.0)
    alias[heavy[spent]] = heavy[spent + 1]
    return keep, alias
