"""Verdict: every printed screen, the text's laws, and documents that come back."""

import json
import math
import pickle
from statistics import NormalDist

import numpy as np
import pytest

import upweight as uw
from upweight import Weights


def grid(k, n):
    """Exact log-weights of tail index k, target Exp(1 - k) over source Exp(1); for k >= 1 without the constant."""
    x = -np.log1p(-(np.arange(n) + 0.5) / n)
    return k * x + (np.log(1 - k) if k < 1 else 0.0)


def normals():
    """N(0.5, 1) over N(0, 1) at quantiles of the source."""
    return 0.5 * np.array([NormalDist().inv_cdf((i + 0.5) / 4000) for i in range(4000)]) - 0.125


def logs(l, exact=True, kind="importance"):
    return Weights.of_log(l, kind=kind, exact=exact)


def linear(values, **said):
    return Weights.of(values, **({"kind": "importance"} | said))


CLASSES = np.repeat([1.0, 10.0], [900, 100])

SCREENS = {
    "good": (
        lambda: logs(normals()),
        """
good: importance weights, 4,000 rows worth 3,117 (78 %)
  tail     k-hat 0.09 (want < 0.70): averages and their intervals can be believed
  largest  row 3999 holds 0.14 % of the total; the top 1 % of rows hold 3.4 %
  mean     1.000 ± 0.008, promised 1 (z = 0.0)
  do       use them: w.mean(f), or sample_weight=w.sample_weight
""",
    ),
    "infinite variance": (
        lambda: logs(grid(0.55, 4000)),
        """
usable: importance weights, 4,000 rows worth 1,095 (27 %)
  tail     k-hat 0.55 (want < 0.50): a plain average has infinite variance; intervals widen ×2.0
  largest  row 3999 holds 1.6 % of the total; the top 1 % of rows hold 12 %
  mean     0.992 ± 0.052, promised 1 (z = -0.2)
  do       smooth before averaging: w.smooth().mean(f)
""",
    ),
    "heavy tail": (
        lambda: logs(grid(0.8, 4000)),
        """
unreliable: importance weights, 4,000 rows worth 114 (2.8 %)
  tail     k-hat 0.78 (want < 0.70): averages cannot be believed, smoothed or not
  largest  row 3999 holds 7.6 % of the total; the top 1 % of rows hold 31 %
  mean     0.875 ± 0.826, promised 1 (z = -0.2)
  do       bring the source closer to the target. If bias will do: w.temper(power=0.64) takes the tail to 0.5
           and pulls every average toward the source
""",
    ),
    "no mean": (
        lambda: logs(grid(1.1, 4000), exact=False),
        """
unusable: importance weights, 4,000 rows worth 11.2 (0.28 %)
  tail     k-hat 1.06 (want < 0.70): the mean of these weights may not exist
  largest  row 3999 holds 28 % of the total; the top 1 % of rows hold 67 %
  size     ESS 11.2 (want at least 30)
  do       no taming rescues an average here: sample from a source that covers the target
""",
    ),
    "class": (
        lambda: linear(CLASSES, kind="class"),
        """
good: class weights, 1,000 rows worth 331 (33 %)
  values   1 on 900 rows, 10 on 100 rows; log-odds between them moved by 2.303
  largest  row 900 holds 0.53 % of the total; the top 1 % of rows hold 5.3 %
  do       train with sample_weight=w.sample_weight, then give the odds back: Correction.weighted(y, w).
           Not for averages: class weights do not estimate a population mean
""",
    ),
    "kind not said": (
        lambda: Weights.of(CLASSES),
        """
usable: importance weights (assumed), 1,000 rows worth 331 (33 %)
  kind     only 2 distinct weights: if they are class weights, say kind="class"
  tail     none: the largest weights are equal, so the tail is bounded
  largest  row 900 holds 0.53 % of the total; the top 1 % of rows hold 5.3 %
  do       say what they are: Weights.of(values, kind="class"), or kind="importance"
""",
    ),
    "constant": (
        lambda: linear(np.ones(1000)),
        """
good: importance weights, 1,000 rows worth 1,000 (100 %)
  tail     none: every weight is the same; these weights change nothing
  largest  row 0 holds 0.1 % of the total; the top 1 % of rows hold 1 %
  do       use them: w.mean(f), or sample_weight=w.sample_weight
""",
    ),
    "promise broken": (
        lambda: logs(normals() + np.log(0.635)),
        """
unreliable: importance weights, 4,000 rows worth 3,117 (78 %)
  tail     k-hat 0.09 (want < 0.70): the tail is light
  largest  row 3999 holds 0.14 % of the total; the top 1 % of rows hold 3.4 %
  mean     0.635 ± 0.005, promised 1 (z = -68.1): the promise is broken
  do       check the probabilities: logged before a filter, rounded, of another version or another action?
""",
    ),
    "five rows": (
        lambda: linear([0.8, 1.1, 0.9, 1.3, 0.9]),
        """
unreliable: importance weights, 5 rows worth 4.84 (97 %)
  tail     not judged: 5 rows, 25 needed
  largest  row 3 holds 26 % of the total
  size     ESS 4.84 (want at least 30)
  do       take at least 25 rows of positive weight
""",
    ),
    "one row": (
        lambda: linear(np.r_[np.ones(999), 10_000.0]),
        """
unusable: importance weights, 1,000 rows worth 1.21 (0.12 %)
  tail     not judged: fewer than 5 distinct weights above the cut
  largest  row 999 holds 91 % of the total; the top 1 % of rows hold 91 %
  size     ESS 1.21 (want at least 30)
  do       look at row 999, which holds 91 % of the total: is its source probability right?
""",
    ),
    "zeros": (
        lambda: linear(np.zeros(100)),
        """
unusable: importance weights, 100 rows worth 0
  support  every weight is zero: the source never visits the target
  do       sample from a source that can draw what the target wants
""",
    ),
    "few rows for the tail": (
        lambda: logs(grid(0.65, 200)),
        """
unreliable: importance weights, 200 rows worth 56.6 (28 %)
  tail     k-hat 0.60 (want < 0.57): too few rows for this tail, 200 of 340
  largest  row 199 holds 9.3 % of the total; the top 1 % of rows hold 14 %
  size     ESS 56.6 (want at least 100)
  mean     0.928 ± 0.237, promised 1 (z = -0.3)
  do       take at least 340 rows for this tail
""",
    ),
    "inverted": (
        lambda: logs(-grid(0.55, 4000)),
        """
unusable: importance weights, 4,000 rows worth 3,496 (87 %)
  tail     k-hat -0.90 (want < 0.70): the tail is light
  largest  row 0 holds 0.039 % of the total; the top 1 % of rows hold 1.5 %
  mean     1.434 ± 0.009, promised 1 (z = 50.4): the promise is broken
  sign     the mean is 1.434 but that of 1/w is 0.992: target and source are exchanged
  do       swap them: upweight.ratio(target, source) is target over source
""",
    ),
}


@pytest.mark.parametrize("name", SCREENS)
def test_screens_are_these_to_the_letter(name):
    make, screen = SCREENS[name]
    assert str(make().check()) == screen.strip()


@pytest.mark.parametrize("name", SCREENS)
def test_text_keeps_to_latin_1_and_to_one_screen(name):
    text = str(SCREENS[name][0]().check())
    assert text.encode("latin-1")
    assert len(text.splitlines()) <= 24
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", SCREENS)
def test_header_and_advice_are_the_attributes(name):
    v = SCREENS[name][0]().check()
    assert str(v).startswith(f"{v.grade}: {v.kind} weights")
    assert v.advice.split()[0] in str(v).splitlines()[-1] + str(v).splitlines()[-2]
    assert "\n" not in v.advice
    assert v.ok == (v.grade in ("good", "usable"))


@pytest.mark.parametrize("name", SCREENS)
def test_json_has_plain_types_and_says_what_the_verdict_says(name):
    v = SCREENS[name][0]().check(by=None)
    d = json.loads(v.to_json())
    assert d == v.to_dict()
    assert d["schema"] == "upweight.verdict/1"
    assert d["grade"] == v.grade
    assert d["ok"] is v.ok
    assert d["advice"] == v.advice
    assert [r["code"] for r in d["reasons"]] == list(v.reasons)
    assert d["n"] == v.n
    assert d["ess"] == v.ess


def test_json_writes_no_tail_as_a_word_and_not_judged_as_null():
    assert json.loads(linear(np.ones(100)).check().to_json())["khat"] == "-inf"
    few = json.loads(linear([1.0, 2.0]).check().to_json())
    assert few["khat"] is None
    assert few["mean_z"] is None
    assert json.loads(logs(grid(1.1, 4000), exact=False).check().to_json())["widening"] == "inf"


def test_json_has_segments_trail_and_notes():
    w = logs(grid(0.3, 400)).clip(at=3.0)
    d = w.check(by=np.repeat(["a", "b"], 200)).to_dict()
    assert [s["label"] for s in d["by"]] == ["a", "b"]
    assert d["by"][0]["n"] == 200
    assert [s["name"] for s in d["trail"]] == ["of_log", "clip"]
    assert d["trail"][1]["params"]["at"] == 3.0


def test_distinct_values_are_the_numbers_that_came():
    v = linear(np.repeat([0.1, 10.0, 7.3], 50), kind="class").check()
    assert v.values == ((0.1, 50), (7.3, 50), (10.0, 50))
    assert v.to_dict()["values"][2] == {"weight": 10.0, "rows": 50}
    assert "between the first and the last moved by 4.605" in str(v)


def test_a_verdict_survives_pickling_with_its_reasons():
    v = logs(grid(0.8, 4000)).check()
    v.reasons  # noqa: B018  cached, so it travels
    again = pickle.loads(pickle.dumps(v))
    assert str(again) == str(v)
    assert again.reasons[0].advice == v.reasons[0].advice


def test_repr_is_one_line_with_the_codes():
    assert repr(logs(grid(0.55, 4000)).check()) == "<Verdict usable: INFINITE_VARIANCE>"
    assert repr(logs(normals()).check()) == "<Verdict good: no reason to doubt>"


def test_figures_of_the_good_grid():
    v = logs(normals()).check()
    assert v.n == 4000
    assert v.n_zero == 0
    assert v.ess == pytest.approx(0.7792 * 4000, abs=0.5)
    assert v.ess_share == v.ess / 4000
    assert v.perplexity == pytest.approx(float(uw.arrays.ess(normals(), order=1.0)), rel=1e-12)
    assert v.khat == logs(normals()).khat
    assert v.threshold == 0.7
    assert v.min_rows == pytest.approx(10 ** (1 / (1 - v.khat)))
    assert v.design_effect == pytest.approx(4000 / v.ess)
    w = np.exp(normals())
    assert v.max_share == pytest.approx(w.max() / w.sum())
    assert v.max_row == 3999
    assert v.top_share == pytest.approx(np.sort(w)[-40:].sum() / w.sum())
    assert v.mean == pytest.approx(w.mean(), rel=1e-13)
    assert v.mean_se == pytest.approx(w.std(ddof=1) / np.sqrt(4000), rel=1e-12)
    assert v.mean_z == pytest.approx((w.mean() - 1) / (v.mean_se * v.widening))
    assert v.distinct == 11
    assert math.isnan(v.ess_f)
    assert math.isnan(v.khat_f)
    assert v.by == {}


def test_a_small_error_of_the_mean_is_shown_with_a_digit():
    l = 0.1 * np.random.default_rng(0).normal(size=1_000_000) - 0.005
    se = np.exp(l).std() / 1000
    assert f"{np.exp(l).mean():.4f} ± {se:.4f}" in str(logs(l).check())
    assert f"{se:.4f}" == "0.0001"
