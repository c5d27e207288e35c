"""Importance-weighted autoencoders as one model: fit, score, encode, fill, draw.

The trouble: an autoencoder with K weighted draws is usually a notebook: its loss is logged and is no bound, the encoder runs K times, a
row's likelihood is off by nats and nobody says so, a killed run begins anew, and the file that is shared runs code. With q the encoder's,

    L_K(x) = E log mean_k p(x, z_k) / q(z_k|x)  <=  log p(x),      z_k ~ q(z|x)

trained out it is a better density model than one with K = 1 (per epoch; in equal time the gain is gone while both are short), and its
weights say of each row whether its likelihood, code or imputation may be believed.

What is inside: `IWAE`. Its work is done in the files beside it, a chapter each.

Sources: Burda, Grosse & Salakhutdinov (2016), arXiv:1509.00519; Tucker et al. (2019), 1810.04152; Mattei & Frellsen (2019), 1812.02633.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import nn

from ... import _html as html
from ..._errors import InputError, require_choice, require_flag, require_int
from ..._set_module import set_module
from ..fitting import Training, ready_training
from ..iwae import Draws, LogLikelihood, Objective, as_objective, log_likelihood
from ..keyed import take_key
from ..likelihoods import likelihood_of, readable
from ._anomaly import AnomalyScore
from ._answers import active_counts, codes, decoded, drawn, given_codes, reconstructed, sampled
from ._collapse import Collapse, collapsed
from ._impute import best_guess, fillings
from ._model_file import load_iwae, save_iwae
from ._network import net_of
from ._rows import TableRows
from ._scoring import log_weights_of, mean_score
from ._table_fit import AutoencoderSettings, TableFit, fit_table
from ._training_objective import history_of, power_note, training_objective

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["IWAE"]

DEFEND = 0.1


@set_module("upweight.torch")
class IWAE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An autoencoder trained with k weighted draws a row: a density model whose rows know whether to be believed.

        L_k(x) = log mean_k p(x, z_k) / q(z_k|x)

    Parameters
    ----------
    k : draws a row in training; 1 is a VAE.
    latent : dimensions of z; a pair, such as (100, 50), is two stochastic layers, the first the one that decodes.
    net : "mlp", "conv", MLP, Conv, or a pair of modules (encoder, decoder): (B, inputs) -> (B, 2 latent), means before log-scales, and
        (..., latent) -> (..., outputs of the likelihood). Modules are copied and begin as they are, in float32.
    likelihood : "bernoulli" (values in [0, 1]), "gaussian", "categorical", "counts", "mixed" (a table), or one of the classes.
    objective : `iwae.Objective` or the name of an estimator. A power above 1 is no lower bound.
    missing : "refuse", or "mar": gaps are taken as missing at random, and log p is of what was observed.
    training : Training; None is Training().
    rng : int, Generator or None. One integer is taken, and everything random follows from it.

    Attributes
    ----------
    history_ : list of a dict an epoch: "value" (weighted mean of the objective, nats), "held_out" (L_max(k, 50), or None), "lr";
        "is_bound" is False beside the value of a power above 1.
    module_ : the network: `.layers`, `.decoder`, `.own`, whose call gives the sigma of Gaussian("shared") or ("column"), in standard
        deviations of a column. best_epoch_ : counted from 0. notes_ : what should be known of data and run.
    n_features_in_, feature_names_in_ : as in scikit-learn. key_ : the integer. density_ : the fitted likelihood.

    Raises
    ------
    InputError : settings or data that break a rule, a checkpoint of another run. UpweightError : a loss that is not finite; the model
        then keeps the best parameters so far.

    Costs: a step grows as batch times k. In equal *time* the gain is gone while both are short. The encoder alone gets worse as a
    posterior with k, its weighted means better. Source: Burda et al. (2016); see the head of this file.

    >>> from upweight.torch import MLP
    >>> X = (np.random.default_rng(0).random((200, 8)) < 0.2) * 1.0
    >>> model = IWAE(5, latent=2, net=MLP((16,)), training=Training(20, progress=False), rng=0).fit(X)
    >>> model.encode(X).shape, -6 < model.score(X) < -3.5              # eight coins of .2: -4.0
    ((200, 2), True)

    >>> from tempfile import TemporaryDirectory
    >>> model.transform(X).shape, model.decode(model.encode(X)).shape, model.reconstruct(X).shape, model.sample(3, rng=0).shape
    ((200, 2), (200, 8), (200, 8), (3, 8))
    >>> ll = model.log_likelihood(X[:20], k=200)
    >>> bool(np.allclose(ll.value, model.score_samples(X[:20], k=200))), model.draw(X[:4], 5).log_w.shape
    (True, torch.Size([4, 5]))
    >>> model.anomaly(X[:20], k=200).ok.shape, model.collapse(X, k=16).latent, model.active_units(X)
    ((20,), 2, 2)
    >>> with TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.safetensors")
    ...     bool((IWAE.load(f"{folder}/model.safetensors").encode(X, k=0) == model.encode(X, k=0)).all())
    True
    >>> model.plot().get_xlabel()
    'epoch'
    """

    def __init__(
        self,
        k: int = 5,
        *,
        latent: int | tuple[int, int] = 50,
        net: Any = "mlp",
        likelihood: Any = "bernoulli",
        objective: Any = "dreg",
        missing: str = "refuse",
        training: Training | None = None,
        rng: Any = None,
    ) -> None:
        self.k = k
        self.latent = latent
        self.net = net
        self.likelihood = likelihood
        self.objective = objective
        self.missing = missing
        self.training = training
        self.rng = rng

    def set_params(self, **step_parameters: Any) -> IWAE:
        """As scikit-learn has it; `training__lr=1e-4` works without a `training` too."""
        nested = any(name.startswith("training__") for name in step_parameters)
        if nested and step_parameters.get("training", self.training) is None:
            step_parameters["training"] = Training()
        return super().set_params(**step_parameters)

    # ---- fit ------------------------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, *, X_valid: Any = None, sample_weight: Any = None) -> IWAE:
        """Train on rows of X, weighted; the best parameters on held-out rows are kept.

        X : (n, D) array, sparse matrix or frame of at least ten rows. y : ignored. X_valid : (m, D) rows to stop on, weighed evenly; None
        holds out a share of X. sample_weight : (n,) numbers or `Weights` of any kind; a row of weight zero is as if it were not there.

        Raises InputError and, for a loss that is not finite, UpweightError, and warns of constant columns, of rows of X_valid that stand
        in X and of an interrupted run, which keeps its best parameters.
        """
        training = ready_training(self.training, Training())
        found = fit_table(self._settings(), training, self.rng, (readable(X), X_valid, sample_weight))
        self._take(found)
        if found.error is not None:
            raise found.error
        return self

    def _settings(self) -> AutoencoderSettings:
        """The settings, looked at."""
        latent = (self.latent,) if not isinstance(self.latent, (tuple, list)) else tuple(self.latent)
        if not 1 <= len(latent) <= 2:
            raise InputError(
                f"`latent` must be one or two numbers of dimensions; got {self.latent!r}. Write 50 or (100, 50)."
            )
        for d in latent:
            require_int("latent", d)
        require_choice("missing", self.missing, ("refuse", "mar"))
        objective = training_objective(self.objective, self.k)
        if objective.split and len(latent) == 2:
            raise InputError("`split` is for one stochastic layer; got two. Use Objective('dreg', groups=...).")
        net_of(self.net)
        likelihood_of(self.likelihood)
        return AutoencoderSettings(
            int(self.k), tuple(int(d) for d in latent), self.net, self.likelihood, objective, self.missing
        )

    def _take(self, found: TableFit) -> None:
        """Keep what fit left."""
        self.density_, self.module_, self.key_ = found.density, found.network, found.key
        self.history_, self.best_epoch_ = history_of(found.run.history, self.objective), found.run.best_epoch
        self.notes_ = (*found.density.notes, *found.run.notes, *power_note(self.objective))
        self.n_features_in_ = found.density.n_features_in
        self._made_of = self._settings().document()  # whatever the settings become before the next fit
        self._n_features_out = found.network.layers.code_width
        if found.density.names is not None:
            self.feature_names_in_ = np.array(found.density.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _rows(self, X: Any) -> TableRows:
        """X as the fitted model sees it."""
        check_is_fitted(self)
        return TableRows(self.density_.rows(readable(X)), self.density_, self.module_, key=self.key_, alone=True)

    # ---- likelihood -----------------------------------------------------------------------------------------------------------

    def log_likelihood(self, X: Any, *, k: int = 5000, chunk: int = 2048, defend: float = DEFEND) -> LogLikelihood:
        """log p(x) of each row by k weighted draws, and which rows are not to be believed.

        X : (n, D). k : draws a row. chunk : (row, draw) pairs decoded together, at most; memory grows with it and with n alone.
        defend : share of the draws that come from the prior, so that a mode the encoder misses is met; papers use 0.

        Returns LogLikelihood, (n,) float64, in nats and the units of X. The figures depend on no chunk, batch or order beyond 1e-5.
        Raises InputError for rows that `fit` would refuse, and for counts of draws that are no whole numbers above 0.

        Costs: too low on the average; on large images no row may be believed, and means may be compared.
        """
        rows = self._rows(X)
        require_int("k", k)
        return log_likelihood(log_weights_of(rows, key=self.key_, k=k, defend=defend), len(rows), k=k, chunk=chunk)

    def score_samples(self, X: Any, *, k: int = 1000) -> np.ndarray:
        """log p(x) of each row in nats, (n,) float64: `log_likelihood(X, k=k).value`."""
        return np.array(self.log_likelihood(X, k=k).value)

    def score(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> float:
        """Weighted mean of `score_samples`, in nats; larger is better.

        Raises InputError for rows that `fit` would refuse and weights that are not one finite number >= 0 a row; KindError for class and
        cost weights, which have no mean.
        """
        return mean_score(self.score_samples(X), sample_weight)

    def anomaly(self, X: Any, *, k: int = 1000) -> AnomalyScore:
        """A better density model; as a detector the K-sample score adds nothing to speak of over -ELBO, and simple odd things score as
        normal. What the weights add is the flag: rows whose own score is unreliable (on large images: all).

        Returns AnomalyScore: -log p(x), larger is stranger, with effective draws, k-hat and whether to believe the row.
        """
        ll = self.log_likelihood(X, k=k)
        return AnomalyScore(-ll.value, ll.ess, ll.khat, ll.ok, k)

    # ---- codes ----------------------------------------------------------------------------------------------------------------

    def encode(self, X: Any, *, k: int = 100) -> np.ndarray:
        """Posterior means of z by the weights of k draws, (n, latent) float32; k=0: the encoder's own mean, which is worse.

        With two stochastic layers, of the one that decodes.

        Raises InputError for rows that `fit` would refuse, and where every draw of a row has weight zero.
        """
        return codes(self._rows(X), key=self._key(), k=k)

    def transform(self, X: Any) -> np.ndarray:
        """`encode` of 100 draws, as scikit-learn calls it."""
        return self.encode(X)

    def active_units(self, X: Any, *, threshold: float = 0.01) -> int | tuple[int, int]:
        """How many latent dimensions the encoder uses: whose mean has a variance over X above `threshold`. Two layers: a count each.

        Raises InputError for rows that `fit` would refuse, and for a `threshold` below 0.

        Source: Burda et al. (2016), section 5.2.
        """
        counts = active_counts(self._rows(X), key=self._key(), threshold=threshold)
        return counts[0] if len(counts) == 1 else (counts[0], counts[1])

    def collapse(self, X: Any, *, k: int = 256) -> Collapse:
        """Whether the latent code is used at all: KL from the prior, the bound over K, and a verdict; see `Collapse`.

        Raises InputError for rows that `fit` would refuse, and for `k` that is no whole number above 0.
        """
        return collapsed(self._rows(X), key=self._key(), k=k, active=self.active_units(X))

    def draw(self, X: Any, k: int, *, objective: Any = None) -> Draws:
        """k draws of each row with their graph, as `iwae.draw` gives them; the same draws at every call.

        objective : of the estimator that the draws are made for; None is the model's. Raises InputError beyond the machine's memory.
        """
        rows = self._rows(X)
        chosen: Objective = as_objective(self.objective if objective is None else objective)
        rows.alone = False
        return drawn(rows, chosen, key=self.key_, k=k)

    # ---- tables ---------------------------------------------------------------------------------------------------------------

    def reconstruct(self, X: Any, *, k: int = 100) -> Any:
        """The rows as the model sees them: E[x|z] averaged over the posterior; columns and container as in X.

        Raises InputError for rows that `fit` would refuse, and where every draw of a row has weight zero.
        """
        mean = reconstructed(self._rows(X), key=self._key(), k=k)
        return self.density_.table(self.density_.expected(mean), readable(X))

    def decode(self, z: Any) -> Any:
        """E[x|z] of codes z (n, latent), as a table like that of fit.

        Raises InputError for codes of another width, NaN or infinities.
        """
        check_is_fitted(self)
        code = given_codes(z, self.module_.layers.code_width)
        x = decoded(self.module_, self.density_, code.to(next(self.module_.parameters()).device))
        return self.density_.table(x)

    def sample(self, n: int, *, mean: bool = False, rng: Any = None) -> Any:
        """n new rows, as a table like that of fit. mean : E[x|z] instead of a draw from p(x|z). rng : int, Generator or None.

        Raises InputError for `n` that is no whole number above 0, and for a bad `rng`.
        """
        check_is_fitted(self)
        require_flag("mean", mean)
        return self.density_.table(sampled(self.module_, self.density_, n, mean=mean, key=take_key(rng)))

    def impute(self, X: Any, *, k: int = 1000, m: int | None = None, rng: Any = None) -> Any:
        """X with its gaps filled: the posterior mean of numbers, the likeliest level else; with m, a list of m random fillings.

        What was observed stays as it came. The m fillings have the noise of p(x|z) in them and are for multiple imputation; the
        network's own uncertainty is **not**, so intervals by Rubin's rules come out short. rng : for m.

        Raises InputError for gaps in a model of missing="refuse".

        >>> from upweight.torch import IWAE, MLP, Training
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(300, 1)) @ [[1.0, 1.0]]
        >>> holes = np.where(np.arange(600).reshape(300, 2) % 7 == 0, np.nan, x)
        >>> settings = Training(20, lr=5e-3, progress=False)
        >>> model = IWAE(5, latent=1, net=MLP((16,)), likelihood="gaussian", missing="mar", training=settings, rng=0).fit(holes)
        >>> bool(np.isnan(model.impute(holes, k=50)).any()), len(model.impute(holes[:9], k=50, m=3, rng=0))
        (False, 3)
        """
        rows = self._rows(X)
        if m is None:
            return self.density_.filled(readable(X), best_guess(rows, key=self.key_, k=k))
        each = fillings(rows, m, key=self.key_, k=k, draw_key=take_key(rng))
        return [self.density_.filled(readable(X), x) for x in each]

    # ---- files, pictures ------------------------------------------------------------------------------------------------------

    def save(self, path: Any) -> None:
        """Write the model to one file, whole or not at all: settings as text, parameters as tensors, nothing that runs.

        Raises OSError where `path` cannot be written; a file that was there stays as it was.
        """
        check_is_fitted(self)
        save_iwae(self, path)

    @classmethod
    def load(cls, path: Any, *, net: tuple[nn.Module, nn.Module] | None = None) -> IWAE:
        """A model that `save` wrote, on the CPU. net : the modules, for a model of your own ones.

        Raises InputError for any other file, of which nothing is run.
        """
        return load_iwae(cls, path, net)

    def plot(self, ax: Any = None) -> Axes:
        """The bound of every epoch; see `upweight.plots.history`."""
        from ...plots import history

        check_is_fitted(self)
        return history(self.history_, ax=ax)

    def _repr_html_(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not hasattr(self, "module_"):
            return html.block([repr(self), "not fitted"])
        shown = self.history_[:: max(1, len(self.history_) // 8)] + self.history_[-1:]
        rows = [
            [str(e["epoch"]), f"{e['value']:.5g}", "" if e["held_out"] is None else f"{e['held_out']:.5g}"]
            for e in {e["epoch"]: e for e in shown}.values()
        ]
        said = [repr(self), f"best epoch {self.best_epoch_} of {len(self.history_)}", *self.notes_]
        return html.block(said, ["epoch", "value (nats)", "held out (nats)"], rows, left=0)

    def _key(self) -> int:
        check_is_fitted(self)
        return self.key_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mar"
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = []  # codes are float32, whatever X was
        tags.non_deterministic = self.rng is None
        return tags
