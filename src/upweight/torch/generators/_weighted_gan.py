"""WeightedGAN: a generator of the target, from biased rows and their weights.

The trouble: rows were collected where they were easy to get, a generator learns that world with all its holes, and a remedy inside the
batch (weights divided by their sum) takes most of it back. Here the weights stand in the loss as they are, of mean one over all rows
(`mmd2`, `gan_loss`), or rows are resampled.

What is inside: `WeightedGAN`.

Source: Diesendruck, Elenberg, Sen, Cole, Shakkottai & Williamson (2018), Importance weighted generative networks, arXiv:1806.02512.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from ... import _html as html
from ..._errors import InputError, counted, printable, reading, require_choice, require_int
from ..._set_module import set_module
from ..fitting import (
    Training,
    TrainingRun,
    TrainingTask,
    in_float32,
    key_for,
    read_model,
    ready_training,
    train,
    trainable,
    training_document,
    training_of,
    write_model,
)
from ..iwae import mmd2
from ..keyed import data_digest, normal_noise, seeded, take_key
from ..likelihoods import readable
from ._columns import RealColumns, middle_distance, real_numbers
from ._networks import generator_networks, net_document, net_from, net_of
from ._rows import RealRows
from ._steps import CriticStep, MMDStep
from ._target import target_weights

__all__ = ["WeightedGAN"]

LOSSES = ("mmd", "gan")
WAYS = ("population", "batch", "resample", "median")
FEWEST = 10  # rows
JUDGED = 1000  # generated rows that are held against the held-out ones


@set_module("upweight.torch")
class WeightedGAN(BaseEstimator):
    """A generator trained on biased rows whose weights point to the target: its draws are draws of the target, about.

        mmd2 = sum_{i!=j} k(g_i, g_j)/(m(m-1)) - 2 sum_{ij} w_j k(g_i, y_j)/(mn) + sum_{j!=l} w_j w_l k(y_j, y_l)/(n(n-1))

    Parameters
    ----------
    latent : numbers of noise that a row is made of.
    loss : "mmd", a distance of kernels that needs no critic; "gan", a critic whose real terms are weighted, and the non-saturating loss.
    by : "population", unbiased over batches; "resample", rows drawn in proportion to the weights; "batch", weights divided by those of
        the batch, **biased toward no weights where batches are small**; "median" of five blocks' losses, not moved by one huge weight
        and **biased toward no weights where a fifth of a batch often holds no heavy row**: where one row in 51 was to make half of what
        is generated, batches of 100 make .34 of it (batches of 200: .49; "batch" at 100: .41; "population": .48).
    net : "mlp" (128, 128 units, ReLU), "conv", or the settings `MLP` or `Conv`, for generator and critic alike.
    training : `Training`; None is Training(300, batch=200, valid=0). valid > 0 holds rows out and keeps the epoch of the least MMD to them.
    rng : int, numpy Generator or None.

    Attributes
    ----------
    module_ : the networks. history_ : a dict an epoch. best_epoch_. verdict_ : of the weights; None without. notes_ : what
        should be known of the run.
    n_features_in_, feature_names_in_ : as in scikit-learn.

    Raises
    ------
    KindError : class or cost weights. VerdictError : weights of grade unusable. InputError : gaps, fewer than 10 rows, other settings.

    Costs: heavy weights make training noisy, and rows with no weight are never made up for: what the source has not, the target lacks.
    A generator says nothing of the density. Source: Diesendruck et al. (2018).

    >>> rng = np.random.default_rng(0)
    >>> rare = rng.random(2000) < 0.1
    >>> X = np.where(rare, 2.0, -2.0)[:, None] + rng.normal(0, 0.5, (2000, 1))         # wanted: half and half
    >>> training = Training(25, batch=128, lr=3e-3, valid=0, progress=False)
    >>> gan = WeightedGAN(2, training=training, rng=0).fit(X, sample_weight=np.where(rare, 9.0, 1.0))
    >>> bool(0.4 < (gan.sample(1000, rng=0) > 0).mean() < 0.6)
    True

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     gan.save(f"{folder}/gan.safetensors")
    ...     bool((WeightedGAN.load(f"{folder}/gan.safetensors").sample(5, rng=0) == gan.sample(5, rng=0)).all())
    True
    """

    n_features_in_: int
    feature_names_in_: np.ndarray

    def __init__(
        self,
        latent: int = 16,
        *,
        loss: str = "mmd",
        by: str = "population",
        net: Any = "mlp",
        training: Training | None = None,
        rng: Any = None,
    ) -> None:
        self.latent = latent
        self.loss = loss
        self.by = by
        self.net = net
        self.training = training
        self.rng = rng

    def set_params(self, **step_parameters: Any) -> WeightedGAN:
        """As scikit-learn has it; `training__lr=1e-4` works without a `training` too."""
        if any(name.startswith("training__") for name in step_parameters) and self.training is None:
            step_parameters.setdefault("training", _usual_training())
        return super().set_params(**step_parameters)

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> WeightedGAN:
        """Train on real rows.

        X : (n, d) numbers; all in [0, 1] and the generator ends in a sigmoid, else columns are standardised. y : not used.
        sample_weight : (n,) target over source of each row on any scale, or `Weights`; rows of weight zero are as if removed.
        Returns itself.

        Raises InputError for too few rows of positive weight and bad settings; KindError for weights that point to no target.
        """
        before = dict(vars(self))
        try:
            self._take(self._trained(X, sample_weight))
        except BaseException as error:
            run = getattr(error, "run", None)
            if run is None or not run.history:
                vars(self).clear()
                vars(self).update(before)  # a fit that fails leaves the generator that was there
            else:
                self._take(run)
            raise
        return self

    @trainable()
    def _trained(self, X: Any, sample_weight: Any) -> TrainingRun:
        training = self._settings()
        X = self._read(X)
        live, w, self.verdict_ = target_weights(sample_weight, len(X))
        X = X[live]
        _refuse_few(len(X))
        self.columns_ = RealColumns.of(X, w, getattr(self, "feature_names_in_", None))
        self._key = key_for(self.rng, training)
        x, w32 = self.columns_.inward(X), torch.as_tensor(w, dtype=torch.float32)
        self.module_ = self._networks(x.shape[1]).to(training.device)
        return train(self._task(x.to(training.device), w32.to(training.device), training), training)

    def _take(self, run: TrainingRun) -> None:
        self.history_, self.best_epoch_, self.notes_ = run.history, run.best_epoch, tuple(run.notes)
        self._made_of = self._document()  # whatever the settings become before the next fit
        self.module_.to("cpu")

    @in_float32()
    def sample(self, n: int, *, rng: Any = None) -> np.ndarray:
        """n generated rows in the user's units, (n, d) float32. rng : int, numpy Generator or None.

        Raises InputError for `n` that is no whole number above 0, and for a bad `rng`.
        """
        check_is_fitted(self, "module_")
        require_int("n", n)
        noise = normal_noise((n, self._made_of["latent"]), take_key(rng), "sample")
        with torch.no_grad():
            made = self.module_["generator"](noise)
        return self.columns_.outward(made.double().numpy())

    def save(self, path: Any) -> None:
        """Write settings and parameters to one file, whole or not at all; nothing in it runs when it is read.

        Raises InputError for a network of another kind than those it can write down; OSError where `path` cannot be written.
        """
        check_is_fitted(self, "module_")
        names = getattr(self, "feature_names_in_", None)
        document = {
            **self._made_of,
            "training": training_document(self.training),
            "rng": int(self.rng) if isinstance(self.rng, (int, np.integer)) else None,
            "columns": self.columns_.to_dict(),
            "names": None if names is None else list(names),
            "history": self.history_,
            "best_epoch": self.best_epoch_,
            "key": self._key,
        }
        write_model(path, "WeightedGAN", document, dict(self.module_.state_dict()))

    @classmethod
    def load(cls, path: Any) -> WeightedGAN:
        """A generator that `save` wrote; InputError for any other file, of which nothing is run. Its `verdict_` is None."""
        d, tensors = read_model(path, "WeightedGAN")
        with reading(f"the model {os.fspath(path)!r}", "WeightedGAN.save"):
            settings = {"loss": d["loss"], "by": d["by"], "net": net_from(d["net"])}
            made = cls(d["latent"], **settings, training=training_of(d["training"]), rng=d["rng"])
            made.columns_, made._key, made.verdict_ = RealColumns.from_dict(d["columns"]), d["key"], None
            made.n_features_in_ = len(made.columns_.mean)
            if d["names"] is not None:
                made.feature_names_in_ = np.array(d["names"], dtype=object)
            made.history_, made.best_epoch_, made.notes_ = d["history"], d["best_epoch"], ()
            made._made_of = made._document()
            made.module_ = made._networks(int(made.columns_.moving.sum()))
            made.module_.load_state_dict(tensors)
        made.module_.eval()
        return made

    def _settings(self) -> Training:
        """Every setting looked at; the training."""
        require_int("latent", self.latent)
        require_choice("loss", self.loss, LOSSES)
        require_choice("by", self.by, WAYS)
        net_of(self.net)
        training = ready_training(self.training, _usual_training())
        least = 10 if self.by == "median" else 2
        if training.batch < least:
            raise InputError(
                f"`batch` must be {least} or more for by={self.by!r}; got {training.batch}. Distances take pairs."
            )
        return training

    def _read(self, X: Any) -> np.ndarray:
        X = readable(X)
        values = real_numbers(X)
        validate_data(self, X, skip_check_array=True)  # names and number of the columns
        bad = np.isnan(values)
        if bad.any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            names = getattr(self, "feature_names_in_", None)
            name = column if names is None else repr(printable(names[column]))
            raise InputError(
                f"`X` must be finite; got {int(bad.sum()):,} NaN, first at row {row}, column {name}. Fill gaps first (IWAEImputer)."
            )
        return values

    def _document(self) -> dict[str, Any]:
        """The settings as JSON takes them."""
        return {"latent": int(self.latent), "loss": self.loss, "by": self.by, "net": net_document(net_of(self.net))}

    def _networks(self, d: int) -> nn.ModuleDict:
        critic = self.loss == "gan"
        return generator_networks(
            net_of(self.net), (int(self.latent), d), unit=self.columns_.unit, critic=critic, key=self._key
        )

    def _task(self, x: torch.Tensor, w: torch.Tensor, training: Training) -> TrainingTask:
        """What the loop is told; a share of the rows is held out where the training says so."""
        order = torch.randperm(len(x), generator=seeded(self._key, "held out"))
        held = order[: round(training.valid * len(x))]
        kept = order[len(held) :].sort().values if len(held) else torch.arange(len(x))
        _refuse_few(len(kept))
        real = RealRows(x[kept], w[kept], self.by, training.batch, self._key)
        bandwidth = middle_distance(x[kept].cpu(), torch.randperm(len(kept), generator=seeded(self._key, "bandwidth")))
        generator = self.module_["generator"]
        if self.loss == "mmd":
            stepper = MMDStep(generator, real, int(self.latent), bandwidth)
        else:
            stepper = CriticStep(generator, self.module_["critic"], real, int(self.latent))
        judge = (lambda epoch: self._judged(x[held], w[held], bandwidth)) if len(held) > 1 else None
        data, weights = (data_digest(t.cpu().numpy()) for t in (x, w))
        return TrainingTask(self.module_, len(kept), stepper, judge, self._key, data, weights, self._document())

    def _judged(self, x: torch.Tensor, w: torch.Tensor, bandwidth: float) -> float:
        """Minus the squared MMD to held-out rows, the same noise every epoch."""
        noise = normal_noise((JUDGED, self.latent), self._key, "judged", device=x.device)
        with torch.no_grad():
            return -mmd2(self.module_["generator"](noise), x, w, bandwidth=bandwidth).item()

    def __str__(self) -> str:
        if not hasattr(self, "module_"):
            return repr(self)
        last = ", ".join(
            f"{k} {v:.3g}" for k, v in self.history_[-1].items() if k not in ("epoch", "lr") and v is not None
        )
        weights = "no weights" if self.verdict_ is None else str(self.verdict_).splitlines()[0]
        return f"WeightedGAN of {counted(self.n_features_in_, 'column')}, {self.loss} by {self.by}, {counted(len(self.history_), 'epoch')}: {last}\n{weights}"

    def _repr_html_(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not hasattr(self, "module_"):
            return html.block([repr(self), "not fitted"])
        return html.block([*str(self).splitlines(), *self.notes_])


def _usual_training() -> Training:
    return Training(300, batch=200, valid=0)


def _refuse_few(n: int) -> None:
    if n < FEWEST:
        raise InputError(
            f"a generator needs {FEWEST} rows of positive weight to train on; got {counted(n, 'sample')}. Give more rows."
        )
