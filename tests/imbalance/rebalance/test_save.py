"""Saved models: the same predictions, on any frame, and nothing unknown inside."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from upweight import InputError
from upweight.imbalance import RandomUnder, Rebalanced, compare, load
from upweight.imbalance.rebalance._save import save_model

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": RNG.normal(size=300), "city": np.array(["a", "b", "c"])[RNG.integers(0, 3, 300)]})
Y = np.where(RNG.random(300) < np.where(FRAME["city"] == "a", 0.4, 0.1), "ill", "ok")


class Odd(LogisticRegression):
    """A learner that is not scikit-learn's."""


METHODS = {
    "weights": "weights",
    "random_under": "random_under",
    "a resampler": RandomUnder(to=0.8),
    "a function": lambda y, base: np.where(y == "ill", 3.0, 1.0),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("learner", ["logistic", "boosting", "sklearn.ensemble:RandomForestClassifier"])
def test_a_loaded_model_predicts_to_the_bit(tmp_path, learner, method):
    m = Rebalanced(learner, method, inner=2, rng=0).fit(FRAME, Y)
    save_model(m, tmp_path / "m.skops")
    back = load(tmp_path / "m.skops")
    np.testing.assert_array_equal(back.predict_proba(FRAME), m.predict_proba(FRAME))
    np.testing.assert_array_equal(back.predict(FRAME), m.predict(FRAME))
    assert (back.threshold_, back.positive_) == (m.threshold_, "ill")
    assert back.repair_.how == m.repair_.how


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_comparison_saves_a_model_for_raw_frames(tmp_path, make):
    c = compare(FRAME, Y, methods="none", cv="2x1", rng=0)
    c.save(tmp_path / "m.skops")
    new = make({"city": ["a", "never met", "b"], "x": [0.0, 0.5, 1.0]})
    with pytest.warns(UserWarning, match="column 'city' has 1 of 3 values"):
        p = load(tmp_path / "m.skops").predict_proba(new)
    with pytest.warns(UserWarning, match="first 'never met' at row 1"):
        np.testing.assert_array_equal(p, c.model.predict_proba(new))


def test_arrays_and_pipelines_are_saved_too(tmp_path):
    X = FRAME[["x"]].to_numpy()
    for learner in ("logistic", make_pipeline(StandardScaler(), LogisticRegression())):
        m = Rebalanced(learner, "none", inner=2, rng=0).fit(X, Y)
        save_model(m, tmp_path / "m.skops")
        np.testing.assert_array_equal(load(tmp_path / "m.skops").predict_proba(X), m.predict_proba(X))


def test_unknown_types_are_refused_by_name_and_may_be_trusted_by_name(tmp_path):
    m = Rebalanced(Odd(), "none", inner=2, rng=0).fit(FRAME[["x"]], Y)
    save_model(m, tmp_path / "m.skops")
    name = f"{Odd.__module__}.Odd"
    with pytest.raises(
        InputError, match=r"holds types that are not known to be safe: .*\.?Odd. If you trust whoever made it"
    ):
        load(tmp_path / "m.skops")
    if "." not in name.removesuffix(".Odd"):
        pytest.skip("skops cannot import this test file by its name")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.skops"
    path.write_bytes(b"old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    m = Rebalanced("logistic", "none", inner=2, rng=0).fit(FRAME, Y)
    with pytest.raises(InputError, match="the model cannot be written .No space left on device."):
        save_model(m, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"", "is not a saved model"), (b"PK\x03\x04 not a zip", "is not a saved model")],
)
def test_what_is_no_model_is_refused(tmp_path, content, message):
    path = tmp_path / "m.skops"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load(path)


def test_another_kind_of_model_is_refused(tmp_path):
    skops.io.dump(LogisticRegression(), tmp_path / "m.skops")
    with pytest.raises(InputError, match="holds 'LogisticRegression', not a model saved by upweight"):
        load(tmp_path / "m.skops")


@pytest.mark.parametrize(("field", "value"), [("left", 10**6), ("left", 0), ("feature_idx", 99)])
def test_a_forged_boosted_tree_is_refused(tmp_path, field, value):
    m = Rebalanced("boosting", "none", inner=2, rng=0).fit(FRAME, Y)
    m.members_[0]._predictors[0][0].nodes[field][0] = value
    save_model(m, tmp_path / "m.skops")
    with pytest.raises(InputError, match="holds a tree whose branches lie outside it"):
        load(tmp_path / "m.skops")


@pytest.mark.parametrize(
    ("field", "value"), [("children_left", 10**6), ("children_left", 0), ("children_right", 0), ("feature", 99)]
)
def test_a_forged_tree_of_a_forest_is_refused(tmp_path, field, value):
    X = RNG.normal(size=(300, 2)) + 2 * (Y == "ill")[:, None]
    m = Rebalanced(RandomForestClassifier(3), "none", inner=2, rng=0).fit(X, Y)
    getattr(m.members_[0].estimators_[0].tree_, field)[0] = value
    save_model(m, tmp_path / "m.skops")
    with pytest.raises(InputError, match="holds a tree whose branches lie outside it"):
        load(tmp_path / "m.skops")


def test_a_file_does_not_depend_on_where_our_code_lives(tmp_path):
    m = Rebalanced("logistic", "random_under", inner=2, rng=0).fit(FRAME, Y)
    save_model(m, tmp_path / "m.skops")
    assert skops.io.get_untrusted_types(file=tmp_path / "m.skops") == []
