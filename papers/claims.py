"""What every reproduction ends with: its figures beside the bounds of its `expected.json`.

    {"name": {"from": where the claim stands, "within": [low, high], "short": [low, high] of the short form}}

Papers lie in folders of their own and are run as files, so each puts this folder on its path.
"""

from __future__ import annotations

import json
from pathlib import Path


def judged(folder: Path, found: dict[str, float], *, short: bool, may_lack: bool = False) -> int:
    """Print a line a claim; 1 if one is missed. `may_lack`: claims on public data that is not there are skipped, saying so."""
    missed = 0
    for name, claim in json.loads((folder / "expected.json").read_text()).items():
        if may_lack and name not in found:
            print(f"skipped  {name}: not in this form, or no public data (set UPWEIGHT_DATA)")
            continue
        low, high = claim.get("short", claim["within"]) if short else claim["within"]
        held = low <= found[name] <= high
        missed += not held
        print(
            f"{'ok' if held else 'MISSED':8}{name:32}{found[name]:11.4g}   within [{low:g}, {high:g}]   {claim['from']}"
        )
    return int(missed > 0)
