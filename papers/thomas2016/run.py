"""Per-decision, weighted and doubly robust estimates of episodes, against a truth that is known.

    python papers/thomas2016/run.py              # 15 s of CPU; exit 1 if a claim is missed
    python papers/thomas2016/run.py --short      # 150 runs instead of 1,000, wider bounds

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

STEPS, DISCOUNT, EPISODES = 8, 0.95, 200
HOWS = ("is", "wis", "pdis", "cwpdis", "dr", "wdr")


def estimates(world: Ring, seed: int) -> list[float]:
    """The value of the target by every formula, from one log."""
    x = world.draw(EPISODES, np.random.default_rng(seed))
    w = uw.Weights.of(x.rho, kind="importance", exact=True)
    pair = {"dr": (x.q, x.v), "wdr": (x.q, x.v)}
    return [
        uw.ope.sequence(x.r, w, group=x.group, how=how, discount=DISCOUNT, outcome=pair.get(how)).value for how in HOWS
    ]


def exact_means(steps: int = 4, discount: float = 0.9) -> dict[str, float]:
    """Largest distance of the exact mean of the unbiased formulas from the truth, over all paths."""
    world = Ring(steps, discount)
    chance, x = world.paths()
    w = uw.Weights.of(x.rho, kind="importance", exact=True)
    found = {}
    for how in ("is", "pdis", "dr"):
        pair = (x.q, x.v) if how == "dr" else None
        e = uw.ope.sequence(x.r, w, group=x.group, how=how, discount=discount, outcome=pair)
        found[f"exact_{how}"] = abs(float(chance @ (np.asarray(e.influence) + e.value)) - world.truth())
    return found


def run(short: bool) -> dict[str, float]:
    """All figures."""
    world = Ring(STEPS, DISCOUNT)
    far = np.array([estimates(world, seed) for seed in range(150 if short else 1000)]) - world.truth()
    rmse = dict(zip(HOWS, np.sqrt(np.mean(far**2, axis=0)).tolist(), strict=True))
    bias = dict(zip(HOWS, (far.mean(axis=0) / far.std(axis=0, ddof=1) * np.sqrt(len(far))).tolist(), strict=True))
    found = exact_means()
    found |= {f"bias_{how}": abs(bias[how]) for how in ("is", "pdis", "dr")}
    found |= {f"rmse_{how}": rmse[how] for how in HOWS}
    found |= {"is_over_pdis": rmse["is"] / rmse["pdis"], "cwpdis_over_pdis": rmse["cwpdis"] / rmse["pdis"]}
    return found | {"dr_over_pdis": rmse["dr"] / rmse["pdis"], "wdr_over_dr": rmse["wdr"] / rmse["dr"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="150 runs, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
