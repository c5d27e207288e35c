"""Give the odds back: what weighting, resampling or thinning added to the log-odds, and how to subtract it.

The trouble: a model trained on a tenth of the negatives, or with class weights, ranks as before and promises several times too
many positives. The remedy is one subtraction, if it is known what was added; often it is applied twice, with the wrong sign, or
to a model that no formula can repair.

    p_k  is proportional to  p_s,k exp(-delta_k),        for two classes  logit p = logit p_s - delta

delta (``log_odds``) is what training **added**; `Correction.apply` subtracts it. For two classes it is one number, that of the
class last in sorted order against the first.

What is inside: one class. `Correction.kept` if rows were dropped at random by class, `from_priors` if both class shares are known,
`em` if the world's share is not, `weighted` for loss weights, `offset` for one number a row, `impossible` when no formula
exists. If unsure, any of them, and then `verify` on held-out rows: it says whether the formula held and repairs if not.

Sources: Elkan, IJCAI (2001); King and Zeng, Political Analysis 9 (2001); Saerens, Latinne and Decaestecker, Neural Computation
14 (2002); Dal Pozzolo, Caelen, Johnson and Bontempi, IEEE SSCI (2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .._errors import InputError, UndoError, counted, printable, reading
from .._frames import Container, read_columns, same_rows
from .._set_module import set_module
from .._weights import Step, Weights
from ._documents import correction_document, correction_fields, reads
from ._odds import (
    NEVER,
    checked,
    classes,
    cost_threshold,
    loss_shares,
    moved,
    refuse_twice,
    require_rate,
    shift,
    shown,
    world_weights,
)
from ._prior import Prior, fit_prior, shares
from ._proba import Proba, read_proba, softmax
from ._repair import Repair, verify
from ._sum import STATUSES, fresh_origin, together

__all__ = ["Correction"]


@reads("upweight.correction/1")
@set_module("upweight")
@dataclass(frozen=True, eq=False, repr=False)
class Correction:
    """What training added to the log-odds, and how to give it back.

    Made by `kept`, `from_priors`, `weighted`, `offset`, `em`, `impossible` and `none`. ``a + b`` adds the log-odds and keeps the
    worse status; a correction that is in both is refused, for what training added once is given back once.

    Attributes
    ----------
    log_odds : float (two classes), ndarray (K,) (one a class, up to a constant), ndarray (n,) or (n, K) (by row); natural
        logs, what training added; nan if impossible and unknown.
    status : "exact": rows were kept at random with a known probability given the class (and known features). "approximate":
        loss weights, repetition, an estimated prior. "impossible": p(x given y) was changed, and `apply` refuses.
    why : str, one sentence for the status.
    prior : the class shares in training and in the world (``c.prior.train``, ``.world``, ``.se``, ``.p``; as an array it is
        the world's), or None where they are not known.
    trail : tuple of Step, what was done.
    by : "class" or "row", what `log_odds` has one number for.
    designs : tuple of names of the known thinnings this correction undoes.

    >>> c = Correction.kept(negatives=0.1)
    >>> c
    Correction(exact, log-odds +2.303)
    >>> c.apply([0.05, 0.5, 0.9, 0, 1]).round(7).tolist()
    [0.0052356, 0.0909091, 0.4736842, 0.0, 1.0]
    """

    log_odds: Any
    status: str
    why: str = ""
    prior: Prior | None = None
    trail: tuple[Step, ...] = ()
    by: str = "class"
    designs: tuple[str, ...] = ()
    _rows: Container | None = None  # whose rows an offset by row belongs to
    _origins: tuple[str, ...] = field(default_factory=fresh_origin)  # of what was added up

    @property
    def class_shares(self) -> Prior | None:
        """`prior` under its older name."""
        return self.prior

    def __post_init__(self) -> None:
        if self.status not in STATUSES or self.by not in ("class", "row"):
            raise InputError(
                f"`status` must be one of {', '.join(STATUSES)} and `by` class or row; got {self.status!r}, {self.by!r}."
            )
        delta, by = checked(self.log_odds, self.by, finite=self.status != "impossible")
        object.__setattr__(self, "log_odds", delta)
        object.__setattr__(self, "by", by)

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "class_shares" in state:  # version 0.1.0
            state = {"prior" if name == "class_shares" else name: value for name, value in state.items()}
        state = {"_rows": None, "_origins": fresh_origin()} | state  # of versions that lacked them
        vars(self).update(state)  # pickle and copy: what was read-only is read-only again
        if isinstance(self.log_odds, np.ndarray):
            self.log_odds.flags.writeable = False

    # ---- make -------------------------------------------------------------------------------------------------------

    @classmethod
    def from_priors(cls, *, train: Any, world: Any) -> Correction:
        """The correction between two sets of class shares, p(x given y) being the same in both.

            delta_k = log(train_k / world_k)

        Parameters
        ----------
        train, world : the share of positives, or (K,) shares in sorted order of the labels, or {label: share}; sum one.

        Raises
        ------
        InputError : a share of 0 or 1, shares that do not sum to one, different numbers of classes.

        Costs: nothing if the shares are right; an error of 10 % in the odds of `world` is an error of 10 % in every odds.
        Source: Elkan (2001); Saerens, Latinne and Decaestecker (2002). ``Correction.prior(train=, world=)`` is the older name.

        >>> Correction.from_priors(train=0.5, world=0.04).apply([0.5, 0.8]).round(6).tolist()
        [0.04, 0.142857]
        """
        a = shares(train, "train", NEVER)
        b = shares(world, "world", "leave out a class that never occurs.")
        if len(a) != len(b):
            raise InputError(f"`train` and `world` must have the same classes; got {len(a)} and {len(b)} shares.")
        step = Step("Correction.prior", {"train": a.tolist(), "world": b.tolist()})
        why = "the class shares moved and p(x given y) did not"
        return cls(np.log(a / b), "exact", why, Prior(a, b), (step,))

    @classmethod
    def kept(cls, *, negatives: float = 1.0, positives: float = 1.0, design: str | None = None) -> Correction:
        """The correction after keeping each negative and each positive at random with a known probability.

            delta = log(positives / negatives),      p = beta p_s/(beta p_s - p_s + 1)  for negatives = beta, positives = 1

        Parameters
        ----------
        negatives, positives : keep-probabilities in (0, 1]; positives are the class last in sorted order.
        design : name of the thinning, so that it is not undone a second time by weights of the same design.

        Raises InputError for a keep-probability outside (0, 1].

        Costs: nothing; the rows that were dropped cost variance, not bias.
        Source: Dal Pozzolo, Caelen, Johnson and Bontempi (2015), eq. 4, for positives = 1.

        >>> Correction.kept(negatives=0.05).apply(0.8).round(6)
        np.float64(0.166667)
        """
        require_rate(negatives, "negatives")
        require_rate(positives, "positives")
        params = {"negatives": float(negatives), "positives": float(positives)}
        why = f"each negative was kept with probability {negatives:g}, each positive with {positives:g}, at random"
        step, designs = _thinning("Correction.kept", params, design)
        return cls(np.log(positives / negatives), "exact", why, trail=(step,), designs=designs)

    @classmethod
    def weighted(cls, y: Any, w: Any) -> Correction:
        """The correction after training with loss weights `w` on the rows with labels `y`.

            delta_k = log(sum of w where y = k / sum of w) - log(n_k / n)

        Parameters
        ----------
        y : (n,) labels of the training rows. w : (n,) `Weights` of kind class, cost, importance or frequency, or numbers >= 0
            on any scale. Rows of weight zero are as if removed.

        Raises
        ------
        InputError : fewer than two labels, a label whose weights are all zero, different lengths or indexes.
        KindError : inclusion weights, which bring a sample back to the world: there is nothing to undo.

        Costs: the status is "approximate": a flexible or regularised learner follows its weights only in part. `verify` it.
        Source: Elkan (2001), theorem 2, read backwards.

        >>> Correction.weighted([0, 0, 0, 1], [1, 1, 1, 3]).log_odds.__round__(6)
        1.098612
        """
        train, world = loss_shares(y, w)
        step = Step("Correction.weighted", {"train": train.tolist(), "world": world.tolist()})
        why = "loss weights moved the class shares, and a flexible learner follows weights only in part"
        return cls(np.log(train / world), "approximate", why, Prior(train, world), (step,))

    @classmethod
    def offset(cls, log_odds: Any, *, design: str | None = None) -> Correction:
        """A known number for every row: what the sampling of that row added to its log-odds.

            logit p_i = logit p_s,i - log_odds_i;     log_odds_i = log(keep-probability if positive / if negative)

        Parameters
        ----------
        log_odds : (n,) finite natural logs, one a row that will be corrected; or (n, K), up to a constant a row; or one
            number for all rows.
        design : name of the thinning, so that it is not undone a second time by weights of the same design.

        Raises InputError for NaN or infinite values, with count and first row.

        Costs: nothing; but the correction belongs to these rows in this order, and refuses another number of rows.
        Source: King and Zeng (2001); for a probability by row, Fithian and Hastie, Annals of Statistics 42 (2014).

        >>> Correction.offset(-np.log([0.1, 0.5])).apply([0.5, 0.5]).round(4).tolist()
        [0.0909, 0.3333]
        """
        delta, container = read_columns(log_odds, "log_odds")
        why = "each row was kept at random with a known probability given its class and features"
        params = {"rows": len(delta)} if delta.ndim else {"log_odds": float(delta)}
        step, designs = _thinning("Correction.offset", params, design)
        rows = container if container.index is not None else None
        return cls(delta, "exact", why, trail=(step,), by="row", designs=designs, _rows=rows)

    @classmethod
    def em(cls, proba: Any, *, train: Any) -> Correction:
        """The correction to the prior that unlabelled rows themselves reveal, by maximum likelihood.

            maximise  sum_j log sum_k p_jk q_k / train_k   over q;      delta_k = log(train_k / q_k)

        Parameters
        ----------
        proba : (n,), (n, 2) or (n, K) probabilities of a **calibrated** model trained at `train`, on unlabelled rows of the
            world, drawn at random from it.
        train : the share of positives in training, or (K,) shares in sorted order of the labels.

        Returns
        -------
        Correction, approximate; ``.prior.world`` is the estimate, ``.prior.se`` its standard errors (Fisher information),
        ``.prior.p`` the likelihood-ratio p-value of "the prior is unchanged".

        Raises
        ------
        InputError : a training share of 0 or 1, or another number of classes than `proba` has.

        Costs: wrong if p(x given y) moved or the model is not calibrated at `train`; the standard error knows neither. A
        class estimated at less than half a row is corrected as if it were half a row. O(nK) a step.
        Source: Saerens, Latinne and Decaestecker (2002).

        >>> x = np.r_[np.full(80, -1.0), np.full(20, 1.0)]                # 20 % positive, classes well apart
        >>> c = Correction.em(1 / (1 + np.exp(-8 * x)), train=0.5)
        >>> round(float(c.prior[1]), 3), round(float(c.prior.se[1]), 3)
        (0.2, 0.04)
        """
        q = read_proba(proba)
        before = shares(train, "train", NEVER)
        if len(before) != q.k:
            raise InputError(f"`train` has {len(before)} shares and `proba` {q.k} classes. Give one share a class.")
        prior, least = fit_prior(q.p, before), 0.5 / q.n
        step = Step("Correction.em", {"train": before.tolist(), "world": prior.world.tolist(), "rows": q.n})
        why = f"the world's class shares were estimated from {counted(q.n, 'unlabelled row')}"
        why += ", where a class was not found at all" * bool((prior.world < least).any())
        return cls(np.log(before / np.maximum(prior.world, least)), "approximate", why, prior, (step,))

    @classmethod
    def impossible(cls, why: str, *, remedy: str | None = None) -> Correction:
        """No formula exists, because `why`: p(x given y) itself was changed. `apply` refuses; `verify` recalibrates.

        Border selection, cleaning and synthetic rows are of this sort. remedy : what to do instead; None: recalibrate on held-out rows.

        >>> Correction.impossible("SMOTE made rows that never were").apply([0.5])
        Traceback (most recent call last):
        upweight.UndoError: SMOTE made rows that never were; no formula gives the odds back: recalibrate on ...
        """
        said = {"why": why} if remedy is None else {"why": why, "remedy": remedy}
        return cls(np.nan, "impossible", why, None, (Step("Correction.impossible", said),))

    @classmethod
    def none(cls) -> Correction:
        """Nothing was added, nothing is given back; the zero of ``a + b``.

        >>> Correction.none().apply([0.25])
        array([0.25])
        """
        return cls(0.0, "exact", "nothing was changed")

    # ---- use --------------------------------------------------------------------------------------------------------

    def apply(self, proba: Any, *, trained_with: Weights | None = None) -> Any:
        """Probabilities on the world's scale, from those of a model trained on the changed data.

            p_k  proportional to  p_s,k exp(-delta_k)

        Parameters
        ----------
        proba : (n,) p(last class), (n, 2) or (n, K) probabilities, classes in sorted order; array, frame, Series or tensor.
        trained_with : the `Weights` the model was trained with, so that the same thinning is not undone twice.

        Returns
        -------
        The same shape, container and float type; 0 and 1 stay as they are. Ranking by one class's probability is kept for
        two classes and a correction by class.

        Raises
        ------
        UndoError : the status is impossible, or `trained_with` already pays for a design of this correction.
        InputError : probabilities outside [0, 1], columns that do not sum to one, another number of classes or rows.

        Costs: none that `verify` does not show; an approximate correction can leave a few per cent.

        >>> Correction.from_priors(train=[1/3] * 3, world=[.7, .2, .1]).apply([[.2, .3, .5]]).round(2).tolist()
        [[0.56, 0.24, 0.2]]
        """
        self._refuse_impossible()
        refuse_twice(self.designs, self.log_odds, trained_with)
        given = read_proba(proba)
        logits = self._logits(given)
        return given.give(softmax(logits) if np.any(self.log_odds) else given.p)  # nothing to undo: not a digit changes

    def threshold(
        self,
        *,
        false_positive: float,
        false_negative: float,
        true_positive: float = 0.0,
        true_negative: float = 0.0,
        on: str = "model",
    ) -> Any:
        """The probability from which saying "positive" costs least.

            t = (fp - tn)/(fp - tn + fn - tp)  on repaired probabilities;   expit(logit t + delta)  on the model's own

        Parameters
        ----------
        false_positive, false_negative, true_positive, true_negative : cost of each outcome, any one unit; gains are negative.
        on : "model": to compare with the model's probabilities as they come. "repaired": with those of `apply`.

        Returns
        -------
        float; (n,) floats for a correction by row on the model's scale.

        Raises
        ------
        InputError : an error that costs no more than being right, or more than two classes.
        UndoError : on "model", if the correction is impossible.

        Costs: a threshold spends probabilities: if they are wrong, so is it. `verify` first.
        Source: Elkan (2001), eq. 2.

        >>> round(Correction.kept(negatives=0.1).threshold(false_positive=1, false_negative=5), 7)
        0.6666667
        """
        if on not in ("model", "repaired"):
            raise InputError(f'`on` must be "model" or "repaired"; got {on!r}.')
        repaired = cost_threshold(false_positive, false_negative, true_positive, true_negative)
        if on == "repaired":
            return repaired
        self._refuse_impossible()
        made_for = classes(np.asarray(self.log_odds), self.by)
        if made_for > 2:
            raise InputError(
                f"a threshold is for two classes; this correction is for {made_for}. Compare expected costs."
            )
        return moved(repaired, self.log_odds)

    def weights(self, y: Any) -> Weights:
        """Importance weights that train on the world's scale instead: the other way to undo the same thing.

            w_i proportional to exp(-delta_{y_i}), mean one

        Parameters
        ----------
        y : (n,) labels of the training rows.

        Returns
        -------
        Weights (n,), kind importance, carrying this correction's designs, in the container of `y`.

        Raises
        ------
        UndoError : the correction is impossible. InputError : it is by row, or `y` has other classes.

        Costs: variance: rows of the rare class weigh little. Never use both: `apply(trained_with=)` refuses.
        Source: King and Zeng (2001), w_1 = tau/ybar, w_0 = (1 - tau)/(1 - ybar).

        >>> Correction.from_priors(train=0.5, world=0.04).weights([0, 1]).values.round(2)
        array([1.92, 0.08])
        """
        self._refuse_impossible()
        if self.by == "row":
            raise InputError(
                "an offset by row gives the odds back and not the rows: their weights are 1/probability of being kept, "
                "uw.Weights.of(1 / probability, kind='inclusion')."
            )
        made = Weights.of(world_weights(y, self.log_odds), kind="importance")
        step = Step("Correction.weights", {"log_odds": np.asarray(self.log_odds).tolist()})
        return replace(made, trail=(*self.trail, step), designs=frozenset(self.designs))

    def verify(self, y: Any, proba: Any, *, sample_weight: Any = None) -> Repair:
        """Did the formula hold? On held-out rows of the world; repairs by recalibration if it did not.

        Parameters
        ----------
        y : (n,) labels of rows that training never saw, **at the world's own prevalence**.
        proba : (n,), (n, 2) or (n, K) probabilities of the model for them, as they come (not corrected).
        sample_weight : None, (n,) numbers or `Weights` (importance, inclusion or frequency) of these rows.

        Returns
        -------
        Repair. status "confirmed": after the formula the observed/expected ratio is within 5 % (or 1.96 s.e.) of one and the
        calibration slope within 0.9 to 1.1 (or 1.96 s.e.); "recalibrated": they are not, and an intercept, with a slope if a
        likelihood-ratio test at 5 % asks for it, was added; "unverified": under 10 rows of a class, nothing was added.

        Raises
        ------
        InputError : different lengths or indexes, NaN, probabilities outside [0, 1]. KindError : class or cost weights.

        Costs: the held-out rows are spent: judge the repaired model on others. O(n). Source: see `upweight.recalibrate`.

        >>> rng = np.random.default_rng(0)
        >>> p = rng.uniform(0.05, 0.95, 4000)
        >>> y = rng.random(4000) < Correction.kept(negatives=0.1).apply(p)       # the model has seen a tenth of the negatives
        >>> Correction.kept(negatives=0.1).verify(y, p).status
        'confirmed'
        >>> Correction.none().verify(y, p).status
        'recalibrated'
        """
        return verify(self, y, proba, sample_weight=sample_weight)

    # ---- algebra and safe-keeping -----------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Correction:
        if not isinstance(other, Correction):
            return NotImplemented
        return Correction(**together(self, other))

    def __radd__(self, other: Any) -> Correction:
        return self if isinstance(other, int) and other == 0 else NotImplemented  # so that sum(corrections) works

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and text, for JSON; nan is None."""
        return correction_document(self)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Correction:
        """What `to_dict` wrote.

        Raises InputError if the document is damaged, lacks a part, or is of another schema.

        >>> Correction.from_dict(Correction.kept(negatives=0.1).to_dict())
        Correction(exact, log-odds +2.303)
        """
        with reading("this correction", "Correction.to_dict"):
            return cls(**correction_fields(d))

    def __repr__(self) -> str:
        unknown = np.isnan(np.asarray(self.log_odds)).any()
        return f"Correction({self.status}, {printable(self.why) if unknown else shown(self.log_odds, self.by)})"

    def _logits(self, given: Proba) -> np.ndarray:
        """Log-probabilities (K, n) less the log-odds, not normalised; rows with another index than an offset's are refused."""
        if self._rows is not None:
            same_rows(self._rows, given.container, ("log_odds", "proba"))
        return shift(given.log_p, self.log_odds, self.by)

    # ---- refuse -----------------------------------------------------------------------------------------------------

    def _refuse_impossible(self) -> None:
        if self.status != "impossible":
            return
        other = [s.params["remedy"] for s in self.trail if "remedy" in s.params]
        usual = "no formula gives the odds back: recalibrate on held-out rows, upweight.recalibrate(y, proba)"
        raise UndoError(f"{printable(self.why)}; {printable(other[0]) if other else usual}.")


def _thinning(name: str, params: dict[str, Any], design: str | None) -> tuple[Step, tuple[str, ...]]:
    """The step of a correction for a thinning, and the designs that it undoes."""
    if design is None:
        return Step(name, params), ()
    return Step(name, params | {"design": design}), (design,)


type.__setattr__(
    Correction, "prior", Correction.from_priors
)  # its older name; on a correction, the shares that it knows
