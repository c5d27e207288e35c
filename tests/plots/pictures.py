"""One of every picture, plain and degenerate, for the laws that hold for all of them."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from scipy import stats

import upweight as uw
from upweight import imbalance, negatives


def drawn(picture: Any) -> list[Axes]:
    """The panels of a picture, after it has been drawn once; inset children are not panels."""
    figure = picture.figure.figure if isinstance(picture, Axes) else picture
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    return figure.axes


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def heavy(n: int = 3000) -> uw.Weights:
    return uw.Weights.of(draws().pareto(1.3, n) + 1, kind="importance")


def table(rows: int = 200, columns: int = 4) -> np.ndarray:
    return draws(1).normal(size=(rows, columns))


def labels(X: np.ndarray) -> np.ndarray:
    return X[:, 0] + X[:, 1] > 1.2


def repair(p: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a slope that is not positive
        return uw.recalibrate(y, p)


def lifted(**more: Any) -> Any:
    X = table(300)
    y = (X[:, 0] * X[:, 1] > 0) ^ (draws(2).random(300) < 0.1)
    return imbalance.upweight_errors("logistic", X, y, cv="3x1", rng=0, **more)


def thinned(**how: Any) -> Any:
    return negatives.plan(negatives.demo_clicks(30_000), label="clicked", key="impression_id", **how)


def checked(**how: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        thin = negatives.sample(negatives.demo_clicks(30_000), thinned(**how), f"{folder}/thin")
        return negatives.check(thin)


def judged(ones: int = 300, *, sure: bool = False) -> Any:
    """Metrics of 2,000 weighted rows; `sure`: one of them came although its probability was 0."""
    y = np.arange(2000) < ones
    p = 1 / (1 + np.exp(-(draws(3).normal(size=2000) + 2.0 * y - 1.5)))
    return negatives.metrics(
        y, np.where(np.arange(2000) == 0, 0.0, p) if sure else p, sample_weight=np.where(y, 1, 20.0)
    )


def scored(epochs: int = 5) -> Any:
    """A sampler whose scores have seen some epochs."""
    norms = draws(3).lognormal(sigma=1.5, size=300)
    scores = uw.torch.Scores(300)
    sampler = uw.torch.ImportanceSampler(300, scores=scores, rng=0)
    for _ in range(epochs):
        rows = list(sampler)
        scores.update(rows, norms[rows])
    return sampler


def nobody() -> Any:
    return imbalance.Resample.of_rows([], np.empty(0, int), np.empty(0), uw.Correction.none())


def logs(n: int, k: int) -> torch.Tensor:
    """Log-weights, half of the rows with a heavy tail."""
    noise = torch.randn(n, k, generator=torch.Generator().manual_seed(0))
    return noise * torch.where(torch.arange(n) % 2 == 0, 0.5, 3.0)[:, None]


HISTORY = [{"epoch": e, "value": -20 - 5 * 0.8**e, "held_out": -21 - 5 * 0.8**e - 0.01 * e} for e in range(30)]


def anomalies(more=0.0):
    score = np.random.default_rng(0).gamma(20.0, 1.0, 100) + more
    return uw.torch.AnomalyScore(score, 1 + 500 * np.exp(-score / 10), np.full(100, 0.5), score < 25, 1000)


def likelihoods(l: torch.Tensor) -> Any:
    return uw.torch.iwae.log_likelihood(
        lambda rows, first, count: l[rows, first : first + count], *l.shape[:1], k=l.shape[1]
    )


def metered(steps: int = 60) -> Any:
    g = torch.Generator().manual_seed(0)
    y = torch.arange(900) % 3
    X = torch.randn(900, 3, generator=g) + 2 * torch.nn.functional.one_hot(y, 3)
    model = torch.nn.Linear(3, 3)
    w = torch.where(y == 0, 4.0, 1.0)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    meter = uw.torch.Meter(model, (X, y), w, optimizer=opt)
    for _ in range(steps):
        i = torch.randint(900, (64,), generator=g)
        z = model(X[i])
        meter.watch(z, y[i])
        uw.torch.weighted_loss(uw.torch.margin_loss(z, y[i]), w[i] / w.mean()).backward()
        opt.step()
        opt.zero_grad()
        meter.step()
    return meter


def traced(labels: bool) -> Any:
    x = draws().normal(size=300)
    scores = lambda w: np.average(x, weights=w) - x
    return uw.training.trace((lambda w: scores(w) > 0) if labels else scores, np.exp(x))


def lifted_errors(always_right: bool) -> Any:
    wrong = draws(1).random(600) < 0.2
    tell = lambda rows, w: lambda of: wrong[of] & (not always_right) & (np.ptp(w) == 0)
    return uw.training.struggles(tell, 600, group=np.arange(600) % 4)


def on_two_points(tail: Any) -> Any:
    return uw.torch.two_point(lambda m, y: tail(m))


PLAIN: dict[str, Callable[[], Any]] = {
    "verdict": lambda: heavy().check().plot(),
    "verdict tempered": lambda: heavy().temper(power=0.6).check().plot(),
    "balance": lambda: uw.balance(table(), table() + 0.2, weights=uw.Weights.of(draws().uniform(0.5, 2, 200))).plot(),
    "estimate": lambda: heavy().mean(draws().normal(size=3000)).plot(),
    "estimates": lambda: uw.plots.estimates(
        {"one": heavy().mean(draws().normal(size=3000)), "two": uw.Weights.of(np.ones(99)).mean(np.arange(99.0))}
    ),
    "reliability": lambda: repair(draws().uniform(size=500), draws(1).random(500) < 0.3).plot(),
    "resample": lambda: imbalance.SMOTE(rng=0).resample(table(), labels(table())).plot(table()),
    "resample dropped": lambda: imbalance.RandomUnder(rng=0).resample(table(), labels(table())).plot(table()),
    "error weights": lambda: lifted(by="row").plot(),
    "forecast": lambda: thinned().forecast.plot(),
    "sample check": lambda: checked().plot(),
    "metrics": lambda: judged().plot(),
    "keep": lambda: thinned().plot(negatives.demo_clicks(30_000)),
    "curve": lambda: uw.torch.iwae.curve(logs(100, 64)).plot(),
    "diagnosis": lambda: uw.torch.iwae.diagnose(logs(100, 500)).plot(),
    "log likelihood": lambda: likelihoods(logs(100, 500)).plot(),
    "anomaly": lambda: anomalies().plot(),
    "history": lambda: uw.plots.history(HISTORY),
    "margin rule": lambda: uw.torch.margin_rule([900, 90, 10], kind="vs").plot(),
    "scores": lambda: scored().scores.plot(),
    "sampler": lambda: scored().plot(),
}


def chosen(**how: Any) -> Any:
    x = draws().exponential(size=900)
    return uw.ope.path(x, uw.ratio(0.7 * np.exp(-0.7 * x), np.exp(-x)), **how)


def policy(**how: Any) -> Any:
    x = draws().exponential(size=900)
    return uw.ope.evaluate(1.0 * (x > 1), uw.ratio(0.7 * np.exp(-0.7 * x), np.exp(-x)), **how)


PLAIN |= {
    "evaluation": lambda: policy(by=np.arange(900) % 6, bounds=(0, 1)).plot(),
    "path": lambda: chosen().plot(),
    "path clipped": lambda: chosen(taming="clip", grid=[2, 1]).plot(),
    "band": lambda: uw.ope.band(draws().normal(size=500), uw.Weights.of(draws(1).uniform(1, 2, 500)), rng=0).plot(),
    "meter": lambda: metered().plot(),
    "trace": lambda: traced(False).plot(),
    "struggles": lambda: lifted_errors(False).plot(),
    "two points": lambda: on_two_points(uw.torch.poly(1.0)).plot(),
}


def two_samples(by: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    return draws().normal(size=(80, 2)), draws(1).normal(by, 1, (70, 2))


@functools.cache
def diagnosed(by: float = 0.8, rows: int = 80, labels: bool = False) -> Any:
    a, b = two_samples(by)
    return uw.shift.diagnose(a[:rows], b, y=(a[:, 0] > 0)[:rows] if labels else None, method="linear", rng=0)


@functools.cache
def tested(by: float) -> Any:
    return uw.shift.two_sample_test(*two_samples(by), learner="linear", rng=0)


def classes(k: int = 2, rows: int = 400) -> Any:
    y = np.arange(rows) % k
    p = draws().dirichlet(np.ones(k), rows) + 2 * np.eye(k)[y]
    p /= p.sum(axis=1, keepdims=True)
    return uw.shift.label_shift(p, y, p[y <= k // 2])


class Line:
    """A model that answers with its first column, or with probabilities of two classes."""

    def predict(self, X: Any) -> np.ndarray:
        return np.asarray(X)[:, 0]


class Chance(Line):
    classes_ = np.array(["no", "yes"])

    def predict_proba(self, X: Any) -> np.ndarray:
        p = 1 / (1 + np.exp(-np.asarray(X)[:, 0]))
        return np.column_stack([1 - p, p])


def promised(shift: Any = None, model: Any = None) -> Any:
    x = draws().normal(size=(200, 2))
    noisy = x[:, 0] + draws(1).normal(size=200)
    y = noisy if model is None else np.where(noisy > 0, "yes", "no")
    return uw.shift.conformal(model or Line(), x, y, shift=shift)


def rising(X: Any) -> Any:
    return uw.Weights.of_log(2.0 * np.asarray(X)[:, 0], kind="importance")


def scored_elsewhere(threshold: float = 0.5) -> Any:
    p = draws().random(300)
    w = uw.Weights.of(np.ones(300), kind="importance")
    return uw.shift.performance(draws(1).random(300) < p, p, p[:90], weights=w, threshold=threshold)


PLAIN |= {
    "shift": lambda: diagnosed(labels=True).plot(),
    "two samples": lambda: tested(0.8).plot(),
    "label shift": lambda: classes().plot(),
    "conformal": lambda: promised(rising).plot(draws(2).normal(size=(50, 2))),
    "performance": lambda: scored_elsewhere().plot(),
}


@functools.cache
def failing(beta: float = 3.0, **how: Any) -> Any:
    return uw.montecarlo.rare(lambda x: beta - x[:, 0], how.pop("d", 2), rng=0, budget=9000, **how)


PLAIN |= {"rare event": lambda: failing().plot()}


def coin(**how: Any) -> Any:
    return uw.montecarlo.evidence(
        lambda x: 7 * np.log(x["p"]) + 13 * np.log1p(-x["p"]), {"p": stats.beta(2, 5)}, rng=0, **how
    )


def drawn_points(d: int = 2, log_target: Any = lambda x: -(x**2).sum(axis=1)) -> Any:
    return uw.montecarlo.draw(log_target, stats.multivariate_normal(np.zeros(d)), 400, rng=0)


def repeated(columns: int = 1) -> Any:
    """An integral as `integrate` gives it, without what it needs."""
    values = draws(3).normal(1, 0.1, (8, columns))
    history = [{"phase": "frozen", "repeat": j + 1, "value": v.tolist(), "calls": 50} for j, v in enumerate(values)]
    value = uw.Estimate.of_repeats(values[:, 0] if columns == 1 else values)
    return uw.montecarlo.Integral(value, drawn_points(), 400, history)


PLAIN |= {
    "draws": lambda: drawn_points().plot(),
    "posterior": lambda: coin().plot(),
    "integral": lambda: repeated().plot(),
}

DEGENERATE: dict[str, Callable[[], Any]] = {
    "evaluation without labels": lambda: policy().plot(),
    "evaluation of equal policies": lambda: uw.ope.evaluate(np.arange(90.0), uw.ratio(0.5, np.full(90, 0.5))).plot(),
    "evaluation of one row": lambda: uw.ope.evaluate([1.0], uw.ratio([0.9], [0.5]), bounds=(0, 1)).plot(),
    "evaluation of many labels": lambda: policy(by=np.arange(900) % 36, bounds=(0, 1)).plot(),
    "path of one row": lambda: uw.ope.path([1.0], uw.ratio([0.9], [0.5])).plot(),
    "band of a constant": lambda: uw.ope.band(np.ones(100), uw.Weights.of(np.ones(100)), rng=0).plot(),
    "verdict all zero": lambda: uw.Weights.of([0.0, 0.0]).check().plot(),
    "verdict one row": lambda: uw.Weights.of([3.0]).check().plot(),
    "verdict constant": lambda: uw.Weights.of(np.ones(500)).check().plot(),
    "verdict class": lambda: uw.Weights.of([1.0] * 90 + [10.0] * 10, kind="class").check().plot(),
    "verdict frequency": lambda: uw.Weights.of([1, 2, 3], kind="frequency").check().plot(),
    "verdict beyond float": lambda: uw.Weights.of_log(draws().normal(0, 400, 900), kind="importance").check().plot(),
    "verdict mostly zero": lambda: (
        uw.Weights.of(np.where(draws().random(500) < 0.9, 0, heavy(500).values)).check().plot()
    ),
    "verdict tally": lambda: uw.Tally.of(heavy(40_000)).result().plot(),
    "verdict document": lambda: uw.Verdict.from_dict(json.loads(heavy().check().to_json())).plot(),
    "verdict document zero": lambda: uw.Verdict.from_dict(uw.Weights.of([0.0]).check().to_dict()).plot(),
    "balance infinite": lambda: uw.balance(np.zeros((9, 1)), np.ones((9, 1)), weights=uw.Weights.of(np.ones(9))).plot(),
    "balance unknown": lambda: uw.balance(np.array([[1.0], [np.nan]] * 9), {0: 1.0}).plot(),
    "balance unweighted": lambda: uw.balance(table(), table() + 0.2).plot(),
    "estimate flat": lambda: uw.Weights.of([1.0, 2.0]).mean([3.0, 3.0]).plot(),
    "estimate unbounded": lambda: uw.Weights.of(draws().pareto(0.6, 900) + 1).mean(np.arange(900.0)).plot(),
    "estimate one row": lambda: uw.Weights.of([0.0, 2.0]).mean([3.0, 4.0]).plot(),
    "estimates none": lambda: uw.plots.estimates({}),
    "reliability one bin": lambda: repair([0.5] * 100, [0, 0, 0, 1] * 25).plot(),
    "reliability few": lambda: uw.Correction.none().verify([0, 1, 1], [0.2, 0.3, 0.4]).plot(),
    "reliability impossible": lambda: uw.Correction.impossible("x").verify([0, 1, 1], [0.0, 0.3, 1.0]).plot(),
    "reliability three classes": lambda: repair(draws().dirichlet([1, 1, 1], 300), draws(1).integers(0, 3, 300)).plot(),
    "reliability very rare": lambda: repair(
        np.r_[np.full(990, 1e-5), np.full(20, 0.004)], np.arange(1010) > 990
    ).plot(),
    "resample no rows": lambda: nobody().plot(table(5)),
    "resample no rows of one column": lambda: nobody().plot(table(5, 1)),
    "resample one column": lambda: imbalance.RandomUnder(rng=0).resample(table(), labels(table())).plot(table()[:, :1]),
    "resample constant": lambda: (
        imbalance.RandomUnder(rng=0).resample(np.ones((20, 3)), np.arange(20) < 5).plot(np.ones((20, 3)))
    ),
    "resample words": lambda: (
        imbalance.RandomUnder(rng=0).resample(table(), labels(table())).plot(np.full((200, 2), "x", dtype=object))
    ),
    "error weights": lambda: lifted(by="region", lift=1.0).plot(),
    "forecast uniform": lambda: thinned(rule="uniform", per_positive=0.1).forecast.plot(),
    "forecast everything": lambda: thinned(per_positive=1e5).forecast.plot(),
    "sample check uniform": lambda: checked(rule="uniform").plot(),
    "metrics of one class": lambda: judged(ones=0).plot(),
    "metrics sure and wrong": lambda: judged(sure=True).plot(),
    "metrics few": lambda: negatives.metrics([0, 1, 1], [0.2, 0.7, 0.9], sample_weight=[9, 1, 1]).plot(),
    "keep nobody": lambda: thinned().plot(negatives.demo_clicks(30_000).slice(0, 0)),
    "keep everything": lambda: thinned(per_positive=1e5).plot(negatives.demo_clicks(30_000)),
    "anomaly impossible": lambda: anomalies(np.inf).plot(),
    "history one epoch, nothing held out": lambda: uw.plots.history([{"epoch": 0, "value": -20.0, "held_out": None}]),
    "curve one draw": lambda: uw.torch.iwae.curve(logs(1, 1)).plot(),
    "curve impossible": lambda: uw.torch.iwae.curve(logs(3, 4) - torch.inf).plot(),
    "diagnosis few draws": lambda: uw.torch.iwae.diagnose(logs(9, 5)).plot(),
    "diagnosis no tail": lambda: uw.torch.iwae.diagnose(torch.zeros(9, 99)).plot(),
    "diagnosis some without tail": lambda: uw.torch.iwae.diagnose(torch.cat([logs(9, 99), torch.zeros(2, 99)])).plot(),
    "log likelihood one row": lambda: likelihoods(logs(1, 50)).plot(),
    "log likelihood one draw": lambda: likelihoods(logs(9, 1)).plot(),
    "log likelihood impossible": lambda: likelihoods(logs(3, 50) - torch.inf).plot(),
    "log likelihood partly impossible": lambda: likelihoods(torch.cat([logs(9, 50), logs(2, 50) - torch.inf])).plot(),
    "margin rule of two": lambda: uw.torch.margin_rule([99, 1], kind="temper", tau=0.0).plot(),
    "margin rule of many": lambda: uw.torch.margin_rule(np.arange(1, 1001), kind="ldam").plot(),
    "scores unseen": lambda: uw.torch.Scores(3).plot(),
    "sampler of one row": lambda: uw.torch.ImportanceSampler(1).plot(),
    "pruning sampler": lambda: uw.torch.PruningSampler(9, epochs=2).plot(),
}
DEGENERATE |= {
    "meter that saw nothing": lambda: metered(0).plot(),
    "trace of labels": lambda: traced(True).plot(),
    "struggles of nothing": lambda: lifted_errors(True).plot(),
    "two points without a slope at small norms": lambda: on_two_points(uw.torch.focal(2.0)).plot(),
}
DEGENERATE |= {
    "shift of nothing": lambda: diagnosed(0.0).plot(),
    "shift of few rows": lambda: diagnosed(rows=20).plot(),
    "two samples apart": lambda: tested(50.0).plot(),
    "two samples alike": lambda: tested(0.0).plot(),
    "label shift of many": lambda: classes(50, 2000).plot(),
    "conformal sets": lambda: promised(model=Chance()).plot(draws(2).normal(size=(50, 2))),
    "conformal without a promise": lambda: promised(rising).plot(np.full((3, 2), 9.0)),
    "conformal one row": lambda: promised().plot(np.zeros((1, 2))),
    "performance of nobody": lambda: scored_elsewhere(1.0).plot(),
}
DEGENERATE |= {
    "rare event of one input": lambda: failing(d=1).plot(),
    "rare event that is certain": lambda: failing(-9.0).plot(),
    "rare event by subset simulation": lambda: failing(2.0, family="subset").plot(),
    "rare event that nobody saw": lambda: uw.montecarlo.rare(lambda x: np.ones(len(x)), 2, rng=0, budget=5000).plot(),
}
DEGENERATE |= {
    "draws of one column": lambda: drawn_points(1).plot(),
    "draws of one row with weight": lambda: drawn_points(
        2, lambda x: np.where(np.arange(400) == 7, 0.0, -np.inf)
    ).plot(),
    "posterior that the budget cut": lambda: uw.montecarlo.evidence(
        lambda x: -300 * (x**2).sum(axis=1), 20, budget=5000, rng=0
    ).plot(),
    "posterior of adapt": lambda: uw.montecarlo.adapt(
        lambda x: -(x**2).sum(axis=1), stats.multivariate_normal([0, 0]), n=200, rounds=2, rng=0
    ).plot(),
    "integral of several": lambda: repeated(3).plot(),
}
EVERY = PLAIN | DEGENERATE
