"""Generators that learn the target from biased data, because their losses carry weights.

    python papers/diesendruck2018/run.py            # 3 min of CPU; exit 1 if a claim is missed
    python papers/diesendruck2018/run.py --short    # some seconds, fewer steps, wider bounds

Three tries. (a) Two modes in one dimension, one of them thinned 10:1 and 50:1, known weights, four ways to use them. (b) Digits, 5 to 9
thinned 10:1; a classifier trained on all digits says what was generated. (c) The same with weights that come of
a classifier between a thinned half and an unthinned one: thirty nearest neighbours, out of fold; what
`uw.shift.density_ratio` says is printed beside it. Every figure is compared with `expected.json`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import upweight as uw
from upweight.torch import MLP, Training, WeightedGAN, iwae

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

WAYS = ("none", "population", "batch", "resample")


def fitted(X: np.ndarray, w: Any, steps: int, batch: int, *, by: str, seed: int) -> WeightedGAN:
    """A generator after about so many steps; "none" has no weights."""
    epochs = round(steps / -(-len(X) // batch))
    training = Training(epochs, batch=batch, lr=1e-3, valid=0, progress=False)
    way = "population" if by == "none" else by
    gan = WeightedGAN(16, by=way, net=MLP((128, 128), "relu"), training=training, rng=seed)
    return gan.fit(X, sample_weight=None if by == "none" else w)


# ---- (a) two modes ----------------------------------------------------------------------------------------------------------


def share_of_rare(thinned: int, by: str, steps: int, seed: int) -> float:
    """Share of generated rows in the thinned mode; half is wanted."""
    rng = np.random.default_rng(seed)
    rare = rng.random(4000) < 1 / (1 + thinned)
    X = np.where(rare, 2.0, -2.0)[:, None] + rng.normal(0, 0.5, (4000, 1))
    gan = fitted(X, np.where(rare, float(thinned), 1.0), steps, 128, by=by, seed=seed)
    return float((gan.sample(20_000, rng=seed) > 0).mean())


def modes(short: bool) -> dict[str, float]:
    """{way and thinning: share}, means over seeds, and the extremes of the claim."""
    found: dict[str, float] = {}
    for thinned in (10,) if short else (10, 50):
        for by in WAYS if not short else ("none", "population", "resample"):
            each = [share_of_rare(thinned, by, 320 if short else 1200, seed) for seed in range(1 if short else 3)]
            found[f"{by}_{thinned}"] = float(np.mean(each))
            if by == "population" and thinned == 10:
                found["population_10_least"], found["population_10_most"] = min(each), max(each)
            print(f"two modes {thinned}:1  {by:11} {' '.join(f'{x:.3f}' for x in each)}", flush=True)
    return found


# ---- (b), (c) digits --------------------------------------------------------------------------------------------------------


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels in [0, 1] and whether a digit is one of 5 to 9."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y >= 5


def thin(rare: np.ndarray, seed: int) -> np.ndarray:
    """Rows that are left when one in ten of the rare ones is."""
    return ~rare | (np.random.default_rng(seed).random(len(rare)) < 0.1)


def judged_digits(short: bool, seed: int = 0) -> dict[str, float]:
    """Share of 5 to 9 by a classifier trained on all, and MMD to all the data."""
    X, rare = digits()
    svm = SVC().fit(X, rare)
    kept = thin(rare, seed)
    full = torch.as_tensor(X, dtype=torch.float32)
    found = {"digits_truth": float(rare.mean()), "digits_thinned": float(rare[kept].mean())}
    for by in ("none", "population") if short else ("none", "population", "resample"):
        gan = fitted(X[kept], np.where(rare[kept], 10.0, 1.0), 600 if short else 1500, 200, by=by, seed=seed)
        made = gan.sample(4000, rng=seed)
        found[f"digits_{by}"] = float(svm.predict(made).mean())
        found[f"mmd_{by}"] = iwae.mmd2(torch.as_tensor(made[:2000]), full).item()
        print(f"digits  {by:11} share {found[f'digits_{by}']:.3f}  MMD^2 {found[f'mmd_{by}']:.5f}", flush=True)
    return found


def estimated(short: bool, seed: int = 0) -> dict[str, float]:
    """The thinned half of the digits as source, the other half as target; the weights come of a classifier between them."""
    X, rare = digits()
    svm = SVC().fit(X, rare)
    first = np.random.default_rng(seed).random(len(X)) < 0.5
    source = first & thin(rare, seed)
    both = np.r_[X[source], X[~first]]
    label = np.r_[np.zeros(source.sum()), np.ones((~first).sum())]
    near = cross_val_predict(KNeighborsClassifier(30), both, label, cv=10, method="predict_proba")[: source.sum(), 1]
    p = (30 * near + 0.5) / 31
    w = uw.ratio(p / (~first).sum(), (1 - p) / source.sum(), exact=False)
    auto = uw.shift.density_ratio(X[source], X[~first], rng=seed).weights
    print(
        f"digits  density_ratio's own weights give 5 to 9 {np.average(rare[source], weights=auto.sample_weight):.3f}",
        flush=True,
    )
    gan = fitted(X[source], w, 600 if short else 1500, 200, by="population", seed=seed)
    share = float(svm.predict(gan.sample(4000, rng=seed)).mean())
    weighted = float(np.average(rare[source], weights=w.sample_weight))
    print(f"digits  estimated   share {share:.3f}  of the weights {weighted:.3f}, {w.check().grade}", flush=True)
    return {"estimated": share, "estimated_weights": weighted}


def run(short: bool) -> dict[str, float]:
    """Every figure that `expected.json` bounds."""
    found = modes(short) | judged_digits(short) | estimated(short)
    found["none_over_population"] = found["digits_none"] / found["digits_population"]
    found["mmd_ratio"] = found["mmd_population"] / found["mmd_none"]
    if not short:
        found["batch_less_population_50"] = found["batch_50"] - found["population_50"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer steps, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=short)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
