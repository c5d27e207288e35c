"""cite: the references of what was done, ready to paste.

The trouble: who used a smoothed weight, a tail-adjusted interval and a prior correction should name three papers, and cannot know
which. Every object of upweight carries its history; the history knows its sources.

    upweight.cite(w, w.mean(f), w.check())        BibTeX, sorted by key, no entry twice

What is inside: `cite`. The tables it reads are `_rests_on` and `_bibliography`; results written as JSON ("upweight.verdict/1", "upweight.compare/1",
"upweight.tally/1") are read like the objects they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._errors import InputError
from .._weights import Step
from ._bibliography import REFERENCES
from ._rests_on import RESTS_ON

__all__ = ["cite"]


def cite(*things: Any) -> str:
    """BibTeX of what was done to weights, estimates, verdicts and corrections: sorted by key, no entry twice.

    Parameters
    ----------
    things : Weights, Estimate, Verdict, Correction, Tally, Repair, or the documents that some of them write (dictionaries with a "schema").

    Returns
    -------
    str, BibTeX entries separated by empty lines; upweight itself is always among them.

    Raises
    ------
    InputError : something that keeps no history.

    Costs: a reading list.

    >>> from upweight import Weights
    >>> print(cite(Weights.of([1.0, 2.0, 9.0], kind="importance").clip(at=5.0)))
    @article{ionides2008,
      author = {Ionides, Edward L.},
      title = {Truncated importance sampling},
      journal = {Journal of Computational and Graphical Statistics},
      volume = {17},
      number = {2},
      pages = {295--311},
      year = {2008}
    }
    <BLANKLINE>
    @software{upweight,
      author = {{The upweight authors}},
      title = {upweight: importance weights you can trust},
      version = {0.1.0}
    }
    """
    keys = {"upweight"}
    for thing in things:
        keys |= {key for operation in _operations(thing) for key in RESTS_ON.get(operation, ())}
    return "\n\n".join(_entry(key) for key in sorted(keys))


def _operations(thing: Any) -> Iterable[str]:
    """The names under which the table lists what was done."""
    if isinstance(thing, Mapping):
        return _of_document(thing)
    kind = type(thing).__name__
    if kind == "Verdict":
        return _of_document(thing.to_dict())
    if kind == "Tally":
        return [kind, "Verdict", *_steps(thing.provenance.trail)]
    if kind == "Repair":
        formula = () if thing.correction is None else thing.correction.trail
        return [kind, f"{kind}:{thing.how}", *_steps(formula)]
    if not hasattr(thing, "trail"):
        raise InputError(
            f"cite takes Weights, Estimate, Verdict, Correction or a document they wrote; got {kind}. Pass one of these."
        )
    return [kind, *_steps(thing.trail)]


def _of_document(d: Mapping[str, Any]) -> Iterable[str]:
    schema = d.get("schema", "")
    kind = schema.removeprefix("upweight.").split("/")[0] if isinstance(schema, str) else ""
    if not kind or not schema.startswith("upweight."):
        shown = repr(schema) if isinstance(schema, str) else f"of type {type(schema).__name__}"
        raise InputError(
            f"cite reads documents that upweight wrote; got one with schema {shown}. Pass what --json wrote."
        )
    if kind == "verdict":
        extras = [name for name in ("ess_f", "balance") if d.get(name) is not None]
        return ["Verdict", *extras, *_steps(d.get("trail", ()))]
    if kind == "tally":
        said = d.get("said")
        return ["Tally", "Verdict", *_steps(said.get("trail") if isinstance(said, Mapping) else None)]
    if kind == "compare":
        rows = _listed(d.get("rows", ()), "rows", "a name")
        return ["compare", *(f"compare:{_text(row, 'name', 'rows')}" for row in rows)]
    return [kind, *_steps(d.get("trail", ()))]


def _steps(steps: Any) -> Iterator[str]:
    """Names of steps, or of their documents, with the setting that chooses between papers."""
    for step in _listed(steps, "trail", "a name and params"):
        name, params = (
            (_text(step, "name", "trail"), step.get("params"))
            if isinstance(step, Mapping)
            else (step.name, step.params)
        )
        if not isinstance(params, Mapping):
            raise InputError(
                f"the step {name!r} of this document must have params; {_GOT.format(type(params).__name__)}"
            )
        yield name
        yield from (f"{name}:{params[key]}" for key in ("how", "method") if isinstance(params.get(key), str))
        yield from (name for name in ("clusters", "blocks", "outcome") if params.get(name))


_GOT = "got {}. Pass what --json wrote."


def _listed(x: Any, name: str, of: str) -> list[Any]:
    """A list of steps or of mappings, as upweight writes them."""
    if isinstance(x, (list, tuple)) and all(isinstance(item, (Mapping, Step)) for item in x):
        return list(x)
    what = type(x).__name__ if not isinstance(x, (list, tuple)) else "something else in it"
    raise InputError(f"`{name}` of this document must be a list of entries with {of}; {_GOT.format(what)}")


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    text = entry.get(key)
    if not isinstance(text, str):
        raise InputError(
            f"every entry of `{where}` of this document must have a {key}; {_GOT.format(type(text).__name__)}"
        )
    return text


def _entry(key: str) -> str:
    kind, fields = REFERENCES[key]
    if key == "upweight":
        import sys

        fields = fields | {"version": sys.modules["upweight"].__version__}
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n{body}\n}}"
