"""The same rows on Ray; run where it is installed (`make engines`)."""

from __future__ import annotations

import os
import sys

import numpy as np
import pyarrow as pa
import pytest

if "ray" not in sys.modules and not os.environ.get("UPWEIGHT_ENGINES"):
    pytest.skip("engines are tested by `make engines`, in their own environment", allow_module_level=True)

import ray

from upweight.negatives import Pilot, plan
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
