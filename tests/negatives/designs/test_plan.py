"""Plans: exact sets, what rows may not depend on, the document, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute
import pytest

from upweight import InputError, UndoError
from upweight.negatives import Pilot, Plan, Rule, plan

compute = pyarrow.compute


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def clicks(n, s=0):
    """G1: six normal columns, one positive in 440, an interaction that a linear pilot cannot see."""
    r = np.random.default_rng(s)
    X = r.standard_normal((n, 6))
    y = r.random(n) < sigmoid(-7.3 + 0.7 * X[:, :4].sum(1) + 0.8 * np.maximum(X[:, 4], 0) * X[:, 5])
    return pa.table(
        {"impression_id": np.arange(n), **{f"x{j}": X[:, j] for j in range(6)}, "clicked": y.astype("int8")}
    )


SMALL = clicks(60_000)


def ids_of(table, column="impression_id"):
    return table[column].to_pylist()


# ---- exact sets -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def million():
    ids = np.arange(1_000_000)
    text = np.char.add("imp-", np.char.zfill(ids.astype(str), 12))
    return pa.table({"id": ids, "text": text, "y": (ids % 1000 == 0).astype("int8"), "s": (ids % 997 + 1) / 50000})


@pytest.mark.parametrize("width", [pa.int64(), pa.int32()])
def test_exact_uniform_set(million, width):
    rows = million.set_column(0, "id", million["id"].cast(width))
    kept = plan(rows, label="y", key="id", per_positive=5, rule="uniform", rng=7).apply(rows)
    negatives = kept.filter(compute.equal(kept["y"], 0))
    assert (len(kept), compute.sum(negatives["id"]).as_py()) == (6095, 2_544_069_075)


def test_exact_proportional_set_of_a_score_column(million):
    made = plan(million, label="y", key="text", pilot="column:s", rng=7)
    assert made.design["pilot"]["shift"] == pytest.approx(-2.314359020753, abs=1e-9)
    assert made.design["rule"]["scale"] == pytest.approx(4.992595292734, rel=1e-9)
    kept = made.apply(million)
    negatives = kept.filter(compute.equal(kept["y"], 0))
    assert negatives["id"][:5].to_pylist() == [291, 528, 580, 738, 770]
    assert (len(negatives), compute.sum(negatives["id"]).as_py()) == (5052, 2_511_154_680)


def test_pilot_of_clicks_has_the_published_shift_and_size():
    rows = clicks(1_000_000)
    made = plan(rows, label="clicked", key="impression_id", rng=7)
    assert made.forecast.positives == 2257
    assert made.design["pilot"]["shift"] == pytest.approx(-6.149, abs=5e-4)
    assert 1.16 < made.forecast.factor_offset < 1.20
    kept = len(made.apply(rows)) - 2257
    assert abs(kept - made.forecast.kept_negatives) < 4 * made.forecast.kept_negatives_se


def test_a_uniform_plan_is_foreseen_by_what_its_columns_tell_and_keeps_the_same_rows():
    """Of clicks at 5 negatives a positive 1.66 and 2.52 were seen, by offset and by weights: the order is foreseen, not the digit."""
    rows = clicks(400_000)
    made = plan(rows, label="clicked", key="impression_id", rule="uniform", rng=7)
    assert 1.4 < made.forecast.factor_offset < 1.9
    assert 2.0 < made.forecast.factor_weights < 4.0
    assert made.design["pilot"] == {"kind": "none"}
    blind = plan(rows.select(["impression_id", "clicked"]), label="clicked", key="impression_id", rule="uniform", rng=7)
    assert blind.id == made.id
    assert blind.forecast.factor_offset == pytest.approx(1.2, abs=0.01)
    assert "a lower bound" in blind.notes[0]


# ---- laws -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["proportional", "optimal", "local", "uniform"])
def test_rows_do_not_depend_on_batches_order_columns_or_label_names(rule):
    made = plan(SMALL, label="clicked", key="impression_id", rule=rule, rng=3)
    kept = ids_of(made.apply(SMALL))
    parts = [made.apply(SMALL.slice(at, 7001)) for at in range(0, len(SMALL), 7001)]
    assert ids_of(pa.concat_tables(parts)) == kept
    order = np.random.default_rng(0).permutation(len(SMALL))
    assert sorted(ids_of(made.apply(SMALL.take(order)))) == kept
    again = plan(SMALL.take(order), label="clicked", key="impression_id", rule=rule, rng=3)
    assert again.id == made.id
    turned = SMALL.select(SMALL.schema.names[::-1]).append_column("unused", pa.array(["a"] * len(SMALL)))
    assert ids_of(made.apply(turned)) == kept
    named = SMALL.set_column(7, "clicked", pa.array(np.where(SMALL["clicked"].to_numpy() == 1, "yes", "no")))
    other = plan(named, label=("clicked", "yes"), key="impression_id", rule=rule, rng=3)
    assert ids_of(other.apply(named)) == kept


def test_one_design_from_pandas_polars_and_arrow_and_the_same_kind_back():
    made = plan(SMALL, label="clicked", key="impression_id", rng=3)
    for kind, frame in ((pd.DataFrame, SMALL.to_pandas()), (pl.DataFrame, pl.from_arrow(SMALL))):
        again = plan(frame, label="clicked", key="impression_id", rng=3)
        assert again.id == made.id
        kept = again.apply(frame)
        assert isinstance(kept, kind)
        assert list(kept["impression_id"]) == ids_of(made.apply(SMALL))
    batch = SMALL.combine_chunks().to_batches()[0]
    assert isinstance(made.apply(batch), pa.RecordBatch)
    assert made.apply(SMALL.slice(0, 0)).num_rows == 0


def test_a_larger_sample_only_adds_rows():
    few, many = (plan(SMALL, label="clicked", key="impression_id", per_positive=k, rng=3) for k in (2, 8))
    assert set(ids_of(few.apply(SMALL))) < set(ids_of(many.apply(SMALL)))


def test_offset_and_weight_are_those_of_the_keep_probabilities():
    for rule in ("proportional", "local", Rule("proportional", positives=0.5)):
        made = plan(SMALL, label="clicked", key="impression_id", rule=rule, rng=3)
        kept = made.apply(SMALL)
        pi0, positive = kept["_uw_pi"].to_numpy(), kept["clicked"].to_numpy() == 1
        pi1 = pi0 * np.exp(kept["_uw_offset"].to_numpy())
        np.testing.assert_allclose(kept["_uw_weight"].to_numpy(), 1 / np.where(positive, pi1, pi0), rtol=1e-12)
        plain = kept.drop_columns(["_uw_pi", "_uw_offset", "_uw_weight"])
        np.testing.assert_array_equal(made.pi(plain), pi0)
        np.testing.assert_allclose(made.correction(plain).log_odds, kept["_uw_offset"].to_numpy(), rtol=1e-12)


def test_bayes_kept_rate_and_shift():
    """p = (.1, .4), pi0 = (.2, .5): of the kept rows 5/14 are positive at the first, its log-odds moved by log 5."""
    p, pi0 = np.array([0.1, 0.4]), np.array([0.2, 0.5])
    kept_rate = p / (p + (1 - p) * pi0)
    assert kept_rate[0] == pytest.approx(5 / 14)
    moved = np.log(kept_rate / (1 - kept_rate)) - np.log(p / (1 - p))
    np.testing.assert_allclose(moved, -np.log(pi0))


def test_local_case_control_keeps_as_many_positives_as_negatives_at_every_x():
    n = 400_000
    s = np.where(np.arange(n) % 2, 0.3, 0.02)
    y = np.random.default_rng(0).random(n) < s
    rows = pa.table({"id": np.arange(n), "s": s, "y": y})
    made = plan(rows, label="y", key="id", per_positive=1, pilot="column:s", rule=Rule("local", floor=0.01), rng=1)
    kept = made.apply(rows)
    at = kept["s"].to_numpy()
    for value in (0.3, 0.02):
        own = kept["y"].to_numpy()[at == value]
        assert abs(own.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(own))


def test_local_case_control_stays_finite_where_the_pilot_is_sure():
    """p is one to the last bit, with negatives among it: the forecast was NaN and their offset -inf."""
    r = np.random.default_rng(0)
    s = np.r_[r.uniform(0.01, 0.2, size=4000), np.full(60, np.nextafter(1, 0))]
    y = np.r_[r.random(4000) < s[:4000], np.arange(60) % 10 > 0]
    rows = pa.table({"id": np.arange(4060), "s": s, "y": y})
    made = plan(rows, label="y", key="id", per_positive=1, pilot="column:s", rule="local", rng=1)
    assert 1 <= made.forecast.factor_offset <= made.forecast.factor_weights < np.inf
    kept = made.apply(rows)
    assert np.count_nonzero(kept["s"].to_numpy() > 0.99)
    assert np.isfinite(kept["_uw_offset"].to_numpy()).all()
    assert np.isfinite(kept["_uw_weight"].to_numpy()).all()


def test_horvitz_thompson_counts_come_out_over_many_seeds():
    """Sum of 1/pi over kept negatives against their number: |z| < 4 in 60 of 60, mean z^2 near one."""
    z = []
    for seed in range(60):
        made = plan(SMALL, label="clicked", key="impression_id", rng=seed)
        kept = made.apply(SMALL)
        pi = kept["_uw_pi"].to_numpy()[kept["clicked"].to_numpy() == 0]
        z.append(((1 / pi).sum() - made.forecast.negatives) / np.sqrt(((1 - pi) / pi**2).sum()))
    assert np.abs(z).max() < 4
    assert 0.5 < np.mean(np.square(z)) < 1.7  # chi-square of 60: .1 % and 99.9 % are .54 and 1.66


def test_floor_bounds_the_weights_and_does_not_change_the_size():
    for floor in (0.01, 0.1, 0.5):
        made = plan(SMALL, label="clicked", key="impression_id", rule=Rule(floor=floor), rng=3)
        assert made.pi(SMALL).min() >= floor * made.design["rule"]["rate"] * (1 - 1e-12)
        negatives = SMALL.filter(compute.equal(SMALL["clicked"], 0))
        assert made.pi(negatives).mean() == pytest.approx(
            made.design["rule"]["rate"], rel=2e-3
        )  # all but those of the fit set it


def test_gaps_and_categories_score_as_the_terms_say():
    n = 40_000
    r = np.random.default_rng(1)
    x = np.where(r.random(n) < 0.2, np.nan, r.normal(size=n))
    site = r.choice(["a", "b", "c", None], n, p=[0.4, 0.3, 0.2, 0.1])
    y = r.random(n) < sigmoid(-3.5 + np.nan_to_num(x) + (site == "b") - 2 * np.isnan(x))
    rows = pa.table(
        {
            "id": np.arange(n),
            "x": pa.array(x, from_pandas=False),
            "site": site.tolist(),
            "hour": r.integers(0, 24, n),
            "y": y,
        }
    )
    made = plan(rows, label="y", key="id", pilot=Pilot.linear(["x", "site", "hour:level"]), rng=0)
    number, level, hour = made.design["pilot"]["terms"]
    assert [t["kind"] for t in (number, level, hour)] == ["number", "level", "level"]
    assert sorted(level["levels"]) == ["a", "b", "c"]
    assert len(hour["levels"]) == 24
    odds = dict(zip(level["levels"], level["values"], strict=True))
    one = rows.slice(0, 1).to_pylist()[0]
    e = made.design["pilot"]["intercept"]
    e += number["null"] if np.isnan(one["x"]) else number["coef"] * min(max(one["x"], number["low"]), number["high"])
    e += level["null"] if one["site"] is None else odds[one["site"]]
    e += dict(zip(hour["levels"], hour["values"], strict=True))[str(one["hour"])]
    rate, rule = made.design["rule"]["rate"], made.design["rule"]
    assert made.pi(rows.slice(0, 1))[0] == pytest.approx(min(1, max(rule["floor"] * rate, rule["scale"] * sigmoid(e))))


# ---- uniform plans, the document --------------------------------------------------------------------------------------------


def test_uniform_plan_corrects_by_a_constant_and_others_by_row_only():
    ids = np.arange(21_000)
    rows = pa.table({"id": ids, "y": ids % 21 == 0})
    made = plan(rows, label="y", key="id", per_positive=1, rule="uniform", rng=0)
    assert made.design["rule"]["rate"] == pytest.approx(0.05)
    assert made.correction().apply([0.8]) == pytest.approx(1 / 6)
    other = plan(SMALL, label="clicked", key="impression_id", rng=3).correction()
    assert other.status == "impossible"
    assert other.why == "π varies by row"
    with pytest.raises(UndoError, match="pass the rows, or train with the offset"):
        other.apply([0.5])


def test_a_saved_plan_is_the_same_bytes_and_comes_back(tmp_path):
    made = plan(SMALL, label="clicked", key="impression_id", rng=3)
    made.save(tmp_path / "a.json")
    plan(SMALL, label="clicked", key="impression_id", rng=3).save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    back = Plan.load(tmp_path / "a.json")
    assert back.id == made.id
    assert ids_of(back.apply(SMALL)) == ids_of(made.apply(SMALL))


def test_an_edited_or_foreign_plan_is_refused(tmp_path):
    made = plan(SMALL, label="clicked", key="impression_id", rng=3)
    facts = json.loads(made.to_json())
    path = tmp_path / "p.json"
    edited = facts | {"design": facts["design"] | {"seed": 4}}
    newer = facts | {"format": "upweight.plan/2"}
    for content, words in (
        (edited, "was edited"),
        (newer, "use a newer upweight"),
        (facts | {"design": facts["design"] | {"more": 1}}, "use a newer upweight"),
        ({"a": 1}, "is not a plan"),
        ({k: v for k, v in facts.items() if k != "forecast"}, "lacks a part"),
    ):
        path.write_text(json.dumps(content))
        with pytest.raises(InputError, match=words):
            Plan.load(path)
    path.write_text("{")
    with pytest.raises(InputError, match="is not a plan"):
        Plan.load(path)
    with pytest.raises(InputError, match="cannot be read"):
        Plan.load(tmp_path / "none.json")


# ---- refusals ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": "nothing"}, "which these rows have not"),
        ({"label": "x0"}, "must be 0/1 or boolean"),
        ({"label": ("clicked", 5)}, "beside 5; two classes are needed"),
        ({"label": 3}, "must be a column, or"),
        ({"key": "x0"}, "must be whole numbers, text or bytes; got double"),
        ({"key": ["impression_id", "impression_id"]}, "must name different columns"),
        ({"per_positive": 0}, "must be a finite number above 0"),
        ({"per_positive": float("nan")}, "must be a finite number above 0"),
        ({"rng": -1}, "0 <= seed < 2^63"),
        ({"rule": "best"}, "unknown 'best'"),
        ({"pilot": "forest"}, "`pilot` must be 'linear'"),
        ({"pilot": "column:x0"}, "must be a probability in (0, 1)"),
        ({"pilot": Pilot.linear(["absent"])}, "feature 'absent' is not a column"),
        ({"pilot": Pilot.linear(["x0:level"])}, "holds fractions, which are no levels"),
    ],
)
def test_bad_input_is_refused(change, words):
    with pytest.raises(InputError) as error:
        plan(SMALL, **({"label": "clicked", "key": "impression_id"} | change))
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0] * 100, "got 0 positives in 100 rows"),
        ([1] * 100, "got 0 negatives in 100 rows"),
        ([1] * 5 + [0] * 95, "needs 10 positives or more; got 5. Use rule='uniform'"),
        ([1] * 50 + [0] * 49 + [None], "has 1 gap, first at row 99"),
        ([1] * 50 + [-1] * 50, "must be 0/1 or boolean; it holds 1, -1"),
    ],
)
def test_labels_that_give_no_sample_are_refused(y, words):
    rows = pa.table({"id": np.arange(100), "x": np.random.default_rng(0).normal(size=100), "y": y})
    with pytest.raises(InputError) as error:
        plan(rows, label="y", key="id")
    assert words in str(error.value)


def test_thinned_rows_are_not_thinned_again():
    made = plan(SMALL, label="clicked", key="impression_id", rng=3)
    with pytest.raises(InputError, match="thinned already"):
        plan(made.apply(SMALL), label="clicked", key="impression_id")
    with pytest.raises(InputError, match="thinned already"):
        made.apply(made.apply(SMALL))


@pytest.mark.parametrize("kind", [lambda t: t, lambda t: t.to_pandas(), lambda t: t.to_batches()[0]])
def test_kept_rows_are_asked_again_as_they_came(kind):
    made = plan(SMALL, label="clicked", key="impression_id", rng=3)
    kept = made.apply(SMALL)
    rows = kind(kept.combine_chunks())
    assert np.array_equal(made.correction(rows).log_odds, kept["_uw_offset"])
    assert np.array_equal(made.pi(rows), kept["_uw_pi"])
    assert len(made.scores(rows)) == kept.num_rows


def test_nothing_to_thin_keeps_everything():
    rows = pa.table(
        {"id": np.arange(1000), "x": np.random.default_rng(0).normal(size=1000), "y": np.arange(1000) % 3 == 0}
    )
    made = plan(rows, label="y", key="id", per_positive=5)
    assert made.apply(rows).num_rows == 1000
    assert made.forecast.factor_offset == 1.0
