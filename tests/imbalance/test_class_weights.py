"""Weights for classes: closed forms and laws."""

import numpy as np
import pytest

from upweight import InputError, Weights
from upweight.imbalance import class_weights, cost_weights

Y = [0] * 1000 + [1] * 100 + [2] * 10
FIRST = [0, 1000, 1100]


def masses(y, w):
    return np.bincount(np.unique(y, return_inverse=True)[1], weights=np.asarray(w))


def test_balanced_weights_give_every_class_the_same_mass():
    w = class_weights(Y)
    assert w.kind == "class"
    np.testing.assert_allclose(w.sample_weight[FIRST], [0.37, 3.7, 37])
    np.testing.assert_allclose(masses(Y, w), [370, 370, 370])


def test_the_effective_number_of_the_paper():
    w = class_weights(Y, beta=0.999).sample_weight
    np.testing.assert_allclose(w[FIRST], [0.482759, 3.206148, 30.662661], atol=5e-7)


def test_auto_beta_is_one_less_one_over_n():
    a, b = class_weights(Y, beta="auto"), class_weights(Y, beta=1 - 1 / len(Y))
    np.testing.assert_allclose(a.sample_weight, b.sample_weight, rtol=1e-12)
    np.testing.assert_allclose(class_weights(Y, beta=0.0).sample_weight, 1.0)


@pytest.mark.parametrize("settings", [{}, {"to": {0: 0.5, 1: 0.3, 2: 0.2}}, {"beta": 0.99}])
def test_a_second_call_adds_nothing(settings):
    rng = np.random.default_rng(0)
    base = rng.exponential(size=len(Y))
    once = class_weights(Y, base=base, **settings)
    twice = class_weights(Y, base=np.asarray(once), **settings)
    np.testing.assert_allclose(np.asarray(twice), np.asarray(once), rtol=1e-10)


def test_shares_asked_are_shares_got_with_weights_one_has():
    rng = np.random.default_rng(1)
    w = class_weights(Y, to={0: 5, 1: 3, 2: 2}, base=rng.exponential(size=len(Y)))
    np.testing.assert_allclose(masses(Y, w) / masses(Y, w).sum(), [0.5, 0.3, 0.2], rtol=1e-12)


def test_half_a_power_is_the_square_root():
    full, half = class_weights(Y).values, class_weights(Y, power=0.5).values
    np.testing.assert_allclose(half, np.sqrt(full), rtol=1e-12)


def test_a_row_of_weight_zero_is_as_if_removed():
    base = np.ones(len(Y))
    base[:300] = 0
    w = class_weights(Y, base=base)
    np.testing.assert_allclose(np.asarray(w)[300:] / np.asarray(w)[300], np.asarray(class_weights(Y[300:])) / np.asarray(class_weights(Y[300:]))[0])
    assert (np.asarray(w)[:300] == 0).all()


def test_whole_weights_are_as_many_rows():
    rng = np.random.default_rng(2)
    y, base = rng.integers(0, 3, 60), rng.integers(1, 4, 60)
    weighted = class_weights(y, base=base).values / base
    repeated = class_weights(np.repeat(y, base)).values
    np.testing.assert_allclose(np.repeat(weighted, base), repeated, rtol=1e-12)


def test_label_names_do_not_matter():
    names = np.array(["zebra", "ant", "mule"])
    np.testing.assert_array_equal(class_weights(Y).values, class_weights(names[Y]).values)


def test_the_larger_kind_wins_and_the_trail_stays():
    base = Weights.of(np.ones(len(Y)) * 2, kind="importance")
    assert class_weights(Y, base=base).kind == "class"
    assert cost_weights(Y, {0: 1, 1: 2, 2: 3}, base=class_weights(Y)).kind == "cost"
    assert "CLASS_TWICE" in class_weights(Y, base=class_weights(Y)).notes


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beta": 0.9, "power": 0.5}, "it excludes `power` and `to`"),
        ({"beta": 1.0}, "`beta` must lie in [0, 1) or be 'auto'; got 1.0"),
        ({"to": {0: 1, 1: 1}}, "needs a share > 0 for every class; lacking: [2]"),
        ({"to": {0: 1, 1: 1, 2: 1, 3: 1}}, "names class 3, which `y` has not"),
        ({"to": "even"}, "must be 'balanced' or {label: share}; got 'even'"),
        ({"power": -1}, "`power` must be >= 0; got -1"),
        ({"base": [-1.0] * len(Y)}, "`base` must be finite and >= 0; got 1,110 negative, first -1.0 at row 0"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(InputError) as error:
        class_weights(Y, **settings)
    assert message in str(error.value)


def test_costs_by_label_and_by_matrix():
    y = ["ok", "ill", "ok"]
    assert cost_weights(y, {"ok": 1, "ill": 20}).values.tolist() == [1, pytest.approx(20), 1]
    np.testing.assert_allclose(cost_weights(y, [[0, 20], [1, 0]]).values, [1, 20, 1])
    np.testing.assert_allclose(cost_weights(Y, np.ones((3, 3)) - np.eye(3)).values, 2)


def test_a_matrix_that_one_weight_a_class_cannot_say_is_told():
    with pytest.warns(UserWarning, match="costs of class 1 differ by what is predicted"):
        w = cost_weights([0, 1, 2], [[0, 1, 1], [5, 0, 1], [1, 1, 0]])
    np.testing.assert_allclose(w.values, [2, 6, 2])


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ({"ok": 1}, "class 'ill' has None"),
        ({"ok": 1, "ill": -2}, "class 'ill' has -2"),
        ({"ok": 1, "ill": 2, "well": 3}, "names class 'well'"),
        ([[0, 1, 2]], "a (2, 2) matrix"),
        ([[1, 1], [1, 0]], "zero on the diagonal"),
        ([[0, 0], [1, 0]], "class 'ill' costs nothing"),
    ],
)
def test_bad_costs_are_refused(cost, message):
    with pytest.raises(InputError) as error:
        cost_weights(["ok", "ill"], cost)
    assert message in str(error.value)
