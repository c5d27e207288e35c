"""Several arrays of one computation: one library, one shape, floating point.

The trouble: log-probabilities come from one place, rewards from another and the mask from a third; one of them is a step longer, or a tensor among
arrays. The last axis is time, leading axes a batch, and nothing is ever broadcast in silence but a single number.

What is inside: `together`, which reads arrays of one shape; `as_mask`, which reads a mask; `numbers`, which refuses settings that are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._errors import InputError, is_number
from ...arrays import Array, device, namespace, working

__all__ = ["as_mask", "back", "numbers", "quiet", "seen", "together"]


def together(arrays: Mapping[str, Array], *, single: tuple[str, ...] = ()) -> tuple[Any, list[Array]]:
    """Their namespace, and these arrays (..., T) in its floating point, halves lifted to float32.

    single : names of those that may be one number instead.
    """
    given = [namespace(x) for x in arrays.values()]
    xp = next((found for found in given if found is not np), np)
    for name, found in zip(arrays, given, strict=True):
        if found is not np and found is not xp:
            raise InputError(f"`{name}` is of another library than the arrays before it; pass all in one.")
    like = next((x for x in arrays.values() if _floats(xp, x)), None)
    if like is None and xp is not np:
        like = next(x for x, found in zip(arrays.values(), given, strict=True) if found is xp)
    read = {name: _floating(xp, x, name, like) for name, x in arrays.items()}
    first = next(iter(read))
    shape = tuple(read[first].shape)
    if not shape or shape[-1] == 0:
        raise InputError(
            f"`{first}` must have time as its last axis, with a step at least; got shape {shape}. Wrap one step: [x]."
        )
    for name, x in read.items():
        if tuple(x.shape) != shape and not (name in single and x.ndim == 0):
            raise InputError(
                f"`{name}` must have the shape of `{first}`, {shape}; got {tuple(x.shape)}. Time is the last axis of both."
            )
    return xp, list(read.values())


def _floats(xp: Any, x: Array) -> bool:
    """Whether `x` is an array of this library in floating point, whose precision numbers and lists beside it take."""
    if xp is np:
        return isinstance(x, np.ndarray) and x.dtype.kind == "f"
    return namespace(x) is xp and xp.isdtype(x.dtype, "real floating")


def _floating(xp: Any, x: Array, name: str, like: Array) -> Array:
    if xp is np:
        precise = isinstance(x, (np.ndarray, np.floating)) and x.dtype.kind == "f"
        x = _rectangular(x, name)
        if x.dtype.kind not in "fiub":
            raise InputError(f"`{name}` must hold real numbers; got dtype {x.dtype}. Convert it first.")
        x = x if precise else x.astype(np.float64 if like is None else like.dtype)
    else:
        x = _moved(xp, x, like)
        if not xp.isdtype(x.dtype, "real floating"):
            x = xp.astype(x, like.dtype if xp.isdtype(like.dtype, "real floating") else xp.asarray(1.0).dtype)
    return working(xp, x)


def _rectangular(x: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(x)
    except ValueError:
        raise InputError(
            f"`{name}` must have rows of one length; got a ragged list. Pad it, and mask the rest."
        ) from None


def _moved(xp: Any, x: Array, like: Array) -> Array:
    """`x` as an array of the library, beside `like`; a plain number takes its precision."""
    if namespace(x) is not np:
        return x
    if is_number(x) and xp.isdtype(like.dtype, "real floating"):
        return xp.full((), x, dtype=like.dtype, device=device(like))
    return xp.asarray(np.asarray(x), device=device(like))


def as_mask(xp: Any, mask: Array, like: Array, name: str = "mask") -> Array:
    """A mask of the shape of `like`, true or not 0 where a token counts."""
    mask = np.asarray(mask) if xp is np else _moved(xp, mask, like)
    if tuple(mask.shape) != tuple(like.shape):
        raise InputError(
            f"`{name}` must have the shape of the tokens, {tuple(like.shape)}; got {tuple(mask.shape)}. Pass one entry a token."
        )
    if namespace(mask) is np and mask.dtype.kind == "f" and np.isnan(mask).any():
        raise InputError(f"`{name}` must say of every token whether it counts; got NaN. Write 0 where none does.")
    boolean = mask.dtype.kind == "b" if xp is np else xp.isdtype(mask.dtype, "bool")
    return mask if boolean else mask != 0


def back(xp: Any, x: Array, like: Array) -> Array:
    """`x` in the floating dtype of the argument `like`; a float32 or float64 keeps its own."""
    if xp is np:
        dtype = np.asarray(like).dtype
        return x.astype(dtype)[()] if dtype.kind == "f" and dtype.itemsize < 4 else np.asarray(x)[()]
    halved = namespace(like) is not np and xp.isdtype(like.dtype, "real floating") and xp.finfo(like.dtype).bits < 32
    return xp.astype(x, like.dtype) if halved else x


def numbers(least: float, settings: Mapping[str, Any]) -> None:
    """Refuse a setting that is no number of at least `least`."""
    for name, value in settings.items():
        if not (is_number(value) and value >= least):
            raise InputError(f"`{name}` must be a number, {least:g} or more; got {value!r}.")


def seen(x: Array) -> bool:
    """Whether the values of an argument can be looked at without waiting for a device."""
    return namespace(x) is np


def quiet() -> Any:
    """NumPy, or NumPy in disguise, would warn of what is masked or meant to be infinite."""
    return np.errstate(all="ignore")
