"""Laws that every ensemble keeps: scikit-learn's, and those of weights, labels, tables and repair."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.special import expit
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_estimator

import upweight.imbalance as im
from upweight import InputError, UndoError
from upweight.imbalance.ensembles._bagging import PlainBagging
from upweight.imbalance.ensembles._boosting import Boosted
from upweight.imbalance.errors._error_fit import Lifted

ALL = {
    "easy_ensemble": im.easy_ensemble(members=3, rounds=5, rng=0),
    "balanced_bagging": im.BalancedBagging(members=4, rng=0),
    "balanced_forest": im.balanced_forest(members=6, rng=0),
    "balance_cascade": im.BalanceCascade(members=3, rounds=5, rng=0),
    "rusboost": im.RUSBoost(rounds=6, rng=0),
    "errors": Lifted(LogisticRegression(), cv=3, rng=0),
    "boosted": Boosted(rounds=5, depth=2, rng=0),
    "bagged": PlainBagging(members=4, rng=0),
}
BALANCED = [n for n in ALL if n not in ("errors", "boosted", "bagged")]
# Whole weights equal repeated rows in law only: rows are drawn at random (bagging, cascade, RUSBoost), folds are (errors), and a
# tree without error gets the alpha of half a row, counted and not weighted (boosted). Removing zero-weight rows is exact: below.
IN_LAW = dict.fromkeys(
    ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"), "in law only"
)


@pytest.fixture(params=ALL)
def name(request):
    return request.param


def rare(seed=0, n=400, positives=60, d=3):
    rng = np.random.default_rng(seed)
    y = np.zeros(n, dtype=int)
    y[rng.permutation(n)[:positives]] = 1
    return rng.normal(size=(n, d)) + y[:, None], y


def test_scikit_learns_checks(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks make tables no learner converges on
        found = check_estimator(clone(ALL[name]), expected_failed_checks=IN_LAW, on_fail=None, on_skip=None)
    failed = [(r["check_name"], str(r["exception"])) for r in found if r["status"] == "failed"]
    assert not failed
    assert sum(r["status"] == "passed" for r in found) > 40


def test_rows_of_weight_zero_are_as_if_removed(name):
    X, y = rare()
    w = np.random.default_rng(1).uniform(0.5, 2, len(y))
    w[::4] = 0
    kept = w > 0
    with_them = clone(ALL[name]).fit(X, y, sample_weight=w)
    without = clone(ALL[name]).fit(X[kept], y[kept], sample_weight=w[kept])
    assert (with_them.predict_proba(X) == without.predict_proba(X)).all()
    assert np.array_equal(with_them.correction_.log_odds, without.correction_.log_odds, equal_nan=True)


def test_the_scale_of_weights_does_not_matter(name):
    X, y = rare()
    w = np.random.default_rng(1).uniform(0.5, 2, len(y))
    a = clone(ALL[name]).fit(X, y, sample_weight=w).predict_proba(X)
    b = clone(ALL[name]).fit(X, y, sample_weight=8 * w).predict_proba(X)
    assert a == pytest.approx(b, abs=1e-12)


def test_equal_weights_are_no_weights(name):
    X, y = rare()
    a = clone(ALL[name]).fit(X, y).predict_proba(X)
    assert (clone(ALL[name]).fit(X, y, sample_weight=np.full(len(y), 3.0)).predict_proba(X) == a).all()


def test_weights_act(name):
    X, y = rare()
    a = clone(ALL[name]).fit(X, y).predict_proba(X)
    w = np.where(X[:, 0] > 0.5, 5.0, 1.0)
    assert abs(clone(ALL[name]).fit(X, y, sample_weight=w).predict_proba(X) - a).max() > 0.01


def test_names_of_labels_do_not_matter(name):
    X, y = rare()
    a = clone(ALL[name]).fit(X, y)
    b = clone(ALL[name]).fit(X, np.array(["common", "rare"])[y])
    assert b.classes_.tolist() == ["common", "rare"]
    assert (a.predict_proba(X) == b.predict_proba(X)).all()
    assert (b.predict(X) == np.array(["common", "rare"])[a.predict(X)]).all()
    turned = clone(ALL[name]).fit(X, np.array(["b", "a"])[y])
    # a tie within a tree may fall to the first class; bagged full trees, ours and scikit-learn's, have such ties
    assert np.mean(abs(turned.predict_proba(X)[:, ::-1] - a.predict_proba(X)) > 1e-9) < 0.1


def test_one_seed_one_answer_and_inputs_stay(name):
    X, y = rare()
    w = np.random.default_rng(1).uniform(0.5, 2, len(y))
    before = X.copy(), y.copy(), w.copy()
    a = clone(ALL[name]).fit(X, y, sample_weight=w).predict_proba(X)
    assert (clone(ALL[name]).fit(X, y, sample_weight=w).predict_proba(X) == a).all()
    assert all((x == kept).all() for x, kept in zip((X, y, w), before, strict=True))


@pytest.mark.parametrize("name", BALANCED)
def test_seeds_differ(name):
    X, y = rare()
    a, b = (clone(ALL[name]).set_params(rng=seed).fit(X, y).predict_proba(X) for seed in (0, 1))
    assert (a != b).any()


def test_every_kind_of_table(name):
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    X, y = rare()
    X[np.abs(X) < 0.5] = 0
    a = clone(ALL[name]).fit(X, y).predict_proba(X)
    names = ["a", "b", "c"]
    for table in (
        pd.DataFrame(X, columns=names),
        pl.DataFrame(X, schema=names),
        pa.table(dict(zip(names, X.T, strict=True))),
    ):
        m = clone(ALL[name]).fit(table, y)
        assert m.predict_proba(table) == pytest.approx(a, abs=1e-9), type(table)
        assert m.n_features_in_ == 3
    thin = clone(ALL[name]).fit(sparse.csr_array(X), y).predict_proba(sparse.csr_array(X))
    if name not in ("easy_ensemble", "balance_cascade", "errors"):  # two paths to the same stumps: ties may differ
        assert thin == pytest.approx(a, abs=1e-9)
    assert np.corrcoef(thin[:, 1], a[:, 1])[0, 1] > 0.95


@pytest.mark.parametrize("name", [n for n in ALL if n != "balance_cascade"])
def test_more_than_two_classes(name):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [300, 100, 50])
    X = rng.normal(size=(450, 4)) + 2 * np.eye(4)[y]
    m = clone(ALL[name]).fit(X, y)
    p = m.predict_proba(X)
    assert p.shape == (450, 3)
    assert p.sum(axis=1) == pytest.approx(np.ones(450))
    assert min(np.mean(m.predict(X)[y == k] == k) for k in range(3)) > 0.5
    if name in BALANCED:
        assert np.shape(m.correction_.log_odds) == (3,)


@pytest.mark.parametrize("name", BALANCED)
def test_a_remedy_outside_is_refused(name):
    X, y = rare()
    kind = type(ALL[name]).__name__
    with pytest.raises(UndoError, match=f"{kind} balances inside and method 'weights' outside: they count twice"):
        im.Rebalanced(ALL[name], "weights").fit(X, y)


def test_repaired_promises_are_kept(name):
    # logit p = -3 + x1 + x2/2, 8000 rows to learn from (about 600 positives), 20,000 to judge: s.e. of O/E about .04
    rng = np.random.default_rng(7)
    X = rng.normal(size=(28_000, 3))
    p = expit(-3 + X[:, 0] + X[:, 1] / 2)
    y = rng.random(28_000) < p
    m = im.Rebalanced(clone(ALL[name]), "none", rng=0, inner=3).fit(X[:8000], y[:8000])
    test = slice(8000, None)
    raw, repaired = m.predict_raw(X[test])[:, 1].sum(), m.predict_proba(X[test])[:, 1].sum()
    assert 0.88 < y[test].sum() / repaired < 1.12
    if name in BALANCED:
        assert y[test].sum() / raw < 0.4
    assert m.correction_.status == {
        "balance_cascade": "impossible",
        "rusboost": "impossible",
        "errors": "impossible",
    }.get(name, "exact")


def test_a_formula_is_refused_where_there_is_none():
    X, y = rare()
    with pytest.raises(UndoError, match="RUSBoost steers its draws.*no formula undoes that. Use repair='crossfit'"):
        im.Rebalanced(im.RUSBoost(rounds=3), "none", repair="formula").fit(X, y)
    m = im.Rebalanced(im.BalancedBagging(LogisticRegression()), "none", repair="formula", rng=0).fit(X, y)
    given = m.correction_.apply(m.predict_raw(X))
    assert m.predict_proba(X) == pytest.approx(given, abs=1e-12)


def test_the_seed_of_rebalanced_reaches_the_draws():
    X, y = rare()
    a, b, c = (
        im.Rebalanced(im.easy_ensemble(members=2, rounds=3), "none", rng=seed).fit(X, y).predict_proba(X)
        for seed in (0, 0, 1)
    )
    assert (a == b).all()
    assert (a != c).any()


def test_a_saved_ensemble_comes_back_without_trust(tmp_path):
    from upweight.imbalance.rebalance._save import save_model

    X, y = rare()
    for name in ALL:
        m = im.Rebalanced(clone(ALL[name]), "none", rng=0, inner=2).fit(X, y)
        save_model(m, tmp_path / "m.skops")
        assert (im.load(tmp_path / "m.skops").predict_proba(X) == m.predict_proba(X)).all(), name


def test_bad_rows_are_refused_in_words(name):
    X, y = rare()
    bad = X.copy()
    bad[3, 1] = np.inf
    for args, text in (
        ((X, np.zeros(len(y))), "`y` needs two classes; got only 0.0 in 400 rows"),
        ((X, y[:-1]), "399 labels for 400 rows"),
        ((X, y, -np.ones(len(y))), "`sample_weight` must be finite and >= 0; got 400 negative, first -1.0 at row 0"),
        ((X, y, y * 1.0), "`y` needs two classes; got only 1"),
        ((bad, y), "infinity"),
    ):
        with pytest.raises(ValueError, match=text):
            clone(ALL[name]).fit(*args)


@pytest.mark.parametrize("ensemble", [im.easy_ensemble(rng=0), im.BalanceCascade(rng=0), im.RUSBoost(rounds=2, rng=0)])
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_text_in_a_frame_is_told_by_its_column(ensemble, frame):
    y = np.repeat([0, 1], [40, 10])
    table = frame({"age": np.arange(50.0), "plan": ["basic", "family"] * 25, "old": y == 0})
    with pytest.raises(
        InputError, match=r"must hold numbers for \w+; column 'plan': \w+. Encode it first, or let `compare` prepare"
    ):
        ensemble.fit(table, y)
    assert ensemble.fit(frame({"age": np.arange(50.0), "old": y == 0}), y).predict_proba(
        table[["age", "old"]]
    ).shape == (50, 2)
