"""What is suspicious before anything is fitted, and what is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.metrics import roc_auc_score

from upweight.imbalance.comparison._suspicions import (
    Leak,
    Repeat,
    auc,
    copied,
    leaking,
    level_rates,
    repeating,
)
from upweight.tables import Labels, Schema, twins_of

RNG = np.random.default_rng(0)
N = 2000
Y = RNG.random(N) < 0.1
PLAIN = {f"x{j}": RNG.normal(size=N) + 0.5 * Y for j in range(4)}


def leaks(columns, y=Y):
    frame = pd.DataFrame(columns)
    schema = Schema.of(frame)
    return leaking(schema, schema.read(frame), y)


def copies(X, y=None):
    schema = Schema.of(X)
    y = np.zeros(len(X), bool) if y is None else y
    return copied(schema.read(X), y if y.any() else ~y)


# ---- leaks ------------------------------------------------------------------------------------------------------------------


def test_a_column_filled_for_positives_alone_is_named_by_its_gaps():
    reason = np.where(Y, np.array(["price", "moved", "rude"])[RNG.integers(0, 3, N)], None)
    date = np.where(Y, RNG.normal(size=N), np.nan)
    found = leaks({**PLAIN, "cancel_reason": reason, "cancel_date": date})
    assert {(x.name, x.gaps) for x in found} == {("cancel_reason", True), ("cancel_date", True)}
    assert all(x.auc == 1 for x in found)


def test_gaps_that_tell_most_are_named_and_gaps_that_tell_some_are_not():
    for filled_among_others, named in ((0.06, True), (0.3, False)):
        x = np.where(Y | (RNG.random(N) < filled_among_others), RNG.normal(size=N), np.nan)
        assert bool(leaks({**PLAIN, "seen": x})) == named


def test_a_column_that_dwarfs_all_others_is_named_and_one_among_its_like_is_not():
    late = RNG.normal(size=N) + 2.9 * Y  # AUC about .98
    (found,) = leaks({**PLAIN, "late": late})
    assert found.name == "late"
    assert not found.gaps
    assert found.auc == pytest.approx(roc_auc_score(Y, late))
    assert found.next_best == pytest.approx(max(roc_auc_score(Y, x) for x in PLAIN.values()))
    assert leaks({**PLAIN, "late": late, "near": RNG.normal(size=N) + 2 * Y}) == ()  # the next best is at .92


@pytest.mark.parametrize("data", [load_breast_cancer, load_wine])
def test_good_columns_of_honest_tables_are_not_suspected(data):
    X, y = data(return_X_y=True, as_frame=True)
    for k in range(int(y.max()) + 1):
        assert leaks(X, (y == k).to_numpy()) == ()


def test_many_levels_do_not_look_telling_by_chance():
    few = RNG.permutation(np.arange(200) < 20)
    for _ in range(20):
        levels = RNG.integers(0, 50, 200).astype(str)
        frame = {"x": RNG.normal(size=200), "level": levels}
        assert leaks(frame, few) == ()
    assert auc(few, level_rates(RNG.integers(0, 50, 200), few)) < 0.75


def test_a_level_rate_never_knows_its_own_row():
    codes = np.arange(100)  # every row a level of its own
    assert np.ptp(level_rates(codes, np.arange(100) % 3 == 0)) == 0


# ---- copies -----------------------------------------------------------------------------------------------------------------


def test_rows_that_were_copied_are_counted_whatever_their_columns():
    wide = RNG.normal(size=(900, 3))
    assert copies(np.r_[wide, wide[:100]]) == 200
    yes_no = pd.DataFrame(RNG.random((900, 39)) < 0.5)
    assert copies(pd.concat([yes_no, yes_no[:100]]).set_axis([f"q{j}" for j in range(39)], axis=1)) == 200
    pixels = RNG.integers(0, 17, (900, 20)).astype(float)
    assert copies(np.r_[pixels, pixels[:100]]) == 200


@pytest.mark.parametrize("kind", ["apart", "together", "groups"])
def test_equal_rows_of_yes_and_no_are_chance(kind):
    p = RNG.uniform(0.01, 0.15, 39)
    if kind == "apart":
        answers = RNG.random((3000, 39)) < p
    elif kind == "together":
        answers = 0.5 * RNG.normal(size=(3000, 39)) + RNG.normal(size=(3000, 1)) > 1.2
    else:
        answers = RNG.random((3000, 39)) < RNG.beta(0.15, 1.5, (5, 39))[RNG.integers(0, 5, 3000)]
    frame = pd.DataFrame(answers).set_axis([f"q{j}" for j in range(39)], axis=1)
    assert frame.duplicated(keep=False).mean() > 0.05
    assert copies(frame) == 0


# ---- rows that belong together, labels that may be one ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("customer", np.arange(N) // 4, True),
        ("patient_id", np.arange(N) // 4, True),
        ("customerID", (np.arange(N) // 4).astype(str), True),
        ("customer", np.arange(N), False),  # every row its own
        ("customer", np.arange(N) % 5, False),  # a handful of values
        ("humidity", np.arange(N) // 4, False),
        ("paid", np.arange(N) // 4, False),
    ],
)
def test_a_column_called_like_an_identifier_that_repeats_is_noticed(name, values, found):
    frame = pd.DataFrame({"x": RNG.normal(size=N), name: values})
    assert repeating(frame) == (Repeat(name, len(np.unique(values))) if found else None)
    assert repeating(frame.to_numpy()) is None


def test_labels_in_two_spellings_are_noticed():
    assert twins_of(Labels.of(["No"] * 5 + ["Yes"] * 3 + ["yes"] * 2)) == (("Yes", 3), ("yes", 2))
    assert twins_of(Labels.of(["no", "yes"])) == ()
    assert twins_of(Labels.of([0, 1])) == ()


def test_a_leak_is_plain_to_read():
    assert Leak("a", 1.0) == ("a", 1.0, False, 0.5)
