"""A plan of files is the plan of the frame, whatever the files; and what one pass refuses, by file and row."""

from __future__ import annotations

import operator
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError, stream
from upweight.negatives import Pilot, plan
from upweight.negatives.designs._key_tally import HELD, KeyTally, share_for
from upweight.negatives.designs._pilot_rows import PURPOSE
from upweight.stream import _source, draw
from upweight.work import _run as work_run

N = 60_000


def rows(n=N, seed=0):
    r = np.random.default_rng(seed)
    x = r.standard_normal((n, 2))
    y = r.random(n) < 1 / (1 + np.exp(5 - x.sum(1)))
    site = r.choice(["a", "b", "c"], n)
    s = 1 / (1 + np.exp(5.3 - 0.9 * x.sum(1)))
    return pa.table({"id": np.arange(n), "a": x[:, 0], "b": x[:, 1], "site": site, "s": s, "y": y.astype("int8")})


TABLE = rows()


def write(folder, table=TABLE, files=5, group=3001):
    folder.mkdir(parents=True, exist_ok=True)
    size = -(-len(table) // files)
    for k in range(files):
        pq.write_table(table.slice(k * size, size), folder / f"{k}.parquet", row_group_size=group)
    return str(folder)


@pytest.mark.parametrize(
    "how",
    [
        {"pilot": Pilot.linear(["a", "b", "site"], rows=300, normaliser=2000)},
        {"pilot": Pilot.linear(["a", "b"], rows=300, normaliser=None), "rule": "optimal"},
        {"pilot": "column:s", "rule": "local"},
        {"rule": "uniform"},
    ],
)
def test_plan_of_files_is_the_plan_of_the_frame(tmp_path, monkeypatch, how):
    monkeypatch.setattr(_source, "LEAST_BYTES", 100_000)
    want = plan(TABLE, label="y", key="id", rng=3, **how)
    for name, files, group in (("one", 1, N), ("many", 7, 1013)):
        folder = write(tmp_path / name, files=files, group=group)
        made = plan(folder, label="y", key="id", rng=3, **how)
        assert made.id == want.id
        figures = made.forecast.to_dict() | {"bytes": 0}
        assert figures == want.forecast.to_dict() | {"bytes": 0}
        assert [f["path"] for f in made.source["files"]] == [f"{k}.parquet" for k in range(files)]


def test_plan_does_not_depend_on_processes(tmp_path, monkeypatch):
    folder = write(tmp_path / "data")
    monkeypatch.setattr(_source, "LEAST_BYTES", 300_000)
    one = plan(folder, label="y", key="id", rng=3)
    monkeypatch.setattr(work_run, "WORTH_PROCESSES", 0.0)
    monkeypatch.setattr(work_run, "workers", lambda: 2)
    assert plan(folder, label="y", key="id", rng=3).to_json() == one.to_json()


def test_where_most_rows_are_positive_the_pass_is_made_again_and_the_plan_is_the_same(tmp_path):
    r = np.random.default_rng(1)
    n = 40_000
    x = r.standard_normal(n)
    table = pa.table({"id": np.arange(n), "x": x, "y": r.random(n) < 1 / (1 + np.exp(-2.5 - x))})
    how = {"label": "y", "key": "id", "per_positive": 0.02, "pilot": Pilot.linear(["x"], rows=500, normaliser=2500)}
    assert plan(write(tmp_path / "data", table), **how).id == plan(table, **how).id


def test_csv_and_a_source_give_the_design_of_the_frame(tmp_path):
    from pyarrow import csv

    csv.write_csv(TABLE, tmp_path / "a.csv")
    how = {"label": "y", "key": "id", "pilot": Pilot.linear(["a", "b", "site"]), "rng": 3}
    want = plan(TABLE, **how)
    assert plan(tmp_path / "a.csv", **how).id == want.id
    assert plan(stream.open(write(tmp_path / "data")), **how).id == want.id


def test_what_is_kept_of_files_without_a_key_depends_on_the_files_alone(tmp_path, monkeypatch):
    folder = write(tmp_path / "data")
    how = {"label": "y", "key": None, "pilot": Pilot.linear(["a", "b"]), "rng": 3}
    one = plan(folder, **how)
    monkeypatch.setattr(_source, "BATCH", 999)
    assert plan(folder, **how).id == one.id
    assert one.design["key"] == "position"
    assert one.forecast.rows_per_key is None


# ---- keys -------------------------------------------------------------------------------------------------------------------


def tally_of(key, share):
    column = pa.array(key)
    return KeyTally.of([column], draw(column, seed=1, purpose=PURPOSE), seed=1, share=share)


def sum_of(parts):
    return reduce(operator.add, parts)


def test_few_keys_are_counted_exactly_in_any_split():
    r = np.random.default_rng(0)
    key = r.integers(0, 5000, 20_000)
    whole = tally_of(key, 1.0)
    parts = [tally_of(part, 1.0) for part in np.split(key, [100, 7000])]
    merged = parts[2] + (parts[0] + parts[1])
    assert whole.distinct == merged.distinct == len(np.unique(key))
    np.testing.assert_array_equal(whole.held, merged.held)
    assert whole.rows_per_key == pytest.approx(20_000 / len(np.unique(key)))


@pytest.mark.parametrize("copies", [1, 3])
def test_many_keys_are_estimated(copies):
    """Standard error of 1/sqrt(65,536): 0.4 %, of which five are allowed."""
    key = np.repeat(np.arange(400_000), copies)
    found = sum_of(tally_of(part, share_for(len(key))) for part in np.array_split(np.tile(key, 2), 40))
    assert len(found.held[0]) == HELD
    assert found.distinct == pytest.approx(400_000, rel=0.02)
    assert found.rows_per_key == 2 * copies


def test_rows_a_key_are_foreseen_and_too_many_are_refused():
    assert plan(TABLE, label="y", key="id", rule="uniform").forecast.rows_per_key == 1.0
    few = TABLE.append_column("user", pa.array(np.arange(N) // 10))
    forecast = plan(few, label="y", key="user", rule="uniform").forecast
    assert (forecast.distinct_keys, forecast.rows_per_key) == (N / 10, 10.0)
    with pytest.raises(InputError, match=r"has 20,000 rows a key on average.*Name a finer key"):
        plan(TABLE, label="y", key="site", rule="uniform")


# ---- refusals ---------------------------------------------------------------------------------------------------------------


def test_what_is_wrong_in_a_file_is_told_with_file_and_row(tmp_path):
    def broken(column, value, at=25_003):
        values = TABLE[column].to_pylist()
        values[at] = value
        return TABLE.set_column(TABLE.schema.names.index(column), column, pa.array(values, TABLE[column].type))

    for name, table, how, words in (
        ("gap", broken("y", None), {}, "counted from row 0 of the file: label 'y' has 1 gap, first at row 1003"),
        ("label", broken("y", 3), {}, "label 'y' must be 0/1 or boolean; it holds 0, 1, 3"),
        ("key", broken("id", None), {}, "first at row 1003; such rows would share one draw"),
        ("score", broken("s", 1.5), {"pilot": "column:s"}, "must be a probability in (0, 1); got 1.5 at row 1003"),
    ):
        folder = write(tmp_path / name, table)
        with pytest.raises(InputError) as error:
            plan(folder, label="y", key="id", **how)
        assert "2.parquet: row groups 0 to 3" in str(error.value)
        assert words in str(error.value)


def test_a_third_label_in_another_file_is_refused(tmp_path):
    label = np.where(np.arange(N) < N // 2, "no", "maybe").astype(object)
    label[TABLE["y"].to_numpy() == 1] = "yes"
    folder = write(tmp_path / "data", TABLE.set_column(5, "y", pa.array(label)), files=2)
    with pytest.raises(InputError, match="holds 'no' and 'maybe' beside 'yes'"):
        plan(folder, label=("y", "yes"), key="id")


def test_thinned_files_and_things_that_are_no_data_are_refused(tmp_path):
    made = plan(TABLE, label="y", key="id", rule="uniform")
    with pytest.raises(InputError, match="thinned already"):
        plan(write(tmp_path / "thin", made.apply(TABLE), files=1), label="y", key="id")
    for data in (3, {"a": [1]}, [TABLE]):
        with pytest.raises(InputError, match="`data` must be a path"):
            plan(data, label="y", key="id")
    with pytest.raises(InputError, match="'z'"):
        plan(TABLE, label="z", key="id")
