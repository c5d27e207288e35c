"""Imports go down the page of docs/design.md only.

    python tools/check_imports.py            # exit 1 and one line per breach

Three rules, read from the syntax tree and not by running anything:

1. A module imports upweight modules of a lower layer, or of its own folder; a branch never imports another branch.
2. The trunk imports NumPy at the top, and SciPy, narwhals and array-api-compat inside functions only
   (`import upweight` stays light). `training` may have SciPy at the top.
3. A heavy package is imported only in the folder it belongs to.

Imports under `if TYPE_CHECKING:` are not imports. The doors of `Weights` (`w.mean`, `w.check` and their kin) call upward from
inside a method; DOORS lists them, and nothing else may.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src" / "upweight"
BRANCHES = ["imbalance", "negatives", "shift", "ope", "montecarlo", "torch", "keras"]
TRUNK_TOP = ["_ratio", "_estimate", "_balance", "_check", "_undo", "_cite"]
LAYERS = {
    "_errors": 0,
    "_whole_file": 0,
    "arrays": 1,
    "_frames": 2,
    "_kinds": 2,
    "_algebra": 2,
    "_taming": 2,
    "_scaleless": 2,
    "_weights": 3,
    **dict.fromkeys(TRUNK_TOP, 4),
}
LAYERS |= {
    "stream": 5,
    "training": 5,
    **dict.fromkeys(BRANCHES, 6),
    "report": 7,
    "cli": 8,
    "__main__": 9,
    "__init__": 9,
}
DOORS = {"_weights": {"_estimate", "_check"}, "__init__": set(BRANCHES)}
TRUNK = {name for name, layer in LAYERS.items() if layer <= 4}
LIGHT = {"numpy"}
INSIDE = {"scipy", "narwhals", "array_api_compat"}
HOME = {  # heavy package -> the folders that may import it
    "torch": {"torch"},
    "keras": {"keras"},
    "pyspark": {"stream"},
    "ray": {"stream"},
    "matplotlib": {"report"},
    "jinja2": {"report"},
    "typer": {"cli"},
    "rich": {"cli", "imbalance", "stream", "negatives"},
    "sklearn": {*BRANCHES} - {"torch", "keras"},
    "skops": {"imbalance"},
    "joblib": {"imbalance"},
    "pyarrow": {"imbalance", "stream", "negatives", "cli"},
    "pandas": set(),
    "polars": set(),
    "numba": {*BRANCHES},
}


def room(path: Path) -> str:
    parts = path.relative_to(SRC).parts
    return parts[0].removesuffix(".py")


def imports(tree: ast.Module):
    """Yield (line, module, names, level, inside_function) for every import that runs."""

    def walk(node, inside):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield child.lineno, alias.name, [], 0, inside
            elif isinstance(child, ast.ImportFrom):
                yield child.lineno, child.module or "", [a.name for a in child.names], child.level, inside
            deeper = inside or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from walk(child, deeper)

    yield from walk(tree, False)


def own_targets(path: Path, module: str, names: list[str], level: int) -> list[str]:
    """The rooms of upweight that one import statement reaches; empty for foreign packages."""
    if level == 0:
        if module.split(".")[0] != "upweight":
            return []
        rest = module.split(".")[1:]
    else:
        here = list(path.relative_to(SRC).parts[:-1])
        if level - 1 > len(here):
            return []
        rest = here[: len(here) - (level - 1)] + (module.split(".") if module else [])
    if rest:
        return [rest[0]]
    return [n if n in LAYERS else "__init__" for n in names] or ["__init__"]


def breaches(path: Path):
    here = room(path)
    if here not in LAYERS:
        yield (
            1,
            f"`{here}` has no place in the house; give it a layer in tools/check_imports.py and docs/design.md",
        )
        return
    for line, module, names, level, inside in imports(ast.parse(path.read_text())):
        targets = own_targets(path, module, names, level)
        for target in targets:
            if target == here or (inside and target in DOORS.get(here, ())):
                continue
            if target not in LAYERS or (target == "__init__" and here not in {"cli", "__main__"}):
                yield line, f"{here} imports {target}, which is not a room it may enter"
            elif LAYERS[target] > LAYERS[here] or (target in BRANCHES and here in BRANCHES):
                yield line, f"{here} imports {target}: imports go down only, and branches never meet"
        if targets or level:
            continue
        top = module.split(".")[0]
        if here in TRUNK and top not in sys.stdlib_module_names:
            if top not in LIGHT | INSIDE:
                yield (
                    line,
                    f"the trunk ({here}) imports {top}; it lives on NumPy, SciPy, narwhals and array-api-compat",
                )
            elif top in INSIDE and not inside:
                yield (
                    line,
                    f"the trunk ({here}) imports {top} at the top; import it inside the function that needs it",
                )
        if top in HOME and here in LAYERS and here not in HOME[top]:
            yield (
                line,
                f"{top} is imported in {here}; its home is {sorted(HOME[top]) or 'nowhere (go through narwhals)'}",
            )


def main() -> int:
    bad = [
        f"{path.relative_to(SRC.parent.parent)}:{line}: {what}"
        for path in sorted(SRC.rglob("*.py"))
        for line, what in breaches(path)
    ]
    print("\n".join(bad) or "imports: all go down")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
