"""Settings of a learner in its name: "boosting(max_iter=50)", as one would type it, wherever a learner is named.

The trouble: a learner by name goes through the command line, a journal, a document and a saved model, and each would need a place of its own
for settings. So they are part of the name, in one spelling: sorted by name, values as Python writes them. What is compared, kept or printed
by the name is then compared, kept and printed with them.

    logistic(C=0.1)      lightgbm:LGBMClassifier(min_child_samples=5, num_leaves=15)

What is inside: `split_settings`, the name and the settings of such a text; `with_settings`, the text of a name and of NAME=VALUE words;
`set_all`, a learner with its settings set.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from .._errors import InputError, did_you_mean

__all__ = ["set_all", "spelled", "split_settings", "with_settings"]

WORDS = {"true": True, "false": False, "none": None, "null": None}  # as other languages write them


def split_settings(text: str) -> tuple[str, dict[str, Any]]:
    """("boosting", {"max_iter": 50}) of "boosting(max_iter=50)"; no settings of a bare name.

    Raises InputError for anything but NAME=VALUE with plain values between the brackets.
    """
    name, bracket, inside = text.strip().partition("(")
    if not bracket:
        return name, {}
    try:
        call = ast.parse(f"f({inside}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or any(k.arg is None for k in call.keywords):
            raise ValueError("not all of it is NAME=VALUE")
        settings = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except (SyntaxError, ValueError) as error:
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InputError(
            f"learner {text!r} cannot be read: {why}. Say {name}(C=0.1): names and plain values."
        ) from error
    return name.strip(), settings


def with_settings(learner: str, words: Iterable[str]) -> str:
    """The learner's name with NAME=VALUE words among its settings, in the one spelling; later words win.

    >>> with_settings("boosting", ["max_iter=50", "l2_regularization=.1"])
    'boosting(l2_regularization=0.1, max_iter=50)'
    """
    name, settings = split_settings(learner)
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip().isidentifier():
            raise InputError(f"`--set` takes NAME=VALUE; got {word!r}. Say --set max_iter=50.")
        settings[key.strip()] = _value_of(value.strip())
    return spelled(name, settings)


def _value_of(text: str) -> Any:
    """A number, a list, True, None as Python reads it; any other text is text."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def spelled(name: str, settings: Mapping[str, Any]) -> str:
    """The one spelling of a name and settings."""
    inside = ", ".join(f"{key}={value!r}" for key, value in sorted(settings.items()))
    return f"{name}({inside})" if settings else name


def set_all(learner: Any, settings: Mapping[str, Any], text: str) -> Any:
    """The learner with its settings set, or InputError for one that it has not."""
    known = learner.get_params(deep=True)
    for name in settings:
        if name not in known and not _takes_any(learner):
            raise InputError(
                f"learner {text!r}: {type(learner).__name__} has no setting {name!r}.{did_you_mean(name, known)}"
            )
    return learner.set_params(**settings) if settings else learner


def _takes_any(learner: Any) -> bool:
    """Whether a class takes settings that it does not list, as LightGBM's and CatBoost's aliases are."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(type(learner)).parameters.values())
