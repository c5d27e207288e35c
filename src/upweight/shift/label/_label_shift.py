"""The shares of the classes moved and p(x given y) did not: how common is each class in unlabelled rows, and what follows.

The trouble: a model trained where one row in ten is positive promises one in ten wherever it goes. If each class looks as it did, the
promises on unlabelled rows tell how common the classes have become,

    mlls    maximise  sum_j log sum_k c_jk q_k / pi_k  over q,  pi_k = mean c_ik of labelled rows,  ratio = q/pi
    bbse    q proportional to  f max(0, C^-1 mu),  C_ij = mean c_i 1{y = j},  f the labels' shares,  mu = mean target c,  ratio = q/f

c are calibrated promises (`_calibrated`). Both samples err, and the errors here count both (`_influences`); those of the unlabelled rows
alone cover .85 where .95 is said.

What is inside: `label_shift`, which makes a `LabelShift`. If unsure: mlls with bcts, which wins in the published comparison and here.

Sources: Saerens, Latinne and Decaestecker (2002); Lipton, Wang and Smola, ICML (2018), for bbse; Alexandari, Kundaje and Shrikumar, ICML
(2020).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import InputError, counted, plain, printable, require_choice
from ..._estimate import Average, Estimate, Symmetric, TwoSamples, Within
from ..._set_module import set_module
from ..._undo import Correction, Prior, read_proba
from ..._weights import Step, Weights
from ._calibrated import Bcts, fit_bcts
from ._influences import RatioInfluence, of_black_box, of_likelihood
from ._read import Answers, codes_of, read_answers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LabelShift", "label_shift"]

TOLD_APART = 0.02  # least singular value of p(answer given class) from which classes can be told apart
ALIKE = "the model cannot tell these classes apart"


@set_module("upweight.shift")
@dataclass(frozen=True, eq=False, repr=False)
class LabelShift:
    """How common each class is in the target, and what that makes of probabilities and of labelled rows. Printing it shows the shares.

    Attributes
    ----------
    prior : Estimate of (K,), shares of the classes in the target, named by the labels; its influence has n + m rows, source first.
    ratio : Estimate of (K,), share in the target over share in the source.
    correction : Correction, approximate: from calibrated probabilities at the source's shares to the target's. Its ``prior.p`` tests "the
        shares did not move" (mlls only).
    classes : (K,) labels in sorted order. rows : (labelled source rows, unlabelled target rows).
    method : "mlls" or "bbse". temperature : T of the calibration, 1 if none. bias : (K,) biases, of sum zero.
    before : (K,) shares in the source.
    note : one sentence about the calibration, where there is something to say; empty otherwise.

    >>> import upweight as uw
    >>> rng = np.random.default_rng(1)
    >>> y, late = rng.random(1000) < 0.5, rng.random(1000) < 0.2
    >>> proba = lambda y: 1 / (1 + np.exp(-4 * (y + rng.normal(0, 0.7, 1000)) + 2))
    >>> s = uw.shift.label_shift(proba(y), y, proba(late))
    >>> s.weights(y).kind, s.calibrated([0.9]).round(2).tolist(), s.apply([0.9]).round(2).tolist()
    ('importance', [0.78], [0.45])
    >>> s.plot().get_xlabel()
    'class'
    """

    prior: Estimate
    ratio: Estimate
    correction: Correction
    classes: np.ndarray
    method: str
    rows: tuple[int, int]
    _bcts: Bcts
    note: str = ""

    @property
    def temperature(self) -> float:
        return 1 / self._bcts.slope

    @property
    def bias(self) -> np.ndarray:
        return self._bcts.bias.copy()

    @property
    def before(self) -> np.ndarray:
        return np.array(_shares(self.correction).train)

    def calibrated(self, proba: Any) -> Any:
        """The model's probabilities as the labelled rows bear them out, at the source's shares.

            c_k  proportional to  exp(log p_k / T + b_k)

        proba : (n,), (n, 2) or (n, K), the model's own. Returns the same shape, container and float type. Raises InputError for another
        number of classes.
        """
        given = read_proba(proba)
        if given.k != len(self.classes):
            raise InputError(
                f"`proba` must have {len(self.classes)} classes, as the labelled rows; got {given.k}. Pass the same model's."
            )
        return given.give(self._bcts(given.p))

    def apply(self, proba: Any) -> Any:
        """The model's probabilities on the target's scale: calibrated, then corrected for the shares.

        proba : (n,), (n, 2) or (n, K), the model's own. Returns the same shape, container and float type. A class that was not found in
        the target is corrected as if it were half a row.

        Costs: wrong if p(x given y) moved too; `diagnose` asks.
        """
        return self.correction.apply(self.calibrated(proba))

    def weights(self, y: Any) -> Weights:
        """Importance weights of labelled source rows: their class's share in the target over that in the source.

            w_i = ratio_{y_i}

        y : (n,) labels among `classes`. Returns Weights, kind importance, in the container of `y`. Raises InputError for other labels, with
        the first row.

        Costs: rows of a class that became rare weigh little. Use these weights or `apply`, never both.
        """
        codes, home = codes_of(y, self.classes)
        made = Weights.of(home.wrap(np.asarray(self.ratio.value)[codes]), kind="importance")
        step = Step(
            "LabelShift.weights", {"classes": self.classes.tolist(), "ratio": np.asarray(self.ratio.value).tolist()}
        )
        return replace(made, trail=(*made.trail, *self.ratio.trail[-1:], step))

    def __sklearn_clone__(self) -> LabelShift:
        return self

    def plot(self, ax: Any = None) -> Axes:
        """Shares of the classes before and after, with intervals; see `upweight.plots.label_shift`."""
        from ...plots import label_shift

        return label_shift(self, ax=ax)

    def _cells(self) -> list[list[str]]:
        low, high = self.prior.interval()
        figures = zip(self.classes.tolist(), self.before, self.prior.value, low, high, strict=True)
        return [[printable(c), f"{f:.3f}", f"{q:.3f}", f"{a:.3f} to {b:.3f}"] for c, f, q, a, b in figures]

    def _sentences(self) -> list[str]:
        n, m = self.rows
        how = "uncalibrated" if self._bcts.identity else f"calibrated at temperature {self.temperature:.2f}"
        first = f"Shares of {len(self.classes)} classes by {self.method}, {how}, from {n:,} labelled and {counted(m, 'unlabelled row')}."
        p = _shares(self.correction).p
        moved = (
            []
            if p is None
            else [
                f"That the shares did not move: p = {p:.2g}."
                if p >= 0.001
                else "That the shares did not move: p < 0.001."
            ]
        )
        return [
            first,
            *moved,
            *([self.note] if self.note else []),
            *([self.prior.why[:1].upper() + self.prior.why[1:]] if self.prior.why else []),
        ]

    def __str__(self) -> str:
        first, *rest = self._sentences()
        head = ["", "source", "target", "95 %"]
        rows = [head, *self._cells()]
        wide = [max(len(r[i]) for r in rows) for i in range(4)]
        table = [
            "  " + r[0].ljust(wide[0]) + "".join("  " + c.rjust(w) for c, w in zip(r[1:], wide[1:], strict=True))
            for r in rows
        ]
        return "\n".join([first, *table, *rest])

    def __repr__(self) -> str:
        return f"LabelShift({self.method}, {len(self.classes)} classes, shares {np.array2string(np.asarray(self.prior.value), precision=3)})"

    def _repr_html_(self) -> str:
        first, *rest = self._sentences()
        return html.block([first], ["class", "source", "target", "95 % interval"], self._cells(), after=rest)


def label_shift(
    proba: Any, y: Any, target_proba: Any, *, method: str = "mlls", calibrate: str | None = "bcts"
) -> LabelShift:
    """How common is each class in rows without labels, if every class looks as it did? Errors count both samples.

        maximise  sum_j log sum_k c_jk q_k / pi_k   over q;      ratio = q/pi

    Parameters
    ----------
    proba : (n,), (n, 2) or (n, K) probabilities of a model for labelled source rows it has not seen, columns in sorted label order.
    y : (n,) their labels.
    target_proba : (m,), (m, 2) or (m, K) the same model's probabilities for unlabelled target rows, drawn at random from the target.
    method : "mlls", maximum likelihood; "bbse", the black box estimate from average answers, which takes hard labels (one-hot) too.
    calibrate : "bcts", temperature and a bias a class, fitted on the labelled rows; None: probabilities as they come.

    Returns
    -------
    LabelShift: `prior` and `ratio` (`Estimate`), `calibrated`, `apply`, `weights(y)`, `correction`.

    Raises
    ------
    InputError : columns that are not the classes of `y`; a class without labelled rows; one-hot probabilities with mlls; logits; a model
        that cannot tell the classes apart; labels of the target's length.

    Costs: wrong if p(x given y) moved, and nothing here can tell; `diagnose` tests it. A class that is not found gets an interval from 0.
    O(n K^2) a step.
    Source: Saerens et al. (2002); Lipton et al. (2018); Alexandari et al. (2020).

    >>> rng = np.random.default_rng(1)
    >>> y, late = rng.random(1000) < 0.5, rng.random(1000) < 0.2           # the share of True falls from .5 to .2
    >>> x, new = y + rng.normal(0, 0.7, 1000), late + rng.normal(0, 0.7, 1000)
    >>> s = label_shift(1 / (1 + np.exp(-(4 * x - 2))), y, 1 / (1 + np.exp(-(4 * new - 2))))     # a model that is too sure
    >>> low, high = s.prior[1].interval()
    >>> round(s.prior[1].value, 2), round(low, 2), round(high, 2), round(s.temperature, 1)
    (0.2, 0.14, 0.25, 1.8)
    """
    require_choice("method", method, ("mlls", "bbse"))
    require_choice("calibrate", calibrate, ("bcts", None))
    answers = read_answers(proba, y, target_proba)
    if answers.hard and method == "mlls":
        raise InputError(
            "`proba` must be probabilities for method='mlls'; every one is 0 or 1. For hard labels: method='bbse'."
        )
    bcts = Bcts.same(len(answers.classes)) if calibrate is None or answers.hard else _fitted(answers)
    source, target = bcts(answers.source), bcts(answers.target)
    solve = _by_likelihood if method == "mlls" else _by_black_box
    return solve(answers, bcts, source, target)


def _fitted(answers: Answers) -> Bcts:
    found = fit_bcts(answers.source, answers.codes)
    if found is None:
        raise InputError(
            f"`proba` never differs from row to row: {ALIKE}. Pass probabilities of a model that has learnt something."
        )
    return found


def _by_likelihood(answers: Answers, bcts: Bcts, source: np.ndarray, target: np.ndarray) -> LabelShift:
    before = source.mean(axis=1)
    if not before.all():
        label = plain(answers.classes[int(np.argmin(before))])
        raise InputError(
            f"class {label!r} is never promised in the labelled rows. Use calibrate='bcts', or method='bbse'."
        )
    correction = Correction.em(target.T, train=before / before.sum())
    ratio = _shares(correction).world / _shares(correction).train
    found = of_likelihood(ratio, source, answers.codes, target, answers.target, bcts)
    if found is None:
        raise InputError(
            f"the target's rows do not say how common each class is: {ALIKE}. Merge classes, or use a better model."
        )
    return _made(answers, bcts, correction, found, "mlls", {})


def _by_black_box(answers: Answers, bcts: Bcts, source: np.ndarray, target: np.ndarray) -> LabelShift:
    k, m = target.shape
    f = np.bincount(answers.codes, minlength=k) / len(answers.codes)
    c = np.stack([source @ (answers.codes == j) for j in range(k)], axis=1) / len(answers.codes)
    least = float(np.linalg.svd(c / f, compute_uv=False)[-1])
    if least < TOLD_APART:
        raise InputError(
            f"{ALIKE}: the least singular value of its answers by class is {least:.2g}, {TOLD_APART} needed. Merge classes, or use "
            "a better model."
        )
    raised = np.maximum(0, np.linalg.solve(c, target.mean(axis=1)))
    ratio = raised / (f @ raised)
    q, floor = f * ratio, 0.5 / m
    step = Step("label_shift", {"method": "bbse", "least_singular_value": least, "rows": m})
    why = (
        f"the world's class shares were estimated from {counted(m, 'unlabelled row')}"
        + ", where a class was not found at all" * bool((q < floor).any())
    )
    correction = Correction(np.log(f / np.maximum(q, floor)), "approximate", why, Prior(f, q), (step,))
    found = of_black_box(ratio, c, source, answers.codes, target)
    return _made(answers, bcts, correction, found, "bbse", {"least_singular_value": least})


def _made(
    answers: Answers, bcts: Bcts, correction: Correction, found: RatioInfluence, method: str, said: dict[str, float]
) -> LabelShift:
    shares = _shares(correction)
    ratio, n, m = shares.world / shares.train, len(answers.codes), answers.target.shape[1]
    step = Step("label_shift", {"method": method, "temperature": 1 / bcts.slope, "rows": n, "targets": m} | said)
    both = TwoSamples(Weights.of(np.ones(n), kind="importance"), m)
    names = tuple(plain(c) for c in answers.classes)
    gone = shares.world < 0.5 / m
    prior = both.estimate(
        shares.world,
        found.of_prior(ratio, shares.train),
        step=step,
        bounded=True,
        names=names,
        change=_cut(1.0, names, gone),
    )
    ratios = both.estimate(
        ratio, found.of_ratio(), step=step, bounded=True, names=names, change=_cut(np.inf, names, gone)
    )
    note = (
        "The probabilities separate the labels: no temperature is told, and none was applied." if bcts.separated else ""
    )
    correction = replace(correction, prior=replace(shares, se=np.asarray(prior.se)))
    return LabelShift(prior, ratios, correction, answers.classes, method, (n, m), bcts, note)


def _cut(high: float, names: tuple[Any, ...], gone: np.ndarray) -> Any:
    """Intervals of shares and ratios lie at 0 or above; a class of which not half a row was found is said."""

    def cut(i: int, a: Average) -> Average:
        why = f"class {printable(names[i])} was not found in the target: its interval begins at 0." if gone[i] else ""
        return replace(a, interval=Within(Symmetric(a.value, a.spread), 0.0, high), doubt=why)

    return cut


def _shares(correction: Correction) -> Prior:
    assert isinstance(correction.prior, Prior)
    return correction.prior
