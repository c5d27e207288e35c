"""A kernel on Spark and on Ray: lazily, and row for row what it does on this machine.

    on_spark    generated SQL where the kernel has it, which needs nothing on the executors; else mapInArrow, for which executors need upweight
    on_ray      map_batches over Arrow tables

A kernel's rows do not depend on batches, so partitions may be what they are. Nothing of Spark or Ray is imported here: their own objects do the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from .._errors import InputError
from ._engine_source import spark_schema
from ._kernel import Kernel
from ._source import POSITION

__all__ = ["on_ray", "on_spark"]


def on_spark(df: Any, kernel: Kernel) -> Any:
    """The rows that a kernel keeps of a Spark DataFrame, with its columns, as a lazy DataFrame.

    df : pyspark DataFrame, classic or Connect. kernel : a `Kernel`, such as a plan.

    Raises InputError for columns that lack or are of another type than the kernel's (`hour=05` in a folder name is the integer 5 to Spark: set
    spark.sql.sources.partitionColumnTypeInference.enabled=false), and for kernels that know rows by their position. Rows that the kernel refuses (a gap
    in the label) fail the job when it runs.

    Costs: native SQL: within the noise of reading; else one Python worker a task, about five reads.
    """
    refuse_position(kernel)
    kernel.schema(spark_schema(df))
    parts = kernel.sql_parts()
    if parts is not None:
        return df.where(parts.where).selectExpr("*", *(f"{expression} as {name}" for name, expression in parts.columns))
    own = [f.name for f in kernel.schema(spark_schema(df)) if f.name not in df.columns]
    schema = df.selectExpr("*", *(f"cast(null as double) as {name}" for name in own)).schema

    def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield kernel.apply(batch)

    return df.mapInArrow(each, schema)


def on_ray(ds: Any, kernel: Kernel) -> Any:
    """The rows that a kernel keeps of a Ray Dataset, with its columns, as a lazy Dataset.

    ds : `ray.data.Dataset`. kernel : a `Kernel`, such as a plan.

    Raises InputError for kernels that know rows by their position; columns are looked at when the Dataset runs.

    Costs: one pass, the same work a row as on this machine; workers need upweight.
    """
    refuse_position(kernel)
    return ds.map_batches(kernel.apply, batch_format="pyarrow")


def refuse_position(kernel: Kernel) -> None:
    """Engines give batches that do not say where in which file a row stood."""
    if set(POSITION) & set(kernel.needs):
        raise InputError(
            "this plan has no key: a row is known by its position in its file, which Spark and Ray do not tell. Plan with key=COLUMN."
        )
