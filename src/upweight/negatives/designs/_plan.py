"""A plan: a sampling design as a document, from which every row's keep-probability and draw can be derived again.

    u from the key, pi0 and pi1 from the row:   a negative stays iff u < pi0,  a positive iff u < pi1
    offset  log pi1 - log pi0                    on every kept row, positives included
    weight  1/pi of the row's own class

Only `design` decides which rows are kept; its canonical text gives the plan its `id`. Whether a row is kept depends on that row alone,
so the same rows are kept from one file, from many, in any order, on any engine.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ... import _html as html
from ..._errors import InputError
from ..._set_module import set_module
from ..._undo import Correction
from ..._version import __version__
from ...files import write_whole
from ...stream import DRAW, POSITION, Sql, canonical, draw
from ..scoring import (
    MOST_TERMS,
    OWN,
    Kept,
    ModelPilot,
    SavedModel,
    ScoringCost,
    arrow_table,
    is_gap,
    keep_probabilities,
    key_columns,
    like_input,
    positive_rows,
    probabilities,
    refuse_batch_without_key,
    refuse_thinned,
    refuse_types,
    scoring_cost,
    sql_of,
    statement,
)
from ._explain import Explanation, explain
from ._forecast import Forecast
from ._sample_tally import SampleTally

__all__ = ["Plan"]

FORMAT = "upweight.plan/1"
WORTH = 0.1  # gain of "optimal" from which it is
KNOWN = {"draw", "seed", "key", "label", "rule", "pilot"}
VARIES = "π varies by row"
REMEDY = "pass the rows, or train with the offset"


@set_module("upweight.negatives")
@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """A sampling design; made by `upweight.negatives.plan`, or read by `Plan.load`.

    design : what decides rows, as plain values. forecast : what was foreseen. source : what data it was made from. notes : what was seen while it
    was made, in words; not saved.

    >>> import pyarrow as pa
    >>> import numpy as np
    >>> from tempfile import TemporaryDirectory
    >>> from upweight.negatives import plan
    >>> ids = np.arange(100_000)
    >>> rows = pa.table({"id": ids, "y": (ids % 1000 == 0).astype("int8"), "x": ids % 7 + 0.0})
    >>> p = plan(rows, label="y", key="id", rng=7)
    >>> kept = p.apply(rows)
    >>> kept.num_rows, round(float(p.pi(rows).max()), 4), p.scores(rows).shape, p.correction(kept).status
    (602, 0.0052, (100000,), 'exact')
    >>> print(p.summary().splitlines()[0])
    100,000 rows, 100 positives; 500 ± 22 negatives stay (0.60 % of the rows): 1.20 times the variance of training on all rows (by weights 1.20)
    >>> p.cost(rows).rows, p.explain(5, data=rows).kept
    (100000, (False,))
    >>> p.schema(rows.schema).names, p.tally(rows, kept).kept_negatives
    (['id', 'y', 'x', '_uw_pi', '_uw_offset', '_uw_weight'], 502)
    >>> p.sql().split()[0], len(p.sql_parts())
    ('select', 2)
    >>> with TemporaryDirectory() as folder:
    ...     p.save(f"{folder}/plan.json")
    ...     Plan.load(f"{folder}/plan.json").to_json() == p.to_json()
    True
    >>> p.plot(rows).get_xlabel()
    "the pilot's probability (logarithmic axis)"
    """

    design: Mapping[str, Any]
    forecast: Forecast
    source: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The fingerprint of the design: plans of one id keep the same rows."""
        return "sha256:" + hashlib.sha256(canonical(self.design).encode()).hexdigest()

    # ---- rows ---------------------------------------------------------------------------------------------------------------

    def pi(self, rows: Any) -> np.ndarray:
        """(n,) float64, the probability with which each row would be kept if it were negative.

        rows : a table with the columns that the pilot reads. Raises InputError for missing columns or other types.
        """
        return self._kept(arrow_table(rows)).pi0

    def scores(self, rows: Any) -> np.ndarray:
        """(n,) float64, the pilot's probability that each row is positive, shifted to the prevalence; NaN where it says nothing.

        rows : a table with the columns that the pilot reads. Raises InputError for a plan without a pilot, missing columns or other types.
        """
        if self.design["pilot"]["kind"] == "none":
            raise InputError("a uniform plan has no pilot, so rows have no score. Plan with rule='proportional'.")
        return probabilities(self.design["pilot"], arrow_table(rows))

    def apply(self, rows: Any) -> Any:
        """The rows that stay, in the kind of table that came, with `_uw_pi`, `_uw_offset` and `_uw_weight`.

        rows : a table with key, label and the columns that the pilot reads. The index of a pandas frame is not kept.
        Raises InputError for labels, keys or columns that the plan does not fit.

        Costs: one pass, a few nanoseconds a row and column.
        """
        table = rows if isinstance(rows, pa.RecordBatch) else arrow_table(rows)
        refuse_thinned(table.schema.names)
        refuse_batch_without_key(rows, self.design["key"])
        label = self.design["label"]
        positive = positive_rows(table, label["column"], label["positive"])
        kept = self._kept(table)
        u = draw(*key_columns(table, self.design["key"]), seed=self.design["seed"])
        at = np.flatnonzero(u < np.where(positive, kept.pi1, kept.pi0))
        out = table.take(pa.array(at))
        pi0, pi1, positive = kept.pi0[at], kept.pi1[at], positive[at]
        values = (pi0, np.log(pi1) - np.log(pi0), 1 / np.where(positive, pi1, pi0))
        for name, value in zip(OWN, values, strict=True):
            out = out.append_column(name, pa.array(value))
        return like_input(out, rows)

    def correction(self, rows: Any = None) -> Correction:
        """How to give the odds back.

        rows : kept rows, for an offset a row; None for a rule that keeps every negative with one probability. Returns a `Correction`: exact for rows, exact
        for "uniform"; without rows it is impossible for any other rule.

        Raises InputError for rows that are no table, or lack a column that the plan reads.
        """
        rule = self.design["rule"]
        if rule["score"] == "uniform":
            return Correction.kept(negatives=min(1.0, rule["rate"]), positives=rule["positives"], design=self.id)
        if rows is None:
            return Correction.impossible(VARIES, remedy=REMEDY)
        kept = self._kept(arrow_table(rows))
        return Correction.offset(np.log(kept.pi1) - np.log(kept.pi0), design=self.id)

    # ---- as a kernel --------------------------------------------------------------------------------------------------------

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that deciding needs: label, key, what the pilot reads."""
        key = self.design["key"]
        keys = list(POSITION) if isinstance(key, str) else [k["column"] for k in key]
        return tuple(dict.fromkeys([self.design["label"]["column"], *keys, *self.reads]))

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that the pilot reads."""
        pilot = self.design["pilot"]
        read = [t["column"] for t in pilot.get("terms", [])] + ([pilot["column"]] if "column" in pilot else [])
        return tuple(dict.fromkeys([*read, *(f.removesuffix(":level") for f in pilot.get("features", []))]))

    @property
    def types(self) -> dict[str, pa.DataType]:
        """Types of the plan's columns, by which text is read: a key of digits stays the text that it was."""
        plain = {str(kind): kind for kind in (pa.int64(), pa.float64(), pa.string(), pa.bool_())}
        return {name: plain[said] for name, said in self.source.get("schema", []) if said in plain}

    def schema(self, incoming: pa.Schema) -> pa.Schema:
        """The columns of the kept rows: those that came, and three of ours; columns that would be read otherwise than planned are refused."""
        refuse_types(self.design, incoming, dict(self.source.get("schema", ())))
        return pa.schema([*incoming, *(pa.field(name, pa.float64()) for name in OWN)])

    def tally(self, incoming: pa.RecordBatch, outgoing: pa.RecordBatch) -> SampleTally:
        """Counts of a batch before and after, for the manifest.

        Raises InputError for labels with gaps, or that are not the two of the plan.
        """
        label = self.design["label"]
        before = positive_rows(incoming, label["column"], label["positive"])
        after = positive_rows(outgoing, label["column"], label["positive"])
        unscored = 0  # a linear pilot has a number for every row, and so has a model where no row has a gap
        kind = self.design["pilot"]["kind"]
        if kind == "column" or (kind == "model" and any(is_gap(incoming.column(name)).any() for name in self.reads)):
            unscored = int(np.count_nonzero(self._kept(incoming).unscored))
        return SampleTally.of(before, after, np.asarray(outgoing.column(OWN[0])), unscored)

    def sql_parts(self) -> Sql | None:
        """The plan as Spark SQL; None where it has no native form."""
        return sql_of(self.design)

    def sql(self) -> str:
        """The plan as one Spark SQL statement over a view called `rows`: the same rows, with the same three columns.

        Raises InputError for plans without a native form: rows by position, rule "optimal", a model as pilot, more than 32 terms.
        """
        parts = self.sql_parts()
        if parts is None:
            raise InputError(
                f"this plan has no SQL form (rows by position, rule 'optimal', a model as pilot, or more than {MOST_TERMS} terms). Use stream.on_spark(df, plan)."
            )
        return statement(parts)

    def explain(self, key: Any, *, data: Any = None) -> Explanation:
        """Why the rows of a key are kept, or not.

        key : the value of the key column, or one value a column. data : where to look for the rows, all that `plan` takes; None: only the draw is told.
        Returns an `Explanation`. Raises InputError for values that the key cannot hold.
        """
        return explain(self.design, self.needs, key, data)

    def _kept(self, table: pa.Table | pa.RecordBatch) -> Kept:
        return keep_probabilities(self.design, table)

    def cost(self, data: Any) -> ScoringCost | None:
        """What scoring costs beside reading, measured on the first rows.

        data : all that `plan` takes. Returns a `ScoringCost`: `reads`, and a text; None for rows that Spark or Ray holds.

        Raises InputError for data that are neither paths nor a table, or that lack a column that the plan reads.

        Costs: a read of up to 262,144 rows.
        """
        return scoring_cost(self.pi, self.design["pilot"]["kind"], data)

    # ---- the document -------------------------------------------------------------------------------------------------------

    def to_json(self) -> str:
        """The document `upweight.plan/1`; the same bytes for the same data and seed."""
        facts = {
            "format": FORMAT,
            "id": self.id,
            "design": self.design,
            "forecast": self.forecast.to_dict(),
            "source": self.source,
            "made_by": f"upweight {__version__}",
        }
        return canonical(facts) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document, whole or not at all; where the pilot is a model, its file first, beside it."""
        self.save_model(Path(path).parent)
        write_whole(Path(path), self.to_json().encode())

    def save_model(self, folder: str | os.PathLike[str]) -> None:
        """Write the file of the pilot's model into a folder; nothing for other pilots.

        >>> from pathlib import Path
        >>> import numpy as np
        >>> import pyarrow as pa
        >>> from tempfile import TemporaryDirectory
        >>> from upweight.negatives import plan
        >>> rows = pa.table({"id": np.arange(1000), "y": np.arange(1000) % 50 == 0, "x": np.arange(1000) % 7 + 0.0})
        >>> with TemporaryDirectory() as folder:
        ...     p = plan(rows, label="y", key="id", rng=7)
        ...     p.save_model(folder)
        ...     p.save(f"{folder}/plan.json")
        ...     Path(folder, "plan.json").exists()
        True
        """
        pilot = self.design["pilot"]
        if isinstance(pilot, ModelPilot):
            write_whole(Path(folder) / pilot["file"], pilot.model.content)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Plan:
        """Read a document.

        Raises InputError for a file that is no plan, a newer format, a design with fields unknown here, one that was edited, or one whose model is not
        beside it as it was.
        """
        try:
            facts = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{str(path)!r}: the plan cannot be read ({error.strerror}).") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{str(path)!r} is not a plan: {error}. Make one: upweight negatives plan.") from error
        return plan_from(facts, str(path), partial(_read_beside, Path(path).parent))

    def summary(self) -> str:
        """The forecast, the pilot's largest terms, and what was noted, one a line."""
        terms = sorted(self.design["pilot"].get("terms", []), key=_reach, reverse=True)[:5]
        largest = ", ".join(f"{t['column']} {_reach(t):.1f}" for t in terms)
        lines = [
            str(self.forecast),
            *([f"pilot: log-odds move by {largest}" + (" ..." if len(terms) == 5 else "")] if terms else []),
        ]
        gain = self.forecast.optimal_gain
        if gain is not None:
            worth = "worth it" if gain >= WORTH else "not worth it"
            lines.append(f"rule optimal would shrink what sampling adds by {100 * gain:.0f} %: {worth}")
        return "\n".join([*lines, *self.notes, f"id {self.id}"])

    def plot(self, rows: Any, ax: Any = None) -> Any:
        """Keep-probability against score of some rows, the picture of `upweight.plots.keep`; gives back the Axes."""
        from ...plots import keep

        return keep(self, rows, ax=ax)

    def _repr_html_(self) -> str:
        terms = sorted(self.design["pilot"].get("terms", []), key=_reach, reverse=True)[:5]
        moves = [(t["column"], t["kind"], f"{_reach(t):.2f}") for t in terms]
        head = ("pilot's column", "", "log-odds move by") if moves else ()
        return html.block([self.forecast, *self.notes], head, moves, after=[f"id {self.id}"], left=2)

    def __repr__(self) -> str:
        return f"Plan({self.design['rule']['score']}, {self.id[7:19]}, {self.forecast})"


def _reach(term: Mapping[str, Any]) -> float:
    """How far a term moves the log-odds over what it sees."""
    if term["kind"] == "number":
        return abs(term["coef"]) * (term["high"] - term["low"])
    return max([*term["values"], 0.0]) - min([*term["values"], 0.0])


def _read_beside(folder: Path, name: str) -> bytes | None:
    """What a file of a folder holds, None if there is none."""
    try:
        return (folder / name).read_bytes()
    except OSError:
        return None


def plan_from(facts: Any, name: str, read: Callable[[str], bytes | None]) -> Plan:
    """A plan from its document; `read` gives the content of a file beside it."""
    if not isinstance(facts, dict) or not str(facts.get("format", "")).startswith("upweight.plan/"):
        raise InputError(f"{name!r} is not a plan of upweight. Make one: upweight negatives plan.")
    design = facts.get("design")
    if facts["format"] != FORMAT or not isinstance(design, dict) or set(design) != KNOWN or design["draw"] != DRAW:
        raise InputError(
            f"{name!r} is a plan of format {facts['format']!r} with a design unknown here; use a newer upweight."
        )
    try:
        plan = Plan(design, Forecast(**facts["forecast"]), facts["source"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{name!r}: the plan lacks a part ({error}). Plan again.") from error
    if plan.id != facts.get("id"):
        raise InputError(
            f"{name!r} was edited: its design gives id {plan.id[:19]}..., the file says otherwise. Plan again."
        )
    return _with_model(plan, name, read) if design["pilot"].get("kind") == "model" else plan


def _with_model(plan: Plan, name: str, read: Callable[[str], bytes | None]) -> Plan:
    """The plan with the model that its design names, if that lies beside it as it was."""
    pilot = plan.design["pilot"]
    file = str(pilot["file"])
    content = None if {"/", "\\"} & set(file) else read(file)
    if content is None:
        raise InputError(
            f"{name!r}: the pilot's model {file!r} is not beside the plan. Restore the file, or plan again."
        )
    model = SavedModel(content, text=file.endswith(".txt"))
    if model.sha256 != pilot["sha256"]:
        raise InputError(
            f"{name!r}: the pilot's model {file!r} is not the one that the plan was made with. Restore the file, or plan again."
        )
    _ = model.loaded  # refused here, and not in the middle of a run
    return replace(plan, design={**plan.design, "pilot": ModelPilot.of(pilot, model)})
