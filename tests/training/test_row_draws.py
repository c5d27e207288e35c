"""What an epoch is drawn by: unbiased under any proposal, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import InputError, Weights
from upweight.training import RowDraws, Scores

METHODS = ("systematic", "multinomial", "without_replacement")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mix", [0.0, 0.3])
def test_the_mean_over_draws_is_the_weighted_mean(method, mix):
    """|error| < 4 standard errors over 400 epochs: false once in 16,000."""
    rng = np.random.default_rng(0)
    w = rng.lognormal(sigma=1.2, size=60) * (rng.random(60) < 0.8)
    x = rng.normal(size=60)
    draws = RowDraws(w, size=30, mix=mix, method=method, rng=1)
    made = draws.propose(30)
    v = np.ones(60) if made.loss_weight is None else made.loss_weight
    rows = np.array([draws.order(made, 30, e) for e in range(400)])
    means = (v[rows] * x[rows]).mean(1)
    truth = (w * x).sum() / w.sum()
    assert abs(means.mean() - truth) < 4 * means.std(ddof=1) / 20 + 1e-12
    assert (v[rows]).mean() == pytest.approx(1, abs=0.1)
    assert not np.isin(rows, np.flatnonzero(w == 0)).any()
    assert (v * made.p).sum() == pytest.approx(1)  # mean one over draws


def test_weights_of_any_kind_are_read_alike():
    v = np.array([1.0, 2.0, 5.0])
    for given in (v, Weights.of(v, kind="class"), Weights.of(7 * v, kind="importance"), [1, 2, 5]):
        np.testing.assert_allclose(RowDraws(given).target, v / v.mean())
    w = Weights.of(v, kind="cost")
    assert RowDraws(w).weights() is w
    assert RowDraws(3).target.tolist() == [1.0, 1.0, 1.0]
    np.testing.assert_allclose(RowDraws(3e307 * v).target, v / v.mean())


def test_what_was_given_is_not_kept():
    v = np.array([1.0, 2.0, 5.0])
    draws = RowDraws(v)
    v[:] = 9
    np.testing.assert_allclose(draws.target, [0.375, 0.75, 1.875])


def test_identity_changes_with_all_that_the_plan_depends_on():
    w = [1.0, 2.0, 3.0]
    told = [
        RowDraws(w),
        RowDraws([1.0, 2.0, 4.0]),
        RowDraws(w, size=4),
        RowDraws(w, mix=0.1),
        RowDraws(w, method="multinomial"),
        RowDraws(w, rng=1),
    ]
    assert len({d.identity for d in told}) == len(told)
    assert RowDraws(w).identity == RowDraws([2.0, 4.0, 6.0]).identity


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: RowDraws([1, np.nan, np.nan]), "`weights` must be finite and ≥ 0; got 2 NaN, first at row 1. Set 0."),
        (lambda: RowDraws([1, -1]), "got 1 negative, first at row 1"),
        (lambda: RowDraws(np.zeros(5000)), "nothing to draw: all 5,000 weights are 0"),
        (lambda: RowDraws(0), "nothing to draw: n = 0 rows"),
        (lambda: RowDraws([1, 1, 0], method="without_replacement"), "got 3 draws of 2 rows"),
        (lambda: RowDraws(3, size=0), "`size` must be a whole number, 1 or more"),
        (lambda: RowDraws(3, mix=1.5), "`mix` must lie in [0, 1]"),
        (lambda: RowDraws(3, method="sobol"), "`method` must be"),
        (lambda: RowDraws(3, scores=Scores(4)), "got 4 for 3 weights"),
        (lambda: RowDraws(3, scores=[1, 2, 3]), "`scores` must be Scores; got list"),
        (lambda: RowDraws(3, rng=-1), "`rng` must be an int >= 0"),
    ],
)
def test_bad_input_is_told(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)
