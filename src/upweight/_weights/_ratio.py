"""Make weights from probabilities; the names fix direction and scale.

The trouble: the two commonest bugs of importance weighting are a fraction the wrong way up (source over target) and logs taken
for linear numbers. `ratio(target=, source=)` reads as the fraction is written; `log_ratio` says logs; `mixture` has many
sources, which must be pooled by their counts and never averaged.

    w_i = p_target(x_i)/p_source(x_i)          w_i = p_target(x_i) / sum_j (n_j/n) p_j(x_i)   (balance heuristic)

Sources: Hesterberg (1995) and Veach and Guibas (1995) for the balance heuristic.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from .. import arrays
from .._errors import InputError
from .._frames import Container, read, require, same_rows
from ._algebra import quiet_log
from ._kinds import refuse_shape, require_linear, require_logs
from ._weights import Weights

__all__ = ["log_ratio", "mixture", "ratio"]


def _pair(target: Any, source: Any, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray, Container]:
    t, box_t = read(target, names[0])
    s, box_s = read(source, names[1])
    same_rows(box_t, box_s, names)
    if (t.ndim == 0 and s.ndim == 0) or t.size == 0 or s.size == 0:
        raise InputError(
            f"`{names[0]}` or `{names[1]}` must be a column of at least one row; one of them may be a scalar."
        )
    for values in (t, s):
        if values.ndim:
            refuse_shape(values)
    if t.ndim and s.ndim and t.shape != s.shape:
        raise InputError(
            f"`{names[0]}` and `{names[1]}` must have the same rows; got shapes {t.shape} and {s.shape}. Either may be a scalar."
        )
    return t, s, box_t if t.ndim else box_s


def ratio(target: Any, source: Any, *, exact: bool = True) -> Weights:
    """Importance weights from probabilities or densities: target over source.

        w_i = target_i / source_i

    Parameters
    ----------
    target, source : (..., n) probabilities, propensities or densities, linear; either may be a scalar.
    exact : both are normalised densities of the same rows, so the mean weight over the source is one and can be tested.

    Returns
    -------
    Weights, kind importance, in the container of the first argument.

    Raises
    ------
    InputError : negative, NaN or infinite values, a source of zero (such a row cannot have been drawn), different lengths or
        indexes; with count and first row.

    Costs: no bias; variance by the design effect.

    >>> w = ratio(target=[0.5, 0.5], source=[0.9, 0.1])
    >>> w.values.round(4)
    array([0.5556, 5.    ])
    """
    t, s, box = _pair(target, source, ("target", "source"))
    require_linear(t, "`target`")
    require_linear(s, "`source`")
    least = s.min()
    if least == 0:
        _refuse_zero_source(s == 0, "0")
    log_w = quiet_log(t) - np.log(s)
    made = Weights._made(log_w, "ratio", "importance", exact, container=box)
    return replace(made, notes=("DETERMINISTIC",)) if s.ndim and least == s.max() == 1 else made


def log_ratio(log_target: Any, log_source: Any, *, exact: bool = True) -> Weights:
    """Importance weights from log-probabilities or log-densities: target minus source.

        l_i = log_target_i - log_source_i

    Parameters
    ----------
    log_target, log_source : (..., n) natural logs; either may be a scalar; log_target may be -inf.
    exact : both are normalised, so the mean weight over the source is one. Say False for densities known up to a constant.

    Returns
    -------
    Weights, kind importance, in the container of the first argument.

    Raises
    ------
    InputError : NaN, +inf, a source of -inf, different lengths or indexes.

    Warns
    -----
    UserWarning : both lie in [0, 1] throughout (25 rows or more): these look like probabilities.

    Costs: no bias; variance by the design effect.

    >>> log_ratio([-1.0, -2.0], [-2.0, -2.0]).log_w
    array([1., 0.])
    """
    t, s, box = _pair(log_target, log_source, ("log_target", "log_source"))
    require_logs(t, "`log_target`")
    require_logs(s, "`log_source`")
    _refuse_zero_source(s == -np.inf, "-inf")
    made = Weights._made(t - s, "log_ratio", "importance", exact, container=box)
    made = replace(made, _linear=made.exact)
    if s.ndim and (s == 0).all() and t.max() <= 0:  # probabilities of one, and not the density of a unit interval
        made = replace(made, notes=("DETERMINISTIC",))
    if made.n >= 25 and all(v.min() >= 0 and v.max() <= 1 for v in (t, s)):
        warnings.warn(
            "`log_target` and `log_source` lie in [0, 1]: probabilities? use ratio.",
            UserWarning,
            stacklevel=2,
        )
        return replace(made, notes=(*made.notes, "LOOKS_LINEAR"))
    return made


def mixture(log_target: Any, log_sources: Any, counts: Any, *, exact: bool = True) -> Weights:
    """Importance weights of rows pooled from several sources: target over the pooled mixture (balance heuristic).

        l_i = log_target_i - log sum_j (n_j/n) exp(log_sources_ji)

    Parameters
    ----------
    log_target : (n,) log-density of the target at all pooled rows.
    log_sources : (J, n) log-density of every source at all pooled rows, not only at its own.
    counts : (J,) rows drawn from each source; their sum is n.
    exact : all densities are normalised.

    Raises
    ------
    InputError : counts that do not add up to n, or a row that no source can draw.

    Costs: no bias; no single source's weights have a smaller variance by more than 1/min(n_j).
    Source: Veach and Guibas (1995), Optimally combining sampling techniques.

    >>> mixture([0.0, 0.0], [[0.0, -np.inf], [-np.inf, 0.0]], [1, 1]).values
    array([2., 2.])
    """
    t, box = read(log_target, "log_target")
    sources, _ = read(log_sources, "log_sources")
    n_j, _ = read(counts, "counts")
    if t.ndim != 1 or t.size == 0 or sources.ndim != 2 or sources.shape[1] != t.size or n_j.shape != sources.shape[:1]:
        raise InputError(
            f"mixture needs log_target (n,), log_sources (J, n) and counts (J,); got {t.shape}, {sources.shape}, {n_j.shape}."
        )
    require_logs(t, "`log_target`")
    require_logs(sources, "`log_sources`")
    require(n_j >= 0, "`counts`", "be >= 0", n_j, "Count the rows drawn from each source.", "negative")
    if n_j.sum() != t.size:
        raise InputError(
            f"`counts` must add up to the {t.size:,} pooled rows; got {n_j.sum():,.0f}. Pool every source's rows."
        )
    pooled = arrays.log_sum_exp((quiet_log(n_j / t.size)[:, None] + sources).T)
    _refuse_zero_source(pooled == -np.inf, "-inf under all sources")
    return Weights._made(t - pooled, "mixture", "importance", exact, container=box)


def _refuse_zero_source(zero: np.ndarray, value: str) -> None:
    if zero.any():
        row = int(np.flatnonzero(zero)[0])
        raise InputError(f"row {row} has source {value}: it cannot have been drawn. Drop it or mend the propensity.")
