"""Keywords from elsewhere: whoever types another library's word is told ours.

The trouble: `SMOTE(random_state=0, k_neighbors=3)` is what fingers know, and Python's answer, "got an unexpected keyword argument
'random_state'", leaves the reader to guess what the word may be here.

    SMOTE takes no `random_state`: here it is `rng`. Write SMOTE(rng=0).

What is inside: `own_keywords`, a decorator for a class or a function; `OURS`, the words of other libraries with ours. Signature,
`get_params`, `clone` and pickles of what is decorated stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from ._errors import InputError, did_you_mean

__all__ = ["KeywordError", "own_keywords"]

Thing = TypeVar("Thing", bound=Callable[..., Any])

# Foreign word -> ours, in order of preference: the first that the callable at hand takes is named.
OURS = {
    "random_state": ("rng",),
    "seed": ("rng",),
    "sampling_strategy": ("to", "drop"),
    "ratio": ("to",),
    "k_neighbors": ("k",),
    "n_neighbors": ("k",),
    "m_neighbors": ("m",),
    "n_neighbors_ver3": ("reach",),
    "kind_sel": ("vote",),
    "max_iter": ("rounds",),
    "threshold_cleaning": ("share",),
    "categorical_features": ("categorical",),
    "estimator": ("learner",),
    "base_estimator": ("learner",),
    "classifier": ("learner",),
    "sampler": ("method", "methods"),
    "n_estimators": ("members", "rounds"),
    "replacement": ("replace",),
    "max_depth": ("depth",),
    "n_splits": ("cv",),
    "groups": ("group",),
    "weights": ("sample_weight", "base"),
    "sample_weight": ("base",),
}
SAME_VALUE = {"rng", "k", "m", "reach", "share", "categorical", "members", "rounds", "replace", "depth"}
HOW = {  # what ours takes, where another library's value does not carry over
    "to": "'balanced', a ratio rare/common or {label: rows}",
    "vote": "'all' or 'most'",
    "drop": "'majority' or 'all', the classes that may lose rows",
}
NOT_HERE = {
    "n_jobs": "threads are set by OMP_NUM_THREADS, processes by joblib.parallel_config. Leave it out",
    "verbose": "notes are in the result. Leave it out",
    "positive": "the class in question is True. Pass y == label",
    "pos_label": "the class in question is True. Pass y == label",
}
FIT_LEARNERS = {
    "learner",
    "depth",
    "members",
}  # words of what trains several learners: elsewhere rounds are no estimators


class KeywordError(InputError, TypeError):
    """A keyword that a class or function does not take; as Python's own error for this, a TypeError."""


def own_keywords(thing: Thing) -> Thing:
    """A decorator: `thing`, a class or a function, answers keywords it does not take with one line that names its own.

    Raises, when called with another library's keyword, KeywordError, a TypeError and an InputError.

    >>> @own_keywords
    ... def shrink(y, *, rng=None):
    ...     return y
    >>> try:
    ...     shrink([1], random_state=0)
    ... except TypeError as error:
    ...     print(error)
    shrink takes no `random_state`: here it is `rng`. Write shrink(rng=0).
    """
    made: Any = thing
    if not isinstance(made, type):
        return _refusing(made, made.__name__)
    made.__init__ = _refusing(made.__init__, made.__name__)
    return thing


def _refusing(call: Any, name: str) -> Any:
    """`call` behind a look at its keywords."""
    known = [word for word in signature(call).parameters if word != "self"]

    @wraps(call)
    def looked_at(*arguments: Any, **any_keywords: Any) -> Any:
        for word, value in any_keywords.items():
            if word not in known:
                raise KeywordError(remedy(name, word, value, known))
        return call(*arguments, **any_keywords)

    return looked_at


def remedy(name: str, word: str, value: Any, known: list[str]) -> str:
    """The rule, what came, and the word to type instead."""
    said = f"{name} takes no `{word}`"
    ours = next((own for own in OURS.get(word, ()) if own in known), None)
    if word == "n_estimators" and not FIT_LEARNERS.intersection(known):
        return f"{said}: it trains no estimators. Leave it out."
    if ours in SAME_VALUE:
        return f"{said}: here it is `{ours}`. Write {name}({ours}={short(value)})."
    if ours is not None:
        return f"{said}: here it is `{ours}`{', ' + HOW[ours] if ours in HOW else ''}. Write {name}({ours}=...)."
    if word in NOT_HERE:
        return f"{said}: {NOT_HERE[word]}."
    return f"{said}.{did_you_mean(word, known) if known else ' It takes no keywords.'}"


def short(value: Any) -> str:
    """A value as it would be typed, or dots for what nobody types."""
    text = repr(value)
    return text if len(text) <= 40 and "\n" not in text and not text.startswith("<") else "..."
