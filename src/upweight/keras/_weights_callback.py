"""Scores that follow the network, and what arrives of the weights, in the log of `fit`.

The trouble: scores of rows age, and drawing by old ones is noisier than not drawing by any; and a loss whose reduction divides by the weights of the batch takes
away what they were given for, without a word.

    score = |dl/dz| at the logits, by a forward pass over the data;    delivered = share of the loss that the class lifted most really gets

What is inside: `WeightsCallback`; `grad_norm`, the score, in NumPy.

Source: Katharopoulos and Fleuret, ICML (2018), equation 19.
"""

from __future__ import annotations

import warnings
from typing import Any

import keras  # pyright: ignore[reportMissingImports]
import numpy as np
from scipy.special import expit, log_expit, logsumexp

from .._errors import InputError, require_choice, require_int
from .._set_module import set_module
from ..training import delivered_share
from ._margin_loss import AT_ONE, MarginLoss
from ._weighted_data import WeightedData

__all__ = ["WeightsCallback", "grad_norm"]

ROWS = 1024  # of a forward pass
BY_BATCH = "mean_with_sample_weight"


@set_module("upweight.keras")
class WeightsCallback(keras.callbacks.Callback):
    """Refreshes scores by a forward pass, and logs what weights do: ``fit(data, callbacks=[WeightsCallback(data)])``.

    Parameters
    ----------
    data : the `WeightedData` that is fitted. score : "grad_norm", the norm of the gradient at the logits, or "loss". every : epochs between passes.

    To the logs of an epoch it adds `weights_ess`, effective over all draws; `weights_tau`, what the scores promise; and, for class labels,
    `weights_delivered`, the share of the loss that the class lifted most gets, against `weights_intended`.

    Raises InputError for data that are no `WeightedData`.

    Warns
    -----
    UserWarning : the loss divides by the weights of the batch ("mean_with_sample_weight").

    Costs: a forward pass over the data every so many epochs, where there are scores; nothing else.
    Source: Katharopoulos and Fleuret, ICML (2018).

    >>> import keras
    >>> from upweight.keras import Scores, WeightedData
    >>> X, y = np.random.default_rng(0).normal(size=(64, 2)).astype("float32"), np.arange(64) % 2
    >>> data = WeightedData(X, y, Scores(64), batch_size=16)
    >>> model = keras.Sequential([keras.layers.Dense(2)])
    >>> model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> run = model.fit(data, epochs=2, verbose=0, callbacks=[WeightsCallback(data)])
    >>> sorted(run.history), bool(data.scores.seen.all())
    (['loss', 'weights_delivered', 'weights_ess', 'weights_intended', 'weights_tau'], True)
    """

    def __init__(self, data: WeightedData, *, score: str = "grad_norm", every: int = 1):
        super().__init__()
        if not isinstance(data, WeightedData):
            raise InputError(f"`data` must be a WeightedData; got {type(data).__name__}. Pass what fit gets.")
        require_choice("score", score, ("grad_norm", "loss"))
        require_int("every", every)
        self.data, self.score, self.every = data, score, every

    def on_train_begin(self, logs: Any = None) -> None:
        """Look at how the loss divides."""
        if self._by_batch:
            warnings.warn(
                f"the loss divides by the weights of the batch ({BY_BATCH!r}), which takes them away in small batches. "
                'Use reduction="sum_over_batch_size".',
                UserWarning,
                stacklevel=2,
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Figures of the epoch, then scores for the next."""
        if logs is not None:
            logs |= self._figures()
        if self.data.scores is not None and (epoch + 1) % self.every == 0:
            self._refresh()

    @property
    def _by_batch(self) -> bool:
        return getattr(self.model.loss, "reduction", None) == BY_BATCH

    def _figures(self) -> dict[str, float]:
        data = self.data
        v = data.loss_weight[data.rows].astype(np.float64)
        out = {"weights_ess": float(v.sum() ** 2 / (len(v) * (v @ v))), "weights_tau": data.tau}
        y = data.y.reshape(len(data.y), -1)
        if y.shape[1] != 1 or y.dtype.kind not in "iub":
            return out
        classes, code = np.unique(y[:, 0], return_inverse=True)
        share, meant = np.bincount(code) / data.n, np.bincount(code, data.target) / data.target.sum()
        g = int((meant / share).argmax())
        drawn, held = (
            np.bincount(code[data.rows], minlength=len(classes)),
            np.bincount(code[data.rows], v, minlength=len(classes)),
        )
        mean = np.divide(held, drawn, out=np.zeros(len(classes)), where=drawn > 0)
        by = "batch" if self._by_batch else "population"
        came = delivered_share(drawn / drawn.sum(), mean, batch_size=data.batch_size, by=by)
        return out | {"weights_delivered": float(came[g]), "weights_intended": float(meant[g])}

    def _refresh(self) -> None:
        assert self.data.scores is not None
        loss = self.model.loss if isinstance(self.model.loss, MarginLoss) else MarginLoss()
        for start in range(0, self.data.n, ROWS):
            rows = np.arange(start, min(start + ROWS, self.data.n))
            z = _logits_of(np.asarray(self.model.predict_on_batch(self.data.x_of(rows)), dtype=np.float64))
            y = self.data.y[rows].reshape(-1).astype(np.int64)
            if self.score == "loss":
                score = keras.ops.convert_to_numpy(loss.call(y, z.astype(np.float32)))
            else:
                score = grad_norm(z, y, loss)
            self.data.scores.update(rows, np.asarray(score, dtype=np.float64))


def _logits_of(out: np.ndarray) -> np.ndarray:
    """Outputs as logits: probabilities, of a last layer with a softmax, become their logs."""
    if out.ndim == 2 and out.shape[1] > 1 and out.min() >= 0 and np.allclose(out.sum(1), 1, atol=1e-3):
        return np.log(np.maximum(out, 1e-30))
    return out


def grad_norm(z: np.ndarray, y: np.ndarray, loss: MarginLoss) -> np.ndarray:
    """(n,) |dl/dz| of a loss at logits: |tail'(m)| |dm/dz|."""
    rule = loss.rule
    scale = 1.0 if rule is None else rule.scale
    nothing = np.ones(1), np.zeros(1), np.zeros(1)
    delta, iota, asked = nothing if rule is None else (rule.delta, rule.iota, rule.margin)
    own_delta, own_asked = (a[y] if len(a) > 1 else a for a in (delta, asked))
    columns = z.shape[1] if z.ndim == 2 else 1
    if columns <= 2:
        f = z[:, 1] - z[:, 0] if columns == 2 else z.reshape(-1)
        sign, lead = 2 * y - 1, 0.0 if rule is None else iota[1] - iota[0]
        m = scale * (own_delta * sign * f + sign * lead - own_asked)
        return _slope(m, loss) * scale * own_delta * (2**0.5 if columns == 2 else 1.0)
    own = np.eye(columns)[y]
    factor = np.reshape(own_delta, (-1, 1)) if rule is not None and rule.per_example else delta
    u = scale * (factor * z + iota - own * asked)
    others = np.where(own > 0, -np.inf, u)
    top = np.asarray(logsumexp(others, axis=1))
    m = (own * u).sum(1) - top
    of_margin = (own - np.exp(others - top[:, None])) * factor * scale
    return _slope(m, loss) * np.sqrt((of_margin**2).sum(1))


def _slope(m: np.ndarray, loss: MarginLoss) -> np.ndarray:
    """|tail'(m)|."""
    if loss.tail == "poly":
        return np.where(m > 1, loss.alpha * np.maximum(m, 1.0) ** (-loss.alpha - 1), expit(-m) / AT_ONE)
    if loss.tail == "focal":
        kept = np.exp(loss.gamma * log_expit(-m))
        return kept * (loss.gamma * expit(m) * -log_expit(m) + expit(-m))
    return expit(-m)
