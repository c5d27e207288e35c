"""The registry: sets, controls, labels, and what one more entry is."""

import pickle

import pytest
from sklearn.linear_model import LogisticRegression

from upweight import InputError
from upweight.imbalance import RandomUnder, method
from upweight.imbalance.comparison import _methods as registry
from upweight.imbalance.comparison._methods import METHODS, SETS, Method, methods_for
from upweight.imbalance.resamplers._named import CLASSIFIERS, STEPS

FIRST = ["none", "threshold"]


def names(methods):
    return [m.name for m in methods_for(methods)]


def test_two_rows_are_always_there_and_first():
    assert names("weights") == [*FIRST, "weights"]
    assert names(["random_over", "weights"]) == [*FIRST, "random_over", "weights"]
    assert names("weights, none ,threshold") == [*FIRST, "weights"]
    assert names({"mine": RandomUnder()}) == [*FIRST, "mine"]


@pytest.mark.parametrize("chosen", SETS)
def test_a_set_is_what_its_entries_say(chosen):
    expected = {n for n, e in METHODS.items() if chosen == "all" or chosen in e.sets}
    assert set(names(chosen)) >= expected | set(FIRST)
    assert {"weights", "random_under"} <= set(names(chosen))


@pytest.mark.parametrize("asked", ["quick,tomek,weights,quick", ["quick", "tomek", "weights"], ("quick", "tomek")])
def test_sets_stand_inside_lists_in_order_and_every_name_once(asked):
    assert names(asked) == [*names("quick"), "tomek"]
    assert names("tomek, quick")[:3] == [*FIRST, "tomek"]
    assert sorted(names("tomek, quick")) == sorted(names(asked))
    assert set(names("quick,survey")) == set(names("quick")) | set(names("survey"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("quick", "'quick' is a set of methods, not one. Name one of it: none, "),
        (None, "unknown method None."),
        ("tomke", "Did you mean 'tomek'?"),
    ],
)
def test_one_method_is_asked_for_by_its_own_name(name, said):
    with pytest.raises(InputError) as told:
        method(name)
    assert said in str(told.value)


def test_quick_is_inside_standard():
    assert set(names("quick")) <= set(names("standard")) <= set(names("all"))


def test_one_more_entry_joins_its_sets_with_its_control(monkeypatch):
    new = Method("stronger", "a stronger learner", lambda learner: learner, whole=True, control=True)
    fancy = Method("fancy", "a fancy remedy", RandomUnder, ("quick",), rival="stronger")
    monkeypatch.setattr(registry, "METHODS", {**METHODS, "fancy": fancy, "stronger": new})
    assert names("quick")[-2:] == ["fancy", "stronger"]
    assert names("fancy") == [*FIRST, "fancy", "stronger"]


def test_objects_behind_names():
    assert method("none") is None
    assert repr(method("random_under")) == "RandomUnder()"
    assert method("weights")([0, 0, 0, 1], None).kind == "class"


@pytest.mark.parametrize("name", METHODS)
def test_an_entry_comes_back_from_a_pickle_as_itself(name):
    assert pickle.loads(pickle.dumps(METHODS[name])) is METHODS[name]
    again = pickle.loads(pickle.dumps(methods_for({"mine": name})[-1 if METHODS[name].rival is None else -2]))
    assert again.name == "mine"
    assert repr(again.make(LogisticRegression()) if again.whole else again.make()) != ""
    assert again.work(0.1) == METHODS[name].work(0.1)


def test_a_classifier_of_ones_own_is_a_row():
    row = methods_for({"mine": LogisticRegression(C=0.1)})[-1]
    assert row.whole
    assert row.make(None).C == 0.1


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ("wieghts", "unknown method 'wieghts'. Did you mean 'weights'?"),
        ("quik", "unknown method 'quik'. Did you mean 'quick'?"),
        (["quick", "quik"], "unknown method 'quik'. Did you mean 'quick'?"),
        (None, "`methods` must be a set (quick, standard, survey, all), names, or {label: method}; got None."),
        ([RandomUnder()], "Give objects a label: {'mine': RandomUnder()}"),
        ({"none": RandomUnder()}, "'none' cannot be a label"),
        ({" ": RandomUnder()}, "cannot be a label"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(methods, message):
    with pytest.raises(InputError) as error:
        methods_for(methods)
    assert message in str(error.value)


def test_every_row_of_a_comparison_is_a_named_step_or_a_named_classifier():
    assert sorted(METHODS) == sorted([*STEPS, *CLASSIFIERS])
    assert all(METHODS[name].whole for name in CLASSIFIERS)
