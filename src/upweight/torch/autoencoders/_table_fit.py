"""Fitting an autoencoder to a table: which rows train and which judge, the loss, and the checkpoint's facts.

The trouble: a row of weight zero that is still standardised by, or a held-out row that was trained on, changes figures and says nothing.
Rows of weight zero are gone before anything is learnt; held-out rows are drawn from the key; rows of `X_valid` that stand in `X` too are
counted aloud. What is raised is the objective, what stops training is L_max(k, 50) on held-out rows, with the same noise every epoch.

What is inside: `fit_table`; `Fitted`, what came of it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from ..._errors import InputError, counted
from ...tables import row_slice, row_weights
from ..fitting import AdamStep, Training, TrainingRun, TrainingTask, key_for, train, trainable
from ..iwae import Objective, surrogate
from ..keyed import data_digest, normal_noise, seeded
from ..likelihoods import Density, ObservedRows, likelihood_of, readable, settings_to_dict
from ._answers import refuse_beyond_memory
from ._network import Network, build_network, net_document
from ._rows import TableRows, named_rows, row_keys_of, slices
from ._scoring import keyed_noise, mean_bound

__all__ = ["AutoencoderSettings", "TableFit", "fit_table", "refuse_step_beyond_memory"]

JUDGED_BY = 50  # draws of the held-out bound, at least
FEWEST = 10


@dataclass(frozen=True, eq=False)
class AutoencoderSettings:
    """What a model was asked to be, looked at."""

    k: int
    latent: tuple[int, ...]
    net: Any
    likelihood: Any
    objective: Objective
    missing: str

    def document(self) -> dict[str, Any]:
        """As JSON takes them."""
        return {
            "k": self.k,
            "latent": list(self.latent),
            "net": net_document(self.net),
            "likelihood": settings_to_dict(self.likelihood),
            "objective": asdict(self.objective),
            "missing": self.missing,
        }


@dataclass(eq=False)
class TableFit:
    """What fit leaves: the likelihood with its columns, the network, the key, the run, and an error that ended it."""

    density: Density
    network: Network
    key: int
    run: TrainingRun
    error: Exception | None = None


@trainable()
def fit_table(settings: AutoencoderSettings, training: Training, rng: Any, data: tuple[Any, Any, Any]) -> TableFit:
    """Train on (X, X_valid, sample_weight)."""
    X, X_valid, sample_weight = data
    key = key_for(rng, training)
    X, w = _living(X, _weights(sample_weight, X))
    density = likelihood_of(settings.likelihood).fitted(X, w, missing=settings.missing)
    rows = density.rows(X)
    _refuse_constant(density)
    with named_rows("X_valid"):
        held_out = None if X_valid is None else density.rows(readable(X_valid))
    network = build_network(density, settings.latent, settings.net, key=key, bias=density.start_bias(rows, w))
    network = network.to(training.device)
    trained, judging = _split(_told(rows, density, held_out), 0.0 if held_out is not None else training.valid, key)
    refuse_step_beyond_memory(min(training.batch, len(trained)), settings.k, training.pairs, density.n_outputs)
    weight = np.ones(len(rows)) if w is None else w
    losses = TableLosses(TableRows(rows, density, network, key=None), trained, settings, key, training.pairs)
    share = torch.from_numpy(weight[trained] / weight[trained].mean()).float().to(training.device)
    if held_out is not None:
        _warn_overlap(rows, held_out)
        judged = _judge(held_out, np.ones(len(held_out)), density, network, key, settings.k)
    elif len(judging):
        judged = _judge(_some(rows, judging), weight[judging], density, network, key, settings.k)
    else:
        judged = None
    task = TrainingTask(
        network,
        len(trained),
        AdamStep(network, losses, share),
        judged,
        key,
        "" if training.checkpoint is None else _digest(density, rows, held_out),
        "" if training.checkpoint is None else data_digest(w),
        settings.document(),
    )
    return _trained(task, training, density, network)


def _trained(task: TrainingTask, training: Training, density: Density, network: Network) -> TableFit:
    """The run; one that ended by an error after a whole epoch has a model all the same."""
    try:
        return TableFit(density, network, task.key, train(task, training))
    except Exception as error:
        run = getattr(error, "run", None)
        if run is None or not run.history:
            raise
        return TableFit(density, network, task.key, run, error)


class TableLosses:
    """Losses of a batch in parts: minus the surrogate, a row each."""

    def __init__(
        self, rows: TableRows, trained: np.ndarray, settings: AutoencoderSettings, key: int, pairs: int | None
    ) -> None:
        self.rows, self.settings, self.key = rows, settings, key
        self.trained = torch.from_numpy(trained)
        self.together = None if pairs is None else max(1, pairs // settings.k)

    def __call__(self, which: torch.Tensor, epoch: int, step: int) -> Iterator[tuple[slice, torch.Tensor]]:
        rows = self.rows
        x, seen = rows.batch(self.trained[which])
        if rows.density.redraws:
            x = rows.density.redrawn(x, seeded(self.key, "redraw", epoch, step, device=x.device))
        shape = len(which), self.settings.k, rows.layers.width
        noise = normal_noise(shape, self.key, "noise", epoch, step, device=rows.device)
        for part in slices(len(which), self.together or len(which)):
            batch = x[part], None if seen is None else seen[part]
            yield part, self._losses(batch, noise[part])

    def _losses(self, batch: tuple[torch.Tensor, torch.Tensor | None], noise: torch.Tensor) -> torch.Tensor:
        rows, objective = self.rows, self.settings.objective
        d = rows.layers.draws(rows.state(batch), noise, objective)
        log_w = rows.log_prob(d.seen, batch) + d.log_prior - d.log_q
        empty = rows.empty(batch)
        if empty is not None:
            log_w = torch.where(empty[:, None], 0.0, log_w)
        log_q = d.log_q if objective.estimator == "vimco" else None
        return -surrogate(log_w, objective, path=d.path, log_q=log_q)


def _judge(rows: ObservedRows, weight: np.ndarray, density: Density, network: Network, key: int, k: int):
    """The held-out bound of an epoch."""
    seen = TableRows(rows, density, network, key=key)
    noise = keyed_noise(seen, key)
    share = weight / weight.mean()
    return lambda epoch: mean_bound(seen, noise, k=max(k, JUDGED_BY), weight=share)


def _told(rows: ObservedRows, density: Density, held_out: ObservedRows | None) -> np.ndarray:
    """(n,) bool: rows of which something was observed; rows of `X_valid` of which nothing was can judge nothing."""
    if held_out is not None and held_out.seen is not None and density.empty(held_out.seen).all():
        raise InputError(
            f"`X_valid` must hold something to judge by; got {counted(len(held_out), 'row')} of gaps only. Give others, or leave it out."
        )
    return np.ones(len(rows), dtype=bool) if rows.seen is None else (~density.empty(rows.seen)).numpy()


def _split(told: np.ndarray, valid: float, key: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that train and rows that are held out, which hold something."""
    live = np.flatnonzero(told)
    held = min(max(1, round(valid * len(live))), len(live) - 1) if valid else 0
    order = torch.randperm(len(live), generator=seeded(key, "held out")).numpy()
    held_out = np.sort(live[order[:held]])
    return np.setdiff1d(np.arange(len(told)), held_out), held_out


def refuse_step_beyond_memory(rows: int, k: int, pairs: int | None, outputs: int) -> None:
    """The draws that one backward pass holds at once must fit."""
    together = rows if pairs is None else min(rows, max(1, pairs // k))
    remedy = "Use fewer draws, or a smaller batch." if together == 1 else "Use Training(pairs=...), or fewer draws."
    what = f"{counted(k, 'draw')} of the {counted(together, 'row')} of a step"
    refuse_beyond_memory(together * k, outputs, what, remedy)


def _weights(sample_weight: Any, X: Any) -> np.ndarray | None:
    if sample_weight is None:
        return None
    return row_weights(sample_weight, X.shape[0] if hasattr(X, "shape") else len(np.asarray(X)))


def _living(X: Any, w: np.ndarray | None) -> tuple[Any, np.ndarray | None]:
    """The rows of positive weight: another would teach a level, a column that varies, a grey value."""
    if w is None or w.all():
        return X, w
    live = np.flatnonzero(w)
    _refuse_few(live)
    return row_slice(X, live), w[live]


def _refuse_constant(density: Density) -> None:
    """A density that no entry enters has nothing to learn."""
    if not density.known(torch.ones(1, density.n_features_in, dtype=torch.bool)).any():
        raise InputError("`X`: no column varies, so there is nothing to learn. Give rows that differ.")


def _refuse_few(live: np.ndarray) -> None:
    if len(live) < FEWEST:
        raise InputError(f"`X` needs at least {FEWEST} rows of positive weight; got {len(live)}. Give more rows.")


def _some(rows: ObservedRows, which: np.ndarray) -> ObservedRows:
    """Some of the rows."""
    index = torch.from_numpy(which)
    x, seen = rows.take(index)
    return ObservedRows(x, seen)


def _warn_overlap(rows: ObservedRows, held_out: ObservedRows) -> None:
    known = set(row_keys_of(rows, 0))
    both = sum(key in known for key in row_keys_of(held_out, 0))
    if both:
        warnings.warn(
            f"{counted(both, 'row')} of `X_valid` ({len(held_out):,}) {'stands' if both == 1 else 'stand'} in `X` too: early stopping "
            "cannot see what is learnt by heart there. Hold out other rows.",
            UserWarning,
            stacklevel=4,
        )


def _digest(density: Density, rows: ObservedRows, held_out: ObservedRows | None) -> str:
    """Content of the rows and of the columns they are read by."""
    hashes = [np.array(row_keys_of(r, 0), dtype=np.uint64) for r in (rows, held_out) if r is not None]
    return data_digest(*hashes, np.frombuffer(json.dumps(density.to_dict()).encode(), dtype=np.uint8))
