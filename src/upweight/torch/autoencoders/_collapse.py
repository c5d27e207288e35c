"""Does the model use its code? What an autoencoder that ignores z looks like, and why its weights cannot show it.

The trouble: where the decoder foretells everything by itself, as over text it nearly can, the encoder gives up: q(z|x) = p(z) for every
row. The likelihood is then that of a plain decoder, and every figure of the weights is at its best: the posterior is the prior, the
encoder hits it exactly, **the curve is flat and the ESS is high**. Only the KL tells:

    mean over rows of KL(q(z|x) || p(z))   below .25 nats "collapsed",   below 1 "hardly used",   else "in use"

Taking more draws does not cure it; a rate that is not charged for does (`rate=`), at some cost in likelihood.

What is inside: `Collapse`; `collapsed`, which makes it of a model's draws; `kl_to_prior`.

Sources: Bowman et al. (2016), Generating sentences from a continuous space; Pelsmaeker & Aziz (2020), Effective estimation of deep
generative language models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ... import _html as html
from ..._errors import counted, require_int
from ..._set_module import set_module
from ..fitting import in_float32
from ..iwae import Curve, curve, diagnose
from ._layers import OneLayer
from ._rows import ModelRows, slices
from ._scoring import PAIRS, keyed_noise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Collapse", "collapsed", "kl_to_prior"]

COLLAPSED, USED = 0.25, 1.0  # nats of mean KL


@set_module("upweight.torch")
@dataclass(frozen=True, eq=False, repr=False)
class Collapse:
    """Whether a model uses its code; made by `.collapse(X)` of a model.

    Attributes
    ----------
    kl : mean over rows of KL(q(z|x) || p(z)), in nats; with two layers estimated from the draws.
    gain : mean of the curve's last value less its first, L_K - L_1 for K a power of two, in nats. ess : median effective draws of k.
    curve : the bound over K, a `Curve`, from one set of draws.
    active : latent units whose posterior mean varies over the rows; a tuple, one count a layer, with two layers.
    latent : latent units there are, as `active`.
    rate : nats of KL a row that the model was not charged for; 0 where there is no such rate.
    verdict : "collapsed" (kl below .25), "hardly used" (below 1), "in use".

    Costs: nothing is changed. kl above the thresholds says that the code is used, not that it is a good one.

    >>> import numpy as np
    >>> from upweight.torch import IWAE, MLP, Training
    >>> X = (np.random.default_rng(0).random((200, 8)) < 0.2) * 1.0
    >>> model = IWAE(5, latent=2, net=MLP((16,)), training=Training(5, progress=False), rng=0).fit(X)
    >>> found = model.collapse(X, k=16)
    >>> found.latent, found.plot().get_ylabel()
    (2, 'bound (nats)')
    """

    kl: float
    gain: float
    curve: Curve
    ess: float
    k: int  # draws a row
    active: int | tuple[int, ...]
    latent: int | tuple[int, ...]
    rate: float = 0.0

    @property
    def verdict(self) -> str:
        return "collapsed" if self.kl < COLLAPSED else "hardly used" if self.kl < USED else "in use"

    def __str__(self) -> str:
        n = len(self.curve.values)
        draws = f"median ESS {self.ess:.3g} of {self.k:,}"
        if len(self.curve.ks) > 1:
            draws = f"{self.curve.ks[-1]:,} draws gain {self.gain:.2g} nats over one, {draws}"
        if self.verdict == "collapsed" and len(self.curve.ks) > 1:
            draws += ": the posterior is nearly the prior, so that a flat curve and a high ESS say nothing"
        lines = [
            f"{self.verdict}: KL(q(z|x) || p(z)) {self.kl:.3g} nats, mean of {counted(n, 'row')}",
            draws,
            f"active units: {_units(self.active, self.latent)}"
            if n > 1
            else "active units: not judged, for one row varies over nothing",
        ]
        if self.verdict != "in use":
            lines.append(_remedy(self.rate))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Collapse({self.verdict}, KL {self.kl:.3g} nats, gain {self.gain:.3g} nats)"

    def _repr_html_(self) -> str:
        rows = [
            ["KL(q(z|x) || p(z)), nats", f"{self.kl:.3g}"],
            [f"L_{self.curve.ks[-1]} - L_1, nats", f"{self.gain:.3g}"],
            [f"median ESS of {self.k:,}", f"{self.ess:.3g}"],
            ["active units", _units(self.active, self.latent)],
        ]
        return html.block(str(self).splitlines(), ["", "value"], rows)

    def plot(self, ax: Any = None) -> Axes:
        """The bound over K with the verdict above it; see `upweight.plots.collapse`."""
        from ...plots import collapse

        return collapse(self, ax=ax)


@in_float32()
def collapsed(rows: ModelRows, *, key: int, k: int, active: int | tuple[int, ...], rate: float = 0.0) -> Collapse:
    """The verdict on a model from its draws of some rows; `active`: how many units are; `rate`: nats that it was not charged for."""
    require_int("k", k)
    noise = keyed_noise(rows, key)
    kl, ess, values, ks = [], [], [], (1,)
    for which in slices(len(rows), max(1, PAIRS // k)):
        with torch.no_grad():
            batch = rows.batch(which)
            state = rows.state(batch)
            d = rows.layers.proposed(state, noise.draws(which, 0, k).to(rows.device), None)
            log_w = rows.log_prob(d.seen, batch) + d.log_prior - d.log_q
            one = isinstance(rows.layers, OneLayer)
            kl.append(kl_to_prior(*state) if one else (d.log_q - d.log_prior).mean(-1))
        ess.append(diagnose(log_w).ess)
        c = curve(log_w)
        ks = c.ks
        values.append(c.values)
    kl, ess, values = (torch.cat(parts).cpu() for parts in (kl, ess, values))
    c = Curve(ks, values)
    latent = rows.layers.width if isinstance(rows.layers, OneLayer) else rows.layers.d
    found, gain = float(kl.double().mean()), float(c.gain.double().mean())
    return Collapse(found, gain, c, float(ess.median()), k, active, latent, rate)


def kl_to_prior(mean: torch.Tensor, log_scale: torch.Tensor) -> torch.Tensor:
    """KL(N(mean, exp(log_scale)) || N(0, I)) in nats, (...) of (..., d)."""
    return (mean.square() + torch.exp(2 * log_scale) - 1).sum(-1) / 2 - log_scale.sum(-1)


def _remedy(rate: float) -> str:
    """What would bring the code into use."""
    if rate == 0:
        return "More draws do not cure it. A weaker decoder does, or, for text, a rate that is not charged for: SequenceIWAE(rate=5.0)."
    if rate <= USED:
        return f"A rate of {rate:g} nats allows no more than that. Raise it: 5.0 keeps a code in use."
    return f"Of the {rate:g} nats that the rate allows little is used. Train longer, or with a larger lr."


def _units(active: int | tuple[int, ...], latent: int | tuple[int, ...]) -> str:
    pairs = zip(*(x if isinstance(x, tuple) else (x,) for x in (active, latent)), strict=True)
    return ", ".join(f"{a} of {n}" for a, n in pairs)
