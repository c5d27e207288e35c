"""The door: a document that is not the one we know is refused by the name of the key that is wrong."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from upweight import _errors, report
from upweight.report import page
from upweight.report._facts import BIN, COLUMN, DATA, ROW, ROW_NUMBERS, SCHEMA, TOP, VERDICT, check

PLACES = {
    "": (TOP, lambda f: f),
    "data.": (DATA, lambda f: f["data"]),
    "verdict.": (VERDICT, lambda f: f["verdict"]),
    "rows[1].": (ROW, lambda f: f["rows"][1]),
    "data.preprocessing[3].": (COLUMN, lambda f: f["data"]["preprocessing"][3]),
    "curves['none'].calibration[2].": (BIN, lambda f: f["curves"]["none"]["calibration"][2]),
}
KEYS = [(place, key) for place, (rules, _) in PLACES.items() for key in rules]


def refusal(facts):
    with pytest.raises(_errors.InputError) as caught:
        page(facts)
    return str(caught.value)


@pytest.mark.parametrize(("place", "key"), KEYS, ids=[place + key for place, key in KEYS])
def test_a_missing_key_is_named(documents, place, key):
    facts = documents.digits(2)
    del PLACES[place][1](facts)[key]
    text = refusal(facts)
    assert f"`{place}{key}` is missing" in text
    assert "upweight compare --json" in text


@pytest.mark.parametrize(("place", "key"), KEYS, ids=[place + key for place, key in KEYS])
def test_a_value_of_the_wrong_kind_is_named_with_what_came(documents, place, key):
    facts = documents.digits(2)
    PLACES[place][1](facts)[key] = {"what": "ever"} if PLACES[place][0][key][0]({}) is False else "text"
    text = refusal(facts)
    assert f"`{place}{key}` must be" in text
    assert "got " in text


def test_another_schema_is_named(documents):
    facts = documents.digits(2)
    assert "`schema` must be 'upweight.compare/1'; got 'upweight.check/1'" in refusal(
        facts | {"schema": "upweight.check/1"}
    )
    del facts["schema"]
    assert "`schema` is missing" in refusal(facts)


@pytest.mark.parametrize(
    "other", ["upweight.compare/2", "upweight.compare/10", "upweight.compare/", "Upweight.compare/1", None, 1]
)
def test_a_document_of_any_other_version_is_refused(documents, other):
    assert "`schema` must be 'upweight.compare/1'; got " in refusal(documents.digits(2) | {"schema": other})


def test_importance_may_be_absent_and_must_be_whole_where_it_is_there(documents):
    facts = documents.digits(2)
    check(facts | {"importance": None})
    check(facts | {"importance": [{"column": "a", "ap_drop": 0.1, "low": None, "high": 0.2}]})
    assert "`importance` must be a list" in refusal(facts | {"importance": "a"})
    assert "`importance[0].low` is missing" in refusal(facts | {"importance": [{"column": "a", "ap_drop": 0.1}]})


@pytest.mark.parametrize("other", [None, [], "text", 3])
def test_what_is_no_document_at_all_is_told_so(other):
    assert f"`facts` must be an object; got {type(other).__name__}" in refusal(other)


def test_a_document_without_rows_is_refused(documents):
    assert "`rows` must hold at least one row; got none" in refusal(documents.digits(2) | {"rows": []})


@pytest.mark.parametrize(
    ("curve", "key", "value", "text"),
    [
        ("operating", "threshold", [0.1, 0.3, 0.2], "`curves['none'].operating.threshold` must increase; it falls first at item 2"),
        ("operating", "true_positives", [1.0], "`curves['none'].operating.true_positives` must be as long as `threshold`; got 1"),
        ("operating", "false_positives", None, "`curves['none'].operating.false_positives` must be a list"),
        ("pr", "recall", "text", "`curves['none'].pr.recall` must be a list"),
        ("pr", "precision", ["a"] * 101, "`curves['none'].pr.precision[0]` must be a number or null; got 'a'"),
    ],
)  # fmt: skip
def test_a_curve_that_does_not_fit_is_named(documents, curve, key, value, text):
    facts = documents.digits(2)
    facts["curves"]["none"][curve][key] = value
    if key == "threshold":
        for other in ("true_positives", "false_positives"):
            facts["curves"]["none"][curve][other] = facts["curves"]["none"][curve][other][:3]
    assert text in refusal(facts)


def test_counts_must_match_classes_and_prevalence_must_be_a_share(documents):
    facts = documents.digits(2)
    facts["data"]["counts"] = [1, 2, 3]
    assert "`data.counts` must have one count a class; got 3 for 2 classes" in refusal(facts)
    facts = documents.digits(2)
    facts["data"]["prevalence"] = 9.68
    assert "`data.prevalence` must lie in [0, 1]; got 9.68" in refusal(facts)


def test_a_message_holds_no_control_characters_of_the_document(documents):
    text = refusal(documents.digits(2) | {"schema": "\x1b[31m\u202e" + "x" * 500})
    assert text.isprintable()
    assert text.isascii()
    assert len(text) < 300


def test_every_number_of_a_row_may_be_null_nan_or_infinite(documents):
    facts = documents.digits(15)
    for found, value in zip(facts["rows"], [None, float("nan"), float("inf")] * 5, strict=True):
        found |= dict.fromkeys(ROW_NUMBERS, value)
    check(facts)
    html = page(facts)
    assert not re.search(r">[^<]*\b(nan|inf|None)\b", html[html.index("<body>") : html.index("<script")])


def test_the_keys_asked_for_are_those_a_comparison_writes():
    from upweight.imbalance.comparison import _document, _method_result, _verdict

    assert _document.SCHEMA == SCHEMA
    assert set(ROW) <= set(_method_result.FLAT)
    assert set(VERDICT) == {field.name for field in fields(_verdict.ComparisonVerdict)}


@pytest.mark.parametrize(
    ("write_page", "schema"),
    [
        (report.shift_page, "shift"),
        (report.verdict_page, "verdict"),
        (report.evaluation_page, "evaluation"),
        (report.rare_page, "rare"),
        (report.posterior_page, "posterior"),
        (report.integral_page, "integral"),
    ],
)
def test_a_missing_key_is_told_in_good_english(write_page, schema):
    with pytest.raises(_errors.InputError, match=f"is missing; an upweight.{schema}/1 document has it"):
        write_page({"schema": f"upweight.{schema}/1"})
