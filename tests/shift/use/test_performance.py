"""What a model scores on unlabelled rows: figures against scikit-learn, errors against the jackknife, both answers against the truth."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics

import upweight as uw
import upweight.shift as sh
from upweight.shift.use._soft_figures import METRICS, Decided, figures


def case(seed, n=4000):
    """The model knows x0 only; the target moves both. Accuracy in the target: .684 (2e6 rows)."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(n, 3)), rng.normal([0.5, 0.8, 0], 1, (n, 3))
    y = rng.random(n) < expit(1.5 * x[:, 0] + x[:, 1] - 1)
    model = lambda x: expit(1.5 * x[:, 0] - 1)
    w = uw.Weights.of_log(x @ [0.5, 0.8, 0] - 0.445, kind="importance", exact=True)
    return y, model(x), model(z), w


def test_figures_of_known_labels_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, p, w = rng.integers(0, 2, 300), rng.integers(1, 9, 300) / 9, rng.random(300)
    found = {
        k: v for k, (v, _) in figures(Decided.of(np.stack([1 - p, p]), 0.5), np.stack([1 - y, y]), w / w.sum()).items()
    }
    said = p >= 0.5
    wanted = {
        "accuracy": metrics.accuracy_score(y, said, sample_weight=w),
        "recall": metrics.recall_score(y, said, sample_weight=w),
        "specificity": metrics.recall_score(y, said, pos_label=0, sample_weight=w),
        "precision": metrics.precision_score(y, said, sample_weight=w),
        "f1": metrics.f1_score(y, said, sample_weight=w),
        "roc_auc": metrics.roc_auc_score(y, p, sample_weight=w),
        "brier": metrics.brier_score_loss(y, p, sample_weight=w),
        "log_loss": metrics.log_loss(y, p, sample_weight=w),
    }
    assert list(found) == list(METRICS)
    np.testing.assert_allclose(list(found.values()), list(wanted.values()), atol=1e-12)


def test_three_classes_are_macro_averages():
    rng = np.random.default_rng(1)
    p = rng.dirichlet([1, 1, 1], 400)
    y = np.array([rng.choice(3, p=row) for row in p])
    found = {
        k: v
        for k, (v, _) in figures(
            Decided.of(p.T, 0.5), (y == np.arange(3)[:, None]) * 1.0, np.full(400, 1 / 400)
        ).items()
    }
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, p.argmax(1)))
    assert found["f1"] == pytest.approx(metrics.f1_score(y, p.argmax(1), average="macro"))
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, p, multi_class="ovr"))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, p))


def test_probable_labels_are_the_average_over_labels():
    """Expected figures of soft labels against 4,000 drawn labellings, for the linear ones exactly their mean."""
    rng = np.random.default_rng(2)
    p, truth = rng.random(60), rng.random(60)
    of, v = Decided.of(np.stack([1 - p, p]), 0.5), np.full(60, 1 / 60)
    soft = {k: x for k, (x, _) in figures(of, np.stack([1 - truth, truth]), v).items()}
    drawn = []
    for y in rng.random((4000, 60)) < truth:
        drawn.append([x for x, _ in figures(of, np.stack([1 - y, y]).astype(float), v).values()])
    gap = np.abs(np.mean(drawn, axis=0) - list(soft.values()))
    assert (gap < [0.005, 0.01, 0.01, 0.005, 0.01, 0.01, 0.005, 0.03]).all()


def test_errors_are_those_of_the_jackknife_of_both_samples():
    y, p, new, w = case(3, 90)
    new = new[:70]
    f = sh.performance(y, p, new, weights=w)

    def fit(keep, stay):
        g = sh.performance(y[keep], p[keep], new[stay], weights=w[keep])
        return [e.value for e in (*g.expected.values(), *g.weighted.values())]

    every, others = np.arange(90), np.arange(70)
    parts = [
        np.array([fit(np.delete(every, i), others) for i in every]),
        np.array([fit(every, np.delete(others, j)) for j in others]),
    ]
    brute = np.sqrt(sum((len(x) - 1) / len(x) * ((x - x.mean(0)) ** 2).sum(0) for x in parts))
    se = [e.se for e in (*f.expected.values(), *f.weighted.values())]
    np.testing.assert_allclose(se, brute, rtol=0.15)


def test_both_answers_find_the_accuracy_of_the_target():
    """30 seeds: the raw promise errs by .054, recalibration without weights by .031; expected and weighted by under .014."""
    both = []
    for seed in range(30):
        y, p, new, w = case(seed)
        f = sh.performance(y, p, new, weights=w)
        both.append([f.expected["accuracy"].value, f.weighted["accuracy"].value])
    assert (np.sqrt(np.mean((np.array(both) - 0.684) ** 2, axis=0)) < 0.016).all()


def test_disagreement_is_said():
    y, p, new, w = case(0)
    f = sh.performance(y, p, new, weights=w)
    assert f.disagree is None
    assert "agree" in str(f)
    off = sh.performance(
        y, np.where(np.arange(y.size) % 2, p, 1 - p), new, weights=w
    )  # half of the promises turned round
    assert off.disagree is not None
    assert "disagree" in str(off)
    assert "joint" in off.disagree
    assert "<table" in off._repr_html_()


def test_what_cannot_be_told_is_left_out():
    y, p, new, w = case(0, 300)
    f = sh.performance(y, p, new, weights=w, threshold=1.0)  # nobody is called positive
    assert "precision" not in f.expected
    assert "recall" in f.expected
    assert set(f.expected) == set(f.weighted)


def test_what_is_refused():
    y, p, new, w = case(0, 100)
    with pytest.raises(uw.InputError, match="`threshold` must lie in"):
        sh.performance(y, p, new, weights=w, threshold=50)
    with pytest.raises(uw.InputError, match="one entry a row of `proba`; got 100 for 90"):
        sh.performance(y[:90], p[:90], new, weights=w)
    with pytest.raises(uw.InputError, match="rows of every class"):
        sh.performance(np.ones(100, int) * (np.arange(100) < 0), np.c_[1 - p, p], new, weights=w)
    with pytest.raises(uw.KindError):
        sh.performance(y, p, new, weights=uw.Weights.of(w.values, kind="class"))


@pytest.mark.slow
def test_intervals_cover_the_accuracy():
    """300 seeds at nominal .95: .91 and less would be seen of a true .95 with probability .001."""
    inside = []
    for seed in range(300):
        y, p, new, w = case(seed, 1000)
        f = sh.performance(y, p, new, weights=w)
        ends = [e["accuracy"].interval() for e in (f.expected, f.weighted)]
        inside.append([low <= 0.684 <= high for low, high in ends])
    assert (np.mean(inside, axis=0) > 0.91).all()
