"""Rows that Spark or Ray holds, as data: what they are called, how many they are, and sums over them.

    fold    each engine's batches become tallies where they lie; the tallies come here and are added

The answer does not depend on partitions, since a tally's does not depend on the split: a plan made on an engine is the plan of the files. Of Spark and
Ray only their picklers are imported, and late: their own objects do the work. Workers need upweight.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any

import pyarrow as pa

from .._errors import InputError

__all__ = ["EngineSource", "engine_of", "engine_source", "spark_schema"]

SPARK_TYPES = {
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp_ntz": pa.timestamp("us"),
}
OTHER = pa.list_(pa.null())  # stands for a type that no kernel reads
TALLY = "tally"


@dataclass(frozen=True)
class EngineSource:
    """A Spark DataFrame or a Ray Dataset: `engine` "spark" or "ray", the object itself, its columns, and its rows, counted once."""

    engine: str  # "spark" or "ray"
    data: Any = field(repr=False)  # the DataFrame or Dataset
    schema: pa.Schema  # columns and types, as pyarrow names them
    rows: int  # counted, if they were

    @property
    def root(self) -> str:
        """What messages call it."""
        return {"spark": "the DataFrame", "ray": "the Dataset"}[self.engine]

    @property
    def bytes(self) -> None:
        """Not known."""

    def changes_since(self, recorded: Mapping[str, Any]) -> str:
        """Nothing: an engine does not say which files its rows are from."""
        return ""

    def to_dict(self) -> dict[str, Any]:
        """What a plan stores of its data: nothing, as of a frame."""
        return {}

    def names_of(self, columns: Sequence[str] | None) -> list[str]:
        """The columns that are asked for, all if None; one that is not there is refused."""
        names = list(self.schema.names) if columns is None else list(dict.fromkeys(columns))
        for name in names:
            if name not in self.schema.names:
                have = ", ".join(map(repr, self.schema.names[:12]))
                raise InputError(f"{self.root} has no column {name!r}; it has {have}. Name one of these.")
        return names

    def select(self, names: Sequence[str]) -> Any:
        """The DataFrame or Dataset with these columns alone."""
        if self.engine == "ray":
            return self.data.select_columns(list(names))
        return self.data.selectExpr(*("`" + name.replace("`", "``") + "`" for name in names))

    def folded(self, tally: Any, names: Sequence[str]) -> Any:
        """The result of a tally over all rows."""
        few = self.select(names)
        parts = _spark_tallies(few, tally) if self.engine == "spark" else _ray_tallies(few, tally)
        empty = tally.of(pa.schema([self.schema.field(n) for n in names]).empty_table())
        return reduce(add, parts, empty).result()


def engine_of(data: Any) -> str | None:
    """ "spark" of a Spark DataFrame, "ray" of a Ray Dataset, None of all else."""
    room = type(data).__module__.split(".")[0]
    if room == "pyspark" and hasattr(data, "mapInArrow"):
        return "spark"
    return "ray" if room == "ray" and hasattr(data, "map_batches") else None


def engine_source(data: Any) -> EngineSource:
    """A Spark DataFrame or Ray Dataset as data; its rows are counted, which columnar files answer from their footers."""
    engine = engine_of(data)
    if engine == "spark":
        return EngineSource(engine, data, spark_schema(data), int(data.count()))
    if engine == "ray":
        return EngineSource(engine, data, _ray_schema(data), int(data.count()))
    raise InputError(f"`data` must be a Spark DataFrame or a Ray Dataset; got {type(data).__name__}.")


def spark_schema(df: Any) -> pa.Schema:
    """The columns of a Spark DataFrame as Arrow types, without running anything."""
    fields = []
    for name, said in df.dtypes:
        plain = said.split(" collate")[0].split("(")[0]
        kind = pa.decimal128(38, 0) if plain == "decimal" else SPARK_TYPES.get(plain, OTHER)
        fields.append(pa.field(name, kind))
    return pa.schema(fields)


def _ray_schema(ds: Any) -> pa.Schema:
    """The columns of a Ray Dataset as Arrow types; of a Dataset of pandas blocks its first rows tell."""
    schema = ds.schema()
    if schema is None:
        raise InputError("the Dataset has no rows. Give one that has.")
    base = getattr(schema, "base_schema", schema)
    if not isinstance(base, pa.Schema):
        base = next(iter(ds.limit(1).iter_batches(batch_format="pyarrow"))).schema
    return base.remove_metadata()


def _spark_tallies(df: Any, tally: Any) -> list[Any]:
    """A tally a partition."""
    dumps = importlib.import_module("pyspark.cloudpickle").dumps  # takes classes of a notebook along

    def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = [tally.of(pa.Table.from_batches([batch])) for batch in batches]
        if parts:
            yield pa.RecordBatch.from_pydict({TALLY: [dumps(reduce(add, parts))]})

    return [pickle.loads(row[0]) for row in df.mapInArrow(each, f"{TALLY} binary").collect()]


def _ray_tallies(ds: Any, tally: Any) -> list[Any]:
    """A tally a batch."""
    dumps = importlib.import_module("ray.cloudpickle").dumps

    def one(rows: pa.Table) -> pa.Table:
        return pa.table({TALLY: [dumps(tally.of(rows))]})

    return [pickle.loads(row[TALLY]) for row in ds.map_batches(one, batch_format="pyarrow", batch_size=None).take_all()]
