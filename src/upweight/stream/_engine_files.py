"""Parquet files as a Spark DataFrame or a Ray Dataset, read as this machine reads them: the same files, folder keys as text.

An engine reads text by rules of its own, by which a key may be another one; so text is refused here.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from pyarrow import fs

from .._errors import InputError, MissingExtra
from ._listing import DataFiles, find_files, is_parquet

__all__ = ["open_on_engine"]

INFERENCE = "spark.sql.sources.partitionColumnTypeInference.enabled"


def open_on_engine(paths: str | Sequence[str], engine: str) -> Any:
    """The files that a name stands for, lazily, as the engine's own object: a DataFrame of the session that is there, else of a local one; a Dataset.

    paths : as of `open`. engine : "spark" or "ray".

    Raises InputError for text files and for what is not there; MissingExtra where the engine is not installed.
    """
    found = find_files(paths)
    text = [name for name in found.paths.values() if not is_parquet(name)]
    if text:
        raise InputError(f"{engine} reads Parquet here; got {text[0]!r}. Write it as Parquet, or use the local engine.")
    return {"spark": _spark_frame, "ray": _ray_dataset}[engine](found)


def _spark_frame(found: DataFiles) -> Any:
    """A DataFrame; `hour=05` in a folder name stays text."""
    sql = _package("pyspark.sql", "spark")
    quiet = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1"}
    builder = sql.SparkSession.builder
    if sql.SparkSession.getActiveSession() is None:
        for name, value in quiet.items():
            builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.conf.set(INFERENCE, "false")
    head = "file://" if isinstance(found.system, fs.LocalFileSystem) else _scheme_of(found.root)
    full = [head + path for path in found.paths]
    base = full[0].removesuffix("/" + found.paths[next(iter(found.paths))])
    return session.read.option("mergeSchema", "true").option("basePath", base).parquet(*full)


def _scheme_of(uri: str) -> str:
    """The scheme by which Spark knows an object store."""
    scheme = uri.partition("://")[0]
    return ("s3a" if scheme == "s3" else scheme) + "://"


def _ray_dataset(found: DataFiles) -> Any:
    """A Dataset."""
    data = _package("ray.data", "ray")
    return data.read_parquet(list(found.paths), filesystem=found.system)


def _package(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtra(f"this engine needs {name.split('.')[0]}. Run `pip install 'upweight[{extra}]'`.") from error
