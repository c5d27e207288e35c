"""Drawing rows in proportion to their weights.

To draw m rows with probabilities W is to give every row a whole number of copies with mean m W. The schemes
differ in what else the copies do; the less they vary, the less an average over the drawn rows does.

    systematic    one uniform u: ceil(m C_i - u) - ceil(m C_(i-1) - u), C the running sum of W; the fastest
    stratified    one uniform in each of m strata of [0, 1]
    residual      floor(m W) copies for certain, the rest multinomial
    ssp           floor or ceiling of m W, whatever the order of the rows (Srinivasan's sampling)
    multinomial   m independent draws, the noisiest

If unsure: systematic. But where the order of the rows goes in step with the values averaged (alternating
rows, say), systematic can be a hundred times worse than independent draws; ssp cannot.

Inside: `resample` (row numbers, ascending) and `alias_table` for many independent draws from the same
weights, each in constant time. All make counts first, in O(n + m), and none loops over rows in Python.

Sources: Kitagawa (1996); Douc & Cappe (2005), Comparison of resampling schemes for particle filtering;
Srinivasan (2001), Distributions on level-sets with applications to approximation algorithms; Gerber, Chopin &
Whiteley (2019), Negative association, ordering and convergence of resampling methods, Ann. Stat. 47; Walker
(1977) and Vose (1991) for the alias method.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from upweight._errors import InputError
from upweight.arrays._log import as_rows
from upweight.arrays._namespace import Array, device, floats, to_numpy

__all__ = ["METHODS", "AliasTable", "alias_table", "resample"]

TILE = 1 << 15  # rows made together, in the cache
Rng = int | np.random.Generator | None


def resample(log_w: Array, m: int, *, method: str = "systematic", rng: Rng = None) -> Array:
    """Draw row numbers in proportion to the weights: an equally weighted sample instead of a weighted one.

        E[copies of row i] = m W_i

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is never drawn
    m : number of draws, at least 1
    method : "systematic", "stratified", "residual", "ssp" or "multinomial"
    rng : seed, `numpy.random.Generator` or None

    Returns
    -------
    (..., m) int64 array, same library: row numbers, ascending. Drawn in NumPy; no gradient flows through it.

    Raises
    ------
    InputError : every weight is zero, a weight is NaN or infinite, m < 1, or an unknown method.

    Notes
    -----
    Costs: no bias, but noise that the weighted average does not have.
    Source: Douc & Cappe (2005); Gerber, Chopin & Whiteley (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import resample
    >>> resample(np.log([1.0, 6.0, 1.0]), 8, method="systematic", rng=0).tolist()
    [0, 1, 1, 1, 1, 1, 1, 2]
    """
    scheme = _scheme(method)
    m, rng = _draws(m), np.random.default_rng(rng)
    xp, l = floats(log_w)
    rows = as_rows(to_numpy(xp, l))
    found = np.empty((len(rows), m), dtype=np.int64)
    for row, out in zip(rows, found, strict=True):
        scheme(_weights(row), out, rng)
    found = found.reshape(*l.shape[:-1], m)
    return found if xp is np else xp.asarray(found, device=device(l))


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
    w = _weights(to_numpy(xp, l))
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

        >>> import numpy as np
        >>> from upweight.arrays import alias_table
        >>> alias_table([0.0, -np.inf]).draw(3, rng=0).tolist()
        [0, 0, 0]
        """
        m, rng = _draws(m), np.random.default_rng(rng)
        cell = rng.integers(0, len(self.keep), size=m)
        found = np.where(rng.random(m) < self.keep[cell], cell, self.alias[cell])
        return found if self.home is None else self.home[0].asarray(found, device=self.home[1])


def systematic(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """One uniform u for all the points (u + i) / m."""
    c, m, u = _running(w), len(out), rng.random()
    _fill(out, len(c), lambda rows, start: np.ceil(c[rows] * m - u))


def stratified(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """One uniform a stratum: below m C lie whole strata, and the next one if its point does."""
    c, m = _running(w), len(out)
    point = np.append(rng.random(m), 1.0)  # behind the last stratum nothing lies

    def below(rows: slice, start: int) -> np.ndarray:
        part = c[rows] * m
        whole = part.astype(np.int64)
        part -= whole
        return whole + (point[whole] < part)

    _fill(out, len(c), below)


def multinomial(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """Independent uniforms, made in ascending order."""
    c, point = _running(w), _sorted_uniforms(len(out), rng)
    _fill(out, len(c), lambda rows, start: start + _merged(point[start:], c[rows]))


def residual(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """floor(m W) copies for certain, and the draws that are left shared out independently among the fractions."""
    share, whole, left = _fractions(w, len(out))
    sure = np.cumsum(whole)
    c, point = (_running(share) if left else share), _sorted_uniforms(left, rng)

    def below(rows: slice, start: int) -> np.ndarray:
        drawn = start - (sure[rows.start - 1] if rows.start else 0)
        return sure[rows] + drawn + _merged(point[drawn:], c[rows])

    _fill(out, len(c), below)


def ssp(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """floor(m W) copies and one more for some: fractions meet in pairs, and each pair settles one of its rows.

    Of a pair with fractions a and b, one goes to zero and the other carries a + b on (if that is below one), or one goes
    to one and the other carries a + b - 1 on; the odds keep both means. Log n rounds settle all rows but one, which is
    whole by then. Neighbours meet first, tile by tile, so that the early rounds stay in the cache.
    """
    share, count, left = _fractions(w, len(out))
    row, before = np.arange(len(share)), int(count.sum())
    tiles = [_tournament(share[i : i + TILE], row[i : i + TILE], count, rng) for i in range(0, len(row), TILE)]
    share, last = (np.concatenate(x) for x in zip(*tiles, strict=True))
    _, last = _tournament(share, last, count, rng)
    count[last] += left - (int(count.sum()) - before)
    out[:] = np.repeat(row, count)


def _tournament(share: np.ndarray, row: np.ndarray, count: np.ndarray, rng: np.random.Generator):
    """Let neighbours meet until one row is left; those that get their copy are counted in `count`."""
    while len(row) > 1:
        odd = len(row) % 2
        a, b, first, second = share[odd::2], share[odd + 1 :: 2], row[odd::2], row[odd + 1 :: 2]
        total = a + b
        full = total >= 1
        room, chance = np.where(full, 2 - total, total), np.where(full, 1 - a, b)
        to_second = rng.random(len(a)) * room < chance
        count[np.where(to_second, second, first)[full]] += 1
        carrier = np.where(to_second ^ full, second, first)
        share, row = np.concatenate([share[:odd], total - full]), np.concatenate([row[:odd], carrier])
    return share, row


METHODS = {f.__name__: f for f in (systematic, stratified, residual, ssp, multinomial)}


def _scheme(method: str):
    if method not in METHODS:
        raise InputError(f"`method` must be one of {', '.join(METHODS)}; got {method!r}.")
    return METHODS[method]


def _draws(m: int) -> int:
    try:
        m = operator.index(m)
    except TypeError:
        raise InputError(f"`m` must be a whole number of draws; got {m!r}.") from None
    if m < 1:
        raise InputError(f"`m` must be at least 1; got {m}.")
    return m


def _weights(l: np.ndarray) -> np.ndarray:
    """Weights relative to the largest, in float64."""
    peak = float(l.max(initial=-np.inf))
    if peak == -np.inf:
        raise InputError("every weight is zero: no row can be drawn. Check the support of the source.")
    if not np.isfinite(peak):
        row = int(np.flatnonzero(~(l < np.inf))[0])
        raise InputError(f"log-weights must be finite or -inf; got {l[row]:g} at row {row}. Drop it first.")
    w = np.subtract(l, peak, dtype=np.float64)
    return np.exp(w, out=w)


def _running(w: np.ndarray) -> np.ndarray:
    """Running sums over their own last value, in place: from the last positive weight on exactly one."""
    np.cumsum(w, out=w)
    w /= w[-1]
    return w


def _fill(out: np.ndarray, n: int, below: Callable[[slice, int], np.ndarray]) -> None:
    """Write each of `n` rows as often as points lie in it; `below` counts the points below the end of each row."""
    start = 0
    for i in range(0, n, TILE):
        rows = slice(i, min(i + TILE, n))
        end = below(rows, start).astype(np.int64, copy=False)
        out[start : end[-1]] = np.repeat(np.arange(rows.start, rows.stop), np.diff(end, prepend=start))
        start = int(end[-1])


def _sorted_uniforms(m: int, rng: np.random.Generator) -> np.ndarray:
    """Ascending uniforms: running sums of m + 1 exponentials over the last."""
    point = np.cumsum(rng.standard_exponential(m + 1))
    return point[:-1] / point[-1]


def _merged(point: np.ndarray, c: np.ndarray) -> np.ndarray:
    """How many of the ascending points lie at or below each ascending c; only those that any c reaches are searched."""
    return np.searchsorted(point[: np.searchsorted(point, c[-1], side="right")], c, side="right")


def _fractions(w: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Fractions (in place) and whole parts of m W, and how many draws the whole parts leave."""
    w *= m / w.sum()
    whole = np.floor(w)
    w -= whole
    count = whole.astype(np.int64)
    return w, count, m - int(count.sum())


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
