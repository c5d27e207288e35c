"""Coefficients and importances of all members together: by name, whatever each of them saw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import upweight.imbalance as im
from upweight.learners import member_names

RNG = np.random.default_rng(0)
N = 600
FRAME = pd.DataFrame(
    {
        "a": RNG.normal(size=N) * 10,
        "same": 1.0,
        "city": np.where(RNG.random(N) < 0.01, "rare", RNG.choice(["x", "y", "z"], N)),
        "b": RNG.normal(size=N),
        "two": RNG.choice(["no", "yes"], N),
    }
)
FRAME.loc[::17, "city"] = None
Y = FRAME["a"] / 10 + (FRAME["city"] == "x") + RNG.logistic(size=N) > 1.5


def fitted(learner, X=FRAME, y=Y, **more):
    return im.Rebalanced(learner, "none", rng=0, **more).fit(X, y)


def test_every_member_s_columns_have_their_names():
    m = fitted("logistic")
    for member, names in zip(m.fitted_.members, m._member_names(), strict=True):
        assert member.model.learner.coef_.shape == (1, len(names))
    names = m.feature_names_out_.tolist()
    assert names[:2] == ["a", "b"]
    assert {"city=x", "city=y", "city=z", "city=rest", "city=gap"} <= set(names)
    assert "same" not in names


def test_a_name_stands_for_its_column():
    """Where only one level is one, the column of that name is."""
    m = fitted("logistic", repair="none")
    model = m.fitted_.members[0].model
    (names,) = m._member_names()
    table = m.schema_.read(FRAME)
    matrix = model.preparation.matrix(model.preparation.table(table))
    for level in "xyz":
        np.testing.assert_array_equal(matrix[:, names.index(f"city={level}")] == 1, FRAME["city"] == level)
    np.testing.assert_array_equal(matrix[:, names.index("city=gap")] == 1, FRAME["city"].isna())
    np.testing.assert_array_equal(matrix[:, names.index("city=rest")] == 1, FRAME["city"] == "rare")
    assert np.corrcoef(matrix[:, names.index("b")], FRAME["b"])[0, 1] > 1 - 1e-9


def test_coefficients_are_the_mean_over_members_by_name():
    m = fitted("logistic")
    each = [
        dict(zip(n, f.model.learner.coef_[0], strict=True))
        for n, f in zip(m._member_names(), m.fitted_.members, strict=True)
    ]
    expected = [np.mean([one.get(name, 0.0) for one in each]) for name in m.feature_names_out_]
    np.testing.assert_allclose(m.coef_[0], expected, rtol=1e-12)
    assert m.coef_[0][m.feature_names_out_.tolist().index("a")] > 0.5
    assert m.coef_[0][m.feature_names_out_.tolist().index("city=x")] > 0.2


def test_a_level_that_a_member_has_not_counts_nothing_there():
    class Member:
        def __init__(self, values):
            self.learner, self.preparation = type("L", (), {"coef_": np.array([values])}), None

    from upweight.learners import member_mean, together

    names = [["a", "k=u"], ["a", "k=u", "k=v"]]
    assert together(names) == ["a", "k=u", "k=v"]
    mean = member_mean([Member([1.0, 2.0]), Member([3.0, 4.0, 8.0])], "coef_", names)
    np.testing.assert_array_equal(mean, [[2.0, 3.0, 4.0]])


def test_importances_of_a_learner_that_is_given_the_table_as_it_is():
    X = FRAME[["a", "b"]]
    m = fitted(RandomForestClassifier(n_estimators=5), X)
    assert m.feature_names_out_.tolist() == ["a", "b"]
    np.testing.assert_allclose(m.feature_importances_, np.mean([f.feature_importances_ for f in m.members_], axis=0))
    assert m.feature_importances_.sum() == pytest.approx(1)
    assert fitted(LogisticRegression(), X.to_numpy()).feature_names_out_.tolist() == ["x0", "x1"]


def test_three_classes_have_a_row_each():
    y = np.digitize(FRAME["a"], [-5, 8])
    m = fitted("logistic", y=y)
    assert m.coef_.shape == (3, len(m.feature_names_out_))


def test_they_are_there_only_where_the_learner_has_them():
    m = fitted("boosting", FRAME[["a", "b"]], repair="none")
    assert not hasattr(m, "coef_")
    assert not hasattr(m, "feature_importances_")
    for unfitted in (im.Rebalanced(), im.BalancedBagging(), im.BalancedBagging(LogisticRegression())):
        assert not hasattr(unfitted, "coef_")
        assert not hasattr(unfitted, "feature_importances_")


def test_a_saved_model_has_them_too(tmp_path):
    c = im.compare(FRAME, Y, methods="none", cv="2x1", rng=0)
    c.save(tmp_path / "m.skops")
    back = im.load(tmp_path / "m.skops")
    np.testing.assert_array_equal(back.coef_, c.model.coef_)
    assert back.feature_names_out_.tolist() == c.model.feature_names_out_.tolist()


def test_a_bagging_has_those_of_its_members():
    X = FRAME[["a", "b"]]
    trees = im.BalancedBagging(DecisionTreeClassifier(max_depth=3), members=4, rng=0).fit(X, Y)
    np.testing.assert_allclose(
        trees.feature_importances_, np.mean([t.feature_importances_ for t in trees.members_], axis=0)
    )
    assert not hasattr(trees, "coef_")
    lines = im.BalancedBagging(LogisticRegression(), members=3, average="score", rng=0).fit(X, Y)
    score = X.to_numpy() @ lines.coef_[0] + np.mean([m.intercept_[0] for m in lines.members_])
    np.testing.assert_allclose(lines.decision_function(X) / 3, score, rtol=1e-9)


def test_names_are_one_list_a_member():
    assert member_names([], None, ["a"]) == []
