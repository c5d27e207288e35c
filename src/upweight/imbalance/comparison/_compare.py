"""compare: which remedy for a rare class, if any, earned its place?

The trouble: most remedies for class imbalance only move the threshold, and ruin the probabilities on the way. A comparison
at 0.5 then praises them, because the untouched learner was never given its threshold. Here every remedy gets the same
folds, its probabilities repaired, the right threshold, and an interval for its difference to moving the threshold and
changing nothing else. Often that is the answer.

    repeated stratified K-fold; in each training fold: impute, scale, join rare levels, resample, one-hot, fit, repair
    difference per fold, mean +- t sqrt((1/J + n_test/n_train) s^2), Holm over methods

Sources: Nadeau and Bengio (2003); Holm (1979); Elkan (2001); van den Goorbergh et al., JAMIA 29 (2022), for the trouble.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import _html as html
from ..._errors import InputError
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...work import Run, Watch
from ..rebalance import Rebalanced, save_model
from ._cells import Key, learner_and_steps
from ._document import document, text_of
from ._frame import frame_like
from ._importance import Importance, importance_over_folds
from ._journal import open_journal
from ._method_result import FLAT, MethodResult
from ._methods import METHODS
from ._results import Figures, figures_of
from ._running import run_plan
from ._screen import table_cells, table_text
from ._sentences import sentences_of
from ._settings import Settings
from ._setup import ComparisonSetup, setup_comparison
from ._verdict import ComparisonVerdict, read_figures
from ._watching import watch_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Comparison", "compare", "run_comparison"]

NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")


@set_module("upweight.imbalance")
@dataclass(frozen=True, eq=False)
class Comparison:
    """Every method, the verdict, and the model to use; made by `compare`.

    Attributes
    ----------
    rows : tuple of `MethodResult`, one a method. verdict : code, grade, reasons, sentences.
    complete : False if it was interrupted. warnings : what the learners warned of, once a method.
    importance : which columns drive the ranking, the first most.

    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_digits
    >>> from upweight.imbalance import compare, load
    >>> X, digit = load_digits(return_X_y=True)
    >>> c = compare(X[:600], digit[:600] == 8, methods="weights", cv="3x1", rng=0)
    >>> print(c.table(width=80).splitlines()[0])
                 AP  less threshold's      O/E raw   O/E  recall  prec.  alerts
    >>> len(c.frame()), c.to_dict()["schema"], len(c.to_json()) > 1000
    (3, 'upweight.compare/1', True)
    >>> with TemporaryDirectory() as folder:
    ...     c.save(f"{folder}/model.skops")
    ...     bool((load(f"{folder}/model.skops").predict(X) == c.model.predict(X)).all())
    True
    >>> len(c.plot().axes)
    3
    """

    setup: ComparisonSetup  # the plan, and what is known of the data
    figures: Figures  # of all methods, before they are rounded
    verdict: ComparisonVerdict
    done: Run  # the fits that were finished
    warnings: tuple[str, ...]
    fitted: list[Rebalanced]  # the model to use, once it was asked for

    @property
    def rows(self) -> tuple[MethodResult, ...]:
        """One a method, in the order asked for."""
        return self.figures.results

    @property
    def complete(self) -> bool:
        """Whether every cell is in."""
        return self.done.complete

    @property
    def importance(self) -> tuple[Importance, ...]:
        """(column, ap_drop, low, high): AP lost by shuffling a column on held-out rows, the threshold moved and nothing else done."""
        plan = self.setup.plan
        cells = [self.done.parts.get(Key(plan.reference.name, 0, fold)) for fold in range(plan.folds)]
        names = self.setup.columns
        return importance_over_folds(names, [c.importance for c in cells if c is not None], 1 / (plan.folds - 1))

    @property
    def model(self) -> Rebalanced:
        """The model the verdict names, fitted on all rows (at the first call): repaired probabilities, its threshold."""
        if not self.fitted:
            self.fitted.append(_chosen_model(self))
        return self.fitted[0]

    def table(self, *, width: int = 120) -> str:
        """The methods as aligned text."""
        return table_text(self.rows, width=width)

    def frame(self) -> Any:
        """The methods as a frame, one a row, every figure a column, gaps where nothing could be told.

        It is of the kind that `X` was: pandas, polars or Arrow; for an array pandas if it is installed, else polars, else Arrow.

        Raises InputError if two columns of the frame would have one name.
        """
        return frame_like(self.setup.given.X, {name: [getattr(r, name) for r in self.rows] for name in FLAT})

    def to_dict(self) -> dict[str, Any]:
        """The document `upweight.compare/1`."""
        return document(self.setup, self.done, self.figures, self.verdict, self.importance)

    def to_json(self) -> str:
        """The document as text; the same bytes for one `rng`, but for `timing`."""
        return text_of(self.to_dict())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model, so that `load(path)` gives it back; the old file stays until the new one is whole.

        Raises InputError if there is no model to save (the comparison was interrupted, or says to use none), or the file cannot be written.
        """
        save_model(self.model, Path(path))

    def plot(self, ax: Any = None) -> Figure:
        """Differences of average precision, precision against recall, and reliability; see `upweight.plots.comparison`."""
        from ...plots import comparison

        return comparison(self, ax=ax)

    def _repr_html_(self) -> str:
        head, *rows = table_cells(self.rows)
        return html.block(self.verdict.sentences, head, rows, after=self.setup.opening)

    def __str__(self) -> str:
        return "\n".join([*self.setup.opening, "", self.table(), "", str(self.verdict)])

    def __repr__(self) -> str:
        return f"Comparison({self.verdict.code}, {self.verdict.grade}, {len(self.rows)} rows)"


@own_keywords
def compare(
    X: Any,
    y: Any,
    *,
    learner: Any = "logistic",
    methods: Any = "standard",
    cv: Any = None,
    cost: float | None = None,
    rng: Any = None,
    journal: Any = None,
    sample_weight: Any = None,
    group: Any = None,
    progress: Any = None,
) -> Comparison:
    """Try every remedy on the same folds, repair its probabilities, and say which, if any, earned its place.

        d = AP(method) - AP(moving the threshold) per fold;    mean d +- t_{J-1} sqrt((1/J + n_test/n_train) s^2)

    Parameters
    ----------
    X : (n, d) frame (pandas, polars, Arrow), array or CSR matrix; text, dates and gaps are fine in frames.
    y : (n,) labels. The positive class is True, or 1 beside 0 or -1, else the rarest.
    learner : "logistic", "boosting", "MODULE:CLASS" or a classifier; a pipeline object is given `X` as it is.
    methods : "quick", "standard", "survey", "all", names ("weights,random_under" or a list), or {label: resampler, sampler,
        classifier}. The methods none and threshold and the controls are always there.
    cv : folds, once (5), or "folds x repeats" ("5x2"). None: 5 folds, repeated 5 times below 10,000 rows, twice below 100,000.
    cost : false alarms that one miss is worth; then cost decides, at the threshold 1/(1 + cost), instead of AP.
    rng : int, Generator or None. The same seed gives the same answer, whatever the number of processes.
    journal : folder for finished fits; the same call goes on from there.
    sample_weight : (n,) weights or `Weights`, used in fits and figures: whole numbers as counts, others on a mean of one. group : (n,) labels of rows that stay together.
    progress : None, a bar where there is a terminal; True, lines elsewhere too; False, nothing; or f(done, total), called after every fit.

    Returns
    -------
    Comparison: `rows`, `verdict`, `model` (fitted), `complete`, `importance`, `table()`, `frame()`, `to_json()`, `save(path)`.

    Raises
    ------
    InputError : one class, a class smaller than the folds, gaps in y, infinities, unknown names, another journal.

    Costs: methods x folds x (inner folds) fits. Intervals are for differences on data like these; the chosen model is one
    of several tried, so its own figures flatter a little.
    Source: Nadeau and Bengio (2003); Holm (1979).

    >>> from sklearn.datasets import load_digits
    >>> X, digit = load_digits(return_X_y=True)
    >>> c = compare(X[:600], digit[:600] == 8, methods="weights", cv="3x1", rng=0)
    >>> c.verdict.code, round(c.rows[2].oe_raw, 1), round(c.rows[2].oe, 1)
    ('move_threshold', 0.8, 1.0)
    """
    if journal is not None and (isinstance(journal, bytes) or not isinstance(journal, (str, os.PathLike))):
        raise InputError(
            f"`journal` must be a folder, text or a path; got {journal!r} ({type(journal).__name__}). Say 'run'."
        )
    watch = watch_for(progress)
    settings = Settings.read(learner=learner, methods=methods, cv=cv, cost=cost, rng=rng)
    setup = setup_comparison(X, y, settings, sample_weight=sample_weight, group=group)
    return run_comparison(setup, journal, watch)


def run_comparison(setup: ComparisonSetup, journal: str | os.PathLike[str] | None, watch: Watch) -> Comparison:
    """Run what the journal does not hold, and judge."""
    book = (
        None if journal is None else open_journal(journal, setup.plan, setup.fingerprint, setup.mark(), setup.formerly)
    )
    result = _judged(setup, run_plan(setup.plan, book, watch))
    if book is None or book.trouble is None:
        return result
    return replace(result, warnings=(*result.warnings, book.trouble))


def _judged(setup: ComparisonSetup, run: Run) -> Comparison:
    """Results, verdict and sentences from the cells that are there."""
    figures = figures_of(setup.plan, run.parts)
    reading = read_figures(setup.plan, setup.facts, figures)
    sentences = sentences_of(reading, complete=run.complete, done=len(run.parts))
    verdict = ComparisonVerdict(reading.code, reading.grade, reading.reasons, sentences)
    return Comparison(setup, figures, verdict, run, _warnings_of(run, [r.name for r in figures.results]), [])


def _warnings_of(run: Run, order: list[str]) -> tuple[str, ...]:
    """What learners warned of: once, whatever numbers it had in it, with the methods and the number of their folds."""
    met: dict[str, list[tuple[str, str]]] = {}
    for cell in run.parts.values():
        for blank, text in {NUMBER.sub("...", text): text for text in cell.warned}.items():
            met.setdefault(blank, []).append((text, cell.key.name))
    out = []
    for blank, found in sorted(met.items()):
        texts, names = {text for text, _ in found}, sorted({name for _, name in found}, key=order.index)
        folds = sum(cell.key.name in names for cell in run.parts.values())
        out.append(
            f"{', '.join(names)}: {texts.pop() if len(texts) == 1 else blank} (in {len(found)} of {folds} folds)"
        )
    return tuple(out)


def _chosen_model(c: Comparison) -> Rebalanced:
    """The verdict's method on all rows."""
    plan, given = c.setup.plan, c.setup.given
    used = c.verdict.code.startswith("use:")
    chosen = plan.method(c.verdict.code.removeprefix("use:")) if used else plan.reference
    learner, steps = learner_and_steps(plan, chosen)
    method = "none" if not steps else chosen.name if METHODS.get(chosen.name) is chosen else list(steps)
    model = Rebalanced(learner, method, inner=plan.inner, cost=plan.cost, rng=plan.seed)
    return model.fit(given.X, given.y, sample_weight=given.w, group=given.group)
