"""Corrections and repairs as documents: the way back, what is damaged, and names of older versions."""

import copy
import json
import pickle

import numpy as np
import pytest

from upweight import Correction, InputError, recalibrate
from upweight._undo import Repair

Y, P = np.array([0, 0, 0, 1] * 25), np.tile([0.2, 0.3, 0.4, 0.6], 25)


def test_a_repair_brings_its_correction_back():
    repair = Correction.from_priors(train=0.5, world=0.25).verify(Y, P)
    twin = Repair.from_dict(repair.to_dict())
    assert isinstance(twin.correction, Correction)
    assert twin.correction.to_dict() == repair.correction.to_dict()
    assert twin.apply(P).tolist() == repair.apply(P).tolist()


@pytest.mark.parametrize(
    "key", ["before", "after", "formula", "how", "notes", "correction", "intercept", "slope", "steps"]
)
def test_a_damaged_repair_is_refused(key):
    whole = recalibrate(Y, P).to_dict()
    with pytest.raises(InputError, match=f"this repair lacks '{key}'"):
        Repair.from_dict({k: v for k, v in whole.items() if k != key})
    with pytest.raises(InputError, match="Pass what Repair.to_dict gave"):
        Repair.from_dict(whole | {"before": 5})
    with pytest.raises(InputError, match="Pass what Repair.to_dict gave"):
        Repair.from_dict(whole | {"correction": {"schema": "upweight.verdict/1"}})


def test_the_older_name_makes_the_same_correction_and_reads_the_same_shares():
    new, old = Correction.from_priors(train=0.5, world=0.1), Correction.prior(train=0.5, world=0.1)
    assert new.to_dict() == old.to_dict()
    assert new.prior.world.tolist() == [0.9, 0.1]
    assert new.class_shares is new.prior
    assert Correction.kept(negatives=0.1).prior is None
    assert Correction.kept(negatives=0.1).class_shares is None


def test_a_state_of_version_0_1_0_is_read():
    made = Correction.from_priors(train=0.5, world=0.1)
    state = {k: v for k, v in vars(made).items() if k not in ("prior", "_rows")} | {"class_shares": made.prior}
    twin = Correction.__new__(Correction)
    twin.__setstate__(state)
    assert twin.to_dict() == made.to_dict()
    assert pickle.loads(pickle.dumps(twin)).apply([0.5]).tolist() == made.apply([0.5]).tolist()


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


@pytest.mark.parametrize("method", ["intercept", "platt", "isotonic"])
def test_a_repair_with_a_wrong_value_is_refused_at_the_door(method):
    whole = json.loads(json.dumps(recalibrate(Y, P, method=method).to_dict()))
    assert read_or_refused(Repair, "this", mutants(whole)) > 50
    for change in ({"how": "x"}, {"status": "x"}, {"slope": "x"}):
        with pytest.raises(InputError, match="this repair is damaged"):
            Repair.from_dict(whole | change)
