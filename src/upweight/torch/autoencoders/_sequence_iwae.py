"""Autoencoders of documents: a code for a sentence, its likelihood, its perplexity, and whether the code is used at all.

The trouble: over text a decoder foretells the next token so well that the code is given up, and nothing in a bound shows it; the
perplexity is printed without its unknown words; and rows of different lengths are padded until somebody counts the padding. With q the
encoder's,

    L_K(x) = E log mean_k p(x, z_k) / q(z_k|x),      log p(x|z) = sum over tokens and <eos> of log p(x_t | x_<t, z)

What is inside: `SequenceIWAE`. Its work is done in the files beside it.

Sources: Bowman et al. (2016), Generating sentences from a continuous space, 1511.06349; Burda, Grosse & Salakhutdinov (2016); Kingma et
al. (2016) for free bits; Pelsmaeker & Aziz (2020), 1904.08194.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ... import _html as html
from ..._errors import InputError, is_number, require_int
from ..._set_module import set_module
from ..fitting import Training, ready_training
from ..iwae import Draws, LogLikelihood, as_objective, log_likelihood
from ..keyed import seeded, take_key
from ..networks import GRU
from ._anomaly import AnomalyScore
from ._answers import active_counts, codes, drawn, given_codes
from ._collapse import Collapse, collapsed
from ._document_fit import DocumentFit, SequenceSettings, fit_documents
from ._document_rows import DocumentRows, written
from ._scoring import log_weights_of, mean_score
from ._sequence_file import load_sequences, save_sequences
from ._training_objective import history_of, power_note, training_objective
from ._vocabulary import perplexity, read_documents, unknown_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SequenceIWAE"]

DEFEND = 0.1


@set_module("upweight.torch")
class SequenceIWAE(BaseEstimator):
    """An autoencoder of documents, trained with k weighted draws a document; documents are lists of hashable tokens.

        L_k(x) = log mean_k p(x, z_k) / q(z_k|x)

    Parameters
    ----------
    k : draws a document in training; 1 is a VAE.
    latent : dimensions of the code. net : "gru", or the settings GRU.
    max_vocab : most tokens that are known, by how often they come; all others are one, <unk>.
    rate : nats of KL(q(z|x) || p(z)) a document that are not charged for, so that the code is used; free bits where k is 1.
    objective : `iwae.Objective` or the name of an estimator.
    training : Training; None is Training(). rng : int, Generator or None; one integer is taken, and everything random follows from it.

    Attributes
    ----------
    history_ : list of a dict an epoch: "value" (weighted mean of the objective, nats, without what is not charged), "held_out"
        (L_max(k, 50) or None), "lr"; "is_bound" is False beside the value of a power above 1. module_ : `.layers`, `.decoder`. best_epoch_. notes_. vocabulary_ : tokens as numbered from 2 on.
        key_ : the integer.

    Raises
    ------
    InputError : text that is not split into tokens, fewer than ten documents, settings that break a rule. UpweightError : a loss that is
        not finite; the model then keeps the best parameters so far.

    Costs: a step a token, and without a rate the code is usually not used: see `collapse`. A rate costs likelihood. No rival of
    language models. Source: Bowman et al. (2016); Burda et al. (2016); Kingma et al. (2016).

    >>> docs = [("a b c" if i % 2 else "c c b a b").split() for i in range(40)]
    >>> settings = Training(60, batch=20, lr=2e-2, valid=0, progress=False)
    >>> model = SequenceIWAE(2, latent=2, net=GRU(16, embed=8), training=settings, rng=0).fit(docs)
    >>> 1.1 < model.perplexity(docs) < 1.25                          # two sentences, 5 tokens on the average: 2^(1/5) = 1.149
    True

    >>> from tempfile import TemporaryDirectory
    >>> model.encode(docs).shape, model.transform(docs[:3]).shape, len(model.decode(model.encode(docs[:3]))), len(model.reconstruct(docs[:3]))
    ((40, 2), (3, 2), 3, 3)
    >>> ll = model.log_likelihood(docs[:4], k=50)
    >>> ll.value.shape, model.score_samples(docs[:4], k=50).shape, bool(-8 < model.score(docs[:4]) < 0), model.draw(docs[:4], 5).log_w.shape
    ((4,), (4,), True, torch.Size([4, 5]))
    >>> len(model.sample(1, rng=0)), model.anomaly(docs[:4], k=50).score.shape, model.collapse(docs, k=16).latent, model.active_units(docs)
    (1, (4,), 2, 0)
    >>> with TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.safetensors")
    ...     SequenceIWAE.load(f"{folder}/model.safetensors").perplexity(docs[:4]) == model.perplexity(docs[:4])
    True
    >>> model.plot().get_xlabel()
    'epoch'
    """

    def __init__(
        self,
        k: int = 5,
        *,
        latent: int = 32,
        net: Any = "gru",
        max_vocab: int = 10_000,
        rate: float = 0.0,
        objective: Any = "standard",
        training: Training | None = None,
        rng: Any = None,
    ) -> None:
        self.k = k
        self.latent = latent
        self.net = net
        self.max_vocab = max_vocab
        self.rate = rate
        self.objective = objective
        self.training = training
        self.rng = rng

    def set_params(self, **step_parameters: Any) -> SequenceIWAE:
        """As scikit-learn has it; `training__lr=1e-4` and `net__hidden=64` work where the defaults stand too."""
        if any(name.startswith("training__") for name in step_parameters) and self.training is None:
            step_parameters.setdefault("training", Training())
        if any(name.startswith("net__") for name in step_parameters) and self.net == "gru":
            step_parameters.setdefault("net", GRU())
        return super().set_params(**step_parameters)

    # ---- fit ------------------------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, *, X_valid: Any = None, sample_weight: Any = None) -> SequenceIWAE:
        """Train on documents, weighted; the best parameters on held-out documents are kept.

        X : list of lists of tokens (text, numbers, booleans, None), ten at least; an empty one ends at once. y : ignored. X_valid :
        documents to stop on; None holds out a share of X. sample_weight : (n,) numbers or `Weights` of any kind; a document of weight
        zero is as if it were not there.

        Raises InputError for too few documents of positive weight, and for weights that are not one finite number >= 0 a document.
        """
        training = ready_training(self.training, Training())
        found = fit_documents(self._settings(), training, self.rng, (X, X_valid, sample_weight))
        self._take(found)
        if found.error is not None:
            raise found.error
        return self

    def _settings(self) -> SequenceSettings:
        """The settings, looked at."""
        require_int("latent", self.latent)
        require_int("max_vocab", self.max_vocab)
        net = GRU() if isinstance(self.net, str) and self.net == "gru" else self.net
        if not isinstance(net, GRU):
            raise InputError(f"`net` must be 'gru' or GRU; got {self.net!r}. Write GRU(128, embed=96).")
        net.refuse_wrong()
        if not is_number(self.rate) or not 0 <= self.rate < math.inf:
            raise InputError(f"`rate` must be a number of nats, 0 or more; got {self.rate!r}. 5.0 keeps a code in use.")
        objective = training_objective(self.objective, self.k)
        return SequenceSettings(int(self.k), int(self.latent), net, int(self.max_vocab), float(self.rate), objective)

    def _take(self, found: DocumentFit) -> None:
        """Keep what fit left."""
        self.vocabulary_, self.module_, self.key_ = found.vocabulary, found.network, found.key
        self.history_, self.best_epoch_ = history_of(found.run.history, self.objective), found.run.best_epoch
        self.longest_ = found.longest
        self._made_of = self._settings().document()  # whatever the settings become before the next fit
        self.notes_ = (*found.run.notes, *power_note(self.objective))

    def _rows(self, X: Any) -> DocumentRows:
        """Documents as the fitted model sees them."""
        check_is_fitted(self, "module_")
        return DocumentRows(self.vocabulary_.numbered(read_documents(X)), self.module_)

    # ---- likelihood -----------------------------------------------------------------------------------------------------------

    def log_likelihood(self, X: Any, *, k: int = 5000, chunk: int = 2048, defend: float = DEFEND) -> LogLikelihood:
        """log p(x) of each document, its end included, by k weighted draws, and which are not to be believed.

        k, chunk, defend : as `IWAE.log_likelihood`. Returns LogLikelihood, (n,) float64, in nats a document.

        Raises InputError for documents that `fit` would refuse, and for counts of draws that are no whole numbers above 0.
        """
        rows = self._rows(X)
        require_int("k", k)
        return log_likelihood(log_weights_of(rows, key=self.key_, k=k, defend=defend), len(rows), k=k, chunk=chunk)

    def score_samples(self, X: Any, *, k: int = 1000) -> np.ndarray:
        """log p(x) of each document in nats, (n,) float64: `log_likelihood(X, k=k).value`."""
        return np.array(self.log_likelihood(X, k=k).value)

    def score(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> float:
        """Weighted mean of `score_samples`, in nats a document; larger is better.

        Raises InputError for documents that `fit` would refuse, for weights that are not one finite number >= 0 a document; KindError for class and cost
        weights, which have no mean.
        """
        return mean_score(self.score_samples(X), sample_weight)

    def perplexity(self, X: Any, *, k: int = 256) -> float:
        """exp(-sum log p(x) / sum N) over documents, N their tokens with the end of each; by k of the encoder's draws, so too high.

        Warns where words are unknown, with their share: they all count as one, <unk>, so that a small vocabulary looks good; and where
        none was in training, since its log p is noise.

        Raises InputError for documents that `fit` would refuse.
        """
        rows = self._rows(X)
        ll = log_likelihood(log_weights_of(rows, key=self.key_, k=k, defend=0.0), len(rows), k=k)
        line = unknown_line(rows.documents.ids, seen=self.vocabulary_.counts[1])
        if line:
            warnings.warn(line, UserWarning, stacklevel=2)
        return perplexity(ll.value, rows.documents.lengths)

    def anomaly(self, X: Any, *, k: int = 1000) -> AnomalyScore:
        """Minus log p(x) of each document, larger is stranger, and which scores are unreliable; a long document is strange by its length.

        As a detector it adds nothing to speak of over -ELBO; see `IWAE.anomaly`.
        """
        ll = self.log_likelihood(X, k=k)
        return AnomalyScore(-ll.value, ll.ess, ll.khat, ll.ok, k)

    # ---- codes ----------------------------------------------------------------------------------------------------------------

    def encode(self, X: Any, *, k: int = 100) -> np.ndarray:
        """Posterior means of z by the weights of k draws, (n, latent) float32; k=0: the encoder's own mean.

        Raises InputError for documents that `fit` would refuse.
        """
        return codes(self._rows(X), key=self.key_, k=k)

    def transform(self, X: Any) -> np.ndarray:
        """`encode` of 100 draws, as scikit-learn calls it."""
        return self.encode(X)

    def active_units(self, X: Any, *, threshold: float = 0.01) -> int:
        """How many latent dimensions the encoder uses: whose mean has a variance over documents above `threshold`.

        Raises InputError for documents that `fit` would refuse, and for a `threshold` below 0.
        """
        return active_counts(self._rows(X), key=self.key_, threshold=threshold)[0]

    def collapse(self, X: Any, *, k: int = 256) -> Collapse:
        """Whether the code is used: the verdict, KL, what more draws gain, ESS and active units; see `Collapse`.

        Raises InputError for documents that `fit` would refuse, and for `k` that is no whole number above 0.
        """
        rows = self._rows(X)
        return collapsed(rows, key=self.key_, k=k, active=self.active_units(X), rate=self._made_of["rate"])

    def draw(self, X: Any, k: int, *, objective: Any = None) -> Draws:
        """k draws of each document with their graph, as `iwae.draw` gives them; the same draws at every call.

        Raises InputError for documents that `fit` would refuse, an unknown objective, and more draws than fit into memory.

        X : documents, as in `fit`. k : draws. objective : as of `IWAE.draw`.
        """
        rows = self._rows(X)
        return drawn(rows, as_objective(self.objective if objective is None else objective), key=self.key_, k=k)

    # ---- documents ------------------------------------------------------------------------------------------------------------

    def reconstruct(self, X: Any, *, k: int = 100) -> list[list[Any]]:
        """The documents that the codes of X stand for: `decode(encode(X, k=k))`."""
        return self.decode(self.encode(X, k=k))

    def decode(self, z: Any) -> list[list[Any]]:
        """Documents of codes z (n, latent), the likeliest token each time; '<unk>' stands for words that were not known.

        Raises InputError for codes of another width, NaN or infinities.
        """
        check_is_fitted(self, "module_")
        return self._written(given_codes(z, self._made_of["latent"]), None)

    def sample(self, n: int, *, mean: bool = False, rng: Any = None) -> list[list[Any]]:
        """n new documents, at most as long as the longest trained on. mean : the likeliest token each time. rng : int, Generator or None.

        Raises InputError for `n` that is no whole number above 0, and for a bad `rng`.
        """
        check_is_fitted(self, "module_")
        require_int("n", n)
        generator = seeded(take_key(rng), "sample", device=next(self.module_.parameters()).device)
        code = torch.randn(
            n, self._made_of["latent"], generator=generator, device=generator.device, dtype=torch.float32
        )
        return self._written(code, None if mean else generator)

    def _written(self, code: torch.Tensor, generator: torch.Generator | None) -> list[list[Any]]:
        decoder: Any = self.module_.decoder
        code = code.to(next(self.module_.parameters()).device)
        return written(decoder, self.vocabulary_, code, longest=self.longest_, generator=generator)

    # ---- files, pictures ------------------------------------------------------------------------------------------------------

    def save(self, path: Any) -> None:
        """Write the model to one file, whole or not at all: settings and words as text, parameters as tensors, nothing that runs.

        Raises OSError where `path` cannot be written; a file that was there stays as it was.
        """
        check_is_fitted(self, "module_")
        save_sequences(self, path)

    @classmethod
    def load(cls, path: Any) -> SequenceIWAE:
        """A model that `save` wrote, on the CPU. Raises InputError for any other file, of which nothing is run."""
        return load_sequences(cls, path)

    def plot(self, ax: Any = None) -> Axes:
        """The bound of every epoch; see `upweight.plots.history`."""
        from ...plots import history

        check_is_fitted(self, "module_")
        return history(self.history_, ax=ax)

    def _repr_html_(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not hasattr(self, "module_"):
            return html.block([repr(self), "not fitted"])
        known = f"{len(self.vocabulary_.words):,} tokens known, best epoch {self.best_epoch_} of {len(self.history_)}"
        return html.block([repr(self), known, *self.notes_])
