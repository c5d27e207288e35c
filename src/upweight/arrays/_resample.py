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

Inside: `resample` (row numbers, ascending). All schemes count first, in O(n + m), and none loops over rows in Python.
For many independent draws from the same weights see `_alias`.

Sources: Kitagawa (1996); Douc & Cappe (2005), Comparison of resampling schemes for particle filtering;
Srinivasan (2001), Distributions on level-sets with applications to approximation algorithms; Gerber, Chopin &
Whiteley (2019), Negative association, ordering and convergence of resampling methods, Ann. Stat. 47.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from .._errors import InputError
from .._rng import as_generator
from ._log import as_rows
from ._namespace import Array, device, floats, to_numpy

__all__ = ["METHODS", "Rng", "drawable", "number_of_draws", "resample"]

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
    m, rng = number_of_draws(m), as_generator(rng)
    xp, l = floats(log_w)
    rows = as_rows(to_numpy(xp, l))
    found = np.empty((len(rows), m), dtype=np.int64)
    for row, out in zip(rows, found, strict=True):
        scheme(drawable(row), out, rng)
    found = found.reshape(*l.shape[:-1], m)
    return found if xp is np else xp.asarray(found, device=device(l))


def systematic(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """One uniform u for all the points (u + i) / m."""
    c, m, u = _running(w), len(out), rng.random()
    _fill(out, len(c), lambda rows, start: np.ceil(c[rows] * m - u).astype(np.int64))


def stratified(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """One uniform a stratum: below m C lie whole strata, and the next one if its point does."""
    c, m = _running(w), len(out)
    point = np.empty(m + 1)
    rng.random(out=point[:m])
    point[m] = 1.0  # behind the last stratum nothing lies

    def below(rows: slice, start: int) -> np.ndarray:
        part = c[rows] * m
        whole = part.astype(np.int64)
        part -= whole
        whole += point.take(whole) < part
        return whole

    _fill(out, len(c), below)


def multinomial(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """Independent uniforms, made in ascending order."""
    c, point = _running(w), _sorted_uniforms(len(out), rng)
    _fill(out, len(c), lambda rows, start: _merged(point, start, c[rows]))


def residual(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """floor(m W) copies for certain, and the draws that are left shared out independently among the fractions."""
    share, whole, left = _fractions(w, len(out))
    sure = np.cumsum(whole, out=whole)
    c, point = (_running(share) if left else share), _sorted_uniforms(left, rng)

    def below(rows: slice, start: int) -> np.ndarray:
        drawn = start - (int(sure[rows.start - 1]) if rows.start else 0)
        return sure[rows] + _merged(point, drawn, c[rows])

    _fill(out, len(c), below)


def ssp(w: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """floor(m W) copies and one more for some: fractions meet in pairs, and each pair settles one of its rows.

    Of a pair with fractions a and b, one goes to zero and the other carries a + b on (if that is below one), or one goes
    to one and the other carries a + b - 1 on; the odds keep both means. Log n rounds settle all rows but one, which is
    whole by then. Neighbours meet first, tile by tile, so that the early rounds stay in the cache.
    """
    share, count, left = _fractions(w, len(out))
    row, lucky = np.arange(len(share)), np.zeros(len(share), dtype=bool)
    tiles = [_tournament(share[i : i + TILE], row[i : i + TILE], lucky, rng) for i in range(0, len(row), TILE)]
    share, last = (np.concatenate(x) for x in zip(*tiles, strict=True))
    _, last = _tournament(share, last, lucky, rng)
    count += lucky
    count[last] += left - int(np.count_nonzero(lucky))
    end = np.cumsum(count, out=count)
    _fill(out, len(end), lambda rows, start: end[rows].copy())


def _tournament(share: np.ndarray, row: np.ndarray, lucky: np.ndarray, rng: np.random.Generator):
    """Let neighbours meet until one row is left; those that get their copy are marked in `lucky`."""
    while len(row) > 1:
        odd = len(row) % 2
        a, b, first, second = share[odd::2], share[odd + 1 :: 2], row[odd::2], row[odd + 1 :: 2]
        total = a + b
        full = total >= 1
        room, chance = np.where(full, 2 - total, total), np.where(full, 1 - a, b)
        to_second = rng.random(len(a)) * room < chance
        lucky[np.where(to_second, second, first)] = full  # of a pair that is not full this is who carries on, unmarked
        carrier = np.where(to_second ^ full, second, first)
        total -= full
        share = np.concatenate([share[:1], total]) if odd else total
        row = np.concatenate([row[:1], carrier]) if odd else carrier
    return share, row


METHODS = {f.__name__: f for f in (systematic, stratified, residual, ssp, multinomial)}


def _scheme(method: str):
    if method not in METHODS:
        raise InputError(f"`method` must be one of {', '.join(METHODS)}; got {method!r}.")
    return METHODS[method]


def number_of_draws(m: int) -> int:
    try:
        if isinstance(m, (bool, np.bool_)):
            raise TypeError
        m = operator.index(m)
    except TypeError:
        raise InputError(f"`m` must be a whole number of draws; got {m!r}.") from None
    if m < 1:
        raise InputError(f"`m` must be at least 1; got {m}.")
    return m


def drawable(l: np.ndarray) -> np.ndarray:
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
    """Write each of `n` rows as often as points lie in it; `below` counts the points below the end of each row.

    The row at place t of the answer is the number of rows that end at or before t: a count and a running sum, which for random
    numbers of copies take a third of the time of `np.repeat`.
    """
    start = 0
    for i in range(0, n, TILE):
        end = below(slice(i, min(i + TILE, n)), start)
        stop = int(end[-1])
        end -= start
        drawn = out[start:stop]
        np.cumsum(np.bincount(end, minlength=len(drawn) + 1)[: len(drawn)], out=drawn)
        drawn += i
        start = stop


def _sorted_uniforms(m: int, rng: np.random.Generator) -> np.ndarray:
    """m ascending uniforms, running sums of m + 1 exponentials over the last, and infinity behind them."""
    point = rng.standard_exponential(m + 1)
    np.cumsum(point, out=point)
    point[:m] /= point[m]
    point[m] = np.inf
    return point


def _merged(point: np.ndarray, start: int, c: np.ndarray) -> np.ndarray:
    """`start` and how many of the ascending uniforms from there on lie at or below each ascending c.

    Uniforms fill m equal cells with one each on the average: the cell of c says where to begin, and a few steps are left.
    """
    m = len(point) - 1
    stop = start + int(np.searchsorted(point[start:m], c[-1], side="right"))
    if stop == start:
        return np.full(len(c), start)
    cell, at = (point[start:stop] * m).astype(np.int64), (c * m).astype(np.int64)
    before = int(cell[0]) - 1
    cell -= before
    at -= before + 1
    np.maximum(at, 0, out=at)
    first = np.cumsum(np.bincount(cell, minlength=int(at[-1]) + 2))
    place = first.take(at)
    place += start
    place += point.take(place) <= c
    higher = point.take(place) <= c
    place += higher
    left = np.flatnonzero(higher)
    while left.size:
        left = left[point.take(place.take(left)) <= c.take(left)]
        place[left] += 1
    return place


def _fractions(w: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Fractions (in place) and whole parts of m W, and how many draws the whole parts leave."""
    w *= m / w.sum()
    whole = np.floor(w)
    w -= whole
    count = whole.astype(np.int64)
    return w, count, m - int(count.sum())
