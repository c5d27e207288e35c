"""Documents, journals and models written by version 0.1.0, before its files moved into rooms, load and answer the same.

The folder tests/fixtures/0.1.0 was written by that version (made_by.txt). Probabilities are compared to 1e-12: the last bit
of a matrix product may differ between processors.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

import upweight as uw
from upweight import InputError
from upweight.imbalance.comparison._cells import Key
from upweight.imbalance.comparison._journal import unpack
from upweight.report import page

OLD = Path(__file__).parent / "fixtures" / "0.1.0"
ENSEMBLES = ["bagged", "balance_cascade", "boosted", "boosting", "easy_ensemble", "errors", "rusboost"]


def test_a_saved_model_of_a_mixed_table_predicts_the_same():
    X = pd.read_parquet(OLD / "mixed.parquet").drop(columns="left")
    p = uw.imbalance.load(OLD / "mixed.skops").predict_proba(X)
    np.testing.assert_allclose(p, np.load(OLD / "mixed.npy"), rtol=1e-12)


@pytest.mark.parametrize("name", ENSEMBLES)
def test_saved_ensembles_predict_the_same(name):
    X = load_breast_cancer().data[:200]
    p = uw.imbalance.load(OLD / f"{name}.skops").predict_proba(X)
    np.testing.assert_allclose(p, np.load(OLD / f"{name}.npy"), rtol=1e-12)


@pytest.mark.parametrize("name", ["mixed", "boosting"])
def test_a_document_of_that_version_is_still_a_report(name):
    facts = json.loads((OLD / f"{name}.json").read_text())
    html = page(facts)
    assert facts["verdict"]["grade"] in html
    assert all(row["name"] in html for row in facts["rows"])
    assert "Which columns drive it" not in html  # it did not say


def test_the_cells_of_a_journal_of_that_version_are_read():
    for fold in (0, 1):
        cell = unpack(Key("none", 0, fold), (OLD / "journal" / f"none-7ada7630-0-{fold}.npz").read_bytes())
        assert cell.status == "untouched"
        assert len(cell.p) == len(cell.raw) > 0
        assert (len(cell.importance), cell.warned) == (0, ())


def document(name):
    return json.loads((OLD / f"{name}.json").read_text())


def mixed():
    table = pd.read_parquet(OLD / "mixed.parquet")
    return table.drop(columns="left"), table["left"]


def figures_agree(new, old):
    """The rows and what is said of the data; words and their order may be new."""
    assert new["data"] == old["data"]
    for row, before in zip(new["rows"], old["rows"], strict=True):
        figures = {k: v for k, v in before.items() if isinstance(v, (int, float)) and k != "seconds"}
        assert {k: row[k] for k in figures} == pytest.approx(figures, rel=1e-9, abs=1e-12)


@pytest.fixture
def then(monkeypatch):
    """The versions of packages that wrote the journal, which a journal asks for."""
    monkeypatch.setattr("upweight.imbalance.comparison._setup.versions", lambda: document("mixed")["versions"])


@pytest.fixture
def gaps_untold(monkeypatch):
    """Learners are told no gaps of numbers, as in that version, whose fixture has some; all else must be as it was."""
    for room in ("upweight.tables._gaps", "upweight.imbalance.comparison._setup"):
        monkeypatch.setattr(f"{room}.gap_columns", lambda numbers: np.empty(0, np.int64))


def test_a_journal_goes_on_and_gives_the_same_figures(then, gaps_untold, tmp_path):
    shutil.copytree(OLD / "journal", tmp_path / "journal")
    before = {p.name: p.read_bytes() for p in (tmp_path / "journal").iterdir()}
    c = uw.imbalance.compare(*mixed(), methods="weights,smote", cv="3x1", rng=0, journal=tmp_path / "journal")
    assert {p.name: p.read_bytes() for p in (tmp_path / "journal").iterdir()} == before
    figures_agree(c.to_dict(), document("mixed"))


def test_its_figures_come_out_again_without_it(gaps_untold):
    figures_agree(uw.imbalance.compare(*mixed(), methods="weights,smote", cv="3x1", rng=0).to_dict(), document("mixed"))


def test_the_figures_of_trees_come_out_again():
    X, y = load_breast_cancer(return_X_y=True)
    c = uw.imbalance.compare(X, y == 0, learner="boosting", methods="random_under,easy_ensemble", cv="3x1", rng=1)
    figures_agree(c.to_dict(), document("boosting"))


def test_a_journal_is_refused_where_cells_would_now_be_computed_otherwise(then, tmp_path):
    shutil.copytree(OLD / "journal", tmp_path / "journal")
    X, y = mixed()
    with pytest.raises(
        InputError, match="of these data that an earlier version computed, before gaps of numbers were told"
    ):
        uw.imbalance.compare(X, y, methods="weights,smote", cv="3x1", rng=0, journal=tmp_path / "journal")
    for other in (
        X.assign(region=np.where(X["size"] > 1.9, None, X["region"])),
        X.assign(since=X["since"].dt.strftime("%d/%m/%Y")),
    ):
        with pytest.raises(InputError, match="belongs to other data"):
            uw.imbalance.compare(other, y, methods="weights,smote", cv="3x1", rng=0, journal=tmp_path / "journal")


def test_a_saved_model_scores_an_unseen_value_as_it_did():
    X, _ = mixed()
    model = uw.imbalance.load(OLD / "mixed.skops")
    assert all(m.model.preparation.shares is None for m in model.fitted_.members)
    with pytest.warns(UserWarning, match="column 'member' has 200 of 400 values"):
        p = model.predict_proba(X.assign(member=np.where(np.arange(400) < 200, "new", "gold")))
    np.testing.assert_allclose(p, model.predict_proba(X.assign(member="gold")), rtol=1e-12)
