"""The same rows on Spark: native SQL, mapInArrow, repartitioned; run where pyspark is installed (`make engines`)."""

from __future__ import annotations

import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest

if "pyspark" not in sys.modules and not os.environ.get("UPWEIGHT_ENGINES"):
    pytest.skip("engines are tested by `make engines`, in their own environment", allow_module_level=True)

from pyspark.sql import SparkSession

from upweight import InputError
from upweight.cli import main
from upweight.negatives import Pilot, Rule, Sample, check, plan, sample
from upweight.stream import draw, fold, on_spark

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


# ---- plan and sample where the rows lie -------------------------------------------------------------------------------------

COUNTS = ("rows", "positives", "negatives", "kept_positives", "kept_negatives", "unscored")


@pytest.mark.parametrize("name", ["linear", "two keys", "column", "uniform"])
def test_a_plan_made_on_spark_is_the_plan_of_this_machine(spark, name):
    here = plan(TABLE, rng=7, **PLANS[name])
    there = plan(frame(spark).repartition(5), rng=7, **PLANS[name])
    assert there.id == here.id
    assert there.forecast.to_dict() == here.forecast.to_dict() | {"bytes": None}


@pytest.mark.parametrize("name", ["linear", "column"])
def test_a_sample_drawn_by_spark_is_the_sample_of_this_machine(spark, name, tmp_path):
    made = plan(TABLE, rng=7, **PLANS[name])
    here = sample(TABLE, made, tmp_path / "here")
    there = sample(frame(spark).repartition(3), made, tmp_path / "there")
    assert there.table().sort_by("id")["id"].equals(here.table().sort_by("id")["id"])
    assert {n: there.manifest[n] for n in COUNTS} == {n: here.manifest[n] for n in COUNTS}
    assert there.manifest["inverse_pi"] == pytest.approx(here.manifest["inverse_pi"], rel=1e-12)
    assert there.manifest["engine"] == "spark"
    assert all(part["inputs"] == [] for part in there.manifest["tasks"])
    again = Sample.open(tmp_path / "there")
    assert again.manifest == there.manifest
    found = check(again, data=frame(spark))
    assert found.ok, str(found)
    assert sample(frame(spark), made, tmp_path / "there").manifest == there.manifest
    few = sample(frame(spark), made, tmp_path / "few", columns=["y", "text"])
    assert few.table().schema.names == ["y", "text", "_uw_pi", "_uw_offset", "_uw_weight"]


def test_an_unfinished_sample_of_spark_is_written_again_under_resume(spark, tmp_path):
    made = plan(TABLE, rng=7, **PLANS["linear"])
    whole = sample(frame(spark), made, tmp_path / "thin").table(["id", "_uw_pi"]).sort_by("id")
    (tmp_path / "thin" / "manifest.json").unlink()
    (tmp_path / "thin" / "data" / "part-of-a-killed-run.parquet").write_bytes(b"x")
    with pytest.raises(InputError, match="spark has not finished it; run sample --resume"):
        Sample.open(tmp_path / "thin")
    with pytest.raises(InputError, match="resume=True"):
        sample(frame(spark), made, tmp_path / "thin")
    again = sample(frame(spark), made, tmp_path / "thin", resume=True)
    assert again.table(["id", "_uw_pi"]).sort_by("id").equals(whole)
    with pytest.raises(InputError, match="has processes of its own"):
        sample(frame(spark), made, tmp_path / "other", jobs=2)
    with pytest.raises(InputError, match="keep the label 'y'"):
        sample(frame(spark), made, tmp_path / "other", columns=["id"])


def test_sums_on_spark_are_those_of_this_machine(spark):
    class Ids:
        def __init__(self, total):
            self.total = total

        @staticmethod
        def of(rows):
            return Ids(pa.compute.sum(rows["id"]).as_py() or 0)

        def __add__(self, other):
            return type(self)(self.total + other.total)

        def result(self):
            return self.total

    assert fold(frame(spark).repartition(3), Ids, columns=["id"]) == N * (N - 1) // 2
    with pytest.raises(InputError, match="the DataFrame has no column 'z'"):
        fold(frame(spark), Ids, columns=["z"])


def test_the_command_line_samples_on_spark_what_it_samples_here(spark, tmp_path, monkeypatch, capsys):
    """Folders are keys of text for both: hour=05 is no number."""
    monkeypatch.chdir(tmp_path)
    for hour in (3, 5):
        part = TABLE.filter(pa.compute.equal(TABLE["hour"], hour)).drop_columns(["hour"])
        (tmp_path / "data" / f"hour={hour:02d}").mkdir(parents=True)
        pq.write_table(part, tmp_path / "data" / f"hour={hour:02d}" / "a.parquet")

    def run(*args):
        with pytest.raises(SystemExit) as done:
            main(["negatives", *args])
        assert not done.value.code, capsys.readouterr().err
        return capsys.readouterr()

    run(
        "plan",
        "data",
        "--label",
        "y",
        "--key",
        "id,hour",
        "--features",
        "a,b,site,hour",
        "--rng",
        "7",
        "-o",
        "plan.json",
    )
    run("sample", "data", "--plan", "plan.json", "-o", "here")
    run("sample", "data", "--plan", "plan.json", "-o", "there", "--engine", "spark", "--strict")
    here, there = (Sample.open(f).table().sort_by("id") for f in ("here", "there"))
    assert there.select(["id", "hour", "y"]).equals(here.select(["id", "hour", "y"]))
    with pytest.raises(SystemExit):
        main(["negatives", "sample", "data", "--plan", "plan.json", "-o", "other", "--engine", "dask"])
    assert "must be 'local', 'spark' or 'ray'; got 'dask'" in capsys.readouterr().err
