"""Every public name of upweight, a line each, with the public methods, properties and fields of classes.

    python tools/public_names.py            # what differs from tests/public_names.txt; exit 1 if anything does
    python tools/public_names.py --write    # make the file anew

A name that is gone breaks somebody's program. So the list lies in a file, and a test holds the package to it: a new name is added by --write, and one
that is gone or renamed is first told in the changelog, on a line that begins "- Removed in VERSION:" and names it in full between backticks.

Read from the syntax tree, so that nothing needs to be installed: what `__all__` of a public module lists, and where it is written.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
SRC = HOME / "src"
LIST = HOME / "tests" / "public_names.txt"
INSIDE = {"torch": ("iwae", "hf", "lightning"), "ope": ("rl",)}  # public modules inside a public module
WINDOWS = {
    "cli",
    "files",
    "learners",
    "neighbours",
    "report",
    "tables",
    "work",
}  # rooms whose names are the house's own


def public_modules() -> list[tuple[str, ...]]:
    """The modules from which people import, as parts of a dotted name."""
    package = SRC / "upweight"
    rooms = sorted(p.name for p in package.iterdir() if (p / "__init__.py").exists() and p.name[0] != "_")
    out: list[tuple[str, ...]] = [("upweight",)]
    for room in rooms:
        if room not in WINDOWS:
            out.append(("upweight", room))
            out += [("upweight", room, inner) for inner in INSIDE.get(room, ()) if file_of(("upweight", room, inner))]
    return out


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text())


@functools.cache
def file_of(module: tuple[str, ...]) -> Path | None:
    """The file of a module."""
    base = SRC.joinpath(*module)
    return next((p for p in (base / "__init__.py", base.with_suffix(".py")) if p.exists()), None)


def listed(module: tuple[str, ...]) -> list[str]:
    """`__all__` of a module; empty if it has none."""
    path = file_of(module)
    assert path is not None, module
    for node in tree_of(path).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__":
            return list(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return []


@functools.cache
def defined_in(path: Path) -> list[ast.stmt]:
    """Classes and imports of a file, those under conditions and in functions included."""
    return [n for n in ast.walk(tree_of(path)) if isinstance(n, (ast.ClassDef, ast.ImportFrom))]


def found_class(module: tuple[str, ...], name: str, depth: int = 0) -> tuple[tuple[str, ...], ast.ClassDef] | None:
    """Where the class of that name is written, through the imports of `__init__` files; None for what is no class of ours."""
    path = file_of(module)
    if path is None or depth > 8:
        return None
    for node in defined_in(path):
        if isinstance(node, ast.ClassDef) and node.name == name:
            return module, node
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                here = module if path.name == "__init__.py" else module[:-1]
                above = here[: len(here) - node.level + 1]
                return found_class((*above, *(node.module or "").split(".")), alias.name, depth + 1)
    return None


def members(module: tuple[str, ...], kind: ast.ClassDef) -> Iterator[str]:
    """Public methods, properties and fields, those of base classes of ours included."""
    for node in kind.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign):  # a method that is written elsewhere, a second spelling
            yield from (t.id for t in node.targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
    for base in kind.bases:
        if isinstance(base, ast.Name) and (there := found_class(module, base.id)):
            yield from members(*there)


def public_names() -> list[str]:
    """All of them, sorted."""
    out = set()
    for module in public_modules():
        for name in listed(module):
            full = f"{'.'.join(module)}.{name}"
            out.add(full)
            there = found_class(module, name)
            if there is not None:
                out |= {f"{full}.{m}" for m in members(*there) if not m.startswith("_")}
    return sorted(out)


def told_as_removed() -> set[str]:
    """Names that the changelog says are gone, and with which version."""
    lines = re.findall(r"^- Removed in \d[^:]*:(.*)$", (HOME / "CHANGELOG.md").read_text(), re.MULTILINE)
    return {name for line in lines for name in re.findall(r"`([\w.]+)`", line)}


def main(argv: list[str]) -> int:
    now, before = public_names(), LIST.read_text().split()
    gone = [n for n in before if n not in now and n not in told_as_removed()]
    new = [n for n in now if n not in before]
    for name in gone:
        print(f"{name} is gone. Bring it back, or tell it in CHANGELOG.md: '- Removed in VERSION: `{name}` ...'.")
    if argv == ["--write"] and not gone:
        LIST.write_text("\n".join(now) + "\n")
        return 0
    for name in new:
        print(f"{name} is new: python tools/public_names.py --write")
    return int(bool(gone or new))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
