"""upweight_errors: harmful where labels are wrong, helpful where a group was neglected, and honest about both."""

from __future__ import annotations

import io
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import upweight.imbalance as im
from upweight.imbalance.errors import _error_weights
from upweight.imbalance.errors._error_fit import Lifted
from upweight.imbalance.errors._error_weights import verdict_of
from upweight.learners._statistics import Interval, paired


def flipped(seed, n=3000, d=5, share=0.12):
    """A linear world in which 12 % of the labels are wrong."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = rng.random(n) < expit(2 * X @ rng.normal(size=d))
    return X, (y ^ (rng.random(n) < share)).astype(int)


def neglected(seed, n=3000):
    """A tenth of the rows follow columns of their own, which a strong penalty shrinks."""
    rng = np.random.default_rng(seed)
    b = rng.random(n) < 0.1
    X = rng.normal(size=(n, 2))
    y = rng.random(n) < expit(2 * np.where(b, 2 * X[:, 1] - X[:, 0], 2 * X[:, 0]))
    return np.column_stack([X[:, 0], X[:, 0] * b, X[:, 1] * b]), y, np.where(b, "b", "a")


def test_lifting_wrong_rows_ruins_a_model_of_noisy_labels_and_lifting_regions_does_not():
    for seed in range(3):
        X, y = flipped(seed)
        row = im.upweight_errors(LogisticRegression(), X, y, by="row", lift=6, ess=0.1, cv="5x2", rng=0)
        assert row.verdict == "harmful"
        assert row.lift == 6.0
        assert row.before.accuracy - row.after.accuracy > 0.05
        region = im.upweight_errors(LogisticRegression(), X, y, by="region", lift=6, ess=0.1, cv="5x2", rng=0)
        assert abs(region.after.accuracy - region.before.accuracy) < 0.005
        assert region.verdict != "harmful"


def test_right_decisions_held_with_less_than_lift_over_one_plus_lift_flip():
    # x is 0 or 1, p(y = 1 | x) = .8 or .2; lift 3: 3/4 < .8, nothing flips; lift 5: 5/6 > .8, everything does
    rng = np.random.default_rng(0)
    X = np.repeat([[0.0], [1.0]], 1000, axis=0)
    y = np.concatenate([rng.permutation(np.arange(1000) < 800), rng.permutation(np.arange(1000) < 200)])
    learner = DecisionTreeClassifier(max_depth=1, random_state=0)
    kept = im.upweight_errors(learner, X, y, by="row", lift=3, ess=0.01, cv="5x1", rng=0)
    gone = im.upweight_errors(learner, X, y, by="row", lift=5, ess=0.01, cv="5x1", rng=0)
    assert (kept.after.accuracy, gone.after.accuracy) == (pytest.approx(0.8), pytest.approx(0.2))
    assert (kept.verdict, gone.verdict) == ("no difference", "harmful")


def test_a_neglected_group_is_helped():
    for seed in range(3):
        X, y, group = neglected(seed)
        found = im.upweight_errors(LogisticRegression(C=0.005), X, y, by="group", group=group, cv="5x1", rng=0)
        assert found.verdict == "helped"
        assert (found.lifted == (group == "b")).all()
        assert found.after.weak_accuracy - found.before.weak_accuracy > 0.1
        assert found.after.accuracy >= found.before.accuracy


def test_the_weights_are_base_times_lift_where_lifted():
    X, y, group = neglected(0)
    base = np.random.default_rng(1).uniform(0.5, 2, len(y))
    base[:100] = 0
    found = im.upweight_errors(
        LogisticRegression(C=0.005), X, y, by="group", lift=20, group=group, sample_weight=base, cv="3x1", rng=0
    )
    assert 1 < found.lift < 20
    expected = base * np.where(found.lifted, found.lift, 1)
    assert found.weights.values == pytest.approx(expected / expected.mean() * found.weights.values.mean(), rel=1e-12)
    assert found.weights.kind == "cost"
    assert not found.lifted[:100].any()
    assert found.share == pytest.approx(base[found.lifted].sum() / base.sum())
    kish = lambda w: w.sum() ** 2 / (w**2).sum()
    assert kish(expected) / kish(base) == pytest.approx(0.5, abs=1e-9)


def test_rows_of_weight_zero_are_as_if_removed():
    X, y = flipped(0, n=800)
    w = np.where(np.arange(800) % 5, 1.0, 0.0)
    kept = np.flatnonzero(w)
    a = im.upweight_errors(LogisticRegression(), X, y, by="row", sample_weight=w, cv="3x1", rng=0)
    b = im.upweight_errors(LogisticRegression(), X[kept], y[kept], by="row", cv="3x1", rng=0)
    assert (a.lifted[kept] == b.lifted).all()
    assert a.suspects.tolist() == kept[b.suspects].tolist()
    assert (a.before, a.after, a.lift, a.share) == (b.before, b.after, b.lift, b.share)


def test_intervals_are_of_folds_left_out():
    X, y = flipped(1, n=600)
    calls = []

    class Watched(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            calls.append(len(X))
            return super().fit(X, y, sample_weight)

    found = im.upweight_errors(Watched(), X, y, by="row", cv="4x2", rng=0)
    # 8 folds: 4 searching fits on 3/4 of 450 rows and two on all 450; then 4 searching fits on 3/4 of 600 for the answer
    assert sum(c in (337, 338) for c in calls) == 32
    assert sum(c == 450 for c in calls) == 16 + 4
    assert found.change["accuracy"].mean == pytest.approx(found.after.accuracy - found.before.accuracy, abs=1e-12)


def test_a_learner_that_memorises_is_judged_on_rows_it_has_not_seen():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 3)), rng.integers(0, 2, 1000)
    found = im.upweight_errors(DecisionTreeClassifier(random_state=0), X, y, by="row", cv="5x1", rng=0)
    assert found.before.accuracy == pytest.approx(0.5, abs=0.08)  # on its own rows it would be 1
    assert found.after.accuracy == pytest.approx(0.5, abs=0.08)
    assert found.share == pytest.approx(0.5, abs=0.08)


def test_nothing_weak_changes_nothing():
    X, y, _ = neglected(0)
    same = np.random.default_rng(0).integers(0, 2, len(y))
    found = im.upweight_errors(LogisticRegression(), X, y, by="group", group=same, cv="5x1", rng=3)
    assert not found.lifted.any()
    assert (found.share, found.suspect_share, np.ptp(found.weights.values)) == (0, 0, 0)
    assert found.verdict == "no difference"


def test_frames_names_and_more_classes():
    rng = np.random.default_rng(0)
    y = np.array(["low", "mid", "high"])[rng.integers(0, 3, 600)]
    X = pd.DataFrame(
        {"a": rng.normal(size=600) + (y == "low"), "b": rng.choice(["u", "v"], 600), "c": rng.normal(size=600)}
    )
    X.loc[::9, "a"] = np.nan
    for by in ("region", "row"):
        found = im.upweight_errors("logistic", X, y, by=by, cv="3x1", rng=0)
        assert found.weights.n == 600
        assert 0.2 < found.before.accuracy < 0.8


def test_the_verdict_counts_harm_first_and_small_changes_not_at_all():
    worse, better, sure = (
        Interval(-0.03, -0.05, -0.01, 0.01),
        Interval(0.05, 0.02, 0.08, 0.01),
        Interval(-0.005, -0.006, -0.004, 0),
    )
    open_, none = Interval(-0.03, -0.08, 0.02, 0.4), Interval(np.nan, np.nan, np.nan, np.nan)
    for all_, weak, expected in (
        (worse, better, "harmful"),
        (better, worse, "harmful"),
        (sure, better, "helped"),
        (better, none, "helped"),
        (sure, none, "no difference"),
        (open_, open_, "no difference"),
    ):
        assert verdict_of({"accuracy": all_, "weak_accuracy": weak}) == expected


def test_the_interval_is_the_corrected_one(monkeypatch):
    seen = []

    def watched(values, share):
        seen.append((len(values), share))
        return paired(values, share)

    monkeypatch.setattr(_error_weights, "paired", watched)
    X, y = flipped(2, n=500)
    im.upweight_errors(LogisticRegression(), X, y, by="row", lift=3, cv="5x2", rng=0)
    assert seen == [(10, 0.25)] * 3
    # half width t_9 sqrt(1/10 + 1/4) s, where folds taken as independent give t_9 sqrt(1/10) s
    assert paired([0, 1] * 5, 0.25).half / paired([0, 1] * 5, 0.0).half == pytest.approx(np.sqrt(3.5))


def test_the_screen_says_what_was_done():
    X, y = flipped(0, n=1000)
    found = im.upweight_errors(LogisticRegression(), X, y, by="row", lift=6, ess=0.1, cv="5x1", rng=0)
    text = str(found)
    assert text.startswith(f"harmful: {100 * found.share:.1f} % of the rows weigh 6.00 times as much, by row.")
    assert "accuracy" in text
    assert "->" in text
    assert "where weak" not in text
    assert "disagree with all of their ten nearest: wrong labels look like that." in text
    assert repr(found).startswith("ErrorWeights(harmful, share 0.")


def test_the_docstring_warns():
    doc = " ".join(im.upweight_errors.__doc__.split())
    for needed in (
        "flips every right decision",
        "lift/(1+lift)",
        "from .75 to .27",
        "a weak group rose from .60 to .70",
        "lost .01",
    ):
        assert needed in doc


def test_bad_settings_are_refused_in_words():
    X, y = flipped(0, n=200)
    for more, text in (
        ({"by": "rows"}, "unknown `by` 'rows'. Did you mean 'row'"),
        ({"by": "group"}, "by='group' needs `group`, one label a row"),
        ({"lift": 0.5}, "`lift` must be a finite factor of 1 or more; got 0.5"),
        ({"lift": "a"}, "`lift` must be a finite factor of 1 or more; got 'a'"),
        ({"ess": 0}, "`ess` must be a share in"),
        ({"ess": "a"}, "`ess` must be a share in"),
        ({"cv": 1}, "`cv` needs 2 folds or more"),
        ({"group": np.zeros(3)}, "`group` must be one label a row"),
    ):
        with pytest.raises(ValueError, match=text):
            im.upweight_errors(LogisticRegression(), X, y, **more)
    with pytest.raises(ValueError, match="5 folds need 5 rows of every class; 1 has 3"):
        im.upweight_errors(LogisticRegression(), X, (np.arange(200) < 3).astype(int))


def test_the_row_of_a_comparison_lifts_the_same_rows():
    X, y = flipped(0, n=600)
    m = Lifted(LogisticRegression(), by="row", lift=3, ess=0.2, rng=0).fit(X, y)
    assert m.lift_ == 3.0
    assert 0.1 < m.share_ < 0.5
    assert m.correction_.status == "impossible"
    plain = LogisticRegression().fit(X, y).predict_proba(X)
    assert abs(m.predict_proba(X) - plain).max() > 0.05


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_a_bar_is_shown_on_a_terminal_only_and_taken_away(monkeypatch, capsys):
    X, y = flipped(0, n=200)

    def lift():
        return im.upweight_errors(LogisticRegression(), X, y, cv="3x1", rng=0)

    told = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    with monkeypatch.context() as m:
        m.setattr(sys, "stderr", told)
        lifted = lift()
        m.setattr(_error_weights, "judge", lambda *a: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            lift()
    assert "searching" in told.getvalue()  # the last part, which the bar shows before it goes
    assert "4/4" in told.getvalue()
    assert told.getvalue().count("\x1b[?25l") == told.getvalue().count("\x1b[?25h") == 2  # the cursor is given back
    quiet = lift()
    assert np.array_equal(lifted.lifted, quiet.lifted)
    assert capsys.readouterr() == ("", "")
