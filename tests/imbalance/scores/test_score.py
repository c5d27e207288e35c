"""score: figures against scikit-learn, thresholds, several classes."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from upweight import InputError, Weights
from upweight.imbalance import score

RNG = np.random.default_rng(0)
Y = RNG.random(500) < 0.1
P = np.clip(0.1 + 0.3 * Y + 0.1 * RNG.normal(size=500), 0.001, 0.999)


def test_figures_equal_scikit_learns():
    s = score(Y, P, threshold=0.3)
    assert s.average_precision == pytest.approx(metrics.average_precision_score(Y, P))
    assert s.roc_auc == pytest.approx(metrics.roc_auc_score(Y, P))
    assert s.brier == pytest.approx(metrics.brier_score_loss(Y, P))
    assert s.log_loss == pytest.approx(metrics.log_loss(Y, P))
    assert s.f1 == pytest.approx(metrics.f1_score(Y, P >= 0.3))
    assert s.oe == pytest.approx(Y.sum() / P.sum())
    assert (s.support, s.threshold) == (Y.sum(), 0.3)


def test_the_threshold_is_the_prevalence_or_the_cost_unless_given():
    assert score(Y, P).threshold == pytest.approx(Y.mean())
    assert score(Y, P, cost=19).threshold == pytest.approx(0.05)
    w = np.where(Y, 4.0, 1.0)
    assert score(Y, P, sample_weight=w).threshold == pytest.approx(np.average(Y, weights=w))


def test_columns_follow_sorted_classes_and_positive_may_be_named():
    names = np.where(Y, "ill", "ok")
    both = np.stack([P, 1 - P], axis=1)
    assert score(names, both).average_precision == score(Y, P).average_precision
    assert score(names, P).average_precision == score(Y, P).average_precision
    turned = score(names, both, positive="ok", threshold=0.5)
    assert turned.sensitivity == pytest.approx(((1 - P) >= 0.5)[~Y].mean())


def test_weights_of_any_kind_of_container_count():
    w = np.where(Y, 3.0, 1.0)
    a, b = score(Y, P, sample_weight=pd.Series(w)), score(Y, P, sample_weight=Weights.of(w, kind="importance"))
    assert a.oe == pytest.approx(b.oe)
    assert a.oe == pytest.approx((w * Y).sum() / (w * P).sum())


def test_several_classes_give_each_and_the_macro_average():
    y = RNG.integers(0, 3, 400)
    p = RNG.dirichlet(np.ones(3), 400)
    s = score(y, p)
    prior = np.bincount(y) / 400
    chosen = (p / prior).argmax(axis=1)
    assert s.sensitivity == pytest.approx(metrics.recall_score(y, chosen, average="macro"))
    assert s.average_precision == pytest.approx(
        np.mean([metrics.average_precision_score(y == k, p[:, k]) for k in range(3)])
    )
    assert s.log_loss == pytest.approx(metrics.log_loss(y, p))
    assert sorted(s.by_class) == [0, 1, 2]
    assert s.by_class[2].support == (y == 2).sum()


def test_printing_gives_a_line_a_figure():
    text = str(score(Y, P))
    assert "average_precision" in text
    assert "support" in text.splitlines()[-1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: score(Y, P, threshold=0.5, cost=3), "both say where to cut"),
        (lambda: score(Y, P + 1), "must lie in [0, 1]; first other value at row 0. Log-odds?"),
        (lambda: score(Y, np.ones((500, 3)) / 3), "(n,) for two classes or (n, 2)"),
        (lambda: score(Y, P[:9]), "got (9,)"),
        (lambda: score(Y, P, positive="x"), "`positive` is 'x', which `y` has not"),
        (lambda: score(Y, P, threshold=2), "`threshold` must lie in [0, 1]; got 2"),
        (lambda: score(Y, P, threshold="x"), "`threshold` must lie in [0, 1]; got 'x'."),
        (lambda: score(Y, P, threshold=True), "`threshold` must lie in [0, 1]; got True."),
        (lambda: score(Y, ["no"] * 500), "`proba` must be numbers: could not convert string to float"),
        (lambda: score([0, 1, 2], np.eye(3), cost=2), "are for two classes"),
        (lambda: score([1, 1], [0.5, 0.5]), "needs two classes"),
    ],
)
def test_bad_calls_are_refused(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert message in str(error.value)
