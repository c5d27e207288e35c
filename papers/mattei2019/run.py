"""Half of a table removed at random, and filled again: weighted draws against unweighted ones and against regressions in turn.

    python papers/mattei2019/run.py            # three seeds, about 4 minutes of CPU; exit 1 if a claim is missed
    python papers/mattei2019/run.py --short    # one seed, a tenth of the epochs, wider bounds

Breast cancer (569 rows, 30 numbers, standardised), half of the entries removed completely at random; error: mean squared error over the
removed entries. Every figure is compared with `expected.json`.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (without it the class below cannot be imported)
from sklearn.impute import IterativeImputer
from sklearn.preprocessing import scale

from upweight.torch import IWAE, MLP, Gaussian, IWAEImputer, Training

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

DRAWS = 1000
UNWEIGHTED = 200


def table(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The whole table (569, 30) and the same with half of its entries missing."""
    X = scale(load_breast_cancer().data)
    gaps = np.random.default_rng(seed).random(X.shape) < 0.5
    return X, np.where(gaps, np.nan, X)


def imputer(epochs: int, seed: int, objective: str) -> IWAEImputer:
    training = Training(epochs, batch=64, valid=0, progress=False)
    net, noise = MLP((128, 128)), Gaussian("row")
    model = IWAE(20, latent=10, net=net, likelihood=noise, objective=objective, training=training)
    return IWAEImputer(model, k=DRAWS, rng=seed)


def unweighted(fitted: IWAEImputer, holes: np.ndarray) -> np.ndarray:
    """What the encoder's draws say without their weights."""
    with torch.no_grad():
        z = fitted.model_.draw(holes, UNWEIGHTED).z
    mean = np.mean([fitted.model_.decode(z[:, j].numpy()) for j in range(UNWEIGHTED)], axis=0)
    return np.where(np.isnan(holes), mean, holes)


def by_ridge(holes: np.ndarray, seed: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return IterativeImputer(random_state=seed).fit_transform(holes)


def one_seed(seed: int, epochs: int, objective: str = "standard") -> dict[str, float]:
    X, holes = table(seed)
    gaps = np.isnan(holes)
    fitted = imputer(epochs, seed, objective).fit(holes)
    error = lambda full: float(np.mean((full - X)[gaps] ** 2))
    diagnosis = fitted.check(holes)
    print(f"seed {seed}, {objective}: {str(diagnosis).splitlines()[1]}")
    return {
        "weighted": error(fitted.transform(holes)),
        "unweighted": error(unweighted(fitted, holes)),
        "ridge": error(by_ridge(holes, seed)),
        "ess": float(diagnosis.ess.median()),
        "covered": covered(fitted.draw(holes, 20, rng=seed), X, gaps),
    }


def covered(fillings: list[np.ndarray], X: np.ndarray, gaps: np.ndarray) -> float:
    """Share of the removed entries that lie between the least and the largest of 20 fillings; of honest draws 19/21."""
    drawn = np.stack(fillings)
    low, high = drawn.min(0), drawn.max(0)
    return float(((low <= X) & (high >= X))[gaps].mean())


def run(short: bool) -> dict[str, float]:
    """Every figure."""
    seeds, epochs = ((0,), 60) if short else ((0, 1, 2), 600)
    each = []
    for seed in seeds:
        each.append(one_seed(seed, epochs))
        print(f"seed {seed}:", ", ".join(f"{name} {value:.3f}" for name, value in each[-1].items()))
    mean = {name: float(np.mean([found[name] for found in each])) for name in each[0]}
    found = {
        "weighted": mean["weighted"],
        "weighted_over_unweighted": max(found["weighted"] / found["unweighted"] for found in each),
        "weighted_less_ridge": mean["weighted"] - mean["ridge"],
        "median_ess": max(found["ess"] for found in each),
        "covered_by_20_draws": mean["covered"],
    }
    if not short:
        dreg = one_seed(0, epochs, "dreg")
        print("seed 0, dreg:", ", ".join(f"{name} {value:.3f}" for name, value in dreg.items()))
        found["dreg_over_standard"] = dreg["weighted"] / each[0]["weighted"]
        found["dreg_over_unweighted"] = dreg["weighted"] / dreg["unweighted"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="one seed, fewer epochs, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=short)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
