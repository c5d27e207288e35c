"""Did the weights change the model? Calibration under shuffled weights, power, both kinds of predictions, the journal."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import InputError
from upweight.training import Trace, trace

ROWS = np.random.default_rng(0).normal(size=(300, 2))
LABELS = (ROWS[:, 0] + np.random.default_rng(1).normal(size=300) > 0).astype(float)


def ridge(w, X=ROWS, y=LABELS):
    """Weighted least squares: scores on the rows themselves."""
    return X @ np.linalg.solve((X.T * w) @ X + np.eye(2), X.T @ (w * (y - 0.5)))


def test_weights_that_matter_pass_and_scores_or_labels_agree():
    w = np.where(LABELS == 1, 16.0, 1.0) * np.exp(ROWS[:, 1])
    scores = trace(ridge, w)
    labels = trace(lambda v: (ridge(v) > 0).astype(int), w)
    assert scores.p == labels.p == 0.05
    assert scores.beyond_chance
    assert scores.clear
    assert labels.labels
    assert not scores.labels
    assert 0 < labels.value <= 1
    assert len(scores.null) == 19


def test_the_distance_is_the_formula():
    w = np.exp(ROWS[:, 0])
    one, given = ridge(np.ones(300)), ridge(w / w.mean())
    assert abs(trace(ridge, w).value - np.mean(np.abs(given - one)) / one.std()) < 1e-12


def test_batched_fits_give_the_same_answer():
    w = np.exp(ROWS[:, 0])
    one, several = trace(ridge, w), trace(lambda W: np.stack([ridge(v) for v in W]), w, batched=True)
    assert one.value == several.value
    np.testing.assert_array_equal(one.null, several.null)


@pytest.mark.parametrize(("bound", "low", "high"), [(0.05, 0.02, 0.08), (0.25, 0.19, 0.31), (0.5, 0.43, 0.57)])
def test_shuffled_weights_pass_as_often_as_they_should(bound, low, high, calibration):
    """1000 data sets whose weights are a random permutation: within 4 standard errors of the level."""
    assert low <= np.mean(calibration <= bound) <= high


@pytest.fixture(scope="module")
def calibration():
    p = []
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        X, w = rng.normal(size=(40, 2)), np.where(rng.random(40) < 0.3, 8.0, 1.0)
        y = (X[:, 0] + rng.normal(size=40) > 0).astype(float)
        p.append(trace(lambda v, X=X, y=y: ridge(v, X, y), w, rng=seed).p)
    return np.array(p)


def test_few_flipped_labels_are_no_answer():
    found = trace(lambda w: np.zeros(50, dtype=int), np.exp(ROWS[:, 0]))
    assert not found.known
    assert not found.beyond_chance
    assert "Return logits" in str(found)


def test_a_fit_that_does_not_repeat_is_told():
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match=r"two fits with w = 1 differ by .* sd: `fit` does not repeat. Seed it."):
        found = trace(lambda w: ridge(w) + rng.normal(size=300), np.exp(ROWS[:, 0]))
    assert found.repeats > 0


def test_a_journal_goes_on_where_it_stood(tmp_path):
    calls = []

    def fit(w):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return ridge(w)

    w = np.exp(ROWS[:, 0])
    with pytest.raises(KeyboardInterrupt):
        trace(fit, w, journal=tmp_path)
    again = trace(fit, w, journal=tmp_path)
    assert len(calls) == 5 + 22 - 4
    assert again.value == trace(ridge, w).value
    with pytest.raises(InputError, match="belongs to other"):
        trace(fit, w + 1, journal=tmp_path)


def test_ctrl_c_after_nineteen_twins_gives_their_answer():
    calls = []

    def fit(w):
        calls.append(1)
        if len(calls) == 3 + 25:
            raise KeyboardInterrupt
        return ridge(w)

    found = trace(fit, np.exp(ROWS[:, 0]), twins=40)
    assert isinstance(found, Trace)
    assert len(found.null) == 24


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: trace(ridge, np.exp(ROWS[:, 0]), twins=18), "`twins` must be a whole number, 19 or more; got 18."),
        (lambda: trace(ridge, np.ones(300)), "all 300 are equal"),
        (lambda: trace(lambda w: np.full(3, np.nan), np.exp(ROWS[:, 0])), "not finite (weights), first at row 0"),
        (lambda: trace(lambda w: 1.0, np.exp(ROWS[:, 0])), "one prediction a probe row"),
        (lambda: trace(lambda w: np.ones(3), np.exp(ROWS[:, 0]), batched=True), "shape (22, rows); got (3,)"),
    ],
)
def test_what_is_refused_and_how(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)
