"""Random under- and oversampling: counts, laws, and the number that gives the odds back."""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone

from upweight import InputError, UndoError
from upweight.imbalance import RandomOver, RandomUnder

Y = np.repeat([0, 1, 2], [60, 30, 10])
X = np.arange(200.0).reshape(100, 2)


def counts(r):
    return np.unique(r.y, return_counts=True)[1].tolist()


@pytest.mark.parametrize(
    ("sampler", "to", "wanted"),
    [
        (RandomUnder, "balanced", [10, 10, 10]),
        (RandomUnder, 0.5, [20, 20, 10]),
        (RandomUnder, {0: 7, 2: 10}, [7, 30, 10]),
        (RandomOver, "balanced", [60, 60, 60]),
        (RandomOver, 0.5, [60, 30, 30]),
        (RandomOver, {2: 35}, [60, 30, 35]),
    ],
)
def test_classes_get_the_rows_asked_for(sampler, to, wanted):
    r = sampler(to=to, rng=0).resample(X, Y)
    assert counts(r) == wanted
    np.testing.assert_array_equal(r.y, Y[r.indices])
    np.testing.assert_array_equal(r.take(X), X[r.indices])
    assert not r.is_synthetic.any()


def test_under_keeps_the_minority_and_no_row_twice():
    r = RandomUnder(rng=0).resample(X, Y)
    assert set(np.flatnonzero(Y == 2)) <= set(r.indices)
    assert len(set(r.indices)) == len(r.indices)
    assert sorted([*r.indices, *r.removed]) == list(range(100))


def test_over_keeps_all_rows_first_and_uses_them_equally_often():
    r = RandomOver(rng=0).resample(X, Y)
    np.testing.assert_array_equal(r.indices[:100], np.arange(100))
    used = np.bincount(r.indices, minlength=100)
    assert set(used[Y == 2]) == {6}
    assert set(RandomOver(to={2: 35}, rng=0).resample(X, Y).indices[100:]) <= set(np.flatnonzero(Y == 2))
    uneven = np.bincount(RandomOver(to={2: 35}, rng=0).resample(X, Y).indices, minlength=100)[Y == 2]
    assert set(uneven) == {3, 4}


def test_delta_is_what_happened_to_the_weighted_odds():
    rng = np.random.default_rng(0)
    y, w = (rng.random(500) < 0.1).astype(int), rng.exponential(size=500)
    for sampler in (RandomUnder(rng=1), RandomOver(rng=1)):
        r = sampler.resample(np.zeros((500, 1)), y, sample_weight=w)
        np.testing.assert_array_equal(r.weights, w[r.indices])
        after = np.log(r.weights[r.y == 1].sum() / r.weights[r.y == 0].sum())
        before = np.log(w[y == 1].sum() / w[y == 0].sum())
        assert r.correction.log_odds == pytest.approx(after - before, abs=1e-12)


def test_statuses_are_exact_and_approximate():
    assert RandomUnder(rng=0).resample(X, Y).correction.status == "exact"
    assert RandomOver(rng=0).resample(X, Y).correction.status == "approximate"


def test_undo_by_weights_brings_the_masses_back_and_leaves_no_delta():
    r = RandomUnder(undo="weights", rng=0).resample(X, Y)
    np.testing.assert_allclose(np.bincount(r.y, weights=r.weights), [60, 30, 10])
    assert r.correction.log_odds == 0
    with pytest.raises(UndoError, match="'offset' or 'weights', one of them, never both; got 'both'"):
        RandomUnder(undo="both").resample(X, Y)


def test_rows_of_weight_zero_are_as_if_removed():
    w = np.ones(100)
    w[:40] = 0
    a = RandomUnder(rng=3).resample(X, Y, sample_weight=w)
    b = RandomUnder(rng=3).resample(X[40:], Y[40:])
    np.testing.assert_array_equal(a.indices, b.indices + 40)
    assert a.correction.log_odds.tolist() == pytest.approx(b.correction.log_odds.tolist())


@pytest.mark.parametrize("sampler", [RandomUnder, RandomOver])
def test_renaming_labels_changes_no_row(sampler):
    names = np.array(["m", "a", "z"])
    np.testing.assert_array_equal(sampler(rng=5).resample(X, Y).indices, sampler(rng=5).resample(X, names[Y]).indices)


def test_every_row_is_kept_equally_often():
    y = np.repeat([0, 1], [40, 10])
    kept = np.zeros(50)
    for seed in range(600):
        kept[RandomUnder(rng=seed).resample(np.zeros((50, 1)), y).indices] += 1
    # counts of 600 draws of 10 of 40 have covariance 600 p (1-p) 40/39 (I - 1/40), p = 1/4: chi-square, 39 degrees; level 1e-4
    chi = ((kept[:40] - 150) ** 2).sum() / (600 * 0.25 * 0.75 * 40 / 39)
    assert chi < stats.chi2.ppf(1 - 1e-4, 39)
    assert (kept[40:] == 600).all()


def test_two_children_of_one_generator_differ_and_one_seed_repeats():
    rng = np.random.default_rng(0)
    first, second = (RandomUnder(rng=rng).resample(X, Y).indices for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(RandomUnder(rng=7).resample(X, Y).indices, RandomUnder(rng=7).resample(X, Y).indices)


def test_fit_resample_is_imbalanced_learns():
    sampler = RandomUnder(rng=0)
    a, b = sampler.fit_resample(X, Y)
    np.testing.assert_array_equal(a, X[sampler.sample_indices_])
    np.testing.assert_array_equal(b, sampler.resample_.y)
    *_, w = sampler.fit_resample(X, Y, sample_weight=np.arange(1.0, 101))
    np.testing.assert_array_equal(w, sampler.sample_indices_ + 1.0)


def test_settings_survive_clone_and_inputs_are_not_written():
    sampler = RandomUnder(to=0.5, undo="weights", rng=3)
    assert repr(clone(sampler)) == repr(sampler)
    X.flags.writeable = Y.flags.writeable = False
    RandomOver(rng=0).fit_resample(X, Y)


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        (RandomUnder(to=0.05), "`to`=0.05 is out of reach: the classes have 10 and 60 rows, ratio 0.1667 already"),
        (RandomUnder(to=1.5), "a ratio rare/common in (0, 1]"),
        (RandomUnder(to={0: 99}), "`to` asks for 99 rows of class 0, which has 60. Ask for 1 to 60."),
        (RandomOver(to={0: 5}), "`to` asks for 5 rows of class 0, which has 60. Ask for 60 or more."),
        (RandomOver(to={9: 5}), "names class 9, which `y` has not"),
        (RandomUnder(to={0: 61}), "`to` asks for 61 rows of class 0, which has 60. Ask for 1 to 60."),
        (RandomOver(to={0: 1}), "`to` asks for 1 row of class 0"),
        (RandomUnder(to=None), "{label: rows}; got None. Leave it out to balance."),
        (RandomOver(to=[1]), "{label: rows}; got [1]. Leave it out to balance."),
        (RandomUnder(to=np.array([0.5, 0.5])), "{label: rows}; got array([0.5, 0.5])."),
        (RandomUnder(to=float("nan")), "{label: rows}; got nan."),
        (RandomUnder(to={0: None}), "`to` asks for None rows of class 0"),
        (RandomUnder(to={0: "9"}), "`to` asks for '9' rows of class 0"),
        (RandomOver(to={0: float("nan")}), "`to` asks for nan rows of class 0"),
        (RandomOver(to={0: float("inf")}), "`to` asks for inf rows of class 0"),
        (
            RandomUnder(to={"0": 9}),
            "class '0', which `y` has not. It has the number 0 (int), not the text '0'. Write 0.",
        ),
        (RandomOver(rng="seed"), "`rng` must be an int >= 0, a numpy Generator or None; got 'seed'"),
    ],
)
def test_what_is_out_of_reach_is_refused_with_both_counts(sampler, message):
    with pytest.raises(InputError) as error:
        sampler.resample(X, Y)
    assert message in str(error.value)


def test_weights_that_leave_one_class_are_refused():
    with pytest.raises(InputError, match="leaves one class only"):
        RandomUnder().resample(X, Y, sample_weight=(Y == 0).astype(float))
