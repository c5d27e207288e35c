"""What scores the rows before they are thinned: a linear pilot fitted on some of them, a column of probabilities, or a fitted model.

    Pilot.linear(features)          a logistic regression of `rows` rows of each class, cheap to apply
    Pilot.column("score")           a probability that the data bring along, say of yesterday's model
    Pilot.model(model, features)    yesterday's model itself: every row is asked about once

The pilot shall see what the model will see and nothing else: the offset is exact only if it is a function of what the model is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._errors import InputError, is_number, require_int
from ..._set_module import set_module
from ..scoring import SavedModel, model_of

__all__ = ["Pilot", "as_pilot"]


@set_module("upweight.negatives")
@dataclass(frozen=True)
class Pilot:
    """A pilot to be: made by `Pilot.linear`, `Pilot.column` and `Pilot.model`.

    kind : "linear", "column" or "model". features : columns of a linear pilot, None for all but label and key; those of a model. rows : rows of each class that it is
    fitted on. l2 : penalty of its coefficients. normaliser : negatives that set shift and scale; None for all. classifier : of a model, its bytes.
    """

    kind: str
    features: tuple[str, ...] | None = None
    rows: int = 10_000
    l2: float = 1.0
    normaliser: int | None = 100_000
    classifier: SavedModel | None = field(default=None, repr=False)

    @staticmethod
    def linear(
        features: Sequence[str] | None = None, *, rows: int = 10_000, l2: float = 1.0, normaliser: int | None = 100_000
    ) -> Pilot:
        """A logistic regression of `rows` positives and as many negatives.

        features : names, or "name:level" for whole numbers that are categories; None for every column but label and key.
        Raises InputError for a bad setting.

        >>> Pilot.linear(["x0", "hour:level"]).features
        ('x0', 'hour:level')
        """
        if isinstance(features, str):
            raise InputError(f"`features` must be a list of names; got the text {features!r}. Write [{features!r}].")
        require_int("rows", rows, 20)
        if not is_number(l2) or not 0 < l2 < float("inf"):
            raise InputError(f"`l2` must be a finite penalty above 0; got {l2!r}. Leave it at 1.")
        return Pilot("linear", None if features is None else tuple(features), rows, float(l2), _checked(normaliser))

    @staticmethod
    def column(name: str, *, normaliser: int | None = 100_000) -> Pilot:
        """A column of probabilities in (0, 1), of a model that has not seen these rows.

        Raises InputError for a bad setting.

        >>> Pilot.column("score").features
        ('score',)
        """
        if not isinstance(name, str) or not name:
            raise InputError(f"`name` must be the name of a column; got {name!r}.")
        return Pilot("column", (name,), normaliser=_checked(normaliser))

    @staticmethod
    def model(model_or_path: Any, features: Sequence[str], *, normaliser: int | None = 100_000) -> Pilot:
        """A fitted classifier that has not seen these rows; its log-odds are shifted to the prevalence. A plan is saved with the model beside it.

        model_or_path : scikit-learn or LightGBM classifier, a LightGBM Booster, or a file: skops, LightGBM's text. features : the columns that it was
        fitted on, in its order; "name:level" for those it takes as categories (as text, None for a gap).
        Raises InputError for a model that is not fitted, of other tasks, with types that are not known to be safe, or of other columns; MissingExtra where
        its library is not here.

        Costs: a prediction a row, tens of times a read of the data for boosted trees; a linear pilot costs a third of one.

        >>> import numpy as np
        >>> from sklearn.linear_model import LogisticRegression
        >>> x = np.arange(20.0)[:, None]
        >>> Pilot.model(LogisticRegression().fit(x, x[:, 0] > 9), ["age"]).features
        ('age',)
        """
        classifier = model_of(model_or_path)
        names = classifier.names if features is None else features
        if names is None or isinstance(names, str) or not len(names):
            raise InputError(
                f"`features` must name the columns that the model was fitted on; got {features!r}. Write ['x0', 'x1', ...]."
            )
        classifier.refuse_features(tuple(names))
        return Pilot("model", tuple(names), normaliser=_checked(normaliser), classifier=classifier)


def _checked(normaliser: int | None) -> int | None:
    """A number of negatives, 1,000 or more, or None."""
    if normaliser is not None:
        require_int("normaliser", normaliser, 1000)
    return normaliser


def as_pilot(pilot: str | Pilot) -> Pilot:
    """A pilot from "linear", "column:NAME", the path of a model that knows its columns, or itself."""
    if isinstance(pilot, Pilot):
        return pilot
    if pilot == "linear":
        return Pilot.linear()
    if isinstance(pilot, str) and pilot.startswith("column:"):
        return Pilot.column(pilot.removeprefix("column:"))
    if hasattr(pilot, "__fspath__") or (isinstance(pilot, str) and pilot.endswith((".txt", ".skops"))):
        return Pilot.model(pilot, None)  # type: ignore[arg-type]  # the columns are the model's own
    raise InputError(
        f"`pilot` must be 'linear', 'column:NAME', the path of a model (.skops, .txt) or a Pilot; got {pilot!r}."
    )
