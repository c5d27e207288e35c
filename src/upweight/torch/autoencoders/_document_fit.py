"""Fitting an autoencoder to documents: vocabulary, network, the loss with its uncharged rate, and the checkpoint's facts.

The trouble: over text the code is given up in the first hundred steps, because it costs its KL before it is worth anything. A rate of r
nats a document is not charged for,

    raised   L_K + min(KL(q(z|x) || p(z)), r)      row by row; for K = 1 this is free bits

so that the code may tell r nats before it has to pay. The value that is logged is L_K all the same, in every bit: what is not charged
enters the gradient alone.

What is inside: `fit_documents`; `SequenceSettings`; `DocumentFit`.

Source: Kingma et al. (2016), Improving variational inference with inverse autoregressive flow, for free bits; Pelsmaeker & Aziz (2020).
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
from ...tables import row_weights
from ..fitting import AdamStep, Training, TrainingRun, TrainingTask, key_for, train, trainable
from ..iwae import Objective, surrogate
from ..keyed import data_digest, normal_noise, seeded
from ..networks import GRU
from ._collapse import kl_to_prior
from ._document_rows import DocumentRows
from ._layers import OneLayer
from ._network import Network
from ._rows import named_rows, slices
from ._scoring import keyed_noise, mean_bound
from ._table_fit import refuse_step_beyond_memory
from ._vocabulary import Documents, Vocabulary, read_documents

__all__ = ["DocumentFit", "SequenceSettings", "build_sequence_network", "document_losses", "fit_documents"]

JUDGED_BY = 50  # draws of the held-out bound, at least
FEWEST = 10


@dataclass(frozen=True, eq=False)
class SequenceSettings:
    """What a model was asked to be, looked at."""

    k: int
    latent: int
    net: GRU
    max_vocab: int
    rate: float
    objective: Objective

    def document(self) -> dict[str, Any]:
        """As JSON takes them."""
        return {
            "k": self.k,
            "latent": self.latent,
            "net": self.net.get_params(),
            "max_vocab": self.max_vocab,
            "rate": self.rate,
            "objective": asdict(self.objective),
        }


@dataclass(eq=False)
class DocumentFit:
    """What fit leaves: vocabulary, network, key, the longest document trained on, the run, and an error that ended it."""

    vocabulary: Vocabulary
    network: Network
    key: int
    longest: int
    run: TrainingRun
    error: Exception | None = None


@trainable()
def fit_documents(settings: SequenceSettings, training: Training, rng: Any, data: tuple[Any, Any, Any]) -> DocumentFit:
    """Train on (docs, docs_valid, sample_weight)."""
    docs, weight = _live(read_documents(data[0]), data[2])
    key = key_for(rng, training)
    vocabulary = Vocabulary.of(docs, settings.max_vocab)
    documents = vocabulary.numbered(docs)
    with named_rows("X_valid"):
        held_out = None if data[1] is None else vocabulary.numbered(read_documents(data[1]))
    network = build_sequence_network(settings, vocabulary, key=key).to(training.device)
    if held_out is None:
        trained, judging = _split(len(docs), training.valid, key)
        held_out, judged_by = documents.some(judging), weight[judging]
    else:
        trained = np.arange(len(docs))
        judged_by = np.ones(len(held_out))
        _warn_overlap(documents, held_out)
    rows = DocumentRows(documents, network)
    refuse_step_beyond_memory(min(training.batch, len(trained)), settings.k, training.pairs, rows.n_outputs)
    stepper = AdamStep(
        network,
        DocumentLosses(rows, trained, settings, key, training.pairs),
        torch.from_numpy(weight[trained] / weight[trained].mean()).float().to(training.device),
    )
    judge = _judge(DocumentRows(held_out, network), judged_by, key, settings.k) if len(held_out) else None
    digest = data_digest(documents.ids, documents.starts, held_out.ids, _spelled(vocabulary))
    task = TrainingTask(network, len(trained), stepper, judge, key, digest, data_digest(weight), settings.document())
    return _trained(task, training, vocabulary, network, int(documents.lengths.max()))


def build_sequence_network(settings: SequenceSettings, vocabulary: Vocabulary, *, key: int) -> Network:
    """A network over this vocabulary, on the CPU; started from the key, with the decoder's last bias at the log-shares of tokens."""
    encoder, decoder = settings.net.modules(len(vocabulary), settings.latent, generator=seeded(key, "start"))
    with torch.no_grad():
        decoder.out.bias.copy_(torch.from_numpy(vocabulary.start_bias()))
    return Network(OneLayer(encoder, settings.latent), decoder, None)


def _trained(
    task: TrainingTask, training: Training, vocabulary: Vocabulary, network: Network, longest: int
) -> DocumentFit:
    """The run; one that ended by an error after a whole epoch has a model all the same."""
    try:
        return DocumentFit(vocabulary, network, task.key, longest, train(task, training))
    except Exception as error:
        run = getattr(error, "run", None)
        if run is None or not run.history:
            raise
        return DocumentFit(vocabulary, network, task.key, longest, run, error)


class DocumentLosses:
    """Losses of a batch in parts: minus the surrogate and what is not charged, a document each."""

    def __init__(
        self, rows: DocumentRows, trained: np.ndarray, settings: SequenceSettings, key: int, pairs: int | None
    ) -> None:
        self.rows, self.settings, self.key = rows, settings, key
        self.trained = torch.from_numpy(trained)
        self.together = None if pairs is None else max(1, pairs // settings.k)

    def __call__(self, which: torch.Tensor, epoch: int, step: int) -> Iterator[tuple[slice, torch.Tensor]]:
        rows, k = self.rows, self.settings.k
        shape = len(which), k, rows.layers.width
        noise = normal_noise(shape, self.key, "noise", epoch, step, device=rows.device)
        for part in slices(len(which), self.together or len(which)):
            batch = rows.batch(self.trained[which[part]])
            yield part, document_losses(rows, batch, noise[part], self.settings)


def document_losses(rows: DocumentRows, batch: Any, noise: torch.Tensor, settings: SequenceSettings) -> torch.Tensor:
    """(B,) losses whose value is minus the bound, and whose gradient has what is not charged in it too."""
    state = rows.state(batch)
    d = rows.layers.draws(state, noise, settings.objective)
    log_w = rows.log_prob(d.seen, batch) + d.log_prior - d.log_q
    log_q = d.log_q if settings.objective.estimator == "vimco" else None
    raised = surrogate(log_w, settings.objective, path=d.path, log_q=log_q)
    if settings.rate == 0:
        return -raised
    free = kl_to_prior(*state).clamp_max(settings.rate)
    return -(raised + (free - free.detach()))


def _judge(rows: DocumentRows, weight: np.ndarray, key: int, k: int):
    """The held-out bound of an epoch."""
    noise, share = keyed_noise(rows, key), weight / weight.mean()
    return lambda epoch: mean_bound(rows, noise, k=max(k, JUDGED_BY), weight=share)


def _live(docs: list[Any], sample_weight: Any) -> tuple[list[Any], np.ndarray]:
    """Documents of positive weight and their weights."""
    w = row_weights(sample_weight, len(docs))
    weight = np.ones(len(docs)) if w is None else w
    live = np.flatnonzero(weight > 0)
    if len(live) < FEWEST:
        raise InputError(
            f"documents: {FEWEST} of positive weight are needed at least; got {len(live)}. Give more documents."
        )
    return [docs[i] for i in live], weight[live]


def _split(n: int, valid: float, key: int) -> tuple[np.ndarray, np.ndarray]:
    """Documents that train and documents that are held out."""
    held = min(max(1, round(valid * n)), n - 1) if valid else 0
    order = torch.randperm(n, generator=seeded(key, "held out")).numpy()
    return np.sort(order[held:]), np.sort(order[:held])


def _warn_overlap(documents: Documents, held_out: Documents) -> None:
    known = set(documents.row_bytes())
    both = sum(content in known for content in held_out.row_bytes())
    if both:
        warnings.warn(
            f"{counted(both, 'document')} of `X_valid` ({len(held_out):,}) {'stands' if both == 1 else 'stand'} among those trained on "
            "too: early stopping cannot see what is learnt by heart there. Hold out others.",
            UserWarning,
            stacklevel=4,
        )


def _spelled(vocabulary: Vocabulary) -> np.ndarray:
    return np.frombuffer(json.dumps(vocabulary.to_dict()).encode(), dtype=np.uint8)
