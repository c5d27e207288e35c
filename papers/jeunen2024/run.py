"""Control variates for off-policy values: variances by enumeration, and errors under shifted rewards.

    python papers/jeunen2024/run.py              # a minute of CPU; exit 1 if a claim is missed
    python papers/jeunen2024/run.py --short      # a tenth of the runs

Of a world with three contexts and four actions every mean and variance can be added up: those of inverse propensities, self-normalised values and the
control variate with its best coefficient. Then rewards are shifted: "plain" suffers, "self" may, and the control variate is near the better of both.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from decisions import B1, rmse  # noqa: E402

SHIFTS = (-0.6, 0.0, 1.0, 5.0)
RUNS = 1000


def enumerated() -> dict[str, float]:
    """n times the variance of each formula, from every context, action and reward."""
    p = B1.context[:, None] * B1.logged
    w, m, V = B1.target / B1.logged, B1.mean, B1.value

    def moments(t: np.ndarray, s: np.ndarray) -> tuple[float, float]:
        mean = float((p * (t + m * s)).sum())
        return mean, float((p * ((1 - m) * (t - mean) ** 2 + m * (t + s - mean) ** 2)).sum())

    square = float((p * w * w).sum())
    beta = float((p * w * w * m).sum() - V) / (square - 1)
    plain, control = moments(0 * w, w), moments(-beta * (w - 1), w)
    return {
        "value": plain[0],
        "beta": beta,
        "plain_variance": plain[1],
        "self_variance": moments(V - w * V, w)[1],
        "control_variance": control[1],
        "control_is_unbiased": abs(control[0] - V),
        "control_saves": plain[1] - control[1] - beta**2 * (square - 1),
    }


def run(short: bool) -> dict[str, float]:
    found, world = enumerated(), B1()
    errors = {(how, c): [] for how in ("plain", "self", "control") for c in SHIFTS}
    for seed in range(RUNS // 10 if short else RUNS):
        r, w = world.log(1000, np.random.default_rng(seed))
        for how, c in errors:
            errors[how, c].append(uw.ope.value(r + c, w, how=how).value - world.value - c)
    for c in SHIFTS:
        better = min(rmse(errors["plain", c]), rmse(errors["self", c]))
        found[f"control_over_better_at_{c:g}"] = rmse(errors["control", c]) / better
    found["plain_over_control_at_5"] = rmse(errors["plain", 5.0]) / rmse(errors["control", 5.0])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a tenth of the runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
