"""docs/coming-from/keras.md beside Keras, whatever is beneath it: what it divides by, what it refuses, what it does not weigh.

Run where it is installed (pip install keras, with torch or tensorflow-cpu and KERAS_BACKEND to match).
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import numpy as np
import pytest

import upweight as uw

BENEATH = os.environ.get("KERAS_BACKEND", "tensorflow")
pytestmark = [
    pytest.mark.skipif(
        find_spec("keras") is None or find_spec(BENEATH) is None,
        reason=f"keras over {BENEATH} is not installed; an extra of its own",
    ),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def page(run_page):
    return run_page("keras")


def row_losses(page):
    z = page["net"]().predict(page["X"], verbose=0).astype(float)
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(2000), page["y"]]


def test_its_loss_divides_by_rows_and_not_by_weights(page):
    w = 3 * page["w"]
    assert page["loss_of"](sample_weight=w) == pytest.approx(np.mean(w * row_losses(page)), rel=1e-4)
    assert page["thrice"] == pytest.approx(3 * page["one"], rel=1e-4)


def test_class_weights_are_its_class_weights_on_a_scale_of_mean_one_over_rows(page):
    w = dict(enumerate(uw.keras.class_weights(page["counts"]).values.tolist()))
    assert page["loss_of"](class_weight=w) == pytest.approx(page["one"], rel=1e-4)
    assert np.mean([w[c] for c in page["y"]]) == pytest.approx(1)


def test_both_at_once_are_refused_there_and_made_one_here(page):
    with pytest.raises(ValueError, match="class_weight"):
        page["loss_of"](class_weight={0: 1.0, 1: 2.0}, sample_weight=page["w"])
    survey = np.random.default_rng(0).uniform(0.5, 2, 2000)
    both = uw.imbalance.class_weights(page["y"], base=survey)
    shares = [both.values[page["y"] == c].sum() for c in (0, 1)]
    assert shares[0] == pytest.approx(shares[1])
    assert np.isfinite(page["loss_of"](sample_weight=both.sample_weight))


def test_evaluate_is_unweighted_unless_told(page):
    losses, model = row_losses(page), page["net"]()
    plain, weighted = (
        model.evaluate(page["X"], page["y"], verbose=0, batch_size=2000, **how)
        for how in ({}, {"sample_weight": page["w"]})
    )
    assert plain == pytest.approx(losses.mean(), rel=1e-4)
    assert weighted == pytest.approx(np.mean(page["w"] * losses), rel=1e-4)
    assert abs(plain - weighted) > 0.05


def test_the_odds_are_given_back(page):
    came = page["y"].mean()
    assert page["p"].mean() > 10 * came
    assert page["given"].mean() == pytest.approx(came, abs=0.01)
