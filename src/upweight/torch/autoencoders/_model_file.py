"""An autoencoder as a file, and back.

The trouble: settings, columns, parameters and key belong together, and a file that lacks one gives other figures. All of them go in, as
text and tensors; classes come from the package, modules of the user's from the user.

What is inside: `save_iwae`, `load_iwae`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._errors import InputError, reading
from ..fitting import TrainingRun, read_model, training_document, training_of, write_model
from ..iwae import Objective
from ..likelihoods import density_of, settings_of
from ._network import build_network, net_from
from ._table_fit import TableFit
from ._training_objective import as_named

if TYPE_CHECKING:
    from ._iwae import IWAE

__all__ = ["load_iwae", "save_iwae"]

KIND = "IWAE"


def save_iwae(model: IWAE, path: Any) -> None:
    """Write a fitted model."""
    document = {
        "settings": model._made_of,
        "training": training_document(model.training),
        "density": model.density_.to_dict(),
        "key": model.key_,
        "history": model.history_,
        "best_epoch": model.best_epoch_,
        "rng": int(model.rng) if isinstance(model.rng, (int, np.integer)) else None,
    }
    tensors = {name: t.detach().cpu() for name, t in model.module_.state_dict().items()}
    write_model(path, KIND, document, tensors)


def _refuse_net(document: Any, path: Any, net: Any) -> None:
    """Modules that a file lacks, or that it has no place for."""
    with reading(f"the model {os.fspath(path)!r}", "IWAE.save"):
        saved = document["settings"]["net"]
        own = saved["name"] == "own"
        modules = ", ".join(saved["modules"]) if own else ""
    if own and net is None:
        raise InputError(
            f"the model {os.fspath(path)!r} was trained with modules of your own ({modules}), which a file does not hold: "
            "pass net=(encoder, decoder)."
        )
    if not own and net is not None:
        raise InputError(
            f"the model {os.fspath(path)!r} holds its own network, {saved['name']!r}, and `net` is for modules of yours. Leave it out."
        )


def load_iwae(cls: type[IWAE], path: Any, net: Any) -> IWAE:
    """A model from a file; with modules of the user's, `net` takes their place."""
    document, tensors = read_model(path, KIND)
    _refuse_net(document, path, net)
    with reading(f"the model {os.fspath(path)!r}", "IWAE.save"):
        s = document["settings"]
        latent = tuple(s["latent"])
        chosen = net_from(s["net"], net)
        model = cls(
            s["k"],
            latent=latent[0] if len(latent) == 1 else (latent[0], latent[1]),
            net=chosen,
            likelihood=settings_of(s["likelihood"]),
            objective=as_named(Objective(**s["objective"])),
            missing=s["missing"],
            training=training_of(document["training"]),
            rng=document["rng"],
        )
        density = density_of(document["density"])
        key, history, best = int(document["key"]), list(document["history"]), int(document["best_epoch"])
    network = build_network(density, latent, chosen, key=key, bias=None)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(
            f"the model {os.fspath(path)!r} has parameters of other sizes than `net`: {error}. Pass its own modules."
        ) from None
    model._take(TableFit(density, network.eval(), key, TrainingRun(key, history, best_epoch=best)))
    return model
