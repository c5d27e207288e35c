"""Differences between source and target, one row of a balance table each.

The trouble: a difference of means is a number of some unit, and divided by the wrong spread it can be made to shrink. The unit here
is fixed before weighting, from the target (or both), so that weights move the difference and never the yardstick:

    SMD = (mean - target mean)/s,    s = target's sd, or sqrt((s_s^2 + s_t^2)/2); a constant target: the source's; both: 0 or inf

What is inside: `Row`, one row of the table; `compared`, the rows of one column against the same column of the target;
`against_known`, the rows of one column against a mean or shares that are known without rows; `text_of`, the table for people, from its cells, `cells_of`.

Sources: Austin (2009), Stat. Med. 28; Stuart (2010), Stat. Sci. 25.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import InputError, counted, printable
from ._columns import Categories
from ._numbers import Numbers

__all__ = ["FIGURES", "Row", "against_known", "cells_of", "compared", "text_of"]

FAR = 0.1  # absolute SMD from which a row is flagged (Austin 2009)
RATIO = 2.0  # variance ratios outside 1/2 to 2 are flagged
MISSING = "missing"
PRINTED = 40  # rows of a printed table; beyond that the worst are shown
FIGURES = ("target", "before", "after", "smd_before", "smd_after", "ratio_before", "ratio_after")


@dataclass(frozen=True)
class Row:
    """One row of a balance table; `level` is None for numbers, `MISSING` for gaps. Unknown figures are nan."""

    column: Any
    level: Any
    target: float
    before: float
    after: float
    smd_before: float
    smd_after: float
    ratio_before: float
    ratio_after: float
    flag: str

    @property
    def name(self) -> str:
        """How the row is called in the table."""
        if self.level is None:
            return str(self.column)
        return f"{self.column} {MISSING}" if self.level is MISSING else f"{self.column} = {self.level}"


def compared(
    name: Any, x: Numbers | Categories, y: Numbers | Categories, rows: tuple[int, int], scale: str
) -> Iterator[Row]:
    """The rows of one column against another's; `rows` are those of source and target."""
    if isinstance(x, Numbers) and isinstance(y, Numbers):
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.square(x.sd / y.sd[0])
        yield _row(name, None, y.mean[0], x.mean, _unit(y.sd[0], x.sd[0], scale), ratio)
        if x.missing.any() or y.missing.any():
            yield _share_row(name, MISSING, x.missing, y.missing[0], rows, scale)
    elif isinstance(x, Categories) and isinstance(y, Categories):
        nobody = np.zeros(2)
        for level in _in_order({*x.shares, *y.shares}):
            shares, wanted = x.shares.get(level, nobody), y.shares.get(level, nobody)[0]
            yield _share_row(name, MISSING if level is None else level, shares, wanted, rows, scale)
    else:
        raise InputError(f"column {name!r} is a category on one side and a number on the other. Convert one of them.")


def against_known(name: Any, x: Numbers | Categories, mean: Any, rows: int) -> Iterator[Row]:
    """The rows of one column against a known mean, or known shares of its levels, in the source's sd."""
    unknown = np.full(2, np.nan)
    if isinstance(x, Numbers):
        if isinstance(mean, Mapping) or not np.isfinite(mean):
            raise InputError(f"the target mean of column {name!r} must be a finite number; got {mean!r}.")
        yield _row(name, None, float(mean), x.mean, _unit(x.sd[0], x.sd[0], "target"), unknown)
        if x.missing.any():
            yield _row(name, MISSING, np.nan, x.missing, 1.0, unknown)
        return
    for level, share in _known_shares(name, x, mean).items():
        shares = x.shares.get(level, np.zeros(2))
        spread = _share_sd(shares[0], rows)
        yield _row(name, MISSING if level is None else level, share, shares, _unit(spread, spread, "target"), unknown)


def _known_shares(name: Any, x: Categories, shares: Any) -> dict[Any, float]:
    if not isinstance(shares, Mapping) and {*x.shares} <= {True, False, None} and np.isfinite(shares):
        shares = {False: 1 - float(shares), True: float(shares)}
    if not isinstance(shares, Mapping):
        raise InputError(
            f"column {name!r} is a category, which has a share a level and no mean; got {shares!r}. Say {{{name!r}: {{level: share}}}}."
        )
    unknown = [level for level in x.shares if level not in shares and level is not None]
    if unknown or not abs(sum(shares.values()) - 1) <= 1e-6:
        what = f"no share for {unknown[0]!r}" if unknown else f"a sum of {sum(shares.values()):.6g}"
        raise InputError(f"the shares of column {name!r} must name every level and sum to one; got {what}.")
    return {level: float(shares[level]) for level in _in_order({*shares})}


def _in_order(levels: set[Any]) -> list[Any]:
    return sorted(levels - {None}, key=lambda level: (str(type(level)), level)) + [None] * (None in levels)


def _share_row(name: Any, level: Any, shares: np.ndarray, wanted: float, rows: tuple[int, int], scale: str) -> Row:
    unit = _unit(_share_sd(wanted, rows[1]), _share_sd(shares[0], rows[0]), scale)
    return _row(name, level, wanted, shares, unit, np.full(2, np.nan))


def _row(name: Any, level: Any, target: float, means: np.ndarray, unit: float, ratio: np.ndarray) -> Row:
    """One row from the means (2,) of the source before and after weighting."""
    smd = [_standardised(float(mean - target), unit) for mean in means]
    before, after = float(means[0]), float(means[1])
    flag = _flag(level is not None and after == 0 and target > 0, smd[1], float(ratio[1]))
    return Row(name, level, float(target), before, after, smd[0], smd[1], float(ratio[0]), float(ratio[1]), flag)


def _flag(unsupported: bool, smd: float, ratio: float) -> str:
    if unsupported:
        return "NO_SUPPORT"
    flags = [name for name, bad in (("SMD", abs(smd) >= FAR), ("RATIO", ratio > RATIO or ratio < 1 / RATIO)) if bad]
    return " ".join(flags)


def _unit(target: float, source: float, scale: str) -> float:
    """The sd that a difference is measured in, fixed before weighting, from those of target and source."""
    sd = float(np.hypot(target / np.sqrt(2), source / np.sqrt(2))) if scale == "pooled" else float(target)
    return sd if sd > 0 else float(source)


def _share_sd(p: float, n: int) -> float:
    return float(np.sqrt(max(0.0, p * (1 - p)) * n / (n - 1))) if n > 1 else 0.0


def _standardised(far: float, unit: float) -> float:
    if unit > 0 or np.isnan(unit):
        return far / unit
    return 0.0 if far == 0 else float(np.copysign(np.inf, far))


# ---- the printed table ------------------------------------------------------------------------------------------------------


def cells_of(rows: Sequence[Row], weighted: bool) -> tuple[list[list[str]], list[str]]:
    """Names of the columns and cells of the table: all rows, or of a long table the worst, in their order; and what is left out."""
    more = [f"... and {counted(len(rows) - PRINTED, 'row')} with smaller differences"] * (len(rows) > PRINTED)
    if more:
        far = np.nan_to_num([abs(row.smd_after) for row in rows], nan=-1.0, posinf=np.finfo(float).max)
        rows = [rows[i] for i in np.sort(np.argsort(-far, kind="stable")[:PRINTED]).tolist()]
    after = ["weighted"] * weighted, ["after"] * weighted
    lines = [["", "target", "source", *after[0], "SMD", *after[1], "ratio", *after[1], ""]]
    return lines + [_cells(row, weighted) for row in rows], more


def text_of(rows: Sequence[Row], weighted: bool) -> list[str]:
    """Lines of the table."""
    lines, more = cells_of(rows, weighted)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = []
    for name, *figures, flag in lines:
        right = [cell.rjust(width) for cell, width in zip(figures, widths[1:-1], strict=True)]
        text.append("  ".join([name.ljust(widths[0]), *right, flag]).rstrip())
    return text + more


def _cells(row: Row, weighted: bool) -> list[str]:
    means = [row.target, row.before] + [row.after] * weighted
    smd = [row.smd_before] + [row.smd_after] * weighted
    ratio = [row.ratio_before] + [row.ratio_after] * weighted
    text = lambda x, form: "" if np.isnan(x) else format(x, form)
    return [
        printable(row.name),
        *map(_mean, means),
        *(text(x, "+.3f") for x in smd),
        *(text(x, ".2f") for x in ratio),
        row.flag,
    ]


def _mean(x: float) -> str:
    if np.isnan(x):
        return ""
    return f"{x:,.0f}" if 1e3 <= abs(x) < 1e9 else f"{x:.4g}"
