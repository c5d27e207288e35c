"""Balanced bagging: what each member sees, that weights count once, and that the odds come back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import upweight.imbalance as im
from upweight import UndoError
from upweight.imbalance.ensembles._bagging import PlainBagging, draw
from upweight.imbalance.ensembles._boosting import Boosted


class Seen(ClassifierMixin, BaseEstimator):
    """A learner that remembers the row numbers (first column) it was fitted on."""

    def fit(self, X, y):
        self.rows_, self.y_, self.classes_ = X[:, 0].astype(int), y, np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def decision_function(self, X):
        return X[:, 0] * 0.01


def numbered(n, rare, classes=2):
    X = np.arange(n, dtype=float)[:, None]
    y = np.where(np.arange(n) < rare, classes - 1, np.arange(n) % max(1, classes - 1))
    return X, y


def test_a_member_sees_every_rare_row_and_as_many_of_each_other_class():
    X, y = numbered(300, 20, classes=3)
    m = im.BalancedBagging(Seen(), members=30, rng=0).fit(X, y)
    for member in m.members_:
        assert np.bincount(y[member.rows_]).tolist() == [20, 20, 20]
        assert len(set(member.rows_.tolist())) == 60
        assert set(range(20)) <= set(member.rows_.tolist())
    together = np.unique(np.concatenate([member.rows_ for member in m.members_]))
    assert len(together) > 290  # chance of a row never drawn: (1 - 20/140)^30 = .01


def test_common_rows_are_drawn_equally_often():
    X, y = numbered(60, 10)
    m = im.BalancedBagging(Seen(), members=4000, rng=0).fit(X, y)
    times = np.bincount(np.concatenate([member.rows_ for member in m.members_]), minlength=60)[10:]
    # 4000 draws of 10 of 50: mean 800, s.d. 25.3; 50 rows within 4.5 s.d. fail by chance once in 3,000
    assert abs(times - 800).max() < 4.5 * 25.3


def test_replace_draws_the_rare_rows_too():
    X, y = numbered(200, 30)
    m = im.BalancedBagging(Seen(), members=5, replace=True, rng=0).fit(X, y)
    for member in m.members_:
        assert np.bincount(y[member.rows_]).tolist() == [30, 30]
        assert len(set(member.rows_[y[member.rows_] == 1].tolist())) < 30


@pytest.mark.parametrize("replace", [False, True])
def test_copies_are_in_proportion_to_the_weights(replace):
    w = np.array([1.0, 2.0, 4.0, 0.5, 2.5])
    counts = np.zeros(5)
    for seed in range(4000):
        rows = draw(w, 5, replace, np.random.default_rng(seed))
        assert len(rows) == 5
        copies = np.bincount(rows, minlength=5)
        if not replace:
            assert (abs(copies - w / 2) < 1).all()
        counts += copies
    # mean copies w/2; multinomial s.e. at most sqrt(5 * .4 * .6 / 4000) = .017
    assert counts / 4000 == pytest.approx(w / 2, abs=4.5 * 0.0175)


@pytest.mark.parametrize("replace", [False, True])
def test_weights_reach_the_members_once(replace):
    y = np.arange(1000) < 100
    w = np.where(y, 9.0, 1.0)
    X = np.zeros((1000, 1))
    inside = DummyClassifier(strategy="prior")
    balanced = im.BalancedBagging(inside, replace=replace, rng=0).fit(X, y, sample_weight=w)
    assert balanced.predict_proba(X)[0, 1] == pytest.approx(0.5, abs=1e-12)
    plain = PlainBagging(inside, members=200, rng=0).fit(X, y, sample_weight=w)
    assert plain.predict_proba(X)[0, 1] == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 1000 / 200))


def test_class_weights_reach_foreign_ensembles_once():
    y = np.arange(1000) < 100
    X = np.zeros((1000, 1))
    bagging = BaggingClassifier(DummyClassifier(strategy="prior"), n_estimators=100)
    forest = RandomForestClassifier(
        100
    )  # a constant column: every tree is its root, the weighted share of its bootstrap
    for learner in (bagging, forest, Boosted(rounds=1)):
        raw = im.Rebalanced(learner, "weights", repair="none", rng=0).fit(X, y).predict_raw(X)
        # passed twice it would be .90
        assert raw[0, 1] == pytest.approx(0.5, abs=0.01), type(learner).__name__


def test_the_correction_is_the_difference_of_weighted_class_shares():
    X, y = numbered(300, 20, classes=3)
    w = np.random.default_rng(0).uniform(0.1, 3, 300)
    c = im.BalancedBagging(Seen(), rng=0).fit(X, y, sample_weight=w).correction_
    shares = np.bincount(y, weights=w) / w.sum()
    assert c.status == "exact"
    assert c.log_odds == pytest.approx(np.log(1 / 3) - np.log(shares), abs=1e-12)


def test_the_odds_come_back_exactly_for_a_well_specified_learner():
    # logit p = -4 + x; 40 data sets of n = 3000, about 90 positives: observed/expected of the mean, s.e. .02
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(3000, 1))
        y = rng.random(3000) < expit(-4 + X[:, 0])
        m = im.BalancedBagging(LogisticRegression(C=1e6), members=10, rng=seed).fit(X, y)
        found.append(m.correction_.apply(m.predict_proba(X))[:, 1].sum() / expit(-4 + X[:, 0]).sum())
        assert m.predict_proba(X)[:, 1].sum() > 5 * y.sum()
    assert np.mean(found) == pytest.approx(1.0, abs=0.06)


def test_scores_are_added_and_their_mean_is_the_log_odds():
    X, y = numbered(200, 30)
    m = im.BalancedBagging(Seen(), members=7, average="score", rng=0).fit(X, y)
    assert m.decision_function(X) == pytest.approx(7 * X[:, 0] * 0.01)
    assert m.predict_proba(X)[:, 1] == pytest.approx(expit(X[:, 0] * 0.01))


def test_easy_ensemble_adds_every_vote_of_every_tree():
    rng = np.random.default_rng(0)
    y = np.arange(800) < 60
    X = rng.normal(size=(800, 4)) + 0.8 * y[:, None]
    m = im.easy_ensemble(members=3, rounds=6, rng=0).fit(X, y)
    total = sum(
        alpha * (2 * tree.vote(X) - 1.0)
        for member in m.members_
        for alpha, tree in zip(member.votes_.alphas, member.votes_.trees, strict=True)
    )
    assert m.decision_function(X) == pytest.approx(total, abs=1e-9)
    assert (m.predict(X) == (total > 0)).all()


def test_balanced_forest_is_trees_of_some_columns_on_bootstraps():
    m = im.balanced_forest(members=9, rng=0)
    rng = np.random.default_rng(0)
    y = np.arange(400) < 40
    m.fit(rng.normal(size=(400, 16)) + y[:, None], y)
    assert len(m.members_) == 9
    assert {tree.max_features_ for tree in m.members_} == {4}
    assert m.replace


def test_the_control_draws_all_rows_and_knows_every_class():
    X, y = numbered(100, 1)
    m = PlainBagging(Seen(), members=40, rng=0).fit(X, y)
    for member in m.members_:
        assert len(member.rows_) in (100, 101)
        assert set(member.y_.tolist()) == {0, 1}
    assert m.correction_.status == "exact"
    assert not np.any(m.correction_.log_odds)


def test_learners_without_weights_are_fine():
    X, y = numbered(100, 20)
    m = im.BalancedBagging(KNeighborsClassifier(3), rng=0).fit(X, y, sample_weight=np.where(y == 1, 3.0, 1.0))
    assert m.predict_proba(X).shape == (100, 2)


def test_a_frame_reaches_a_pipeline_as_it_is():
    import pandas as pd

    rng = np.random.default_rng(0)
    y = np.arange(300) < 40
    X = pd.DataFrame(rng.normal(size=(300, 2)) + y[:, None], columns=["a", "b"])
    pipe = make_pipeline(StandardScaler().set_output(transform="pandas"), LogisticRegression())
    m = im.BalancedBagging(pipe, rng=0).fit(X, y)
    assert m.feature_names_in_.tolist() == ["a", "b"]
    assert m.members_[0].feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names"):
        m.predict_proba(X[["b", "a"]])


def test_a_learner_may_be_named():
    X, y = numbered(60, 20)
    by_name = im.BalancedBagging("logistic", members=3, rng=0).fit(X, y)
    by_hand = im.BalancedBagging(LogisticRegression(max_iter=1000), members=3, rng=0).fit(X, y)
    assert np.array_equal(by_name.predict_proba(X), by_hand.predict_proba(X))


def test_bad_settings_are_refused_in_words():
    X, y = numbered(40, 10)
    cases = [
        (
            im.BalancedBagging(LogisticRegression(class_weight="balanced")),
            UndoError,
            "class_weight='balanced' and method",
        ),
        (im.BalancedBagging(im.easy_ensemble()), UndoError, "balances inside and method 'BalancedBagging' outside"),
        (im.BalancedBagging(average="sum"), ValueError, "`average` must be 'proba' or 'score'; got 'sum'"),
        (im.BalancedBagging(KNeighborsClassifier(), average="score"), ValueError, "no decision_function to add up"),
        (im.BalancedBagging("logstic"), ValueError, "unknown learner 'logstic'. Did you mean 'logistic'?"),
        (
            im.BalancedBagging(LogisticRegression),
            ValueError,
            "LogisticRegression is a class; pass LogisticRegression()",
        ),
        (im.BalancedBagging(5), ValueError, "got 5 (int). Pass an object such as LogisticRegression()."),
        (im.BalancedBagging(members=0), ValueError, "`members` must be a whole number, 1 or more; got 0"),
        (im.easy_ensemble(rounds=1.5), ValueError, "`rounds` must be a whole number, 1 or more; got 1.5"),
        (im.easy_ensemble(depth=True), ValueError, "`depth` must be a whole number"),
    ]
    for m, kind, text in cases:
        with pytest.raises(kind, match=text.replace("(", r"\(").replace(")", r"\)")):
            m.fit(X, y)
