"""Negative sampling is a row of `compare` by its name, repaired like any other remedy; nobody else loads its branch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import upweight.imbalance as im
from upweight.imbalance.rebalance import save_model
from upweight.learners import named_sampler
from upweight.negatives import NegativeSampler


@pytest.fixture(scope="module")
def table():
    r = np.random.default_rng(0)
    X = r.normal(size=(6000, 4))
    return X, r.random(6000) < 1 / (1 + np.exp(4.5 - X[:, :3].sum(1)))


def test_the_row_is_repaired_and_ranks_as_the_learner_does(table):
    c = im.compare(*table, methods="negatives", cv="3x1", rng=0)
    row = next(r for r in c.rows if r.name == "negatives")
    other = next(r for r in c.rows if r.name == "threshold")
    assert row.error is None
    assert row.oe == pytest.approx(1, abs=0.1)
    assert row.oe_raw < 0.7
    assert row.ap == pytest.approx(other.ap, abs=0.03)


def test_a_name_is_the_sampler_with_its_defaults(table):
    assert repr(im.method("negatives")) == repr(named_sampler("negatives")) == repr(NegativeSampler())
    X, y = table
    by_name = im.Rebalanced("logistic", "negatives", rng=0).fit(X, y).predict_proba(X)
    by_object = im.Rebalanced("logistic", NegativeSampler(), rng=0).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(by_name, by_object)
    assert by_name[:, 1].sum() / y.sum() == pytest.approx(1, abs=0.03)


def test_a_chosen_model_is_saved_and_loaded(table, tmp_path):
    X, y = table
    model = im.Rebalanced("logistic", "negatives", rng=0).fit(X, y)
    save_model(model, tmp_path / "m.skops")
    np.testing.assert_array_equal(im.load(tmp_path / "m.skops").predict_proba(X), model.predict_proba(X))


def test_comparing_loads_negatives_only_when_it_is_named():
    code = "import sys, upweight.imbalance.comparison; sys.exit('upweight.negatives' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_too_few_positives_are_the_rows_error_not_the_tables():
    r = np.random.default_rng(0)
    X, y = r.normal(size=(300, 3)), np.arange(300) < 12
    c = im.compare(X, y, methods="negatives", cv="3x1", rng=0)
    row = next(r for r in c.rows if r.name == "negatives")
    assert "10 positives or more" in row.error
