"""Columns of the same rows with other indexes are refused by every door of imbalance."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

import upweight as uw
import upweight.imbalance as im
from upweight import InputError
from upweight.tables import refuse_other_index

N = 60
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(N, 2)), columns=["a", "b"], index=np.arange(100, 100 + N))
Y = pd.Series(np.arange(N) % 3 == 0, index=X.index)
W = pd.Series(1 + RNG.random(N), index=X.index)
G = pd.Series(np.arange(N) // 2, index=X.index)
P = pd.Series(RNG.random(N), index=X.index)
TURNED = X.index[::-1]
DOORS = {
    "compare y": ("y", lambda v: im.compare(X, v, methods="weights", cv="2x1", rng=0)),
    "compare w": ("w", lambda v: im.compare(X, Y, methods="weights", cv="2x1", rng=0, sample_weight=v)),
    "compare group": ("g", lambda v: im.compare(X, Y, methods="weights", cv="2x1", rng=0, group=v)),
    "Rebalanced y": ("y", lambda v: im.Rebalanced("logistic", "none", inner=2).fit(X, v)),
    "Rebalanced w": ("w", lambda v: im.Rebalanced("logistic", "none", inner=2).fit(X, Y, sample_weight=v)),
    "Rebalanced group": ("g", lambda v: im.Rebalanced("logistic", "none", inner=2).fit(X, Y, group=v)),
    "Pipeline": ("y", lambda v: im.Pipeline([("lr", LogisticRegression())]).fit(X, v)),
    "Pipeline w": ("w", lambda v: im.Pipeline([("lr", LogisticRegression())]).fit(X, Y, v)),
    "SMOTE": ("y", lambda v: im.SMOTE(rng=0).resample(X, v)),
    "TomekLinks w": ("w", lambda v: im.TomekLinks().fit_resample(X, Y, v)),
    "RandomUnder": ("y", lambda v: im.RandomUnder(rng=0).fit(X, v)),
    "bagging": ("y", lambda v: im.BalancedBagging(members=2, rng=0).fit(X, v)),
    "RUSBoost w": ("w", lambda v: im.RUSBoost(rounds=2, rng=0).fit(X, Y, v)),
    "errors": ("y", lambda v: im.upweight_errors(LogisticRegression(), X, v, cv="2x1", rng=0)),
    "score": ("w", lambda v: im.score(Y, P, sample_weight=v)),
    "score y": ("y", lambda v: im.score(v, P)),
    "macro_mae": ("y", lambda v: im.macro_mae(v.astype(int), Y.astype(int))),
    "class_weights": ("w", lambda v: im.class_weights(Y, base=v)),
    "cost_weights": ("w", lambda v: im.cost_weights(Y, {True: 3, False: 1}, base=v)),
    "density_weights": ("w", lambda v: im.density_weights(P, base=v)),
    "label_weights": ("w", lambda v: im.label_weights(pd.DataFrame({"l": Y, "m": ~Y}).astype(int), base=v)),
    "Weights": (
        "w",
        lambda v: im.Rebalanced("logistic", "none", inner=2).fit(
            X, Y, sample_weight=uw.Weights.of(v, kind="importance")
        ),
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("door", list(DOORS))
def test_other_order_is_refused_with_the_remedy_and_the_same_index_taken(door):
    which, call = DOORS[door]
    right = {"y": Y, "w": W, "g": G}[which]
    with pytest.raises(
        InputError, match=r"have different indexes, first .* at row 0; rows are never aligned in silence"
    ):
        call(right.loc[TURNED])
    with pytest.raises(InputError, match="Reindex one of them"):
        call(right.reset_index(drop=True))
    call(right)


def test_the_remedy_of_another_order_can_be_typed():
    with pytest.raises(InputError) as error:
        refuse_other_index({"X": X, "y": Y.loc[TURNED]})
    assert str(error.value).endswith("It is the same index in another order: pass `y.loc[X.index]`.")


def test_what_has_no_index_fits_any():
    refuse_other_index({"X": X, "y": Y.to_numpy(), "sample_weight": None, "group": pl.Series(G.to_numpy())})
    refuse_other_index({"X": X.to_numpy(), "y": Y, "sample_weight": W.tolist()})
    refuse_other_index({"X": X, "y": Y[:5]})  # another length is refused elsewhere
    assert im.RandomUnder(rng=0).resample(X, Y.to_numpy()).y.sum() == Y.sum()
