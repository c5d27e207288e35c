"""An autoencoder of documents as a file, and back: settings and words as text, each word with its type, parameters as tensors.

What is inside: `save_sequences`, `load_sequences`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._errors import reading
from ..fitting import TrainingRun, read_model, training_document, training_of, write_model
from ..iwae import Objective
from ..networks import GRU
from ._document_fit import DocumentFit, build_sequence_network
from ._training_objective import as_named
from ._vocabulary import Vocabulary

if TYPE_CHECKING:
    from ._sequence_iwae import SequenceIWAE

__all__ = ["load_sequences", "save_sequences"]

KIND = "SequenceIWAE"


def save_sequences(model: SequenceIWAE, path: Any) -> None:
    """Write a fitted model."""
    document = {
        "settings": model._made_of,
        "training": training_document(model.training),
        "vocabulary": model.vocabulary_.to_dict(),
        "longest": model.longest_,
        "key": model.key_,
        "history": model.history_,
        "best_epoch": model.best_epoch_,
        "rng": int(model.rng) if isinstance(model.rng, (int, np.integer)) else None,
    }
    tensors = {name: t.detach().cpu() for name, t in model.module_.state_dict().items()}
    write_model(path, KIND, document, tensors)


def load_sequences(cls: type[SequenceIWAE], path: Any) -> SequenceIWAE:
    """A model from a file."""
    document, tensors = read_model(path, KIND)
    with reading(f"the model {os.fspath(path)!r}", "SequenceIWAE.save"):
        s = document["settings"]
        model = cls(
            s["k"],
            latent=s["latent"],
            net=GRU(**s["net"]),
            max_vocab=s["max_vocab"],
            rate=s["rate"],
            objective=as_named(Objective(**s["objective"])),
            training=training_of(document["training"]),
            rng=document["rng"],
        )
        vocabulary = Vocabulary.from_dict(document["vocabulary"])
        key, longest = int(document["key"]), int(document["longest"])
        run = TrainingRun(key, list(document["history"]), best_epoch=int(document["best_epoch"]))
        network = build_sequence_network(model._settings(), vocabulary, key=key)
        network.load_state_dict(tensors)
    model._take(DocumentFit(vocabulary, network.eval(), key, longest, run))
    return model
