"""Rebalanced: repaired probabilities, the right threshold, scikit-learn's contract."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from upweight import InputError, UndoError, Weights
from upweight.imbalance import RandomOver, Rebalanced, adopt

METHODS = ["none", "threshold", "weights", "random_under", "random_over", ["random_under", "weights"]]
RNG = np.random.default_rng(0)


def table(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = rng.random(n) < 1 / (1 + np.exp(3.2 - X @ [1.0, 0.5, -0.5]))
    return X, y


X, Y = table()
NEW, TRUTH = table(20_000, 1)


def oe(y, p):
    return y.sum() / p.sum()


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize("repair", ["crossfit", "formula"])
def test_every_method_keeps_its_promises_after_repair(method, repair):
    m = Rebalanced("logistic", method, repair=repair, rng=0).fit(X, Y)
    assert oe(TRUTH, m.predict_proba(NEW)[:, 1]) == pytest.approx(1, abs=0.06)
    promised = oe(TRUTH, m.predict_raw(NEW)[:, 1])
    assert promised == pytest.approx(1, abs=0.06) if method in ("none", "threshold") else promised < 0.3


def test_a_flexible_learner_follows_weights_in_part_and_only_crossfit_repairs_it():
    X, y = make_classification(
        32_000,
        n_features=12,
        n_informative=6,
        n_redundant=2,
        class_sep=0.9,
        flip_y=0.02,
        weights=[0.97],
        random_state=0,
    )
    learner = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    crossfit = Rebalanced(learner, "weights", rng=0).fit(X[:6000], y[:6000])
    formula = Rebalanced(learner, "weights", repair="formula", rng=0).fit(X[:6000], y[:6000])
    assert 0.9 < oe(y[6000:], crossfit.predict_proba(X[6000:])[:, 1]) < 1.1
    assert oe(y[6000:], formula.predict_proba(X[6000:])[:, 1]) > 2.5


@pytest.mark.parametrize("method", ["weights", "random_under", "random_over", [RandomOver(to=0.3), "weights"]], ids=str)
def test_class_weights_reach_the_learner_exactly_once(method):
    X, y = RNG.normal(size=(1000, 2)), np.repeat([0, 1], [900, 100])
    m = Rebalanced(DummyClassifier(strategy="prior"), method, repair="none", rng=0).fit(X, y)
    assert m.predict_raw(X)[0, 1] == pytest.approx(0.5, abs=1e-12)  # twice would be .9


def test_repair_by_formula_gives_a_constant_learner_its_prevalence_back():
    X, y = RNG.normal(size=(1000, 2)), np.repeat([0, 1], [900, 100])
    for method in METHODS:
        m = Rebalanced(DummyClassifier(strategy="prior"), method, repair="formula", rng=0).fit(X, y)
        assert m.predict_proba(X)[0, 1] == pytest.approx(0.1, abs=1e-9)


def test_members_of_the_inner_folds_are_kept_and_averaged():
    m = Rebalanced("logistic", "weights", inner=4, rng=0).fit(X, Y)
    assert len(m.members_) == 4
    raw = np.mean([one.raw(m.schema_.read(NEW)) for one in m.fitted_.members], axis=0)
    np.testing.assert_allclose(m.predict_raw(NEW), raw)
    each = [m.repair_.apply(one.given(one.raw(m.schema_.read(NEW)))) for one in m.fitted_.members]
    np.testing.assert_allclose(m.predict_proba(NEW), np.mean(each, axis=0), rtol=1e-12)
    assert len(Rebalanced("logistic", "weights", repair="formula", rng=0).fit(X, Y).members_) == 1


def test_predict_cuts_at_the_prevalence_or_at_the_cost():
    m = Rebalanced("logistic", "none", rng=0).fit(X, Y)
    assert m.threshold_ == pytest.approx(Y.mean())
    np.testing.assert_array_equal(m.predict(NEW), m.predict_proba(NEW)[:, 1] >= Y.mean())
    dear = Rebalanced("logistic", "none", cost=20, rng=0).fit(X, Y)
    assert dear.threshold_ == pytest.approx(1 / 21)


@pytest.mark.parametrize("method", ["weights", "random_under"])
def test_without_repair_the_threshold_moves_to_the_models_scale(method):
    m = Rebalanced("logistic", method, repair="none", rng=0).fit(X, Y)
    assert m.threshold_ == pytest.approx(0.5, abs=1e-9)  # prevalence on the balanced scale
    formula = Rebalanced("logistic", method, repair="formula", rng=0).fit(X, Y)
    assert (m.predict(NEW) == formula.predict(NEW)).mean() > 0.999


def test_the_rarest_label_is_positive_wherever_it_sorts():
    names = np.where(Y, "a_ill", "b_ok")
    m = Rebalanced("logistic", "weights", rng=0).fit(X, names)
    plain = Rebalanced("logistic", "weights", rng=0).fit(X, Y)
    assert m.positive_ == "a_ill"
    assert m.threshold_ == pytest.approx(Y.mean())
    assert (m.predict_proba(NEW)[:, 0] - plain.predict_proba(NEW)[:, 1]).max() < 0.05
    assert ((m.predict(NEW) == "a_ill") == plain.predict(NEW)).mean() > 0.97
    raw = Rebalanced("logistic", "weights", repair="none", rng=0).fit(X, names)
    assert raw.threshold_ == pytest.approx(0.5)


def test_three_classes_are_repaired_and_cut_at_p_over_prior():
    X, y = make_classification(
        6000, n_features=6, n_informative=4, n_classes=3, weights=[0.85, 0.1, 0.05], random_state=0
    )
    m = Rebalanced("logistic", "weights", rng=0).fit(X[:3000], y[:3000])
    p = m.predict_proba(X[3000:])
    assert np.bincount(y[3000:]) / p.sum(axis=0) == pytest.approx(np.ones(3), abs=0.12)
    np.testing.assert_array_equal(m.predict(X[3000:]), (p / m.prior_).argmax(axis=1))
    assert np.isnan(m.threshold_)


def test_rows_of_weight_zero_are_as_if_removed():
    w = (np.arange(len(Y)) % 2).astype(float)
    a = Rebalanced("logistic", "random_under", rng=0).fit(X, Y, sample_weight=w)
    b = Rebalanced("logistic", "random_under", rng=0).fit(X[w > 0], Y[w > 0])
    np.testing.assert_array_equal(a.predict_proba(NEW), b.predict_proba(NEW))


def test_weights_of_rows_move_prevalence_and_promises():
    w = Weights.of(np.where(Y, 3.0, 1.0), kind="importance")
    m = Rebalanced("logistic", "weights", rng=0).fit(X, Y, sample_weight=w)
    share = 3 * Y.sum() / (3 * Y.sum() + (~Y).sum())
    assert m.prior_[1] == pytest.approx(share)
    assert m.threshold_ == pytest.approx(share)
    v = np.where(TRUTH, 3.0, 1.0)
    assert (v * TRUTH).sum() / (v * m.predict_proba(NEW)[:, 1]).sum() == pytest.approx(1, abs=0.06)


def test_groups_stay_in_one_inner_fold(monkeypatch):
    seen = []
    import upweight.imbalance.rebalance._members as members

    original = members.stratified
    monkeypatch.setattr(members, "stratified", lambda *a: seen.append(original(*a)) or seen[-1])
    group = np.arange(len(Y)) // 4
    Rebalanced("logistic", "none", rng=0).fit(X, Y, group=group)
    assert not any(set(group[f]) & set(group[g]) for i, f in enumerate(seen[0]) for g in seen[0][:i])


@pytest.mark.filterwarnings("ignore:.*not there in training")
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_with_text_gaps_and_new_levels(make):
    rng = np.random.default_rng(3)
    city = np.array(["a", "b", "c"])[rng.integers(0, 3, 600)]
    y = rng.random(600) < np.where(city == "a", 0.4, 0.05)
    data = {"x": [None, *rng.normal(size=599).tolist()], "city": [*city[:-1].tolist(), None]}  # gaps are known
    m = Rebalanced("logistic", "random_under", rng=0).fit(make(data), y)
    new = make({"x": [None, 0.0, 0.0, 0.0], "city": ["a", "b", "never met", None]})
    p = m.predict_proba(new)[:, 1]
    assert p[0] > 0.2
    assert p[1] < 0.15
    assert np.isfinite(p).all()
    assert list(m.feature_names_in_) == ["x", "city"]


def test_an_object_gets_X_as_it_is():
    frame = pd.DataFrame(X, columns=list("abc"))
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    m = Rebalanced(pipe, "weights", rng=0).fit(frame, Y)
    assert list(m.members_[0][0].feature_names_in_) == ["a", "b", "c"]
    assert m.schema_ is None


@pytest.mark.parametrize("learner", ["logistic", "boosting", LogisticRegression()], ids=str)
def test_csr_equals_dense(learner):
    dense = X * (np.abs(X) > 0.7)
    a, b = (
        Rebalanced(learner, "weights", repair="formula", rng=0).fit(kind(dense), Y)
        for kind in (np.asarray, sparse.csr_matrix)
    )
    np.testing.assert_allclose(a.predict_proba(dense), b.predict_proba(sparse.csr_matrix(dense)), atol=2e-3)


def test_adopted_samplers_are_repaired_by_crossfit_and_refuse_the_formula():
    from imblearn.over_sampling import SMOTE
    from imblearn.under_sampling import NearMiss

    m = Rebalanced("logistic", SMOTE(), rng=0).fit(X, Y)
    assert oe(TRUTH, m.predict_proba(NEW)[:, 1]) == pytest.approx(1, abs=0.06)
    assert m.correction_.status == "impossible"
    for sampler in (NearMiss(), adopt(NearMiss())):
        with pytest.raises(UndoError, match="NearMiss is not ours; no formula undoes that. Use repair='crossfit'."):
            Rebalanced("logistic", sampler, repair="formula").fit(X, Y)


def test_a_learners_dictionary_of_class_weights_still_names_labels():
    names = np.where(Y, "ill", "ok")
    m = Rebalanced(LogisticRegression(class_weight={"ill": 9, "ok": 1}), "none", rng=0).fit(X, names)
    assert oe(TRUTH, m.predict_proba(NEW)[:, 0]) == pytest.approx(1, abs=0.06)


def test_one_seed_gives_one_answer_and_inputs_are_not_written():
    A, b = X.copy(), Y.copy()
    A.flags.writeable = b.flags.writeable = False
    p, q = (Rebalanced("boosting", "random_under", rng=5).fit(A[:800], b[:800]).predict_proba(A[:50]) for _ in range(2))
    np.testing.assert_array_equal(p, q)
    other = Rebalanced("boosting", "random_under", rng=6).fit(A[:800], b[:800]).predict_proba(A[:50])
    assert not np.array_equal(p, other)


def test_it_works_inside_scikit_learns_search_and_scores():
    search = GridSearchCV(
        Rebalanced("logistic", rng=0), {"method": ["none", "weights"]}, cv=3, scoring="average_precision"
    )
    search.fit(X[:900], Y[:900])
    assert cross_val_score(clone(search.best_estimator_), X[:900], Y[:900], cv=3, scoring="roc_auc").mean() > 0.6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"repair": "crosfit"}, "unknown repair 'crosfit'. Did you mean 'crossfit'?"),
        ({"inner": 1}, "`inner` must be a number of folds, 2 or more; got 1"),
        ({"cost": -3}, "`cost` must be a number > 0, the false alarms that one miss is worth; got -3"),
        ({"method": "smoot"}, "unknown method 'smoot'. Did you mean 'smote'"),
        ({"learner": "forest"}, "unknown learner 'forest'"),
    ],
)
def test_bad_settings_are_refused_at_fit(settings, message):
    with pytest.raises(InputError) as error:
        Rebalanced(**settings).fit(X, Y)
    assert message in str(error.value)


def test_crossfit_of_a_single_row_says_the_ways_out():
    with pytest.raises(InputError, match="crossfit needs two rows .* of every class; 1 has 1"):
        Rebalanced("logistic", "none").fit(X[:20], np.r_[1, np.zeros(19, int)])


RANDOM_FOLDS = "inner folds are drawn over rows, so a row of weight two is not two rows"
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": RANDOM_FOLDS,
    "check_sample_weight_equivalence_on_sparse_data": RANDOM_FOLDS,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (Rebalanced("logistic", "weights", rng=0), EXPECTED),
        (Rebalanced(LogisticRegression(), "random_under", rng=0), EXPECTED),
        (Rebalanced("logistic", "weights", repair="formula", rng=0), {}),
    ],
    ids=str,
)
def test_scikit_learns_own_checks_pass(estimator, expected):
    results = check_estimator(estimator, expected_failed_checks=expected, on_fail=None, on_skip=None)
    assert len(results) > 40
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == set(expected)


@pytest.mark.parametrize("learner", ["logistic", LogisticRegression()])
def test_doubled_names_and_lazy_tables_are_told_in_words(learner):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 3 == 0
    with pytest.raises(InputError, match="'a'"):
        Rebalanced(learner, "none").fit(pd.DataFrame(X, columns=list("aab")), y)
    with pytest.raises(InputError, match="collect\\(\\) it first"):
        Rebalanced(learner, "none").fit(pl.DataFrame(X).lazy(), y)
