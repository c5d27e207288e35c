"""Every remedy on every public table: what it does to ranking and promises, and what the verdict says.

    python papers/public-tables/run.py                     # all tables, some 20 minutes of CPU; exit 1 if a claim is missed
    python papers/public-tables/run.py yeast_me2 thyroid   # some of them
    python papers/public-tables/run.py --write             # and write figures.json

Tables are read from the folder in UPWEIGHT_DATA (default ../shared/data beside the checkout); those that are not there are
left out, saying so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import upweight.imbalance as im
from upweight.imbalance.comparison._methods import METHODS as EVERY

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data"))
METHODS = [name for name in EVERY if name != "negatives"]  # what it is worth stands in the papers of its own
FIGURES = ("status", "ap", "ap_diff", "ap_low", "ap_high", "ap_p", "oe_raw", "oe", "log_loss", "recall", "error")


def with_class(path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    frame = pd.read_csv(path)
    return frame.drop(columns="Class"), frame["Class"].to_numpy()


def arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    held = np.load(path)
    return held["X"].astype(np.float64), held["y"]


def adult(path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    frame = pd.read_csv(path, header=None, skipinitialspace=True, na_values="?")
    frame.columns = [f"c{j}" for j in range(frame.shape[1])]
    return frame.drop(columns="c14"), (frame["c14"] == ">50K").to_numpy()


def letter_a(path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    frame = pd.read_csv(path, header=None)
    frame.columns = [f"c{j}" for j in range(frame.shape[1])]
    return frame.drop(columns="c0"), (frame["c0"] == "A").to_numpy()


TABLES: dict[str, tuple[str, Callable[[Path], tuple[Any, np.ndarray]]]] = {
    "yeast_me2": ("imbalanced/yeast_me2.csv", with_class),
    "us_crime": ("imbalanced/us_crime.csv", with_class),
    "ozone_level_8hr": ("imbalanced/ozone_level_8hr.csv", with_class),
    "thyroid": ("imbalanced/thyroid.npz", arrays),
    "abalone_19": ("imbalanced/abalone_19.csv", with_class),
    "mammography": ("imbalanced/mammography.csv", with_class),
    "letter_a": ("bandit/letter-recognition.data", letter_a),
    "adult": ("imbalanced/adult-train.csv", adult),
    "cover": ("imbalanced/cover.npz", arrays),
}


def compared(name: str) -> dict[str, Any] | None:
    """Figures of every method on one table; None if it is not there."""
    where, read = TABLES[name]
    if not (DATA / where).is_file():
        print(f"{name}: no {where} in the data folder (UPWEIGHT_DATA); left out")
        return None
    X, y = read(DATA / where)
    start = time.perf_counter()
    c = im.compare(X, y, methods=",".join(METHODS), cv="5x1", rng=0)
    took = time.perf_counter() - start
    print(
        f"\n== {name}: {c.setup.opening[0]} {took:.0f} s\n{c.table(width=120)}\n" + "\n".join(c.verdict.sentences),
        flush=True,
    )
    rows = {r["name"]: {f: r[f] for f in FIGURES} for r in c.to_dict()["rows"]}
    return {"rows": rows, "verdict": c.verdict.code, "reasons": list(c.verdict.reasons), "seconds": round(took)}


def missed(name: str, found: dict[str, Any]) -> list[str]:
    """What the page claims and this table does not show."""
    rows = found["rows"]
    out = [f"{name}: {row} failed: {r['error']}" for row, r in rows.items() if r["error"]]
    repaired = {row: r["oe"] for row, r in rows.items() if row != "none" and not r["error"]}
    out += [f"{name}: {row} stays at O/E {oe:.2f}" for row, oe in repaired.items() if not 0.9 <= oe <= 1.1]
    if not 0.95 <= np.median(list(repaired.values())) <= 1.05:
        out.append(f"{name}: the median O/E after repair is {np.median(list(repaired.values())):.3f}")
    if set(rows) != set(METHODS):
        out.append(f"{name}: rows {sorted(rows)}")
    return out


def summary(tables: dict[str, Any]) -> str:
    """The table of the README: each method of `compare` over all tables."""
    lines = [
        "| | status | median AP difference | better | worse | O/E raw | O/E repaired |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in METHODS:
        rows = [t["rows"][name] for t in tables.values()]
        gains = [r["ap_diff"] for r in rows if r["ap_diff"] is not None]
        sure = [r["ap_diff"] for r in rows if r["ap_p"] is not None and r["ap_p"] < 0.05]
        better, worse = sum(d > 0 for d in sure), sum(d < 0 for d in sure)
        cells = [
            name,
            rows[0]["status"],
            f"{np.median(gains):+.3f}".replace("0.", ".") if gains else "",
            better or "",
            worse or "",
        ]
        cells += [span([r["oe_raw"] for r in rows]), "" if name == "none" else span([r["oe"] for r in rows])]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def span(values: list[float]) -> str:
    return " to ".join(f"{v:.2f}".removeprefix("0") for v in (min(values), max(values)))


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}")
    ask.add_argument("--write", action="store_true", help="write figures.json beside this file")
    given = ask.parse_args()
    tables = {name: found for name in given.tables or TABLES if (found := compared(name)) is not None}
    if not tables:
        sys.exit("no table found")
    print("\n" + summary(tables))
    for name, t in tables.items():
        print(f"{name}: {t['verdict']} ({', '.join(t['reasons'])}), {t['seconds']} s")
    if given.write:
        (HERE / "figures.json").write_text(json.dumps(tables, indent=1, default=float, allow_nan=False) + "\n")
    faults = [fault for name, found in tables.items() for fault in missed(name, found)]
    print("\n".join(faults) or "every remedy ran on every table, and every repaired O/E lies within .9 and 1.1")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
