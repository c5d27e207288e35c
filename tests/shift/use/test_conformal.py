"""Conformal thresholds by definition and brute force, their coverage, and what is refused."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import upweight as uw
import upweight.shift as sh
from upweight.shift import conformal_quantile


def by_definition(score, w, at, level):
    """Least score q with sum w 1{s <= q} >= level (sum w + at), asked of every score."""
    out = []
    for new in at:
        total = w.sum() + new
        enough = [q for q in np.sort(score) if w[score <= q].sum() >= level * total * (1 - 1e-12)]
        out.append(enough[0] if enough and total > 0 else np.inf)
    return np.array(out)


def test_batched_is_the_definition_with_ties_and_zero_weights():
    rng = np.random.default_rng(0)
    for _ in range(1000):
        n = rng.integers(1, 30)
        score, w = rng.integers(0, 8, n).astype(float), rng.choice([0, 0, 1, 2, 0.5, 0.1], n)
        at, level = rng.choice([0, 0.3, 1, 5, 100.0], 4), rng.choice([0.5, 0.55, 0.9, 0.75])
        np.testing.assert_array_equal(
            conformal_quantile(score, weights=w, at=at, level=level), by_definition(score, w, at, level)
        )


@pytest.mark.parametrize("n", [9, 10, 99, 100, 119])
@pytest.mark.parametrize("level", [0.9, 0.55, 0.5])
def test_equal_weights_are_the_split_conformal_rank(n, level):
    score = np.random.default_rng(n).permutation(n) + 1.0
    rank = np.ceil(level * (n + 1) - 1e-9)
    wanted = rank if rank <= n else np.inf
    assert conformal_quantile(score, level=level)[0] == wanted
    assert conformal_quantile(score, weights=np.ones(n), at=[1.0], level=level)[0] == wanted


def test_a_huge_own_weight_promises_nothing_and_the_scale_does_not_matter():
    rng = np.random.default_rng(1)
    score, w, at = rng.normal(size=50), rng.random(50), np.r_[rng.random(5), 1e6]
    q = conformal_quantile(score, weights=w, at=at)
    assert np.isinf(q[-1])
    assert np.isfinite(q[:-1]).any()
    np.testing.assert_array_equal(q, conformal_quantile(score, weights=1e5 * w, at=1e5 * at))
    logs = [uw.Weights.of_log(np.log(x) - 800, kind="importance") for x in (w, at)]
    np.testing.assert_array_equal(q, conformal_quantile(score, weights=logs[0], at=logs[1]))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"weights": [1.0, 1.0]}, "`weights` needs `at` beside it"),
        ({"at": [1.0]}, "`at` needs `weights` beside it"),
        ({"weights": uw.Weights.of([1.0, 2.0], kind="importance"), "at": [1.0]}, "on one scale"),
        ({"weights": [1.0], "at": [1.0]}, "one entry a score; got 1 for 2"),
        ({"weights": [1.0, -1.0], "at": [1.0]}, "first -1 at row 1"),
        ({"level": 1.0}, "`level` must lie between 0 and 1; got 1.0"),
        ({"level": 90}, "`level` must lie between 0 and 1; got 90"),
    ],
)
def test_what_is_refused(given, match):
    with pytest.raises(uw.InputError, match=match):
        conformal_quantile([1.0, 2.0], **given)


def test_nan_scores_and_class_weights_are_refused():
    with pytest.raises(uw.InputError, match="1 NaN, first at row 1"):
        conformal_quantile([1.0, np.nan])
    w = uw.Weights.of([1.0, 2.0], kind="class")
    with pytest.raises(uw.KindError):
        conformal_quantile([1.0, 2.0], weights=w, at=w)


def known(X):
    """N(0, 1) to N(1, 1)."""
    return uw.Weights.of_log(np.asarray(X)[:, 0] - 0.5, kind="importance", exact=True)


def regression(seed, n=500):
    rng = np.random.default_rng(seed)
    x, new = rng.normal(size=(2 * n, 1)), rng.normal(1, 1, (n, 1))
    noise = lambda x: (0.3 + np.abs(x[:, 0])) * rng.normal(size=len(x))  # wider where the target is
    y, late = x[:, 0] + noise(x), new[:, 0] + noise(new)
    return LinearRegression().fit(x[:n], y[:n]), x[n:], y[n:], new, late


def test_intervals_cover_the_target_with_weights_and_not_without():
    """40 seeds of 500 rows at .9: with weights .90 (s.e. .008); plain calibration covers .80. Bounds are 4 s.e. away."""
    inside = {"plain": [], "weighted": []}
    for seed in range(40):
        model, X, y, new, late = regression(seed)
        for name, shift in (("plain", None), ("weighted", known)):
            low, high = sh.conformal(model, X, y, shift=shift).interval(new)
            inside[name].append(((low <= late) & (late <= high)).mean())
    assert np.mean(inside["plain"]) < 0.84
    assert 0.87 < np.mean(inside["weighted"]) < 0.94


def test_an_interval_is_the_prediction_and_the_threshold_on_either_side():
    model, X, y, new, _ = regression(0)
    c = sh.conformal(model, X, y, shift=known, level=0.8)
    q = conformal_quantile(np.abs(y - model.predict(X)), weights=known(X), at=known(new), level=0.8)
    np.testing.assert_allclose(c.interval(new), (model.predict(new) - q, model.predict(new) + q))
    assert c.infinite(new) == np.isinf(q).mean()
    assert c.infinite([[9.0]]) == 1.0  # a row that weighs more than all calibration rows
    assert "average calibration rows" in str(c)
    assert "<p" in c._repr_html_()


def classes(rng, n, shares):
    means = np.array([[0, 0], [1.5, 0], [0, 1.5]])
    y = rng.choice(3, n, p=shares)
    return means[y] + rng.normal(size=(n, 2)), y


def test_label_shift_gives_every_class_its_threshold():
    """K = 3, (.6, .3, .1) to (.1, .3, .6): plain covers .75, weighted .91 of 40 x 500 rows (s.e. .009)."""
    inside = {"plain": [], "weighted": []}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        (a, ya), (X, y), (new, late) = (
            classes(rng, 500, s) for s in ([0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6])
        )
        model = LogisticRegression().fit(a, ya)
        s = sh.label_shift(model.predict_proba(X), y, model.predict_proba(new))
        for name, shift in (("plain", None), ("weighted", s)):
            c = sh.conformal(model, X, y, shift=shift)
            inside[name].append(c.sets(new)[np.arange(500), late].mean())
    assert np.mean(inside["plain"]) < 0.82
    assert 0.87 < np.mean(inside["weighted"]) < 0.94
    assert "Thresholds by class" in str(c)


def test_sets_follow_the_order_of_the_classes():
    rng = np.random.default_rng(0)
    X, y = classes(rng, 300, [0.5, 0.3, 0.2])
    words = np.array(["c", "a", "b"])[y]
    model = LogisticRegression().fit(X, words)
    c = sh.conformal(model, X, words, level=0.9)
    assert c.classes.tolist() == ["a", "b", "c"]
    assert 0.9 <= c.sets(X)[np.arange(300), np.searchsorted(c.classes, words)].mean() < 0.95


def test_the_wrong_question_is_refused():
    model, X, y, new, _ = regression(0)
    with pytest.raises(uw.InputError, match=r"Use interval\(X\)"):
        sh.conformal(model, X, y).sets(new)
    with pytest.raises(uw.InputError, match="got shape"):
        sh.conformal(model, X, y[:-1])
    with pytest.raises(uw.InputError, match="must return Weights; got ndarray"):
        sh.conformal(model, X, y, shift=lambda X: np.ones(len(X)))
    with pytest.raises(uw.InputError, match="Weights belong to the rows they were made for"):
        sh.conformal(model, X, y, shift=known(X))
    rng = np.random.default_rng(0)
    A, b = classes(rng, 90, [0.5, 0.3, 0.2])
    classifier = LogisticRegression().fit(A, b)
    s = sh.label_shift(classifier.predict_proba(A), b, classifier.predict_proba(A)[:50])
    with pytest.raises(uw.InputError, match="label shift is about classes"):
        sh.conformal(model, X, y, shift=s)
    with pytest.raises(uw.InputError, match="classes of the model; got 7, first at row 2"):
        sh.conformal(classifier, A, np.r_[b[:2], 7, b[3:]])
    with pytest.raises(uw.InputError, match=r"Use sets\(X\)"):
        sh.conformal(classifier, A, b).interval(A)
