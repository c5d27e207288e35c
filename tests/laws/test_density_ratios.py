"""Laws of learnt ratios: units, names and the order of columns are nobody's information, and inputs stay as they were."""

import numpy as np
import pandas as pd
import pytest

import upweight.shift as sh

METHODS = ("linear", "quadratic", "ulsif", "kliep", "loglinear", "kmm")
NEAR = {"linear": 1e-3, "quadratic": 1e-3, "loglinear": 1e-8, "ulsif": 1e-6, "kliep": 1e-5, "kmm": 1e-5}


def pair(seed=0):
    rng = np.random.default_rng(seed)
    source = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    return source, pd.DataFrame(rng.normal([0.7, 0, 0], 1, (250, 3)), columns=["a", "b", "c"])


@pytest.mark.parametrize("method", METHODS)
def test_units_names_and_order_change_nothing(method):
    source, target = pair()
    other = lambda f: f.assign(a=500 * f["a"] - 3e3, b=f["b"] / 40 + 1).rename(columns={"a": "z"})[["c", "z", "b"]]
    r = sh.density_ratio(source, target, method=method, rng=0)
    s = sh.density_ratio(other(source), other(target), method=method, rng=0)
    assert s.weights.sample_weight.to_numpy() == pytest.approx(r.weights.sample_weight.to_numpy(), abs=NEAR[method])
    assert np.asarray(s(other(target))) == pytest.approx(np.asarray(r(target)), abs=10 * NEAR[method])


@pytest.mark.parametrize("method", METHODS)
def test_inputs_are_not_written_to_and_the_order_of_asked_rows_does_not_matter(method):
    source, target = pair()
    before = source.copy(), target.copy()
    r = sh.density_ratio(source, target, method=method, rng=0)
    rows = np.random.default_rng(1).permutation(len(target))
    assert r.log(target.iloc[rows]) == pytest.approx(r.log(target)[rows], abs=1e-9)
    pd.testing.assert_frame_equal(source, before[0])
    pd.testing.assert_frame_equal(target, before[1])


def test_boosting_does_not_see_monotone_changes_much():
    source, target = pair()
    r = sh.density_ratio(source, target, method="boosting", rng=0)
    s = sh.density_ratio(source * 40 + 7, target * 40 + 7, method="boosting", rng=0)
    assert np.corrcoef(r.weights.log_w, s.weights.log_w)[0, 1] > 0.999
