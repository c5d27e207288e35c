"""A batch without rows is refused in our words, by whatever predicts and whatever it is asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import upweight.imbalance as im
from upweight import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2))
Y = X[:, 0] > 0.8
MODELS = {
    "logistic": im.Rebalanced("logistic", "none", rng=0),
    "boosting": im.Rebalanced("boosting", "none", repair="none", rng=0),
    "object": im.Rebalanced(LogisticRegression(), "none", rng=0),
    "bagging": im.BalancedBagging(members=2, rng=0),
    "easy": im.easy_ensemble(members=2, rounds=2, rng=0),
    "rusboost": im.RUSBoost(rounds=2, rng=0),
    "cascade": im.BalanceCascade(members=2, rounds=2, rng=0),
    "pipeline": im.Pipeline([("u", im.RandomUnder(rng=0)), ("l", LogisticRegression())]),
}
KINDS = {
    "array": np.asarray,
    "list": lambda x: x.tolist(),
    "pandas": lambda x: pd.DataFrame(x, columns=["a", "b"]),
    "polars": lambda x: pl.DataFrame(x, schema=["a", "b"]),
    "csr": sparse.csr_array,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_no_rows_are_refused_by_every_door(name, kind):
    model = MODELS[name].fit(KINDS[kind](X), Y)
    none = [] if kind == "list" else KINDS[kind](X[:0])
    asked = [m for m in ("predict", "predict_proba", "predict_raw", "decision_function") if hasattr(model, m)]
    assert len(asked) >= 2
    for method in asked:
        with pytest.raises(InputError, match="`X` holds no rows, and there is nothing to predict. Skip empty batches."):
            getattr(model, method)(none)
