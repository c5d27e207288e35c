"""Check a sample: are its files whole, does it add up to what there was, does its pilot still tell the truth?

    HORVITZ    z = ( sum over kept negatives of 1/pi0  -  N0 ) / sqrt( sum (1 - pi0)/pi0^2 * rows a key )       |z| < 4, and so for positives
    SIZE       kept negatives against what was foreseen, 4 standard errors
    DRIFT      weighted positives against those that the pilot expects, in ten bins of its probability
    DISAGREE   the model by offset against the model by weights

Source: Horvitz and Thompson, JASA 47 (1952); Hausman (1978).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ..._check import Reason, Verdict
from ..._errors import InputError, VerdictError, counted
from ..._weights import Weights
from ...stream import Output, source_of
from ..designs import Plan
from ..scoring import OWN, positive_rows, probabilities, raw_columns
from ._disagree import Disagreement, disagreement
from ._sample import Sample
from ._sample_check import SampleCheck, ScoreBin

__all__ = ["check"]

SURE = 4.0  # standard errors: one false alarm in 16,000
LEVEL = 0.01
UNSCORED = 0.01
BINS = 10
OFF = 0.2  # observed over expected that far from one, beside SURE standard errors, is drift
FEW_UNIFORM = 5.0  # negatives a positive below which the test of uniform samples rejects right models
CLOSE = 1e-9


class KeptRows(NamedTuple):
    """Kept rows: columns that the pilot reads (None where they were not kept), labels, pi0, offset, weight."""

    table: pa.Table | None
    y: np.ndarray
    pi0: np.ndarray
    offset: np.ndarray
    weight: np.ndarray


def check(
    thin: Sample | str | os.PathLike[str], *, plan: Plan | str | None = None, data: Any = None, strict: bool = False
) -> SampleCheck:
    """Everything known about a sample, in sentences, with a grade and the one thing to do.

        z = ( sum_kept 1/pi0 - N0 ) / sqrt( sum_kept (1 - pi0)/pi0^2 )

    Parameters
    ----------
    thin : a `Sample` or its folder. plan : for rows that another engine wrote, their plan. data : where the rows came from; its files are compared with
        those of the plan. strict : raise if the grade is "unusable".

    Returns
    -------
    SampleCheck, whose text is one screen.

    Raises
    ------
    InputError : a folder that holds no finished sample. VerdictError : under `strict`, if the sample is unusable.

    Costs: one read of the sample, two fits of the pilot's columns; nothing is changed.
    Source: Horvitz and Thompson (1952).

    >>> import tempfile
    >>> from upweight.negatives import plan, sample
    >>> ids = np.arange(100_000)
    >>> rows = pa.table({"id": ids, "y": (ids % 1000 == 0).astype("int8")})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     thin = sample(rows, plan(rows, label="y", key="id", rule="uniform", rng=7), f"{folder}/thin")
    ...     check(thin).grade
    'good'
    """
    thin = thin if isinstance(thin, Sample) else Sample.open(thin, plan=plan)
    broken = list(_damaged(thin))
    if broken:
        return _finished(SampleCheck(thin.out, thin.plan.id, tuple(broken), _figures_of(thin)), strict)
    rows = _rows_of(thin)
    figures = _figures_of(thin) | _positives_of(thin, rows)
    weights = None if rows.y.all() else Weights.of(rows.weight[~rows.y], kind="inclusion", design=thin.plan.id).check()
    bins = _score_bins(rows, thin.plan)
    apart = _disagree_of(rows, thin.plan)
    if apart is not None:
        figures |= {"disagree": apart.statistic, "disagree_p": apart.p}
    files = "" if data is None else source_of(data).changes_since(thin.plan.source)
    reasons = [*_horvitz(figures), *_of_weights(weights), *_of_files(files), *_size(figures), *_drift(bins)]
    reasons += [*_of_disagreement(apart, thin.plan, figures), *_edges(rows, thin.plan), *_duplicates(figures)]
    return _finished(SampleCheck(thin.out, thin.plan.id, tuple(reasons), figures, bins, weights), strict)


def _finished(made: SampleCheck, strict: bool) -> SampleCheck:
    if strict and made.grade == "unusable":
        raise VerdictError(str(made))
    return made


# ---- figures ----------------------------------------------------------------------------------------------------------------


def _figures_of(thin: Sample) -> dict[str, float]:
    """Numbers of the manifest and of the forecast."""
    m, forecast = thin.manifest, thin.plan.forecast
    names = ("rows", "positives", "negatives", "kept_positives", "kept_negatives", "unscored", "inverse_pi")
    figures = {name: m[name] for name in names}
    figures["rows_per_key"] = forecast.rows_per_key or 1.0
    variance = m["inverse_pi_variance"] * figures["rows_per_key"]
    figures["horvitz_z"] = (m["inverse_pi"] - m["negatives"]) / np.sqrt(variance) if variance > 0 else 0.0
    figures["per_positive"] = m["kept_negatives"] / max(m["kept_positives"], 1)
    share = m["negatives"] / forecast.negatives
    figures["foreseen"] = forecast.kept_negatives * share
    figures["foreseen_se"] = forecast.kept_negatives_se * max(share, np.sqrt(share)) * np.sqrt(figures["rows_per_key"])
    return {k: float(v) for k, v in figures.items()}


def _positives_of(thin: Sample, rows: KeptRows) -> dict[str, float]:
    """What the kept positives add up to; where all were kept there is nothing to be off by."""
    w, there = rows.weight[rows.y], thin.manifest["positives"]
    variance = float((w * w - w).sum()) * (thin.plan.forecast.rows_per_key or 1.0)
    off = float(w.sum()) - there
    z = off / np.sqrt(variance) if variance > 0 else 0.0 if abs(off) < CLOSE * there else np.copysign(np.inf, off)
    return {"inverse_pi1": float(w.sum()), "horvitz_z1": float(z)}


def _rows_of(thin: Sample) -> KeptRows:
    """The kept rows, with the pilot's columns if all were kept."""
    label, source = thin.plan.design["label"], thin.source
    if label["column"] not in source.schema.names:
        raise InputError(
            f"{thin.out!r} was written without its label {label['column']!r}, which a check needs. Keep that column."
        )
    pilot = [n for n in thin.plan.needs if n in source.schema.names]
    table = thin.table(list(dict.fromkeys([*pilot, label["column"], *OWN])))
    read = [n for n in thin.plan.reads if n not in table.schema.names]
    own = [table[name].to_numpy() for name in OWN]
    return KeptRows(None if read else table, positive_rows(table, label["column"], label["positive"]), *own)


def _score_bins(rows: KeptRows, plan: Plan) -> tuple[ScoreBin, ...]:
    """Weighted positives seen and expected, by tenths of the positives' scores."""
    if rows.table is None or plan.design["pilot"]["kind"] == "none" or not rows.y.any():
        return ()
    p = probabilities(plan.design["pilot"], rows.table)
    fine = np.isfinite(p)
    edges = np.unique(np.quantile(p[fine & rows.y], np.linspace(0, 1, BINS + 1)[1:-1]))
    at = np.searchsorted(edges, p, side="right")
    out = []
    for k in range(len(edges) + 1):
        here = fine & (at == k)
        if not here.any():
            continue
        w, y = rows.weight[here], rows.y[here]
        gap = w * (y - p[here])
        out.append(
            ScoreBin(
                float(p[here].min()),
                float(p[here].max()),
                int(here.sum()),
                float((w * y).sum()),
                float((w * p[here]).sum()),
                float(gap.sum() / max(np.sqrt((gap**2).sum()), 1e-300)),
            )
        )
    return tuple(out)


def _disagree_of(rows: KeptRows, plan: Plan) -> Disagreement | None:
    """The two fits of a linear pilot's columns, where the test holds its level."""
    rule, pilot = plan.design["rule"], plan.design["pilot"]
    if rows.table is None or pilot["kind"] != "linear" or rule["rate"] >= 1 or rows.y.all() or not rows.y.any():
        return None
    X = np.column_stack(raw_columns(rows.table, pilot))
    return disagreement(X, rows.y, offset=rows.offset, weight=rows.weight)


# ---- reasons ----------------------------------------------------------------------------------------------------------------


def _damaged(thin: Sample) -> Iterator[Reason]:
    """Parts that are not there, or hold other bytes than were written."""
    place = Output(thin.out, thin.filesystem)
    if thin.manifest["engine"] == "external":
        return
    parts = [t for t in thin.manifest["tasks"] if t["file"] is not None]
    gone = [t["file"] for t in parts if not place.there(f"data/{t['file']}")]
    if gone:
        yield Reason(
            "FILES", "unusable", "files", f"{len(gone)} of {len(parts)} parts are missing, first {gone[0]}", AGAIN
        )
    other = [t["file"] for t in parts if t["file"] not in gone and _sha256(place, f"data/{t['file']}") != t["sha256"]]
    if other:
        text = f"{len(other)} of {len(parts)} parts hold other bytes than were written, first {other[0]}"
        yield Reason("CHECKSUM", "unusable", "files", text, AGAIN)


AGAIN = "restore the file, or sample again into a new folder: the same rows come out"


def _sha256(place: Output, name: str) -> str:
    digest = hashlib.sha256()
    with place.system.open_input_stream(place.path(name)) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _horvitz(f: dict[str, float]) -> Iterator[Reason]:
    for what, total, z in (("negatives", "inverse_pi", "horvitz_z"), ("positives", "inverse_pi1", "horvitz_z1")):
        if abs(f[z]) < SURE:
            continue
        text = f"1/pi of the kept {what} adds up to {f[total]:,.0f} of {f[what]:,.0f} (z = {f[z]:+.1f}), beyond {SURE:.0f} standard errors"
        advice = (
            "the rows kept are not those that the plan draws: was the data filtered or joined in between? Sample again"
        )
        yield Reason("HORVITZ", "unreliable", "adds up", text, advice)


def _of_weights(verdict: Verdict | None) -> Iterator[Reason]:
    """What the trunk says of the negatives' weights."""
    for r in () if verdict is None else verdict.reasons:
        if r.grade != "good":
            code = "KHAT" if r.line == "tail" else "ESS"
            advice = "raise the rule's floor, or per_positive; an offset does not need these weights"
            yield Reason(code, r.grade, "weights", f"of the negatives: {r.text}", advice)


def _of_files(said: str) -> Iterator[Reason]:
    if said:
        yield Reason("FILES", "usable", "files", said, "plan again on all of them if the positives' share has moved")


def _size(f: dict[str, float]) -> Iterator[Reason]:
    off = f["kept_negatives"] - f["foreseen"]
    if abs(off) > SURE * f["foreseen_se"]:
        text = f"{counted(f['kept_negatives'], 'negative stays', 'negatives stay')}, {f['foreseen']:,.0f} ± {f['foreseen_se']:,.0f} were foreseen"
        yield Reason(
            "SIZE", "usable", "size", text, "the data is not that of the plan; what is kept is right all the same"
        )
    if f["unscored"] > UNSCORED * f["rows"]:
        text = f"no usable score, and kept at the plain rate: {counted(f['unscored'], 'row')} ({100 * f['unscored'] / f['rows']:.1f} %)"
        yield Reason("UNSCORED", "usable", "scores", text, "fill the score column, or plan with a linear pilot")


def _drift(bins: tuple[ScoreBin, ...]) -> Iterator[Reason]:
    bad = [b for b in bins if abs(b.z) > SURE and abs(b.observed / max(b.expected, 1e-300) - 1) > OFF]
    if bad:
        b = max(bad, key=lambda b: abs(b.z))
        text = (
            f"{len(bad)} of {counted(len(bins), 'score bin')} off: from {b.low:.2g} to {b.high:.2g} the pilot expects {b.expected:,.0f} positives, "
            f"{b.observed:,.0f} are there"
        )
        yield Reason(
            "DRIFT",
            "usable",
            "pilot",
            text,
            "the sample is right, but less accurate than foreseen: plan again on newer rows",
        )


def _of_disagreement(apart: Disagreement | None, plan: Plan, f: dict[str, float]) -> Iterator[Reason]:
    rule = plan.design["rule"]
    if apart is None or apart.p >= LEVEL or (rule["score"] == "uniform" and rule["per_positive"] < FEW_UNIFORM):
        return
    text = f"offset and weights give different linear models (chi-square {apart.statistic:.1f} of {apart.degrees}, p = {apart.p:.1g})"
    advice = "a linear model of these columns is wrong, or the pilot knew these labels: use weights, a richer model, or another pilot"
    yield Reason("DISAGREE", "usable", "model", text, advice)


def _edges(rows: KeptRows, plan: Plan) -> Iterator[Reason]:
    """Notes: how many kept negatives stand at the floor, and at one."""
    rule, pi = plan.design["rule"], rows.pi0[~rows.y]
    if rule["score"] == "uniform" or rule["rate"] >= 1 or not len(pi):
        return
    least = rule["floor"] * rule["rate"]
    at_floor, at_cap = float((pi <= least * (1 + CLOSE)).mean()), float((pi >= 1 - CLOSE).mean())
    if at_floor > 0:
        yield Reason(
            "FLOOR",
            "good",
            "floor",
            f"{100 * at_floor:.1f} % of the kept negatives stand at the least keep-probability {least:.2g}",
        )
    if at_cap > 0:
        yield Reason("CAP", "good", "cap", f"{100 * at_cap:.1f} % of the kept negatives were kept for sure")


def _duplicates(f: dict[str, float]) -> Iterator[Reason]:
    if f["rows_per_key"] > 1:
        text = f"{f['rows_per_key']:.2f} rows a key share a draw; standard errors here count keys, so should yours"
        yield Reason("DUPLICATES", "good", "keys", text)
