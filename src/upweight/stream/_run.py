"""The local driver: a kernel over every task of a source, in processes, resumable, with nothing half-written.

    OUT/plan.json                          the kernel as a document
    OUT/run.json                           written next: which kernel, columns, files and tasks
    OUT/data/part-<task>-<sha>.parquet     rows of a task, under the first 8 hex of the file's SHA-256; none if it keeps nothing
    OUT/tasks/<task>.json                  the commit of a task
    OUT/manifest.json                      last: there means finished; then tasks/ goes

The trouble: a job over a thousand files dies at the nine hundredth. Each task is committed by its own document after its data is on the disk,
so a run that is resumed does what is missing, and the result is the same to the byte.

Memory: the kept rows of one row group a process, beside one row group that is read.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .._errors import InputError
from ..work import Job, Watch, run_job, terminal_watch
from ._kernel import Kernel
from ._output import HIDDEN, Output
from ._source import Source, SourceTask

__all__ = ["MANIFEST", "Manifest", "read_manifest", "run"]

RUN, MANIFEST = "run.json", "manifest.json"
RUN_FORMAT, SAMPLE_FORMAT = "upweight.run/1", "upweight.sample/1"
GROUP = 1 << 20  # rows of a row group that is written
KERNEL = "plan.json"
OWN = {RUN, MANIFEST, KERNEL, ".lock", "data", "tasks"}


@dataclass(frozen=True)
class Manifest:
    """What a finished run wrote: the document `upweight.sample/1`."""

    facts: dict[str, Any]  # the document: what was read, kept and written

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    @property
    def files(self) -> list[str]:
        """Names of the data files, in task order."""
        return [t["file"] for t in self.facts["tasks"] if t["file"] is not None]


def run(
    source: Source,
    kernel: Kernel,
    out: str,
    *,
    columns: Sequence[str] | None = None,
    jobs: int | None = None,
    resume: bool = False,
    filesystem: Any = None,
    watch: Watch | None = None,
) -> Manifest:
    """Apply a kernel to every batch and write what it gives.

    source : of `open`. kernel : a `Kernel`. out : a new or empty folder, local or a URI, or of `filesystem`. columns : of the input to keep; None for all. jobs : processes;
    None: what `joblib.parallel_config` says, else all cores.
    resume : go on with an unfinished run of the same kernel and data. watch : where progress goes; None: a bar on terminals.

    Returns the manifest; that of a run that is finished already is returned at once.

    Raises InputError for a folder with other things in it or of another run, an unfinished run without `resume`, data that changed; InputError naming
    file and row groups after all other tasks are done, if some cannot be read.

    Costs: one pass over the needed columns, and `columns`. What is written does not depend on `jobs`.
    """
    place = Output(out, filesystem)
    _refuse_inside(source, place)
    tasks = source.tasks()
    keep = source.names_of(columns)
    source.names_of(kernel.needs)
    facts = _run_facts(source, kernel, keep, tasks)
    done = finished(place, facts)
    if done is not None:
        return done
    refuse_others(place, facts, resume=resume)
    place.make("data", "tasks")
    with place.held():
        begin(place, kernel, facts, resume=resume)
        work = TaskWork(source, kernel, place, tuple(keep), tuple(tasks))
        job = Job(work, list(range(len(tasks))), label=partial(_task_label, tasks))
        journal: Any = Commits(place, tasks)
        try:
            done_parts = run_job(
                job,
                journal=journal,
                watch=terminal_watch() if watch is None else watch,
                jobs=jobs if source.table is None else 1,
            )
        except OSError as error:
            raise _no_room(error, place, tasks) from error
        if not done_parts.complete:
            raise KeyboardInterrupt
        broken = [p["error"] for p in done_parts.parts.values() if "error" in p]
        if broken:
            more = f" ({len(broken) - 1} more tasks failed)" if len(broken) > 1 else ""
            raise InputError(
                f"{broken[0].rstrip('.')}{more}. The other tasks are done; mend the data and run again with resume."
            )
        return _finish(place, facts, [done_parts.parts[k] for k in range(len(tasks))])


# ---- tasks ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TaskWork:
    """A task by its number: read, apply, write, commit; what is committed comes back."""

    source: Source
    kernel: Kernel
    place: Output
    keep: tuple[str, ...]
    tasks: tuple[SourceTask, ...]

    def __call__(self, number: int) -> dict[str, Any]:
        task = self.tasks[number]
        try:
            with self.place.temporary(f"data/{task.id}") as path:
                return self.write(task, path)
        except InputError as error:
            return {"error": str(error)}

    def write(self, task: SourceTask, path: Path) -> dict[str, Any]:
        """Write the rows of a task and commit them."""
        needed = list(dict.fromkeys([*self.keep, *self.kernel.needs]))
        schema = self.kernel.schema(self.source.schema)
        extra = [n for n in schema.names if n not in self.source.schema.names]
        final = pa.schema([schema.field(n) for n in [*self.keep, *extra]], metadata={"upweight.plan": self.kernel.id})
        writer = Writer(path, final)
        tally = None
        try:
            for incoming, outgoing in self.batches(task, needed):
                mine = self.kernel.tally(incoming, outgoing)
                tally = mine if tally is None else tally + mine
                writer.write(outgoing.select(final.names))
        finally:
            rows = writer.close()
        for piece in task.pieces:
            self.source.refuse_changed(piece)
        part: dict[str, Any] = {
            "id": task.id,
            "inputs": _inputs_of(task),
            "file": None,
            "bytes": 0,
            "sha256": None,
            "rows": rows,
        }
        if rows:
            digest = _sha256_of(path)
            part |= {"file": f"part-{task.id}-{digest[:8]}.parquet", "bytes": path.stat().st_size, "sha256": digest}
            self.place.put(path, f"data/{part['file']}")
        part |= (
            {}
            if tally is None
            else {k: v for k, v in tally.to_dict().items() if k != "rows"} | {"seen": tally.to_dict()["rows"]}
        )
        self.commit(part)
        return part

    def batches(self, task: SourceTask, columns: list[str]) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """(rows that came, rows that stay), a batch at a time; what the kernel refuses is told with file and row groups."""
        for piece in task.pieces:
            at = piece.before
            for incoming in self.source.batches_of(piece, columns):
                with self.source.told(piece, at):
                    outgoing = self.kernel.apply(incoming)
                yield incoming, outgoing
                at += incoming.num_rows

    def commit(self, part: dict[str, Any]) -> None:
        """Write the commit; where another run has finished meanwhile, take away what this one wrote beside it."""
        manifest = self.place.read_json(MANIFEST)
        if manifest is not None:
            named = {t["file"] for t in manifest["tasks"]}
            if part["file"] is not None and part["file"] not in named:
                self.place.remove(f"data/{part['file']}")
            return
        self.place.write_json(f"tasks/{part['id']}.json", part)


class Writer:
    """Rows to one Parquet file in row groups of a fixed size, so that its bytes depend on its rows alone."""

    def __init__(self, path: Path, schema: pa.Schema):
        self.path, self.schema = path, schema
        self.waiting: list[pa.RecordBatch] = []
        self.held = self.rows = 0
        self.file: pq.ParquetWriter | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self.waiting.append(batch)
            self.held += batch.num_rows
        while self.held >= GROUP:
            self.flush(GROUP)

    def flush(self, rows: int) -> None:
        table = pa.Table.from_batches(self.waiting).cast(self.schema).combine_chunks()
        if self.file is None:
            named: Any = [f.name for f in self.schema if not pa.types.is_floating(f.type)]  # fractions hardly repeat
            self.file = pq.ParquetWriter(
                self.path,
                self.schema,
                compression="zstd",
                compression_level=3,
                use_dictionary=named,
                write_page_checksum=True,
            )
        self.file.write_table(table.slice(0, rows), row_group_size=GROUP)
        rest = table.slice(rows)
        self.waiting, self.held = rest.to_batches(), rest.num_rows
        self.rows += table.num_rows - rest.num_rows

    def close(self) -> int:
        """Rows in the file; there is none if there are no rows."""
        if self.held:
            self.flush(self.held)
        if self.file is not None:
            self.file.close()
        return self.rows


class Commits:
    """The journal of a run: its committed tasks."""

    trouble = None

    def __init__(self, place: Output, tasks: list[SourceTask]):
        self.place, self.tasks = place, tasks

    def read(self, number: int) -> dict[str, Any] | None:
        """The commit of a task, if it is there and its data too."""
        part = self.place.read_json(f"tasks/{self.tasks[number].id}.json")
        if not isinstance(part, dict) or part.get("id") != self.tasks[number].id:
            return None
        return part if part["file"] is None or part["file"] in self.place.names("data") else None

    def held(self, numbers: Sequence[int]) -> dict[int, Any]:
        return {n: part for n in numbers if (part := self.read(n)) is not None}

    def write(self, number: int, part: dict[str, Any]) -> None:
        """The task has committed itself."""


# ---- beginning and end ------------------------------------------------------------------------------------------------------


def _run_facts(source: Source, kernel: Kernel, keep: list[str], tasks: list[SourceTask]) -> dict[str, Any]:
    """What a run is: two runs of the same facts write the same bytes."""
    return {
        "format": RUN_FORMAT,
        "plan": kernel.id,
        "columns": keep,
        "schema": [[f.name, str(f.type)] for f in kernel.schema(source.schema)],
        "files": [[f.path, f.size, f.token] for f in source.files],
        "tasks": [t.id for t in tasks],
    }


def finished(place: Output, facts: dict[str, Any]) -> Manifest | None:
    """The manifest of the same run, if it is finished; a finished run of other facts is refused."""
    manifest = place.read_json(MANIFEST)
    if manifest is None:
        return None
    if place.read_json(RUN) != facts:
        raise InputError(
            f"{place.name!r} holds a finished sample of plan {str(manifest.get('plan'))[:19]}..., not of {facts['plan'][:19]}... on these data. "
            "Use another folder."
        )
    _tidy(place, manifest)
    return Manifest(manifest)


def begin(place: Output, kernel: Kernel, facts: dict[str, Any], *, resume: bool) -> None:
    """Make the folder ours, or find our own unfinished run in it."""
    refuse_others(place, facts, resume=resume)
    if place.read_json(RUN) is None:
        place.write_text(KERNEL, kernel.to_json())
        place.write_json(RUN, facts)
    place.sweep("", "data", "tasks")


def refuse_others(place: Output, facts: dict[str, Any], *, resume: bool) -> None:
    """Refuse a folder with other things in it, of another run, or of an unfinished one unless it is to be resumed."""
    there = place.read_json(RUN)
    foreign = [n for n in place.entries() if n not in OWN and not n.startswith(HIDDEN)]
    inside = [] if there is not None else [f"{f}/{n}" for f in ("data", "tasks") for n in place.names(f)]
    if foreign or inside:
        what = [*foreign, *inside][0]
        raise InputError(f"{place.name!r} holds other things ({what}). Use a new folder.")
    if there is None:
        return
    if there != facts:
        changed = (
            "its files changed" if there.get("plan") == facts["plan"] else f"plan {str(there.get('plan'))[:19]}..."
        )
        raise InputError(
            f"{place.name!r} holds an unfinished run of other data or of another plan ({changed}). Use another folder."
        )
    if not resume:
        raise InputError(
            f"{place.name!r} holds an unfinished run of this plan. Go on with resume=True (--resume), or use another folder."
        )


def _finish(place: Output, facts: dict[str, Any], parts: list[dict[str, Any]]) -> Manifest:
    """Write the manifest, take away what it does not name, and the commits."""
    counted = sorted({k for p in parts for k in p} - {"id", "inputs", "file", "bytes", "sha256", "rows", "seen"})
    totals: dict[str, Any] = {
        "rows": sum(p["seen"] for p in parts if "seen" in p),
        "kept": sum(p["rows"] for p in parts),
    }
    for name in counted:
        values = [p[name] for p in parts if name in p]
        totals[name] = sum(values) if all(isinstance(v, int) for v in values) else math.fsum(values)
    manifest = {"format": SAMPLE_FORMAT, "engine": "local", "plan": facts["plan"], **totals, "tasks": parts}
    theirs = place.read_json(MANIFEST)
    if theirs is None:
        place.write_json(MANIFEST, manifest)
        theirs = manifest
    _tidy(place, theirs)
    return Manifest(theirs)


def _tidy(place: Output, manifest: dict[str, Any]) -> None:
    """Take away what a manifest does not name, and the commits."""
    named = {t["file"] for t in manifest["tasks"]}
    for name in place.names("data"):
        if name not in named and name.startswith(("part-", HIDDEN)):
            place.remove(f"data/{name}")
    place.remove_folder("tasks")


def read_manifest(out: str, filesystem: Any = None) -> Manifest:
    """The manifest of a finished run; an unfinished one is refused with how far it is."""
    place = Output(out, filesystem)
    facts = place.read_json(MANIFEST)
    if isinstance(facts, dict) and facts.get("format") == SAMPLE_FORMAT:
        return Manifest(facts)
    begun = place.read_json(RUN)
    if isinstance(begun, dict) and "engine" in begun:
        raise InputError(f"{out!r}: {begun['engine']} has not finished it; run sample --resume.")
    if isinstance(begun, dict) and "tasks" in begun:
        done = len(place.names("tasks"))
        raise InputError(f"{out!r}: {done} of {len(begun['tasks'])} tasks; run sample --resume.")
    raise InputError(f"{out!r} holds no finished sample.")


def _no_room(error: OSError, place: Output, tasks: list[SourceTask]) -> InputError:
    """A disk that is full: what is done, and what is still needed."""
    done = len(place.names("tasks"))
    left = sum(t.bytes for t in tasks) * (1 - done / max(len(tasks), 1))
    return InputError(
        f"{place.name!r} cannot be written ({error.strerror or error}); {done} of {len(tasks)} tasks are done, at most {left / 1e6:,.0f} MB more "
        "are needed. Make room and run again with resume=True (--resume)."
    )


def _refuse_inside(source: Source, place: Output) -> None:
    """The output may not lie among the data, which would be read as data next time."""
    if source.table is not None or source.filesystem != place.system:
        return
    data, out = ([os.path.realpath(p) if place.local else p for p in paths] for paths in (source.folders, [place.root]))
    if any(f"{out[0].rstrip('/')}/".startswith(f"{folder.rstrip('/')}/") for folder in data):
        raise InputError(f"{place.name!r} lies inside the data ({source.root!r}). Use a folder outside it.")


def _inputs_of(task: SourceTask) -> list[dict[str, Any]]:
    return [{"path": p.file.path, "token": p.file.token, "row_groups": [p.first, p.stop]} for p in task.pieces]


def _task_label(tasks: list[SourceTask], number: int) -> str:
    return tasks[number].pieces[0].file.path


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
