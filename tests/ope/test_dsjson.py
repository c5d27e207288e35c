"""Vowpal Wabbit's decision log: the fixture by hand, lines that are left out, and what is wrong with a line, by its number."""

import gzip
import json

import numpy as np
import pytest

import upweight as uw
from upweight import InputError
from upweight.ope import read_dsjson


def line(cost, probability, action, p=(0.8, 0.1, 0.1), **more):
    keys = {
        "_label_cost": cost,
        "_label_probability": probability,
        "_label_Action": action,
        "a": [2, 1, 3],
        "p": list(p),
    }
    return keys | {"EventId": f"e{action}", "Timestamp": "2026-01-01T00:00:00Z"} | more


LOG = [
    line(-1, 0.8, 2),
    line(0, 0.1, 1),
    line(-0.5, 0.1, 3, pdrop=0.5),
    line(-9, 0.1, 1, _skipLearn=True),
    line(0, 0.8, 2),
]


@pytest.fixture
def write(tmp_path):
    def call(lines, name="events.dsjson"):
        text = "\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines)
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return str(path)

    return call


def columns(table):
    return {name: np.array(table[name].to_pylist()) for name in table.column_names}


def test_the_fixture_by_hand(write):
    table = read_dsjson(write(LOG))
    log = columns(table)
    assert list(log) == ["event", "time", "action", "actions", "reward", "logged", "target", "kept"]
    assert log["action"].tolist() == [2, 1, 3, 2]
    assert log["actions"].tolist() == [3] * 4
    assert log["reward"].tolist() == [1.0, 0.0, 0.5, 0.0]
    assert log["kept"].tolist() == [1.0, 1.0, 2.0, 1.0]
    assert log["event"].tolist() == ["e2", "e1", "e3", "e2"]
    assert table.schema.metadata == {b"skipped": b"1", b"unlabelled": b"0"}
    w = uw.ratio(target=log["target"], source=log["logged"])
    np.testing.assert_allclose(w.values, [0.416667, 3.333333, 3.333333, 0.416667], atol=5e-7)
    kept = uw.Weights.of(log["kept"], kind="inclusion")
    assert (w * kept).mean(log["reward"]).value == pytest.approx(0.346154, abs=5e-7)
    assert w.mean(log["reward"]).value == pytest.approx(0.277778, abs=5e-7)
    assert kept.mean(log["reward"]).value == pytest.approx(0.4)


def test_other_targets(write):
    path = write(LOG)
    of = lambda target: columns(read_dsjson(path, target=target))
    greedy, baseline = of("greedy"), of("baseline")
    assert greedy["target"].tolist() == [1.0, 0.0, 0.0, 1.0]
    w = uw.ratio(target=greedy["target"], source=greedy["logged"])
    assert w.mean(greedy["reward"]).value == pytest.approx(0.5)
    w = uw.ratio(target=baseline["target"], source=baseline["logged"])
    np.testing.assert_allclose(w.values, [0, 10, 0, 0])
    ties = columns(
        read_dsjson(write([line(0, 0.4, 1, p=(0.4, 0.4, 0.2)), line(0, 0.2, 3, p=(0.4, 0.4, 0.2))]), target="greedy")
    )
    assert ties["target"].tolist() == [0.5, 0.0]


def test_lines_without_a_label_are_counted_and_archives_are_read(write):
    table = read_dsjson(write([{"RewardValue": 1, "EventId": "x"}, *LOG, ""], "events.dsjson.gz"))
    assert table.num_rows == 4
    assert table.schema.metadata == {b"skipped": b"1", b"unlabelled": b"1"}
    assert read_dsjson(write([{k: v for k, v in LOG[0].items() if k != "EventId"}]))["event"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("third", "said"),
    [
        ('{"_label_cost": 0, ', "line 3 is not JSON"),
        ("[1, 2]", "line 3 holds a list"),
        ({k: v for k, v in LOG[0].items() if k != "p"}, "line 3: key 'p' is missing"),
        ({k: v for k, v in LOG[0].items() if k != "_label_probability"}, "line 3: key '_label_probability' is missing"),
        (line(0, 0.0, 1), r"line 3: key '_label_probability' must hold probabilities in \(0, 1\]; got 0.0"),
        (line(0, 1.2, 1), "got 1.2"),
        (line(0, True, 1), "got True"),
        (line("cheap", 0.1, 1), "line 3: key '_label_cost' must be a finite number; got 'cheap'"),
        (line(0, 0.1, 1, p=(0.5, 0.1, 0.1)), "line 3: key 'p' must add up to 1; got 0.7"),
        (line(0, 0.1, 1, p=(0.9, 0.1)), "must be lists of one length"),
        (line(0, 0.1, 4), "line 3: key '_label_Action' must be one of 'a'; got 4"),
        (line(0, 0.1, 1, pdrop=1.0), r"line 3: key 'pdrop' must lie in \[0, 1\); got 1.0"),
        ('{"_label_cost": 0, "_label_cost": 1}', "line 3: key '_label_cost' stands twice"),
    ],
)
def test_a_broken_line_is_named(write, third, said):
    path = write([*LOG[:2], third, LOG[4]])
    with pytest.raises(InputError, match=said) as caught:
        read_dsjson(path)
    assert "events.dsjson" in str(caught.value)


def test_what_is_no_log_is_said(write, tmp_path):
    with pytest.raises(InputError, match="no labelled decision; got 1 skipped, 0 unlabelled"):
        read_dsjson(write([LOG[3]]))
    with pytest.raises(InputError, match="no such file"):
        read_dsjson(str(tmp_path / "absent.dsjson"))
    with pytest.raises(InputError, match="a folder"):
        read_dsjson(str(tmp_path))
    with pytest.raises(InputError, match="`target` must be"):
        read_dsjson(write(LOG), target="random")
