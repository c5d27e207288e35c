"""A sample that Spark or Ray draws: what is counted of the rows that come and of those that stay, for the manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ..._errors import InputError
from ...stream import EngineSource, Manifest, run_on_engine
from ..designs import Plan, SampleTally
from ..scoring import OWN, positive_rows, probabilities

__all__ = ["sample_on_engine"]


def sample_on_engine(
    source: EngineSource,
    plan: Plan,
    out: str,
    *,
    columns: Sequence[str] | None = None,
    resume: bool = False,
    filesystem: Any = None,
) -> Manifest:
    """Let the engine that holds the rows draw the sample and write it; the manifest counts what is there."""
    label, pilot = plan.design["label"], plan.design["pilot"]
    if columns is not None and label["column"] not in columns:
        raise InputError(
            f"{source.engine} samples keep the label {label['column']!r}, by which they are counted. Name it among the columns."
        )
    sums = (InputCounts(label, pilot), KeptSums(label))
    return run_on_engine(source, plan, out, sums=sums, columns=columns, resume=resume, filesystem=filesystem)


@dataclass(frozen=True)
class SampleCounts:
    """(rows, positives, unscored)."""

    numbers: tuple[int, int, int]

    def __add__(self, other: SampleCounts) -> SampleCounts:
        rows, ones, unscored = (a + b for a, b in zip(self.numbers, other.numbers, strict=True))
        return SampleCounts((rows, ones, unscored))

    def result(self) -> dict[str, int]:
        rows, ones, unscored = self.numbers
        return {"rows": rows, "positives": ones, "negatives": rows - ones, "unscored": unscored}


@dataclass(frozen=True)
class InputCounts:
    """Counts rows that come, by label, and those whose score cannot be used."""

    label: Mapping[str, Any]
    pilot: Mapping[str, Any]

    @property
    def scored(self) -> bool:
        """Whether there may be rows without a score: a linear pilot has a number for every row."""
        return self.pilot["kind"] not in ("linear", "none")

    @property
    def needs(self) -> list[str]:
        read = (
            [self.pilot["column"]]
            if "column" in self.pilot
            else [f.removesuffix(":level") for f in self.pilot.get("features", ())]
        )
        return list(dict.fromkeys([self.label["column"], *(read if self.scored else [])]))

    def of(self, rows: pa.Table) -> SampleCounts:
        ones = int(np.count_nonzero(positive_rows(rows, self.label["column"], self.label["positive"])))
        unscored = int(np.count_nonzero(~np.isfinite(probabilities(self.pilot, rows)))) if self.scored else 0
        return SampleCounts((rows.num_rows, ones, unscored))


@dataclass(frozen=True)
class KeptCounts:
    """Sums over rows that stayed."""

    tally: SampleTally

    def __add__(self, other: KeptCounts) -> KeptCounts:
        return KeptCounts(self.tally + other.tally)

    def result(self) -> dict[str, Any]:
        facts = self.tally.to_dict()
        return {name: facts[name] for name in KeptSums.names}


@dataclass(frozen=True)
class KeptSums:
    """Adds up rows that stayed: how many of each class, and what their keep-probabilities say of those that did not."""

    label: Mapping[str, Any]
    names = ("kept_positives", "kept_negatives", "inverse_pi", "inverse_pi_variance")

    @property
    def needs(self) -> list[str]:
        return [self.label["column"], OWN[0]]

    def of(self, rows: pa.Table) -> KeptCounts:
        y = positive_rows(rows, self.label["column"], self.label["positive"])
        return KeptCounts(SampleTally.of(y, y, np.asarray(rows.column(OWN[0])), 0))
