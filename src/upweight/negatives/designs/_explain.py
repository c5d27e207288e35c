"""Why a row was kept, or not: its draw, its score, the probability it was held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ... import _html as html
from ..._errors import InputError
from ..._set_module import set_module
from ...stream import draw, fold, key_array, source_of
from ..scoring import column_of, keep_probabilities, positive_rows, probabilities

__all__ = ["Explanation", "explain"]

compute: Any = pyarrow.compute  # its functions are made at run time, which type checkers do not see
MOST = 1000  # rows of one key that are looked at


@set_module("upweight.negatives")
@dataclass(frozen=True)
class Explanation:
    """The fate of the rows of one key, in the order of the data.

    key : its values. u : its draw. label, score, pi, kept : one entry a row that was found: whether it is positive, the pilot's probability (None without
    a pilot or a usable score), the keep-probability of its class, and whether it stays. Empty without data.

    >>> import numpy as np
    >>> import pyarrow as pa
    >>> from upweight.negatives import plan
    >>> rows = pa.table({"id": np.arange(100_000), "y": (np.arange(100_000) % 1000 == 0).astype("int8")})
    >>> fate = plan(rows, label="y", key="id", rule="uniform", rng=7).explain(12, data=rows)
    >>> round(fate.u, 4), fate.label, fate.kept, fate.to_dict()["key"]
    (0.2328, (False,), (False,), [12])
    """

    key: tuple[Any, ...]
    u: float
    label: tuple[bool, ...] = ()
    score: tuple[float | None, ...] = ()
    pi: tuple[float, ...] = ()
    kept: tuple[bool, ...] = ()
    searched: bool = False  # whether data were looked through

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    def __str__(self) -> str:
        """The draw, and a line a row."""
        key = ", ".join(map(repr, self.key))
        if not self.kept:
            more = (
                "no row of the data has this key"
                if self.searched
                else "a row of it stays where u < its probability; name the data to see them"
            )
            return f"key {key}: u = {self.u:.6g}; {more}"
        return "\n".join([f"key {key}: u = {self.u:.6g}", *map(self._line, range(len(self.kept)))])

    def _repr_html_(self) -> str:
        first, *rest = str(self).split("\n")
        lines = [
            ("positive" if y else "negative", "" if s is None else f"{s:.4g}", f"{pi:.6g}", "kept" if k else "not kept")
            for y, s, pi, k in zip(self.label, self.score, self.pi, self.kept, strict=True)
        ]
        return html.block([first], ["row", "score", "stays below", "fate"] if rest else (), lines)

    def _line(self, i: int) -> str:
        what = "positive" if self.label[i] else "negative"
        score = self.score[i]
        said = "" if score is None else f", score {score:.4g}"
        sign, fate = ("<", "kept") if self.kept[i] else (">=", "not kept")
        return f"  {fate}: a {what}{said}; u = {self.u:.6g} {sign} {self.pi[i]:.6g}"


def explain(design: Mapping[str, Any], needs: tuple[str, ...], key: Any, data: Any) -> Explanation:
    """The draw of a key, and the rows of it."""
    spec = design["key"]
    if isinstance(spec, str):
        raise InputError("this plan has no key: rows are known by their position. Plan with key=COLUMN.")
    values = tuple(key) if isinstance(key, (tuple, list)) else (key,)
    if len(values) != len(spec):
        names = ", ".join(part["column"] for part in spec)
        raise InputError(f"the key has {len(spec)} columns ({names}); got {len(values)} values. Give one a column.")
    arrays = [_typed(value, part) for value, part in zip(values, spec, strict=True)]
    values = tuple(array[0].as_py() for array in arrays)
    u = float(draw(*arrays, seed=design["seed"])[0])
    if data is None:
        return Explanation(values, u)
    columns = [part["column"] for part in spec]
    found = fold(source_of(data), KeyRows(dict(zip(columns, arrays, strict=True))), columns=needs)
    return _with_rows(values, u, design, found)


def _typed(value: Any, part: Mapping[str, str]) -> pa.Array:
    """One value as the key column holds it; digits are read as a number where the key is one."""
    kinds = {"int64": pa.int64(), "utf8": pa.large_string(), "bytes": pa.large_binary()}
    try:
        given = int(value) if part["as"] == "int64" and isinstance(value, str) else value
        given = str(given) if part["as"] == "utf8" and given is not None else given
        return pa.array([given], kinds[part["as"]])
    except (ValueError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(f"key column {part['column']!r} is {part['as']}; {value!r} is not.") from error


@dataclass(frozen=True)
class KeyMatches:
    """Rows of one key so far."""

    rows: pa.Table

    def __add__(self, other: KeyMatches) -> KeyMatches:
        return KeyMatches(pa.concat_tables([self.rows, other.rows]).slice(0, MOST))

    def result(self) -> pa.Table:
        return self.rows


@dataclass(frozen=True)
class KeyRows:
    """Finds the rows of a key: {column: its value as an array of one}."""

    key: Mapping[str, pa.Array]

    def of(self, rows: pa.Table) -> KeyMatches:
        """Those among some rows."""
        there = np.ones(rows.num_rows, dtype=bool)
        for name, value in self.key.items():
            column = key_array(column_of(rows, name), f"key column {name!r}")
            same = (
                column.is_null()
                if value.null_count
                else compute.equal(column, value.cast(column.type)[0]).fill_null(False)
            )
            there &= np.asarray(same)
        return KeyMatches(rows.filter(pa.array(there)).slice(0, MOST))


def _with_rows(values: tuple[Any, ...], u: float, design: Mapping[str, Any], rows: pa.Table) -> Explanation:
    label, pilot = design["label"], design["pilot"]
    y = positive_rows(rows, label["column"], label["positive"])
    kept = keep_probabilities(design, rows)
    pi = np.where(y, kept.pi1, kept.pi0)
    p = np.full(len(y), np.nan) if pilot["kind"] == "none" else probabilities(pilot, rows)
    score = tuple(None if np.isnan(v) else float(v) for v in p)
    return Explanation(
        values, u, tuple(bool(v) for v in y), score, tuple(float(v) for v in pi), tuple(bool(v) for v in u < pi), True
    )
