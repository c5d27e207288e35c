"""A check says what was done to a sample, and is silent about right ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError, VerdictError
from upweight.negatives import Pilot, Rule, Sample, check, plan, sample
from upweight.negatives.samples._disagree import disagreement

N = 60_000


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rows(n=N, seed=0):
    r = np.random.default_rng(seed)
    x = r.standard_normal((n, 2))
    y = r.random(n) < sigmoid(-5 + x.sum(1))
    return pa.table({"id": np.arange(n), "a": x[:, 0], "b": x[:, 1], "y": y.astype("int8")})


TABLE = rows()
DESIGN = plan(TABLE, label="y", key="id", per_positive=5, rng=1)


@pytest.fixture
def thin(tmp_path):
    return sample(TABLE, DESIGN, tmp_path / "thin")


def test_a_right_sample_is_good_and_says_what_it_holds(thin):
    found = check(thin)
    assert found.grade == "good"
    assert found.ok
    assert set(found.reasons) <= {"FLOOR", "CAP"}
    assert "train with offset=thin.correction" in found.advice
    assert str(found).startswith("good: ")
    assert len(found.bins) == 10
    assert sum(b.rows for b in found.bins) == thin.table().num_rows
    assert sum(b.observed for b in found.bins) == thin.manifest["kept_positives"]
    facts = json.loads(found.to_json())
    assert facts["schema"] == "upweight.sample-check/1"
    assert facts["figures"]["horvitz_z"] == pytest.approx(
        (thin.manifest["inverse_pi"] - thin.manifest["negatives"]) / np.sqrt(thin.manifest["inverse_pi_variance"])
    )
    assert check(thin.out).to_json() == found.to_json()


def test_damaged_and_missing_parts_make_it_unusable(thin):
    part = next((Path(thin.out) / "data").iterdir())
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    found = check(thin)
    assert list(found.reasons) == ["CHECKSUM"]
    assert found.grade == "unusable"
    assert "the same rows come out" in found.advice
    with pytest.raises(VerdictError, match="hold other bytes"):
        check(thin, strict=True)
    part.unlink()
    assert list(check(thin).reasons) == ["FILES"]


def external(tmp_path, kept, design=DESIGN):
    """Kept rows as another engine would leave them."""
    folder = tmp_path / "theirs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pq.write_table(kept, folder / "0.parquet")
    return Sample.open(folder, plan=design)


def test_rows_that_were_filtered_afterwards_do_not_add_up(tmp_path):
    kept = DESIGN.apply(TABLE)
    assert check(external(tmp_path, kept)).ok
    some = kept.filter(pa.array(np.arange(len(kept)) % 3 > 0))
    found = check(external(tmp_path, some))
    assert "HORVITZ" in found.reasons
    assert found.grade == "unreliable"
    assert "SIZE" in found.reasons
    positives = np.flatnonzero(kept["y"].to_numpy() == 1)
    lost = check(external(tmp_path, kept.filter(pa.array(~np.isin(np.arange(len(kept)), positives[::10])))))
    assert "1/pi of the kept positives adds up to" in str(lost)
    assert lost.grade == "unreliable"
    with pytest.raises(InputError, match="written without its label"):
        check(sample(TABLE, DESIGN, tmp_path / "few", columns=["a"]))


def test_thinned_positives_add_up_too(tmp_path):
    half = plan(TABLE, label="y", key="id", rule=Rule(positives=0.5), rng=1)
    found = check(external(tmp_path, half.apply(TABLE), half))
    assert abs(found.figures["horvitz_z1"]) < 4
    assert found.figures["inverse_pi1"] == 2 * found.figures["kept_positives"]
    assert "HORVITZ" not in found.reasons


def test_other_data_than_the_plans_are_drift(tmp_path):
    moved = rows(seed=5).set_column(1, "a", pa.array(np.random.default_rng(9).standard_normal(N)))
    found = check(sample(moved, DESIGN, tmp_path / "thin"))
    assert "DRIFT" in found.reasons
    assert found.grade == "usable"


def test_files_that_the_plan_has_not_seen_are_told(tmp_path):
    for day in (1, 2):
        (tmp_path / f"day{day}").mkdir()
        pq.write_table(rows(seed=day), tmp_path / f"day{day}" / f"{day}.parquet")
    design = plan(tmp_path / "day1", label="y", key="id")
    made = sample(tmp_path / "day1", design, tmp_path / "thin", jobs=1)
    assert "FILES" not in check(made, data=tmp_path / "day1").reasons
    assert "1 new, first 2.parquet" in str(check(made, data=tmp_path / "day2"))


def test_gaps_in_a_score_column_are_unscored_and_copies_of_keys_are_told(tmp_path):
    r = np.random.default_rng(0)
    s = sigmoid(-5 + TABLE["a"].to_numpy() + TABLE["b"].to_numpy())
    table = TABLE.append_column("s", pa.array(s, mask=r.random(N) < 0.05)).append_column(
        "u", pa.array(np.arange(N) // 2)
    )
    found = check(sample(table, plan(table, label="y", key="u", pilot="column:s", rng=1), tmp_path / "thin"))
    assert {"UNSCORED", "DUPLICATES"} <= set(found.reasons)
    assert found.figures["rows_per_key"] == 2


def test_a_uniform_sample_has_no_bins_and_constant_weights(tmp_path):
    found = check(sample(TABLE, plan(TABLE, label="y", key="id", rule="uniform", rng=1), tmp_path / "thin"))
    assert found.grade == "good"
    assert found.bins == ()
    everything = check(
        sample(TABLE, plan(TABLE, label="y", key="id", per_positive=1e4, rule="uniform"), tmp_path / "all")
    )
    assert everything.figures["horvitz_z"] == 0


# ---- the test of the model --------------------------------------------------------------------------------------------------


def quadratic(seed, n=40_000):
    """A log-odds that no linear model has."""
    r = np.random.default_rng(seed)
    x = r.standard_normal((n, 3))
    eta = -5.3 + 0.6 * x[:, :2].sum(1) + 0.45 * x[:, 0] * x[:, 1] + 0.25 * x[:, 2] ** 2
    return pa.table({"id": np.arange(n), **{f"x{j}": x[:, j] for j in range(3)}, "y": r.random(n) < sigmoid(eta)})


def test_a_wrong_logit_under_uniform_thinning_is_seen_and_a_right_one_is_not():
    """Level 1 % on right models: 40 seeds, at most 3 rejections (binomial .9993)."""
    seen = wrong = 0
    for seed in range(40):
        table = rows(20_000, seed)
        design = plan(
            table, label="y", key="id", per_positive=5, pilot=Pilot.linear(rows=400, normaliser=2000), rng=seed
        )
        kept = design.apply(table)
        X = np.column_stack([kept["a"], kept["b"]])
        how = {"offset": kept["_uw_offset"].to_numpy(), "weight": kept["_uw_weight"].to_numpy()}
        found = disagreement(X, kept["y"].to_numpy() == 1, **how)
        assert found.degrees == 3
        seen += found.p < 0.01
    assert seen <= 3
    for seed in range(4):
        table = quadratic(seed)
        kept = plan(table, label="y", key="id", per_positive=5, rule="uniform", rng=seed).apply(table)
        X = np.column_stack([kept[f"x{j}"] for j in range(3)])
        u = kept["_uw_weight"].to_numpy()
        wrong += disagreement(X, kept["y"].to_numpy(), offset=kept["_uw_offset"].to_numpy(), weight=u).p < 0.01
    assert wrong == 4


def test_a_pilot_that_knows_its_own_rows_labels_disagrees(tmp_path):
    """A score that has seen y: pi0 depends on the label, and the offset is wrong."""
    y = TABLE["y"].to_numpy()
    leaky = np.clip(sigmoid(-5 + TABLE["a"].to_numpy()) * np.where(y == 1, 8, 1), 1e-6, 1 - 1e-6)
    table = TABLE.append_column("s", pa.array(leaky))
    kept = plan(table, label="y", key="id", pilot="column:s", rule=Rule(floor=0.05), rng=2).apply(table)
    X = np.column_stack([kept["a"], kept["b"]])
    found = disagreement(
        X, kept["y"].to_numpy() == 1, offset=kept["_uw_offset"].to_numpy(), weight=kept["_uw_weight"].to_numpy()
    )
    assert found.p < 1e-6
