"""Corrections: the figures of the papers, the algebra, and everything that must be refused."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import upweight as uw
from upweight import Correction, InputError, KindError, UndoError, Weights

P = np.linspace(0.01, 0.99, 99)
THREE = np.random.default_rng(0).dirichlet(np.ones(3), 40)


# ---- figures --------------------------------------------------------------------------------------------------------


def test_prior_moves_a_half_to_the_world_share():
    c = Correction.prior(train=0.5, world=0.04)
    np.testing.assert_allclose(c.apply([0.5, 0.8]), [0.04, 1 / 7], rtol=1e-14)
    assert c.log_odds == pytest.approx(3.1780538303479458, abs=1e-14)  # log 24
    np.testing.assert_allclose(c.weights([0, 1]).values, [1.92, 0.08], rtol=1e-14)


def test_prior_of_three_classes_by_hand():
    c = Correction.prior(train=[1 / 3] * 3, world=[0.7, 0.2, 0.1])
    np.testing.assert_allclose(c.apply([[0.2, 0.3, 0.5]]), [[0.56, 0.24, 0.20]], rtol=1e-14)


def test_kept_gives_the_published_figures():
    c = Correction.kept(negatives=0.1)
    got = c.apply([0.05, 0.5, 0.9, 0, 1])
    np.testing.assert_allclose(got, [1 / 191, 1 / 11, 9 / 19, 0, 1], rtol=1e-14)
    assert c.threshold(false_positive=1, false_negative=5) == pytest.approx(2 / 3, abs=1e-15)
    assert c.threshold(false_positive=1, false_negative=5, on="repaired") == pytest.approx(1 / 6, abs=1e-15)


@pytest.mark.parametrize("beta", [1e-9, 0.05, 0.3, 1.0])
def test_kept_is_the_formula_of_dal_pozzolo(beta):
    np.testing.assert_allclose(Correction.kept(negatives=beta).apply(P), beta * P / (beta * P - P + 1), rtol=1e-12)


def test_kept_is_bayes_on_counts():
    # 300 positives and 700 negatives share one x; half the positives and a tenth of the negatives are kept: 150 and 70
    c = Correction.kept(negatives=0.1, positives=0.5)
    assert c.apply(150 / 220) == pytest.approx(0.3, abs=1e-14)


def test_offset_by_row_is_bayes_row_by_row():
    # kept negatives: .2 at x = 0 and .5 at x = 1, all positives; p = (.1, .4) in the world
    p, pi = np.array([0.1, 0.4]), np.array([0.2, 0.5])
    sampled = p / (p + (1 - p) * pi)
    assert sampled[0] == pytest.approx(5 / 14)
    np.testing.assert_allclose(Correction.offset(-np.log(pi)).apply(sampled), p, rtol=1e-14)


def test_offset_by_row_and_class_is_bayes():
    rng = np.random.default_rng(1)
    keep = rng.uniform(0.05, 1, THREE.shape)
    sampled = THREE * keep
    sampled /= sampled.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(Correction.offset(np.log(keep)).apply(sampled), THREE, rtol=1e-12)
    two = np.log(keep[:, :2])
    both = Correction.offset(two)
    assert both.log_odds.shape == (40,)
    np.testing.assert_allclose(both.log_odds, two[:, 1] - two[:, 0])


def test_weighted_is_the_shift_of_class_shares():
    y = np.array(["b", "a", "a", "c", "a", "b"])
    w = np.array([3.0, 1, 1, 10, 2, 1])
    expected = np.log([4 / 18, 4 / 18, 10 / 18]) - np.log([3 / 6, 2 / 6, 1 / 6])
    c = Correction.weighted(y, w)
    np.testing.assert_allclose(c.log_odds, expected, rtol=1e-14)
    assert c.status == "approximate"
    np.testing.assert_allclose(c.prior.train, [4 / 18, 4 / 18, 10 / 18])


# ---- laws -----------------------------------------------------------------------------------------------------------


def test_weighted_zero_is_removed_and_scale_does_not_matter():
    rng = np.random.default_rng(0)
    y, w = rng.integers(0, 3, 200), rng.uniform(0, 2, 200) * (rng.random(200) < 0.7)
    want = Correction.weighted(y[w > 0], w[w > 0]).log_odds
    np.testing.assert_allclose(Correction.weighted(y, w).log_odds, want, rtol=1e-13)
    np.testing.assert_allclose(Correction.weighted(y, 1e-200 * w).log_odds, want, rtol=1e-13)
    np.testing.assert_allclose(Correction.weighted(y, Weights.of(w, kind="class")).log_odds, want, rtol=1e-13)


def test_weighted_renaming_labels_changes_nothing():
    y, w = np.array([0, 1, 1, 0, 1]), [1.0, 2, 3, 4, 5]
    want = Correction.weighted(y, w).log_odds
    for names in (["no", "yes"], [1, 2], [False, True], [-1.0, 1.0]):
        assert Correction.weighted(np.array(names)[y], w).log_odds == want


def test_apply_there_and_back_is_the_identity():
    there = Correction.prior(train=[0.2, 0.5, 0.3], world=[0.6, 0.1, 0.3])
    back = Correction.prior(train=[0.6, 0.1, 0.3], world=[0.2, 0.5, 0.3])
    np.testing.assert_allclose(back.apply(there.apply(THREE)), THREE, rtol=1e-12)
    np.testing.assert_allclose((there + back).apply(THREE), THREE, rtol=1e-12)


@pytest.mark.parametrize("delta", [-30.0, -1.0, 0.5, 30.0])
def test_apply_shifts_the_logit_by_exactly_the_log_odds(delta):
    np.testing.assert_allclose(Correction.offset(delta).apply(P), expit(logit(P) - delta), rtol=1e-12)


def test_apply_extreme_odds_neither_overflow_nor_move_certainty():
    assert Correction.offset(900.0).apply([0.0, 0.5, 1.0]).tolist() == [0, 0, 1]
    assert Correction.offset(-900.0).apply([0.0, 0.5, 1.0]).tolist() == [0, 1, 1]


def test_apply_is_the_same_for_one_column_and_two():
    c = Correction.kept(negatives=0.2)
    two = c.apply(np.column_stack([1 - P, P]))
    np.testing.assert_allclose(two[:, 1], c.apply(P), rtol=1e-13)
    np.testing.assert_allclose(two.sum(axis=1), 1, rtol=1e-14)


def test_apply_keeps_the_ranking_and_leaves_the_input_alone():
    p = P.copy()
    got = Correction.kept(negatives=0.01).apply(p)
    assert (np.diff(got) > 0).all()
    assert (p == P).all()


def test_adding_is_applying_one_after_the_other():
    a, b = Correction.kept(negatives=0.3), Correction.weighted([0, 0, 1], [1, 1, 4])
    np.testing.assert_allclose((a + b).apply(P), b.apply(a.apply(P)), rtol=1e-12)
    assert (a + b).status == "approximate"
    assert (a + b).log_odds == (b + a).log_odds
    row = Correction.offset(np.linspace(-1, 1, 99))
    np.testing.assert_allclose((a + row).apply(P), row.apply(a.apply(P)), rtol=1e-12)
    assert [s.name for s in (a + b).trail] == ["Correction.kept", "Correction.weighted"]
    assert "at random" in (a + b).why
    assert "loss weights" in (a + b).why


def test_adding_nothing_changes_nothing():
    for c in (Correction.prior(train=[0.2, 0.5, 0.3], world=[0.6, 0.1, 0.3]), Correction.kept(negatives=0.1)):
        for same in (c + Correction.none(), Correction.none() + c, sum([c])):
            np.testing.assert_array_equal(same.log_odds, c.log_odds)
            assert (same.status, same.why, same.trail, same.prior) == (c.status, c.why, c.trail, c.prior)
    assert Correction.none().apply([[0.2, 0.3, 0.5]]).tolist() == [[0.2, 0.3, 0.5]]


def test_adding_keeps_the_reason_of_a_correction_made_by_hand():
    c = Correction(0.5, "approximate", "copies were drawn") + Correction.none()
    assert (c.log_odds, c.status, c.why) == (0.5, "approximate", "copies were drawn")


def test_adding_the_impossible_is_impossible():
    c = Correction.kept(negatives=0.1) + Correction.impossible("rows were cleaned")
    assert c.status == "impossible"
    with pytest.raises(UndoError, match=r"rows were cleaned; no formula .* recalibrate on held-out rows"):
        c.apply([0.5])


def test_weights_turn_the_sample_shares_into_the_world_shares():
    y = np.repeat([0, 1, 2], [20, 50, 30])
    world = np.array([0.6, 0.1, 0.3])
    w = Correction.prior(train=[0.2, 0.5, 0.3], world=world).weights(y)
    assert w.kind == "importance"
    assert w.values.mean() == pytest.approx(1)
    np.testing.assert_allclose(np.bincount(y, w.probabilities), world, rtol=1e-13)
    assert Correction.none().weights(y).values.tolist() == [1.0] * 100


def test_threshold_has_the_least_expected_cost():
    costs = dict(false_positive=3.0, false_negative=7.0, true_positive=1.0, true_negative=-0.5)
    t = Correction.none().threshold(**costs)
    yes = P * costs["true_positive"] + (1 - P) * costs["false_positive"]
    no = P * costs["false_negative"] + (1 - P) * costs["true_negative"]
    assert ((t <= P) == (yes <= no)).all()
    assert Correction.none().threshold(**costs, on="repaired") == t


def test_threshold_on_the_model_decides_as_on_repaired_probabilities():
    for c in (Correction.kept(negatives=0.03), Correction.prior(train=0.2, world=0.7)):
        costs = dict(false_positive=1, false_negative=5)
        mine, theirs = c.threshold(**costs), c.threshold(**costs, on="repaired")
        assert ((mine <= P) == (theirs <= c.apply(P))).all()
    by_row = Correction.offset(np.linspace(-2, 2, 99))
    assert ((by_row.threshold(**costs) <= P) == (theirs <= by_row.apply(P))).all()


# ---- the same thing twice -------------------------------------------------------------------------------------------


def test_apply_refuses_what_the_weights_already_undid():
    c = Correction.kept(negatives=0.1, design="d")
    w = Weights.of([1.0, 10.0], kind="inclusion", design="d")
    with pytest.raises(UndoError, match=r"already undo the design 'd'.*never both"):
        c.apply([0.5, 0.5], trained_with=w)
    with pytest.raises(UndoError, match="'d'"):
        c.apply([0.5], trained_with=(w * Weights.of([2.0, 3.0], kind="class"))[[0]].clip(at=2.0))
    other = Weights.of([1.0, 10.0], kind="inclusion", design="e")
    assert c.apply([0.5], trained_with=other) == pytest.approx(1 / 11)


def test_apply_refuses_after_its_own_weights():
    named, bare = Correction.kept(negatives=0.1, design="d"), Correction.kept(negatives=0.1)
    for c in (named, bare):
        with pytest.raises(UndoError, match="never both"):
            c.apply([0.5], trained_with=c.weights([0, 1]))
    assert bare.apply([0.5], trained_with=Correction.kept(negatives=0.2).weights([0, 1])) == pytest.approx(1 / 11)
    assert Correction.none().apply([0.5], trained_with=Correction.none().weights([0, 1])) == 0.5


def test_adding_one_design_twice_is_refused():
    c = Correction.kept(negatives=0.1, design="d")
    with pytest.raises(UndoError, match="undone once"):
        c + Correction.offset([0.1, 0.2], design="d")
    assert (c + Correction.offset(0.1, design="e")).designs == ("d", "e")


def test_weights_of_a_named_correction_cannot_meet_their_own_design():
    w = Correction.kept(negatives=0.1, design="d").weights([0, 1])
    with pytest.raises(UndoError, match="'d'"):
        w * Weights.of([1.0, 10.0], kind="inclusion", design="d")


# ---- safe-keeping ---------------------------------------------------------------------------------------------------

KINDS = {
    "kept": Correction.kept(negatives=0.1, design="d"),
    "prior": Correction.prior(train=[0.2, 0.5, 0.3], world=[0.6, 0.1, 0.3]),
    "weighted": Correction.weighted(["a", "b", "b"], [1, 2, 3]),
    "offset": Correction.offset([0.5, -1.0, 2.0]),
    "em": Correction.em(P, train=0.5),
    "impossible": Correction.impossible("rows were cleaned"),
    "none": Correction.none(),
    "sum": Correction.kept(negatives=0.1) + Correction.weighted([0, 0, 1], [1, 1, 4]),
}


def _same(a: Correction, b: Correction) -> None:
    np.testing.assert_array_equal(a.log_odds, b.log_odds)
    assert type(a.log_odds) is type(b.log_odds)
    assert (a.status, a.why, a.by, a.designs, repr(a)) == (b.status, b.why, b.by, b.designs, repr(b))
    assert [(s.name, dict(s.params)) for s in a.trail] == [(s.name, dict(s.params)) for s in b.trail]
    assert (a.prior is None) == (b.prior is None)
    if a.prior is not None:
        assert a.prior.to_dict() == b.prior.to_dict()


@pytest.mark.parametrize("name", KINDS)
def test_a_correction_survives_every_journey(name):
    sio = pytest.importorskip("skops.io")
    c = KINDS[name]
    _same(Correction.from_dict(json.loads(json.dumps(c.to_dict(), allow_nan=False))), c)
    _same(pickle.loads(pickle.dumps(c)), c)
    _same(copy.deepcopy(c), c)
    blob = sio.dumps(c)
    trusted = sio.get_untrusted_types(data=blob)
    assert all(t.startswith("upweight.") for t in trusted), trusted
    _same(sio.loads(blob, trusted=trusted), c)


def test_a_correction_cannot_be_changed():
    c = KINDS["prior"]
    with pytest.raises(AttributeError):
        c.log_odds = 0.0
    with pytest.raises(ValueError, match="read-only"):
        c.log_odds[0] = 0.0
    given = np.array([0.5, -1.0, 2.0])
    Correction.offset(given)
    given[0] = 1.0  # the caller's own array stays the caller's


def test_replace_makes_an_honest_copy():
    c = replace(Correction.kept(negatives=0.1), status="approximate", why="copies")
    assert (c.log_odds, c.status, c.why) == (pytest.approx(np.log(10)), "approximate", "copies")


def test_reprs_tell_the_status_and_the_odds():
    assert repr(Correction.kept(negatives=0.1)) == "Correction(exact, log-odds +2.303)"
    assert repr(KINDS["prior"]) == "Correction(exact, log-odds -1.099 +1.609 +0.000)"
    assert repr(KINDS["offset"]) == "Correction(exact, log-odds by row, 3 rows, -1.000 to +2.000)"
    assert repr(KINDS["impossible"]) == "Correction(impossible, rows were cleaned)"


def test_prior_is_a_constructor_on_the_class_and_shares_on_the_object():
    c = Correction.prior(train={"no": 0.5, "yes": 0.5}, world={"yes": 0.04, "no": 0.96})
    np.testing.assert_allclose(c.prior, [0.96, 0.04])
    np.testing.assert_allclose(c.prior.train, [0.5, 0.5])
    assert Correction.kept(negatives=0.1).prior is None
    assert "Saerens" in Correction.prior.__doc__


# ---- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Correction.prior(train=0, world=0.1), r"`train` must lie strictly.*got 0: a class without training rows cannot be given back"),
        (lambda: Correction.prior(train=0.5, world=1.0), r"`world` must lie strictly between 0 and 1; got 1"),
        (lambda: Correction.prior(train=[0.5, 0.5, 0.0], world=[0.4, 0.3, 0.3]), r"got 0 for class 2: a class without"),
        (lambda: Correction.prior(train=[0.5, 0.4], world=0.1), r"`train` must sum to 1; got 0.9"),
        (lambda: Correction.prior(train=[0.5, 0.5], world=[0.2, 0.3, 0.5]), r"same classes; got 2 and 3 shares"),
        (lambda: Correction.prior(train=[[0.5, 0.5]], world=0.1), r"got shape \(1, 2\)"),
        (lambda: Correction.prior(train=np.nan, world=0.1), r"`train` must lie strictly"),
        (lambda: Correction.prior(train={1: 0.5, "a": 0.5}, world=0.1), r"labels of `train` cannot be sorted"),
        (lambda: Correction.kept(negatives=0.0), r"`negatives` must be a keep-probability in \(0, 1\]; got 0.0"),
        (lambda: Correction.kept(positives=1.5), r"`positives` must be .* got 1.5"),
        (lambda: Correction.kept(negatives=[0.1]), r"got \[0.1\]"),
        (lambda: Correction.weighted([0, 1, 1], [1, 2]), r"same rows; got 3 and 2"),
        (lambda: Correction.weighted([0, 0], [1, 2]), r"at least two labels; got only 0"),
        (lambda: Correction.weighted([0, 1, 1], [0, 2, 1]), r"every row of label 0 has weight zero: a class without training rows"),
        (lambda: Correction.weighted([0, 1, 1], [1, -2, 1]), r"`w` must be finite and >= 0; got 1 others, first -2 at row 1"),
        (lambda: Correction.weighted([0, 1, 1], [[1, 2, 1]]), r"one weight a row.*\(1, 3\)"),
        (lambda: Correction.weighted([0.0, np.nan], [1, 1]), r"`y` must have a label in every row; got 1 missing, first at row 1"),
        (lambda: Correction.offset([0.1, np.nan]), r"`log_odds` must be finite; got 1 missing or NaN, first at row 1"),
        (lambda: Correction.offset([0.1, np.inf, 0.2]), r"`log_odds` must be finite; got 1 infinite, first at row 1"),
        (lambda: Correction.offset(np.zeros((2, 2, 2))), r"got shape"),
        (lambda: Correction.em([0.2, 0.3], train=[0.2, 0.3, 0.5]), r"`train` has 3 shares and `proba` 2 classes"),
        (lambda: Correction.em([0.2, 0.3], train=1.0), r"a class without training rows"),
        (lambda: Correction(1.0, "maybe"), r"`status` must be one of exact, approximate, impossible"),
        (lambda: Correction.kept(negatives=0.1).apply([0.5, 1.2]), r"`proba` must lie in \[0, 1\]; got 1 outside, first 1.2 at row 1. log-odds\? apply expit first"),
        (lambda: Correction.kept(negatives=0.1).apply([np.nan]), r"`proba` must be finite; got 1 NaN, first at row 0"),
        (lambda: Correction.kept(negatives=0.1).apply([[0.5, 0.4]]), r"2 columns of `proba` must sum to 1 within 1e-6; got 1 other sums, first 0.9 at row 0"),
        (lambda: Correction.kept(negatives=0.1).apply([[0.2, 0.3, 0.5]]), r"for 2 classes and `proba` has 3"),
        (lambda: Correction.offset([0.1, 0.2]).apply([0.5]), r"each of 2 rows; `proba` has 1 row\."),
        (lambda: Correction.kept(negatives=0.1).apply([]), r"at least one row"),
        (lambda: Correction.kept(negatives=0.1).apply([0.5], trained_with=np.ones(1)), r"`trained_with` takes Weights.*got ndarray"),
        (lambda: Correction.none().threshold(false_positive=1, false_negative=1, true_negative=1), r"`false_positive` must cost more than `true_negative`; got 1 and 1"),
        (lambda: Correction.none().threshold(false_positive=1, false_negative=1, true_positive=2), r"`false_negative` must cost more than `true_positive`; got 1 and 2"),
        (lambda: Correction.none().threshold(false_positive=np.nan, false_negative=1), r"`false_positive` must cost"),
        (lambda: Correction.none().threshold(false_positive=1, false_negative=1, on="world"), r'`on` must be "model" or "repaired"; got \'world\''),
        (lambda: KINDS["prior"].threshold(false_positive=1, false_negative=1), r"two classes; this correction is for 3"),
        (lambda: Correction.offset([0.1, 0.2]).weights([0, 1]), r"offset by row.*1/probability"),
        (lambda: Correction.kept(negatives=0.1).weights(["a", "b", "c"]), r"3 labels \(a, b, c\).*2 classes"),
        (lambda: Correction.kept(negatives=0.1).weights(["a", "a"]), r"1 of 2 classes \(a\).*Code the classes as 0 to 1"),
        (lambda: Correction.kept(negatives=0.1) + KINDS["prior"], r"different classes or rows cannot be added"),
        (lambda: Correction.offset([0.1, 0.2]) + Correction.offset([0.1, 0.2, 0.3]), r"different classes or rows cannot be added"),
    ],
)  # fmt: skip
def test_bad_input_is_told_by_rule_value_and_remedy(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_weighted_refuses_inclusion_weights_and_batches():
    with pytest.raises(KindError, match=r"nothing to undo.*Correction.none"):
        Correction.weighted([0, 1], Weights.of([1.0, 10.0], kind="inclusion"))
    with pytest.raises(InputError, match="one vector of weights at a time"):
        Correction.weighted([0, 1], Weights.of([[1.0, 10.0]], kind="class"))


def test_the_impossible_refuses_threshold_and_weights_too():
    c = Correction.impossible("rows were cleaned")
    with pytest.raises(UndoError, match="recalibrate on held-out rows"):
        c.threshold(false_positive=1, false_negative=1)
    with pytest.raises(UndoError, match="recalibrate on held-out rows"):
        c.weights([0, 1])
    assert c.threshold(false_positive=1, false_negative=1, on="repaired") == 0.5


def test_adding_what_is_no_correction_is_a_type_error():
    with pytest.raises(TypeError):
        Correction.none() + 1
    with pytest.raises(TypeError):
        1 + Correction.none()


def test_two_indexes_that_differ_are_never_aligned():
    pd = pytest.importorskip("pandas")
    y = pd.Series([0, 1, 1], index=[5, 6, 7])
    w = pd.Series([1.0, 2.0, 3.0], index=[7, 6, 5])
    with pytest.raises(InputError, match="different indexes"):
        Correction.weighted(y, w)
    got = Correction.kept(negatives=0.5).weights(y)
    assert list(got.values.index) == [5, 6, 7]


# ---- rows that belong together ---------------------------------------------------------------------------------------------


def test_an_offset_by_row_belongs_to_its_index():
    offset = Correction.offset(pd.Series([0.0, 1.0, 2.0], index=list("abc")))
    p = pd.Series([0.5, 0.5, 0.5], index=list("cba"))
    with pytest.raises(InputError, match="`log_odds` and `proba` have different indexes"):
        offset.apply(p)
    assert offset.apply(p.to_numpy()).round(4).tolist() == [0.5, 0.2689, 0.1192]
    assert offset.apply(p.reindex(list("abc"))).round(4).tolist() == [0.5, 0.2689, 0.1192]
    with pytest.raises(InputError, match="have different indexes"):
        _ = offset + Correction.offset(pd.Series([0.0, 1.0, 2.0], index=list("cba")))
    with pytest.raises(InputError, match="`log_odds` and `proba` have different indexes"):
        (offset + Correction.kept(negatives=0.1)).apply(p)
    with pytest.raises(InputError, match="`log_odds` and `proba` have different indexes"):
        offset.verify([0, 1, 1], p)


def test_held_out_columns_belong_together_whichever_has_an_index():
    p, w = pd.Series([0.5, 0.5], index=list("ab")), pd.Series([1.0, 1.0], index=list("ba"))
    with pytest.raises(InputError, match="`proba` and `sample_weight` have different indexes"):
        Correction.none().verify([0, 1], p, sample_weight=w)
    x = pd.DataFrame({"one": [1.0, 1.0]}, index=list("ba"))
    with pytest.raises(InputError, match="`X` and `proba` have different indexes"):
        uw.rare_bias(x, p)


def test_a_table_of_offsets_has_one_column_a_class():
    table = pd.DataFrame(np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]))
    assert Correction.offset(table).log_odds.shape == (2, 3)
    with pytest.raises(InputError, match=r"one class say nothing; got shape \(2, 1\)"):
        Correction.offset(np.zeros((2, 1)))


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_a_copy_is_as_read_only_as_its_original(twin):
    assert not twin(Correction.offset([0.0, 1.0])).log_odds.flags.writeable


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (10, r"got 10\. If one in 10 was kept, pass 1/10\.$"),
        (0, "got 0: a class without training rows cannot be given back"),
        (-1, r"got -1\. Pass the share of rows that was kept"),
        ("10%", r"got '10%'\. Pass the share"),
        (np.nan, "got nan"),
    ],
)
def test_a_rate_that_is_none_is_told_what_was_meant(rate, said):
    with pytest.raises(InputError, match=said):
        Correction.kept(negatives=rate)


@pytest.mark.parametrize("key", ["log_odds", "status", "why", "prior", "trail", "by", "designs"])
def test_a_damaged_document_is_refused(key):
    whole = Correction.prior(train=0.5, world=0.1).to_dict()
    with pytest.raises(InputError, match=f"this correction lacks '{key}'"):
        Correction.from_dict({k: v for k, v in whole.items() if k != key})
    if key not in ("why", "log_odds"):
        with pytest.raises(InputError, match="Pass what Correction.to_dict gave|must"):
            Correction.from_dict(whole | {key: 5})


def test_labels_in_messages_write_control_characters_out():
    with pytest.raises(InputError, match=r"label \\x1b\[31mred has weight zero"):
        Correction.weighted(["a", "\x1b[31mred"], [1.0, 0.0])


def test_the_same_correction_is_not_added_twice():
    """What training added once would be given back twice, in silence."""
    c, d = Correction.kept(negatives=0.1), Correction.kept(negatives=0.5)
    for twice in (lambda: c + c, lambda: (c + d) + c, lambda: d + (c + d), lambda: c + pickle.loads(pickle.dumps(c))):
        with pytest.raises(
            InputError, match=r"the same correction twice: Correction\(exact.*make a correction for each"
        ):
            twice()
    assert (c + Correction.kept(negatives=0.1)).log_odds == pytest.approx(2 * c.log_odds)  # rows thinned twice alike
    assert sum([c, d]).log_odds == pytest.approx(np.log(20))
    none, lost = Correction.none(), Correction.impossible("rows were made up")
    assert (none + none).log_odds == 0
    assert (c + none + none).log_odds == c.log_odds
    assert (lost + lost).status == "impossible"


def test_corrections_pickled_before_they_knew_their_origins_still_load():
    c = Correction.kept(negatives=0.1)
    state = {key: value for key, value in vars(c).items() if key not in ("_rows", "_origins")}
    old = Correction.__new__(Correction)
    old.__setstate__(state)
    assert old.apply([0.5]) == c.apply([0.5])
    assert (old + c).log_odds == pytest.approx(2 * c.log_odds)
    with pytest.raises(InputError, match="the same correction twice"):
        _ = old + old
