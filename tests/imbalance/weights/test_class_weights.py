"""Class and cost weights: closed forms, and the laws every weight keeps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upweight import InputError, Weights
from upweight.imbalance import class_weights, cost_weights

Y = np.repeat([0, 1, 2], [1000, 100, 10])


def per_class(w, y=Y):
    return [float(np.asarray(w)[np.flatnonzero(y == c)[0]]) for c in np.unique(y)]


def test_balanced_weights_of_three_classes():
    np.testing.assert_allclose(per_class(class_weights(Y)), [0.37, 3.7, 37])


def test_effective_number_of_three_classes():
    np.testing.assert_allclose(per_class(class_weights(Y, beta=0.999)), [0.482759, 3.206148, 30.662661], atol=5e-7)


def test_effective_number_is_the_formula_and_auto_is_one_less_a_row():
    n = np.array([1000.0, 100, 10])
    raw = (1 - 0.9) / (1 - 0.9**n)
    got = np.array(per_class(class_weights(Y, beta=0.9)))
    np.testing.assert_allclose(got / got[0], raw / raw[0])
    np.testing.assert_allclose(per_class(class_weights(Y, beta="auto")), per_class(class_weights(Y, beta=1 - 1 / 1110)))
    np.testing.assert_allclose(per_class(class_weights(Y, beta=0)), [1, 1, 1])
    near = class_weights(Y, beta=1 - 1e-13)
    np.testing.assert_allclose(per_class(near), [0.37, 3.7, 37], rtol=1e-6)


def test_the_square_root_goes_half_the_way_in_logs():
    full, half = np.log(per_class(class_weights(Y))), np.log(per_class(class_weights(Y, power=0.5)))
    np.testing.assert_allclose(np.diff(half), np.diff(full) / 2)
    np.testing.assert_allclose(per_class(class_weights(Y, power=0)), [1, 1, 1])


def test_asked_shares_are_reached_whatever_was_there():
    base = np.random.default_rng(0).uniform(0.1, 4, len(Y))
    w = np.asarray(class_weights(Y, to={0: 1, 1: 2, 2: 5}, base=base))
    mass = np.bincount(Y, w)
    np.testing.assert_allclose(mass / mass.sum(), [1 / 8, 2 / 8, 5 / 8])
    within = w[Y == 1] / base[Y == 1]
    np.testing.assert_allclose(within, within[0])


@pytest.mark.parametrize("how", [{}, {"to": {0: 1, 1: 3, 2: 3}}, {"beta": 0.99}, {"beta": "auto"}])
def test_a_second_call_adds_nothing(how):
    first = np.asarray(class_weights(Y, **how))
    np.testing.assert_allclose(np.asarray(class_weights(Y, base=first, **how)), first)


@given(st.lists(st.integers(0, 3), min_size=12, max_size=30))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("how", [{}, {"power": 0.5}, {"to": {0: 1, 1: 2}}, {"beta": 0.9}, {"beta": "auto"}])
def test_whole_weights_are_repeated_rows_and_zero_is_removed(how, copies):
    copies = np.array(copies)
    copies[:2] = np.maximum(copies[:2], 1)
    y = np.arange(len(copies)) % 2
    weighted = np.asarray(class_weights(y, base=copies, **how))
    repeated = np.asarray(class_weights(np.repeat(y, copies), **how))
    first, live = np.cumsum(copies) - copies, copies > 0
    ratio = (weighted[live] / copies[live]) / repeated[first[live]]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
    assert not weighted[~live].any()


def test_labels_may_be_renamed_and_rows_shuffled():
    order = np.random.default_rng(0).permutation(len(Y))
    np.testing.assert_allclose(np.asarray(class_weights(Y[order])), np.asarray(class_weights(Y))[order])
    np.testing.assert_allclose(np.asarray(class_weights(np.array(["z", "m", "a"])[Y])), np.asarray(class_weights(Y)))


def test_kinds_say_what_the_weights_are_for():
    assert class_weights(Y).kind == "class"
    assert cost_weights([0, 1], {0: 1, 1: 5}).kind == "cost"
    assert class_weights([0, 1], base=Weights.of([1.0, 2.0], kind="importance")).kind == "class"
    assert class_weights([0, 1], base=cost_weights([0, 1], {0: 1, 1: 5})).kind == "cost"


def test_costs_are_those_of_the_label_or_the_row_sum_of_the_matrix():
    y = pd.Series(["ok", "ill", "ok"])
    assert np.asarray(cost_weights(y, {"ok": 1, "ill": 20}).values).round(9).tolist() == [1, 20, 1]
    table = [[0, 2, 2], [1, 0, 1], [4, 4, 0]]
    np.testing.assert_allclose(per_class(cost_weights([0, 1, 2], table).values, np.arange(3)), [4, 2, 8])
    with pytest.warns(UserWarning, match="costs of class 0 differ by what is predicted"):
        cost_weights([0, 1, 2], [[0, 1, 5], [1, 0, 1], [1, 1, 0]])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: class_weights(Y, beta=0.9, power=0.5),
            "`beta` gives the effective number; it excludes `power` and `to`.",
        ),
        (lambda: class_weights(Y, beta=1.0), "`beta` must lie in [0, 1) or be 'auto'; got 1.0."),
        (lambda: class_weights(Y, to={0: 1, 1: 1}), "`to` needs a share > 0 for every class; lacking: [2]."),
        (lambda: class_weights(Y, to={0: 1, 1: 1, 2: 1, 3: 1}), "`to` names class 3, which `y` has not."),
        (lambda: class_weights(Y, power=-1), "`power` must be >= 0; got -1."),
        (lambda: class_weights(Y, power="a"), "`power` must be >= 0; got 'a'."),
        (lambda: class_weights(Y, power=True), "`power` must be >= 0; got True."),
        (
            lambda: class_weights([0, 0, 1], to=0.5),
            "`to` must be 'balanced' or {label: share}; got 0.5. For a half of class 1: {0: 0.5, 1: 0.5}.",
        ),
        (lambda: class_weights(Y, to="even"), "`to` must be 'balanced' or {label: share}; got 'even'."),
        (lambda: class_weights([0, 1], to={0: "a", 1: 1}), "`to` needs a share > 0 for every class; lacking: [0]."),
        (lambda: class_weights(Y, beta=[1]), "`beta` must lie in [0, 1) or be 'auto'; got [1]."),
        (lambda: cost_weights([0, 1], {0: "a", 1: 1}), "for every class; class 0 has 'a'."),
        (lambda: cost_weights([0, 1], "a"), "`cost` must be {label: cost} or a (2, 2) matrix; got 'a'"),
        (lambda: class_weights([1, 1]), "`y` needs two classes; got only 1 in 2 rows."),
        (lambda: class_weights([0.5, 1.25]), "density_weights"),
        (lambda: class_weights(np.eye(3, dtype=int)), "label_weights"),
        (lambda: cost_weights([0, 1], {0: 1}), "`cost` needs a finite cost > 0 for every class; class 1 has None."),
        (lambda: cost_weights([0, 1], [[0, 1]]), "matrix (true, predicted)"),
        (
            lambda: class_weights(Y, to=None),
            "`to` must be 'balanced' or {label: share}; got None. For a half of class 2:",
        ),
        (lambda: class_weights(Y, to=[1, 1, 1]), "`to` must be 'balanced' or {label: share}; got [1, 1, 1]."),
        (lambda: class_weights(Y, to={0: 1, 1: "a", 2: np.inf}), "every class; lacking: [1, 2]."),
        (lambda: class_weights(Y, power=None), "`power` must be >= 0; got None."),
        (lambda: class_weights(Y, beta=[0.9]), "`beta` must lie in [0, 1) or be 'auto'; got [0.9]."),
        (lambda: class_weights(Y, to={"0": 1, 1: 1, 2: 1}), "It has the number 0 (int), not the text '0'. Write 0."),
        (
            lambda: cost_weights([0, 1], {"0": 1, "1": 2}),
            "names class '0', which `y` has not. It has the number 0 (int)",
        ),
        (lambda: cost_weights(["0", "1"], {0: 1, 1: 2}), "It has the text '0' (str), not the number 0. Write '0'."),
        (
            lambda: cost_weights([0, 1], {0: 1, 1: "a"}),
            "`cost` needs a finite cost > 0 for every class; class 1 has 'a'.",
        ),
        (
            lambda: cost_weights([0, 1], "high"),
            "`cost` must be {label: cost} or a (2, 2) matrix; got 'high' (could not convert",
        ),
    ],
)
def test_bad_input_is_named(call, said):
    with pytest.raises(InputError) as told:
        call()
    assert said in str(told.value)
