"""Words: foreign text steers nothing, figures never lie about what is missing."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from upweight.report import _words as words


@given(st.text(max_size=300), st.integers(1, 100))
def test_plain_text_has_nothing_unseen_in_it_and_ends(text, limit):
    shown = words.plain(text, limit)
    assert all(unicodedata.category(c) not in words.SPELLED or c in words.JOINERS for c in shown)
    assert "\n" not in shown
    assert len(shown) <= 10 * limit + 40
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=80))
def test_plain_text_leaves_what_is_harmless_as_it_is(text):
    assert words.plain(text) == text


def test_blank_and_absent_text_can_be_told_apart():
    assert (words.plain(None), words.plain(""), words.plain(" \t")) == ("", "(blank)", "(blank)")


def test_long_text_tells_its_length():
    assert words.plain("W" * 10_240).endswith("… (10,240 characters)")


def test_zero_is_zero_and_never_minus_zero():
    assert words.fixed(-0.0001, 2) == "0.00"
    assert words.signed(-0.0001) == "0.000"
    assert words.fixed(None) == words.percent(float("nan")) == words.short(None) == words.count(None) == "–"


def test_figures_are_rounded_and_separated():
    assert words.fixed(1234.56, 1) == "1,234.6"
    assert words.signed(-0.0362) == "−0.036"
    assert words.percent(1.0, 0) == "100\u202f%"
    assert [words.short(v) for v in (0.5, 0.0968, 20, 1e-7)] == ["0.500", "0.0968", "20.0", "1.00e−07"]
    assert [words.count(v) for v in (1797, 12.5)] == ["1,797", "12.5"]


def test_sentences_write_figures_as_the_table_does():
    told = words.sentence("best tomek, AP -.002 [-.004, .008]; a_.5 and v1.5 and x-3 at 93 % and 7%")
    shown = told.replace(words.NARROW, "~").replace(words.FIXED, "_")
    assert shown == "best tomek, AP_−0.002_[−0.004,_0.008]; a_.5 and v1.5 and x-3 at 93~% and 7~%"


def test_every_grade_and_reason_of_the_verdict_has_words():
    assert set(words.GRADES) == {"good", "usable", "unreliable", "unusable"}
    assert set(words.REASONS) == {
        *("harmful", "overpromises", "not_repaired", "resolution", "control_explains"),
        *("already_balanced", "leak", "copies", "another_learner"),
    }


def test_of_the_causes_of_an_unreliable_grade_the_gravest_is_told():
    assert "give the label away" in words.grade("unreliable", [900, 51], ["leak"])
    assert "Only 51 rows" in words.grade("unreliable", [900, 51], ["harmful"])
    assert "not even known to within 0.05" in words.grade("unreliable", [900, 510])
    assert words.grade("good", [900, 510], ["leak"]) == words.GRADES["good"]


def test_a_question_is_a_headline_too():
    told = "Column 'x' may give the label away: do you know it before the fact? Alone it tells the classes apart."
    assert words.headline([told])[0].endswith("before the fact?")
