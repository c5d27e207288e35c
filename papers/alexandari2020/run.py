"""Label shift: calibration decides. The published runs read again, and the same comparison on scikit-learn's digits.

    python papers/alexandari2020/run.py              # 100 draws, some CPU minutes; exit 1 if a claim is missed
    python papers/alexandari2020/run.py --short      # 12 draws

Published: medians of the mean squared error of the weights, MNIST, Dirichlet .1, from the authors' own result file (read from the folder
in UPWEIGHT_DATA, default ../shared/data beside the checkout). Ours: 600 rows to train, 600 to calibrate, 600 of the target with shares
drawn from Dirichlet(.1), three models.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

import upweight.shift as sh

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

TABLE = "shift/mnist_label_shift_adaptation_results.json.gz"
MODELS = {
    "bayes": lambda: GaussianNB(var_smoothing=1e-3),
    "logistic": lambda: LogisticRegression(C=10, max_iter=2000),
    "mlp": lambda: MLPClassifier((50,), max_iter=300, random_state=0),
}
PUBLISHED = {"em": "em:None", "em_bcts": "em:BCTS", "bbse_soft": "bbse-soft:None", "bbse_hard": "bbse-hard:None"}


def data_at() -> Path:
    return Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data")) / TABLE


def published(path: Path) -> dict[str, float]:
    """Medians of their runs at 2,000 and 8,000 rows; nothing where the file is not there."""
    if not path.exists():
        return {}
    with gzip.open(path) as file:
        runs = json.load(file)["dirichlet_alpha_to_samplesize_to_adaptername_to_metric_to_vals"]["0.1"]
    return {
        f"published_{name}_{n}": float(np.median(runs[n][adapter]["mseweights_even"]))
        for name, adapter in PUBLISHED.items()
        for n in ("2000", "8000")
    }


def draw(rng: np.random.Generator, y: np.ndarray, rows: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """`size` of these rows with replacement, classes by shares from Dirichlet(.1); and the shares."""
    shares = rng.dirichlet(np.full(10, 0.1))
    labels = rng.choice(10, size, p=shares)
    return np.array([rng.choice(rows[y[rows] == k]) for k in labels]), shares


def one(p: np.ndarray, y: np.ndarray, hold: np.ndarray, drawn: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
    """Errors against the realised shares, gains, and how many of the shares that were drawn from lie in their intervals."""
    target, shares = drawn
    before = np.bincount(y[hold], minlength=10) / len(hold)
    truth = np.bincount(y[target], minlength=10) / len(target)
    ways = {"mlls_bcts": ("mlls", "bcts"), "mlls": ("mlls", None), "bbse": ("bbse", None)}
    found = {}
    for name, (method, calibrate) in ways.items():
        s = sh.label_shift(p[hold], y[hold], p[target], method=method, calibrate=calibrate)
        found[name] = float(np.mean((np.asarray(s.ratio.value) - truth / before) ** 2))
        right = s.apply(p[target]).argmax(1) == y[target]
        found[f"{name}_gain"] = float(right.mean() - (p[target].argmax(1) == y[target]).mean())
        if name == "mlls_bcts":
            low, high = s.prior.interval()
            found["covered"] = float(((low <= shares) & (shares <= high))[shares > 0.01].mean())
    return found


def run(short: bool, path: Path | None = None) -> dict[str, float]:
    """Medians, gains and coverage by model, and the published medians where the file is there."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    train, hold, pool = order[:600], order[600:1200], order[1200:]
    found: dict[str, float] = {}
    for name, make in MODELS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the network need not converge
            p = make().fit(X[train] / 16, y[train]).predict_proba(X / 16)
        each = [
            one(p, y, hold, draw(np.random.default_rng(seed), y, pool, 600)) for seed in range(12 if short else 100)
        ]
        middle = {k: float(np.median([e[k] for e in each])) for k in ("mlls_bcts", "mlls", "bbse")}
        mean = {k: float(np.mean([e[k] for e in each])) for k in ("mlls_bcts_gain", "bbse_gain", "covered")}
        found[f"{name}_over_mlls"] = middle["mlls_bcts"] / middle["mlls"]
        found[f"{name}_over_bbse"] = middle["mlls_bcts"] / middle["bbse"]
        found[f"{name}_gain_over_bbse"] = mean["mlls_bcts_gain"] - mean["bbse_gain"]
        found[f"{name}_covered"] = mean["covered"]
    return found | published(data_at() if path is None else path)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="12 draws")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
