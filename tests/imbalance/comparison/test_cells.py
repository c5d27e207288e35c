"""Cells: a function of the plan and three coordinates, and nothing else."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from upweight.imbalance import RandomUnder
from upweight.imbalance.comparison._cells import Key, first_line, run_cell
from upweight.imbalance.comparison._settings import Settings
from upweight.imbalance.comparison._setup import setup_comparison

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
Y = RNG.random(400) < 1 / (1 + np.exp(2 - X[:, 0]))


class Shy(LogisticRegression):
    """Warns and, on tables with many rows, fails."""

    def fit(self, X, y, sample_weight=None):
        warnings.warn("shy. In row 17 of this fold", UserWarning, stacklevel=2)
        if sample_weight is not None:
            raise RuntimeError("no\nweights   please")
        return super().fit(X, y)


def asked(**more):
    settings = {
        "learner": "logistic",
        "methods": "weights,random_under,random_over",
        "cv": "3x2",
        "cost": None,
        "rng": 0,
    }
    return setup_comparison(X, Y, Settings.read(**(settings | more))).plan


def test_a_cell_is_the_same_whenever_it_is_run():
    plan = asked()
    for name in ("weights", "random_under"):
        a, _, b = run_cell(plan, Key(name, 1, 2)), run_cell(plan, Key("none", 0, 0)), run_cell(plan, Key(name, 1, 2))
        np.testing.assert_array_equal(a.p, b.p)
        np.testing.assert_array_equal(a.raw, b.raw)


def test_a_cell_does_not_depend_on_the_other_methods():
    a = run_cell(asked(methods="random_under"), Key("random_under", 0, 1))
    b = run_cell(asked(methods="random_over,random_under"), Key("random_under", 0, 1))
    np.testing.assert_array_equal(a.p, b.p)


def test_the_untouched_learner_is_a_plain_fit_at_a_half():
    plan = asked()
    cell = run_cell(plan, Key("none", 0, 0))
    train = np.flatnonzero(plan.fold_of[0] != 0)
    mean, sd = X[train].mean(axis=0), X[train].std(axis=0)
    model = LogisticRegression(max_iter=1000).fit((X[train] - mean) / sd, Y[train])
    np.testing.assert_allclose(cell.p, model.predict_proba((X[plan.test(0, 0)] - mean) / sd)[:, 1], atol=1e-9)
    np.testing.assert_array_equal(cell.p, cell.raw)
    assert (cell.threshold, cell.status) == (0.5, "untouched")


def test_training_rows_and_effective_rows_are_those_of_the_members():
    plan = asked(methods={"under": RandomUnder(), "over": "random_over"})
    train = plan.fold_of[0] != 0
    rare = Y[train].sum()
    under, over = (run_cell(plan, Key(name, 0, 0)) for name in ("under", "over"))
    assert under.n_train == pytest.approx(2 * rare * 0.8, rel=0.02)
    assert over.n_train == pytest.approx(2 * (train.sum() - rare) * 0.8, rel=0.02)
    assert under.ess_min == pytest.approx(rare * 0.8, rel=0.02)
    assert under.synthetic_share == 0


def test_a_method_that_fails_is_a_cell_with_one_line():
    plan = asked(learner=Shy())
    cell = run_cell(plan, Key("weights", 0, 0))
    assert cell.error == "RuntimeError: no weights please"
    assert len(cell.p) == 0
    assert cell.warned == ("UserWarning: shy",)
    assert run_cell(plan, Key("threshold", 0, 0)).error is None


def test_the_seed_moves_folds_and_draws():
    a, b = asked(), asked(rng=1)
    assert not np.array_equal(a.fold_of, b.fold_of)


def test_warnings_are_cut_to_what_does_not_differ_between_folds():
    assert first_line("lbfgs failed. Increase 17\nmore") == "lbfgs failed"


def test_inner_folds_are_the_same_for_all_methods_and_draws_are_not(monkeypatch):
    import upweight.imbalance.rebalance._members as members

    seen = []
    original = members.stratified
    monkeypatch.setattr(members, "stratified", lambda *a: seen.append(original(*a)) or seen[-1])
    plan = asked(methods={"a": RandomUnder(), "b": RandomUnder()})
    a, b = run_cell(plan, Key("a", 0, 1)), run_cell(plan, Key("b", 0, 1))
    for one, two in zip(*seen, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(a.raw, b.raw)
