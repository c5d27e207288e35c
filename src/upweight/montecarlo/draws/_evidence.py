"""Evidence: the log of an integral, which is mostly beyond what a float can hold, with an interval that is not symmetric.

    log Z = shift + log mean(exp(l - shift)),    ends: the logs of the ends of the interval of that mean

The trouble: model comparison subtracts logs of numbers like 1e-4000, and the error bars that are printed beside them are those of a delta
method that does not know when the mean itself is not told from zero: then the lower end is minus infinity, and is said to be.

What is inside: `Evidence`; `evidence_of_integral`, from an `Estimate` of exp(l - shift); `evidence_of_repeats`, from the logs of whole runs; `unknown_evidence`.

Source: Kass and Raftery (1995), Bayes factors, J. Am. Stat. Assoc. 90.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..._errors import InputError, is_number
from ..._estimate import Estimate, plus_minus
from ..._set_module import set_module

__all__ = ["Evidence", "deviation", "evidence_of_integral", "evidence_of_repeats", "unknown_evidence"]


class _Ends(Protocol):
    """Anything that has two ends at a level."""

    def interval(self, level: float) -> tuple[float, float]: ...


@set_module("upweight.montecarlo")
@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """The log of a normalising constant, p(y) of a model; `a - b` is a log Bayes factor. Made by `evidence`, `adapt` and `Draws.evidence`.

    Attributes
    ----------
    log_value : natural log of the evidence. se : its standard error, that of the evidence over the evidence; inf or nan where none is known.
    ok : whether the interval can be believed. why : the reason if not, with its number; empty otherwise.

    Costs: evidence depends on the width of vague priors in full; no simulation error shows that.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> from upweight.montecarlo.draws import evidence_of_integral
    >>> l = np.random.default_rng(0).normal(0, 0.2, 10_000)                       # their mean weight is exp(0.02)
    >>> a = evidence_of_integral(Weights.of_log(l, kind="importance", exact=False).integral(), -1000.0)
    >>> print(a)
    -999.9789 ± 0.0039
    >>> (a - a).ok
    True

    >>> [round(end, 3) for end in a.interval()], a.to_dict()["ok"]
    ([-999.983, -999.975], True)
    """

    log_value: float
    se: float
    ok: bool
    why: str
    _ends: _Ends

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval (low, high) of the log evidence at a level in (0, 1); low is -inf where the evidence is not told from 0.

        Raises InputError if `level` does not lie between 0 and 1.
        """
        if not is_number(level) or not 0 < level < 1:
            raise InputError(f"`level` must lie between 0 and 1; got {level!r}. For 95 % pass level=0.95.")
        return self._ends.interval(float(level))

    def __sub__(self, other: Any) -> Evidence:
        """Log Bayes factor of two models whose runs share nothing.

        se^2 = se_a^2 + se_b^2;   lower half-width sqrt(low_a^2 + high_b^2), upper likewise
        """
        if not isinstance(other, Evidence):
            return NotImplemented
        why = "; ".join(f"{side}: {e.why}" for side, e in (("left", self), ("right", other)) if e.why)
        ends = _Difference(self, other)
        return Evidence(ends.centre, math.hypot(self.se, other.se), self.ok and other.ok, why, ends)

    def __str__(self) -> str:
        if math.isnan(self.log_value):
            return "not known"
        low, high = self.interval()
        if math.isfinite(low) and math.isfinite(high):
            return plus_minus(self.log_value, (high - low) / 2)
        return f"{self.log_value:.6g} (95 %: {low:.6g} to {high:.6g})"

    def __repr__(self) -> str:
        return f"Evidence({self})"

    def to_dict(self) -> dict[str, Any]:
        """Plain types; infinities and nan are None."""
        low, high = self.interval()
        figures = {"log_value": self.log_value, "se": self.se, "low": low, "high": high}
        return {k: v if math.isfinite(v) else None for k, v in figures.items()} | {"ok": self.ok, "why": self.why}


@dataclass(frozen=True)
class _LogOfIntegral:
    """The logs of the ends of an estimate, plus a shift."""

    integral: Estimate
    shift: float

    def interval(self, level: float) -> tuple[float, float]:
        low, high = (self.shift + _log(end) for end in self.integral.interval(level))
        return low, high


@dataclass(frozen=True)
class _StudentInterval:
    """value ± t_df · se."""

    value: float
    se: float
    df: int

    def interval(self, level: float) -> tuple[float, float]:
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, 0.5 + level / 2)) * self.se
        return self.value - half, self.value + half


@dataclass(frozen=True)
class _AllNumbers:
    """Nothing is known."""

    def interval(self, level: float) -> tuple[float, float]:
        return -math.inf, math.inf


@dataclass(frozen=True)
class _Difference:
    """Half-widths of two independent intervals, added in squares."""

    a: Evidence
    b: Evidence

    @property
    def centre(self) -> float:
        return self.a.log_value - self.b.log_value

    def interval(self, level: float) -> tuple[float, float]:
        (low_a, high_a), (low_b, high_b) = self.a.interval(level), self.b.interval(level)
        down = math.hypot(self.a.log_value - low_a, high_b - self.b.log_value)
        up = math.hypot(high_a - self.a.log_value, self.b.log_value - low_b)
        return self.centre - down, self.centre + up


def evidence_of_integral(integral: Estimate, shift: float) -> Evidence:
    """Evidence from an estimate (one number) of the mean of exp(l - shift)."""
    value, se = float(integral.value), float(integral.se)
    log_value = shift + _log(value)
    relative = se / value if value > 0 else math.inf
    return Evidence(log_value, relative, integral.ok, integral.why, _LogOfIntegral(integral, shift))


def evidence_of_repeats(log_values: np.ndarray, why: str) -> Evidence:
    """Evidence from log Z of R independent runs: the log of their mean, its interval that of their logs' spread; never ok, and `why` says so."""
    from scipy.special import logsumexp

    r = len(log_values)
    value = float(np.asarray(logsumexp(log_values))) - math.log(r)
    se = deviation(log_values) / math.sqrt(r) if r > 1 else math.inf
    ends = _StudentInterval(value, se, max(1, r - 1))
    return Evidence(value, se, False, why, ends)


def deviation(log_values: np.ndarray) -> float:
    """Standard deviation of two or more logs, in a unit of their own, so that squares do not overflow."""
    unit = max(float(np.abs(log_values).max()), 1.0)
    return unit * float(np.std(log_values / unit, ddof=1))


def unknown_evidence(why: str) -> Evidence:
    """Evidence of which nothing is known, and why."""
    return Evidence(math.nan, math.inf, False, why, _AllNumbers())


def _log(x: float) -> float:
    """log x, -inf at 0 and below."""
    return math.log(x) if x > 0 else -math.inf
