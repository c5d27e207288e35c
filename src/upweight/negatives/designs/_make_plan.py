"""From data to a plan: one pass for counts and pilot rows, then everything else from these few thousand rows.

    shift   c with  N0 mean_W sigmoid(e + c) + N1 mean_P sigmoid(e + c) = N1     the pilot promises as many positives as there are
    rate    kappa pi1 N1 / N0
    scale   mean_W pi0 = rate
    L       A: M^-1,  L: I,  prediction: M^-1/2;   M = second moment of (1, z) over P        ("optimal")

Source: Wang, Zhang and Wang, NeurIPS (2021); Fithian and Hastie (2014).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ..._errors import InputError, is_number
from ..._rng import as_generator
from ...stream import DRAW, POSITION, EngineSource, Source, fold, source_of
from ..scoring import (
    ModelPilot,
    Rule,
    SavedModel,
    column_of,
    fit_linear,
    keep_probabilities,
    key_spec,
    label_spec,
    linear_score,
    norm_of,
    numbers_of,
    probabilities,
    raw_columns,
    refuse_thinned,
    root_of,
    rounded,
    scale_of,
    sigmoid,
)
from ._forecast import Forecast, kept_error, variance_factors
from ._key_tally import share_for
from ._pilot import Pilot, as_pilot
from ._pilot_rows import PilotSets
from ._plan import Plan
from ._plan_pass import PlanPass, PlanTally, log_odds

__all__ = ["plan"]

FEW_POSITIVES = 10
MOST_ROWS_A_KEY = 100
MORE = 1.1  # rows looked at over those that are wanted, if all rows were negative
KNOWS = 0.99  # area from which a column is asked whether it knows the outcome


def plan(
    data: Any,
    *,
    label: Any,
    key: str | Sequence[str] | None,
    per_positive: float = 5.0,
    pilot: str | Pilot = "linear",
    rule: str | Rule = "proportional",
    rng: Any = 0,
) -> Plan:
    """Decide how many negatives to keep for each positive, and which, before anything is thrown away.

        pi0 = min(1, max(floor rho, scale p(x))),   rho = per_positive N1 / N0

    Parameters
    ----------
    data : path, folder, pattern or list of them (Parquet, CSV; local or URI), `stream.Source`, a table (pandas, polars, Arrow), a Spark DataFrame or a
        Ray Dataset (whose workers need upweight). label : column of 0/1 or booleans, or (column, positive value). key : column or columns that
        identify a row for ever, whole numbers, text or bytes; None for its position. per_positive : kappa, negatives kept for each positive.
    pilot : "linear", "column:NAME", the path of a model or a `Pilot`. rule : "proportional", "optimal", "local", "uniform" or a `Rule`.
    rng : seed, Generator (which gives one) or None; recorded in the plan.

    Returns
    -------
    Plan: `apply(rows)`, `pi(rows)`, `correction(rows)`, `forecast`, `save(path)`.

    Raises
    ------
    InputError : one class only, fewer than ten positives (except for "uniform"), labels that are not 0/1, keys of a kind that other engines hash
        otherwise, a column that is not there.

    Costs: (1 + 1/kappa) times the variance of training on everything, in `forecast.factor_offset`; one pass over label, key and features.
    Source: Wang, Zhang and Wang, NeurIPS (2021), arXiv 2110.13048.

    >>> ids = np.arange(100_000)
    >>> rows = pa.table({"id": ids, "y": (ids % 1000 == 0).astype("int8")})
    >>> p = plan(rows, label="y", key="id", rule="uniform", rng=7)
    >>> p.apply(rows).num_rows, round(p.forecast.factor_offset, 3)
    (603, 1.199)
    """
    source = source_of(data)
    refuse_thinned(source.schema.names)
    column, value = label_spec(label)
    rule = rule if isinstance(rule, Rule) else Rule(rule)
    pilot = as_pilot(pilot)
    kappa = _checked_kappa(per_positive)
    seed = _seed_of(rng)
    empty = source.schema.empty_table()
    positive_type = column_of(empty, column).type
    spec = key_spec(empty, key)
    names = [n for n in source.schema.names if n not in {column, *_key_names(spec)}]
    features = list(pilot.features) if pilot.features is not None else names
    look = PlanPass(
        label=column,
        positive=value,
        key=spec,
        seed=seed,
        features=tuple(_wanted_columns(features, source.schema.names)) or None,
        score=pilot.features[0] if pilot.kind == "column" and pilot.features else None,
        most=(None if pilot.normaliser is None else pilot.rows + max(pilot.normaliser, 1000), pilot.rows),
        below=(1.0, 1.0),
        share=None if isinstance(spec, str) else share_for(source.rows),
    )
    seen = _passed(source, look)
    counts = _refuse_counts(seen, rule, look)
    if look.features is None and not rule.flat:
        raise InputError("the pilot has no column to learn from. Use rule='uniform', or name features.")
    design: dict[str, Any] = {
        "draw": DRAW,
        "seed": seed,
        "key": spec,
        "label": {"column": column, "positive": _value_of_positive(positive_type, value)},
        "rule": _rule_part(rule, kappa, counts),
        "pilot": {"kind": "none"},
    }
    made = _with_pilot(design, rule, pilot, features, seen)
    return Plan(design, _forecast_of(design, made, seen, source.bytes), source.to_dict(), tuple(made.notes))


class Made(NamedTuple):
    """What was found for a design: the rows it was found on, the pilot that foresees (of "uniform" it decides nothing), what is to be told."""

    sets: PilotSets | None
    pilot: dict[str, Any]
    notes: list[str]


def _with_pilot(design: dict[str, Any], rule: Rule, pilot: Pilot, features: list[str], seen: PlanTally) -> Made:
    """Fit the pilot into the design; of "uniform" only for the forecast, where it can be fitted."""
    notes = ["there is nothing to thin: every negative stays"] if design["rule"]["rate"] >= 1 else [FLAT] * rule.flat
    if seen.pilot is None or seen.counts[1] < FEW_POSITIVES:
        return Made(None, design["pilot"], [BLIND, *notes])
    sets = seen.pilot.result(rows=pilot.rows, fitted=pilot.kind == "linear", normaliser=pilot.normaliser)
    try:
        part, skipped = _pilot_part(pilot, features, sets, seen.counts)
    except InputError:
        if not rule.flat:
            raise
        return Made(None, design["pilot"], [BLIND, *notes])
    if not rule.flat:
        design["pilot"] = part
        design["rule"] |= _scale_part(rule, design, sets)
        notes += [f"the pilot skips {name!r}: {why}" for name, why in skipped.items()]
        notes += _told_outcome(_area(design, sets))
    return Made(sets, part, notes)


FLAT = "thinned evenly, the offset is biased where the model's logit is wrong; weights are not, and cost more"
BLIND = "no column tells positives apart here, so the variance foreseen is a lower bound"


def _area(design: dict[str, Any], sets: PilotSets) -> float:
    """The area under the ROC curve of the pilot, positives against the normalising negatives."""
    one, zero = (probabilities(design["pilot"], t) for t in (sets.positives, sets.normaliser))
    one, zero = one[np.isfinite(one)], np.sort(zero[np.isfinite(zero)])
    ranks = np.searchsorted(zero, one, side="left") + np.searchsorted(zero, one, side="right")
    return float(ranks.mean() / (2 * len(zero)))


def _told_outcome(auc: float) -> list[str]:
    """A pilot that is almost always right has seen the answer."""
    if auc < KNOWS:
        return []
    text = f"the pilot tells positives from negatives almost perfectly (AUC {auc:.4f}): does a column know the outcome?"
    warnings.warn(text, UserWarning, stacklevel=3)
    return [text]


def _passed(source: Source | EngineSource, look: PlanPass) -> PlanTally:
    """One pass; negatives that cannot be among the pilot rows are not looked at, unless too few were found (then again, without that limit)."""
    columns = list(
        dict.fromkeys(
            [
                look.label,
                *(POSITION if isinstance(look.key, str) else [k["column"] for k in look.key]),
                *(look.features or ()),
            ]
        )
    )
    if look.most[0] is not None and source.rows:
        limit = (
            MORE * (1.2 * look.most[0] + 50) / source.rows
        )  # where positives are not a tenth of the rows this is enough
        look = replace(look, below=(min(1.0, limit), 1.0))
    seen = fold(source, look, columns=columns)
    if seen.pilot is not None and seen.pilot.short:
        seen = fold(source, look.everywhere(), columns=columns)
    return seen


def _wanted_columns(features: list[str], names: list[str]) -> list[str]:
    """Columns behind features; those that are not there are refused."""
    wanted = list(dict.fromkeys(f if f in names else f.removesuffix(":level") for f in features))
    for name in wanted:
        if name not in names:
            raise InputError(f"feature {name!r} is not a column; there are {', '.join(map(repr, names[:12]))}.")
    return wanted


def _value_of_positive(kind: Any, value: Any) -> Any:
    """The label that is positive, as the plan stores it: the one named, True of booleans, 1 of numbers."""
    return (True if pa.types.is_boolean(kind) else 1) if value is None else value


def _checked_kappa(per_positive: Any) -> float:
    if not is_number(per_positive) or not 0 < per_positive < np.inf:
        raise InputError(f"`per_positive` must be a finite number above 0; got {per_positive!r}. Leave it at 5.")
    return float(per_positive)


def _seed_of(rng: Any) -> int:
    """The seed: itself, or one that a Generator gives."""
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        if not 0 <= rng < 2**63:
            raise InputError(f"`rng` must be a seed, 0 <= seed < 2^63; got {rng!r}.")
        return int(rng)
    return int(as_generator(rng).integers(2**63 - 1))


def _key_names(spec: list[dict[str, str]] | str) -> set[str]:
    return set() if isinstance(spec, str) else {part["column"] for part in spec}


def _refuse_counts(seen: PlanTally, rule: Rule, look: PlanPass) -> tuple[int, int]:
    """(negatives, positives), both present, enough positives for a pilot, enough keys for a sample."""
    zeros, ones = seen.counts
    if len(seen.others) > 1:
        a, b = seen.others
        raise InputError(
            f"label {look.label!r} holds {a!r} and {b!r} beside {look.positive!r}; two classes are needed. Make it boolean."
        )
    if not ones or not zeros:
        what = "positives" if not ones else "negatives"
        raise InputError(f"a sample needs both classes; got 0 {what} in {zeros + ones:,} rows. Check the label.")
    if seen.keys is not None and seen.keys.rows_per_key > MOST_ROWS_A_KEY:
        raise InputError(
            f"the key has {seen.keys.rows_per_key:,.0f} rows a key on average, which are kept or left together; {MOST_ROWS_A_KEY} at most. Name a "
            "finer key."
        )
    if ones < FEW_POSITIVES and not rule.flat:
        raise InputError(f"a pilot needs {FEW_POSITIVES} positives or more; got {ones}. Use rule='uniform'.")
    return zeros, ones


def _rule_part(rule: Rule, kappa: float, counts: tuple[int, int]) -> dict[str, Any]:
    """The rule in a design; of "uniform" nothing is left to find."""
    rate = kappa * rule.positives * counts[1] / counts[0]
    part = {
        "score": rule.score,
        "criterion": rule.criterion if rule.score == "optimal" else None,
        "per_positive": kappa,
        "rate": rate,
        "floor": float(rule.floor),
        "positives": float(rule.positives),
    }
    return part | ({"scale": rate, "omega": 1.0} if rule.flat else {"scale": None, "omega": None})


def _pilot_part(
    pilot: Pilot, features: list[str], sets: PilotSets, counts: tuple[int, int]
) -> tuple[dict[str, Any], dict[str, str]]:
    """(the pilot in a design, fitted and shifted to the prevalence; columns it skips and why)."""
    if pilot.kind == "column":
        name = features[0]
        e = [log_odds(numbers_of(column_of(t, name), name), name) for t in (sets.normaliser, sets.positives)]
        return {"kind": "column", "column": name, "shift": _shift_of(e[0], e[1], counts)}, {}
    if pilot.classifier is not None:
        return _model_part(pilot.classifier, features, sets, counts), {}
    fitted = pa.concat_tables([sets.negatives, sets.positives])
    y = np.arange(fitted.num_rows) >= sets.negatives.num_rows
    found = fit_linear(fitted, y, features, l2=pilot.l2)
    part: dict[str, Any] = {"kind": "linear", "intercept": found.intercept, "shift": 0.0, "terms": found.terms}
    e = [linear_score(part, t) for t in (sets.normaliser, sets.positives)]
    shift = rounded(_shift_of(e[0], e[1], counts))
    return part | {"intercept": found.intercept + shift, "shift": shift}, found.skipped


def _model_part(model: SavedModel, features: list[str], sets: PilotSets, counts: tuple[int, int]) -> ModelPilot:
    """The part of a pilot that is a fitted classifier."""
    zero, one = (model.score(tuple(features), t) for t in (sets.normaliser, sets.positives))
    shift = _shift_of(np.log(zero) - np.log1p(-zero), np.log(one) - np.log1p(-one), counts)
    part = {"kind": "model", "file": model.file, "sha256": model.sha256, "features": features, "shift": shift}
    return ModelPilot.of(part, model)


def _shift_of(negatives: np.ndarray, positives: np.ndarray, counts: tuple[int, int]) -> float:
    """The shift of the log-odds at which the pilot promises as many positives as there are."""
    e0, e1 = (e[np.isfinite(e)] for e in (negatives, positives))
    if not len(e0) or not len(e1):
        raise InputError("the pilot has no usable score among the rows of a class. Use another pilot.")

    def over(c: float) -> float:
        return counts[0] * float(sigmoid(e0 + c).mean()) + counts[1] * float(sigmoid(e1 + c).mean()) - counts[1]

    low, high = -1.0, 1.0
    while over(low) > 0:
        low *= 2
    while over(high) < 0:
        high *= 2
    return root_of(over, low, high)


def _scale_part(rule: Rule, design: dict[str, Any], sets: PilotSets) -> dict[str, Any]:
    """What a rule finds out from the normalising negatives: scale and omega, and of "optimal" its transform."""
    rate = design["rule"]["rate"]
    if rule.score == "local" or rate >= 1:
        return {}
    p = probabilities(design["pilot"], sets.normaliser)
    more: dict[str, Any] = {}
    t = p
    if rule.score == "optimal":
        if design["pilot"]["kind"] != "linear":
            raise InputError(
                "rule 'optimal' needs the columns of a linear pilot. Use pilot='linear', or 'proportional'."
            )
        more = _transform_part(rule.criterion, sets, design["pilot"])
        t = p * norm_of(design["rule"] | more, sets.normaliser, design["pilot"])
    scale = scale_of(t[np.isfinite(t)], rate=rate, floor=rule.floor)
    return more | {"scale": scale, "omega": rate / scale}


def _transform_part(criterion: str, sets: PilotSets, pilot: dict[str, Any]) -> dict[str, Any]:
    """mean, sd and transform L of the columns z, from the positives."""
    columns = np.column_stack(raw_columns(sets.positives, pilot))
    mean, sd = columns.mean(axis=0), columns.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    z = np.column_stack([np.ones(len(columns)), (columns - mean) / sd])
    moment = z.T @ z / len(z)
    values, vectors = np.linalg.eigh(moment)
    values = np.maximum(values, values.max() * 1e-10)
    powers = {"A": -1.0, "L": 0.0, "prediction": -0.5}
    transform = (vectors * values ** powers[criterion]) @ vectors.T
    return {
        "mean": [rounded(m) for m in mean],
        "sd": [rounded(s) for s in sd],
        "transform": [[rounded(v) for v in row] for row in transform],
    }


def _forecast_of(design: dict[str, Any], made: Made, seen: PlanTally, bytes_in: int | None) -> Forecast:
    """What the sample will hold and cost."""
    zeros, ones = seen.counts
    rate, pi1 = min(1.0, design["rule"]["rate"]), design["rule"]["positives"]
    gain, sets = None, made.sets
    if sets is None:
        pi0_w, everything = np.full(1, rate), True
        share = ones / (zeros + ones)  # the prevalence stands in for what a pilot would say of the positives
        factors = variance_factors(np.array([share]), np.array([rate]), np.array([pi1]))
        kept_ones = ones * pi1
    else:
        pi0_w, everything = keep_probabilities(design, sets.normaliser).pi0, sets.all_negatives
        at = keep_probabilities(design, sets.positives)
        p = probabilities(made.pilot, sets.positives)
        fine = np.isfinite(p)
        factors = variance_factors(p[fine], at.pi0[fine], at.pi1[fine])
        kept_ones = ones * float(at.pi1.mean())
        if made.pilot["kind"] == "linear" and design["rule"]["score"] in ("proportional", "optimal") and rate < 1:
            rule = design["rule"] | _transform_part("prediction", sets, made.pilot)
            norms = norm_of(rule, sets.positives, made.pilot)
            gain = 1 - float(norms.mean()) ** 2 / float((norms**2).mean())
    kept = zeros * float(pi0_w.mean())
    size = None if bytes_in is None else int(bytes_in * (kept + kept_ones) / max(zeros + ones, 1))
    keys = (None, None) if seen.keys is None else (seen.keys.distinct, seen.keys.rows_per_key)
    error = kept_error(pi0_w, zeros, everything=everything)
    return Forecast(zeros + ones, ones, zeros, kept, error, size, *factors, gain, *keys)
