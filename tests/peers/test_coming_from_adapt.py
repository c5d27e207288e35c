"""docs/coming-from/adapt.md beside ADAPT: which of its ratios are near ours, and the factor that one of them lacks.

Run where it is installed (pip install --no-deps adapt==0.4.5, then tensorflow-cpu, scikeras and cvxopt, without which it does not import).
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

pytestmark = [
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("adapt", "tensorflow", "scikeras", "cvxopt")),
        reason="adapt and what it imports are not installed; no dependency of ours",
    ),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def page(run_page):
    return run_page("adapt")


def test_a_linear_classifier_is_far_off_in_both_and_kernels_are_not(page):
    error = page["error"]
    for name, theirs in page["theirs"].items():
        wrong = error(theirs.weights_)
        assert wrong > 10 if name == "iwc" else wrong < 2
    found = {name: error(r.weights.values) for name, r in page["ours"].items()}
    assert found.pop("linear") > 10
    assert max(found.values()) < 2
    assert found["quadratic"] < 0.05


def test_its_classifier_weights_lack_the_factor_of_the_sizes(page):
    X, Z = page["X"], page["Z"]
    model = LogisticRegression().fit(np.r_[X, Z], np.repeat([0, 1], [len(X), len(Z)]))
    odds = np.exp(model.decision_function(X))
    np.testing.assert_allclose(page["theirs"]["iwc"].weights_, odds, rtol=1e-6)
    assert len(X) / len(Z) == 1.25  # what a ratio of densities would multiply by


def test_weights_of_new_rows_are_asked_of_the_ratio(page):
    new = np.array([[0.0], [1.5]])
    here, there = page["ours"]["ulsif"](new).values, page["theirs"]["ulsif"].predict_weights(new)
    assert here[0] > 1 > here[1]
    assert there[0] > 1 > there[1]
