"""Imports go down the house, name only what a room lists, and never in a circle.

    python tools/check_imports.py            # exit 1 and one line per breach

Read from the syntax tree, and not by running anything; the table of rooms is `house.py`.

1. A room imports rooms of a lower floor, whether of the house or of its branch; a branch never imports another branch.
2. From another room only what its `__init__` lists is imported, never a file inside it.
3. The trunk imports NumPy at the top, and SciPy, narwhals and array-api-compat inside functions only; a heavy package is imported in
   its homes only.
4. No circle of modules, imports inside functions included. Only the doors of the table lead upward.

Imports under `if TYPE_CHECKING:` are not imports.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from house import BRANCHES, DOORS, FLOORS, HOMES, INSIDE, LATER, LIGHT, PACKAGES, TRUNK

SRC = Path(__file__).resolve().parent.parent / "src" / "upweight"
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
FLOOR_INSIDE = {
    b: {room: level for level, rooms in enumerate(floors) for room in rooms} for b, floors in INSIDE.items()
}


@dataclass(frozen=True)
class Import:
    """One import of a file: line, dotted target below upweight (None: a foreign `package`), names, and the function it stands in."""

    line: int
    target: tuple[str, ...] | None
    package: str
    names: tuple[str, ...]
    function: str  # innermost; empty at the top of the file


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of a file that runs."""
    here = path.relative_to(SRC).parts[:-1]

    def walk(node: ast.AST, function: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from (Import(child.lineno, None, a.name, (), function) for a in child.names)
            elif isinstance(child, ast.ImportFrom):
                names = tuple(a.name for a in child.names)
                module = tuple(child.module.split(".")) if child.module else ()
                if child.level:
                    yield Import(child.lineno, (*here[: len(here) - child.level + 1], *module), "", names, function)
                else:
                    yield Import(child.lineno, None, ".".join(module), names, function)
            named = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from walk(child, child.name if named else function)

    yield from walk(ast.parse(path.read_text()), "")


def is_door(one: Import, room: tuple[str, ...], there: tuple[str, ...]) -> bool:
    """Whether an import is one of the listed methods that call upward."""
    return one.function in DOORS.get((room[0], there[0]), ())


def room_of(dotted: tuple[str, ...]) -> tuple[str, ...]:
    """The room a module is in: (room,) or, inside a branch with rooms, (branch, room)."""
    if len(dotted) > 1 and dotted[1] in FLOOR_INSIDE.get(dotted[0], ()):
        return dotted[:2]
    return dotted[:1]


def module_of(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(SRC).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts


def listed(room: tuple[str, ...]) -> set[str]:
    """Names in `__all__` of a room that is a folder."""
    init = SRC.joinpath(*room) / "__init__.py"
    if not init.exists():
        return set()
    for node in ast.parse(init.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def targets_of(one: Import) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(module, names) that an import of ours reaches: `from . import a` reaches the module a."""
    assert one.target is not None
    out = []
    for name in one.names:
        below = (*one.target, name)
        is_module = SRC.joinpath(*below).with_suffix(".py").exists() or SRC.joinpath(*below).is_dir()
        out.append((below, ()) if is_module else (one.target or ("__init__",), (name,)))
    return out


def own_breaches(path: Path) -> Iterator[tuple[int, str]]:
    """Breaches of rules 1 and 2."""
    me = module_of(path)
    room = room_of(me)
    shown = ".".join(room)
    for one in imports_of(path):
        if one.target is None:
            if one.package.split(".")[0] == "upweight":
                yield one.line, f"{one.package} is imported by its full name; imports inside the package are relative"
            continue
        for module, names in targets_of(one):
            there = room_of(module)
            lazy = bool(one.function) and there[0] in PACKAGES.get(room[0], ())
            if there == room or lazy or is_door(one, room, there):
                continue
            if room == ("__init__",) or (len(room) == 1 and room[0] in FLOOR_INSIDE and there[0] == room[0]):
                continue  # the front page of upweight, or of a branch, lists what is inside
            yield from ((one.line, what) for what in upward(room, there, shown))
            hidden = SRC.joinpath(*there).is_dir() and (module != there or not set(names) <= listed(there))
            if hidden:
                what = ".".join((*module, *names))
                yield one.line, f"{shown} reaches into {'.'.join(there)} for {what}, which its __init__ does not list"


def upward(room: tuple[str, ...], there: tuple[str, ...], shown: str) -> Iterator[str]:
    """What is wrong with importing `there` from `room`."""
    if there[0] not in FLOOR or there == ("__init__",):
        yield f"{shown} imports {'.'.join(there)}, which is not a room it may enter"
    elif there[0] == room[0]:
        inside = FLOOR_INSIDE.get(room[0], {})
        if len(there) == 1 or len(room) == 1 or inside[there[1]] >= inside[room[1]]:
            yield f"{shown} imports {'.'.join(there)}: imports go down only, inside a branch too"
    elif FLOOR[there[0]] >= FLOOR[room[0]]:
        both = there[0] in BRANCHES and room[0] in BRANCHES
        yield f"{shown} imports {there[0]}: " + ("branches never meet" if both else "imports go down only")


def foreign_breaches(path: Path) -> Iterator[tuple[int, str]]:
    """Breaches of rule 3."""
    room = module_of(path)[0]
    for one in imports_of(path):
        top = one.package.split(".")[0]
        if one.target is not None or top in sys.stdlib_module_names or top == "upweight":
            continue
        if room in TRUNK and top not in LIGHT | LATER and room not in HOMES.get(top, ()):
            yield one.line, f"the trunk ({room}) imports {top}; it lives on NumPy, SciPy, narwhals and array-api-compat"
        elif room in TRUNK and top in LATER and not one.function:
            yield one.line, f"the trunk ({room}) imports {top} at the top; import it in the function that needs it"
        elif top in HOMES and room not in HOMES[top]:
            yield one.line, f"{top} is imported in {room}; its home is {sorted(HOMES[top]) or 'nowhere (use narwhals)'}"


# ---- circles ----------------------------------------------------------------------------------------------------------------


def written_in(module: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The module a name comes from, followed through the lists of rooms."""
    init = SRC.joinpath(*module) / "__init__.py"
    if init.exists():
        for node in ast.walk(ast.parse(init.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 1 and name in [a.name for a in node.names]:
                return written_in((*module, *(node.module or "").split(".")), name)
    return module


def graph() -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    """Module -> modules it imports, but for the doors; a room's `__init__` only lists, so it is looked through."""
    edges = {}
    for path in sorted(SRC.rglob("*.py")):
        if path.name == "__init__.py":
            continue
        me = module_of(path)
        edges[me] = set()
        for one in imports_of(path):
            if one.target is None:
                continue
            for module, names in targets_of(one):
                if is_door(one, room_of(me), room_of(module)):
                    continue
                edges[me] |= {written_in(module, name) for name in names} or {module}
    return edges


def circles(edges: dict[tuple[str, ...], set[tuple[str, ...]]]) -> list[list[tuple[str, ...]]]:
    """Sets of modules that import each other (strongly connected, Tarjan 1972)."""
    index: dict[tuple[str, ...], int] = {}
    low: dict[tuple[str, ...], int] = {}
    stack: list[tuple[str, ...]] = []
    out = []

    def visit(node: tuple[str, ...]) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                out.append(sorted(stack[at:]))
            del stack[at:]

    for node in edges:
        if node not in index:
            visit(node)
    return out


def main() -> int:
    files = sorted(SRC.rglob("*.py"))
    lost = sorted({module_of(p)[0] for p in files} - set(FLOOR))
    bad = [f"`{room}` has no floor; give it one in tools/house.py and docs/design.md" for room in lost]
    for path in files:
        if module_of(path)[0] not in lost:
            here = path.relative_to(SRC.parent.parent)
            bad += [f"{here}:{line}: {what}" for line, what in (*own_breaches(path), *foreign_breaches(path))]
    bad += ["a circle of modules: " + ", ".join(".".join(m) for m in circle) for circle in circles(graph())]
    print("\n".join(bad) or "imports: all go down, by listed names, in no circle")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
