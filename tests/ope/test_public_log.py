"""Open Bandit Dataset: 10,000 clicks under Thompson sampling, valued for a uniform policy whose own clicks lie beside."""

import csv

import numpy as np
import pytest

import upweight as uw
from upweight.ope import evaluate, value


@pytest.fixture(scope="module")
def logs(data_folder):
    found = {}
    for name in ("bts", "random"):
        path = data_folder / "bandit" / "obd" / name / "all.csv"
        if not path.exists():
            pytest.skip(f"no {path}: set UPWEIGHT_DATA")
        with open(path) as f:
            rows = list(csv.DictReader(f))
        found[name] = tuple(np.array([float(r[c]) for r in rows]) for c in ("click", "propensity_score"))
    return found


@pytest.mark.data
def test_the_three_formulas_and_their_interval(logs):
    click, p = logs["bts"]
    w = uw.ratio(1 / 80, p)
    plain = value(click, w, how="plain")
    assert (plain.value, plain.se) == pytest.approx((0.002359640, 0.000871022), abs=1e-9)
    assert value(click, w, how="self").value == pytest.approx(0.002333714, abs=1e-9)
    control = value(click, w)
    assert control.value == pytest.approx(0.002357646, abs=1e-9)
    low, high = control.interval()
    assert (low, high) == pytest.approx((-0.0058, 0.0105), abs=5e-5)
    assert low < logs["random"][0].mean() < high
    assert control.why == "42 rows with reward 1, worth 7.33; 30 needed."


@pytest.mark.data
@pytest.mark.parametrize("clustered", [False, True])
def test_a_difference_of_clicks_watches_no_lumps(logs, clustered):
    """Both averages are of one two-valued f, and the lumps of their difference are no tail; k-hat is that of the weights."""
    click, p = logs["bts"]
    cluster = np.arange(click.size) if clustered else None
    w = uw.ratio(1 / 80, p)
    logged = uw.Weights.of(np.ones(click.size), kind="importance").mean(click, cluster=cluster)
    for gain in (
        w.mean(click, how="control", cluster=cluster) - logged,
        w.mean(click, how="control", cluster=cluster) / logged,
    ):
        assert gain.khat == pytest.approx(0.661, abs=1e-3)
        assert np.isfinite(gain.interval()).all()
    gain = w.mean(click, how="control") - uw.Weights.of(np.ones(click.size), kind="importance").mean(click)
    assert gain.interval() == pytest.approx((-0.0097, 0.0060), abs=5e-5)


@pytest.mark.data
def test_the_log_cannot_tell(logs):
    click, p = logs["bts"]
    e = evaluate(click, uw.ratio(1 / 80, p), bounds=(0, 1))
    assert e.decision == "UNTRUSTED"
    assert e.logged.value == pytest.approx(0.0042)
    assert e.advice == "42 rows with reward 1, worth 7.33; 30 needed"
