"""Plan, sample, kill, resume and check on an object store with no rename and no lock: S3, as moto plays it (`make engines`)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if not os.environ.get("UPWEIGHT_ENGINES"):
    pytest.skip("engines are tested by `make engines`, in their own environment", allow_module_level=True)

from moto.server import ThreadedMotoServer
from pyarrow import fs

from upweight import InputError, stream
from upweight.negatives import Sample, check, plan, sample

pytestmark = pytest.mark.filterwarnings("ignore")  # what moto's own Python deprecates
N = 30_000


def clicks():
    r = np.random.default_rng(0)
    x = r.standard_normal((N, 2))
    y = r.random(N) < 1 / (1 + np.exp(4 - x.sum(1)))
    return pa.table({"id": np.arange(N), "a": x[:, 0], "b": x[:, 1], "y": y.astype("int8")})


@pytest.fixture
def bucket(monkeypatch):
    """A bucket with six files under logs/."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in (
        ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    store = fs.S3FileSystem(
        endpoint_override=f"{host}:{port}", scheme="http", allow_bucket_creation=True, region="us-east-1"
    )
    store.create_dir("thinning")
    store.delete_dir_contents("thinning")  # what an earlier test left: all servers of a process share their buckets
    table = clicks()
    for k in range(6):
        pq.write_table(table.slice(5000 * k, 5000), f"thinning/logs/{k}.parquet", filesystem=store, row_group_size=1000)
    yield store, f"endpoint_override={host}%3A{port}&scheme=http&region=us-east-1"
    server.stop()


def contents(store, folder):
    infos = store.get_file_info(fs.FileSelector(folder, recursive=True))
    found = {}
    for info in infos:
        if info.type == fs.FileType.File:
            with store.open_input_stream(info.path) as file:
                found[info.path.removeprefix(folder)] = file.read()
    return found


def test_plan_sample_and_check_on_s3_are_those_of_this_machine(bucket, tmp_path):
    store, _ = bucket
    made = plan(stream.open("thinning/logs", filesystem=store), label="y", key="id", rng=3)
    assert made.id == plan(clicks(), label="y", key="id", rng=3).id
    thin = sample("thinning/logs", made, "thinning/thin", filesystem=store, jobs=1)
    assert thin.table()["id"].to_pylist() == made.apply(clicks())["id"].to_pylist()
    assert check(Sample.open("thinning/thin", filesystem=store)).ok
    with pytest.raises(InputError, match="lies inside the data"):
        sample("thinning/logs", made, "thinning/logs/thin", filesystem=store)
    files = contents(store, "thinning/thin/")
    assert set(files) == {
        "plan.json",
        "run.json",
        "manifest.json",
        *(f"data/{n}" for n in stream.read_manifest("thinning/thin", store).files),
    }


SCRIPT = """
import sys, time
sys.path.insert(0, {src!r})
from upweight import stream
from upweight.negatives import Plan
from upweight.stream import _source, _output
_source.LEAST_BYTES = 60_000
put = _output.Output.put
def slow(self, path, name):
    time.sleep({pause}); put(self, path, name); time.sleep({pause})
_output.Output.put = slow
from pyarrow import fs
store, _ = fs.FileSystem.from_uri("s3://thinning/?{query}")
stream.run(stream.open("thinning/logs", filesystem=store), Plan.load({plan!r}), "thinning/thin", filesystem=store, jobs=1, resume=True)
"""


def test_killed_on_s3_and_resumed_it_writes_the_same_bytes(bucket, tmp_path, monkeypatch):
    store, query = bucket
    monkeypatch.setattr(stream._source, "LEAST_BYTES", 60_000)
    made = plan(clicks(), label="y", key="id", rng=3)
    made.save(tmp_path / "plan.json")
    stream.run(stream.open("thinning/logs", filesystem=store), made, "thinning/plain", filesystem=store, jobs=1)
    src = str(Path(stream.__file__).parents[2])
    for pause, wait in ((0.05, 0.4), (0.05, 0.7), (0, None)):
        code = SCRIPT.format(src=src, pause=pause, query=query, plan=str(tmp_path / "plan.json"))
        process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
        if wait is None:
            assert process.wait(60) == 0, process.communicate()[1]
            continue
        deadline = time.monotonic() + 30
        while store.get_file_info("thinning/thin/run.json").type != fs.FileType.File and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert contents(store, "thinning/thin/") == contents(store, "thinning/plain/")


def test_two_runs_at_once_on_s3_leave_one_sample(bucket, tmp_path):
    store, query = bucket
    made = plan(clicks(), label="y", key="id", rng=3)
    made.save(tmp_path / "plan.json")
    src = str(Path(stream.__file__).parents[2])
    code = SCRIPT.format(src=src, pause=0.02, query=query, plan=str(tmp_path / "plan.json"))
    both = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [p.wait(90) for p in both] == [0, 0]
    files = contents(store, "thinning/thin/")
    assert {n for n in files if n.startswith("data/")} == {
        f"data/{n}" for n in stream.read_manifest("thinning/thin", store).files
    }
    thin = Sample.open("thinning/thin", filesystem=store)
    assert thin.table()["id"].to_pylist() == made.apply(clicks())["id"].to_pylist()
