"""Save the chosen model so that it can be inspected before it is loaded, and load it again.

The trouble: a pickle runs whatever it was told to run, and it breaks when a file of the library moves. So a model is written
as a document of plain numbers, lists and text (upweight.model/1) around the fitted learners, in a skops file, which lists
its types first. `load` builds the model anew from a file whose types are those that skops knows to be safe and those listed
here, and refuses any other, naming it. Trees are listed although skops leaves them to the caller: they are checked
(`learners._untrusted_trees`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..._errors import InputError
from ..._foreign_keywords import own_keywords
from ..._undo import Correction, Repair
from ..._version import versions
from ...files import write_whole
from ...learners import BOOSTED_TREE, TREE, FittedLearner, Prepared, refuse_forged, trees
from ...tables import Column, Preparation, Schema
from ._members import Fitted, Member
from ._rebalanced import Rebalanced, method_name
from ._type_names import OLD_TO_NEW, with_new_types

__all__ = ["load", "save_model", "strange_types"]

SCHEMA = "upweight.model/1"
OWN_TYPES = frozenset({*OLD_TO_NEW.values(), TREE, BOOSTED_TREE})
SETTINGS = ("repair", "inner", "cost")
FIGURES = ("rows", "ess_rare", "synthetic_share")


def save_model(model: Rebalanced, path: Path) -> None:
    """Write beside the name and rename: a failed save leaves the old file.

    Predicting does not need the method, so one that is no name (a function, a sampler) is saved by what it is called.
    """
    import skops.io  # seconds to import, and only saving and loading need it

    try:
        write_whole(path, skops.io.dumps(_document_of(model)))
    except OSError as error:
        text = f"{path}: the model cannot be written ({error.strerror}). What was there is as it was."
        raise InputError(text) from error


@own_keywords
def load(path: str | os.PathLike[str], *, trusted: Iterable[str] = ()) -> Rebalanced:
    """The model that `Comparison.save` or `upweight compare --save` wrote: it predicts on frames like the one it saw.

        load(path).predict_proba(X) equals the saved model's, to the bit

    Parameters
    ----------
    path : the file. trusted : full names of further types to allow, for learners that are not scikit-learn's; read their
        source before you name them.

    Raises
    ------
    InputError : no such file; not a saved model; types that are not known to be safe; a forged tree.

    Costs: another version of scikit-learn may predict otherwise, and warns of it.
    Source: skops.io.

    >>> load("nowhere.skops")
    Traceback (most recent call last):
    ...
    upweight.InputError: no such file: 'nowhere.skops'. Save a model first: comparison.save(path).
    """
    import skops.io

    content, types = _read_types(path)
    strange = [name for name in _untrusted(types) if name not in set(trusted)]
    if strange:
        raise InputError(
            f"{str(path)!r} holds types that are not known to be safe: {', '.join(strange)}. If you trust whoever made it, "
            f"load(path, trusted={strange!r})."
        )
    facts: Any = skops.io.loads(content, trusted=sorted(types))
    if not isinstance(facts, dict) or facts.get("schema") != SCHEMA:
        kind = facts.get("schema") if isinstance(facts, dict) else type(facts).__name__
        raise InputError(f"{str(path)!r} holds {kind!r}, not a model saved by upweight.")
    _refuse_shifted(facts, str(path))
    for tree, columns in trees(facts, set()):
        refuse_forged(tree, columns, str(path))
    return _model_from(facts)


def _refuse_shifted(facts: Mapping[str, Any], path: str) -> None:
    """Labels of a class without weight, which version 0.1.0 wrote beside the probabilities of the others."""
    labels, classes = len(facts["classes"]), len(facts["prior"])
    if labels != classes:
        raise InputError(
            f"{path!r} holds {labels} labels for {classes} classes: a class without weight was left out of the fit and kept "
            "among the labels, so that every answer would be a wrong one. Fit and save it again."
        )


def strange_types(path: str | os.PathLike[str]) -> list[str]:
    """Types that `load` has to be told to trust: those of a learner that is not scikit-learn's."""
    return _untrusted(_read_types(path)[1])


def _untrusted(types: set[str]) -> list[str]:
    return sorted(types - OWN_TYPES)


def _read_types(path: str | os.PathLike[str]) -> tuple[bytes, set[str]]:
    """Content of the file, and the types in it that skops leaves to us."""
    import skops.io

    try:
        content = Path(path).read_bytes()
    except OSError as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise InputError(f"{why}: {str(path)!r}. Save a model first: comparison.save(path).") from error
    try:
        content = with_new_types(content)
        return content, set(skops.io.get_untrusted_types(data=content))
    except Exception as error:  # a file that is no skops file fails in many ways
        text = f"{str(path)!r} is not a saved model ({type(error).__name__}). Save one: comparison.save(path)."
        raise InputError(text) from error


# ---- the document -----------------------------------------------------------------------------------------------------------


def _document_of(model: Rebalanced) -> dict[str, Any]:
    """Everything that predicting needs, as plain values around the fitted learners."""
    fitted, schema = model.fitted_, model.schema_
    wrapped = isinstance(model.learner, Prepared)
    return {
        "schema": SCHEMA,
        "versions": versions(),
        "settings": {name: getattr(model, name) for name in SETTINGS}
        | {
            "learner": model.learner.learner if wrapped else model.learner,
            "prepared": wrapped,
            "method": model.method if isinstance(model.method, str) else method_name(model.method),
            "rng": int(model.rng) if isinstance(model.rng, (int, np.integer)) else None,
        },
        "classes": model.classes_,
        "positive": int(np.flatnonzero(model.classes_ == model.positive_)[0]),
        "columns": None if schema is None else [_column_document(c) for c in schema.columns],
        "named": schema is not None and schema.named,
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
        "how": fitted.how,
        "prior": fitted.prior,
        "threshold": float(fitted.threshold),
        "correction": fitted.correction.to_dict(),
        "repair": None if fitted.repair is None else fitted.repair.to_dict(),
        "members": [_member_document(m) for m in fitted.members],
    }


def _member_document(member: Member) -> dict[str, Any]:
    model = member.model
    prepared = model.preparation
    return {
        "learner": model.learner,
        "preparation": None if prepared is None else {k: _listed(v) for k, v in vars(prepared).items()},
        "correction": member.correction.to_dict(),
        "seen": model.seen,
        "cuts": None if model.cuts is None else list(model.cuts),
        "classes": model.classes,
        **{name: getattr(member, name) for name in FIGURES},
    }


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _model_from(facts: Mapping[str, Any]) -> Rebalanced:
    """The model of a document."""
    settings = dict(facts["settings"])
    learner = Prepared(settings["learner"]) if settings["prepared"] else settings["learner"]
    model = Rebalanced(learner, settings["method"], rng=settings["rng"], **{name: settings[name] for name in SETTINGS})
    model.fitted_ = Fitted(
        tuple(_member_from(m) for m in facts["members"]),
        Correction.from_dict(facts["correction"]),
        None if facts["repair"] is None else Repair.from_dict(facts["repair"]),
        facts["how"],
        facts["prior"],
        facts["threshold"],
    )
    model.classes_, model.positive_ = facts["classes"], facts["classes"][facts["positive"]]
    model.n_features_in_ = facts["n_features_in"]
    if facts["feature_names_in"] is not None:
        model.feature_names_in_ = facts["feature_names_in"]
    model.schema_ = None if facts["columns"] is None else _schema_from(facts["columns"], facts["named"])
    return model._tell_fitted()


def _column_document(column: Column) -> dict[str, Any]:
    """A column; its categories stand under `levels`, as in version 0.1.0."""
    facts = asdict(column)
    return facts | {"levels": list(facts.pop("categories"))}


def _schema_from(columns: Iterable[Mapping[str, Any]], named: bool) -> Schema:
    made: list[dict[str, Any]] = [
        {k: v for k, v in c.items() if k != "levels"} | {"categories": tuple(c["levels"])} for c in columns
    ]
    return Schema(tuple(Column(**facts) for facts in made), named)


def _member_from(facts: Mapping[str, Any]) -> Member:
    given = facts["preparation"]
    parts: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in (given or {}).items()}
    prepared = None if given is None else Preparation(**parts)
    cuts = None if facts["cuts"] is None else tuple(facts["cuts"])
    model = FittedLearner(facts["learner"], prepared, facts["seen"], facts["classes"], cuts)
    return Member(model, Correction.from_dict(facts["correction"]), **{name: facts[name] for name in FIGURES})
