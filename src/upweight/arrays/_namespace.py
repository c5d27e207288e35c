"""Which library do these arrays belong to?

Every function of this folder takes NumPy, PyTorch or JAX arrays (or any array that speaks the array API
standard) and gives back the same kind. NumPy is answered without loading anything; array-api-compat is
loaded when the first foreign array arrives. PyTorch and JAX are never imported here: whoever hands over a
tensor has loaded them.

Inside: `namespace` (the library), `floats` (the library and the array in floating point), `stop_gradient`,
`compiled`, `to_numpy`, `device`, `epsilon` (the rounding unit of the data), `working` (the precision to
compute in).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from .._errors import InputError

__all__ = [
    "Array",
    "compiled",
    "device",
    "epsilon",
    "floats",
    "namespace",
    "stop_gradient",
    "to_numpy",
    "working",
]

Array: TypeAlias = Any  # an array of NumPy, PyTorch or JAX, or what NumPy makes one of
"""A NumPy array, a PyTorch tensor, a JAX array, or anything `numpy.asarray` understands."""


def namespace(x: Array) -> Any:
    """NumPy for whatever NumPy can hold, otherwise the array-API namespace of the library that owns `x`.

    >>> import numpy as np
    >>> from upweight.arrays import namespace
    >>> namespace(np.ones(2)).asarray([1.0]).tolist()
    [1.0]
    """
    if isinstance(x, (np.ndarray, np.generic, list, tuple, float, int)):
        return np
    from array_api_compat import array_namespace, is_array_api_obj

    return array_namespace(x) if is_array_api_obj(x) else np


def floats(x: Array) -> tuple[Any, Array]:
    """The namespace of `x`, and `x` in floating point with at least one axis; copied only where needed."""
    xp = namespace(x)
    if xp is np:
        x = np.asarray(x)
        if x.dtype.kind in "cOSUmM":
            raise InputError(f"`log_w` must be real; got dtype {x.dtype}. Convert to float first.")
        x = x if x.dtype.kind == "f" else x.astype(np.float64)
    elif not xp.isdtype(x.dtype, "real floating"):
        if xp.isdtype(x.dtype, "complex floating"):
            raise InputError(f"`log_w` must be real; got dtype {x.dtype}. Convert to float first.")
        x = xp.astype(x, xp.asarray(1.0).dtype)
    if x.ndim == 0:
        raise InputError("log-weights need an axis of rows; got a single number. Wrap it: [log_w].")
    return xp, x


def stop_gradient(xp: Any, x: Array) -> Array:
    """`x` as a constant: no gradient flows through it.

    >>> import numpy as np
    >>> from upweight.arrays import namespace, stop_gradient
    >>> x = np.ones(2)
    >>> stop_gradient(namespace(x), x) is x
    True
    """
    if hasattr(x, "detach"):
        return x.detach()
    if _is_jax(xp):
        return sys.modules["jax"].lax.stop_gradient(x)
    return x


def device(x: Array) -> Any:
    """Where `x` lies, as its library says ("cpu" for NumPy); None while JAX traces, and of what has no place.

    >>> import numpy as np
    >>> from upweight.arrays import device
    >>> device(np.ones(2))
    'cpu'
    """
    return getattr(x, "device", None)


def to_numpy(xp: Any, x: Array) -> np.ndarray:
    """The values of a floating array as a NumPy array, without gradients, wherever they lay."""
    if xp is np:
        return x
    x = working(xp, stop_gradient(xp, x))
    return np.asarray(x.cpu() if hasattr(x, "cpu") else x)


def working(xp: Any, x: Array) -> Array:
    """`x` in the precision to compute in: half precisions are lifted to float32, the others kept.

    >>> import numpy as np
    >>> from upweight.arrays import namespace, working
    >>> x = np.ones(2, dtype=np.float32)
    >>> working(namespace(x), x).dtype.name
    'float32'
    """
    return xp.astype(x, xp.float32) if xp.finfo(x.dtype).bits < 32 else x


@functools.cache
def compiled(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f(xp, x, *settings)`, as one program where JAX runs it: it would compile every single step instead."""

    def run(xp: Any, x: Array, *settings: float) -> Any:
        if not _is_jax(xp):
            return f(xp, x, *settings)
        return _jitted(f, xp)(x, *settings)

    return run


@functools.cache
def _jitted(f: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    settings = range(1, f.__code__.co_argcount - 1)
    return sys.modules["jax"].jit(functools.partial(f, xp), static_argnums=tuple(settings))


def _is_jax(xp: Any) -> bool:
    return xp.__name__.startswith("jax")


def epsilon(xp: Any, x: Array) -> float:
    """Distance from one to the next number in the dtype of `x`."""
    return float(xp.finfo(x.dtype).eps)
