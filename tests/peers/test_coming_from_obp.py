"""docs/coming-from/obp.md beside Open Bandit Pipeline and vw-estimators: equal values, other error bars.

Run where they are installed (pip install --no-deps obp==0.4.1 vw-estimators==0.2.2, then pyyaml and mypy_extensions).
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

import upweight as uw
from upweight import ope

pytestmark = [
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("obp", "yaml", "estimators")),
        reason="obp with PyYAML, and vw-estimators, are not installed; no dependency of ours",
    ),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def page(run_page):
    return run_page("obp")


@pytest.mark.parametrize("name", ["ips", "snips", "dr", "sndr", "switch", "dros"])
def test_the_formulas_are_the_same(page, name):
    theirs = page["obp"][name].estimate_policy_value(**page["log"])
    assert theirs == pytest.approx(float(page["ours"][name].value), rel=1e-12)


def test_the_direct_method_and_replay_are_averages(page):
    dm = page["ope"].DirectMethod().estimate_policy_value(page["log"]["action_dist"], page["q_all"][:, :, None])
    ones = uw.Weights.of(np.ones(page["n"]), kind="importance")
    assert dm == pytest.approx(float(ones.mean(page["v"]).value), rel=1e-12)
    rule = np.eye(2)[(page["x"] > 0).astype(int)][:, :, None]
    replay = page["ope"].ReplayMethod().estimate_policy_value(page["r"], page["action"], rule)
    hits = uw.ratio(1.0 * (page["action"] == (page["x"] > 0)), 0.5)
    assert replay == pytest.approx(float(ope.value(page["r"], hits, how="self").value), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "how"),
    [("SlateStandardIPS", "is"), ("SlateIndependentIPS", "step"), ("SlateRewardInteractionIPS", "pdis")],
)
def test_slates_are_groups(page, name, how):
    g = np.random.default_rng(1)
    p, pi, r, slate = g.uniform(0.3, 0.9, 600), g.uniform(0.3, 0.9, 600), g.random(600), np.repeat(np.arange(200), 3)
    of = lambda by: by.reshape(-1, 3).cumprod(axis=1).ravel()
    whole = lambda by: np.repeat(by.reshape(-1, 3).prod(axis=1), 3)
    kind = {"is": ("pscore", whole), "step": ("pscore_item_position", lambda by: by), "pdis": ("pscore_cascade", of)}
    column, made = kind[how]
    given = {column: made(p), f"evaluation_policy_{column}": made(pi)}
    places = {"slate_id": slate, "reward": r, "position": np.tile(np.arange(3), 200)}
    theirs = getattr(page["ope"], name)(len_list=3).estimate_policy_value(**places, **given)
    ours = ope.sequence(r, uw.ratio(pi, p), group=slate, how=how)
    assert theirs == pytest.approx(float(ours.value), rel=1e-9)


def test_empirical_likelihood_is_equal_once_the_largest_weight_is_said(page):
    assert page["el"] == pytest.approx(float(page["ours"]["el"].value), abs=1e-9)
    assert abs(page["streamed"](page["mle"]) - page["el"]) > 1e-3


def test_wrong_propensities_are_a_number_there_and_a_verdict_here(page):
    bad = page["log"] | {"pscore": 0.6 * page["p"]}
    assert np.isfinite(page["obp"]["ips"].estimate_policy_value(**bad))
    assert not ope.value(page["r"], uw.ratio(page["pi"], 0.6 * page["p"])).ok
