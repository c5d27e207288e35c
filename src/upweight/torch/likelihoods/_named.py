"""Likelihoods by name, and what was learnt from a document.

What is inside: `likelihood_of`, settings by name; `settings_to_dict` and `settings_of`; `density_of`, a fitted likelihood as it was saved.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..._errors import InputError, did_you_mean, reading
from ._bernoulli import Bernoulli, BernoulliDensity
from ._categorical import Categorical, CategoricalDensity
from ._counts import Counts, CountsDensity
from ._density import Density
from ._gaussian import Gaussian, GaussianDensity
from ._mixed import Mixed, MixedDensity
from ._read_columns import ReadColumns
from ._standard import Standard

__all__ = ["density_of", "likelihood_of", "settings_of", "settings_to_dict"]

NAMED: dict[str, Any] = {
    "bernoulli": Bernoulli,
    "gaussian": Gaussian,
    "categorical": Categorical,
    "counts": Counts,
    "mixed": Mixed,
}


def likelihood_of(likelihood: Any) -> Any:
    """Settings of a likelihood: as given, or those of a name."""
    if isinstance(likelihood, tuple(NAMED.values())):
        return likelihood
    if isinstance(likelihood, str) and likelihood in NAMED:
        return NAMED[likelihood]()
    known = ", ".join(map(repr, NAMED))
    hint = did_you_mean(likelihood, NAMED) if isinstance(likelihood, str) else ""
    raise InputError(
        f"`likelihood` must be one of {known}, or its settings such as Gaussian('row'); got {likelihood!r}.{hint}"
    )


def settings_to_dict(likelihood: Any) -> dict[str, Any]:
    """Settings, or a name, as plain data that JSON can hold."""
    if isinstance(likelihood, str):
        return {"name": likelihood}
    settings = asdict(likelihood)
    if isinstance(settings.get("columns"), dict):  # whose keys may be numbers, which JSON would make text
        settings["columns"] = [list(pair) for pair in settings["columns"].items()]
    return {"name": next(n for n, kind in NAMED.items() if type(likelihood) is kind), "settings": settings}


def settings_of(document: dict[str, Any]) -> Any:
    """What `settings_to_dict` was given."""
    with reading("the likelihood", "IWAE.save"):
        if "settings" not in document:
            return document["name"]
        settings = dict(document["settings"])
        if isinstance(settings.get("columns"), list):
            settings["columns"] = {name: kind for name, kind in settings["columns"]}
        return NAMED[document["name"]](**settings)


def density_of(document: dict[str, Any]) -> Density:
    """The fitted likelihood that `to_dict` described."""
    with reading("the likelihood", "IWAE.save"):
        return _DENSITIES[document["likelihood"]](document)


def _start(d: dict[str, Any]) -> tuple[ReadColumns, str, tuple[str, ...]]:
    return ReadColumns.from_dict(d["columns"]), d["missing"], tuple(d["notes"])


def _gaussian(d: dict[str, Any]) -> Density:
    return GaussianDensity(*_start(d), Standard.from_dict(d["standard"]), d["scale"], d["floor"])


def _mixed(d: dict[str, Any]) -> Density:
    return MixedDensity(*_start(d), tuple(d["kinds"]), tuple(density_of(part) for part in d["parts"]))


_DENSITIES: dict[str, Any] = {
    "bernoulli": lambda d: BernoulliDensity(*_start(d), d["grey"]),
    "gaussian": _gaussian,
    "categorical": lambda d: CategoricalDensity(*_start(d)),
    "counts": lambda d: CountsDensity(*_start(d), tuple(d["lengths"])),
    "mixed": _mixed,
}
