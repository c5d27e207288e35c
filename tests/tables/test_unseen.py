"""A category that training did not have is none of those it had."""

import itertools

import numpy as np
import pandas as pd
import pytest

import upweight.imbalance as im
from upweight.tables import Preparation, Schema, known_versions

N = 600
RNG = np.random.default_rng(2)
KEY = RNG.choice(["aaa", "zzz"], N)
X = pd.DataFrame({"k": KEY, "x": RNG.normal(size=N)})
Y = RNG.random(N) < np.where(KEY == "aaa", 0.5, 0.05)
pytestmark = pytest.mark.filterwarnings("ignore:.*not there in training", "ignore:.*had no gap in training")


@pytest.mark.parametrize("learner", ["logistic", "boosting", "sklearn.ensemble:RandomForestClassifier"])
@pytest.mark.parametrize("names", [("aaa", "zzz"), ("zzz", "aaa")])
def test_neither_level_of_two_whatever_they_are_called(learner, names):
    frame = X.assign(k=X["k"].map(dict(zip(("aaa", "zzz"), names, strict=True))))
    model = im.Rebalanced(learner, "none", inner=2, repair="none", rng=0).fit(frame, Y)
    new = pd.DataFrame({"k": [*names, "new", None], "x": 0.1})
    p = model.predict_proba(new)[:, 1]
    share = (KEY == "aaa").mean()
    assert p[2] == p[3] == pytest.approx(share * p[0] + (1 - share) * p[1], rel=1e-12)
    assert p[0] > p[2] + 0.1 > p[1] + 0.2


@pytest.mark.parametrize("learner", ["logistic", "boosting"])
def test_a_gap_is_its_own_level_where_training_had_gaps(learner):
    rng = np.random.default_rng(3)
    gap = rng.random(N) < 0.3
    frame = X.assign(k=np.where(gap, None, KEY))
    y = np.where(gap, rng.random(N) < 0.9, Y)
    model = im.Rebalanced(learner, "none", inner=2, repair="none", rng=0).fit(frame, y)
    p = model.predict_proba(pd.DataFrame({"k": ["aaa", "zzz", None, "new"], "x": 0.1}))[:, 1]
    assert p[2] > 0.7
    assert p[1] < p[3] < p[2]


def test_versions_multiply_up_to_a_bound_and_their_shares_are_one():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{j}": rng.choice(list("ab") if j else list("abc"), 400) for j in range(8)})
    schema = Schema.of(frame)
    p = Preparation.fit(schema, schema.read(frame), None)
    new = pd.DataFrame({f"c{j}": ["a", "new" if j < 2 else "b", "new"] for j in range(8)})
    table, rows, share = known_versions(p, p.table(schema.read(new)))
    assert np.bincount(rows).tolist() == [1, 6, 48]
    np.testing.assert_allclose(np.bincount(rows, weights=share), 1)
    of_one = [p.shares[0][a] * p.shares[1][b] for a, b in itertools.product(range(3), range(2))]
    np.testing.assert_allclose(share[rows == 1], of_one)
    assert known_versions(p, table) is None
    assert table.codes[rows == 1][:, :2].tolist() == [list(pair) for pair in itertools.product(range(3), range(2))]


def test_an_unseen_value_is_one_of_the_rare_where_training_had_them():
    frame = pd.DataFrame({"s": ["a"] * 40 + ["b"] * 40 + ["r"]})
    schema = Schema.of(frame)
    p = Preparation.fit(schema, schema.read(frame), None)
    assert known_versions(p, p.table(schema.read(pd.DataFrame({"s": ["r", "new"]})))) is None


def test_shares_are_weighted():
    frame = pd.DataFrame({"s": ["a", "b"] * 20})
    schema = Schema.of(frame)
    p = Preparation.fit(schema, schema.read(frame), np.tile([3.0, 1.0], 20))
    np.testing.assert_allclose(p.shares[0], [0.75, 0.25])
