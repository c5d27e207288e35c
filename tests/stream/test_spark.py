"""The same rows on Spark: native SQL, mapInArrow, repartitioned; run where pyspark is installed (`make engines`)."""

from __future__ import annotations

import os
import sys

import numpy as np
import pyarrow as pa
import pytest

if "pyspark" not in sys.modules and not os.environ.get("UPWEIGHT_ENGINES"):
    pytest.skip("engines are tested by `make engines`, in their own environment", allow_module_level=True)

from pyspark.sql import SparkSession

from upweight import InputError
from upweight.negatives import Pilot, Rule, plan
from upweight.stream import draw, on_spark

N = 20_000
pytestmark = pytest.mark.filterwarnings("ignore")  # what Spark's own Python deprecates


@pytest.fixture(scope="module")
def spark():
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.sql.shuffle.partitions", "4")
    session = builder.config("spark.sql.execution.arrow.pyspark.enabled", "true").getOrCreate()
    yield session
    session.stop()


def rows():
    r = np.random.default_rng(0)
    x = r.standard_normal((N, 2))
    site = r.choice(["a", "it's \\ `b`", "日本", None], N, p=[0.4, 0.3, 0.2, 0.1]).tolist()
    y = r.random(N) < 1 / (1 + np.exp(4 - x.sum(1)))
    a = pa.array(np.where(r.random(N) < 0.05, np.nan, x[:, 0]), from_pandas=False)
    b = pa.array(x[:, 1], mask=r.random(N) < 0.05)
    score = pa.array(1 / (1 + np.exp(4.2 - x.sum(1))), mask=r.random(N) < 0.02)
    text = [f"imp-{i:06d}" for i in range(N)]
    columns = {
        "id": np.arange(N),
        "text": text,
        "a": a,
        "b": b,
        "site": site,
        "hour": r.integers(0, 24, N),
        "flag": y,
        "s": score,
    }
    return pa.table({**columns, "y": y.astype("int8")})


TABLE = rows()
LINEAR = Pilot.linear(["a", "b", "site", "hour:level"])
PLANS = {
    "linear": {"label": "y", "key": "id", "pilot": LINEAR},
    "text key, boolean label": {"label": "flag", "key": "text", "pilot": LINEAR},
    "two keys": {"label": "y", "key": ["id", "site"], "pilot": LINEAR},
    "column": {"label": "y", "key": "id", "pilot": "column:s"},
    "local": {"label": "y", "key": "id", "pilot": "column:s", "rule": Rule("local"), "per_positive": 1},
    "uniform": {"label": "y", "key": "id", "rule": Rule("uniform", positives=0.5)},
    "optimal": {"label": "y", "key": "id", "pilot": Pilot.linear(["a", "b"]), "rule": "optimal"},
}


def frame(spark, table=TABLE):
    return spark.createDataFrame(table)


@pytest.mark.parametrize("name", PLANS)
def test_spark_keeps_the_rows_of_this_machine(spark, name):
    """Native where there is SQL, mapInArrow for "optimal"; pi within 4 units in the last place, rows equal."""
    made = plan(TABLE, rng=7, **PLANS[name])
    want = made.apply(TABLE).sort_by("id")
    got = on_spark(frame(spark), made).toArrow().sort_by("id")
    assert got["id"].to_pylist() == want["id"].to_pylist()
    assert got.schema.names == want.schema.names
    for own in ("_uw_pi", "_uw_offset", "_uw_weight"):
        np.testing.assert_allclose(got[own].to_numpy(), want[own].to_numpy(), rtol=1e-14, atol=1e-14)
    again = on_spark(frame(spark).repartition(7), made).select("id").toArrow()
    assert sorted(again["id"].to_pylist()) == want["id"].to_pylist()


def test_the_statement_pasted_into_spark_sql_is_the_same(spark):
    made = plan(TABLE, rng=7, **PLANS["linear"])
    frame(spark).createOrReplaceTempView("rows")
    assert sorted(spark.sql(made.sql()).toArrow()["id"].to_pylist()) == made.apply(TABLE)["id"].to_pylist()


def test_integers_of_every_width_draw_as_int64(spark):
    made = plan(TABLE, rng=7, **PLANS["uniform"])
    kept = made.apply(TABLE)["id"].to_pylist()
    narrow = TABLE.set_column(0, "id", TABLE["id"].cast(pa.int32()))
    assert sorted(on_spark(frame(spark, narrow), made).toArrow()["id"].to_pylist()) == kept


def test_the_frozen_vectors_are_those_of_spark(spark):
    said = spark.sql(
        "select xxhash64('uw/neg/v1', 7L, cast(123456 as bigint)) & 9007199254740991L a, "
        "xxhash64('uw/neg/v1', 7L, cast(42 as bigint), cast(null as string)) & 9007199254740991L b"
    ).collect()[0]
    assert said.a * 2.0**-53 == draw([123456], seed=7)[0]
    assert said.b * 2.0**-53 == draw([42], pa.array([None], pa.string()), seed=7)[0]


def test_other_types_are_refused_and_bad_rows_fail_the_job(spark):
    made = plan(TABLE, rng=7, **PLANS["linear"])
    text = TABLE.set_column(0, "id", TABLE["id"].cast(pa.string()))
    with pytest.raises(InputError, match="'id' is utf8 here and int64 in the plan"):
        on_spark(frame(spark, text), made)
    with pytest.raises(InputError, match="whole numbers, text or bytes; got decimal"):
        on_spark(
            frame(spark).selectExpr("*", "cast(id as decimal(20,0)) as id2").drop("id").withColumnRenamed("id2", "id"),
            made,
        )
    for change, words in (("y", "a label is null"), ("id", "null in every key column")):
        broken = frame(spark).selectExpr(
            *(f"if(hour = 3, null, {n}) as {n}" if n == change else n for n in TABLE.schema.names)
        )
        with pytest.raises(Exception, match=words):
            on_spark(broken, made).toArrow()
