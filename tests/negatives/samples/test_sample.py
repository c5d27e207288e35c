"""Samples on disk: the rows of the plan, how they come back, and what is told or refused."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError
from upweight.negatives import Pilot, Sample, plan, sample

N = 40_000


def rows(n=N, seed=0):
    r = np.random.default_rng(seed)
    x = r.standard_normal((n, 2))
    y = r.random(n) < 1 / (1 + np.exp(4.5 - x.sum(1)))
    return pa.table({"id": np.arange(n), "a": x[:, 0], "b": x[:, 1], "y": y.astype("int8")})


TABLE = rows()
OWN = ["_uw_pi", "_uw_offset", "_uw_weight"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(folder of data, its plan, its sample)."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "data").mkdir()
    for k in range(4):
        pq.write_table(TABLE.slice(k * N // 4, N // 4), folder / "data" / f"{k}.parquet")
    design = plan(folder / "data", label="y", key="id", per_positive=3, rng=1)
    return folder / "data", design, sample(folder / "data", design, folder / "thin", jobs=1)


def test_the_sample_is_what_the_plan_keeps(made):
    _, design, thin = made
    want = design.apply(TABLE)
    assert thin.table().cast(want.schema).equals(want)
    assert thin.table(["y", "b"]).equals(thin.table().select(["y", "b"]))
    batches = list(thin.batches(["id"], rows=100))
    assert max(b.num_rows for b in batches) == 100
    assert pa.Table.from_batches(batches)["id"].to_pylist() == want["id"].to_pylist()
    again = Sample.open(thin.out)
    assert again.plan.id == design.id
    assert again.manifest == thin.manifest
    assert again.plan.to_json() == design.to_json()
    assert "rows, plan" in repr(again)


def test_correction_and_weights_are_those_of_the_rows_and_know_the_design(made):
    _, design, thin = made
    want = design.apply(TABLE)
    np.testing.assert_array_equal(thin.correction.log_odds, want["_uw_offset"].to_numpy())
    np.testing.assert_allclose(thin.weights.values, want["_uw_weight"].to_numpy(), rtol=1e-15)
    assert thin.correction.designs == (design.id,)
    assert thin.weights.kind == "inclusion"
    total = thin.weights.values[want["y"].to_numpy() == 0].sum()
    z = (total - thin.manifest["negatives"]) / np.sqrt(thin.manifest["inverse_pi_variance"])
    assert abs(z) < 4


def test_a_frame_and_its_files_give_the_same_rows(made, tmp_path):
    _, design, thin = made
    for name, frame in (("arrow", TABLE), ("pandas", TABLE.to_pandas())):
        other = sample(frame, design, tmp_path / name)
        assert other.table().equals(thin.table())
    with pytest.raises(InputError, match="holds a finished sample"):
        sample(TABLE.slice(1), design, tmp_path / "arrow")


def test_a_frame_without_a_key_keeps_what_its_plan_keeps(tmp_path):
    design = plan(TABLE, label="y", key=None, pilot=Pilot.linear(["a", "b"]), rng=4)
    thin = sample(TABLE, design, tmp_path / "thin")
    assert thin.table().equals(design.apply(TABLE))


def test_a_plan_may_be_a_file_and_columns_may_be_few(made, tmp_path):
    folder, design, thin = made
    design.save(tmp_path / "plan.json")
    few = sample(folder, str(tmp_path / "plan.json"), tmp_path / "thin", columns=["y"], jobs=1)
    assert few.table().schema.names == ["y", *OWN]
    assert few.table()["_uw_pi"].equals(thin.table()["_uw_pi"])


def test_new_and_changed_files_are_told_and_refused_under_strict(made, tmp_path):
    _, design, _ = made
    (tmp_path / "data").mkdir()
    for k in range(4):
        pq.write_table(TABLE.slice(k * N // 4, N // 4), tmp_path / "data" / f"{k}.parquet")
    assert plan(tmp_path / "data", label="y", key="id", per_positive=3, rng=1).id == design.id
    pq.write_table(TABLE.slice(0, 100), tmp_path / "data" / "1.parquet")
    pq.write_table(rows(500, 3), tmp_path / "data" / "9.parquet")
    with pytest.raises(InputError, match=r"1 changed, first 1.parquet; 1 new, first 9.parquet. Plan again"):
        sample(tmp_path / "data", design, tmp_path / "thin", strict=True, jobs=1)
    with pytest.warns(UserWarning, match="1 changed, first 1.parquet; 1 new, first 9.parquet"):
        thin = sample(tmp_path / "data", design, tmp_path / "thin", jobs=1)
    assert thin.manifest["rows"] == 3 * N // 4 + 600


def test_data_that_do_not_fit_the_plan_are_refused_before_anything_is_written(made, tmp_path):
    _, design, thin = made
    text = TABLE.set_column(0, "id", TABLE["id"].cast(pa.string()))
    for data, words in (
        (text, "'id' is utf8 here and int64 in the plan"),
        (TABLE.drop_columns(["a"]), "reads column 'a', which these rows have not"),
        (thin.table(), "thinned already"),
    ):
        with pytest.raises(InputError, match=words):
            sample(data, design, tmp_path / "thin")
        assert not (tmp_path / "thin").exists()
    with pytest.raises(InputError, match="`plan` must be a Plan or the path of one"):
        sample(TABLE, 3, tmp_path / "thin")


def test_text_is_read_with_the_types_of_the_plan(tmp_path):
    """Tomorrow's keys happen to be digits; they are the text that they were."""
    for day, head in (("1", "a"), ("2", "")):
        (tmp_path / day).mkdir()
        lines = [f"{head}{i:05d},{int(i % 50 == 0)}" for i in range(2000)]
        (tmp_path / day / "log.csv").write_text("id,y\n" + "\n".join(lines) + "\n")
    made = plan(tmp_path / "1", label="y", key="id", rule="uniform", rng=1)
    with pytest.warns(UserWarning, match="1 changed"):
        thin = sample(tmp_path / "2", made, tmp_path / "thin", jobs=1)
    keys = [f"{i:05d}" for i in range(2000)]
    frame = pa.table({"id": keys, "y": pa.array([int(i % 50 == 0) for i in range(2000)])})
    assert thin.table(["id"])["id"].to_pylist() == made.apply(frame)["id"].to_pylist()


def test_samples_that_are_not_whole_are_refused(made, tmp_path):
    folder, design, _ = made
    thin = sample(folder, design, tmp_path / "thin", jobs=1)
    with pytest.raises(InputError, match="holds no finished sample"):
        Sample.open(tmp_path)
    other = json.loads(plan(TABLE, label="y", key="id", rule="uniform").to_json())
    whole = (tmp_path / "thin" / "plan.json").read_text()
    (tmp_path / "thin" / "plan.json").write_text(json.dumps(other))
    with pytest.raises(InputError, match="is not the plan of its manifest"):
        Sample.open(tmp_path / "thin")
    (tmp_path / "thin" / "plan.json").write_text(whole)
    next((tmp_path / "thin" / "data").iterdir()).unlink()
    with pytest.raises(InputError, match="lacks 1 of 1 parts"):
        thin.table()


def test_rows_that_another_engine_wrote_are_a_sample_by_their_plan(made, tmp_path):
    _, design, thin = made
    out = tmp_path / "spark"
    out.mkdir()
    (out / "_SUCCESS").touch()
    kept = design.apply(TABLE)
    for k in range(3):
        pq.write_table(kept.slice(k * 200, 200 if k < 2 else len(kept)), out / f"part-{k}.parquet")
    other = Sample.open(out, plan=design)
    assert other.table().equals(kept)
    for name in ("rows", "negatives", "kept_negatives", "kept_positives"):
        assert other.manifest[name] == thin.manifest[name]
    assert other.manifest["inverse_pi"] == pytest.approx(thin.manifest["inverse_pi"], rel=1e-12)
    (out / "_temporary").mkdir()
    with pytest.raises(InputError, match="is not written to its end"):
        Sample.open(out, plan=design)
    (tmp_path / "plain").mkdir()
    pq.write_table(TABLE, tmp_path / "plain" / "a.parquet")
    with pytest.raises(InputError, match="were not kept by a plan"):
        Sample.open(tmp_path / "plain", plan=design)
    with pytest.raises(InputError, match="is a file. Name a folder"):
        Sample.open(tmp_path / "plain" / "a.parquet", plan=design)
