"""A kernel over what Spark or Ray holds, written as a run of this machine is: the same rows, the same folder, a manifest last.

    OUT/plan.json, run.json     first
    OUT/data/                   what the engine writes, whole or not at all by its own means
    OUT/manifest.json           last, from what was written: names, bytes, SHA-256 and sums of every file; `inputs` are empty

An engine restarts its own tasks, so a run that was killed is not gone on with by parts: `resume` writes it again.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from .._errors import InputError
from ._engine_source import EngineSource
from ._engines import on_ray, on_spark, refuse_position
from ._fold import fold
from ._kernel import Kernel
from ._listing import find_files
from ._output import Output
from ._run import MANIFEST, RUN_FORMAT, SAMPLE_FORMAT, Manifest, begin, finished, refuse_others
from ._source import open_files

__all__ = ["run_on_engine"]

CHUNK = 1 << 20


def run_on_engine(
    source: EngineSource,
    kernel: Kernel,
    out: str,
    *,
    sums: tuple[Any, Any],
    columns: Sequence[str] | None = None,
    resume: bool = False,
    filesystem: Any = None,
) -> Manifest:
    """Apply a kernel on the engine that holds the rows, let it write them, and say in a manifest what is there.

    source : of a DataFrame or Dataset. kernel : a `Kernel`. out : a new or empty folder that the engine can write to. sums : two tallies whose result is a
    dict, of the rows that come and of those that stay, over the columns that each `needs`. columns : of the input to keep. resume : write an unfinished run
    of the same kernel again.

    Raises InputError as `run` does.

    Costs: a pass of the engine, one for the counts, and one over what was written.
    """
    refuse_position(kernel)
    place = Output(out, filesystem)
    keep = source.names_of(columns)
    source.names_of(kernel.needs)
    schema = kernel.schema(source.schema)
    facts = {
        "format": RUN_FORMAT,
        "engine": source.engine,
        "plan": kernel.id,
        "columns": keep,
        "schema": [[f.name, str(f.type)] for f in schema],
        "rows": source.rows,
        "files": [],
        "tasks": [],
    }
    done = finished(place, facts)
    if done is not None:
        return done
    refuse_others(place, facts, resume=resume)
    place.make("data", "tasks")
    with place.held():
        begin(place, kernel, facts, resume=resume)
        place.remove_folder("data")
        place.make("data")
        own = [n for n in schema.names if n not in source.schema.names]
        _write_rows(source, kernel, place, [*keep, *own])
        incoming, outgoing = sums
        counts = source.folded(incoming, incoming.needs)
        manifest = _manifest_of(place, facts, counts, outgoing)
        place.write_json(MANIFEST, manifest)
        place.remove_folder("tasks")
    return Manifest(manifest)


def _write_rows(source: EngineSource, kernel: Kernel, place: Output, names: list[str]) -> None:
    """Let the engine write the rows that stay, into data/."""
    needed = list(dict.fromkeys([*(n for n in names if n in source.schema.names), *kernel.needs]))
    few = source.select(needed)
    if source.engine == "ray":
        kept = on_ray(few, kernel).select_columns(names)
        kept.write_parquet(place.path("data"), filesystem=place.system, compression="zstd")
        return
    kept = on_spark(few, kernel).selectExpr(*("`" + name.replace("`", "``") + "`" for name in names))
    kept.write.mode("overwrite").option("compression", "zstd").parquet(_spark_path(place))


def _spark_path(place: Output) -> str:
    """The folder data/ as Spark names it."""
    if place.local:
        return f"file://{place.path('data')}"
    if "://" not in place.name:
        raise InputError(f"Spark writes to a path or a URI; got {place.name!r} of a filesystem. Give its URI.")
    return place.name.rstrip("/").replace("s3://", "s3a://", 1) + "/data"


def _manifest_of(place: Output, facts: dict[str, Any], counts: dict[str, Any], outgoing: Any) -> dict[str, Any]:
    """What came, what stayed, and every file that was written, sorted by name."""
    parts = []
    for full, name in _written(place).items():
        one = open_files(place.system, {full: name}, place.name)
        if one.rows:
            size, sha = one.files[0].size, _sha256_of(place, full)
            file = {"id": name, "inputs": [], "file": name, "bytes": size, "sha256": sha, "rows": one.rows}
            parts.append(file | fold(one, outgoing, columns=outgoing.needs, jobs=1))
    totals: dict[str, Any] = {"kept": sum(p["rows"] for p in parts)}
    for name in outgoing.names:
        values = [p[name] for p in parts]
        totals[name] = sum(values) if all(isinstance(v, int) for v in values) else math.fsum(values)
    head = {"format": SAMPLE_FORMAT, "engine": facts["engine"], "plan": facts["plan"]}
    return {**head, **totals, **counts, "tasks": parts}


def _written(place: Output) -> dict[str, str]:
    """{path: name} of the files in data/; none where nothing stayed."""
    try:
        found = find_files(place.path("data"), place.system)
    except InputError:  # no data file
        return {}
    return {full: PurePosixPath(name).name for full, name in found.paths.items()}


def _sha256_of(place: Output, full: str) -> str:
    digest = hashlib.sha256()
    with place.system.open_input_stream(full) as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()
