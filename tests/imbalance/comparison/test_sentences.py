"""Every sentence that a comparison prints is true of its table: thousands of made-up tables, read by an independent eye.

Each sentence must be of a form known here (`FORMS`), and each form is checked against the plain figures of the table, by its own
reading of what the words claim. Nothing of the verdict's code is used but the margins that the page states.
"""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from upweight.imbalance.comparison._sentences import join, sentences_of

SPEC = importlib.util.spec_from_file_location("made_up_tables", Path(__file__).with_name("made_up_tables.py"))
TABLES = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(TABLES)
CONTROLS, TRY_AS, made_up = TABLES.CONTROLS, TABLES.TRY_AS, TABLES.made_up

# ---- what a table says, read plainly ----------------------------------------------------------------------------------------


class Table:
    """The plain figures, and the few words that the sentences use of them."""

    def __init__(self, reading, rows):
        self.reading, self.rows, self.plan = reading, rows, reading.plan
        aside = {"none", "threshold", *TRY_AS}
        self.remedies = [r for n, r in rows.items() if n not in aside and r.error is None]
        self.measured = [r for r in self.remedies if np.isfinite(r.ap_low)]
        self.controls = [r for n, r in rows.items() if n in TRY_AS and r.error is None]
        self.costs = reading.figures.cost
        self.priced = [r for r in self.remedies if np.isfinite(self.costs[r.name].low)]
        self.better_controls = [r for r in self.controls if r.ap_low > 0.01]

    def sure_gain(self, r):
        return r.ap_p < 0.05 and r.ap_diff > 0

    def sure_loss(self, r):
        return r.ap_p < 0.05 and r.ap_diff < 0

    def within(self, r):
        return r.ap_low >= -0.01 and r.ap_high <= 0.01

    def cost_gain(self, r):
        return self.costs[r.name].p < 0.05 and self.costs[r.name].mean < 0

    def earned(self, r):
        gain = self.cost_gain(r) if self.plan.cost else self.sure_gain(r) and not self.within(r)
        return gain and not r.log_loss_low > 0 and (r.rival is None or r.rival_low > 0)


def names_in(text, table, meant):
    """The names of a list; "and 4 others" must be as many as are left of `meant`."""
    listed = re.split(r", | and ", text)
    more = re.fullmatch(r"(\d+) others", listed[-1])
    if more:
        listed = listed[:-1]
        assert len(listed) + int(more[1]) == len(meant)
    else:
        assert len(listed) == len(meant)
    assert set(listed) <= {r.name for r in meant}, (listed, meant)
    return [table.rows[n] for n in listed]


def numbers(text):
    return [float(x) for x in re.findall(r"[+-]?\d*\.\d+|[+-]?\d+", text)]


AP = r"AP ([+-]?[.\d]+ \[[^\]]+\])"
COST = r"([+-][.\d]+ \[[^\]]+\]) per 1,000 rows"


def is_interval(text, i, digits=3):
    assert numbers(text)[:3] == pytest.approx(
        [round(x, digits) for x in (i.mean, i.low, i.high)], abs=0.51 * 10**-digits
    )


def try_another(m, t):
    best = max(t.better_controls, key=lambda r: r.ap_diff)
    assert best.name == m["name"]
    is_interval(m["ap"], best.ap_change)


def move(m, t):
    assert not any(map(t.earned, t.remedies))
    assert t.reading.code == "move_threshold"
    half = (
        t.plan.cost in (None, 1.0) and f"{t.rows['threshold'].threshold:.2g}" == "0.5" and len(t.plan.task.classes) == 2
    )
    if m["nothing"]:
        assert f"{t.rows['threshold'].threshold:.2g}" == "0.5"
    else:
        assert not half
    assert bool(m["learner"]) == bool(t.better_controls)


def used(m, t):
    best = t.rows[m["name"]]
    assert t.reading.code == f"use:{best.name}"
    assert t.earned(best)
    if "ap" in m.groupdict():
        is_interval(m["ap"], best.ap_change)
        assert best.ap_diff == max(r.ap_diff for r in t.measured if t.earned(r))
    else:
        is_interval(m["cost"], t.costs[best.name], 2)


def none_ranks_better(m, t):
    assert not any(map(t.sure_gain, t.measured))
    best = t.rows[m["name"]]
    assert best.ap_diff == max(r.ap_diff for r in t.measured)
    is_interval(m["ap"], best.ap_change)
    assert not all(map(t.sure_loss, t.measured)) or len(t.measured) == 1 or any(map(t.within, t.measured))


def not_once_allowed(m, t):
    none_ranks_better(m, t)
    best = t.rows[m["name"]]
    assert best.ap_low > 0
    assert best.ap_p >= 0.05
    assert int(m["count"]) == sum(np.isfinite(r.ap_p) for r in t.rows.values())
    assert numbers(m["p"])[0] == pytest.approx(best.ap_p, abs=0.0051)


def none_changes(m, t):
    assert all(map(t.within, t.measured))
    is_interval(m["ap"], t.rows[m["name"]].ap_change)


def all_worse(m, t):
    assert all(map(t.sure_loss, t.measured))
    best = t.rows[m["name"]]
    assert best.ap_diff == max(r.ap_diff for r in t.measured)
    is_interval(m["ap"], best.ap_change)


def better_but(m, t):
    best = t.rows[m["name"]]
    assert not t.earned(best)
    if "ap" in m.groupdict():
        assert t.sure_gain(best)
        is_interval(m["ap"], best.ap_change)
    else:
        assert t.cost_gain(best)
        is_interval(m["cost"], t.costs[best.name], 2)
    why = m["why"]
    if why.startswith("by no more"):
        assert t.within(best)
    elif why.startswith("its log loss"):
        assert best.log_loss_low > 0
        assert numbers(why)[0] == pytest.approx(best.log_loss_diff, abs=6e-5)
    elif why.startswith("its control"):
        assert not np.isfinite(best.rival_low)
        assert best.rival in why
    else:
        assert why == f"it is not shown to rank better than its control {best.rival}"
        assert not best.rival_low > 0


def none_costs_less(m, t):
    assert not any(map(t.cost_gain, t.priced))
    best = t.rows[m["name"]]
    is_interval(m["cost"], t.costs[best.name], 2)
    assert t.costs[best.name].mean == min(t.costs[r.name].mean for r in t.priced)


def all_cost_more(m, t):
    assert all(t.costs[r.name].p < 0.05 and t.costs[r.name].mean > 0 for r in t.priced)


def too_few(m, t):
    least = min(np.bincount(t.plan.task.codes))
    assert int(m["n"]) == least < 20


def chance(m, t):
    auc = t.reading.figures.auc
    assert auc.low <= 0.5
    assert auc.mean < 0.55
    assert auc.high < 0.65
    if m["more"] == " No remedy for imbalance mends that.":
        assert not any(r.ap_low > 0 for r in t.remedies)
        assert not t.better_controls


def cannot_tell_auc(m, t):
    assert t.reading.figures.auc.low <= 0.5 <= t.reading.figures.auc.high


def told_apart(r, t):
    return t.sure_gain(r) or t.sure_loss(r)


def open_zero(m, t):
    meant = [r for r in others(t) if not told_apart(r, t) and not t.within(r) and r.ap_low <= 0 <= r.ap_high]
    for r in names_in(m["names"], t, meant):
        assert r.ap_p >= 0.05


def open_holm(m, t):
    meant = [r for r in others(t) if not told_apart(r, t) and not t.within(r) and (r.ap_low > 0 or r.ap_high < 0)]
    for r in names_in(m["names"], t, meant):
        assert r.ap_p >= 0.05
    p = sorted(r.ap_p for r in meant)
    assert numbers(m["p"])[0] == pytest.approx(p[0], abs=0.0051)
    assert numbers(m["p"])[-1] == pytest.approx(p[-1], abs=0.0051)
    assert int(m["count"]) == sum(np.isfinite(r.ap_p) for r in t.rows.values())


def others(t):
    best = t.reading.best
    return [r for r in t.measured if best is None or r.name != best.name]


def better_too(m, t):
    names_in(m["names"], t, [r for r in others(t) if t.sure_gain(r) and not t.within(r)])


def no_difference(m, t):
    names_in(m["names"], t, [r for r in others(t) if t.within(r)])


def worse(m, t):
    names_in(m["names"], t, [r for r in t.measured if t.sure_loss(r) and not t.within(r)])


def cut(m, t):
    none, threshold = t.rows["none"], t.rows["threshold"]
    assert int(m["raw"]) == round(100 * none.raw_recall)
    if m["at"]:
        assert float(m["at"]) == pytest.approx(threshold.threshold, rel=0.06)
        assert int(m["recall"]) == round(100 * threshold.recall)
    assert int(m["alerts"].replace(",", "")) == round(threshold.alerts)
    priced = 1 if m["price"].startswith("one") else numbers(m["price"].replace(",", ""))[0]
    wanted = t.plan.cost or (1 - threshold.threshold) / threshold.threshold
    assert priced == pytest.approx(wanted, abs=0.51 if wanted > 9 else 0.051)
    if m["name"]:
        assert int(m["same"]) == round(100 * t.rows[m["name"]].recall_same_alerts)


def cut_many(m, t):
    assert int(m["raw"]) == round(100 * t.rows["none"].raw_recall)
    assert int(m["recall"]) == round(100 * t.rows["threshold"].recall)


def repaired_rows(t):
    return [r for n, r in t.rows.items() if n != "none" and r.error is None and np.isfinite(r.oe)]


def promised(m, t):
    done = [r for r in t.rows.values() if r.error is None and np.isfinite(r.oe_raw)]
    for part in re.split("; ", m["before"] or ""):
        if not part:
            continue
        found = re.fullmatch(r"(?:Before repair, )?(.*) promises? (.*) times too (many|few) .*", part)
        many = found[3] == "many"
        meant = [r for r in done if (r.oe_raw < 0.8 if many else r.oe_raw > 1.25)]
        names_in(found[1], t, meant)
        factors = [1 / r.oe_raw if many else r.oe_raw for r in meant]
        assert numbers(found[2])[0] == pytest.approx(min(factors), rel=0.051)
        assert numbers(found[2])[-1] == pytest.approx(max(factors), rel=0.051)
    if m["whose"]:
        kept = [r for r in repaired_rows(t) if 0.9 <= r.oe <= 1.1]
        off = [r for r in repaired_rows(t) if not 0.9 <= r.oe <= 1.1]
        if m["whose"] == "all methods keep their":
            assert not off
        elif m["whose"] != "the others keep their":
            (kept_alone,) = kept
            assert m["whose"] == f"{kept_alone.name} keeps its"
        assert all(100 * abs(r.oe - 1) <= int(m["within"]) + 1e-6 for r in kept)
        assert max(100 * abs(r.oe - 1) for r in kept) > int(m["within"]) - 1.000001
        none = t.rows["none"].oe
        assert bool(m["none"]) == (np.isfinite(none) and 100 * abs(none - 1) > int(m["within"]) + 1e-9)
    for name, oe in re.findall(r"(\S+): O/E ([\d.]+) even after repair\.", m["off"]):
        assert float(oe) == pytest.approx(t.rows[name].oe, abs=0.0051)
        assert not 0.9 <= t.rows[name].oe <= 1.1
    assert m["off"].count("even after repair") == sum(not 0.9 <= r.oe <= 1.1 for r in repaired_rows(t))


def gain_is_controls(m, t):
    r = t.rows[m["name"]]
    control = t.rows[CONTROLS[r.name]]
    assert t.sure_gain(r)
    assert control.ap_low > 0
    assert r.rival_high <= 0.01
    assert m["label"] == f"label of {control.name}"


def gain_is_open(m, t):
    r = t.rows[m["name"]]
    assert t.sure_gain(r)
    assert not r.rival_low > 0
    assert CONTROLS[r.name] == m["control"]
    if m["ap"]:
        is_interval(m["ap"], t.rows[m["control"]].ap_change)


def resolution(m, t):
    half = {r.name: (r.ap_high - r.ap_low) / 2 for r in t.measured}
    for width, name in re.findall(r"±([\d.]+) for ([^\s,.]+)", m["ends"]):
        assert float(width) == pytest.approx(half[name], abs=0.00051)
    told = re.findall(r"for ([^\s,.]+)", m["ends"])
    assert half[told[0]] == min(half.values())
    assert half[told[-1]] == max(half.values())


def leak(m, t):
    assert m["name"] in [x.name for x in t.reading.facts.leaks]
    assert t.reading.grade in ("unreliable", "unusable")


def anything(m, t):
    pass


def failed(m, t):
    assert t.rows[m["name"]].error == m["error"]


def copies(m, t):
    assert int(m["n"]) == t.reading.facts.copies
    assert bool(m["group"]) == (t.plan.task.group is None)


def repeat(m, t):
    assert t.plan.task.group is None
    assert (m["name"], int(m["n"])) == t.reading.facts.repeat


def balanced(m, t):
    assert 0.4 < t.reading.facts.share < 0.6


NAMES = r"(?P<names>[\w, ]+?)"
FORMS = [
    (r"Stopped early: [\d,]+ of [\d,]+ fits are in; the figures are of the folds that finished\.", anything),
    (r"Column '(?P<name>[^']+)' may give the label away: do you know it before the fact\? .* and compare again\.", leak),
    (rf"Try another learner first.*\. With nothing balanced (?P<name>\w+) ranks better than moving the threshold: (?P<ap>{AP})\.", try_another),
    (r"(?P<learner>With this learner )?(?:(?P<nothing>[Cc]hange nothing: even the threshold is where it should be)\.|[Mm]ove the threshold(?:; change nothing else)?\.)", move),
    (rf"(?P<name>\w+) ranks better than moving the threshold: (?P<ap>{AP})\.", used),
    (rf"(?P<name>\w+) costs less than moving the threshold: (?P<cost>{COST})\.", used),
    (rf"No remedy is shown to rank better than moving the threshold: best (?P<name>\w+), (?P<ap>{AP})\.", none_ranks_better),
    (rf"No remedy is shown to rank better once (?P<count>\d+) comparisons are allowed for \(Holm\): best (?P<name>\w+), (?P<ap>{AP}), adjusted p (?P<p>[.\d]+)\.", not_once_allowed),
    (rf"No remedy changes the ranking by more than 0\.01: best (?P<name>\w+), (?P<ap>{AP})\.", none_changes),
    (rf"Every remedy ranks worse than moving the threshold, for sure after Holm's adjustment: the best, (?P<name>\w+), (?P<ap>{AP})\.", all_worse),
    (rf"(?P<name>\w+) ranks better, (?P<ap>{AP}), but (?P<why>.*)\.", better_but),
    (rf"(?P<name>\w+) costs less, (?P<cost>{COST}), but (?P<why>.*)\.", better_but),
    (rf"No remedy is shown to cost less: best (?P<name>\w+), (?P<cost>{COST})\.", none_costs_less),
    (rf"Every remedy costs more: the least, (?P<name>\w+), (?P<cost>{COST})\.", all_cost_more),
    (r"Too few to compare: (?P<n>\d+) rows of the rarest class, 20 are needed\. Collect more before choosing a remedy\.", too_few),
    (r"The learner ranks no better than chance: AUC [^.]*\.\d+ \[[^\]]*\]\.(?P<more>.*)", chance),
    (r"These folds cannot tell whether the learner ranks at all: AUC .*\. More rows, folds or repeats may\.", cannot_tell_auc),
    (rf"{NAMES} ranks? better too \(Holm's p below 0\.05\)\.", better_too),
    (rf"{NAMES} makes? no difference to the ranking \(AP within 0\.01\)\.", no_difference),
    (rf"{NAMES} cannot be told apart from moving the threshold\.", open_zero),
    (rf"{NAMES} cannot be told apart from (?:it either|moving the threshold): the intervals? leaves? out zero, but (?P<count>\d+) comparisons were made \(Holm's p (?P<p>[^)]*)\)\.", open_holm),
    (r"At 0\.5 it finds (?P<raw>\d+) % of the positives(?:; at (?P<at>[\d.e-]+) it finds (?P<recall>\d+) %)?, with (?P<alerts>[\d,]+) alerts per 1,000 rows(?:: right if a miss is as bad as|, a miss being worth) (?P<price>.*?) false alarms?(?: \(else say --cost\))?\.(?: (?P<name>\w+), as many alerts: (?P<same>\d+) %\.)?", cut),
    (r"Largest p finds (?P<raw>\d+) % of a class on average; largest p/prior finds (?P<recall>\d+) %\.", cut_many),
    (r"(?P<before>Before repair, .*? times too (?:many|few) (?:positives|rows of a class)(?:; [\w, ]+ promises? [\d. to]+ times too few (?:positives|rows of a class))?)?(?:(?:; r|R)epaired, (?P<whose>.*?) promises within (?P<within>\d+) %(?P<none> \(none is not repaired: O/E [\d.]+\))?)?\.?(?P<off>(?: ?\w+: O/E [\d.]+ even after repair\.)*)", promised),
    (rf"{NAMES} ranks? worse than moving the threshold \(Holm's p below 0\.05\)\.", worse),
    (r"The gain of (?P<name>\w+) is (?P<label>[\w ]+), not balancing\.", gain_is_controls),
    (rf"The gain of (?P<name>\w+) is not shown to come from balancing: (?P<control>\w+), with nothing balanced, has (?P<ap>{AP})\.", gain_is_open),
    (r"Where the gain of (?P<name>\w+) comes from is open: its control (?P<control>\w+) has no figures to hold it against(?P<ap>)\.", gain_is_open),
    (r"AP differences are known (?P<ends>.*)", resolution),
    (r"The labels 'Yes' \(84\) and 'yes' \(41\) differ only in case: if they mean one class, write them alike\.", anything),
    (r"The classes are nearly balanced \(.*\): there is little to mend\.", balanced),
    (r"(?P<n>\d+) rows equal another in every column; a copy in train and test flatters flexible learners\.(?P<group> Rows that belong together can be named by --group\.)?", copies),
    (r"Column '(?P<name>\w+)' has (?P<n>[\d,]+) values in [\d,]+ rows: if its rows belong together, --group customer keeps them in one fold\.", repeat),
    (r"(?P<name>\w+) failed: (?P<error>.*)", failed),
]  # fmt: skip


def check(sentence, table):
    for form, claim in FORMS:
        found = re.fullmatch(form, sentence)
        if found and sentence:
            claim(found, table)
            return
    pytest.fail(f"a sentence of no known form: {sentence}")


def pieces(sentence):
    """Advice comes with what is known of remedies: "Move the threshold; change nothing else. No remedy ..."."""
    found = re.match(r"((?:With this learner )?(?:[Mm]ove the threshold|[Cc]hange nothing)[^.]*\.) (.*)", sentence)
    return [found[1], found[2]] if found else [sentence]


@pytest.mark.parametrize("block", range(8))
def test_every_sentence_is_true_of_its_table(block):
    for seed in range(250 * block, 250 * (block + 1)):
        reading, rows, complete = made_up(seed)
        table = Table(reading, rows)
        said = sentences_of(reading, complete=complete, done=7)
        assert not [s for s in said if re.search(r"\b(nan|inf)\b", s)]
        for sentence in said:
            for piece in pieces(sentence):
                try:
                    check(piece, table)
                except AssertionError as error:
                    raise AssertionError(f"seed {seed}: {piece}\n{error}") from error
        must_be_said(reading, table, said)


def must_be_said(reading, table, said):
    """What a reader must not miss stands first, and nobody finished goes unmentioned where remedies are weighed."""
    text = " ".join(said)
    after = [s for s in said if not s.startswith("Stopped early")]
    if reading.facts.leaks:
        assert after[0].startswith("Column '")
    elif table.better_controls and reading.code not in ("too_few", "incomplete"):
        assert after[0].startswith("Try another learner first")
    if table.better_controls and reading.code not in ("too_few", "incomplete"):
        assert "change nothing else" not in text
    for r in rows_that_failed(table):
        assert f"{r.name} failed: " in text


def rows_that_failed(table):
    return [r for r in table.rows.values() if r.error]


def test_the_reader_would_notice_a_lie():
    reading, rows, _ = next(
        m
        for m in map(made_up, range(500))
        if m[0].code == "move_threshold" and Table(*m[:2]).measured and m[0].plan.cost is None
    )
    table = Table(reading, rows)
    name = table.measured[0].name
    for lie in (
        f"No remedy is shown to rank better than moving the threshold: best {name}, AP +.999 [+.998, +1.000].",
        f"{name} ranks better than moving the threshold: AP +.999 [+.998, +1.000].",
        "Repaired, all methods keep their promises within 0 %.",
    ):
        with pytest.raises(AssertionError):
            check(lie, table)


def test_names_are_joined_and_many_are_counted():
    assert join(["a"]) == "a"
    assert join(["a", "b"]) == "a and b"
    assert join(list("abcdefg"), most=4) == "a, b, c and 4 others"
