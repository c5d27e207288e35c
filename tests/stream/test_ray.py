"""The same rows on Ray; run where it is installed (`make engines`)."""

from __future__ import annotations

import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if "ray" not in sys.modules and not os.environ.get("UPWEIGHT_ENGINES"):
    pytest.skip("engines are tested by `make engines`, in their own environment", allow_module_level=True)

import ray

from upweight.cli import main
from upweight.negatives import Pilot, Sample, check, plan, sample
from upweight.stream import on_ray

N = 20_000
pytestmark = pytest.mark.filterwarnings("ignore")  # what Ray's own Python deprecates


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield ray
    ray.shutdown()


def rows():
    r = np.random.default_rng(0)
    x = r.standard_normal((N, 2))
    y = r.random(N) < 1 / (1 + np.exp(4 - x.sum(1)))
    return pa.table(
        {"id": np.arange(N), "a": x[:, 0], "b": x[:, 1], "site": ["u", None] * (N // 2), "y": y.astype("int8")}
    )


@pytest.mark.parametrize("rule", ["proportional", "optimal", "uniform"])
def test_ray_keeps_the_rows_of_this_machine(cluster, rule):
    table = rows()
    made = plan(table, label="y", key="id", pilot=Pilot.linear(["a", "b"]), rule=rule, rng=7)
    want = made.apply(table)
    for ds in (cluster.data.from_arrow(table), cluster.data.from_arrow(table).repartition(7)):
        parts = on_ray(ds, made).to_arrow_refs()
        got = pa.concat_tables([p for p in cluster.get(parts) if p.num_rows], promote_options="permissive").sort_by(
            "id"
        )
        assert got["id"].to_pylist() == want["id"].to_pylist()
        np.testing.assert_array_equal(got["_uw_pi"].to_numpy(), want["_uw_pi"].to_numpy())


def test_a_plan_and_a_sample_of_ray_are_those_of_this_machine(cluster, tmp_path):
    table = rows()
    here = plan(table, label="y", key="id", pilot=Pilot.linear(["a", "b", "site"]), rng=7)
    ds = cluster.data.from_arrow(table).repartition(5)
    there = plan(ds, label="y", key="id", pilot=Pilot.linear(["a", "b", "site"]), rng=7)
    assert there.id == here.id
    assert there.forecast.to_dict() == here.forecast.to_dict() | {"bytes": None}
    thin = sample(ds, here, tmp_path / "there")
    want = sample(table, here, tmp_path / "here")
    assert thin.table().sort_by("id").equals(want.table().sort_by("id"))
    for name in ("rows", "positives", "negatives", "kept_positives", "kept_negatives", "unscored"):
        assert thin.manifest[name] == want.manifest[name]
    assert thin.manifest["inverse_pi"] == pytest.approx(want.manifest["inverse_pi"], rel=1e-12)
    assert check(Sample.open(tmp_path / "there")).ok


def test_the_command_line_samples_on_ray_what_it_samples_here(cluster, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table = rows()
    for day in (1, 2):
        (tmp_path / "data" / f"day=0{day}").mkdir(parents=True)
        part = table.slice((day - 1) * N // 2, N // 2)
        pq.write_table(part, tmp_path / "data" / f"day=0{day}" / "a.parquet")

    def run(*args):
        with pytest.raises(SystemExit) as done:
            main(["negatives", *args])
        assert not done.value.code, capsys.readouterr().err

    run(
        "plan", "data", "--label", "y", "--key", "id,day", "--features", "a,b,site,day", "--rng", "7", "-o", "plan.json"
    )
    run("sample", "data", "--plan", "plan.json", "-o", "here")
    run("sample", "data", "--plan", "plan.json", "-o", "there", "--engine", "ray", "--strict")
    here, there = (Sample.open(f).table().sort_by("id") for f in ("here", "there"))
    names = ["id", "day", "y", "_uw_pi"]
    assert there.select(names).to_pylist() == here.select(names).to_pylist()
