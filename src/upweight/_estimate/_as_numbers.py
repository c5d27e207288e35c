"""An estimate where Python and NumPy expect a number.

The trouble: `f"{e:.3f}"`, `np.log(e)`, `e > 0` and `round(e, 3)` are what fingers type when they hold a number, and an estimate is one with
an error. Some of them have one meaning, and are done: a format goes to the value and to half its interval, NumPy's arithmetic to that of
estimates. The others would drop the error in silence, or have two meanings; each refusal says what to type instead.

    f"{e:.3f}"  ->  1.830 ± 0.210        np.log(e)  ->  e.log()        float(e)  ->  e.value        e > 0  ->  e.interval()

What is inside: `as_float`, `formatted` and `by_ufunc`, which `Estimate` takes in as methods; `refuse_as_number`, which sets the refusals of
`REFUSED` on a class, once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from .._errors import InputError, KindError

if TYPE_CHECKING:
    from ._estimate import Estimate

__all__ = ["as_float", "by_ufunc", "formatted", "refuse_as_number"]

C = TypeVar("C", bound=type)
FIGURES = "eEfFgGn%"  # the types of a format that are for numbers
_UNARY: dict[str, Callable[[Any], Any]] = {
    "log": lambda e: e.log(),
    "exp": lambda e: e.exp(),
    "negative": operator.neg,
    "positive": lambda e: e,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "true_divide": operator.truediv,
}
_KNOWN = "of estimates there are +, -, * and / with numbers and with one another, -e, e.log() and e.exp(); the number alone is e.value."
_ORDER = (
    "which end? An estimate is compared by its interval, e.interval(), or that of a difference, (a - b).interval()."
)
_ROUND = "rounding would part the value from its error: print f'{e:.3f}', or round(e.value, 3)."
REFUSED: dict[tuple[str, ...], str] = {
    ("lt", "le", "gt", "ge"): _ORDER,
    ("round",): _ROUND,
    ("pow", "rpow", "abs", "floordiv", "rfloordiv", "mod", "rmod"): _KNOWN,
    ("int", "complex"): "which number? The value alone is e.value, its error e.se.",
}
_COMPARED = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}


def refuse_as_number(cls: C) -> C:
    """Give a class of estimates its refusals."""
    for names, said in REFUSED.items():
        for name in names:
            setattr(cls, f"__{name}__", _refusal(f"__{name}__", said))
    return cls


def _refusal(name: str, said: str) -> Callable[..., NoReturn]:
    def refuse(self: Any, *others: Any) -> NoReturn:
        raise KindError(said)

    refuse.__name__ = name
    return refuse


def as_float(self: Estimate) -> float:
    """The value of a single estimate; of several none is meant."""
    if self._terms.shape:
        raise KindError(f"which of the {len(self._terms.each)} averages? Pick one, float(e[0]), or take e.value.")
    return float(self.value)


def formatted(self: Estimate, format_spec: str, /) -> str:
    """Value ± half the 95 % interval, each in this format; a format for text goes to the whole sentence."""
    spec = format_spec
    if not spec:
        return str(self)
    try:
        if spec[-1] not in FIGURES:
            return format(str(self), spec)
        pairs = zip(np.ravel(self.value).tolist(), self._halves().ravel().tolist(), strict=True)
        lines = [f"{format(value, spec)} ± {format(half, spec)}" for value, half in pairs]
    except ValueError:
        raise InputError(f"an estimate is formatted as its numbers are, f'{{e:.3f}}'; got {spec!r}.") from None
    if not self._terms.shape:
        return lines[0]
    return "\n".join(f"[{place}] {line}" for place, line in zip(self._terms.places, lines, strict=True))


def by_ufunc(self: Estimate, ufunc: np.ufunc, method: str, *inputs: Any, **ufunc_options: Any) -> Any:
    """What NumPy calls for `np.log(e)`, `np.float64(2) * e` and `array * e`."""
    name = ufunc.__name__
    inputs = tuple(x.item() if isinstance(x, np.generic) else x for x in inputs)
    lawful = method == "__call__" and not ufunc_options and not any(isinstance(x, (np.ndarray, bool)) for x in inputs)
    if lawful and name in _UNARY:
        return _UNARY[name](*inputs)
    if lawful and name in _BINARY:
        return _BINARY[name](*inputs)
    raise KindError(_ORDER if name in _COMPARED else f"np.{name} of an estimate is not defined: {_KNOWN}")
