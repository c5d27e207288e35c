"""A fitted model as pilot: its score in the plan, its file beside it, rows kept alike wherever the plan is read."""

from __future__ import annotations

import json
import pickle

import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from upweight import InputError
from upweight.cli import main as app
from upweight.negatives import Pilot, Plan, Sample, StreamedLogistic, check, demo_clicks, fit, plan, sample

NAMES = [f"x{j}" for j in range(6)]
ROWS = 60_000
TABLE = demo_clicks(ROWS)
OTHER = demo_clicks(ROWS, seed=1)
X, Y = np.column_stack([OTHER[n] for n in NAMES]), OTHER["clicked"].to_numpy()
MODELS = {
    "logistic": LogisticRegression(C=0.1),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "forest": RandomForestClassifier(5, min_samples_leaf=50, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=7, random_state=0),
    "lightgbm": LGBMClassifier(n_estimators=30, num_leaves=7, verbosity=-1, n_jobs=1),
}


def planned(model, **how):
    return plan(TABLE, label="clicked", key="impression_id", pilot=Pilot.model(model, NAMES), rng=7, **how)


def ids(table):
    return table["impression_id"].to_pylist()


@pytest.mark.parametrize("name", MODELS)
def test_rows_are_kept_in_proportion_to_the_models_probability(name):
    """pi0 = min(1, max(floor rho, scale p)), p the probability with its log-odds shifted until it promises N1 in all."""
    model = MODELS[name].fit(X, Y)
    made = planned(model)
    rows = np.column_stack([TABLE[n] for n in NAMES])
    p = np.clip(model.predict_proba(pd.DataFrame(rows) if name == "lightgbm" else rows)[:, 1], 1e-12, 1 - 1e-12)
    odds = p / (1 - p) * np.exp(made.design["pilot"]["shift"])
    shifted, rule = odds / (1 + odds), made.design["rule"]
    want = np.minimum(1, np.maximum(rule["floor"] * rule["rate"], rule["scale"] * shifted))
    np.testing.assert_allclose(made.pi(TABLE), want, rtol=1e-9)
    assert shifted.sum() == pytest.approx(made.forecast.positives, rel=0.05)
    kept = made.apply(TABLE)
    negatives = kept.num_rows - made.forecast.positives
    assert abs(negatives - made.forecast.kept_negatives) < 5 * made.forecast.kept_negatives_se


@pytest.mark.parametrize("name", ["pipeline", "forest", "boosting", "lightgbm"])
def test_a_saved_plan_keeps_the_same_rows(name, tmp_path):
    made = planned(MODELS[name].fit(X, Y))
    made.save(tmp_path / "plan.json")
    pilot = json.loads((tmp_path / "plan.json").read_text())["design"]["pilot"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["plan.json", pilot["file"]])
    back = Plan.load(tmp_path / "plan.json")
    assert back.id == made.id
    np.testing.assert_array_equal(back.pi(TABLE), made.pi(TABLE))
    for other in (back, pickle.loads(pickle.dumps(made))):
        assert ids(other.apply(TABLE)) == ids(made.apply(TABLE))


def test_the_same_model_gives_the_same_plan():
    """skops numbers objects by their place in memory; a plan's id must not."""
    first, second = (planned(RandomForestClassifier(3, max_depth=4, random_state=0).fit(X, Y)) for _ in range(2))
    assert first.id == second.id
    assert first.design["pilot"]["file"] == second.design["pilot"]["file"]


def test_a_sample_carries_its_model(tmp_path):
    for k in range(3):
        pq.write_table(TABLE.slice(k * ROWS // 3, ROWS // 3), tmp_path / f"part{k}.parquet")
    made = plan(
        str(tmp_path), label="clicked", key="impression_id", pilot=Pilot.model(MODELS["pipeline"].fit(X, Y), NAMES), rng=7
    )  # fmt: skip
    thin = sample(str(tmp_path), made, tmp_path.parent / "thin", jobs=2)
    assert sorted(thin.table(["impression_id"])["impression_id"].to_pylist()) == ids(made.apply(TABLE))
    back = Sample.open(tmp_path.parent / "thin")
    np.testing.assert_array_equal(back.plan.pi(TABLE), made.pi(TABLE))
    assert check(back).ok, check(back)
    again = sample(str(tmp_path), made, tmp_path.parent / "thin")
    assert again.manifest == thin.manifest
    model = fit(StreamedLogistic(), *rows_of(thin), offset=thin.correction)
    assert model.predict_proba(np.column_stack([TABLE[n] for n in NAMES]))[:, 1].sum() == pytest.approx(
        made.forecast.positives, rel=0.15
    )


def rows_of(thin):
    table = thin.table()
    return np.column_stack([table[n] for n in NAMES]), table["clicked"].to_numpy()


def test_a_model_that_is_gone_or_another_is_refused(tmp_path):
    made = planned(MODELS["logistic"].fit(X, Y))
    made.save(tmp_path / "plan.json")
    file = tmp_path / made.design["pilot"]["file"]
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"x")
    with pytest.raises(InputError, match="is not the one that the plan was made with. Restore the file"):
        Plan.load(tmp_path / "plan.json")
    file.unlink()
    with pytest.raises(InputError, match="is not beside the plan. Restore the file"):
        Plan.load(tmp_path / "plan.json")


def test_categories_go_in_as_they_were_trained(tmp_path):
    """A level is text for scikit-learn and the number of its category for LightGBM; one never seen is a gap there."""
    r = np.random.default_rng(0)
    site = r.choice(["a", "b", "c"], ROWS)
    y = r.random(ROWS) < np.where(site == "c", 0.05, 0.005)
    frame = pd.DataFrame({"x": r.normal(size=ROWS), "site": site})
    table = pa.table({"id": np.arange(ROWS), "y": y, "x": frame["x"], "site": pa.array(site)})
    boosted = LGBMClassifier(n_estimators=20, verbosity=-1, n_jobs=1)
    boosted.fit(frame.assign(site=pd.Categorical(frame["site"], categories=["c", "a", "b"])), y)
    coded = make_pipeline(OneHotEncoder(handle_unknown="ignore", min_frequency=50), LogisticRegression()).fit(frame, y)
    for model, trained in ((boosted, ["c", "a", "b"]), (coded, None)):
        made = plan(table, label="y", key="id", pilot=Pilot.model(model, ["x", "site:level"]), rng=7)
        asked = frame if trained is None else frame.assign(site=pd.Categorical(frame["site"], categories=trained))
        p = model.predict_proba(asked)[:, 1]
        odds = p / (1 - p) * np.exp(made.design["pilot"]["shift"])
        rule = made.design["rule"]
        want = np.minimum(1, np.maximum(rule["floor"] * rule["rate"], rule["scale"] * odds / (1 + odds)))
        np.testing.assert_allclose(made.pi(table), want, rtol=1e-9)
    numbers = table.set_column(3, "site", table["x"])
    with pytest.raises(InputError, match="trained with 1 column of categories; 0 features"):
        plan(numbers, label="y", key="id", pilot=Pilot.model(boosted, ["x", "site"]))


def test_a_gap_that_the_model_does_not_take_is_unscored(tmp_path):
    gaps = pa.array([None if k % 100 == 0 else v for k, v in enumerate(TABLE["x0"].to_pylist())])
    table = TABLE.set_column(TABLE.schema.get_field_index("x0"), "x0", gaps)
    made = planned(MODELS["logistic"].fit(X, Y))
    pi = made.pi(table)
    np.testing.assert_allclose(pi[::100], made.design["rule"]["rate"])
    np.testing.assert_array_equal(np.delete(pi, np.s_[::100]), np.delete(made.pi(TABLE), np.s_[::100]))
    thin = sample(table, made, tmp_path / "thin")
    assert thin.manifest["unscored"] == ROWS // 100
    takes = planned(MODELS["boosting"].fit(X, Y))
    assert sample(table, takes, tmp_path / "thin2").manifest["unscored"] == 0


class Own(LogisticRegression):
    """A class that nobody else has."""


def test_what_is_no_pilot_is_refused(tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("hello")
    half = tmp_path / "half.txt"
    half.write_text(MODELS["lightgbm"].fit(X, Y).booster_.model_to_string()[:60])
    fitted = MODELS["logistic"].fit(X, Y)
    three = LogisticRegression().fit(X[:300], np.arange(300) % 3)
    for model, names, words in (
        (LogisticRegression(), NAMES, "is not fitted"),
        (LGBMClassifier(), NAMES, "is not fitted"),
        (LinearSVC().fit(X[:500], np.arange(500) % 2), NAMES, "got LinearSVC. Score the rows"),
        (three, NAMES, "of two classes"),
        (lightgbm.LGBMRegressor(n_estimators=2, verbosity=-1).fit(X, Y), NAMES, "objective is not binary"),
        (Own().fit(X, Y), NAMES, "not known to be safe: .*test_saved_model.Own"),
        (fitted, NAMES[:5], "fitted on 6 columns; got 5"),
        (LogisticRegression().fit(pd.DataFrame(X, columns=NAMES), Y), NAMES[::-1], "in this order"),
        (fitted, None, "`features` must name the columns"),
        (tmp_path / "nothing.txt", NAMES, "cannot be read"),
        (empty, NAMES, "no model of LightGBM's text and no skops file"),
        (half, NAMES, "no whole model text"),
    ):
        with pytest.raises(InputError, match=words):
            Pilot.model(model, names)
    with pytest.raises(InputError, match="feature 'x9' is not a column"):
        plan(TABLE, label="clicked", key="impression_id", pilot=Pilot.model(fitted, [*NAMES[:5], "x9"]))
    with pytest.raises(InputError, match="has no SQL form"):
        planned(fitted).sql()
    with pytest.raises(InputError, match="needs the columns of a linear pilot"):
        planned(fitted, rule="optimal")


def command(args):
    with pytest.raises(SystemExit) as end:
        app(args)
    return end.value.code


def test_the_command_takes_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pq.write_table(TABLE, "clicks.parquet")
    frame = pd.DataFrame(X, columns=NAMES)
    LGBMClassifier(n_estimators=20, verbosity=-1, n_jobs=1).fit(frame, Y).booster_.save_model("day1.txt")
    common = ["negatives", "plan", "clicks.parquet", "--label", "clicked", "--key", "impression_id", "--pilot"]
    assert command([*common, "day1.txt", "-o", "plan.json"]) == 0
    assert command([*common, "day1.txt", "--features", ",".join(NAMES), "-o", "again.json"]) == 0
    assert Plan.load("plan.json").id == Plan.load("again.json").id
    assert command(["negatives", "sample", "clicks.parquet", "--plan", "plan.json", "-o", "thin", "--jobs", "1"]) == 0
    assert command(["negatives", "check", "thin"]) == 0
    assert command(["negatives", "explain", "--plan", "plan.json", "--key", "641", "--data", "clicks.parquet"]) == 0
    assert "score" in capsys.readouterr().out
