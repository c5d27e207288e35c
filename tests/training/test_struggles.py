"""Upweighting errors: the generator with a neglected group, label noise, the figures against a count by hand, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from upweight import InputError
from upweight.training import struggles


def neglected(seed, n=20_000):
    """Two signals of the label, one of them wrong in 5 % of rows: X, y, groups."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.5).astype(int)
    s = 2 * y - 1
    a = np.where(rng.random(n) < 0.95, s, -s)
    return np.c_[s + 0.7 * rng.normal(size=n), a + 0.3 * rng.normal(size=n)], y, (y, a)


def mislabelled(seed, n=20_000):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.5
    X = np.c_[2 * y - 1 + 0.4 * rng.normal(size=n), rng.normal(size=n)]
    return X, y ^ (rng.random(n) < 0.15), None


def asked(X, y, group, seed, **more):
    def fit(rows, weight):
        model = LogisticRegression(C=1e3).fit(X[rows], y[rows], sample_weight=weight)
        return lambda of: model.predict(X[of]) != y[of]

    return struggles(fit, len(y), group=group, rng=seed, **more)


@pytest.fixture(scope="module")
def helped():
    return [asked(*neglected(seed), seed) for seed in range(5)]


def test_a_neglected_group_is_helped(helped):
    assert {s.verdict for s in helped} == {"helped"}
    assert np.mean([s.after - s.before for s in helped]) >= 0.08
    for s in helped:
        assert 17 <= s.factor <= 20
        assert s.recovered > s.recovered_control + 0.1
        assert s.before == min(a for _, a, _ in s.by_group.values())


def test_the_errors_hold_the_share_and_the_weights_are_theirs(helped):
    s = helped[0]
    w = s.weights.values
    assert s.weights.kind == "cost"
    np.testing.assert_allclose(np.unique(w), [1.0, s.factor])
    assert abs(w[w > 1].sum() / w.sum() - 1 / 3) < 0.02
    eps = (w > 1).mean()
    assert abs(s.weights.ess / len(w) - 1 / ((1 / 3) ** 2 / eps + (2 / 3) ** 2 / (1 - eps))) < 0.01


def test_label_noise_is_noise_and_no_row_is_lifted():
    for seed in range(3):
        s = asked(*mislabelled(seed), seed)
        assert s.verdict == "noise"
        assert (s.weights.sample_weight == 1).all()
        assert "Check the labels" in str(s)


def test_the_figures_are_a_count_by_hand():
    """Errors are looked up: plain wrong on rows 0, 5, 10 ..; upweighted right on the even ones of them, wrong on rows 1, 21 .."""
    n = 1000
    rows = np.arange(n)
    plain = rows % 5 == 0
    up = (plain & (rows % 2 == 1)) | (rows % 20 == 1)

    def fit(part, weight):
        lifted = np.ptp(weight) > 0 and weight[plain[part]].mean() > 1.2 * weight[~plain[part]].mean()
        return lambda of: (up if lifted else plain)[of]

    s = struggles(fit, n, rng=0)
    assert s.recovered_control == 0
    assert abs(s.recovered - 0.5) < 0.15
    assert 0.03 < s.lost < 0.1
    assert s.verdict == "helped"
    assert abs(s.factor - 0.5 * (1 - s.error) / s.error) < 0.02


def test_nothing_wrong_is_nothing_to_lift_and_three_fits_are_saved():
    calls = []

    def fit(rows, weight):
        calls.append(1)
        return lambda of: np.zeros(len(of))

    s = struggles(fit, 100)
    assert (s.verdict, s.factor, len(calls)) == ("nothing to lift", 1.0, 5)
    assert "errors hold 50 % of the rows already" in str(struggles(lambda r, w: lambda of: np.full(len(of), 0.5), 100))


def test_a_journal_goes_on_and_refuses_other_groups(tmp_path):
    X, y, group = neglected(0, 400)
    first = asked(X, y, group, 0, journal=tmp_path)

    def nobody(rows, weight):
        raise AssertionError("nothing is left to fit")

    again = struggles(nobody, 400, group=group, rng=0, journal=tmp_path)
    assert str(first) == str(again)
    with pytest.raises(InputError, match="belongs to other data"):
        struggles(nobody, 400, group=y, rng=0, journal=tmp_path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"share": 0.6}, "Above one half mislabelled rows outvote"),
        ({"folds": 1}, "`folds` must be a whole number, 2 or more; got 1."),
        ({"group": [1, 2]}, "`group` must be one label a row"),
    ],
)
def test_what_is_refused_and_how(more, said):
    with pytest.raises(InputError) as error:
        struggles(lambda r, w: lambda of: np.zeros(len(of)), 100, **more)
    assert said in str(error.value)


def test_errors_out_of_bounds_are_refused_by_row():
    with pytest.raises(InputError, match=r"errors must lie in \[0, 1\]; got 20 others, first 2 at row"):
        struggles(lambda r, w: lambda of: np.full(len(of), 2.0), 100, folds=4)
    with pytest.raises(InputError, match="errors must be one a row"):
        struggles(lambda r, w: lambda of: 0.0, 100)
