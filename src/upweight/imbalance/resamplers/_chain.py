"""Chain: one resampler after the other, told as if it had been one.

The trouble: SMOTE followed by cleaning is two methods; done one after the other, the second sees rows that are in no table, and
what the first knew of them (which parents, which step, which weights) is lost with the matrix in between.

    X --R1--> X1 --R2--> X2:    row j of X2 is row i of X1, and row i of X1 has parents in X;   corrections add up

SMOTE+Tomek is `Chain(SMOTE(), TomekLinks(drop="all"))`, SMOTE+ENN `Chain(SMOTE(), EditedNN(drop="all"))`; both know that the
second table came from the first and use it (`synthetic_sets/`), for the same rows at a fraction of the work.

What is inside: `Chain`; `follow`, two resamples as one. Source: Batista, Prati and Monard, SIGKDD Explorations 6 (2004).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.base import clone

from ..._errors import InputError, counted
from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ..._set_module import set_module
from ...neighbours import few_dimensions
from ...tables import row_slice
from ..synthetic_sets import SyntheticSet, edit_synthetic, synthetic_links
from ._adopt import adopt, for_the_sampler
from ._edited import EditedNN
from ._labelled_points import LabelledPoints
from ._resample import Resample
from ._sampler import Sampler, read_inputs
from ._smote import SMOTE
from ._tomek import TomekLinks
from ._vanished import require_two_classes

__all__ = ["Chain"]


@set_module("upweight.imbalance")
@own_keywords
class Chain(Sampler):
    """Apply resamplers one after the other: fill the rare class, then clean the border, or any other order.

        correction = sum of the steps' corrections

    Parameters
    ----------
    steps : resamplers, ours or any with `fit_resample`, in the order in which they act. rng : int, Generator or None, handed to
        every step whose own `rng` is None.

    Raises
    ------
    InputError : no steps, or a step that resamples nothing; what the steps raise.

    Costs: those of every step. Cleaning after SMOTE takes out more of the majority than of what was made, so the odds move
    beyond balance.
    Source: Batista, Prati and Monard (2004).

    >>> from upweight.imbalance import EditedNN
    >>> rng = np.random.default_rng(0)
    >>> y = (rng.random(200) < 0.2).astype(int)
    >>> X = rng.normal(size=(200, 2)) + y[:, None]
    >>> r = Chain(SMOTE(rng=0), EditedNN(drop="all")).resample(X, y)
    >>> r, np.bincount(r.y).tolist()
    (Resample(204 rows, 92 synthetic, 88 removed, impossible), [85, 119])
    """

    _reads_text = True

    def __init__(self, *steps: Any, rng: Any = None):
        for j, step in enumerate(steps):
            setattr(self, f"step{j}", step)
        self.rng = rng

    @property
    def steps(self) -> tuple[Any, ...]:
        """The resamplers in order."""
        found = []
        while hasattr(self, f"step{len(found)}"):
            found.append(getattr(self, f"step{len(found)}"))
        return tuple(found)

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """What all steps do together, in row numbers of X.

        X : (n, d) table. y : (n,) labels. sample_weight : (n,) weights or `Weights`; rows of zero weight are as if removed.
        neighbours : for the first step. Returns `Resample`; a row made from rows that were made themselves is stored.

        Raises InputError for tables, labels and weights that do not fit, and what the steps raise.
        """
        steps = self._ready()
        made = steps[0].resample(X, y, sample_weight=sample_weight, neighbours=neighbours)
        for before, step in pairwise(steps):
            require_two_classes(made, before)
            between = made.take(X)
            then = after_smote(made, between, before, step)
            if then is None:
                then = step.resample(between, made.y, sample_weight=made.weights)
            made = follow(made, then, between)
        return made

    def _check(self) -> None:
        self._ready()

    def _check_table(self, X: Any, rows: np.ndarray) -> None:
        first = self._ready()[0]
        if isinstance(first, Sampler):
            first._check()
            first._check_table(X, rows)

    def _ready(self) -> list[Any]:
        """The steps as our own resamplers; a step without `rng` draws from ours."""
        if not self.steps:
            raise InputError("a Chain needs at least one resampler: Chain(SMOTE(), TomekLinks(drop='all')).")
        rng, ready = as_generator(self.rng), []
        for step in self.steps:
            if isinstance(step, type) or not (hasattr(step, "resample") or hasattr(step, "fit_resample")):
                name = step.__name__ if isinstance(step, type) else type(step).__name__
                raise InputError(f"Chain: {name} has neither resample nor fit_resample. Give resamplers as objects.")
            own: Any = clone(step) if hasattr(step, "resample") else adopt(step)
            if "rng" in own.get_params(deep=False) and own.rng is None:
                own.set_params(rng=rng)
            ready.append(own)
        return ready

    # ---- scikit-learn: a signature of any length ----------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name: step0, step1, .., rng; with `deep` those of the steps, as step0__k."""
        named = {f"step{j}": step for j, step in enumerate(self.steps)}
        inner = {
            f"{name}__{key}": value
            for name, step in named.items()
            if deep and hasattr(step, "get_params")
            for key, value in step.get_params(deep=True).items()
        }
        return {"rng": self.rng, **named, **inner}

    def __sklearn_clone__(self) -> Chain:
        return Chain(*(clone(step, safe=False) for step in self.steps), rng=clone(self.rng, safe=False))

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return f"Chain({', '.join(map(repr, self.steps))}{'' if self.rng is None else f', rng={self.rng!r}'})"


def after_smote(made: Resample, between: Any, before: Any, step: Any) -> Resample | None:
    """What cleaning does to a table that SMOTE has just made, by the parents of its rows; None for steps that cannot use them."""
    linking = type(step) is TomekLinks
    editing = type(step) is EditedNN and step.scheme == "once" and step.vote == "all"
    if not (isinstance(before, SMOTE) and (linking or editing)):
        return None
    step._check()
    labels, w, live = read_inputs(between, made.y, made.weights)
    labelled = LabelledPoints.of(between, labels, live, who=type(step).__name__)
    synthetic = None
    if not few_dimensions(labelled.space, float(labelled.space.n) ** 2):  # there a tree is faster
        synthetic = SyntheticSet.of(labelled.space, labelled.codes, _parents_within(made), made.step)
    if synthetic is None:
        stays, _ = step._keep_mask(labelled, labels)
    else:
        stays = _unlinked(step, labelled, synthetic) if linking else _unedited(step, labelled, synthetic)
    return step._kept(labels, w, labelled.rows, stays, ())


def _parents_within(made: Resample) -> np.ndarray:
    """(m, 2) parents as row numbers of the output itself, where every real row stands once."""
    at = np.full(int(made.parents.max()) + 1, -1)
    real = np.flatnonzero(~made.is_synthetic)[::-1]
    at[made.indices[real]] = real  # the first of several: copies come after the row itself
    out = at[made.parents]
    out[real] = real[:, None]
    return out


def _unlinked(step: TomekLinks, labelled: LabelledPoints, synthetic: SyntheticSet) -> np.ndarray:
    ends = synthetic_links(synthetic).ravel()
    stays = np.ones(labelled.space.n, dtype=bool)
    stays[ends if step.drop == "all" else ends[labelled.codes[ends] != labelled.minority]] = False
    return stays


def _unedited(step: EditedNN, labelled: LabelledPoints, synthetic: SyntheticSet) -> np.ndarray:
    """(common rows, members) that may go: all, or those that are not of the minority."""
    filled = labelled.codes[synthetic.made[0]]
    drop = (True, True) if step.drop == "all" else (filled == labelled.minority, filled != labelled.minority)
    return edit_synthetic(synthetic, min(int(step.k), labelled.space.n - 1), drop)


def follow(first: Resample, then: Resample, between: Any) -> Resample:
    """Two resamples as one; `between` is the table that the first made and the second resampled."""
    real = ~then.is_synthetic
    if real.all():
        made = _rows_of(first, then.indices)
    elif not first.is_synthetic[then.parents[~real]].any() and first.made is None and _same_columns(first, then):
        made = _mapped(first, then)
    else:
        made = stored(first, then, between)
    started = np.union1d(first.indices[~first.is_synthetic], first.removed)
    left = made.indices[~made.is_synthetic]
    return replace(
        made,
        y=then.y,
        weights=then.weights,
        correction=first.correction + then.correction,
        removed=np.setdiff1d(started, left),
        notes=(*first.notes, *then.notes, *made.notes),
    )


def _same_columns(first: Resample, then: Resample) -> bool:
    return first.copied is None or then.copied is None or first.categorical == then.categorical


def _rows_of(first: Resample, rows: np.ndarray) -> Resample:
    """Some output rows of a resample, repeats allowed; without its notes."""
    stored_rows = None
    if first.made is not None:
        place = np.cumsum(first.indices < 0) - 1
        chosen = rows[first.indices[rows] < 0]
        stored_rows = row_slice(first.made, place[chosen]) if len(chosen) else None
    return replace(
        first,
        indices=first.indices[rows],
        parents=first.parents[rows],
        step=first.step[rows],
        copied=None if first.copied is None else first.copied.rows(rows),
        made=stored_rows,
        notes=(),
    )


def _mapped(first: Resample, then: Resample) -> Resample:
    """The second made rows from real rows of the first: their parents are rows of the source."""
    base = _rows_of(first, np.maximum(then.indices, 0))
    new = then.is_synthetic & (then.indices >= 0)
    copied, categorical = base.copied, first.categorical or then.categorical
    if then.copied is not None:
        copied = then.copied.through(first.indices, first.copied)
    return replace(
        base,
        indices=np.where(then.indices < 0, -1, base.indices),
        parents=np.where(
            new[:, None], first.indices[then.parents], np.where(then.indices[:, None] < 0, -1, base.parents)
        ),
        step=np.where(new, then.step, base.step),
        copied=copied,
        categorical=categorical,
        made=then.made,
    )


def stored(first: Resample, then: Resample, between: Any) -> Resample:
    """Rows made from made rows have no two parents in the source: all made rows are kept as they are."""
    at = np.maximum(then.indices, 0)
    real = ~then.is_synthetic & ~first.is_synthetic[at]
    indices = np.where(real, first.indices[at], -1)
    out = for_the_sampler(then.take(between))
    note = f"{counted(int((~real).sum()), 'row is', 'rows are')} stored: some were made from rows that were made"
    return replace(
        _rows_of(first, np.zeros(0, np.int64)),
        indices=indices,
        parents=np.stack([indices, indices], axis=1),
        step=np.zeros(len(indices)),
        copied=None,
        categorical=(),
        made=row_slice(out, np.flatnonzero(~real)),
        notes=(note,),
    )
