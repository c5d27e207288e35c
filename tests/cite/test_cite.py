"""cite: the right papers, sorted, once, in BibTeX that a parser accepts."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, Weights, cite
from upweight._cite._bibliography import REFERENCES
from upweight._cite._rests_on import RESTS_ON


def keys(text):
    return re.findall(r"^@\w+\{([\w]+),$", text, flags=re.M)


def heavy(**said):
    return Weights.of_log(np.linspace(0, 5, 400) ** 1.4, kind="importance", **said)


CITED = {
    "clip": (lambda: heavy().clip(at=3.0), {"ionides2008"}),
    "truncate": (lambda: heavy().truncate(), {"ionides2008"}),
    "smooth": (lambda: heavy().smooth(), {"vehtari2024", "zhang2009"}),
    "temper": (lambda: heavy().temper(power=0.5), {"koblents2015"}),
    "shrink": (lambda: heavy().shrink(lam=1.0), {"su2020"}),
    "drop": (lambda: heavy().drop(above=50.0), {"wang2017"}),
    "harmonic": (lambda: heavy().shrink(lam=0.5, how="harmonic"), {"metelli2021"}),
    "mixture": (lambda: uw.mixture([0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]], [1, 1]), {"veach1995"}),
    "plain": (lambda: Weights.of([1.0, 2.0]), set()),
    "mean": (lambda: heavy().mean(np.arange(400.0)), {"hesterberg1995", "vehtari2024", "zhang2009"}),
    "clusters": (
        lambda: heavy().mean(np.arange(400.0), cluster=np.arange(400) // 4),
        {"hesterberg1995", "vehtari2024", "zhang2009", "liang1986"},
    ),
    "quantile": (lambda: heavy().quantile(np.arange(400.0), 0.5), {"woodruff1952", "vehtari2024", "zhang2009"}),
    "total": (
        lambda: Weights.of([2.0, 2.0, 5.0], kind="inclusion").mean([1.0, 3.0, 2.0], how="total"),
        {"horvitz1952", "vehtari2024", "zhang2009"},
    ),
    "verdict": (lambda: heavy().check(), {"kish1965", "martino2017", "vehtari2024", "zhang2009"}),
    "tally": (lambda: uw.Tally.of(heavy()), {"chan1983", "kish1965", "martino2017", "vehtari2024", "zhang2009"}),
    "kept": (lambda: uw.Correction.kept(negatives=0.1), {"dalpozzolo2015", "king2001"}),
    "platt": (
        lambda: uw.recalibrate([0, 0, 0, 1] * 25, np.linspace(0.1, 0.9, 100), method="platt"),
        {"cox1958", "platt1999"},
    ),
    "c2st": (lambda: uw.c2st(np.arange(30.0), np.arange(30.0)), {"lopezpaz2017", "vehtari2024", "zhang2009"}),
    "prior": (lambda: uw.Correction.prior(train=0.5, world=0.04), {"elkan2001", "saerens2002"}),
}


@pytest.mark.parametrize("name", CITED)
def test_what_was_done_is_cited(name):
    make, expected = CITED[name]
    assert set(keys(cite(make()))) == expected | {"upweight"}


def test_everything_together_is_sorted_and_nothing_twice():
    w = heavy()
    text = cite(w.smooth(), w.smooth().mean(np.arange(400.0)), w.check(f=np.arange(400.0)), w.clip(at=2.0))
    found = keys(text)
    assert found == sorted(set(found))
    assert {"elvira2022", "ionides2008", "upweight"} <= set(found)
    assert text.count("@") == len(found)


def test_documents_are_cited_like_the_objects_that_wrote_them():
    v = heavy().smooth().check(f=np.arange(400.0))
    assert cite(json.loads(v.to_json())) == cite(v)
    t = uw.Tally.of(Weights.of([1.0, 2.0], kind="importance").clip(at=1.5))
    assert cite(json.loads(json.dumps(t.to_dict()))) == cite(t)
    rows = {"schema": "upweight.compare/1", "rows": [{"name": "smote"}, {"name": "none"}, {"name": "smote+tomek"}]}
    assert set(keys(cite(rows))) == {"elkan2001", "nadeau2003", "holm1979", "chawla2002", "batista2004", "upweight"}


def test_entries_are_wellformed():
    text = cite(
        *(
            {"schema": "upweight.compare/1", "rows": [{"name": key.split(":")[1]}]}
            for key in RESTS_ON
            if key.startswith("compare:")
        )
    )
    for entry in text.split("\n\n"):
        assert re.fullmatch(
            r"@(article|inproceedings|incollection|book|techreport|software)\{\w+,\n(  \w+ = \{.+\},?\n)+\}", entry
        )
        assert entry.count("{") == entry.count("}")


def test_every_reference_is_used_and_every_use_has_a_reference():
    used = {key for keys in RESTS_ON.values() for key in keys}
    assert used | {"upweight"} == set(REFERENCES)


NEED_NONE = {
    "of_influence",
    "of",
    "of_log",
    "ratio",
    "log_ratio",
    "times",
    "scale",
    "rows",
    "declare",
    "inverse",
    "difference",
    "log",
    "exp",
    "cdf",
    "mean",
}
NEED_NONE |= {"Correction.impossible", "shrink", "prior"}


def test_every_step_of_the_code_is_in_the_table_or_known_to_rest_on_nothing():
    source = Path(uw.__file__).parent
    text = "".join(path.read_text() for path in [*source.glob("_*.py"), *source.glob("_*/*.py")])
    names = set(re.findall(r'Step\(\s*"([\w.]+)"', text)) | set(re.findall(r'_made\([^"\n]*"(\w+)"', text))
    names |= set(re.findall(r'tamed\(self, "(\w+)"', text)) | set(re.findall(r'_thinning\("([\w.]+)"', text))
    assert {"smooth", "clip", "mixture", "quantile", "Correction.kept", "Correction.em"} <= names
    assert not names - set(RESTS_ON) - NEED_NONE


def test_every_reference_has_author_title_and_year():
    for key, (kind, fields) in REFERENCES.items():
        assert fields["author"], key
        assert fields["title"], key
        assert key == "upweight" or re.fullmatch(r"(18|19|20)\d\d", fields["year"]), key
        first = re.sub(r"[^a-z]", "", fields["author"].split(",")[0].lower())
        assert key == "upweight" or key.startswith(first), key
        assert kind != "article" or fields["journal"], key


def test_what_keeps_no_history_is_refused():
    with pytest.raises(
        InputError, match="cite takes Weights, Estimate, Verdict, Correction or a document they wrote; got int"
    ):
        cite(3)
    with pytest.raises(InputError, match="documents that upweight wrote; got one with schema 'other/1'"):
        cite({"schema": "other/1"})


DEEP = {}
for _ in range(2000):
    DEEP = {"how": DEEP}


@pytest.mark.parametrize(
    "document",
    [
        {"schema": "upweight.verdict/1", "trail": 5},
        {"schema": "upweight.verdict/1", "trail": "clip"},
        {"schema": "upweight.verdict/1", "trail": [5]},
        {"schema": "upweight.verdict/1", "trail": [{"name": "clip"}]},
        {"schema": "upweight.verdict/1", "trail": [{"params": {}}]},
        {"schema": "upweight.verdict/1", "trail": [{"name": ["clip"], "params": {}}]},
        {"schema": "upweight.verdict/1", "trail": [{"name": DEEP, "params": {}}]},
        {"schema": "upweight.verdict/1", "trail": None},
        {"schema": "upweight.tally/1"},
        {"schema": "upweight.tally/1", "said": 3},
        {"schema": "upweight.compare/1", "rows": 3},
        {"schema": "upweight.compare/1", "rows": [{}]},
        {"schema": 3},
        {"schema": DEEP},
        {"schema": "upweight."},
        {},
    ],
    ids=range(16),
)
def test_documents_that_were_changed_are_refused_in_words(document):
    with pytest.raises(InputError, match="Pass what --json wrote"):
        cite(document)


def test_a_setting_nested_a_thousand_deep_is_passed_over():
    step = {"name": "clip", "params": {"how": DEEP}}
    assert "ionides2008" in cite({"schema": "upweight.verdict/1", "trail": [step]})


def test_ratios_and_balanced_weights_name_their_papers():
    shift = uw.shift
    x = np.random.default_rng(0).normal(size=(60, 1))
    r = shift.density_ratio(x, x[:30] + 0.5, method="rulsif", rng=0)
    assert set(keys(cite(r.weights))) == {"bickel2009", "kanamori2009", "yamada2013", "upweight"}
    assert set(keys(cite(r(x)))) == set(keys(cite(r.weights)))
    balanced = shift.balancing_weights(x, {0: 0.1})
    assert set(keys(cite(balanced))) == {"deville1992", "hainmueller2012", "upweight"}
