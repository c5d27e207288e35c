"""What `plan` learns from its one pass over label, key and features: a tally of each batch.

counts N0, N1;   labels met beside the positive one;   pilot rows of each class;   keys of smallest hash
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ..._errors import InputError
from ...stream import draw
from ..scoring import column_of, key_columns, numbers_of, positive_rows
from ._key_tally import KeyTally
from ._pilot_rows import PURPOSE, PilotRows

__all__ = ["PlanPass", "PlanTally", "log_odds"]

compute: Any = pyarrow.compute  # its functions are made at run time, which type checkers do not see


@dataclass(frozen=True)
class PlanTally:
    """Counts (negatives, positives), up to two other labels, pilot rows and keys, where they are wanted."""

    counts: tuple[int, int]
    others: tuple[Any, ...]
    pilot: PilotRows | None
    keys: KeyTally | None

    def __add__(self, other: PlanTally) -> PlanTally:
        counts = (self.counts[0] + other.counts[0], self.counts[1] + other.counts[1])
        others = tuple(dict.fromkeys([*self.others, *other.others]))[:2]
        pilot = None if self.pilot is None or other.pilot is None else self.pilot + other.pilot
        keys = None if self.keys is None or other.keys is None else self.keys + other.keys
        return PlanTally(counts, others, pilot, keys)

    def result(self) -> PlanTally:
        """Itself."""
        return self


@dataclass(frozen=True)
class PlanPass:
    """What to look for: `of(rows)` is the tally of a batch.

    label, positive, key, seed : as in the design. features : columns that the pilot reads; None for no pilot. score : a column of probabilities.
    most, below : how many pilot rows of each class, and the draw below which they are looked for. share : of the keys, that is looked at; None: they
    are not counted.
    """

    label: str
    positive: Any
    key: list[dict[str, str]] | str
    seed: int
    features: tuple[str, ...] | None
    score: str | None
    most: tuple[int | None, int | None]
    below: tuple[float, float]
    share: float | None

    def of(self, rows: pa.Table) -> PlanTally:
        """The tally of some rows."""
        positive = positive_rows(rows, self.label, self.positive)
        key = key_columns(rows, self.key)
        ones = int(np.count_nonzero(positive))
        others: tuple[Any, ...] = ()
        if self.positive is not None:
            others = tuple(compute.unique(column_of(rows, self.label).filter(pa.array(~positive))).to_pylist()[:2])
        if self.score is not None:
            log_odds(numbers_of(column_of(rows, self.score), self.score), self.score)
        u = draw(*key, seed=self.seed, purpose=PURPOSE)
        pilot = None
        if self.features is not None:
            own = rows.select(list(self.features))
            pilot = PilotRows.of(own, positive, u, most=self.most, below=self.below)
        keys = None if self.share is None else KeyTally.of(key, u, seed=self.seed, share=self.share)
        return PlanTally((len(positive) - ones, ones), others, pilot, keys)

    def everywhere(self) -> PlanPass:
        """The same pass with no limit on the draws of pilot rows."""
        return replace(self, below=(1.0, 1.0))


def log_odds(s: np.ndarray, name: str) -> np.ndarray:
    """Log-odds of a score column; NaN where there is none, refused outside (0, 1)."""
    bad = ~np.isnan(s) & ~((s > 0) & (s < 1))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"score column {name!r} must be a probability in (0, 1); got {s[row]:g} at row {row}. Pass a probability, clipped away from 0 and 1."
        )
    return np.log(s) - np.log1p(-s)
