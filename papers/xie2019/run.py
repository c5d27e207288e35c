"""Marginalised importance sampling: no curse of the horizon.

    python papers/xie2019/run.py              # half a minute of CPU; exit 1 if a claim is missed
    python papers/xie2019/run.py --short      # 25 runs instead of 150, wider bounds

Every figure is compared with `expected.json`, which says where it comes from and how far it may be off.
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
from ring import Ring  # noqa: E402

HORIZONS, EPISODES = (20, 40, 80), 500


def errors(steps: int, runs: int) -> dict[str, float]:
    """Relative root mean square error of three formulas at a horizon, episodes that never end, no discount."""
    world = Ring(steps, 1.0, end=0.0)
    truth, far = world.truth(), []
    for seed in range(runs):
        x = world.draw(EPISODES, np.random.default_rng(seed))
        w = uw.Weights.of(x.rho, kind="importance", exact=True)
        states = uw.ope.marginal(w, group=x.group, state=x.s)
        each = [
            uw.ope.sequence(x.r, w, group=x.group, how="wis"),
            uw.ope.sequence(x.r, w, group=x.group, how="cwpdis"),
            uw.ope.sequence(x.r, states, group=x.group, how="step"),
        ]
        far.append([e.value / truth - 1 for e in each])
    rmse = np.sqrt(np.mean(np.square(far), axis=0)).tolist()
    return dict(zip(("wis", "cwpdis", "marginal"), rmse, strict=True))


def run(short: bool) -> dict[str, float]:
    """All figures."""
    found, at = {}, {}
    for steps in HORIZONS:
        at[steps] = errors(steps, 25 if short else 150)
        found |= {f"{name}_{steps}": x for name, x in at[steps].items()}
    found["cwpdis_over_marginal_80"] = at[80]["cwpdis"] / at[80]["marginal"]
    return found | {"marginal_80_over_20": at[80]["marginal"] / at[20]["marginal"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="25 runs, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
