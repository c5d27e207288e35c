"""One figure is not enough: what an effective sample size or a k-hat alone does not see, and arviz-stats agrees on both."""

from statistics import NormalDist

import numpy as np
import pytest

from upweight import Weights

ESS_LIMIT = 0.0  # ESS/n of target Exp(1/2) over source Exp(1) as n grows: the second moment of the weights is infinite


def halves(seed, n):
    """Exact weights with tail index 1/2: target Exp(1/2) over source Exp(1)."""
    return np.log(0.5) + 0.5 * np.random.default_rng(seed).exponential(size=n)


def test_ess_alone_flatters_where_the_variance_is_infinite():
    share = {n: np.median([Weights.of_log(halves(seed, n)).ess / n for seed in range(200)]) for n in (1000, 100_000)}
    assert share[1000] == pytest.approx(0.45, abs=0.03)
    assert share[100_000] == pytest.approx(0.29, abs=0.03)
    assert share[1000] > share[100_000] > ESS_LIMIT  # a share that falls with n is no property of the weights
    verdicts = [Weights.of_log(halves(seed, 10_000), kind="importance", exact=True).check() for seed in range(100)]
    assert np.median([v.ess for v in verdicts]) > 3000  # looks plentiful
    assert np.median([v.khat for v in verdicts]) == pytest.approx(0.5, abs=0.05)  # and is not


def test_khat_alone_does_not_see_one_huge_row():
    psislw = pytest.importorskip("arviz_stats.base.array").array_stats.psislw
    l = 0.5 * np.array([NormalDist().inv_cdf((i + 0.5) / 4000) for i in range(4000)]) - 0.125
    l = np.r_[l, np.log(2 * np.exp(l).sum())]
    v = Weights.of_log(l, kind="importance").check()
    assert v.khat == pytest.approx(0.517, abs=5e-4)
    assert float(psislw(-l)[1]) == pytest.approx(v.khat, abs=1e-10)  # the peer negates, and gives no ESS beside it
    assert v.ess == pytest.approx(2.25, abs=5e-3)
    assert v.max_share == pytest.approx(2 / 3, abs=1e-3)
    assert v.grade == "unusable"
    assert v.reasons[0] == "ONE_ROW"
    assert v.reasons[0].text == "row 4000 holds 67 % of the total"
