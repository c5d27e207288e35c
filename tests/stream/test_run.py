"""The local driver: the same bytes whatever happens on the way, and nothing half-written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from upweight import InputError, stream
from upweight.negatives import plan
from upweight.stream import _run, _source
from upweight.stream._run import TaskWork
from upweight.work import _run as work_run

N = 30_000


def clicks(n=N, seed=0):
    r = np.random.default_rng(seed)
    x = r.standard_normal((n, 2))
    y = r.random(n) < 1 / (1 + np.exp(4 - x.sum(1)))
    return pa.table({"id": np.arange(n), "a": x[:, 0], "b": x[:, 1], "y": y.astype("int8")})


TABLE = clicks()
PLAN = plan(TABLE, label="y", key="id", per_positive=2, rng=5)
BY_POSITION = plan(TABLE, label="y", key=None, per_positive=2, rule="uniform", rng=5)


def write(folder, table=TABLE, files=6, group=1000):
    folder.mkdir(parents=True)
    size = -(-len(table) // files)
    for k in range(files):
        pq.write_table(table.slice(k * size, size), folder / f"{k}.parquet", row_group_size=group)
    return folder


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setattr(_source, "LEAST_BYTES", 60_000)  # so that a small table has several tasks
    return write(tmp_path / "data")


def prints(out):
    """SHA-256 of the manifest and of every data file."""
    files = [Path(out) / "manifest.json", *sorted((Path(out) / "data").iterdir())]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def kept(out, manifest):
    return pa.concat_tables(pq.read_table(f"{out}/data/{name}") for name in manifest.files)


def test_rows_are_those_of_the_frame_and_counts_are_right(data, tmp_path):
    out = str(tmp_path / "out")
    source = stream.open(str(data))
    manifest = stream.run(source, PLAN, out, jobs=1)
    assert len(manifest["tasks"]) > 3
    want, got = PLAN.apply(TABLE), kept(out, manifest)
    assert got.cast(want.schema).equals(want)
    assert sorted(os.listdir(out)) == [".lock", "data", "manifest.json", "plan.json", "run.json"]
    ones = int(np.asarray(TABLE["y"]).sum())
    assert (manifest["rows"], manifest["positives"], manifest["negatives"]) == (N, ones, N - ones)
    assert (manifest["kept_positives"], manifest["kept_negatives"]) == (ones, len(want) - ones)
    pi = want["_uw_pi"].to_numpy()[want["y"].to_numpy() == 0]
    assert manifest["inverse_pi"] == pytest.approx((1 / pi).sum(), rel=1e-12)
    assert manifest["inverse_pi_variance"] == pytest.approx(((1 - pi) / pi**2).sum(), rel=1e-12)
    assert pq.read_metadata(f"{out}/data/{manifest.files[0]}").metadata[b"upweight.plan"] == PLAN.id.encode()
    assert stream.read_manifest(out).facts == manifest.facts


def test_bytes_do_not_depend_on_processes(data, tmp_path, monkeypatch):
    monkeypatch.setattr(work_run, "WORTH_PROCESSES", 0.0)
    source = stream.open(str(data))
    for jobs in (1, 2):
        stream.run(source, PLAN, str(tmp_path / f"{jobs}"), jobs=jobs)
    assert prints(tmp_path / "1") == prints(tmp_path / "2")


def test_rows_do_not_depend_on_files_groups_or_chunks(data, tmp_path, monkeypatch):
    one = write(tmp_path / "one", files=1, group=7001)
    monkeypatch.setattr(_source, "BATCH", 313)
    rows = []
    for name, folder in (("a", data), ("b", one)):
        manifest = stream.run(stream.open(str(folder)), PLAN, str(tmp_path / name), jobs=1)
        rows.append(kept(tmp_path / name, manifest).sort_by("id"))
    assert rows[0].equals(rows[1])


def test_rows_without_a_key_are_known_by_their_place_in_their_file(data, tmp_path, monkeypatch):
    source = stream.open(str(data))
    manifest = stream.run(source, BY_POSITION, str(tmp_path / "a"), jobs=1)
    monkeypatch.setattr(_source, "BATCH", 313)
    monkeypatch.setattr(_source, "LEAST_BYTES", 1 << 30)
    again = stream.run(stream.open(str(data)), BY_POSITION, str(tmp_path / "b"), jobs=1)
    rows = kept(tmp_path / "a", manifest)
    assert rows.equals(kept(tmp_path / "b", again))
    assert rows.schema.names == [*TABLE.schema.names, "_uw_pi", "_uw_offset", "_uw_weight"]
    rate = BY_POSITION.design["rule"]["rate"]
    assert abs(manifest["kept_negatives"] - rate * manifest["negatives"]) < 4 * np.sqrt(rate * manifest["negatives"])
    with pytest.raises(InputError, match="a row is known by its position in its file"):
        BY_POSITION.apply(TABLE.to_batches()[0])


def test_columns_are_chosen_and_checked_first(data, tmp_path):
    source = stream.open(str(data))
    manifest = stream.run(source, PLAN, str(tmp_path / "out"), columns=["y", "b"], jobs=1)
    assert kept(tmp_path / "out", manifest).schema.names == ["y", "b", "_uw_pi", "_uw_offset", "_uw_weight"]
    with pytest.raises(InputError, match="has no column 'z'"):
        stream.run(source, PLAN, str(tmp_path / "other"), columns=["z"], jobs=1)
    assert not (tmp_path / "other").exists()


def test_a_file_reader_of_memory_and_an_object_store_take_the_same_run(data, tmp_path):
    local = stream.run(stream.open(str(data)), PLAN, str(tmp_path / "out"), jobs=1)
    mock = fs._MockFileSystem()
    manifest = stream.run(stream.open(str(data)), PLAN, "bucket/out", filesystem=mock, jobs=1)
    assert manifest.facts == local.facts
    names = [i.path for i in mock.get_file_info(fs.FileSelector("bucket/out", recursive=True))]
    assert sorted(names) == sorted(
        ["bucket/out/data", "bucket/out/manifest.json",
            "bucket/out/plan.json", "bucket/out/run.json", *(f"bucket/out/data/{f}" for f in manifest.files)]
    )  # fmt: skip
    assert stream.read_manifest("bucket/out", filesystem=mock).facts == local.facts


def test_csv_gives_the_rows_of_its_parquet(tmp_path):
    from pyarrow import csv

    small = TABLE.slice(0, 4000)
    (tmp_path / "csv").mkdir()
    csv.write_csv(small, tmp_path / "csv" / "a.csv")
    manifest = stream.run(stream.open(str(tmp_path / "csv")), PLAN, str(tmp_path / "out"), jobs=1)
    assert kept(tmp_path / "out", manifest)["id"].to_pylist() == PLAN.apply(small)["id"].to_pylist()


# ---- the folder -------------------------------------------------------------------------------------------------------------


def test_a_finished_run_comes_back_at_once_and_one_of_another_plan_is_refused(data, tmp_path, monkeypatch):
    source, out = stream.open(str(data)), str(tmp_path / "out")
    manifest = stream.run(source, PLAN, out, jobs=1)
    monkeypatch.setattr(TaskWork, "write", None)
    assert stream.run(source, PLAN, out, jobs=1).facts == manifest.facts
    with pytest.raises(InputError, match="holds a finished sample of plan"):
        stream.run(source, BY_POSITION, out, jobs=1)


def test_other_folders_are_refused_and_untouched(data, tmp_path):
    source = stream.open(str(data))
    with pytest.raises(InputError, match="lies inside the data"):
        stream.run(source, PLAN, str(data / "thin"), jobs=1)
    (tmp_path / "file").touch()
    (tmp_path / "mine" / "notes").mkdir(parents=True)
    with pytest.raises(InputError, match=r"holds other things \(notes\)"):
        stream.run(source, PLAN, str(tmp_path / "mine"), jobs=1)
    assert os.listdir(tmp_path / "mine") == ["notes"]
    (tmp_path / "old" / "data").mkdir(parents=True)
    (tmp_path / "old" / "data" / "part-1.parquet").write_text("x")
    with pytest.raises(InputError, match=r"holds other things \(data/part-1.parquet\)"):
        stream.run(source, PLAN, str(tmp_path / "old"), jobs=1)
    with pytest.raises(InputError, match="is a file. Name a folder"):
        stream.run(source, PLAN, str(tmp_path / "file"), jobs=1)
    single = stream.open(str(data / "0.parquet"))
    assert stream.run(single, PLAN, str(data / "beside"), jobs=1)["rows"] == 5000


def test_an_unfinished_run_says_how_far_it_is_and_needs_resume(data, tmp_path, monkeypatch):
    source, out = stream.open(str(data)), str(tmp_path / "out")
    stop_after(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        stream.run(source, PLAN, out, jobs=1)
    total = len(source.tasks())
    with pytest.raises(InputError, match=f"2 of {total} tasks; run sample --resume"):
        stream.read_manifest(out)
    monkeypatch.undo()
    monkeypatch.setattr(_source, "LEAST_BYTES", 60_000)
    with pytest.raises(InputError, match="resume=True"):
        stream.run(source, PLAN, out, jobs=1)
    with pytest.raises(InputError, match="of other data or of another plan"):
        stream.run(source, BY_POSITION, out, jobs=1, resume=True)
    stream.run(source, PLAN, out, jobs=1, resume=True)
    stream.run(source, PLAN, str(tmp_path / "plain"), jobs=1)
    assert prints(out) == prints(tmp_path / "plain")


def stop_after(monkeypatch, tasks):
    """Ctrl-C in the task after so many."""
    whole = TaskWork.write
    seen = []

    def write(self, task, path):
        if len(seen) == tasks:
            raise KeyboardInterrupt
        seen.append(task)
        return whole(self, task, path)

    monkeypatch.setattr(TaskWork, "write", write)


def test_a_file_that_changed_is_refused_on_resume_and_not_committed_during_its_task(data, tmp_path, monkeypatch):
    source, out = stream.open(str(data)), str(tmp_path / "out")
    path = data / "5.parquet"
    content = path.read_bytes()
    pq.write_table(TABLE.slice(0, 5000), path, row_group_size=1000)
    with pytest.raises(InputError, match=r"5.parquet: changed while it was read.*The other tasks are done"):
        stream.run(source, PLAN, out, jobs=1)
    with pytest.raises(InputError, match="its files changed"):
        stream.run(stream.open(str(data)), PLAN, out, jobs=1, resume=True)
    path.write_bytes(content)
    stream.run(stream.open(str(data)), PLAN, out, jobs=1, resume=True)
    stream.run(source, PLAN, str(tmp_path / "plain"), jobs=1)
    assert prints(out) == prints(tmp_path / "plain")


def test_bad_rows_fail_their_task_by_file_and_row_and_the_others_finish(tmp_path, monkeypatch):
    monkeypatch.setattr(_source, "LEAST_BYTES", 60_000)
    y = TABLE["y"].to_pylist()
    y[20_005] = None
    broken = write(tmp_path / "data", TABLE.set_column(3, "y", pa.array(y, pa.int8())))
    source = stream.open(str(broken))
    with pytest.raises(InputError) as error:
        stream.run(source, PLAN, str(tmp_path / "out"), jobs=1)
    assert "4.parquet: row groups 0 to" in str(error.value)
    assert "counted from row 0 of the file: label 'y' has 1 gap, first at row 5" in str(error.value)
    done = len(os.listdir(tmp_path / "out" / "tasks"))
    assert done == len(source.tasks()) - 1


# ---- the disk ---------------------------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_nothing_half_written_and_says_what_is_done(data, tmp_path, monkeypatch):
    source, out = stream.open(str(data)), tmp_path / "out"
    whole = _run.Writer.flush
    count = []

    def flush(self, rows):
        count.append(1)
        if len(count) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(self, rows)

    monkeypatch.setattr(_run.Writer, "flush", flush)
    with pytest.raises(InputError) as error:
        stream.run(source, PLAN, str(out), jobs=1)
    assert "cannot be written (No space left on device); 3 of" in str(error.value)
    assert "Make room and run again with resume=True" in str(error.value)
    assert len(os.listdir(out / "data")) == 3
    assert not [n for n in os.listdir(out / "data") if n.startswith(".")]
    monkeypatch.setattr(_run.Writer, "flush", whole)
    stream.run(source, PLAN, str(out), jobs=1, resume=True)
    stream.run(source, PLAN, str(tmp_path / "plain"), jobs=1)
    assert prints(out) == prints(tmp_path / "plain")


SCRIPT = """
import sys
sys.path.insert(0, {src!r})
from upweight import stream
from upweight.negatives import Plan
from upweight.stream import _source, _run
_source.LEAST_BYTES = 60_000
{more}
stream.run(stream.open({data!r}), Plan.load({plan!r}), {out!r}, jobs=1, resume=True)
"""


def script(data, tmp_path, out, more=""):
    PLAN.save(tmp_path / "plan.json")
    src = str(Path(stream.__file__).parents[2])
    text = SCRIPT.format(src=src, data=str(data), plan=str(tmp_path / "plan.json"), out=str(out), more=more)
    return [sys.executable, "-c", text]


SLOW = (
    "import os, time\n"
    "for name in ('replace', 'fsync'):\n"
    "    setattr(os, name, (lambda f: lambda *a: (time.sleep(0.02), f(*a), time.sleep(0.02))[1])(getattr(os, name)))"
)  # each write and rename takes some milliseconds, so that kills fall between all of them


def killed(data, tmp_path, out, after):
    """Whether SIGKILL met the run, `after` seconds from its first file on."""
    process = subprocess.Popen(script(data, tmp_path, out, SLOW), stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (out / "run.json").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def refuse_partial(out):
    """Whatever has a final name is whole: data by their fingerprint, documents as JSON."""
    for path in (out / "data").glob("part-*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem.rsplit("-", 1)[1])
        assert pq.read_metadata(path).num_rows
    for path in [*out.glob("*.json"), *out.glob("tasks/*.json")]:
        json.loads(path.read_text())


def test_killed_at_random_moments_and_resumed_it_writes_the_same_bytes(data, tmp_path):
    stream.run(stream.open(str(data)), PLAN, str(tmp_path / "plain"), jobs=1)
    want, chance, kills = prints(tmp_path / "plain"), random.Random(0), 0
    out = tmp_path / "out"
    for _ in range(6):
        kills += killed(data, tmp_path, out, chance.uniform(0, 0.5))
        refuse_partial(out)
        if (out / "manifest.json").exists():
            break
    assert kills >= 1
    done = subprocess.run(script(data, tmp_path, out), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert prints(out) == want
    assert sorted(os.listdir(out)) == [".lock", "data", "manifest.json", "plan.json", "run.json"]


@pytest.mark.slow
def test_fifty_kills_fifty_times_the_same_bytes(data, tmp_path):
    """Each run is killed once, anywhere from its first file to its last, and resumed."""
    plain = tmp_path / "plain"
    subprocess.run(script(data, tmp_path, plain, SLOW), check=True)
    span = (plain / "manifest.json").stat().st_mtime - (plain / "run.json").stat().st_mtime
    want, chance, kills, tries = prints(plain), random.Random(1), 0, 0
    while kills < 50:
        tries += 1
        assert tries < 200, f"only {kills} kills met a run"
        out = tmp_path / f"{tries}"
        if not killed(data, tmp_path, out, chance.uniform(0, span)) or (out / "manifest.json").exists():
            continue
        kills += 1
        refuse_partial(out)
        stream.run(stream.open(str(data)), PLAN, str(out), jobs=1, resume=True)
        assert prints(out) == want, f"kill {kills}"
        assert sorted(os.listdir(out)) == [".lock", "data", "manifest.json", "plan.json", "run.json"]


def test_a_limit_on_file_size_is_a_disk_that_is_full(data, tmp_path):
    """EFBIG, as ENOSPC, comes from the system in the middle of a write."""
    limit = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))"
    out = tmp_path / "out"
    done = subprocess.run(script(data, tmp_path, out, limit), capture_output=True, text=True)
    assert done.returncode == 1
    assert "InputError" in done.stderr
    assert "cannot be written (" in done.stderr.splitlines()[-1]
    assert [n for n in os.listdir(out / "data") if not n.startswith("part-")] == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 9000


def test_a_full_tmpfs_leaves_nothing_half_written(data, tmp_path):
    """A real file system of 64 KB, where this user may mount one; elsewhere the limit on file size above stands for it."""
    mount = tmp_path / "small"
    mount.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)], capture_output=True)
    if made.returncode:
        pytest.skip("no right to mount a tmpfs; RLIMIT_FSIZE stands for it")
    try:
        out = mount / "out"
        with pytest.raises(InputError, match=r"cannot be written .* tasks are done"):
            stream.run(stream.open(str(data)), PLAN, str(out), jobs=1)
        assert [n for n in os.listdir(out / "data") if not n.startswith("part-")] == []
        assert not (out / "manifest.json").exists()
        subprocess.run(["mount", "-o", "remount,size=8m", str(mount)], check=True)
        stream.run(stream.open(str(data)), PLAN, str(out), jobs=1, resume=True)
        stream.run(stream.open(str(data)), PLAN, str(tmp_path / "plain"), jobs=1)
        assert prints(out) == prints(tmp_path / "plain")
    finally:
        subprocess.run(["umount", str(mount)], check=True)
