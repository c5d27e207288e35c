"""Documents, journals and models written by version 0.1.0, before its files moved into rooms, load and answer the same.

The folder tests/fixtures/0.1.0 was written by that version (made_by.txt). Probabilities are compared to 1e-12: the last bit
of a matrix product may differ between processors.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

import upweight as uw
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
