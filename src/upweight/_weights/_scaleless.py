"""Arithmetic that has no answer until somebody says on which scale.

The trouble: `w + 1`, `np.log(w)` and `1 - w` would each have to guess whether the weights sum to one, have mean one, or stand on
their own scale, and a wrong guess is a silent bug. And some questions are asked in arithmetic that have a name of their own: a sum
of weights is a mixture of sources, a quotient is a ratio, a power is tempering. Every refusal says which.

What is inside: `refuse_arithmetic`, which sets the refusals of `REFUSED` on a class, once; products with weights and numbers are
lawful, and NumPy's scalars are sent to them. NumPy's functions of arrays that ask for a scale (`SUMMED`) or have a name of their own
here (`ASKED`) are refused; all others take the weights with mean one, as `np.asarray(w)` gives them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import numpy as np

from .._errors import KindError

__all__ = ["SCALES", "refuse_arithmetic"]

SCALES = "w.values (own scale), w.sample_weight (mean one), w.probabilities (sum one) or w.log_w"
_MIXTURE = "adding weights is a mixture of sources: use upweight.mixture(log_target, log_sources, counts)."
_RATIO = "dividing weights is a ratio: use upweight.ratio(target, source) or log_ratio."
_POWER = "raising weights to a power is tempering: use w.temper(power=), which records its price."
_NUMBER = f"which scale? Weights are not one number: take {SCALES}."
_SIGN = f"which scale? Weights have no sign: take {SCALES}."


def _then(verb: str) -> str:
    return f"which scale? Take {SCALES}, then {verb}."


# operators, and the ufuncs that arrays turn them into -> what is said of a number or array, and of other weights
REFUSED: dict[tuple[str, ...], tuple[str, str]] = {
    ("add", "radd", "sub", "rsub", "subtract"): (_then("add"), _MIXTURE),
    ("truediv", "rtruediv", "true_divide", "divide"): (_then("divide"), _RATIO),
    ("floordiv", "rfloordiv", "floor_divide", "mod", "rmod", "remainder"): (_then("divide"), _RATIO),
    ("lt", "le", "gt", "ge", "less", "less_equal", "greater", "greater_equal"): (_then("compare"), _then("compare")),
    ("equal", "not_equal"): (_then("compare"), _then("compare")),
    ("neg", "abs", "negative", "absolute"): (_SIGN, _SIGN),
    ("pow", "rpow", "power", "float_power"): (_POWER, _POWER),
    ("float", "int", "complex"): (_NUMBER, _NUMBER),
    ("iter",): (_then("iterate"), _then("iterate")),
}
SUMMED = {"sum", "prod", "cumsum", "cumprod", "max", "min", "amax", "amin", "ptp", "any", "all", "round", "around"}
_SPREAD = (
    "np.{name} of weights needs an f: w.{name}(f) is that of f under them. Of the weights themselves: "
    + f"take {SCALES}."
)
ASKED = {
    "mean": "np.mean of weights needs an f: w.mean(f) averages f under them. Their own mean is np.exp(w.log_mean).",
    "var": _SPREAD.format(name="var"),
    "std": _SPREAD.format(name="std"),
    "clip": "weights are capped by w.clip(at=), which keeps kind and history and records its price.",
}
_SHAPES = {"shape", "ndim", "size"}  # of the rows, whatever the scale
_SAID = {name: said for names, said in REFUSED.items() for name in names}
_OPERATORS = (
    "add",
    "radd",
    "sub",
    "rsub",
    "truediv",
    "rtruediv",
    "floordiv",
    "rfloordiv",
    "mod",
    "rmod",
    "lt",
    "le",
    "gt",
    "ge",
)
_OPERATORS += ("neg", "abs", "pow", "rpow", "float", "int", "complex", "iter")
C = TypeVar("C", bound=type)


def refuse_arithmetic(cls: C) -> C:
    """Give a class of weights its refusals: every operator but `*`, and every ufunc but the product with a number."""
    for name in _OPERATORS:
        setattr(cls, f"__{name}__", _refusal(name))
    cls.__array_ufunc__ = _ufunc
    cls.__array_function__ = _function
    return cls


def _refusal(name: str) -> Callable[..., NoReturn]:
    def refuse(self: Any, *others: Any) -> NoReturn:
        raise KindError(_SAID[name][any(isinstance(other, type(self)) for other in others)])

    refuse.__name__ = f"__{name}__"
    return refuse


def _ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **ufunc_options: Any) -> Any:
    """What NumPy calls for `np.log(w)`, `array * w` and `np.float64(2) * w`."""
    if ufunc is np.multiply and method == "__call__" and not ufunc_options:
        a, b = (x.item() if isinstance(x, np.generic) else x for x in inputs)
        return a * b if isinstance(a, type(self)) else b * a
    others = sum(isinstance(x, type(self)) for x in inputs) > 1
    said = _SAID.get(ufunc.__name__, (_then(f"np.{ufunc.__name__}"),) * 2)
    raise KindError(said[others])


def _function(self: Any, function: Any, _: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What NumPy calls for `np.mean(w)`, `np.average(x, weights=w)` and its other functions of arrays."""
    name, kind = function.__name__, type(self)
    if inputs and isinstance(inputs[0], kind):
        if name in ASKED:
            raise KindError(ASKED[name])
        if name in SUMMED:
            raise KindError(_then(f"np.{name}"))
    as_array = lambda x: (x.log_w if name in _SHAPES else np.asarray(x)) if isinstance(x, kind) else x
    inside = lambda x: type(x)(map(as_array, x)) if type(x) in (list, tuple) else as_array(x)
    return function(*map(inside, inputs), **{key: inside(x) for key, x in options.items()})
