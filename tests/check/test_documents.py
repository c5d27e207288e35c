"""Plain documents, and what is said about weights."""

import copy
import json
import math

import numpy as np
import pytest

from upweight import InputError, Tally, Verdict, Weights
from upweight._check._digits import number, percent, z_text
from upweight._check._documents import plain
from upweight._check._provenance import Provenance


def test_plain_is_what_json_takes_and_loses_no_bit():
    x = {
        "a": np.float64(0.1),
        "b": np.array([1.5, -math.inf]),
        "c": (np.int64(3), None, True),
        4: {"z", "y"},
        "e": 1 / 3,
    }
    d = plain(x)
    assert d == {"a": 0.1, "b": [1.5, "-inf"], "c": [3, None, True], "4": ["y", "z"], "e": 1 / 3}
    assert json.loads(json.dumps(d, allow_nan=False)) == d
    assert [plain(v) for v in (math.nan, math.inf, -math.inf)] == [None, "inf", "-inf"]


def test_digits_are_those_that_mean_something():
    shares = [1.0, 0.779, 0.2737, 0.0995, 0.0284, 0.0028, 0.00014, 0.9999, 1e-9]
    assert [percent(s) for s in shares] == [
        "100 %", "78 %", "27 %", "10 %", "2.8 %", "0.28 %", "0.014 %", "100 %", "1e-07 %",
    ]  # fmt: skip
    assert [number(x) for x in (0.99161, 0.0, 12.0, 1234.5, 3.21e-5)] == [
        "0.992",
        "0.000",
        "12.000",
        "1.23e+03",
        "3.21e-05",
    ]
    assert [z_text(z) for z in (-0.04, 0.04, -68.12, math.inf)] == ["0.0", "0.0", "-68.1", "inf"]


def test_what_was_said_travels_as_json():
    w = (Weights.of([1.0, 2.0, 3.0], kind="class") * Weights.of([1.0, 5.0, 1.0], kind="class")).clip(at=4.0)
    said = Provenance.of(w)
    again = Provenance.from_dict(json.loads(json.dumps(plain(said.to_dict()))))
    assert again.notes == said.notes == ("CLASS_TWICE",)
    assert [s.name for s in again.trail] == [s.name for s in w.trail]
    assert again.tamed
    assert again.kind == "class"


def test_a_joined_trail_keeps_the_steps_and_drops_prices_that_differ():
    a, b = (Provenance.of(Weights.of(v, kind="importance").clip(at=2.0)) for v in ([1.0, 3.0], [1.0, 9.0]))
    both = (a + b).trail
    assert [s.name for s in both] == ["of", "clip"]
    assert both[1].params["at"] == 2.0
    assert both[1].moved is None
    other = Provenance.of(Weights.of([1.0, 2.0], kind="importance").shrink(lam=1.0))
    assert [s.name for s in (a + other).trail] == ["of", "clip", "shrink"]


BROKEN = (None, "x", [], {}, [1], {"a": 1})


def mutants(d, path=()):
    """Every document in which one value is gone or is another one, with the path to it."""
    for key in list(d) if isinstance(d, dict) else range(min(len(d), 2)):
        for value in BROKEN:
            twin = copy.deepcopy(d)
            twin[key] = value
            yield (*path, key), twin
        if isinstance(d, dict):
            yield (*path, key), {k: v for k, v in d.items() if k != key}
        if isinstance(d[key], (dict, list)) and d[key]:
            for where, inner in mutants(d[key], (*path, key)):
                twin = copy.deepcopy(d)
                twin[key] = inner
                yield where, twin


def read_or_refused(kind, name, documents):
    """Reads every document; whatever is refused is refused with one error that names it. Returns how many were refused."""
    refused = []
    for where, d in documents:
        try:
            assert str(kind.from_dict(d)), where
        except InputError as error:
            refused.append((where, str(error)))
    assert [(where, text) for where, text in refused if name not in text or "Pass what" not in text] == []
    return len(refused)


def test_damaged_tallies_and_verdicts_are_refused_at_the_door():
    w = Weights.of_log(np.random.default_rng(0).normal(size=60), kind="importance", exact=True)
    tally = Tally.of(w, f=np.arange(60.0), by=np.arange(60) % 2)
    for kind, name, made in ((Tally, "tally", tally), (Verdict, "verdict", tally.result())):
        whole = json.loads(json.dumps(made.to_dict()))
        refused = read_or_refused(kind, name, mutants(whole))
        assert refused > 50


@pytest.mark.parametrize(
    ("part", "change"), [("said", {"kind": "x"}), ("pile", {"top": [None, 1.0]}), ("pile", {"n": "x"})]
)
def test_a_tally_with_a_wrong_value_is_refused(part, change):
    whole = Tally.of(Weights.of(np.arange(1.0, 60.0), kind="importance")).to_dict()
    with pytest.raises(InputError, match="this tally is damaged"):
        Tally.from_dict(whole | {part: whole[part] | change})


def test_a_verdict_without_its_segments_or_of_no_kind_is_refused():
    whole = Weights.of(np.arange(1.0, 60.0), kind="importance").check().to_dict()
    with pytest.raises(InputError, match="this verdict lacks 'by'"):
        Verdict.from_dict({k: v for k, v in whole.items() if k != "by"})
    with pytest.raises(InputError, match="this verdict is damaged .kind 'x'"):
        Verdict.from_dict(whole | {"kind": "x"})
    with pytest.raises(InputError, match="a verdict has schema"):
        Verdict.from_dict([1])
