"""Where a public name is written: its kind, its docstring and its signature, from the syntax tree.

Nothing is imported, so that every name of every branch is read on any machine, Keras or not. The list of names is tests/public_names.txt,
which `tools/public_names.py` keeps.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["HOME", "Entry", "entries", "lookup"]

HOME = Path(__file__).resolve().parents[2]
SRC = HOME / "src"
Scope = tuple[Path, ast.AST]


@dataclass
class Entry:
    """One public name."""

    name: str  # in full, such as upweight.Weights.mean
    kind: str  # module, class, function, method, classmethod, property, field or data
    doc: str = ""
    node: ast.AST | None = None
    path: Path | None = None
    bases: list[Entry] = field(default_factory=list)  # of a class, those that are ours

    @property
    def short(self) -> str:
        return self.name.rsplit(".", 1)[1]

    def arguments(self) -> list[ast.arg]:
        """What a caller may pass, of a class what its constructor takes."""
        made = self._constructor()
        if made is None:
            return []
        a = made.args
        every = [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs]
        return every[0 if self.kind in ("function",) or _static(made) else 1 :]

    def signature(self) -> str:
        """The arguments with their defaults and without types: short enough for a phone."""
        made = self._constructor()
        if made is None or self.kind in ("module", "property", "field", "data"):
            return ""
        shown = _without_types(made.args)
        return f"({shown})" if self.kind == "function" or _static(made) else f"({shown.partition(', ')[2]})"

    def _constructor(self) -> ast.FunctionDef | None:
        if isinstance(self.node, ast.FunctionDef):
            return self.node
        if not isinstance(self.node, ast.ClassDef):
            return None
        for node in self.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                return node
        inherited = next((made for base in self.bases if (made := base._constructor())), None)
        return inherited or _of_fields(self.node)


def _static(made: ast.FunctionDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in made.decorator_list)


def _without_types(args: ast.arguments) -> str:
    bare = ast.arguments(
        posonlyargs=[ast.arg(a.arg) for a in args.posonlyargs],
        args=[ast.arg(a.arg) for a in args.args],
        vararg=ast.arg(args.vararg.arg) if args.vararg else None,
        kwonlyargs=[ast.arg(a.arg) for a in args.kwonlyargs],
        kw_defaults=args.kw_defaults,
        kwarg=ast.arg(args.kwarg.arg) if args.kwarg else None,
        defaults=args.defaults,
    )
    return ast.unparse(bare)


def _of_fields(node: ast.ClassDef) -> ast.FunctionDef | None:
    """What a dataclass or a NamedTuple takes: its fields in their order."""
    fields = [n for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    if not fields:
        return None
    names = ["self", *(n.target.id for n in fields if n.target.id[0] != "_")]  # type: ignore[union-attr]
    given = [n.value for n in fields if n.value is not None and n.target.id[0] != "_"]  # type: ignore[union-attr]
    if any("kw_only=True" in ast.unparse(d) for d in node.decorator_list):
        defaults = [None] * (len(names) - 1 - len(given)) + given
        args = ast.arguments([], [ast.arg("self")], None, [ast.arg(n) for n in names[1:]], defaults, None, [])
    else:
        args = ast.arguments([], [ast.arg(n) for n in names], None, [], [], None, given)
    return ast.FunctionDef("__init__", args, [], [], lineno=node.lineno)


# ---- from a name to where it is written -------------------------------------------------------------------------------------


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def file_of(parts: tuple[str, ...]) -> Path | None:
    base = SRC.joinpath(*parts)
    return next((p for p in (base / "__init__.py", base.with_suffix(".py")) if p.exists()), None)


def _imported(path: Path, node: ast.ImportFrom, name: str) -> Scope | None:
    """What an import of ours brings under that name."""
    here = path.relative_to(SRC).with_suffix("").parts
    package = here[:-1]  # of a file its folder; of an __init__ its own
    home = (
        (*package[: len(package) - node.level + 1], *(node.module or "").split("."))
        if node.level
        else tuple((node.module or "").split("."))
    )
    home = tuple(p for p in home if p)
    for alias in node.names:
        if (alias.asname or alias.name) == name:
            inner = file_of((*home, alias.name))
            found = lookup(file_of(home), alias.name) if file_of(home) else None
            return found or ((inner, tree_of(inner)) if inner else None)
    return None


@functools.cache
def lookup(path: Path, name: str) -> Scope | None:
    """The file and the node in which a file's name is written, through imports and second spellings."""
    for node in _statements(tree_of(path)):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
            return path, node
        if isinstance(node, ast.ImportFrom) and (found := _imported(path, node, name)):
            return found
        if (value := _assigned(node, name)) is not None:
            same = isinstance(value, ast.Name) and value.id != name and lookup(path, value.id)
            return same or (path, node)
    return _by_table(path, name)


def _by_table(path: Path, name: str) -> Scope | None:
    """A name that an __init__ brings when it is used: its table says from which room."""
    for node in tree_of(path).body:
        for value in ast.walk(node):
            if isinstance(value, ast.Dict):
                for key, home in zip(value.keys, value.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == name and isinstance(home, ast.Constant):
                        parts = (*path.relative_to(SRC).parts[:-1], *str(home.value).strip(".").split("."))
                        there = file_of(parts)
                        return lookup(there, name) if there else None
    return None


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Statements of a file or class, those under conditions included, those in functions last."""
    body = list(getattr(tree, "body", []))
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try)):
            yield from _statements(node)
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            yield from (n for n in ast.walk(node) if isinstance(n, ast.ImportFrom))


def _assigned(node: ast.AST, name: str) -> ast.AST | None:
    if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
        return node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
        return node.value or node.annotation
    return None


# ---- entries ----------------------------------------------------------------------------------------------------------------


def entries(names: list[str] | None = None) -> list[Entry]:
    """One entry a public name, in the order of the list."""
    listed = names or (HOME / "tests" / "public_names.txt").read_text().split()
    found: dict[str, Entry] = {}
    for name in listed:
        owner = found.get(name.rsplit(".", 1)[0])
        found[name] = _member(owner, name) if owner and owner.kind == "class" else _top(name)
    return list(found.values())


def _top(name: str) -> Entry:
    *home, last = name.split(".")
    if (inner := file_of((*home, last))) and inner.name == "__init__.py":
        return Entry(name, "module", ast.get_docstring(tree_of(inner)) or "", tree_of(inner), inner)
    room = file_of(tuple(home))
    found = lookup(room, last) if room else None
    if found is None:
        return Entry(name, "missing")
    return _entry(name, *found, top=True)


def _entry(name: str, path: Path, node: ast.AST, *, top: bool) -> Entry:
    if isinstance(node, ast.Module):
        return Entry(name, "module", ast.get_docstring(node) or "", node, path)
    if isinstance(node, ast.ClassDef):
        return Entry(name, "class", ast.get_docstring(node) or "", node, path, _bases(path, node))
    if isinstance(node, ast.FunctionDef):
        marks = {ast.unparse(d).split("(")[0].rsplit(".", 1)[-1] for d in node.decorator_list}
        kind = (
            "function"
            if top
            else "property"
            if marks & {"property", "cached_property"}
            else "classmethod"
            if "classmethod" in marks
            else "method"
        )
        return Entry(name, kind, ast.get_docstring(node) or _wrapped(path, node), node, path)
    return Entry(name, "data" if top else "field", _beside(path, node), node, path)


def _wrapped(path: Path, node: ast.FunctionDef) -> str:
    """The docstring that `functools.wraps` brings."""
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "wraps" and isinstance(mark.args[0], ast.Name):
            found = lookup(path, mark.args[0].id)
            return ast.get_docstring(found[1]) or "" if found and isinstance(found[1], ast.FunctionDef) else ""
    return ""


def _bases(path: Path, node: ast.ClassDef) -> list[Entry]:
    found = [lookup(path, ast.unparse(b).split("[")[0].split(".")[-1]) for b in node.bases]
    return [_entry(n.name, p, n, top=True) for p, n in filter(None, found) if isinstance(n, ast.ClassDef)]


def _beside(path: Path, node: ast.AST) -> str:
    """The comment at the end of a line, or the one above it."""
    lines = path.read_text().splitlines()
    line = lines[getattr(node, "end_lineno", 1) - 1]
    above = lines[getattr(node, "lineno", 1) - 2]
    comment = re.search(r"  # (.*)$", line) or re.match(r"\s*# (?!-)(.*)$", above)
    return comment[1] if comment and "type: ignore" not in comment[1] else ""


def _member(owner: Entry, name: str) -> Entry:
    found = _in_class(owner, name.rsplit(".", 1)[1])
    if found is None:
        return Entry(name, "missing")
    entry = _entry(name, *found, top=False)
    if entry.kind == "field" or not entry.doc:
        entry.doc = _told(owner, entry.short) or entry.doc
    return entry


def _in_class(owner: Entry, name: str) -> Scope | None:
    assert owner.path is not None
    for node in getattr(owner.node, "body", []):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return owner.path, node
        if isinstance(node, ast.ImportFrom) and (found := _imported(owner.path, node, name)):
            return found
        if (value := _assigned(node, name)) is not None:
            there = (
                lookup(owner.path, value.id) if isinstance(value, ast.Name) and isinstance(node, ast.Assign) else None
            )
            inside = (
                _in_class(owner, value.id)
                if isinstance(value, ast.Name) and value.id != name and there is None
                else None
            )
            return there or inside or (owner.path, node)
    return next((found for base in owner.bases if (found := _in_class(base, name))), None)


def _told(owner: Entry, name: str) -> str:
    """What the docstring of a class, or of one it is made from, says of a field."""
    from .docstrings import parts_of

    parts = parts_of(owner.doc, class_doc=True)
    told = parts.of("Attributes").get(name) or parts.of("Parameters").get(name)
    return told or next((text for base in owner.bases if (text := _told(base, name))), "")
