"""Hart's condensed set: rows that the nearest row of the set gets wrong join it, at once.

The trouble: "at once" makes it a loop over rows, each with a search of a growing set; the plain loop takes minutes for ten
thousand rows, and the copy that mixes up row numbers ends with a set that errs.

    for each row not in S, in row order:   if its nearest row in S, by (distance, row number), is of another class, it joins S
    again and again until a pass adds none

Rows are taken in blocks. A block remembers how much of S it has seen and meets only what has joined since; within a block the
rows that are wrong (all rows, when other classes join too) meet each newcomer one by one. If one class is condensed against
everything else, a row that is right stays right, since only rows of its own class join: one pass is complete.

What is inside: `condense` (Hart) and `misread` (the rows one pass against a fixed S gets wrong, for one-sided selection).

Sources: Hart (1968), The condensed nearest neighbour rule, IEEE Trans. IT 14; Kubat and Matwin (1997), ICML.
"""

from __future__ import annotations

import numpy as np

from ...neighbours import Space, nearest

__all__ = ["condense", "misread"]

FIRST, BLOCK = 64, 2048
SAMPLE = 256  # rows of other classes that show most rows to be wrong


class _Block:
    """Some rows on their way through the passes: how near S has come to each, in its own class and in others."""

    def __init__(self, rows: np.ndarray):
        self.rows = rows
        self.own = (np.full(len(rows), np.inf), np.full(len(rows), -1))
        self.other = (np.full(len(rows), np.inf), np.full(len(rows), -1))
        self.seen = 0

    def meet(self, space: Space, codes: np.ndarray, fresh: np.ndarray) -> None:
        """Take the newly joined rows into account."""
        for code in np.unique(codes[self.rows]):
            who = np.flatnonzero(codes[self.rows] == code)
            for gaps, some in ((self.own, codes[fresh] == code), (self.other, codes[fresh] != code)):
                rows, d2 = nearest(space, self.rows[who], fresh[some], 1)
                _closer(gaps, who, d2[:, 0], rows[:, 0])

    def wrong(self) -> np.ndarray:
        """(rows,) bool: the nearest row of S is of another class."""
        return _before(self.other, self.own)


def condense(space: Space, codes: np.ndarray, start: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, int]:
    """Rows of S, ascending, and the number of passes.

    start : row numbers of the initial S; rest : rows that may join. If all of them are of one class, one pass is complete.
    """
    joined, rest = [np.sort(start)], np.sort(rest)
    blocks = [_Block(rows) for rows in np.split(rest, _cuts(len(rest))) if len(rows)]
    stable = len(np.unique(codes[rest])) <= 1
    members, passes, before = np.concatenate(joined), 0, -1
    while len(members) != before and not (stable and passes):
        before, passes = len(members), passes + 1
        for block in blocks:
            block.meet(space, codes, members[block.seen :])
            joined = _pass(space, codes, block, stable)
            members = np.concatenate([members, joined])
            block.seen = len(members)
            block.rows, block.own, block.other = _without(block, joined)
    assert not stable or not any(block.wrong().any() for block in blocks), "a row that was right went wrong"
    return np.sort(members), passes


def misread(space: Space, codes: np.ndarray, start: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Rows of `rest` whose nearest row in the fixed set `start` is of another class, ascending."""
    wrong = []
    for code in np.unique(codes[rest]):
        rows, block = rest[codes[rest] == code], start[codes[start] == code]
        own, gap = nearest(space, rows, block, 1)
        strangers = start[codes[start] != code]
        some = strangers[:: max(1, len(strangers) // SAMPLE)]
        open_ = np.arange(len(rows))
        for pool in (some, strangers):
            row, d2 = nearest(space, rows[open_], pool, 1, within=gap[open_, 0])
            lost = _before((d2[:, 0], row[:, 0]), (gap[open_, 0], own[open_, 0]))
            wrong.append(rows[open_[lost]])
            open_ = open_[~lost]
    return np.sort(np.concatenate(wrong)) if wrong else np.empty(0, np.int64)


def _pass(space: Space, codes: np.ndarray, block: _Block, stable: bool) -> np.ndarray:
    """One pass through a block: the rows that join, in order; the rows after them have met them."""
    return _among_wrong(space, block) if stable else _among_all(space, codes, block)


def _among_wrong(space: Space, block: _Block) -> np.ndarray:
    """Only rows of the block's own class join: what is right stays right, so newcomers meet wrong rows only."""
    joined, rest = [], np.flatnonzero(block.wrong())
    while len(rest):
        row, rest = block.rows[rest[0]], rest[1:]
        joined.append(row)
        d2 = space.pairs(block.rows[rest], np.array([row]))
        right = _before((d2, row), (block.other[0][rest], block.other[1][rest]))
        block.own[0][rest[right]], block.own[1][rest[right]] = d2[right], row
        rest = rest[~right]
    return np.asarray(joined, dtype=np.int64)


def _among_all(space: Space, codes: np.ndarray, block: _Block) -> np.ndarray:
    """Any class may join, and a row that was right may go wrong: newcomers meet every row of the block."""
    joined, at, wrong = [], 0, block.wrong()
    while wrong[at:].any():
        at += int(wrong[at:].argmax())
        row, others = block.rows[at], np.delete(np.arange(len(block.rows)), at)
        joined.append(row)
        d2 = space.pairs(block.rows[others], np.array([row]))
        same = codes[block.rows[others]] == codes[row]
        _closer(block.own, others[same], d2[same], row)
        _closer(block.other, others[~same], d2[~same], row)
        wrong = block.wrong()
        wrong[: at + 1] = False
    return np.asarray(joined, dtype=np.int64)


def _before(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """a comes before b by (distance, row number); a row that does not exist is at infinity."""
    return (a[0] < b[0]) | ((a[0] == b[0]) & np.isfinite(a[0]) & (a[1] < b[1]))


def _closer(gaps: tuple[np.ndarray, np.ndarray], who: np.ndarray, d2: np.ndarray, row) -> None:
    """Note for the rows at `who` that `row` lies at `d2`, where it comes before what they had."""
    row = np.broadcast_to(row, d2.shape)
    new = _before((d2, row), (gaps[0][who], gaps[1][who]))
    gaps[0][who[new]], gaps[1][who[new]] = d2[new], row[new]


def _without(block: _Block, joined: np.ndarray):
    stay = ~np.isin(block.rows, joined)
    return block.rows[stay], (block.own[0][stay], block.own[1][stay]), (block.other[0][stay], block.other[1][stay])


def _cuts(n: int) -> np.ndarray:
    """Where blocks begin: small ones first, while S is small and most rows are wrong."""
    sizes = [min(BLOCK, FIRST << step) for step in range(max(1, n // BLOCK + 8))]
    return np.cumsum(sizes)[np.cumsum(sizes) < n]
