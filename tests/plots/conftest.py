"""What every picture must leave behind: nothing. No style changed, no figure in the list of pyplot, no warning while it is drawn."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def nothing_left():
    before = dict(matplotlib.rcParams)
    yield
    from matplotlib import _pylab_helpers

    assert not _pylab_helpers.Gcf.get_all_fig_managers()
    assert dict(matplotlib.rcParams) == before


@pytest.fixture(scope="session")
def heavy():
    """Importance weights with a tail index of about .77."""
    import upweight as uw

    return uw.Weights.of(np.random.default_rng(0).pareto(1.3, 4000) + 1, kind="importance")


@pytest.fixture(scope="session")
def document():
    """The document of a small comparison."""
    from sklearn.datasets import load_digits

    from upweight.imbalance import compare

    X, digit = load_digits(return_X_y=True)
    return compare(X[:500, 10:40], digit[:500] == 8, methods="weights,random_under", cv="3x1", rng=0).to_dict()
