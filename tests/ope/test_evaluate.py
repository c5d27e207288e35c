"""evaluate: the decision table, screens that are true given their table, documents, thinned logs."""

import json
import re

import numpy as np
import pandas as pd
import pytest

import upweight as uw
from upweight import InputError, KindError, Weights
from upweight.ope import evaluate, guarantee, value
from upweight.ope.evaluation import demo, screen

from .bandit import B2, EASY, b1, hand
from .test_value import half_unseen

SCREEN = """better: 10,000 decisions; the target earns 0.797 each, the logged policy 0.432  [demo:digits]
  weights  mean 1.021 ± 0.020, promised 1 (z = 1.1); day: 10 segments, none breaks the promise
  support  worth 2,064 rows (21 %); the largest weight is 18.2; no tail
  value    0.797 ± 0.019 (control)
  gain     +0.365 ± 0.018 over the logged policy
  certain  0.766 to 0.823 (proven, rewards in 0 to 1)
  path     clipped at 10: 0.806 (8 % of the weight moved); 5: 0.814 (14 %); 2: 0.819 (18 %); 1: 0.767 (19 %)
  truth    0.798 and 0.429: this demo knows them"""


def of(name):
    log = demo(name)
    day = pd.Series(log.day, name="day")
    return evaluate(log.reward, uw.ratio(log.target, log.logged), by=day, bounds=(0, 1)), log


def test_the_demo_that_tells():
    e, log = of("digits")
    assert screen(e, source="demo:digits", truth=log.truth) == SCREEN
    assert (e.decision, e.why, e.advice) == ("BETTER", "", "none needed")
    low, high = e.value.interval()
    assert low < log.truth[0] < high


def test_the_demo_with_wrong_probabilities_names_the_days():
    e, _ = of("wrong")
    assert e.decision == "UNTRUSTED"
    lines = str(e).split("\n")
    assert lines[0] == "untrusted: 10,000 decisions; the probabilities do not fit together"
    assert (
        lines[1]
        == "  weights  mean 1.359 ± 0.027, promised 1 (z = 13.1); day: 5 of 10 segments break the promise: 8, 6, 7, 5, 9"
    )
    assert lines[2] == "  certain  nothing: no value fits a mean weight of 1"
    assert lines[3].startswith("  do       check the probabilities: logged before a filter, rounded")
    assert [label for label, s in e.by.items() if s.broken] == [5, 6, 7, 8, 9]
    assert e.guarantee is None


def test_the_demo_that_is_too_thin():
    e, _ = of("thin")
    assert e.decision == "UNTRUSTED"
    text = str(e)
    assert text.startswith("untrusted: 10,000 decisions worth 117\n")
    assert "  value    0.757 ± 0.091 (control; the tail was not judged)\n" in text
    assert "  certain  0.662 to 0.864 (proven, rewards in 0 to 1)\n" in text


# ---- the table ---------------------------------------------------------------------------------------------------------------


def test_every_figure_is_that_of_the_function_it_names():
    r, w, outcome = b1()
    for given in (None, outcome):
        e = evaluate(r, w, outcome=given, bounds=(0, 1), by=np.arange(w.n) % 3)
        logged = Weights.of(np.ones(w.n), kind="importance").mean(r)
        v = value(r, w, outcome=given)
        assert (e.value.value, e.value.se, e.logged.value) == (v.value, v.se, logged.value)
        assert (e.gain.value, e.gain.se) == ((v - logged).value, (v - logged).se)
        assert e.guarantee == guarantee(r, w)
        tamed = [value(r, w.clip(at=c), outcome=given).value for c in (5, 2, 1)]
        assert e.path.at == (np.inf, 5, 2, 1)
        assert e.path.values[1:] == pytest.approx(tamed)
        rows = np.arange(w.n) % 3 == 1
        assert e.by[1].value == pytest.approx(w[rows].mean(r[rows]).value)
        assert e.by[1].value_se == pytest.approx(w[rows].mean(r[rows]).se)
        assert e.by[1].mean == pytest.approx(w.values[rows].mean())


def world(gain, n=2000, seed=0):
    """Two actions, logged ½; the target takes the first with .9; rewards 0 to 1 whose means differ by `gain`/.4."""
    g = np.random.default_rng(seed)
    a = g.integers(2, size=n)
    r = np.clip(0.5 + (a == 0) * gain / 0.4 + 0.3 * g.normal(size=n), -2, 3)
    return r, uw.ratio(np.where(a == 0, 0.9, 0.1), np.full(n, 0.5))


def test_better_worse_and_undecided():
    assert evaluate(*world(0.2)).decision == "BETTER"
    assert evaluate(*world(-0.2)).decision == "WORSE"
    e = evaluate(*world(0.005, seed=3))
    assert e.decision == "UNDECIDED"
    low, high = e.gain.interval()
    rows = e.n * ((high - low) / 2 / abs(e.gain.value)) ** 2
    told = float(re.fullmatch(r"about ([\d,]+) rows to tell", e.advice).group(1).replace(",", ""))
    assert told == pytest.approx(rows, rel=0.06)
    assert "  do       about" in str(e)


def test_equal_policies_are_not_told_apart():
    r, _ = world(0.2)
    e = evaluate(r, uw.ratio(np.full(r.size, 0.5), np.full(r.size, 0.5)))
    assert (e.decision, e.advice) == ("UNDECIDED", "no log tells them apart")
    assert e.path is None


@pytest.mark.parametrize("logs", [False, True])
def test_a_deterministic_log_says_nothing(logs):
    pi = np.random.default_rng(0).uniform(0.5, 1, size=500)
    w = uw.log_ratio(np.log(pi), np.zeros(500)) if logs else uw.ratio(pi, np.ones(500))
    e = evaluate(np.ones(500), w)
    assert e.decision == "UNTRUSTED"
    assert "the log is deterministic: it says nothing about other actions" in str(e)


@pytest.mark.parametrize("reward", [None, 0.0, 1.0])
def test_propensities_that_are_too_small_are_not_trusted_whatever_the_reward(reward):
    r, w, _ = b1()
    r = r if reward is None else np.full(w.n, reward)
    e = evaluate(r, Weights.of(w.values / 0.6, kind="importance", exact=True), bounds=(0, 1))
    assert (e.decision, e.guarantee) == ("UNTRUSTED", None)


def test_a_log_that_never_does_half_of_what_the_target_does_is_not_trusted():
    x, w = half_unseen()
    e = evaluate(1.0 * (x > 1), w, bounds=(0, 1))
    assert e.decision == "UNTRUSTED"
    assert re.search(
        r"do       the log never does what the target does in some \d\d % of cases, or the probabilities are wrong",
        str(e),
    )


def test_weights_that_were_divided_by_their_sum_are_not_trusted():
    r, w, _ = b1()
    g = np.random.default_rng(0)
    raw = np.exp(0.5 * g.normal(size=w.n))
    assert evaluate(r, Weights.of(raw / raw.sum(), kind="importance", exact=True)).decision == "UNTRUSTED"


def test_rare_rewards_and_broken_segments_are_not_trusted():
    r, w, _ = b1()
    assert "30 needed" in evaluate(np.where(np.arange(w.n) < 9, 1.0, 0.0), w).why
    day = np.arange(w.n) // 400
    wrong = w.values * np.where(day == 3, 1.5, 1.0) * np.where(day == 4, 0.5, 1.0)
    e = evaluate(r, Weights.of(wrong, kind="importance", exact=True), by=day, bounds=(0, 1))
    assert e.decision == "UNTRUSTED"
    assert e.unproven == "no value fits a mean weight of 1"


def test_clusters_and_missing_promises_leave_no_proof():
    r, w, _ = b1()
    user = np.arange(w.n) // 2
    e = evaluate(r, w, cluster=user, bounds=(0, 1))
    assert e.guarantee is None
    assert "nothing: the proof needs rows that are independent" in str(e)
    assert e.value.se == value(r, w, cluster=user).se
    free = Weights.of(w.values, kind="importance")
    assert "no mean is promised" in str(evaluate(r, free, bounds=(0, 1)))


def test_right_logs_are_seldom_mistrusted_and_the_gain_is_covered():
    b, wrong, covered = B2(*EASY), 0, 0
    logged = float((b.p0 * b.mean).sum(axis=1).mean())
    for seed in range(40):
        e = evaluate(*b.log(1000, np.random.default_rng(seed)))
        low, high = e.gain.interval()
        wrong += e.decision in ("UNTRUSTED", "WORSE")
        covered += low <= b.value - logged <= high
    assert wrong == 0
    assert covered >= 34


# ---- a log that was thinned ----------------------------------------------------------------------------------------------------


def test_a_thinned_log_is_weighted_up():
    r, w, _ = b1()
    p = np.where(r > 0, 1.0, 0.3)
    kept = np.random.default_rng(0).random(w.n) < p
    thin, k = w[kept].declare(exact=True), Weights.of(1 / p[kept], kind="inclusion")
    e = evaluate(r[kept], thin, kept=k, bounds=(0, 1))
    assert e.logged.value == pytest.approx(np.average(r[kept], weights=1 / p[kept]))
    assert e.value.value == pytest.approx(np.average(r[kept], weights=thin.values / p[kept]))
    assert e.mean.mean == pytest.approx(np.average(thin.values, weights=1 / p[kept]))
    assert abs(e.logged.value - r.mean()) < 0.03 < r[kept].mean() - r.mean()
    assert "it was thinned" in str(e)
    with pytest.raises(InputError, match="`kept` and `outcome` do not go together"):
        evaluate(r[kept], thin, kept=k, outcome=(r[kept], r[kept]))
    with pytest.raises(KindError, match="`kept` takes inclusion weights"):
        evaluate(r[kept], thin, kept=thin)


# ---- documents and doors ---------------------------------------------------------------------------------------------------------


def test_a_document_of_plain_types():
    e, _ = of("digits")
    d = json.loads(e.to_json())
    assert (d["schema"], d["decision"], d["n"]) == ("upweight.evaluation/1", "BETTER", 10_000)
    assert d["value"]["low"] < d["value"]["value"] < d["value"]["high"]
    assert [p["clip"] for p in d["path"]] == [10, 5, 2, 1]
    assert len(d["by"]["labels"]) == 10
    assert d["verdict"]["schema"] == "upweight.verdict/1"
    assert d["largest"][0]["weight"] == pytest.approx(18.2)
    assert "<table" in e._repr_html_()
    assert repr(e) == "<Evaluation BETTER: 10,000 decisions>"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: evaluate(np.ones(6), hand().clip(at=2)), "give them untamed"),
        (lambda: evaluate(np.array([1, 1, np.nan, 1, 1, 1]), hand()), "`reward` must be finite.*row 2"),
        (
            lambda: evaluate(np.full(6, 3.0), hand(), bounds=(0, 1)),
            r"reward 3 at row 0 lies outside \(0, 1\): say bounds=",
        ),
        (lambda: evaluate(np.ones(6), np.ones(6)), "evaluate takes Weights; got ndarray"),
    ],
)
def test_bad_input_is_told(call, text):
    with pytest.raises(InputError, match=text):
        call()
