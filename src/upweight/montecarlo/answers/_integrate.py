"""integrate: an integral over a box by vegas, whose map adapts first and is frozen before the answer.

    five iterations adapt the map;    eight more, map frozen:  I_r = sum of f/density over iteration r;    value = mean of the I_r

The trouble: vegas averages its iterations by weights that are their own estimated errors, and iterations that missed a peak have small errors and low
values. On a function that is zero but in a corner it is low by a percent, and its interval covers every other time. Eight iterations of one
frozen map are independent and unbiased each, and their spread is an error; that costs the adapting calls.

What is inside: `integrate`.

Sources: Lepage (1978), A new algorithm for adaptive multidimensional integration, J. Comput. Phys. 27; Lepage (2021), Adaptive multidimensional
integration: VEGAS enhanced, J. Comput. Phys. 439.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._errors import InputError, require_int, require_package
from ..._estimate import Estimate
from ..._rng import as_generator
from ..._version import __version__
from ..._weights import Weights
from ..calls import Calls, Question, Run
from ..draws import Draws
from ._draw import refuse_run
from ._integral import Integral

__all__ = ["integrate"]

QUESTION = Question(
    "f", "Where f is not defined return 0 or leave the place out of the bounds.", several=True, finite=True
)
ADAPTING, REPEATS = 5, 8
LOST = "vegas's map came apart: f is 0, or nearly, at all but a few points of an iteration. Narrow the bounds, or raise budget=."
LEAST = 1300  # 100 rows an iteration


def integrate(
    f: Callable[[Any], Any], bounds: Any, *, budget: int = 50_000, run: Run | None = None, rng: Any = None
) -> Integral:
    """The integral of f over a box, by vegas with its map frozen, with an interval that covers. Needs the extra `[vegas]`.

        value = mean over eight repeats of sum_i f(x_i)/density(x_i),   se = their sd/sqrt(8)

    Parameters
    ----------
    f : function of x (n, d) giving (n,) numbers, or (n, c) for c integrals over the same points; the map adapts to the first.
    bounds : d pairs (low, high), finite. budget : rows given to f at most, 1,300 at least; an iteration has a thirteenth.
    run : `Run`, how f is called, of one column or several. rng : int, Generator or None.

    Returns
    -------
    Integral.

    Raises
    ------
    InputError : bounds that are infinite or the wrong way round; f NaN or infinite, with the place. MissingExtra : without vegas.

    Costs: five thirteenths of the calls shape the map and are in no average. A peak that no adapting iteration hit is missed by most repeats.
    Source: Lepage (2021), Adaptive multidimensional integration: VEGAS enhanced.

    >>> i = integrate(lambda x: np.exp(x.sum(axis=1)), [(0, 1)] * 2, budget=13_000, rng=0)       # exact: (e - 1)^2 = 2.952492
    >>> low, high = i.value.interval()
    >>> bool(low < (np.e - 1) ** 2 < high), i.value.se < 0.002, i.calls <= 13_000
    (True, True, True)
    """
    box = _read_bounds(bounds)
    require_int("budget", budget, LEAST)
    refuse_run(run, rng)
    require_package("vegas", extra="vegas", room="montecarlo.integrate")
    generator = as_generator(rng)
    owner = {"upweight": __version__, "function": getattr(f, "__qualname__", type(f).__name__)}
    owner |= {"rng": None if rng is None else str(rng), "settings": {"budget": int(budget), "bounds": box.tolist()}}
    with Calls(f, QUESTION, to_x=lambda x: x, budget=int(budget), run=run, owner=owner) as ask:
        ask(box.mean(axis=1)[None], "first call")
        return _repeated(box, ask, generator)


def _repeated(box: np.ndarray, ask: Calls, rng: np.random.Generator) -> Integral:
    """Five iterations that adapt, eight that do not."""
    from vegas import Integrator, batchintegrand  # type: ignore[import-not-found]

    grid = Integrator(box.tolist(), ran_array_generator=rng.random)
    neval = (ask.budget - 1) // (ADAPTING + REPEATS)

    def adapted(x: np.ndarray) -> np.ndarray:
        if (
            len(x) == 1
        ):  # vegas looks at the shape of an answer first, at a point of a generator that is not ours: f is spared that
            return np.zeros(1)
        if not np.isfinite(x).all():
            raise InputError(LOST)
        y = ask(np.array(x), "adapt")
        y = y if y.ndim == 1 else np.ascontiguousarray(y[:, 0])
        unit.append(float(np.abs(y).max()) or 1.0)
        return y / unit[0]

    unit: list[float] = []  # vegas squares what it is given: f is handed over in the unit of its first rows
    found = _adapted_grid(grid, batchintegrand(adapted), neval)
    history: list[dict[str, Any]] = [
        {"phase": "adapt", "value": float(one.mean) * unit[0], "sd": float(one.sdev) * unit[0]}
        for one in found.itn_results
    ]
    grid.set(adapt=False)
    points, shares, values = [], [], []
    for repeat in range(REPEATS):
        pieces = [(np.array(x), np.array(w)) for x, w in grid.random_batch()]
        x, w = (np.concatenate(column) for column in zip(*pieces, strict=True))
        y = ask(x, "frozen")
        values.append(_summed(w, y.reshape(len(y), -1)))
        points.append(x)
        shares.append(w)
        history.append(
            {"phase": "frozen", "repeat": repeat + 1, "value": [float(v) for v in values[-1]], "calls": len(x)}
        )
    counts = np.array([len(x) for x in points])
    n = int(counts.sum())
    log_w = np.log(np.concatenate(shares)) + np.log(n / REPEATS)
    exact = bool(np.prod(box[:, 1] - box[:, 0]) == 1)
    weights = Weights.of_log(log_w, kind="importance", exact=exact)
    cluster = np.repeat(np.arange(REPEATS), counts)
    draws = Draws(np.concatenate(points), weights, np.empty((0, n)), counts, cluster)
    each = np.array(values)
    return Integral(Estimate.of_repeats(each[:, 0] if each.shape[1] == 1 else each), draws, ask.calls, history)


def _adapted_grid(grid: Any, f: Any, neval: int) -> Any:
    """The iterations that shape the map; what vegas raises of a map without a number in it is said in our words."""
    try:
        return grid(f, nitn=ADAPTING, neval=neval, adapt=True)
    except ValueError as error:
        if isinstance(error, InputError) or getattr(error, "__notes__", None):  # ours, or what f raised
            raise
        raise InputError(LOST) from error


def _summed(w: np.ndarray, y: np.ndarray) -> np.ndarray:
    """One repeat: sums (c,) of y (n, c) over the density."""
    with np.errstate(over="ignore", invalid="ignore"):
        value = w @ y
    if not np.isfinite(value).all():
        raise InputError(
            f"the integral must be a number that a float can hold; values of f up to {np.abs(y).max():.3g} make it larger. Divide f by a constant."
        )
    return value


def _read_bounds(bounds: Any) -> np.ndarray:
    """(d, 2) finite pairs."""
    try:
        box: np.ndarray = np.array(bounds, dtype=np.float64)
    except (TypeError, ValueError):
        box = np.empty((0, 0))
    if box.ndim != 2 or box.shape[0] == 0 or box.shape[1] != 2:
        raise InputError(f"`bounds` must be d pairs (low, high), at least one; got {bounds!r}. Pass [(0, 1)] * d.")
    for j, pair in enumerate(box):
        low, high = (float(end) for end in pair)
        if not (np.isfinite(low) and np.isfinite(high)):
            raise InputError(
                f"bounds must be finite; got ({low:g}, {high:g}) at pair {j}. Map an infinite range to (0, 1) first, or use draw."
            )
        if not np.isfinite(high - low):
            raise InputError(f"bounds must be a finite width apart; got ({low:g}, {high:g}) at pair {j}. Narrow them.")
        if low >= high:
            raise InputError(f"bounds must rise; got ({low:g}, {high:g}) at pair {j}. Give the lower end first.")
    return box
