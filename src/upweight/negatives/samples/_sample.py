"""A sample on disk: the kept rows, and how to be right about those that were not kept.

    correction   an offset a row, log pi1 - log pi0, to train with
    weights      1/pi of the row's own class, for sums and metrics

Readers go through the manifest, so that a file of a killed run that nobody named is never read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ..._errors import InputError
from ..._set_module import set_module
from ..._undo import Correction
from ..._weights import Weights
from ...stream import Output, Source, fold, open_files, read_manifest
from ...stream import open as open_source
from ..designs import Plan, SampleTally, plan_from
from ..scoring import OWN, positive_rows

__all__ = ["Sample", "plan_of"]

PLAN = "plan.json"


@set_module("upweight.negatives")
@dataclass(frozen=True, eq=False, repr=False)
class Sample:
    """Kept rows in a folder; made by `sample`, or read by `Sample.open`.

    out : the folder. plan : the `Plan`. manifest : what was read and kept, document `upweight.sample/1`.

    >>> import numpy as np
    >>> import pyarrow as pa
    >>> from tempfile import TemporaryDirectory
    >>> from upweight.negatives import plan, sample
    >>> rows = pa.table({"id": np.arange(100_000), "y": (np.arange(100_000) % 1000 == 0).astype("int8")})
    >>> with TemporaryDirectory() as folder:
    ...     _ = sample(rows, plan(rows, label="y", key="id", rule="uniform", rng=7), f"{folder}/thin")
    ...     thin = Sample.open(f"{folder}/thin")
    ...     sum(batch.num_rows for batch in thin.batches(["id"], rows=100)), thin.table().column_names
    (603, ['id', 'y', '_uw_pi', '_uw_offset', '_uw_weight'])
    """

    out: str
    plan: Plan
    manifest: Mapping[str, Any]
    filesystem: Any = field(default=None, repr=False)  # pyarrow's or fsspec's, of `out`; None for local paths

    @staticmethod
    def open(out: str | os.PathLike[str], *, plan: Plan | str | None = None, filesystem: Any = None) -> Sample:
        """Read a sample.

        out : folder of a finished `sample`. plan : for kept rows that Spark, Ray or you wrote, the plan that they were kept by; counts of what came
        are then those that the plan foresaw.

        Raises InputError for an unfinished run ("37 of 120 tasks"), a folder that holds no sample, rows that a plan did not keep.
        """
        name = os.fspath(out)
        if plan is not None:
            return _written_elsewhere(name, plan_of(plan), filesystem)
        manifest = read_manifest(name, filesystem)
        place = Output(name, filesystem)
        made = plan_from(place.read_json(PLAN), f"{name}/{PLAN}", place.read)
        if made.id != manifest["plan"]:
            raise InputError(f"{name!r}: {PLAN} is not the plan of its manifest. Restore the file, or sample again.")
        return Sample(name, made, manifest.facts, filesystem)

    @property
    def source(self) -> Source:
        """The kept rows as data on disk; a part that is not there is refused."""
        place = Output(self.out, self.filesystem)
        external = self.manifest["engine"] == "external"
        folder = "" if external else "data/"
        names = [t["file"] for t in self.manifest["tasks"] if t["file"] is not None]
        gone = [n for n in names if not place.there(folder + n)]
        if gone:
            raise InputError(f"{self.out!r} lacks {len(gone)} of {len(names)} parts, first {gone[0]}. Sample again.")
        return open_files(place.system, {place.path(folder + n): n for n in names}, self.out)

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The kept rows in memory: the columns that are named, or all with `_uw_pi`, `_uw_offset` and `_uw_weight`.

        Raises InputError for columns that are not there, parts that are missing or damaged.
        """
        source = self.source
        names = source.names_of(columns)
        return pa.Table.from_batches(source.batches(names), schema=source.schema_of(names))

    def batches(self, columns: Sequence[str] | None = None, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """The kept rows, at most `rows` at a time, in the order of `table`; memory of one row group."""
        for batch in self.source.batches(columns):
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows)

    @property
    def correction(self) -> Correction:
        """The offset of each kept row, in the order of `table`, to train with or to apply to these rows' probabilities."""
        return Correction.offset(self._column(OWN[1]), design=self.plan.id)

    @property
    def weights(self) -> Weights:
        """1/pi of each kept row, in the order of `table`, kind inclusion; instead of the offset, never beside it."""
        return Weights.of(self._column(OWN[2]), kind="inclusion", design=self.plan.id)

    def _column(self, name: str) -> np.ndarray:
        return self.table([name]).column(0).to_numpy()

    def __repr__(self) -> str:
        kept = self.manifest["kept_positives"] + self.manifest["kept_negatives"]
        return f"Sample({self.out!r}, {kept:,} of {self.manifest['rows']:,} rows, plan {self.plan.id[7:19]})"


def plan_of(plan: Plan | str | os.PathLike[str]) -> Plan:
    """A plan, or the one in a file."""
    if isinstance(plan, Plan):
        return plan
    if isinstance(plan, str) or hasattr(plan, "__fspath__"):
        return Plan.load(plan)
    raise InputError(
        f"`plan` must be a Plan or the path of one; got {type(plan).__name__}. Make one: negatives.plan(...)."
    )


# ---- kept rows that another engine wrote ------------------------------------------------------------------------------------


def _written_elsewhere(out: str, plan: Plan, filesystem: Any) -> Sample:
    """A folder of kept rows as a sample: their sums from one pass, counts of what came from the plan."""
    if any(name == "_temporary" for name in Output(out, filesystem).entries()):
        raise InputError(f"{out!r} is not written to its end (there is _temporary). Wait for it, or write it again.")
    source = open_source(out, filesystem=filesystem)
    lacking = [n for n in OWN if n not in source.schema.names]
    if lacking:
        raise InputError(
            f"{out!r} holds no column {lacking[0]!r}: these rows were not kept by a plan. Write plan.apply(rows)."
        )
    label = plan.design["label"]
    kept = fold(source, KeptPass(label["column"], label["positive"]), columns=[label["column"], OWN[0]])
    forecast = plan.forecast
    facts = kept.to_dict() | {"rows": forecast.rows, "positives": forecast.positives, "negatives": forecast.negatives}
    parts = [{"file": f.path, "bytes": f.size, "rows": f.rows, "sha256": None, "inputs": []} for f in source.files]
    return Sample(out, plan, {"engine": "external", "plan": plan.id, **facts, "tasks": parts}, filesystem)


@dataclass(frozen=True)
class KeptPass:
    """Sums over kept rows."""

    label: str
    positive: Any

    def of(self, rows: pa.Table) -> SampleTally:
        """The tally of a batch of kept rows."""
        y = positive_rows(rows, self.label, self.positive)
        return SampleTally.of(y, y, np.asarray(rows.column(OWN[0])), 0)
