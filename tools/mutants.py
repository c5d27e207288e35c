"""Make a seeded handful of small mistakes in one file and see whether its tests notice.

    python tools/mutants.py src/upweight/work/_run.py                      # the tests that mirror the file
    python tools/mutants.py src/upweight/tables tests/tables --count 20    # a folder, with the tests to run
    python tools/mutants.py FILE --seed 3 --count 10

A mutant is a comparison turned (< and <=, == and !=), + for -, * for /, `and` for `or`, a `not` dropped, or a number changed by one or
halved. Each is tried in a copy of the checkout. Survivors are printed with their line; exit 1 if there are any. Some are equal to the
original, so this is for reading and not for CI.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPARED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
COUNTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COPIED = ("src", "tests", "docs", "tools", "papers", "conftest.py", "pyproject.toml", "README.md")


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may go wrong at one place: (in words, the new node)."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        new = COMPARED[type(node.ops[0])]()
        yield "comparison turned", ast.Compare(node.left, [new, *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in COUNTED:
        yield "operator changed", ast.BinOp(node.left, COUNTED[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield "and for or", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", node.operand
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "number changed", ast.Constant(node.value + 1 if isinstance(node.value, int) else node.value / 2)


def places(path: Path) -> Iterator[tuple[Path, ast.AST, str, ast.AST]]:
    """Every mutant of a file, docstrings and annotations apart."""
    tree = ast.parse(path.read_text())
    skipped = {id(n) for f in ast.walk(tree) for a in annotations(f) for n in ast.walk(a)}
    for node in ast.walk(tree):
        if id(node) not in skipped and getattr(node, "end_lineno", None) is not None:
            yield from ((path, node, words, new) for words, new in variants(node))


def annotations(node: ast.AST) -> list[ast.AST]:
    return [a for name in ("annotation", "returns") if (a := getattr(node, name, None)) is not None]


def mutated(text: str, node: ast.AST, new: ast.AST) -> str:
    """The text of a file with the piece of one node replaced."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    data = text.encode()
    at = starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
    end = starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
    return (data[:at] + f"({ast.unparse(ast.fix_missing_locations(new))})".encode() + data[end:]).decode()


def mirrored(target: Path) -> Path:
    """tests/work/test_run.py of src/upweight/work/_run.py, or the folder."""
    rest = target.resolve().relative_to(ROOT / "src" / "upweight")
    folder = ROOT.joinpath("tests", *(p.lstrip("_") for p in rest.parts[:-1]))
    name = rest.parts[-1]
    return folder / f"test_{name.lstrip('_')}" if name.endswith(".py") else folder / name.lstrip("_")


def notices(copy: Path, tests: list[str]) -> bool:
    """Whether the tests fail in the copy."""
    run = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(run, cwd=copy, capture_output=True, timeout=600).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, help="file or folder below src/upweight")
    parser.add_argument("tests", nargs="*", help="tests to run; default: those that mirror the target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10)
    asked = parser.parse_args()
    files = sorted(asked.target.rglob("*.py")) if asked.target.is_dir() else [asked.target]
    found = [place for file in files for place in places(file.resolve())]
    chosen = random.Random(asked.seed).sample(found, min(asked.count, len(found)))
    tests = asked.tests or [str(mirrored(asked.target).relative_to(ROOT))]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        copy.mkdir()
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        if notices(copy, tests):
            print(f"the tests fail without any mutant: {' '.join(tests)}")
            return 2
        for path, node, words, new in chosen:
            text, there = path.read_text(), copy / path.relative_to(ROOT)
            there.write_text(mutated(text, node, new))
            if not notices(copy, tests):
                survivors += 1
                where = f"{path.relative_to(ROOT)}:{node.lineno}"  # type: ignore[attr-defined]
                print(f"survives: {where}: {words}: {ast.unparse(node)} -> {ast.unparse(new)}")
            there.write_text(text)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants were noticed by {' '.join(tests)}")
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())
