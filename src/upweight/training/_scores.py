"""Scores of rows, and whether drawing by them pays.

The trouble: scores remembered from the last epoch promise a gain that they do not keep. With stale ones the promise read 1.8 to 2.9 while the
second moment of the gradient hardly fell, and training got worse. So two figures must both reach the gate, and both are measured
while importance sampling is off, too:

    tau  = sqrt(n sum p^2 / w)                          what the scores promise against draws by w;  w has mean one
    gain = mean(v g^2) / mean(v w g^2 / (n p))          what they kept: v the loss weight as drawn, g the fresh score, p the old proposal

The second is the second moment of the gradient really saved, over the draws of the epoch.

Source: Katharopoulos and Fleuret, ICML (2018), for tau; the gate on the gain is ours.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._errors import InputError, is_number, reading, require_int
from .._set_module import set_module
from ._row_values import Exchange, RowValues

__all__ = ["Handed", "Scores"]


class Handed(NamedTuple):
    """What a sampler hands over when an epoch begins, to be judged at its end."""

    v: np.ndarray | float  # loss weight as drawn
    w: np.ndarray
    p: np.ndarray  # what the scores propose, drawn by or not


@set_module("upweight.training")
class Scores:
    """The last (or averaged) score of each of n rows; importance sampling by them switches itself on when it pays.

    Parameters
    ----------
    n : rows of the data set.
    decay : in [0, 1): 0 keeps the last score, more averages, value <- decay value + (1 - decay) score.
    gate : >= 1, what `tau` and `gain` must both reach.

    Attributes
    ----------
    values : ndarray (n,) float64, scores as known now, on the scale they came in; unseen rows have the mean of the seen ones (1 at first).
    seen : ndarray (n,) bool. age : ndarray (n,) int, epochs since a row was last updated, or since the state was loaded.
    tau, gain : float, of the last epoch; gain is nan before an epoch with a sampler has ended.
    on : bool, whether both reach the gate.
    history : list of (tau, gain), one an epoch.

    Updates act from the next epoch of a sampler on. A state holds the scores as the running epoch began with them, four bytes a row.

    Raises InputError for `n` that is no whole number above 0, `decay` outside [0, 1), `gate` below 1.

    Costs: drawing by scores is unbiased whatever they are, and noisier than plain draws where they are wrong.

    >>> scores = Scores(4)
    >>> scores.update([0, 2], [1.0, 3.0])
    >>> scores.values.tolist(), scores.seen.tolist()
    ([1.0, 2.0, 3.0, 2.0], [True, False, True, False])

    >>> p = scores.settled() / scores.settled().sum()
    >>> scores.expect(1 / (4 * p), np.ones(4), p)
    >>> round(scores.promise(np.ones(4), p), 4)
    1.0607
    >>> scores.settle()
    >>> again = Scores(4)
    >>> again.load_state_dict(scores.state_dict())
    >>> again.values.tolist(), scores.plot().get_xlabel()
    ([1.0, 2.0, 3.0, 2.0], 'epoch')
    """

    def __init__(self, n: int, *, decay: float = 0.0, gate: float = 1.2) -> None:
        require_int("n", n)
        if not is_number(decay) or not 0 <= decay < 1:
            raise InputError(f"`decay` must lie in [0, 1); got {decay!r}. 0 keeps the last score.")
        if not is_number(gate) or not gate >= 1:
            raise InputError(f"`gate` must be a number >= 1; got {gate!r}. 1.2 is usual.")
        self.n, self.decay, self.gate = int(n), float(decay), float(gate)
        self.tau, self.gain = 1.0, np.nan
        self.history: list[tuple[float, float]] = []
        self._rows = RowValues(self.n, self.decay, "score")
        self._handed: Handed | None = None

    def __len__(self) -> int:
        return self.n

    def update(self, index: Any, score: Any) -> None:
        """Note the scores of one step: (b,) row numbers of the whole data set, (b,) scores, finite and >= 0; arrays or tensors.

        Tensors of a device stay there until the epoch ends. Raises InputError, and changes nothing, for NaN or negative scores and rows
        out of range; on a device that is looked at in the first call, and again when the epoch ends.
        """
        self._rows.add(index, score)

    @property
    def values(self) -> np.ndarray:
        """(n,) float64; see the class."""
        if self._handed is None and len(self._rows):  # nobody ends epochs
            self.settle()
        return _filled(self._rows.now())

    @property
    def seen(self) -> np.ndarray:
        """(n,) bool, rows that have a score."""
        return ~np.isnan(self._rows.now())

    @property
    def age(self) -> np.ndarray:
        """(n,) int32, epochs since the last score."""
        return self._rows.age.copy()

    @property
    def on(self) -> bool:
        """Whether `tau` and `gain` both reach the gate."""
        return bool(self.tau >= self.gate and self.gain >= self.gate)

    # ---- for samplers -----------------------------------------------------------------------------------------------------------

    def settle(self, exchange: Exchange | None = None) -> None:
        """End an epoch: scores of all ranks are applied, and what the old ones kept of their promise is measured."""
        rows, fresh = self._rows.settle(exchange, older=self._handed is not None)
        if self._handed is not None and len(rows):
            self.gain = _measured_gain(self._handed, rows, fresh)
            self.history.append((self.tau, self.gain))

    def settled(self) -> np.ndarray:
        """(n,) float64 scores as of the last epoch's end."""
        return _filled(self._rows.settled.astype(np.float64))

    def expect(self, v: np.ndarray | float, w: np.ndarray, p: np.ndarray) -> None:
        """Begin an epoch: loss weights as drawn (n,), weights (n,) of mean one, and the proposal of the scores (n,), sum one."""
        self._handed = Handed(v, w, p)

    def promise(self, w: np.ndarray, p: np.ndarray) -> float:
        """What draws by p (n,) promise for weights w (n,) of mean one, both of all rows: tau, which is kept."""
        live = w > 0
        self.tau = float(np.sqrt(len(w) * (p[live] ** 2 / w[live]).sum()))
        return self.tau

    # ---- state ------------------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Scores as of the last epoch's end (float32, four bytes a row; NaN where unseen) and the figures."""
        kept = {"n": self.n, "decay": self.decay, "gate": self.gate, "tau": self.tau, "gain": float(self.gain)}
        return kept | {"scores": self._rows.settled.copy()}

    def load_state_dict(self, d: dict[str, Any]) -> None:
        """Go on from a state; InputError, and nothing changed, for one of another number of rows."""
        with reading("the state of these scores", "state_dict()"):
            scores = np.array(d["scores"], np.float32)
            tau, gain = float(d["tau"]), float(d["gain"])
            same = (int(d["n"]), float(d["decay"]), float(d["gate"]))
            if same != (self.n, self.decay, self.gate) or scores.shape != (self.n,):
                raise InputError(
                    f"this state belongs to other scores (n, decay, gate = {same}, here {(self.n, self.decay, self.gate)}). Load your own"
                )
        self._rows = RowValues(self.n, self.decay, "score")
        self._rows.settled = scores
        self.tau, self.gain, self._handed, self.history = tau, gain, None, []

    def plot(self, ax: Any = None) -> Any:
        """tau and gain by epoch, against the gate, as a picture; see `upweight.plots.scores`."""
        from ..plots import scores as picture

        return picture(self, ax=ax)

    def __repr__(self) -> str:
        seen = int(self.seen.sum())
        state = "on" if self.on else "off"
        return f"Scores({seen:,} of {self.n:,} rows seen, {state}: tau {self.tau:.3g}, gain {self.gain:.3g}, gate {self.gate:g})"

    def _repr_html_(self) -> str:
        from .._html import block

        first = len(self.history) - 10
        rows = [[max(first, 0) + i, f"{t:.3g}", f"{g:.3g}"] for i, (t, g) in enumerate(self.history[-10:])]
        return block([repr(self)], ["epoch", "tau", "gain"], rows)


def _filled(values: np.ndarray) -> np.ndarray:
    """Unseen rows (NaN) at the mean of the seen ones; all at one if none is seen."""
    unseen = np.isnan(values)
    if unseen.all():
        return np.ones(len(values))
    return np.where(unseen, values[~unseen].mean(), values)


def _measured_gain(handed: Handed, rows: np.ndarray, fresh: np.ndarray) -> float:
    """mean(v g^2) / mean(v w g^2 / (n p)) over the rows drawn."""
    v = handed.v[rows] if isinstance(handed.v, np.ndarray) else np.full(len(rows), handed.v)
    square = v * fresh.astype(np.float64) ** 2
    proposed = handed.p[rows]
    there = proposed > 0
    as_proposed = square[there] * handed.w[rows][there] / (len(handed.p) * proposed[there])
    return float(square[there].mean() / as_proposed.mean()) if there.any() and as_proposed.any() else 1.0
