"""Importance-weighted cross-validation on Shimodaira's cubic: which power is chosen, and is its promise kept in the target?

    python papers/sugiyama2007/run.py              # 100 seeds, a CPU minute; exit 1 if a claim is missed
    python papers/sugiyama2007/run.py --short      # 8 seeds

y = -x + x^3 + N(0, .09), x from N(.5, .25) in the source and N(0, .09) in the target; a line is fitted with weights w^power.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

import upweight as uw
import upweight.shift as sh

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

POWERS = [0, 0.5, 1]
ROWS = 1000
METRIC = "neg_mean_squared_error"


def ratio(x: np.ndarray) -> uw.Weights:
    """N(0, .09) over N(.5, .25)."""
    log = lambda mean, sd: -0.5 * ((x[:, 0] - mean) / sd) ** 2 - np.log(sd)
    return uw.log_ratio(log(0.0, 0.3), log(0.5, 0.5))


def pays(line: LinearRegression) -> float:
    """The line's mean squared error in the target, exactly: moments of N(0, .09) and the noise."""
    a, b = float(line.intercept_), float(line.coef_[0])
    v = 0.09
    # E (x^3 - (1 + b) x - a)^2 = 15 v^3 - 6 (1 + b) v^2 + (1 + b)^2 v + a^2
    return 15 * v**3 - 6 * (1 + b) * v**2 + (1 + b) ** 2 * v + a**2 + 0.09


def one(seed: int) -> dict[str, float]:
    """Both searches on one sample."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0.5, 0.5, (ROWS, 1))
    y = -x[:, 0] + x[:, 0] ** 3 + rng.normal(0, 0.3, ROWS)
    found = {"slope": float(sh.WeightedEstimator(LinearRegression(), ratio).fit(x, y).coef_[0])}
    for name, scoring in (("plain", METRIC), ("iwcv", sh.scorer(METRIC, ratio))):
        model = sh.WeightedEstimator(LinearRegression(), ratio)
        search = GridSearchCV(model, {"power": POWERS}, scoring=scoring).fit(x, y)
        found[f"{name}_power"] = float(search.best_params_["power"])
        found[f"{name}_promise"] = -float(search.best_score_)
        found[f"{name}_pays"] = pays(search.best_estimator_.learner_)
    return found


def run(short: bool) -> dict[str, float]:
    """Means and shares over the seeds."""
    each = [one(seed) for seed in range(8 if short else 100)]
    mean = {name: float(np.mean([e[name] for e in each])) for name in each[0]}
    return {
        "weighted_slope": mean["slope"],
        "iwcv_takes_power_1": float(np.mean([e["iwcv_power"] == 1 for e in each])),
        "plain_takes_power_0": float(np.mean([e["plain_power"] == 0 for e in each])),
        "iwcv_promise_over_paid": mean["iwcv_promise"] / mean["iwcv_pays"],
        "plain_promise_over_paid": mean["plain_promise"] / mean["plain_pays"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="8 seeds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
