"""The lowest versions that pyproject.toml declares, as pip takes them: numpy==2.0.0 scipy==1.13.1 ...

python tools/lowest_versions.py
"""

from __future__ import annotations

import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def main() -> None:
    declared = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
    print(*(d.replace(">=", "==") for d in declared))


if __name__ == "__main__":
    main()
