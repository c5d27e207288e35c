"""Every public name says in the reference what it is, what shape its arrays have, what it refuses, and shows it in an example that runs.

What must be said follows from the code and not from a list of exceptions:

    shape      each argument with a name that this house gives to arrays, in its own entry or in that of the same name in its class
    errors     whatever reaches a `raise` by its own statements or by functions it calls by name
    example    every function, class and method; a method is shown where its class, another of its methods, or the function that makes
               the class is. Not what only a framework calls, and not the two rooms that only builders of branches call

The examples themselves are run by pytest, from the docstrings.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def extension(name):
    """A module of docs/extensions, which is no part of the package."""
    if "site_extensions" not in sys.modules:
        spec = importlib.util.spec_from_file_location("site_extensions", ROOT / "docs" / "extensions" / "__init__.py")
        module = importlib.util.module_from_spec(spec)
        module.__path__ = [str(ROOT / "docs" / "extensions")]
        sys.modules["site_extensions"] = module
        spec.loader.exec_module(module)
    return importlib.import_module(f"site_extensions.{name}")


sources, docstrings = extension("sources"), extension("docstrings")
ENTRIES = sources.entries()
BY_NAME = {entry.name: entry for entry in ENTRIES}
CALLED = ("function", "method", "classmethod", "class")
ARRAYS = {  # the names that this house gives to arrays of rows
    *("X", "Y", "X_valid", "y", "y_true", "y_pred", "pred", "f", "g", "proba", "target_proba", "influence"),
    *("log_w", "log_target", "log_source", "log_sources", "log_q", "log_ratio", "logits", "losses"),
    *("reward", "action", "advantage", "source_score", "target_score", "fitted", "held_out", "difficulty"),
    *("sample_weight", "weight"),
}
SHAPE = re.compile(r"\((?:\.\.\.|[A-Za-z0-9]\w?(?: \+ \w+)?)(?:, ?(?:\.\.\.|[\w+ *]*))*\)")
OTHERWISE = re.compile(  # where it stands, or that it is no array, or not looked at
    r"\bas (?:in|for|of|given to) |\bframe\b|`fit`|\bn rows\b|\blist of lists\b|\bignored\b|\bnot used\b|^documents"
)
FRAMEWORK = re.compile(
    r"^(?:on_\w+|setup|call|get_config|get_params|set_params|set_output|get_feature_names_out|set_fit_resample_request)$"
)
BUILDERS = (
    "upweight.stream.",
    "upweight.training.",
)  # docs/streams.md shows the first at work; the second is what torch and keras re-export
NOT_SHOWN = {  # each with what keeps an example from running
    "upweight.torch.hf.WeightsCallback": "needs transformers, which the tests of docstrings lack; tests/frameworks runs it",
    "upweight.torch.hf.loss": "as above",
    "upweight.torch.lightning.WeightsCallback": "needs lightning; tests/frameworks runs it",
    "upweight.MissingExtra": "an extra must be absent, and in the tests all are there",
}


def once(kinds):
    """Entries of these kinds, of each place in the sources one (torch and keras list the same classes)."""
    seen, found = set(), []
    for entry in ENTRIES:
        if entry.kind in kinds and id(entry.node) not in seen:
            seen.add(id(entry.node))
            found.append(entry)
    return found


def parts_of(entry):
    return docstrings.parts_of(entry.doc, class_doc=entry.kind == "class")


def owner_of(entry):
    owner = BY_NAME.get(entry.name.rsplit(".", 1)[0])
    return owner if owner is not None and owner.kind == "class" else None


def makes(entry, owner):
    """Whether a function says in its annotation that it returns that class."""
    returns = getattr(entry.node, "returns", None)
    return returns is not None and owner.short in re.findall(r"\w+", ast.unparse(returns)) and entry.kind != "property"


def family_of(owner):
    """Docstrings in which a class is shown: its own, its methods', and those of the functions of its field that make it."""
    home = owner.name.rsplit(".", 1)[0]
    own = [e.doc for e in ENTRIES if e.name == owner.name or e.name.startswith(owner.name + ".")]
    return own + [e.doc for e in ENTRIES if e.name.startswith(home + ".") and makes(e, owner)]


# ---- every name -------------------------------------------------------------------------------------------------------------


def test_every_public_name_is_found_in_the_sources():
    assert [e.name for e in ENTRIES if e.kind == "missing"] == []
    assert len(ENTRIES) > 1400


def test_every_function_class_and_method_says_what_it_does():
    assert [e.name for e in ENTRIES if e.kind in (*CALLED, "property", "data") and not e.doc.strip()] == []


def test_every_field_says_what_it_holds():
    assert [e.name for e in ENTRIES if e.kind == "field" and not e.doc.strip()] == []


# ---- shapes -----------------------------------------------------------------------------------------------------------------


def said_of(entry, argument):
    """What a docstring, or the class's, or another method of the class, says of an argument."""
    own = parts_of(entry)
    texts = [own.of("Parameters").get(argument) or " ".join([own.summary, *own.body])]
    owner = owner_of(entry)
    if owner is not None:
        relatives = [owner, *(e for e in ENTRIES if e.name.startswith(owner.name + ".") and e.kind in CALLED)]
        texts += [parts_of(e).of("Parameters").get(argument, "") for e in relatives]
    return texts


def shapeless(entry):
    if entry.kind == "class" and not parts_of(entry).of("Parameters"):
        return []  # made by a function, which says so
    taken = (
        entry.arguments()[1:] if entry.name.startswith("upweight.plots.") else entry.arguments()
    )  # a picture is of a result
    names = [a.arg for a in taken if a.arg in ARRAYS]
    return [n for n in names if not any(SHAPE.search(t) or OTHERWISE.search(t) for t in said_of(entry, n))]


def test_every_array_that_is_taken_has_its_shape_told():
    assert {e.name: lacking for e in once(CALLED) if (lacking := shapeless(e))} == {}


# ---- errors -----------------------------------------------------------------------------------------------------------------


@functools.cache
def refuses(path, node, depth=0):
    """Whether a function raises, itself or in functions of ours that it calls by name."""
    inside = list(ast.walk(node))
    if any(isinstance(n, ast.Raise) and n.exc is not None for n in inside):
        return True
    names = {n.func.id for n in inside if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    names -= {
        a.asname or a.name for n in inside if isinstance(n, ast.ImportFrom) for a in n.names
    }  # a picture, drawn elsewhere
    found = [sources.lookup(path, name) for name in sorted(names)] if depth < 7 else []
    return any(f and isinstance(f[1], ast.FunctionDef) and f[1] is not node and refuses(*f, depth + 1) for f in found)


def runs_at_the_door(entry):
    """The statements that run when a name is called: a function's own, a class's constructor."""
    if isinstance(entry.node, ast.ClassDef):
        made = [
            n for n in entry.node.body if isinstance(n, ast.FunctionDef) and n.name in ("__init__", "__post_init__")
        ]
        return made[0] if made else None
    return entry.node


def silent_about_errors(entry):
    node = runs_at_the_door(entry)
    told = parts_of(entry).entries.get("Raises") or re.search(r"\b[Rr]aises?\b|\b[Rr]efuse|Error\b", entry.doc)
    return node is not None and not told and refuses(entry.path, node)


def test_whatever_refuses_something_says_what():
    assert [e.name for e in once(CALLED) if silent_about_errors(e)] == []


# ---- examples ---------------------------------------------------------------------------------------------------------------


def shown(entry):
    owner = owner_of(entry)
    if ">>>" in entry.doc:
        return True
    if owner is None:
        called = rf">>>.*\b{entry.short}\b"
        return entry.kind == "class" and any(
            re.search(called, doc) or (">>>" in doc and doc is not entry.doc) for doc in family_of(entry)
        )
    return any(re.search(rf"^(?:>>>|\.\.\.).*\.{entry.short}\b", doc, re.M) for doc in family_of(owner))


def test_everything_is_shown_in_an_example():
    asked = [e for e in once(CALLED) if not e.name.startswith(BUILDERS) and not FRAMEWORK.match(e.short)]
    lacking = [e.name for e in asked if not shown(e) and not any(e.name.startswith(name) for name in NOT_SHOWN)]
    assert lacking == []


def test_no_exception_is_kept_that_is_not_needed():
    assert [name for name in NOT_SHOWN if name not in BY_NAME or ">>>" in BY_NAME[name].doc] == []


# ---- the reading itself -----------------------------------------------------------------------------------------------------

DOC = """Cap the weights: less variance.

    w' = min(w, at)

at : float > 0; or
ess : share in (0, 1). f : (n,) numbers.

Raises InputError if nothing is left, KindError for class weights.

Costs: bias. Source: Ionides (2008).

>>> 1 + 1
2
"""


def test_a_docstring_is_taken_apart():
    parts = docstrings.parts_of(DOC)
    assert parts.summary == "Cap the weights: less variance."
    assert parts.of("Parameters") == {"at": "float > 0; or", "ess": "share in (0, 1).", "f": "(n,) numbers."}
    assert parts.of("Raises") == {"InputError": "if nothing is left", "KindError": "for class weights."}
    assert (parts.costs, parts.source) == (["bias."], ["Ionides (2008)."])
    assert parts.examples == [">>> 1 + 1\n2"]


def test_nothing_of_the_mathematics_becomes_markup():
    assert docstrings.inline("sum_i |w_i| of `w_i`, times f*") == r"sum\_i \|w\_i\| of ``w_i``, times f\*"


@pytest.mark.parametrize(
    ("cut", "breach"),
    [
        ("Raises InputError if nothing is left, KindError for class weights.", "silent"),
        (">>>", "unshown"),
        ("(n,)", "shapeless"),
    ],
)
def test_a_docstring_that_lacks_something_would_be_noticed(cut, breach):
    tree = ast.parse(f"def clip(f, at):\n    '''{DOC}'''\n    raise ValueError\n").body[0]
    entry = sources.Entry(
        "upweight.clip", "function", DOC.replace(cut, "..."), tree, ROOT / "src" / "upweight" / "__init__.py"
    )
    found = {"silent": silent_about_errors(entry), "unshown": not shown(entry), "shapeless": bool(shapeless(entry))}
    assert [name for name, bad in found.items() if bad] == [breach]
