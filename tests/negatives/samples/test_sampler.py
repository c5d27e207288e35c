"""NegativeSampler: the rows of its plan, kinds kept, and its place in imbalance's world."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

import upweight.imbalance as im
from upweight import InputError
from upweight.negatives import NegativeSampler, StreamedLogistic, fit

R = np.random.default_rng(0)
X = R.normal(size=(30_000, 4))
P = 1 / (1 + np.exp(4.5 - X @ [1, 1, -0.5, 0]))
Y = R.random(30_000) < P


def test_all_positives_stay_and_offsets_undo_the_thinning():
    s = NegativeSampler(per_positive=4, rng=1)
    A, b = s.fit_resample(X, Y)
    np.testing.assert_array_equal(A, X[s.sample_indices_])
    assert b.sum() == Y.sum()
    assert abs((~b).sum() / Y.sum() - 4) < 0.5
    model = fit(StreamedLogistic(), A, b, offset=s.offset_)
    whole = StreamedLogistic().fit(X, Y)
    se = np.sqrt(np.diag(whole.covariance_))[1:]
    assert (
        np.abs((model.coef_ - whole.coef_)[0] / se).max() < 3
    )  # the sample adds 1/4 of the variance: sd of the difference is .5 se
    assert model.predict_proba(X)[:, 1].sum() / Y.sum() == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("make", [pd.DataFrame, lambda x: pl.DataFrame(x, schema=["a", "b", "c", "d"])])
def test_frames_stay_frames_and_keep_the_same_rows(make):
    frame = make(X)
    s = NegativeSampler(rng=1)
    A, b = s.fit_resample(frame, pd.Series(Y, name="y"))
    assert type(A) is type(frame)
    assert isinstance(b, pd.Series)
    other = NegativeSampler(rng=1).fit(X, Y)
    np.testing.assert_array_equal(s.sample_indices_, other.sample_indices_)


def test_adopted_by_imbalance_it_is_repaired_by_crossfit():
    m = im.Rebalanced("logistic", NegativeSampler(per_positive=2), inner=3, rng=0).fit(X, Y)
    assert m.predict_proba(X)[:, 1].sum() / Y.sum() == pytest.approx(1, abs=0.03)
    c = im.compare(X[:6000], Y[:6000], methods={"negatives": NegativeSampler(per_positive=3)}, cv="3x1", rng=0)
    row = next(r for r in c.rows if r.name == "negatives")
    assert row.error is None
    assert row.oe == pytest.approx(1, abs=0.1)
    assert row.oe_raw < 0.6


def test_what_cannot_be_thinned_is_refused():
    with pytest.raises(InputError, match="is for two classes; `y` has 3"):
        NegativeSampler().fit_resample(X[:300], np.arange(300) % 3)
    with pytest.raises(InputError, match="needs 10 positives or more"):
        NegativeSampler().fit_resample(X[:300], np.arange(300) < 4)
    s = NegativeSampler(rule="uniform").fit(X[:300], np.arange(300) < 4)
    assert (s.offset_ == s.offset_[0]).all()


def test_a_copy_is_the_same_sampler():
    from sklearn.base import clone

    a = clone(NegativeSampler(per_positive=2, rng=5)).fit(X, Y)
    b = NegativeSampler(per_positive=2, rng=5).fit(X, Y)
    np.testing.assert_array_equal(a.sample_indices_, b.sample_indices_)
    assert LogisticRegression().fit(X[a.sample_indices_], Y[a.sample_indices_]).classes_.tolist() == [False, True]
