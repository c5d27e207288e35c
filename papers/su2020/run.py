"""Choosing how much to shrink: the paired rule, the rule by slopes, and no tuning at all.

    python papers/su2020/run.py              # some three minutes of CPU; exit 1 if a claim is missed
    python papers/su2020/run.py --short      # a sixth of the runs

Su, Dimakopoulou, Krishnamurthy and Dudik shrink the weights of a doubly robust value (DRos); Su, Srinath and Krishnamurthy choose among candidates by
their slopes. Here the same candidates are chosen by `lepski`, paired, and by slopes, on two public tables and in a world with heavy weights.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from decisions import B2, Classified, rmse, table  # noqa: E402

RUNS = {"optdigits": 60, "letter": 30}
WORLD_RUNS = 120


def chosen(path: uw.ope.Path, truth: float) -> tuple[float, float, float]:
    """Errors of the untamed, the paired and the slope candidate."""
    slope = uw.ope.lepski(path.estimates, rule="slope")
    return tuple(path.values[i] - truth for i in (0, path.chosen, slope))


def on_table(world: Classified, run: int) -> dict[str, tuple[float, float, float]]:
    X, action, reward, w, target = world.log(run)
    model = uw.ope.outcome(Ridge(), X, action, reward, target, folds=2, rng=run)
    return {
        "dros": chosen(uw.ope.path(reward, w, how="plain", outcome=model), world.value),
        "clip": chosen(uw.ope.path(reward, w, taming="clip", how="plain"), world.value),
    }


def ratios(each: list[tuple[float, float, float]]) -> tuple[float, float]:
    """RMSE of paired and of slope over that of no tuning."""
    untamed, paired, slope = (rmse(x) for x in np.array(each).T)
    return paired / untamed, slope / untamed


def run(short: bool, folder: Path | None = None) -> dict[str, float]:
    """Ratios of errors over the runs."""
    found = {}
    for name, runs in RUNS.items():
        held = table(name, folder)
        if held is None:
            continue
        world = Classified(*held)
        each = [on_table(world, s) for s in range(runs // 6 if short else runs)]
        found[f"{name}_dros_paired_over_dr"] = ratios([e["dros"] for e in each])[0]
        if name == "optdigits":
            found["optdigits_clip_paired_over_plain"], found["optdigits_clip_slope_over_plain"] = ratios(
                [e["clip"] for e in each]
            )
    world = B2(2.5, 3.5, 0.8)
    each = []
    for seed in range(WORLD_RUNS // 6 if short else WORLD_RUNS):
        r, w, outcome = world.log(1000, np.random.default_rng(seed))
        each.append(chosen(uw.ope.path(r, w, how="plain", outcome=outcome), world.value))
    found["very_hard_dr_over_paired"] = 1 / ratios(each)[0]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a sixth of the runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
