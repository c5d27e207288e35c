"""A kernel: what is done to every batch, the same on any engine.

    apply(batch) -> batch        pure, and independent of its batch: a row's fate depends on that row alone
    tally(incoming, outgoing)    sums that merge, for the manifest
    to_json()                    the kernel as a document, kept beside what it wrote
    sql_parts()                  the same as Spark SQL, or None

A `Plan` of `negatives` is one.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import pyarrow as pa

__all__ = ["Kernel", "KernelTally", "Sql"]


class Sql(NamedTuple):
    """A kernel as Spark SQL: `where`, a condition on a row; `columns`, (name, expression) of what is added to it."""

    where: str  # condition on a row
    columns: tuple[tuple[str, str], ...]  # (name, expression) of what is added


class KernelTally(Protocol):
    """Sums of one part that merge: whole numbers are added, fractions by exact summation."""

    def __add__(self, other: Any) -> Any: ...

    def to_dict(self) -> dict[str, Any]: ...


class Kernel(Protocol):
    """What `run`, `on_spark` and `on_ray` do to every batch."""

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that differ where the document does."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        ...

    def to_json(self) -> str:
        """The kernel as a document, kept beside what it wrote."""
        ...

    def schema(self, incoming: pa.Schema) -> pa.Schema:
        """The columns that `apply` gives for rows with these."""
        ...

    def apply(self, rows: Any) -> Any:
        """Rows to what becomes of them; pure, and a row's fate depends on that row alone."""
        ...

    def tally(self, incoming: pa.RecordBatch, outgoing: pa.RecordBatch) -> KernelTally:
        """Sums over a batch and what became of it; they merge."""
        ...

    def sql_parts(self) -> Sql | None:
        """The same as Spark SQL, or None where SQL cannot say it."""
        ...
