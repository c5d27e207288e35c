"""Entropy balancing on LaLonde's men: the effect of the treatment against three sets of controls that were never in the trial.

    python papers/hainmueller2012/run.py              # some seconds of CPU; exit 1 if a claim is missed
    python papers/hainmueller2012/run.py --short      # without the sixteen thousand controls of the CPS

Every figure is compared with `expected.json`, which says where it comes from and how far it may be off.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import upweight as uw
import upweight.shift as sh

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

COVARIATES = ["age", "education", "black", "hispanic", "married", "nodegree", "re74", "re75"]
TERMS = ("means", "squares", "interactions")
TOLERANCES = (0.0, 0.01, 0.05, 0.1)


def folder() -> Path:
    """Where the tables are."""
    return Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data")) / "shift"


def effect(controls: pd.DataFrame, treated: pd.DataFrame, w: np.ndarray | None = None) -> float:
    """Mean earnings of 1978 of the treated, less the weighted mean of the controls."""
    return float(treated["re78"].mean()) - float(np.average(controls["re78"], weights=w))


def figures(name: str, controls: pd.DataFrame, treated: pd.DataFrame) -> dict[str, float]:
    """Effects and effective sizes of every choice of terms and tolerance; where nothing reaches the target, how near it comes."""
    source, target = controls[COVARIATES], treated[COVARIATES]
    found = {f"{name}_naive": effect(controls, treated)}
    for terms in TERMS:
        for tolerance in TOLERANCES:
            cell = f"{name}_{terms}_{tolerance:g}"
            try:
                w = sh.balancing_weights(source, target, terms=terms, tolerance=tolerance)
            except sh.Infeasible as error:
                found[f"{cell}_nearest"] = error.tolerance
                continue
            found |= {f"{cell}_effect": effect(controls, treated, np.asarray(w)), f"{cell}_ess": w.ess}
            found[f"{cell}_gap"] = max(0.0, uw.balance(source, target, weights=w).max_abs_after - tolerance)
    chi2 = sh.balancing_weights(source, target, distance="chi2")
    return found | {f"{name}_chi2_effect": effect(controls, treated, np.asarray(chi2))}


def run(short: bool) -> dict[str, float]:
    """All figures, if the tables are there."""
    if not (folder() / "nsw_dw.dta").exists():
        return {}
    trial = pd.read_stata(folder() / "nsw_dw.dta")
    treated = trial[trial["treat"] == 1]
    found = {"experiment": effect(trial[trial["treat"] == 0], treated)}
    for name in ("cps_controls3", "psid_controls2") if short else ("cps_controls", "cps_controls3", "psid_controls2"):
        found |= figures(name, pd.read_stata(folder() / f"{name}.dta"), treated)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="without the large set of controls")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
