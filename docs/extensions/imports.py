"""What an example of a docstring takes from the file it stands in, as imports that make it run when pasted.

In a file `np` and the names of its room are at hand, and doctest lends them to its examples; a reader's interpreter has none of them.
"""

from __future__ import annotations

import ast
import builtins
import re

__all__ = ["imports_of", "with_imports"]

USUAL = {
    "D": "from torch import distributions as D",
    "F": "import torch.nn.functional as F",
    "io": "import io",
    "json": "import json",
    "math": "import math",
    "nn": "from torch import nn",
    "np": "import numpy as np",
    "pa": "import pyarrow as pa",
    "pd": "import pandas as pd",
    "stats": "from scipy import stats",
    "tempfile": "import tempfile",
    "torch": "import torch",
    "uw": "import upweight as uw",
}


def with_imports(examples: list[str], home: str, public: set[str]) -> list[str]:
    """The examples, the first with the imports that all of them need before it."""
    lines = imports_of("\n".join(examples), home, public)
    return ["\n".join([*(f">>> {line}" for line in lines), examples[0].lstrip()]), *examples[1:]] if examples else []


def imports_of(example: str, home: str, public: set[str]) -> list[str]:
    """Import lines for names that an example uses and does not make; `home` is where the public ones are from."""
    code = "\n".join(re.findall(r"^\s*(?:>>>|\.\.\.) ?(.*)$", example, re.M))
    tree = ast.parse(code)
    made = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    made |= {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)}
    made |= {
        n.name
        for n in ast.walk(tree)
        if isinstance(n, (ast.FunctionDef, ast.ClassDef)) or (isinstance(n, ast.ExceptHandler) and n.name)
    }
    made |= {
        a.asname or a.name.split(".")[0]
        for n in ast.walk(tree)
        if isinstance(n, (ast.Import, ast.ImportFrom))
        for a in n.names
    }
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    wanted = used - made - set(dir(builtins))
    usual = sorted(USUAL[name] for name in wanted if name in USUAL)
    own = sorted(name for name in wanted - set(USUAL) if f"{home}.{name}" in public)
    trunk = sorted(name for name in wanted - set(USUAL) - set(own) if f"upweight.{name}" in public)
    from_homes = [(home, own), ("upweight", trunk)]
    return usual + [f"from {where} import {', '.join(names)}" for where, names in from_homes if names]
