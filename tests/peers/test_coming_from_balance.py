"""docs/coming-from/balance.md beside Meta's balance: equal where a method has one answer, apart where the page says.

Run where it is installed (pip install --no-deps balance==0.23.0, for its pins ask for NumPy 1; then ipython, seaborn and session-info).
"""

from __future__ import annotations

import logging
from importlib.util import find_spec

import numpy as np
import pytest

import upweight as uw
import upweight.shift as sh

pytestmark = [
    pytest.mark.skipif(find_spec("balance") is None, reason="balance is not installed; no dependency of ours"),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def page(run_page):
    logging.disable(logging.CRITICAL)
    yield run_page("balance")
    logging.disable(logging.NOTSET)


def test_the_package_is_the_one_the_page_names(page):
    import balance

    assert balance.__version__ == "0.23.0"


def test_cells_and_margins_have_one_answer(page):
    survey, target = page["groups"](page["rows"]), page["groups"](page["target"])
    for method in ("poststratify", "rake"):
        _, w = page["theirs"](survey, target, method=method, variables=["sex"])
        assert page["apart"](w, page["post"]) < 1e-6
    _, w = page["theirs"](survey, target, method="rake")
    assert page["apart"](w, page["raked"]) < 1e-3


def test_approximate_methods_leave_part_of_the_shift_and_balancing_none(page):
    aim = page["target"]["age"].mean()
    left = {
        name: abs(np.average(page["rows"]["age"], weights=w) - aim)
        for name, w in {"cbps": page["cbps"], "ipw": page["ipw"], "exact": page["exact"].values}.items()
    }
    assert left["exact"] < 1e-6 < 0.2 < left["cbps"] < left["ipw"]


def test_its_table_of_balance_and_its_means_are_ours(page):
    done, w = page["done"], uw.Weights.of(page["cbps"], kind="importance")
    theirs = done.covars().asmd().loc["self"]
    ours = uw.balance(page["rows"], page["target"], weights=w)
    np.testing.assert_allclose(theirs[["age", "sex[f]", "sex[m]"]], np.abs(ours.smd_after), atol=1e-9)
    assert float(done.outcomes().mean().loc["self", "happy"]) == pytest.approx(float(w.mean(page["happy"]).value))
    low, high = done.outcomes().ci_of_mean().loc["self", "happy"]
    ours_low, ours_high = w.mean(page["happy"]).interval()
    assert high - low <= ours_high - ours_low


def test_weights_sum_to_the_target_there_and_to_the_rows_here(page):
    assert page["cbps"].sum() == pytest.approx(2000)
    assert page["exact"].values.sum() == pytest.approx(1000)
    trimmed = uw.Weights.of(page["cbps"]).clip(at=3 * page["cbps"].mean())
    assert trimmed.values.max() <= 3 * page["cbps"].mean() * (1 + 1e-12)
    assert sh.balancing_weights(page["rows"], page["target"]).ess == pytest.approx(page["exact"].ess)
