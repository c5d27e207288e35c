"""The pages of a posterior and of an integral: the same bytes for the same document, every figure in it, text escaped, what is no document refused."""

import copy
import json

import numpy as np
import pytest
from scipy import stats

import upweight as uw
from upweight import InputError
from upweight.cli import main
from upweight.report import integral_page, posterior_page, write_posterior


@pytest.fixture(scope="module")
def posterior():
    """Binomial 7 of 20 under a Beta(2, 5) prior: log evidence -2.492537, mean 9/27."""
    return uw.montecarlo.evidence(lambda x: stats.binom(20, x["p"]).logpmf(7), {"p": stats.beta(2, 5)}, rng=0).to_dict()


@pytest.fixture(scope="module")
def integrals():
    pytest.importorskip("vegas")
    return uw.montecarlo.integrate(lambda x: np.exp(x), [(0, 1)] * 2, budget=1300, rng=0).to_dict()


def code(*words):
    """The exit code of the command line."""
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return end.value.code


def test_a_posterior_says_its_answer_and_draws_two_pictures(posterior):
    page = posterior_page(posterior)
    assert page == posterior_page(copy.deepcopy(posterior))
    assert "Answer: <strong>converged</strong>" in page
    assert "Log evidence −2.49" in page
    assert page.count("<svg") == 2
    assert "0.333" in page
    assert "<script" not in page


def test_the_search_is_drawn_to_scale(posterior):
    """The largest number of effective rows is at the top of the frame, and nothing above it."""
    ess = [row["ess"] for row in posterior["history"] if row.get("ess")]
    page = posterior_page(posterior)
    heights = [float(point.split()[1]) for path in page.split(' d="M')[1:] for point in path.split('"')[0].split("L")]
    assert len(heights) == len([row for row in posterior["history"] if "explorer" in row and "ess" in row])
    largest = max(row["ess"] for row in posterior["history"] if "explorer" in row and "ess" in row)
    assert min(heights) == pytest.approx(312 - 288 * largest / max(ess), abs=0.1)


def test_an_integral_of_two_has_a_row_for_each_and_a_mark_for_every_repeat(integrals):
    page = integral_page(integrals)
    assert "Answer: <strong>believed</strong>" in page
    assert page.count('class="fixed"') == 8
    assert "<bdi>Integral 0</bdi>" in page
    assert "<bdi>Integral 1</bdi>" in page
    one = integrals | {key: integrals[key][0] for key in ("value", "se", "low", "high")}
    assert "<bdi>Integral 1</bdi>" not in integral_page(one)


def test_names_of_columns_and_reasons_are_escaped(posterior):
    bad = "<img src=x onerror=alert(1)>"
    facts = copy.deepcopy(posterior) | {"why": bad, "converged": False}
    facts["means"][0]["name"] = bad
    page = posterior_page(facts)
    assert "<img" not in page
    assert "not converged" in page


def test_what_is_not_known_is_said_to_be(posterior):
    facts = copy.deepcopy(posterior) | {"draws": None, "means": [], "history": [], "lone": None, "converged": False}
    facts["evidence"] |= {"low": None, "high": None, "se": None}
    page = posterior_page(facts)
    assert "no lower end to no upper end" in page
    assert "the budget ended before any draw" in page
    assert "No step of it" in page


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"schema": "upweight.rare/1"}, "`schema` must be 'upweight.posterior/1'; got 'upweight.rare/1'"),
        ({"evidence": {}}, "`evidence.log_value` is missing"),
        ({"calls": -1}, "`calls` must be a number, 0 or more"),
        ({"history": [{}]}, "phase"),
        ({"means": [{"name": 3}]}, "name"),
        ({"converged": "yes"}, "`converged` must be true or false"),
    ],
)
def test_what_is_no_posterior_is_refused(posterior, change, text):
    with pytest.raises(InputError, match=text):
        posterior_page(posterior | change)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"value": []}, "one length"),
        ({"se": [1.0]}, "one length"),
        ({"low": ["a", "b"]}, "low"),
        ({"value": "a"}, "`value` must be"),
        ({"schema": None}, "upweight.integral/1"),
    ],
)
def test_what_is_no_integral_is_refused(integrals, change, text):
    with pytest.raises(InputError, match=text):
        integral_page(integrals | change)


def test_nothing_is_written_for_a_document_that_is_none(tmp_path):
    with pytest.raises(InputError):
        write_posterior({}, tmp_path / "p.html")
    assert not (tmp_path / "p.html").exists()


def test_the_command_knows_both(posterior, integrals, tmp_path, capsys):
    for name, facts in (("p", posterior), ("i", integrals)):
        (tmp_path / f"{name}.json").write_text(json.dumps(facts))
        assert code("report", tmp_path / f"{name}.json", "-o", tmp_path / f"{name}.html") == 0
    assert (tmp_path / "p.html").read_text() == posterior_page(posterior)
    assert (tmp_path / "i.html").read_text() == integral_page(integrals)
    (tmp_path / "x.json").write_text('{"schema": "upweight.posteriors/1"}')
    assert code("report", tmp_path / "x.json", "-o", tmp_path / "x.html") == 2
    assert "'upweight.posterior/1' or 'upweight.integral/1'" in capsys.readouterr().err


def test_an_evidence_that_is_not_known_is_said_plainly():
    p = uw.montecarlo.evidence(lambda x: -1e5 * (x**2).sum(axis=1), 2, rng=0, budget=4000)
    assert str(p).startswith("not converged: log evidence is not known\n")
    assert repr(p) == "Posterior(not converged, log evidence unknown, 4,000 calls)"
    page = posterior_page(p.to_dict())
    assert "Log evidence is not known" in page
    assert "Nothing is known of the evidence." in page
    assert "no lower end to no upper end" not in page
    with pytest.raises(uw.InputError, match="`converged` is true, but `evidence.log_value` holds no value"):
        posterior_page(p.to_dict() | {"converged": True})


def test_a_reason_that_is_none_leaves_no_line(posterior, integrals):
    assert posterior["why"] == integrals["why"] == ""
    for page in (posterior_page(posterior), integral_page(integrals)):
        assert "(blank)" not in page
