"""Which bound is raised, and by which estimator of its gradient.

The trouble: "IWAE" names a bound, an estimator and a model at once, and the variants (groups of draws, mixtures with the ELBO, powers)
were each published with code of their own. Here a bound is five numbers. With K draws in M = `groups` groups of n = K/M, and
p = `power`,

    value = beta mean(log_w) + (1 - beta) mean over groups of (LSE(p log_w) - log n) / p       p = 0: mean(log_w)

    groups            MIWAE: a looser bound, a less noisy encoder        beta     CIWAE: a mixture with the ELBO
    groups + split    PIWAE: all K for the model, groups for the encoder power    variational Renyi bound, alpha = 1 - p

and the estimator says how the encoder hears of it ("dreg" if unsure, "vimco" for discrete draws; `_surrogate`).

What is inside: `Objective`; `as_objective`, which reads one or its name.

Sources: Burda, Grosse & Salakhutdinov (2016), arXiv:1509.00519; Rainforth et al. (2018), 1802.04537; Li & Turner (2016), 1602.02311;
Roeder, Wu & Duvenaud (2017), 1703.09194; Tucker et al. (2019), 1810.04152; Mnih & Rezende (2016), 1602.06725.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

from ..._errors import InputError, is_number, require_choice, require_int
from ..._set_module import set_module

__all__ = ["ESTIMATORS", "Objective", "as_objective"]

ESTIMATORS = ("standard", "stl", "dreg", "vimco")


@set_module("upweight.torch.iwae")
@dataclass(frozen=True)
class Objective:
    """A bound on log p(x) made of K weighted draws, and the estimator of its gradient; wherever one is asked, its name will do.

    Parameters
    ----------
    estimator : "standard", the bound's own gradient; "dreg", the same in expectation with an encoder gradient that gets better with
        K; "stl", less noisy and **biased for K > 1** (five times too large at K = 8 in one model); "vimco", for draws that cannot be
        differentiated through.
    groups : M, a divisor of K. Each group of K/M draws gives a bound of its own, and their mean is raised (MIWAE).
    beta : share in [0, 1] of the ELBO in the value (CIWAE).
    power : p; the power mean of the weights inside the logarithm. 1 is the mean, 0 the ELBO. It rises with p, and **above 1 it is no
        lower bound** on log p(x).
    split : the model sees the bound of all K draws, only the encoder that of its group (PIWAE); the value is that of all K.

    Raises
    ------
    InputError : an unknown estimator, a number out of range, or vimco together with groups, beta, power or split.

    Costs: more groups, more beta or less power is a looser bound; "stl" has a bias that grows with K. Sources: the head of this file.

    >>> Objective("dreg", groups=2)
    Objective(estimator='dreg', groups=2, beta=0.0, power=1.0, split=False)
    """

    estimator: str = "standard"
    _: KW_ONLY
    groups: int = 1
    beta: float = 0.0
    power: float = 1.0
    split: bool = False

    def __post_init__(self) -> None:
        require_choice("estimator", self.estimator, ESTIMATORS)
        require_int("groups", self.groups)
        if not is_number(self.beta) or not 0 <= self.beta <= 1:
            raise InputError(f"`beta` must lie in [0, 1]; got {self.beta!r}. 0 is IWAE, 1 the ELBO.")
        if not is_number(self.power) or not math.isfinite(self.power):
            raise InputError(f"`power` must be a finite number; got {self.power!r}. 1 is IWAE, 0 the ELBO.")
        require_choice("split", self.split, (True, False))
        if self.estimator == "vimco" and (self.groups, self.beta, self.power, self.split) != (1, 0, 1, False):
            raise InputError("vimco is for the plain bound: it takes no groups, beta, power or split. Use 'standard'.")

    @property
    def by_path(self) -> bool:
        """Whether the encoder hears of the bound through hooks on a path."""
        return self.estimator in ("stl", "dreg") or self.split


def as_objective(objective: Any) -> Objective:
    """An Objective, or the one that a name stands for.

    Raises InputError for what is neither an Objective nor one of the names.

    >>> from upweight.torch.iwae import as_objective
    >>> as_objective("dreg")
    Objective(estimator='dreg', groups=1, beta=0.0, power=1.0, split=False)
    """
    if isinstance(objective, Objective):
        return objective
    if isinstance(objective, str):
        return Objective(objective)
    raise InputError(
        f"`objective` must be an Objective or one of the names {', '.join(ESTIMATORS)}; got {type(objective).__name__}."
    )
