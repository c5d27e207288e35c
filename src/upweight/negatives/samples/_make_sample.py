"""Draw a sample: a plan over data on disk, in processes, resumable."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from ..._errors import InputError
from ...stream import EngineSource, Output, Source, frame_source, run, source_of
from ..designs import Plan
from ..scoring import ModelPilot
from ._engine_sample import sample_on_engine
from ._sample import Sample, plan_of

__all__ = ["sample"]


def sample(
    data: Any,
    plan: Plan | str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    jobs: int | None = None,
    resume: bool = False,
    strict: bool = False,
    filesystem: Any = None,
) -> Sample:
    """Keep the rows that a plan keeps, with what makes a model trained on them right.

        a negative stays iff u(key) < pi0(row);   written beside it: pi0, log pi1 - log pi0, 1/pi

    Parameters
    ----------
    data : path, folder, pattern or list of them, `stream.Source`, or a table; the data of the plan, or more of their kind; a Spark DataFrame or a Ray
    Dataset draws its own sample (`jobs` and `strict` are not for them). plan : a `Plan` or its file. out : new or empty folder, local or a URI. columns : of the data to keep; None for all. jobs : processes; None: all cores. resume : go on with an
    unfinished run. strict : refuse files that the plan has not seen, or that changed since; else they are told in a warning. filesystem : pyarrow's or
    fsspec's, for paths of it.

    Returns
    -------
    Sample: `table()`, `batches()`, `correction`, `weights`.

    Raises
    ------
    InputError : damaged files, a folder with other things in it, an unfinished run without `resume`, a full disk; committed parts stay, nothing partial
        is left under a final name, `resume=True` goes on.

    Costs: one pass; (1 + 1/kappa) times the variance of training on everything. Which rows stay depends on their keys alone: not on files, order, `jobs`.
    Source: Wang, Zhang and Wang, NeurIPS (2021).

    >>> import tempfile
    >>> import numpy as np
    >>> from upweight.negatives import plan
    >>> ids = np.arange(100_000)
    >>> rows = pa.table({"id": ids, "y": (ids % 1000 == 0).astype("int8")})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     thin = sample(rows, plan(rows, label="y", key="id", rule="uniform", rng=7), f"{folder}/thin")
    ...     thin.table().num_rows, round(float(thin.weights.values.sum()))
    (603, 100599)
    """
    made = plan_of(plan)
    source = source_of(data, filesystem=filesystem, types=made.types)
    if isinstance(source, EngineSource):
        facts = _drawn_by_engine(source, made, out, columns, jobs, resume, filesystem)
        _keep_model(made, Output(os.fspath(out), filesystem))
        return Sample(os.fspath(out), made, facts, filesystem)
    if source.table is not None and not isinstance(data, Source):
        source = frame_source(source.table, _content_of(source.table))
    made.schema(source.schema)  # refuses what does not fit, before anything is written
    said = source.changes_since(made.source)
    if said and strict:
        raise InputError(f"{said}. Plan again, or leave strict out.")
    if said:
        warnings.warn(f"{said}; they are sampled by the same plan", UserWarning, stacklevel=2)
    manifest = run(source, made, os.fspath(out), columns=columns, jobs=jobs, resume=resume, filesystem=filesystem)
    _keep_model(made, Output(os.fspath(out), filesystem))
    return Sample(os.fspath(out), made, manifest.facts, filesystem)


def _drawn_by_engine(
    source: EngineSource,
    plan: Plan,
    out: str | os.PathLike[str],
    columns: Sequence[str] | None,
    jobs: int | None,
    resume: bool,
    filesystem: Any,
) -> dict[str, Any]:
    """The manifest of a sample that the engine of these rows drew."""
    if jobs is not None:
        raise InputError(f"{source.engine} has processes of its own; got jobs={jobs}. Leave jobs out.")
    plan.schema(source.schema)
    made = sample_on_engine(source, plan, os.fspath(out), columns=columns, resume=resume, filesystem=filesystem)
    return made.facts


def _keep_model(plan: Plan, place: Output) -> None:
    """The model of a pilot beside the plan of the sample."""
    pilot = plan.design["pilot"]
    if isinstance(pilot, ModelPilot) and not place.there(pilot["file"]):
        with place.beside(pilot["file"]) as path:
            path.write_bytes(pilot.model.content)


def _content_of(table: pa.Table | None) -> str:
    """First 16 hex digits of SHA-256 of the rows of a frame."""
    digest = hashlib.sha256()
    assert table is not None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None).combine_chunks())
    digest.update(sink.getvalue())
    return digest.hexdigest()[:16]
