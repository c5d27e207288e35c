"""A class named for its home is still understood by those who read annotations."""

from __future__ import annotations

import ast
import importlib
import inspect
import typing
from pathlib import Path

import pytest

NAMED_FOR_CHECKERS = "upweight.torch.autoencoders"  # its pictures return Axes, a name that only type checkers see


def members(room):
    """(name, class or function) of a room: its names, and the public functions and readings of its classes."""
    module = importlib.import_module(room)
    for name in module.__all__:
        one = getattr(module, name)
        if not inspect.isclass(one) and not inspect.isfunction(one):
            continue
        yield name, one
        for of, x in vars(one).items() if inspect.isclass(one) else ():
            x = x.fget if isinstance(x, property) else x
            if (
                inspect.isfunction(x)
                and not x.__module__.startswith(NAMED_FOR_CHECKERS)
                and (not of.startswith("_") or of in ("__init__", "__call__"))
            ):
                yield f"{name}.{of}", x


@pytest.mark.parametrize("room", ["upweight.training", "upweight.torch"])
def test_every_public_annotation_can_be_read(room):
    """Of a dataclass that says it lives in `upweight.torch` nobody found `np`, `torch` or `Reason` there."""
    for name, one in members(room):
        hints = typing.get_type_hints(one)
        if inspect.isfunction(one):
            untyped = set(inspect.signature(one).parameters) - set(hints) - {"self", "cls"}
            assert not untyped, (name, untyped)


@pytest.mark.parametrize("room", ["upweight.training", "upweight.torch"])
def test_every_public_name_has_a_docstring(room):
    for name, one in members(room):
        assert inspect.getdoc(one) or name.endswith("__init__"), name


HEAVY = {"upweight.keras", "upweight.torch.hf", "upweight.torch.lightning"}  # looked at where their packages are


def test_every_class_is_found_at_its_home():
    """Pickles look for it there; tails of losses were not, and could not be saved."""
    source = Path(__file__).resolve().parents[1] / "src" / "upweight"
    classes = [
        node for f in source.rglob("*.py") for node in ast.parse(f.read_text()).body if isinstance(node, ast.ClassDef)
    ]
    homes = [(c.name, d.args[0].value) for c in classes for d in c.decorator_list if _is_set_module(d)]
    assert len(homes) > 60
    for name, home in homes:
        if home not in HEAVY:
            assert getattr(importlib.import_module(home), name).__module__ == home


def _is_set_module(d):
    return isinstance(d, ast.Call) and isinstance(d.func, ast.Name) and d.func.id == "set_module"


def test_the_home_is_the_one_that_is_named():
    from upweight.training import MarginRule, margin_rule

    assert MarginRule.__module__ == "upweight.training"
    assert margin_rule([1, 2]).__class__ is MarginRule
