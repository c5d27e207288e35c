"""Four papers on giving the odds back, their formulas and claims beside ours.

    python papers/undo/run.py              # about a minute of CPU; exit 1 if a claim is missed
    python papers/undo/run.py --short      # a few seconds, wider bounds for fewer runs

Every figure is compared with `expected.json`, which says where it comes from and how far it may be off.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.special import expit, ndtri

import upweight as uw

HERE = Path(__file__).resolve().parent
ADULT_NUMBERS, ADULT_WORDS = (0, 2, 4, 10, 11, 12), (1, 3, 5, 6, 7, 8, 9, 13)


def closed_forms() -> dict[str, float]:
    """Largest distance between `Correction` and each paper's own formula, over a grid."""
    p = np.linspace(0.001, 0.999, 999)
    beta, tau, ybar = 0.07, 0.03, 0.4
    dal_pozzolo = beta * p / (beta * p - p + 1)
    elkan = tau * p * (1 - ybar) / (ybar - p * ybar + tau * p - tau * ybar)  # base-rate change, his theorem 2
    priors, world = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.1, 0.3])
    many = np.random.default_rng(0).dirichlet(np.ones(3), 500)
    saerens = many * (world / priors)
    saerens /= saerens.sum(axis=1, keepdims=True)
    king_zeng = np.log((1 - tau) / tau * ybar / (1 - ybar))  # what they subtract from the intercept
    y = np.arange(1000) < 400
    w = np.where(y, tau / y.mean(), (1 - tau) / (1 - y.mean()))
    shift = uw.Correction.prior(train=ybar, world=tau)
    return {
        "dal_pozzolo_2015": _gap(uw.Correction.kept(negatives=beta).apply(p), dal_pozzolo),
        "elkan_2001": _gap(shift.apply(p), elkan),
        "saerens_2002": _gap(uw.Correction.prior(train=priors, world=world).apply(many), saerens),
        "king_zeng_2001_intercept": abs(shift.log_odds - king_zeng),
        "king_zeng_2001_weights": _gap(shift.weights(y).values, w),
    }


def _gap(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max())


def unlabelled_prior(runs: int) -> dict[str, float]:
    """EM: the quantile grid of the page, then size of the test and coverage of the interval, n = 1000 a run."""
    x = np.r_[ndtri((np.arange(2000) + 0.5) / 2000) - 1, ndtri((np.arange(500) + 0.5) / 500) + 1]
    grid = uw.Correction.em(expit(2 * x), train=0.5).prior
    rejected, covered = 0, 0
    for seed in range(runs):
        rejected += _two_normals(0.5, seed).p < 0.05
        found = _two_normals(0.2, seed)
        covered += abs(found[1] - 0.2) <= 1.959964 * found.se[1]
    return {
        "grid_prior": float(grid[1]),
        "grid_se": float(grid.se[1]),
        "grid_statistic": float(grid.statistic),
        "test_size": rejected / runs,
        "coverage": covered / runs,
    }


def _two_normals(share: float, seed: int):
    """The prior found on 1000 unlabelled draws from N(-1, 1) and N(1, 1), by the exact model for equal shares."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=1000) + np.where(rng.random(1000) < share, 1, -1)
    return uw.Correction.em(expit(2 * x), train=0.5).prior


def rare_events(runs: int) -> dict[str, float]:
    """Bias of (intercept, slope) over draws of n = 200 at (-3, 1), before and after King and Zeng's correction."""
    plain, mended = [], []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        X = np.column_stack([np.ones(200), rng.normal(size=200)])
        b = _logistic(X, rng.random(200) < expit(X @ [-3, 1]))
        plain.append(b - [-3, 1])
        mended.append(plain[-1] - uw.rare_bias(X, expit(X @ b)))
    before, after = np.mean(plain, axis=0), np.mean(mended, axis=0)
    return {
        "intercept_bias": float(before[0]),
        "slope_bias": float(before[1]),
        "intercept_bias_mended": float(after[0]),
        "slope_bias_mended": float(after[1]),
        "cut": float(np.abs(before).sum() / np.abs(after).sum()),
    }


def _logistic(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    b = np.zeros(X.shape[1])
    for _ in range(30):
        p = expit(X @ b)
        step = np.linalg.solve((X * (p * (1 - p))[:, None]).T @ X, X.T @ (y - p))
        b = b + step
        if np.abs(step).max() < 1e-10:
            break
    return b


def adult(folder: Path, splits: int) -> dict[str, float]:
    """Census income, a tenth of the <=50K rows kept: O/E and slope before, after the formula, after the repair.

    The repair is learnt on one half of the test file and judged on the other, `splits` times with one model.
    """
    train, y_train, test, y_test = _adult(folder)
    out = {}
    kept = y_train | (np.random.default_rng(0).random(len(y_train)) < 0.1)
    c = uw.Correction.kept(negatives=0.1)
    for name, learner in _learners().items():
        p = learner.fit(train[kept], y_train[kept]).predict_proba(test)[:, 1]
        found = c.verify(y_test, p)
        halves = [_half(c, y_test, p, seed) for seed in range(splits)]
        out |= {
            f"{name}_oe_raw": found.before.oe,
            f"{name}_oe_formula": found.formula.oe,
            f"{name}_slope_formula": found.formula.slope,
            f"{name}_recalibrated": np.mean([h[0] == "recalibrated" for h in halves]),
            f"{name}_oe_other_half": np.mean([h[1] for h in halves]),
            f"{name}_slope_other_half": np.mean([h[2] for h in halves]),
        }
    return {k: float(v) for k, v in out.items()}


def _half(c: uw.Correction, y: np.ndarray, p: np.ndarray, seed: int) -> tuple[str, float, float]:
    rows = np.random.default_rng(seed).permutation(len(y))
    a, b = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    repair = c.verify(y[a], p[a])
    judged = uw.Correction.none().verify(y[b], repair.apply(p[b])).before
    return repair.status, judged.oe, judged.slope


def _adult(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    files = [np.loadtxt(folder / f"adult-{part}.csv", dtype=object, delimiter=",", encoding="utf8")
             for part in ("train", "test")]  # fmt: skip
    both = np.vstack(files)
    columns = [both[:, j].astype(float) for j in ADULT_NUMBERS]
    columns += [np.unique(both[:, j].astype(str), return_inverse=True)[1].astype(float) for j in ADULT_WORDS]
    X, y = np.column_stack(columns), np.char.startswith(np.char.strip(both[:, 14].astype(str)), ">50K")
    n = len(files[0])
    return X[:n], y[:n], X[n:], y[n:]


def _learners() -> dict:
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = list(range(len(ADULT_NUMBERS)))
    words = list(range(len(ADULT_NUMBERS), len(ADULT_NUMBERS) + len(ADULT_WORDS)))
    coded = make_column_transformer(
        (StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), words)
    )  # fmt: skip
    return {
        "logistic": make_pipeline(coded, LogisticRegression(max_iter=2000)),
        "boosting": HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=0),
        # twice the trees: a learner that overfits, so that the formula alone must not be believed
        "boosting_200": HistGradientBoostingClassifier(max_iter=200, early_stopping=False, random_state=0),
    }


def run(short: bool) -> dict[str, float]:
    """All figures; those of Adult only if its folder is there."""
    found = {f"closed_{k}": v for k, v in closed_forms().items()}
    found |= {f"em_{k}": v for k, v in unlabelled_prior(500 if short else 4000).items()}
    found |= {f"rare_{k}": v for k, v in rare_events(1000 if short else 20_000).items()}
    data = Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data")) / "imbalanced"
    if (data / "adult-train.csv").exists():
        found |= {f"adult_{k}": v for k, v in adult(data, 4 if short else 20).items()}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer runs")
    short = parser.parse_args().short
    warnings.simplefilter("error")
    claims = json.loads((HERE / "expected.json").read_text())
    found = run(short)
    missed = 0
    for name, claim in claims.items():
        if name not in found:
            print(f"skipped  {name}: no public data, set UPWEIGHT_DATA")
            continue
        low, high = claim.get("short", claim["within"]) if short else claim["within"]
        good = low <= found[name] <= high
        missed += not good
        paper = "" if claim["paper"] is None else f"{claim['paper']:.9g}"
        print(
            f"{'ok' if good else 'MISSED':8} {name:32} {found[name]:12.9g}  claimed {paper:10} within [{low:g}, {high:g}]"
        )
    return missed > 0


if __name__ == "__main__":
    sys.exit(main())
