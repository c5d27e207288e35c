"""The page of a verdict: every figure from the document, nothing that runs, nothing raw, and no page of something else."""

import copy
import re

import numpy as np
import pytest

import upweight as uw
from upweight import InputError
from upweight.report import verdict_page, write_verdict


def document(**changes):
    w = uw.Weights.of_log(np.linspace(-1, 1, 60), kind="importance", exact=True)
    by = np.array(["<b>mon</b>\u202e", "tue"] * 30)
    return w.clip(at=2.0).check(by=by).to_dict() | {"data": "<i>w.csv</i>"} | changes


def text_of(page):
    body = page.partition("</style>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_page_shows_the_figures_of_the_document():
    facts = document()
    shown = text_of(verdict_page(facts))
    for figure in (
        f"60 rows worth {facts['ess']:.3g}",
        f"{facts['khat']:.2f}".replace("-", "−"),
        f"{facts['mean']:.3f}",
        "clip",
    ):
        assert figure in shown
    for segment in facts["by"]:
        assert f"{segment['mean']:.3f}" in shown


def test_text_of_the_data_is_escaped_and_nothing_runs():
    page = verdict_page(document())
    assert "<b>mon" not in page
    assert "<i>w.csv" not in page
    assert "&lt;b&gt;mon&lt;/b&gt;[U+202E]" in page
    assert "<script" not in page
    assert "default-src &#39;none&#39;" in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)


def test_the_same_document_gives_the_same_bytes(tmp_path):
    write_verdict(document(), tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text("utf8") == verdict_page(document())


def test_infinite_and_missing_figures_are_dashes():
    page = text_of(verdict_page(document(khat="inf", mean=None, mean_z=None, max_row=None)))
    assert "Tail (k-hat) – want" in page


def test_many_labels_are_cut_and_counted():
    facts = document()
    facts["by"] = [copy.deepcopy(facts["by"][1]) | {"label": f"label {i}"} for i in range(305)]
    shown = text_of(verdict_page(facts))
    assert "label 299 " in shown
    assert "label 300 " not in shown
    assert "5 more labels stand in the document" in shown


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schema": "upweight.verdict/2"}, "`schema` must be 'upweight.verdict/1'; got 'upweight.verdict/2'"),
        ({"n": -1}, "`n` must be a number, 0 or more; got -1"),
        ({"khat": "wide"}, "`khat` must be a number or null; got 'wide'"),
        ({"by": [{"label": []}]}, "`by[0].label` must be text, a number or null"),
        ({"trail": [3]}, "`trail[0]` must be an object; got 3"),
        ({"reasons": {}}, "`reasons` must be a list"),
    ],
)
def test_what_is_no_verdict_is_refused_by_name(changes, why):
    with pytest.raises(InputError) as error:
        verdict_page(document(**changes))
    assert why in str(error.value)


def test_a_key_that_is_missing_is_named():
    facts = document()
    del facts["advice"]
    with pytest.raises(InputError, match="`advice` is missing; an upweight.verdict/1 document has it"):
        verdict_page(facts)
