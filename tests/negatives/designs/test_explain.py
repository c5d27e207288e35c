"""Why a row was kept; the plan as SQL text."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError
from upweight.negatives import Pilot, plan
from upweight.stream import draw, on_ray, on_spark

N = 20_000


def rows():
    r = np.random.default_rng(0)
    x = r.standard_normal((N, 2))
    y = r.random(N) < 1 / (1 + np.exp(4 - x.sum(1)))
    return pa.table(
        {"id": np.arange(N), "a": x[:, 0], "b": x[:, 1], "y": y.astype("int8"), "day": ["x", None] * (N // 2)}
    )


TABLE = rows()
HOW = {"label": "y", "pilot": Pilot.linear(["a", "b"]), "rng": 2}


def test_every_row_is_explained_as_it_is_kept(tmp_path):
    made = plan(TABLE, key="id", **HOW)
    kept = set(made.apply(TABLE)["id"].to_pylist())
    pi = made.pi(TABLE)
    pq.write_table(TABLE, tmp_path / "a.parquet", row_group_size=700)
    for key in (0, 7, 19_999, *sorted(kept)[:3]):
        found = made.explain(key, data=tmp_path)
        assert found.u == draw([key], seed=2)[0]
        assert found.kept == (key in kept,)
        assert found.label == (TABLE["y"][key].as_py() == 1,)
        assert found.pi == (1.0 if found.label[0] else pi[key],)
        assert ("not kept" in str(found)) == (key not in kept)
    assert made.explain("7", data=TABLE).u == made.explain(7).u
    assert json.loads(json.dumps(found.to_dict()))["kept"] == list(found.kept)


def test_keys_of_two_columns_with_nulls_and_keys_that_are_not_there():
    made = plan(TABLE, key=["id", "day"], **HOW)
    found = made.explain((5, None), data=TABLE)
    assert found.u == draw([5], pa.array([None], pa.string()), seed=2)[0]
    assert len(found.kept) == 1
    assert "no row of the data has this key" in str(made.explain((4, "z"), data=TABLE))
    assert "name the data" in str(made.explain((4, "x")))
    for key, words in ((5, "got 1 values"), (("five", "x"), "'id' is int64; 'five' is not")):
        with pytest.raises(InputError, match=words):
            made.explain(key)
    with pytest.raises(InputError, match="has no key"):
        plan(TABLE, key=None, **HOW).explain(3)


# ---- SQL --------------------------------------------------------------------------------------------------------------------


def test_text_of_a_uniform_plan():
    made = plan(
        pa.table({"k`": np.arange(4000), "y": np.arange(4000) % 40 == 0}), label="y", key="k`", rule="uniform", rng=7
    )
    rate = made.design["rule"]["rate"]
    text = made.sql()
    assert "(xxhash64('uw/neg/v1', 7L, cast(`k``` as bigint)) & 9007199254740991L) * 1.1102230246251565E-16D" in text
    assert f"{rate!r}D as _uw_pi" in text
    assert "boolean(raise_error('a label is null')) else `y` end" in text


def test_plans_without_a_native_form_say_so():
    wide = pa.table(
        {
            "id": np.arange(3000),
            "y": np.arange(3000) % 30 == 0,
            **{f"x{j}": np.random.default_rng(j).normal(size=3000) for j in range(33)},
        }
    )
    for made in (
        plan(TABLE, key="id", rule="optimal", **HOW),
        plan(TABLE, key=None, **HOW),
        plan(wide, label="y", key="id"),
    ):
        assert made.sql_parts() is None
        with pytest.raises(InputError, match="has no SQL form"):
            made.sql()
    for engine in (on_spark, on_ray):
        with pytest.raises(InputError, match="which Spark and Ray do not tell"):
            engine(None, plan(TABLE, key=None, **HOW))


def test_columns_of_other_types_are_refused_by_schema():
    made = plan(TABLE, key="id", label="y", pilot=Pilot.linear(["a", "b", "day"]), rng=2)
    want = [*TABLE.schema.names, "_uw_pi", "_uw_offset", "_uw_weight"]
    assert made.schema(TABLE.schema).names == want
    for name, kind, words in (
        ("id", pa.string(), "'id' is utf8 here and int64 in the plan"),
        ("id", pa.float64(), "must be whole numbers, text or bytes"),
        ("a", pa.string(), "reads 'a' as numbers; it is string"),
        ("day", pa.float64(), "reads 'day' as categories; it is double"),
    ):
        at = TABLE.schema.get_field_index(name)
        with pytest.raises(InputError, match=words):
            made.schema(TABLE.schema.set(at, pa.field(name, kind)))


def test_a_folder_key_that_is_an_integer_elsewhere_is_another_level(tmp_path):
    """hour=05 is the text "05" here, and to Spark's type inference the number 5."""
    for hour in ("05", "06"):
        (tmp_path / f"hour={hour}").mkdir()
        pq.write_table(TABLE.drop_columns(["day"]), tmp_path / f"hour={hour}" / "a.parquet")
    made = plan(tmp_path, key="id", label="y", pilot=Pilot.linear(["a", "hour"]), rng=2)
    schema = pa.schema([*TABLE.drop_columns(["day"]).schema, pa.field("hour", pa.int32())])
    if any(t["column"] == "hour" for t in made.design["pilot"]["terms"]):
        with pytest.raises(InputError, match="'hour' is int32 here and string in the plan"):
            made.schema(schema)
    assert {t["column"] for t in made.design["pilot"]["terms"]} == {"a", "hour"}
