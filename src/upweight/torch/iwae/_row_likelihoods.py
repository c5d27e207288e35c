"""Log-likelihoods of rows that know which of them are wrong.

The trouble: "K = 5000 is the likelihood" is a habit, not a fact. A row whose posterior the encoder misses can be off by several nats,
always in expectation downward, and one float for a whole test set hides it. Here every row keeps what its weights said,

    value = LSE(l) - log K      se = sqrt(1/ESS - 1/K)      ok = k-hat judged and below min(1 - 1/log10 K, 0.7), ESS >= 30

and the mean says whether its rows may be believed. Where ok is false, se is a lower limit.

What is inside: `LogLikelihood`, made by `log_likelihood`.

Sources: Wu, Burda, Salakhutdinov & Grosse (2017), On the quantitative analysis of decoder-based generative models; Vehtari et al.
(2024) for k-hat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import InputError, counted
from ..._estimate import Estimate, doubted
from ..._set_module import set_module
from ..._weights import Weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LogLikelihood"]

BELIEVED = 0.1  # share of the weight that may lie on rows not ok before a mean is not to be believed


@set_module("upweight.torch.iwae")
@dataclass(frozen=True, eq=False, repr=False)
class LogLikelihood:
    """log p(x) of each row by K weighted draws, and whether to believe it; float64 and bool arrays (n,), made by `log_likelihood`.

    Attributes
    ----------
    value : LSE of the log-weights less log K, in nats; below log p(x) on the average. -inf where no draw was possible.
    se : sqrt(1/ESS - 1/K), in nats, from 0 to 1; nan at K = 1 and where no draw was possible. A lower limit where not ok.
    ess : effective draws. khat : tail index, nan "not judged". max_share : the largest draw's share of the weight.
    ok : whether a row's value may be believed.
    k : draws a row.

    Costs: a row that is ok may still miss modes that no draw met; no weights show those.

    >>> import torch
    >>> from upweight.torch import iwae
    >>> noise = torch.randn(60, 500, generator=torch.Generator().manual_seed(0))
    >>> ll = iwae.log_likelihood(lambda rows, first, count: noise[rows, first : first + count], 60, k=500)
    >>> ll.mean(), ll.plot().get_xlabel()
    (Estimate(0.485 ± 0.017 (no tail, ESS 60 of 60)), 'log p(x) of a row (nats)')
    """

    value: np.ndarray
    se: np.ndarray
    ess: np.ndarray
    khat: np.ndarray
    max_share: np.ndarray
    ok: np.ndarray
    k: int

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.value)

    def mean(self, sample_weight: Any = None) -> Estimate:
        """Mean log-likelihood over the rows, in nats, with the error of the rows.

        sample_weight : (n,) numbers or `Weights` of a kind that may average; None weighs every row alike.

        Not ok where over a tenth of the weight lies on rows that are not; the draws' own error and bias stand in `str` of this object.
        Raises KindError (class and cost weights), InputError (a row of -inf with weight, other lengths).

        Costs: biased downward by half the mean squared se or more. Compare means of two models over the same rows by their difference.
        """
        w = self._weights(sample_weight)
        lost = np.isneginf(self.value) & (w.log_w > -np.inf)
        if lost.any():
            first = int(lost.argmax())
            raise InputError(
                f"a mean needs finite log-likelihoods; got {counted(int(lost.sum()), '-inf', '-inf')}, first at row {first:,}: no draw "
                "there is possible under the model. Look at those rows, or give them weight zero."
            )
        e = w.mean(np.where(w.log_w > -np.inf, self.value, 0.0))
        share = float(np.asarray(w.probabilities)[~self.ok].sum())
        return doubted(e, _doubt(share)) if share > BELIEVED else e

    def _weights(self, sample_weight: Any) -> Weights:
        if sample_weight is None:
            return Weights.of(np.ones(self.n), kind="importance")
        w = sample_weight if isinstance(sample_weight, Weights) else Weights.of(sample_weight, kind="importance")
        if w.shape != (self.n,):
            raise InputError(f"`sample_weight` must hold one weight a row, ({self.n},); got shape {w.shape}.")
        return w

    def __str__(self) -> str:
        lost = int(np.isneginf(self.value).sum())
        head = f"log-likelihood of {counted(self.n, 'row')}, {counted(self.k, 'draw')} each"
        if lost:
            return f"{head}: {lost:,} -inf, first at row {int(np.isneginf(self.value).argmax()):,}, so the mean is -inf\n{self._rows()}"
        mean = str(self.mean()) if self.n > 1 else f"{self.value[0]:.6g}"
        return f"{head}\n  mean   {mean}\n  draws  {self._draws()}\n  rows   {self._rows()}"

    def _draws(self) -> str:
        """What the draws add to the error of the mean: noise, and a bias that is known in its direction."""
        if self.k == 1:
            return "one draw a row: its error is not known, and may be many nats"
        noise = math.sqrt(float(np.sum(self.se**2))) / self.n
        return f"their own error {noise:.2g}, their bias {0.0 - float(np.mean(self.se**2)) / 2:.2g} nats or worse"

    def _rows(self) -> str:
        wrong = int((~self.ok).sum())
        median = f"median ESS {np.median(self.ess):,.3g} of {self.k:,}"
        if wrong == 0:
            return f"all may be believed; {median}"
        which = "none may be believed" if wrong == self.n else f"{wrong:,} of {self.n:,} not to be believed"
        then = "compare means, believe no row" if wrong == self.n and self.n > 1 else "see .ok"
        return f"{which}: too low on the average; {median}. {then[0].upper()}{then[1:]}."

    def __repr__(self) -> str:
        return (
            f"LogLikelihood({counted(self.n, 'row')}, {counted(self.k, 'draw')} each, {int((~self.ok).sum()):,} not ok)"
        )

    def _repr_html_(self) -> str:
        named = {
            "log p (nats)": self.value, "se (nats)": self.se, "ESS": self.ess, "k-hat": self.khat, "largest share": self.max_share
        }  # fmt: skip
        rows = [[name, *(f"{q:.4g}" for q in _quantiles(x))] for name, x in named.items()]
        return html.block(str(self).splitlines(), ["", "least", "median", "largest"], rows)

    def plot(self, ax: Any = None) -> Axes:
        """Histogram of the rows' values, those not ok marked; see `upweight.plots.log_likelihood`."""
        from ...plots import log_likelihood

        return log_likelihood(self, ax=ax)


def _doubt(share: float) -> str:
    return f"{100 * share:.0f} % of the weight lies on rows whose own log-likelihood cannot be believed, {100 * BELIEVED:.0f} % at most."


def _quantiles(x: np.ndarray) -> list[float]:
    known = x[~np.isnan(x)]
    return [float(np.quantile(known, q, method="nearest")) for q in (0, 0.5, 1)] if len(known) else [math.nan] * 3
