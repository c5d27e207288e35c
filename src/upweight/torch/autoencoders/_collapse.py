"""Does the model use its code? What an autoencoder that ignores z looks like, and why its weights cannot show it.

The trouble: where the decoder foretells everything by itself, as over text it nearly can, the encoder gives up: q(z|x) = p(z) for every
row. The likelihood is then that of a plain decoder, and every figure of the weights is at its best: the posterior is the prior, the
encoder hits it exactly, **the curve is flat and the ESS is high**. Only the KL tells:

    mean over rows of KL(q(z|x) || p(z))   below .25 nats "collapsed",   below 1 "hardly used",   else "in use"

Taking more draws does not cure it; a rate that is not charged for does (`rate=`), at some cost in likelihood.

What is inside: `Collapse`; `collapse_of`, which makes it of rows.

Sources: Bowman et al. (2016), Generating sentences from a continuous space; Pelsmaeker & Aziz (2020), Effective estimation of deep
generative language models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import counted
from ..._set_module import set_module
from ..iwae import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Collapse", "collapse_of"]

COLLAPSED, USED = 0.25, 1.0  # nats of mean KL


@set_module("upweight.torch")
@dataclass(frozen=True, eq=False, repr=False)
class Collapse:
    """Whether a model uses its code; made by `.collapse(X)` of a model.

    Attributes
    ----------
    kl : mean over rows of KL(q(z|x) || p(z)), in nats: what the code tells of a row, on the average, or a little more.
    gain : mean of L_K - L_1, in nats. ess : median effective draws of K.
    curve : the bound over K, a `Curve`, from one set of draws.
    active : latent units whose posterior mean varies over the rows; a tuple, one count a layer, with two layers.
    latent : latent units there are, as `active`.
    verdict : "collapsed" (kl below .25), "hardly used" (below 1), "in use".

    Costs: nothing is changed. kl above the thresholds says that the code is used, not that it is a good one.
    """

    kl: float
    gain: float
    curve: Curve
    ess: float
    active: int | tuple[int, ...]
    latent: int | tuple[int, ...]

    @property
    def verdict(self) -> str:
        return "collapsed" if self.kl < COLLAPSED else "hardly used" if self.kl < USED else "in use"

    @property
    def k(self) -> int:
        """Draws a row at the end of the curve."""
        return self.curve.ks[-1]

    def __str__(self) -> str:
        n = self.curve.values.numel() // len(self.curve.ks)
        draws = f"{self.k:,} draws gain {self.gain:.2g} nats over one, median ESS {self.ess:.3g}"
        if self.verdict == "collapsed":
            draws += ": the posterior is the prior, so both look their best and say nothing"
        lines = [
            f"{self.verdict}: KL(q(z|x) || p(z)) {self.kl:.3g} nats, mean of {counted(n, 'row')}",
            draws,
            f"active units: {_units(self.active, self.latent)}",
        ]
        if self.verdict != "in use":
            lines.append(
                "More draws do not cure it. A weaker decoder does, or a rate that is not charged for: SequenceIWAE(rate=5.0)."
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Collapse({self.verdict}, KL {self.kl:.3g} nats, gain {self.gain:.3g} nats)"

    def _repr_html_(self) -> str:
        rows = [
            ["KL(q(z|x) || p(z)), nats", f"{self.kl:.3g}"],
            [f"L_{self.k} - L_1, nats", f"{self.gain:.3g}"],
            [f"median ESS of {self.k:,}", f"{self.ess:.3g}"],
            ["active units", _units(self.active, self.latent)],
        ]
        return html.block(str(self).splitlines(), ["", "value"], rows)

    def plot(self, ax: Any = None) -> Axes:
        """The bound over K with the verdict above it; see `upweight.plots.collapse`."""
        from ...plots import collapse

        return collapse(self, ax=ax)


def collapse_of(
    kl: np.ndarray, ess: np.ndarray, curve: Curve, active: int | tuple[int, ...], latent: int | tuple[int, ...]
) -> Collapse:
    """A `Collapse` of rows: kl and ess (n,), their curve, and the counts of units."""
    gain = float(curve.gain.double().mean())
    return Collapse(float(np.mean(kl)), gain, curve, float(np.median(ess)), active, latent)


def _units(active: int | tuple[int, ...], latent: int | tuple[int, ...]) -> str:
    pairs = zip(*(x if isinstance(x, tuple) else (x,) for x in (active, latent)), strict=True)
    return ", ".join(f"{a} of {n}" for a, n in pairs)
