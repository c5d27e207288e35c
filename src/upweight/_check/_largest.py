"""The largest of very many log-weights, in one pass and little memory.

The trouble: k-hat looks at the largest weights only, at most 30 000 of them, but to find these a partition copies and reorders the
whole column, and a stream has no whole column. Here rows are looked at in blocks: what does not exceed the present cut is dropped at
once, the rest waits in a buffer, and when that is full its smaller part goes and the cut rises.

    kept = rows above the cut;   cut = the count-th largest so far;   nothing at or below it can be missed

What is inside: `Largest`, the collector; `blocks`, one vector in cache-sized pieces, as it is or negated (the logs of 1/w);
`likely_cut`, a guess from a sample, without which rows in ascending order would all pass through the buffer.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arrays import BLOCK

__all__ = ["Largest", "blocks", "likely_cut"]

_SAMPLE = 10_000  # rows from which the cut is guessed


class Largest:
    """Keeps the `count` largest of what it is given; what cannot belong to them is dropped at once.

    `likely`, a guess below which nothing is wanted, saves time on rows that come in ascending order; `complete` says whether it
    was right.
    """

    def __init__(self, count: int, likely: float = -np.inf) -> None:
        self.count, self.size, self.cut, self.likely = count, 0, likely, likely
        self.kept = np.empty(count + min(8 * count, 4 * BLOCK))
        self._above = np.empty(BLOCK, dtype=bool)

    def add(self, block: np.ndarray, high: float) -> None:
        if high > self.cut:
            new = block.take(np.flatnonzero(np.greater(block, self.cut, out=self._above[: len(block)])))
            room = len(self.kept) - self.count
            for i in range(0, len(new), room):
                self._keep(new[i : i + room])

    def _keep(self, new: np.ndarray) -> None:
        if self.size + len(new) > len(self.kept) or (self.cut == -np.inf and self.size >= 2 * self.count):
            self._drop()
        self.kept[self.size : self.size + len(new)] = new
        self.size += len(new)

    def _drop(self) -> None:
        if self.size > self.count:
            kept = self.kept[: self.size]
            kept.partition(self.size - self.count)
            self.cut = float(kept[self.size - self.count])
            self.kept[: self.count] = kept[-self.count :].copy()
            self.size = self.count

    @property
    def complete(self) -> bool:
        """Whether nothing can be missing."""
        return self.likely == -np.inf or self.size >= self.count

    def filled(self, log_w: np.ndarray, flip: bool) -> bool:
        """Fill up with rows that equal the guess, if there are enough of them."""
        missing = self.count - self.size
        if np.count_nonzero(log_w == (-self.likely if flip else self.likely)) < missing:
            return False
        self.kept[self.size : self.count] = self.likely
        self.size = self.count
        return True

    def ascending(self) -> np.ndarray:
        """The largest, ascending, zeros left out."""
        self._drop()
        return np.sort(self.kept[: self.size])


def blocks(log_w: np.ndarray, flip: bool) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, block) of log-weights, negated in a buffer if `flip`."""
    buffer = np.empty(BLOCK if flip else 0)
    for start in range(0, len(log_w), BLOCK):
        block = log_w[start : start + BLOCK]
        yield start, np.negative(block, out=buffer[: len(block)]) if flip else block


def likely_cut(log_w: np.ndarray, count: int, flip: bool) -> float:
    """A log-weight that rather more than `count` rows exceed, from every so-manieth row; -inf where that saves nothing.

    Of the sample as many rows as expected lie above it, and six standard errors more.
    """
    if len(log_w) < 8 * count:
        return -np.inf
    sample = log_w[:: len(log_w) // _SAMPLE]
    expected = count / len(log_w) * len(sample)
    place = int(expected + 6 * expected**0.5 + 6)
    at = place if flip else len(sample) - place
    cut = float(np.partition(sample, at)[at])
    return -cut if flip else cut
