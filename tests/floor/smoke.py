"""The lowest versions that pyproject.toml declares: import everything, compare, check, save, load, score.

    python tests/floor/smoke.py        # in an environment of exactly those versions; `make floor` makes it

A floor that nobody runs is a guess. This script is run by CI in an environment of the declared floors.
"""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

import upweight as uw


def tables() -> tuple[list, np.ndarray]:
    """One table of numbers and text in three kinds, and its labels."""
    rng = np.random.default_rng(0)
    x, k = rng.normal(size=400), rng.choice(["a", "b", "c"], 400)
    y = rng.random(400) < 1 / (1 + np.exp(2 - x - (k == "a")))
    frame = pd.DataFrame({"x": x, "k": k})
    return [frame, pa.table({"x": x, "k": k})], y


def main() -> None:
    for module in pkgutil.walk_packages(uw.__path__, "upweight."):
        branch_of_an_extra = module.name.split(".")[1] in ("torch", "keras")  # their floors are not installed here
        if not module.name.endswith("__main__") and not branch_of_an_extra:
            importlib.import_module(module.name)
    frames, y = tables()
    proba = []
    with tempfile.TemporaryDirectory() as folder:
        for at, X in enumerate(frames):
            for learner in ("logistic", "boosting"):
                c = uw.imbalance.compare(X, y, methods="weights,smote,tomek", learner=learner, cv="2x1", rng=0)
                path = Path(folder) / f"{learner}{at}.skops"
                c.save(path)
                proba.append(uw.imbalance.load(path).predict_proba(X))
                assert np.array_equal(proba[-1], c.model.predict_proba(X))
        np.testing.assert_allclose(proba[0], proba[2], rtol=1e-9)  # pandas and Arrow are one table
        run = [sys.executable, "-m", "upweight"]
        page = Path(folder) / "page.html"
        quick = ["demo:digits", "--target", "eight", "--methods", "quick", "--cv", "2x1", "--report", str(page)]
        subprocess.run([*run, "compare", *quick], check=True)
        assert "<html" in page.read_text()
        weights = Path(folder) / "w.csv"
        weights.write_text("w\n" + "\n".join(map(str, np.random.default_rng(1).exponential(size=500))))
        subprocess.run([*run, "check", str(weights), "--column", "w", "--kind", "importance"], check=True)
    r = uw.imbalance.SMOTE(rng=0).resample(frames[0], y)
    assert len(r.take(frames[0])) == len(r)
    w = uw.ratio(np.random.default_rng(2).exponential(size=1000), np.ones(1000))
    assert w.smooth().mean(np.arange(1000.0)).se > 0
    sys.stdout.write("floor: everything declared works\n")


if __name__ == "__main__":
    main()
