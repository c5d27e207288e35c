"""Verdict and sentences from made-up figures: every rule, and the words for it."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from upweight.imbalance.comparison._cells import ComparisonPlan
from upweight.imbalance.comparison._facts import Facts
from upweight.imbalance.comparison._method_result import MethodResult
from upweight.imbalance.comparison._methods import Method
from upweight.imbalance.comparison._results import Figures
from upweight.imbalance.comparison._sentences import join, sentences_of
from upweight.imbalance.comparison._suspicions import Leak
from upweight.imbalance.comparison._verdict import read_figures
from upweight.imbalance.rebalance._members import Task
from upweight.learners._statistics import Interval

TRY_AS = {"boosted": "boosting"}


def plan(names, counts=(900, 100), cost=None, rivals=None):
    codes = np.repeat(np.arange(len(counts)), counts)
    rivals = rivals or {}
    flags = {"none": {"untouched": True}, "threshold": {"reference": True}}
    methods = tuple(
        Method(n, f"label of {n}", lambda: None, rival=rivals.get(n), try_as=TRY_AS.get(n, ""), **flags.get(n, {}))
        for n in names
    )
    task = Task(None, codes, np.arange(len(counts)), 1)
    return ComparisonPlan(task, LogisticRegression(), methods, np.zeros((5, len(codes)), np.int16), 5, 5, cost, 0)


def row(name, diff=0.0, half=0.01, p=1.0, **more):
    shown = {
        "ap": 0.8,
        "roc_auc": 0.9,
        "oe": 1.0,
        "oe_raw": 1.0,
        "recall": 0.9,
        "alerts": 170.0,
        "threshold": 0.1,
        "folds": 25,
    }
    changes = {
        "ap_change": Interval(diff, diff - half, diff + half, p),
        "log_loss_change": Interval(0.0, -0.01, 0.01, 1.0),
        "raw_recall": 0.7,
        "recall_same_alerts": 0.88,
    }
    return MethodResult(name, f"label of {name}", **(shown | changes | more))


def changed(low, mean=None, high=None):
    """An interval that starts at `low`."""
    mean = low + 0.01 if mean is None else mean
    return Interval(mean, low, mean + 0.01 if high is None else high, 0.0)


def read(*rows, counts=(900, 100), auc=(0.9, 0.85, 0.95), facts=None, cost=None, costs=None, rivals=None):
    both = (row("none"), row("threshold"), *rows)
    p = plan([r.name for r in both], counts, cost, rivals)
    costs = costs or {}
    figures = Figures(both, {}, Interval(*auc, 0.0), {n: i._replace(p=p) for n, (i, p) in costs.items()})
    given = facts or Facts(sum(counts), 5, counts[1], counts[1] / sum(counts), 0)
    return read_figures(p, given, figures)


def text(reading, **more):
    return " ".join(sentences_of(reading, **({"complete": True, "done": 1} | more)))


def test_nothing_better_means_move_the_threshold():
    r = read(row("weights", -0.004, 0.03), row("random_under", -0.02, 0.04))
    assert r.code == "move_threshold"
    assert (
        "Move the threshold; change nothing else. No remedy is shown to rank better than moving the threshold: best weights, AP -.004 [-.034, +.026]."
        in text(r)
    )
    assert "random_under cannot be told apart from moving the threshold." in text(r)
    assert (
        "At 0.5 it finds 70 % of the positives; at 0.1 it finds 90 %, with 170 alerts per 1,000 rows: right if a miss is as bad as 9 false alarms (else say --cost). weights, as many alerts: 88 %."
        in text(r)
    )


def test_an_interval_above_zero_that_adjustment_does_not_bear_out_is_said():
    r = read(row("trees", 0.1, 0.09, p=0.14), row("weights"))
    assert r.code == "move_threshold"
    assert (
        "No remedy is shown to rank better once 4 comparisons are allowed for (Holm): best trees, AP +.100 [+.010, +.190], adjusted p .14."
        in text(r)
    )


def test_a_remedy_that_is_better_and_keeps_its_log_loss_is_used():
    r = read(row("smote", 0.05, 0.02, p=0.001), row("weights", 0.03, 0.01, p=0.01))
    assert r.code == "use:smote"
    assert "smote ranks better than moving the threshold: AP +.050 [+.030, +.070]." in text(r)


def test_a_better_ranking_at_a_worse_log_loss_is_not_used():
    r = read(row("smote", 0.05, 0.02, p=0.001, log_loss_change=changed(0.01, 0.02)))
    assert r.code == "move_threshold"
    assert "smote ranks better, AP +.050 [+.030, +.070], but its log loss is worse by 0.0200." in text(r)


def test_a_remedy_must_beat_its_control():
    fancy = row("easy", 0.05, 0.02, p=0.001, rival="boosted", rival_change=changed(-0.03, -0.01, 0.01))
    r = read(fancy, row("boosted", 0.06, 0.02, p=0.001), rivals={"easy": "boosted"})
    assert r.code == "move_threshold"
    assert "control_explains" in r.reasons
    assert "The gain of easy is label of boosted, not balancing." in text(r)
    beats = replace(fancy, rival_change=changed(0.01))
    assert read(beats, row("boosted", 0.02, 0.01, p=0.001), rivals={"easy": "boosted"}).code == "use:easy"


def test_a_control_that_ranks_better_by_itself_says_try_another_learner():
    easy = row("easy", 0.01, 0.03, rival="boosted", rival_change=changed(-0.08, -0.05, -0.02))
    said = "Try another learner first: --learner boosting. With nothing balanced boosted ranks better than moving the threshold: AP +.060 [+.040, +.080]. With this learner move the threshold. "
    assert said in text(read(easy, row("boosted", 0.06, 0.02), rivals={"easy": "boosted"}))
    assert "another learner" not in text(read(easy, row("boosted", 0.06, 0.051), rivals={"easy": "boosted"}))
    assert "another learner" not in text(read(easy, row("smote", 0.06, 0.02), rivals={"easy": "boosted"}))


def test_copies_advise_a_group_only_where_none_was_named():
    facts = Facts(1000, 5, 100, 0.1, 90)
    r = read(row("weights"), facts=facts)
    assert "90 rows equal another in every column; a copy in train and test" in text(r)
    assert "can be named by --group" in text(r)
    named = replace(r, plan=replace(r.plan, task=replace(r.plan.task, group=np.zeros(1000))))
    assert "90 rows equal another in every column; a copy in train and test" in text(named)
    assert "can be named by --group" not in text(named)


def test_a_row_that_is_out_of_the_running_does_not_blur_the_others():
    calm, wild = row("smote", -0.001, 0.012), row("nearmiss3", -0.6, 0.3, p=0.2)
    assert "resolution" not in read(calm, wild).reasons
    assert "resolution" in read(calm, row("nearmiss3", -0.2, 0.3, p=0.2)).reasons


def test_with_a_cost_the_cost_decides():
    gain = {"smote": (Interval(-4.0, -6.0, -2.0, 0.001), 0.002), "weights": (Interval(1.0, -1.0, 3.0, 0.3), 0.3)}
    rows = row("smote", -0.001, 0.02), row("weights", 0.05, 0.02, p=0.001)
    r = read(*rows, cost=20.0, costs=gain)
    assert r.code == "use:smote"
    assert "smote costs less than moving the threshold: -4.00 [-6.00, -2.00] per 1,000 rows." in text(r)
    r = read(*rows, cost=20.0, costs=gain | {"smote": (Interval(-4.0, -9.0, 1.0, 0.2), 0.2)})
    assert r.code == "move_threshold"
    assert "No remedy is shown to cost less: best smote, -4.00 [-9.00, +1.00] per 1,000 rows." in text(r)


def test_under_twenty_rows_of_a_class_is_too_few():
    r = read(row("weights"), counts=(900, 19))
    assert (r.code, r.grade) == ("too_few", "unusable")
    assert "Too few to compare: 19 rows of the rarest class, 20 are needed." in text(r)
    assert read(row("weights"), counts=(900, 20)).code == "move_threshold"


@pytest.mark.parametrize(
    ("auc", "code"),
    [((0.52, 0.49, 0.55), "no_signal"), ((0.4, 0.3, 0.49), "no_signal"), ((0.52, 0.505, 0.53), "move_threshold")],
)
def test_an_auc_interval_that_holds_a_half_is_no_signal(auc, code):
    r = read(row("weights"), auc=auc)
    assert r.code == code
    if code == "no_signal":
        assert r.grade == "unusable"
        assert f"The learner ranks no better than chance: AUC {auc[0]:.3f} [{auc[1]:.3f}, {auc[2]:.3f}]." in text(r)


def test_few_folds_that_cannot_tell_do_not_say_chance():
    r = read(row("weights"), auc=(0.805, 0.429, 1.181))
    assert r.code == "no_signal"
    assert "These folds cannot tell whether the learner ranks at all: AUC 0.805 [0.429, 1.000]." in text(r)
    assert "chance" not in text(r)


def test_a_sure_gain_that_makes_no_difference_is_not_used():
    tiny = row("random_under", 0.0004, 0.0001, p=0.01)
    r = read(tiny)
    assert (r.code, r.reasons) == ("move_threshold", ())
    assert (
        "random_under ranks better, AP .000 [.000, +.001], but by no more than 0.01, which makes no difference."
        in text(r)
    )
    assert "control_explains" not in read(replace(tiny, rival="boosted", rival_change=changed(-0.1))).reasons


def test_a_threshold_that_stays_at_a_half_is_not_moved():
    r = read(row("weights"))
    half = replace(
        r, figures=replace(r.figures, results=tuple(replace(x, threshold=0.4999) for x in r.figures.results))
    )
    assert text(half).startswith(
        "Change nothing: even the threshold is where it should be. No remedy is shown to rank better"
    )
    assert (
        "At 0.5 it finds 70 % of the positives, with 170 alerts per 1,000 rows: right if a miss is as bad as one false alarm"
        in text(half)
    )


@pytest.mark.parametrize(
    ("share", "balanced"), [(0.39, False), (0.41, True), (0.59, True), (0.61, False), (0.97, False)]
)
def test_balance_is_of_the_rarer_class_whichever_is_asked_about(share, balanced):
    r = read(row("weights"), facts=Facts(1000, 5, int(1000 * share), share, 0))
    assert ("already_balanced" in r.reasons) == balanced
    assert ("nearly balanced" in text(r)) == balanced


def test_where_nothing_is_repaired_there_are_no_others():
    off = row("weights", oe=0.5, oe_raw=0.2)
    r = read(off)
    r = replace(r, figures=replace(r.figures, results=tuple(replace(x, oe=0.5, oe_raw=0.2) for x in r.figures.results)))
    assert "others" not in text(r)
    assert "weights: O/E 0.50 even after repair." in text(r)


@pytest.mark.parametrize(
    ("positives", "half", "grade"),
    [
        (99, 0.001, "unreliable"),
        (100, 0.051, "unreliable"),
        (100, 0.03, "usable"),
        (100, 0.02, "good"),
        (100, 0.021, "usable"),
    ],
)
def test_grades_by_rows_and_width(positives, half, grade):
    assert read(row("weights", 0.0, half), counts=(900, positives)).grade == grade


def test_the_width_of_a_harmful_row_does_not_count():
    r = read(row("weights", 0.0, 0.01), row("nearmiss1", -0.3, 0.1, p=0.001))
    assert r.grade == "good"
    assert "harmful" in r.reasons
    assert "nearmiss1 ranks worse than moving the threshold (Holm's p below 0.05)." in text(r)


def test_a_sure_but_tiny_loss_is_no_difference():
    r = read(row("tomek", 0.01), row("weights", -0.002, 0.001, p=0.001))
    assert "harmful" not in r.reasons
    assert "weights makes no difference to the ranking (AP within 0.01)." in text(r)
    assert "weights cannot be told apart" in text(read(row("tomek", 0.005), row("weights", -0.002, 0.009)))


def test_promises_before_and_after_are_told():
    r = read(row("weights", oe_raw=0.65), row("random_under", oe_raw=0.48, oe=1.015))
    assert (
        "Before repair, random_under and weights promise 1.5 to 2.1 times too many positives; repaired, all methods keep their promises within 2 %."
        in text(r)
    )
    assert "overpromises" in r.reasons
    r = read(row("weights", oe_raw=2.0, oe=1.3))
    assert (
        "Before repair, weights promises 2.0 times too few positives; repaired, threshold keeps its promises within 1 %. weights: O/E 1.30 even after repair."
        in text(r)
    )
    assert "not_repaired" in r.reasons
    assert "Repaired, all methods keep their promises within 1 %." in text(read(row("weights")))


@pytest.mark.parametrize(("oe_raw", "reason"), [(0.79, True), (0.81, False), (1.24, False), (1.26, True)])
def test_overpromising_starts_at_a_fifth(oe_raw, reason):
    assert ("overpromises" in read(row("weights", oe_raw=oe_raw)).reasons) == reason


def test_suspicions_about_the_data_are_told():
    facts = Facts(1000, 5, 450, 0.45, 321, (Leak("leak", 0.9996),))
    r = read(row("weights"), facts=facts)
    assert {"already_balanced", "leak", "copies"} <= set(r.reasons)
    assert (
        "Column 'leak' may give the label away: do you know it before the fact? Alone it tells the classes apart, AUC 0.9996. If you do not, leave it out, --exclude leak, and compare again."
        in text(r)
    )
    assert "The classes are nearly balanced (45 %): there is little to mend." in text(r)
    assert "321 rows equal another in every column" in text(r)


def test_what_cannot_be_resolved_is_told():
    r = read(row("weights", 0.0, 0.034))
    assert "resolution" in r.reasons
    assert "AP differences are known only to within ±.034 for weights." in text(r)
    assert "are known" not in text(read(row("weights", 0.0, 0.01)))


def test_a_failed_row_is_told_and_left_out():
    r = read(MethodResult("bad", "bad", error="ValueError: no", folds=0), row("weights"))
    assert "bad failed: ValueError: no" in text(r)
    assert [x.name for x in r.remedies] == ["weights"]


def test_a_stopped_comparison_says_so_first():
    r = read(row("weights"), auc=(np.nan, np.nan, np.nan))
    assert (r.code, r.grade) == ("incomplete", "unusable")
    said = sentences_of(r, complete=False, done=3)
    assert said[0].startswith("Stopped early: 3 of 75 fits are in")
    assert not any(s.startswith("Move") for s in said)


def test_several_classes_have_their_own_words():
    r = read(row("weights", oe_raw=0.5), counts=(500, 300, 200))
    assert "Largest p finds 70 % of a class on average; largest p/prior finds 90 %." in text(r)
    assert "promises 2.0 times too many rows of a class" in text(r)


def test_names_are_joined_and_many_are_counted():
    assert join(["a"]) == "a"
    assert join(["a", "b"]) == "a and b"
    assert join(["a", "b", "c"]) == "a, b and c"
    assert join(list("abcdefg"), most=4) == "a, b, c and 4 others"


def test_a_leak_stands_first_and_makes_the_evidence_unreliable():
    for leak in (Leak("late", 1.0), Leak("late", 0.97, gaps=True), Leak("late", 0.96, next_best=0.7)):
        r = read(row("weights", 0.0, 0.001), facts=Facts(1000, 5, 100, 0.1, leaks=(leak,)))
        assert r.grade == "unreliable"
        assert r.reasons[0] == "leak"
        said = sentences_of(r, complete=True, done=75)
        assert said[0].startswith("Column 'late' may give the label away: do you know it before the fact?")
        assert said[1].startswith("Move the threshold")
    assert read(row("weights", 0.0, 0.001)).grade == "good"


def test_one_vague_row_neither_names_the_resolution_alone_nor_decides_the_grade():
    calm = [row(name, 0.0, half) for name, half in (("tomek", 0.003), ("weights", 0.01), ("smote", 0.015))]
    r = read(*calm, row("easy_ensemble", -0.013, 0.09, p=0.8))
    assert r.grade == "good"
    assert "AP differences are known to within ±.003 for tomek, only to within ±.090 for easy_ensemble." in text(r)
    assert read(calm[2], row("a", 0, 0.06), row("b", 0, 0.06)).grade == "unreliable"


def test_a_better_control_is_the_headline_whatever_else_is_told():
    fancy = row("easy", 0.2, 0.08, p=0.001, rival="boosted", rival_change=changed(-0.03, -0.01, 0.005))
    r = read(fancy, row("boosted", 0.2, 0.08, p=0.001), rivals={"easy": "boosted"})
    said = sentences_of(r, complete=True, done=75)
    assert said[0].startswith("Try another learner first: --learner boosting.")
    assert "change nothing else" not in " ".join(said)
    assert "The gain of easy is label of boosted, not balancing." in said
    assert "another_learner" in r.reasons


def test_a_control_without_the_margin_is_no_headline():
    r = read(row("weights"), row("boosted", 0.0004, 0.0001, p=0.001), rivals={"weights": "boosted"})
    assert "another learner" not in text(r)


def test_where_all_are_worse_that_is_said():
    r = read(row("a", -0.023, 0.014, p=0.01), row("b", -0.08, 0.02, p=0.001))
    assert (
        "Every remedy ranks worse than moving the threshold, for sure after Holm's adjustment: the best, a, AP -.023 [-.037, -.009]."
        in text(r)
    )
    assert "No remedy" not in text(r)
    assert text(r).count("worse") == 1


def test_holm_is_named_where_an_interval_leaves_out_zero_and_nothing_is_told_apart():
    r = read(row("a", 0.05, 0.06), row("b", -0.02, 0.015, p=0.13), row("c", -0.02, 0.03))
    assert "c cannot be told apart from moving the threshold." in text(r)
    assert (
        "b cannot be told apart from it either: the interval leaves out zero, but 5 comparisons were made (Holm's p .13)."
        in text(r)
    )


def test_the_learner_as_it_is_has_no_repair_and_is_not_counted_with_the_repaired():
    r = read(row("weights", oe=1.004))
    r = replace(
        r,
        figures=replace(
            r.figures, results=tuple(replace(x, oe=1.24) if x.name == "none" else x for x in r.figures.results)
        ),
    )
    assert "all methods keep their promises within 1 % (none is not repaired: O/E 1.24)." in text(r)


def test_a_gain_whose_control_is_not_shown_to_gain_is_not_put_down_to_it():
    fancy = row("easy", 0.05, 0.02, p=0.001, rival="boosted", rival_change=changed(-0.01, 0.03, 0.07))
    r = read(fancy, row("boosted", 0.02, 0.03, p=0.6), rivals={"easy": "boosted"})
    assert "not balancing" not in text(r)
    assert (
        "The gain of easy is not shown to come from balancing: boosted, with nothing balanced, has AP +.020 [-.010, +.050]."
        in text(r)
    )


def test_a_learner_of_the_advised_kind_is_not_advised_again():
    r = read(row("weights"), row("boosted", 0.06, 0.02), rivals={"weights": "boosted"})
    for learner, flag in (
        (LogisticRegression(), ": --learner boosting."),
        (HistGradientBoostingClassifier(), ": --learner sklearn.ensemble:AdaBoostClassifier."),
    ):
        other = replace(r, plan=replace(r.plan, learner=learner))
        assert f"Try another learner first{flag}" in text(other)


def test_a_miss_is_priced_in_words():
    assert "a miss being worth 20 false alarms." in text(
        read(row("weights"), cost=20.0, costs={"weights": (Interval(0, -1, 1, 1), 1)})
    )
    assert "right if a miss is as bad as 9 false alarms (else say --cost)." in text(read(row("weights")))
