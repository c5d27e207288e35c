"""Repairs: what verify confirms, what recalibrate learns, and what neither may do."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from scipy.special import expit, logit

from upweight import Correction, InputError, UndoError, Weights, recalibrate
from upweight._undo._repair import Repair

RNG = np.random.default_rng(0)
N = 4000
LOGIT = RNG.normal(-1.0, 1.5, N)
Y = RNG.random(N) < expit(LOGIT)
TRUE = expit(LOGIT)
THINNED = expit(LOGIT + np.log(10))  # what a model of a tenth of the negatives promises
THREE = RNG.dirichlet([2.0, 1.0, 0.5], N)
Y3 = (THREE.cumsum(axis=1) > RNG.random((N, 1))).argmax(axis=1)


def bent(p, shift, slope):
    """Probabilities (n, K) with log p times slope plus a shift a class."""
    z = np.exp(np.log(p) * slope + shift)
    return z / z.sum(axis=1, keepdims=True)


# ---- verify ---------------------------------------------------------------------------------------------------------


def test_verify_confirms_the_right_formula_and_adds_nothing():
    c = Correction.kept(negatives=0.1)
    r = c.verify(Y, THINNED)
    assert (r.status, r.how) == ("confirmed", "formula")
    assert r.before.oe < 0.55
    assert abs(np.log(r.after.oe)) < 0.05
    p = np.r_[0.0, THINNED, 1.0]
    np.testing.assert_allclose(r.apply(p), c.apply(p), rtol=1e-12)
    assert r.apply([0.0, 1.0]).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("wrong", [0.02, 0.5, 1.0])
def test_verify_refuses_a_wrong_formula_and_repairs_it(wrong):
    r = Correction.kept(negatives=wrong).verify(Y, THINNED)
    assert (r.status, r.how) == ("recalibrated", "intercept")
    assert r.after.oe == pytest.approx(1, abs=1e-8)
    assert abs(np.log(r.formula.oe)) > 0.05
    np.testing.assert_allclose(r.apply(THINNED).mean(), Y.mean(), rtol=1e-8)
    np.testing.assert_allclose(np.diff(logit(r.apply(THINNED)) - LOGIT), 0, atol=1e-8)  # the slope was right and stays


def test_verify_adds_a_slope_where_the_rows_ask_for_it():
    r = Correction.kept(negatives=0.1).verify(Y, expit(1.5 * (LOGIT + np.log(10))))
    assert (r.status, r.how) == ("recalibrated", "platt")
    assert (r.after.slope, r.after.oe) == (pytest.approx(1, abs=1e-6), pytest.approx(1, abs=1e-8))
    assert r.slope == pytest.approx(1 / 1.5, abs=0.1)


def test_verify_of_the_impossible_recalibrates_the_raw_probabilities():
    c = Correction.impossible("rows were made up")
    r = c.verify(Y, THINNED)
    assert (r.status, r.formula) == ("recalibrated", None)
    np.testing.assert_allclose(r.apply(THINNED), recalibrate(Y, THINNED).apply(THINNED))
    few = c.verify(Y[:8], THINNED[:8])
    assert (few.status, few.how) == ("unverified", "none")
    with pytest.raises(UndoError, match="rows were made up: too few held-out rows"):
        few.apply(THINNED)


def test_verify_of_too_few_rows_judges_nothing():
    rows = np.r_[np.flatnonzero(Y)[:9], np.flatnonzero(~Y)[:500]]
    c = Correction.kept(negatives=0.9)  # wrong, but nine positives are not the ones to say so
    r = c.verify(Y[rows], THINNED[rows])
    assert (r.status, r.how) == ("unverified", "formula")
    assert r.notes == ("9 rows of the rarest class, 10 needed: nothing was judged",)
    np.testing.assert_allclose(r.apply(THINNED), c.apply(THINNED), rtol=1e-12)
    assert c.verify(np.zeros(50, int), np.full(50, 0.2)).status == "unverified"


def test_verify_of_an_offset_by_row():
    ell = np.log(np.random.default_rng(1).uniform(0.05, 1, N))
    c = Correction.offset(-ell)
    r = c.verify(Y, expit(LOGIT - ell))
    assert r.status == "confirmed"
    np.testing.assert_allclose(r.apply(expit(LOGIT - ell)), TRUE, rtol=1e-9)
    with pytest.raises(InputError, match="each of 4,000 rows; `proba` has 5 rows"):
        r.apply(TRUE[:5])
    w = (np.arange(N) % 3 > 0).astype(float)  # rows of weight zero leave together with their offsets
    assert c.verify(Y, expit(LOGIT - ell), sample_weight=w).status == "confirmed"


def test_verify_of_three_classes():
    c = Correction.prior(train=[1 / 3] * 3, world=[0.6, 0.3, 0.1])
    thinned = bent(THREE, c.log_odds, 1.0)
    r = c.verify(Y3, thinned)
    assert r.status == "confirmed"
    assert r.after.oe.shape == (3,)
    np.testing.assert_allclose(r.apply(thinned), THREE, rtol=1e-9)
    bad = Correction.none().verify(Y3, bent(THREE, [0, 0.5, -1.0], 1.6))
    assert (bad.status, bad.how) == ("recalibrated", "platt")
    np.testing.assert_allclose(bad.after.oe, 1, atol=1e-7)
    assert bad.slope == pytest.approx(1 / 1.6, abs=0.08)


# ---- recalibrate ----------------------------------------------------------------------------------------------------


def test_recalibrate_needs_no_slope_where_only_the_level_is_wrong():
    r = recalibrate(Y, THINNED)
    assert r.how == "intercept"
    assert r.intercept[1] == pytest.approx(-np.log(10), abs=0.15)


def test_recalibrate_methods_by_name():
    level, line = recalibrate(Y, THINNED, method="intercept"), recalibrate(Y, THINNED, method="platt")
    assert (level.how, level.slope) == ("intercept", 1.0)
    assert line.how == "platt"
    assert line.slope == pytest.approx(1, abs=0.15)
    assert line.after.log_loss <= level.after.log_loss


def test_recalibrated_probabilities_are_the_fitted_line():
    r = recalibrate(Y, expit(2 * LOGIT + 1), method="platt")
    np.testing.assert_allclose(logit(r.apply(TRUE)), r.intercept[1] + r.slope * logit(TRUE), rtol=1e-10)


def test_recalibrate_keeps_the_ranking():
    for method in ("auto", "intercept", "platt"):
        p = np.sort(THINNED)
        assert (np.diff(recalibrate(Y, THINNED, method=method).apply(p)) >= 0).all()


def test_recalibrate_never_turns_the_ranking_round():
    with pytest.warns(UserWarning, match=r"slope is -\d.*everybody gets the prevalence"):
        r = recalibrate(Y, expit(-LOGIT))
    assert (r.how, r.slope) == ("constant", 0.0)
    np.testing.assert_allclose(r.apply([0.1, 0.9, 0.0]), Y.mean(), rtol=1e-12)
    with pytest.warns(UserWarning, match="prevalence"):
        three = recalibrate(Y3, bent(THREE, 0, -1.0))
    np.testing.assert_allclose(three.apply(THREE[:1]), [np.bincount(Y3) / N])


def test_recalibrate_of_few_rows_is_an_intercept_only():
    rows = np.r_[np.flatnonzero(Y)[:19], np.flatnonzero(~Y)[:2000]]
    p = expit(3 * LOGIT)
    r = recalibrate(Y[rows], p[rows])
    assert r.how == "intercept"
    assert r.notes == ("19 rows of the rarest class, 20 needed for a slope",)
    more = np.r_[np.flatnonzero(Y)[:20], np.flatnonzero(~Y)[:2000]]
    assert recalibrate(Y[more], p[more]).how == "platt"
    assert recalibrate(Y[rows], p[rows], method="platt").how == "platt"


def test_recalibrate_of_separated_classes_stays_finite():
    p = np.r_[np.linspace(0.1, 0.4, 50), np.linspace(0.6, 0.9, 30)]
    r = recalibrate(np.arange(80) >= 50, p)
    assert r.how == "intercept"
    assert "separate the classes" in r.notes[0]
    assert r.apply(p).mean() == pytest.approx(30 / 80)


def test_recalibrate_of_nearly_certain_promises_still_gets_the_total_right():
    y = np.arange(1000) < 300
    p = np.where(y, 1 - 2e-5, 1e-5)  # all together worth less than one surprise
    r = recalibrate(y, p, method="intercept")
    assert r.apply(p).sum() == pytest.approx(300, abs=1e-9)


def test_recalibrate_of_one_promise_for_all():
    r = recalibrate(Y, np.full(N, 0.5))
    assert r.how == "intercept"
    np.testing.assert_allclose(r.apply([0.5]), Y.mean())


def test_recalibrate_mends_promises_of_exactly_zero_and_one():
    # a forest says 0 to half of the rows, of which one in twenty is positive
    y = np.r_[np.arange(2000) % 20 == 0, np.arange(2000) % 2 == 0]
    p = np.r_[np.zeros(2000), np.full(2000, 0.6)]
    r = recalibrate(y, p)
    assert r.before.clipped == 2000
    np.testing.assert_allclose(r.apply([0.0, 0.6]), [0.05, 0.5], rtol=1e-6)
    assert r.after.oe == pytest.approx(1, abs=1e-8)


def test_recalibrate_uses_weights_as_a_population():
    # the sample holds every positive and a third of the negatives, weights say so
    keep = Y | (np.random.default_rng(2).random(N) < 1 / 3)
    w = np.where(Y, 1.0, 3.0)[keep]
    r = recalibrate(Y[keep], THINNED[keep], sample_weight=Weights.of(w, kind="inclusion"))
    assert r.intercept[1] == pytest.approx(-np.log(10), abs=0.15)
    unweighted = recalibrate(Y[keep], THINNED[keep])
    assert unweighted.intercept[1] == pytest.approx(-np.log(10) + np.log(3), abs=0.15)


# ---- isotonic -------------------------------------------------------------------------------------------------------


def test_isotonic_is_that_of_sklearn():
    isotonic = pytest.importorskip("sklearn.isotonic")
    w = np.random.default_rng(0).uniform(0, 2, N)
    p = np.round(THINNED, 2)  # ties
    theirs = isotonic.IsotonicRegression(out_of_bounds="clip").fit(p, Y, sample_weight=w)
    ours = recalibrate(Y, p, sample_weight=w, method="isotonic")
    grid = np.linspace(0, 1, 301)
    np.testing.assert_allclose(ours.apply(grid), theirs.predict(grid), atol=1e-12)
    assert ours.how == "isotonic"
    assert ours.after.oe == pytest.approx(1, abs=1e-9)


def test_isotonic_of_three_classes_is_one_against_the_rest():
    isotonic = pytest.importorskip("sklearn.isotonic")
    p = bent(THREE, [0, 0.5, -1.0], 1.6)
    each = [
        isotonic.IsotonicRegression(out_of_bounds="clip").fit(p[:, k], k == Y3).predict(THREE[:, k]) for k in range(3)
    ]
    r = recalibrate(Y3, p, method="isotonic")
    np.testing.assert_allclose(r.apply(THREE), np.transpose(each) / np.sum(each, axis=0)[:, None], atol=1e-12)
    assert r.after.log_loss < r.before.log_loss


def test_isotonic_is_never_automatic():
    curved = expit(np.sign(LOGIT) * LOGIT**2)
    assert recalibrate(Y, curved).how in ("intercept", "platt")
    assert Correction.none().verify(Y, curved).how in ("intercept", "platt")


# ---- containers, saving, printing -----------------------------------------------------------------------------------


def test_a_repair_gives_the_container_back():
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    r = recalibrate(Y, THINNED)
    s = r.apply(pd.Series(THINNED[:3].astype("float32"), index=[4, 5, 6]))
    assert (list(s.index), str(s.dtype)) == ([4, 5, 6], "float32")
    assert isinstance(r.apply(pl.Series(THINNED)), pl.Series)
    two = r.apply(np.column_stack([1 - THINNED, THINNED]))
    np.testing.assert_allclose(two[:, 1], r.apply(THINNED), rtol=1e-12)


REPAIRS = {
    "confirmed": Correction.kept(negatives=0.1).verify(Y, THINNED),
    "recalibrated": Correction.kept(negatives=0.5).verify(Y, THINNED),
    "isotonic": recalibrate(Y3, THREE, method="isotonic"),
    "impossible": Correction.impossible("rows were made up").verify(Y, THINNED),
    "unverified": Correction.none().verify(Y[:12], THINNED[:12]),
}


@pytest.mark.parametrize("name", REPAIRS)
def test_a_repair_survives_every_journey(name):
    sio = pytest.importorskip("skops.io")
    r = REPAIRS[name]
    p = THREE if name == "isotonic" else THINNED
    blob = sio.dumps(r)
    for back in (
        Repair.from_dict(json.loads(json.dumps(r.to_dict(), allow_nan=False))),
        pickle.loads(pickle.dumps(r)),
        sio.loads(blob, trusted=sio.get_untrusted_types(data=blob)),
    ):
        np.testing.assert_array_equal(back.apply(p), r.apply(p))
        assert str(back) == str(r)


def test_a_repair_prints_what_it_found():
    text = str(REPAIRS["recalibrated"])
    assert text.startswith("recalibrated by an intercept, on 4,000 rows, ")
    for line in (
        "  before   observed/expected 0.",
        "  formula  observed/expected 0.",
        "  after    observed/expected 1.00 (z = 0.0)",
    ):
        assert line in text
    assert "formula  " not in str(REPAIRS["confirmed"])
    assert "10 needed: nothing was judged" in str(REPAIRS["unverified"])
    assert "by class (largest |z|" in str(REPAIRS["isotonic"])
    text.encode("latin-1")
    assert repr(REPAIRS["confirmed"]) == "Repair(confirmed, formula)"


def test_inputs_are_never_written():
    y, p, w = Y.copy(), THINNED.copy(), np.ones(N)
    for a in (y, p, w):
        a.flags.writeable = False
    recalibrate(y, p, sample_weight=w).apply(p)
    recalibrate(y, p, method="isotonic").apply(p)
    assert (p == THINNED).all()


def test_bad_input_to_recalibrate_is_told():
    for call, says in (
        (lambda: recalibrate(Y, THINNED, method="beta"), r"`method` must be one of auto, intercept, platt, isotonic; got 'beta'"),
        (lambda: recalibrate(np.zeros(5), THINNED[:5]), r"rows of every class; got 5 and 0 by class"),
        (lambda: recalibrate(Y, LOGIT), r"`proba` must lie in \[0, 1\]; got .* log-odds\? apply expit first"),
        (lambda: recalibrate(Y3, THINNED), r"3 labels \(0, 1, 2\).*2 classes"),
        (lambda: recalibrate(Y3, THREE).apply(THINNED), r"repair is for 3 classes; `proba` has 2"),
        (lambda: REPAIRS["isotonic"].apply(THINNED), r"repair is for 3 classes; `proba` has 2"),
        (lambda: recalibrate(Y, THINNED, method="isotonic").apply(THREE), r"repair is for 2 classes; `proba` has 3"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            call()
