"""The figures of calibration, and the one Newton iteration behind them.

The trouble: observed/expected near one hides a slope of two, and a good Brier score hides both. So four questions are asked of
the same rows: is the total right (O/E and its z), is the spread right (slope), and what do the errors cost (Brier, log loss)?

    P(y = k)  proportional to  exp(a_k + b log p_k),   a_0 = 0

by damped Newton on a (K - 1 intercepts) and b (one slope), O(n K^2) a step; two classes are K = 2, where this is the logistic
regression of y on logit p. Logits are clipped at 1e-6 and the clipped rows counted.

What is inside: `read_held_out` (checked held-out rows), `calibration` (the figures), `is_calibrated` (the rule), `fit_logits` (the fit).
Weights that are not copies get sandwich standard errors, and likelihood ratios are scaled by sum w/sum w^2; copies
(kind frequency) count as rows.

Sources: Cox, Biometrika 45 (1958); Van Calster et al., Journal of Clinical Epidemiology 74 (2016), for the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from .._errors import InputError, KindError, counted
from .._frames import NUMPY, Container, all_same_rows, read, require
from .._weights import Weights
from ._proba import Proba, read_labels, softmax
from ._reliability import reliability

__all__ = [
    "CLIP",
    "Calibration",
    "HeldOut",
    "LogisticFit",
    "calibration",
    "fit_logits",
    "is_calibrated",
    "read_held_out",
    "row_weights",
]

CLIP = 1e-6


@dataclass(frozen=True, eq=False)
class Calibration:
    """How well probabilities keep their promise on some rows.

    Attributes
    ----------
    rows : tuple, rows of each class. clipped : int, rows with a probability under 1e-6, moved there for the logits.
    oe, z : observed/expected of the last class and its z, floats; for K > 2 one a class, ndarrays (K,).
    intercept : log-odds to add, slope fixed at one (calibration in the large); float, or (K,) against the first class.
    slope, slope_se : calibration slope and its standard error; one slope on log p for any K; nan if it cannot be told.
    brier, log_loss : mean squared error (summed over classes if K > 2) and mean log loss in nats, of the clipped p.
    bins : (b, 3) mean probability, share that came true, and rows of up to 20 bins; for K > 2 every class against the rest.
    """

    rows: tuple[int, ...]
    clipped: int
    oe: Any
    z: Any
    intercept: Any
    slope: float
    slope_se: float
    brier: float
    log_loss: float
    bins: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))

    @property
    def slope_z(self) -> float:
        """Distance of the slope from one, in standard errors."""
        return (self.slope - 1) / self.slope_se

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists; what cannot be told is None."""
        return {k: _plain(v) for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Calibration:
        """What `to_dict` wrote."""
        back: dict[str, Any] = {
            k: np.nan if v is None else np.array(v, float) if isinstance(v, list) else v for k, v in d.items()
        }
        back["rows"] = tuple(d["rows"])
        back["bins"] = np.reshape(np.array(d.get("bins", []), float), (-1, 3))
        return cls(**back)

    def __str__(self) -> str:
        oe, z = np.atleast_1d(self.oe), np.atleast_1d(self.z)
        if len(oe) == 1:
            total = f"observed/expected {oe[0]:.2f} (z = {_z(z[0])})"
        else:
            total = f"observed/expected {oe.min():.2f} to {oe.max():.2f} by class (largest |z| = {np.abs(z).max():.1f})"
        slope = "slope not judged" if np.isnan(self.slope) else f"slope {self.slope:.2f} (z = {_z(self.slope_z)})"
        clipped = f", {counted(self.clipped, 'row')} clipped at {CLIP:g}" if self.clipped else ""
        return f"{total}, {slope}, Brier {self.brier:.4f}, log loss {self.log_loss:.4f}{clipped}"


def _z(z: float) -> str:
    return f"{0.0 if abs(z) < 0.05 else z:.1f}"


def _plain(v: Any) -> Any:
    if isinstance(v, np.ndarray):
        return [_plain(x) for x in v.tolist()]
    return None if isinstance(v, float) and not np.isfinite(v) else list(v) if isinstance(v, tuple) else v


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Checked held-out rows. `raw` (K, n) log-probabilities and `log_p` the same clipped; w weighs, v is the variance of w."""

    raw: np.ndarray
    log_p: np.ndarray
    codes: np.ndarray
    w: np.ndarray
    v: np.ndarray
    rows: tuple[int, ...]
    clipped: int
    keep: np.ndarray | None

    @property
    def k(self) -> int:
        return len(self.raw)

    @property
    def scale(self) -> float:
        """What a weighted log-likelihood is multiplied by so that its ratios are chi-square: one for rows and copies."""
        return float(self.w.sum() / self.v.sum())

    def of(self, log_p: np.ndarray, *, kept: bool = False) -> HeldOut:
        """The same rows with other log-probabilities (K, n); ``kept``: rows of weight zero are already left out."""
        raw = log_p if self.keep is None or kept else log_p[:, self.keep]
        return replace(self, raw=raw, log_p=np.maximum(raw, np.log(CLIP)), clipped=_clipped(raw))


def _clipped(raw: np.ndarray) -> int:
    return int((raw < np.log(CLIP)).any(axis=0).sum())


def read_held_out(y: Any, given: Proba, sample_weight: Any) -> HeldOut:
    """Labels, probabilities and weights of the same rows, checked; rows of weight zero are left out."""
    codes, _, home = read_labels(y, given.k)
    if len(codes) != given.n:
        raise InputError(f"`y` and `proba` must have the same rows; got {len(codes):,} and {given.n:,}.")
    if isinstance(sample_weight, Weights) and sample_weight.kind in ("class", "cost"):
        raise KindError(
            f"{sample_weight.kind} weights change the prevalence that is to be judged: judge at the world's own, without them. "
            f"If these are p_world(y)/p_train(y), say so: w.declare(kind='importance')."
        )
    w, copies, box = row_weights(sample_weight, given.n)
    all_same_rows({"y": home, "proba": given.container, "sample_weight": box})
    keep = None if (w > 0).all() else w > 0
    raw = given.log_p
    if keep is not None:
        codes, w, raw = codes[keep], w[keep], raw[:, keep]
    rows = np.bincount(codes, w if copies and sample_weight is not None else None, given.k)
    counts = tuple(int(r) for r in np.rint(rows))
    clipped = np.maximum(raw, np.log(CLIP))
    return HeldOut(raw, clipped, codes, w, w if copies else w**2, counts, _clipped(raw), keep)


def row_weights(sample_weight: Any, n: int) -> tuple[np.ndarray, bool, Container]:
    """Weights (n,), whether they count copies (no weights are one copy each), and their container."""
    if sample_weight is None:
        return np.ones(n), True, NUMPY
    if isinstance(sample_weight, Weights):
        if sample_weight.shape != (n,):
            raise InputError(f"`sample_weight` must have one weight for each of {n:,} rows; got {sample_weight.shape}.")
        copies = sample_weight.kind == "frequency"
        w = np.rint(np.exp(sample_weight.log_w)) if copies else np.asarray(sample_weight)
        return w, copies, sample_weight._container
    w, box = read(sample_weight, "sample_weight")
    if w.shape != (n,):
        raise InputError(f"`sample_weight` must have one weight for each of {n:,} rows; got shape {w.shape}.")
    require(np.isfinite(w) & (w >= 0), "`sample_weight`", "be finite and >= 0", w, "Logs? Pass np.exp(w).", "others")
    if not w.any():
        raise InputError("every `sample_weight` is zero: no row is left to judge by.")
    return w, False, box


# ---- the figures ----------------------------------------------------------------------------------------------------


def calibration(held: HeldOut) -> Calibration:
    """Every figure of `Calibration` for these rows."""
    p = np.exp(held.raw)
    hit = np.zeros(p.shape)
    hit[held.codes, np.arange(p.shape[1])] = 1
    w, total = held.w, held.w.sum()
    expected = p @ w
    gap = hit @ w - expected
    spread = np.sqrt((p * (1 - p)) @ held.v)
    with np.errstate(divide="ignore", invalid="ignore"):
        oe, z = (hit @ w) / expected, np.where(gap == 0, 0.0, gap / spread)
    intercept, slope, se = _line(held)
    bins = reliability(held)
    squares = ((p - hit) ** 2 @ w).sum() / total
    loss = -float(w @ held.log_p[held.codes, np.arange(p.shape[1])]) / float(total)
    if held.k > 2:
        return Calibration(held.rows, held.clipped, oe, z, intercept, slope, se, float(squares), loss, bins)
    return Calibration(
        held.rows, held.clipped, float(oe[1]), float(z[1]), float(intercept[1]), slope, se, float(squares) / 2, loss, bins
    )  # fmt: skip


def _line(held: HeldOut) -> tuple[np.ndarray, float, float]:
    """Intercepts at slope one, the slope, its standard error; nan where a class has no row or nothing varies."""
    if min(held.rows) == 0:
        return np.full(held.k, np.nan), np.nan, np.nan
    tilted = fit_logits(held, slope=True)
    b, se = (np.nan, np.nan) if tilted.separated else (tilted.b, tilted.se)
    return fit_logits(held, slope=False).a, b, se


def is_calibrated(c: Calibration) -> bool:
    """O/E within 5 % or |z| <= 1.96 (for every class, at 5 % in all), and slope 0.9 to 1.1 or |z| <= 1.96."""
    oe, z = np.atleast_1d(c.oe), np.abs(np.atleast_1d(c.z))
    with np.errstate(divide="ignore", invalid="ignore"):
        total = (np.abs(np.log(oe)) <= 0.05) | (z <= _two_sided(1 if len(oe) == 1 else len(oe)))
    slope = np.isnan(c.slope) or 0.9 <= c.slope <= 1.1 or abs(c.slope_z) <= 1.96
    return bool(total.all() and slope)


def _two_sided(tests: int) -> float:
    if tests == 1:
        return 1.96
    from scipy.special import ndtri

    return float(-ndtri(0.025 / tests))


# ---- the fit --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """a (K,) with a_0 = 0, slope b and its standard error, the weighted log-likelihood, and whether b has no end."""

    a: np.ndarray
    b: float
    se: float
    level: float
    separated: bool


def fit_logits(held: HeldOut, *, slope: bool) -> LogisticFit:
    """Maximise sum w log softmax(a + b log p)[y] over a (and b, else b = 1); nan for a slope that nothing can tell."""
    x = held.log_p
    with np.errstate(divide="ignore"):
        start = np.log(np.bincount(held.codes, held.w, held.k) / (np.exp(x) @ held.w))
    theta = np.append(start[1:] - start[0], 1.0)
    free = held.k if slope and _varies(x) else held.k - 1
    level, q = _level(held, theta)
    perfect = -0.25 * float(held.w.min()) if free == held.k else np.inf  # two rows out of order cost more than this
    for _ in range(100):
        gradient, hessian = _slopes(held, q, held.w)
        step = np.zeros(held.k)
        step[:free] = np.linalg.lstsq(hessian[:free, :free], gradient[:free], rcond=1e-14)[0]
        gain = float(gradient @ step)
        theta, level, q = _climb(held, theta, step, level)
        if gain < 1e-10 * held.w.sum() or level > perfect:
            break
    separated = level > perfect
    b = float(theta[-1]) if free == held.k else (np.nan if slope else 1.0)
    return LogisticFit(
        np.append(0.0, theta[:-1]), b, _slope_se(held, q) if free == held.k else np.nan, level, separated
    )


def _varies(x: np.ndarray) -> bool:
    """Whether the logits differ between rows at all; without that a slope is only another intercept."""
    return bool(np.ptp(x - x[0], axis=1).max() > 1e-9)


def _level(held: HeldOut, theta: np.ndarray) -> tuple[float, np.ndarray]:
    """The log-likelihood at theta = (a_1 .., b) and the fitted probabilities (K, n)."""
    logits = np.append(0.0, theta[:-1])[:, None] + theta[-1] * held.log_p
    q = softmax(logits)
    with np.errstate(divide="ignore"):
        return float(held.w @ np.log(q[held.codes, np.arange(q.shape[1])])), q


def _slopes(held: HeldOut, q: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (K,) and negative Hessian (K, K) of the log-likelihood in (a_1 .., b), rows weighted by w."""
    x, k = held.log_p, held.k
    miss = -q * w
    miss[held.codes, np.arange(q.shape[1])] += w
    mean = (q * x).sum(axis=0)
    wq = q * w
    hessian = np.empty((k, k))
    hessian[:-1, :-1] = np.diag(wq[1:].sum(axis=1)) - wq[1:] @ q[1:].T
    hessian[:-1, -1] = hessian[-1, :-1] = (wq[1:] * (x[1:] - mean)).sum(axis=1)
    hessian[-1, -1] = (wq * (x - mean) ** 2).sum()
    return np.append(miss[1:].sum(axis=1), (miss * x).sum()), hessian


def _climb(held: HeldOut, theta: np.ndarray, step: np.ndarray, level: float) -> tuple[np.ndarray, float, np.ndarray]:
    """The full Newton step if it does not lose, else halves of it."""
    for halving in range(30):
        trial = theta + step / 2**halving
        found, q = _level(held, trial)
        if found >= level - 1e-12 * abs(level):
            return trial, found, q
    return theta, level, _level(held, theta)[1]


def _slope_se(held: HeldOut, q: np.ndarray) -> float:
    """sqrt of the last diagonal of A^-1 B A^-1; B is A with squared weights, so rows and copies give Fisher's."""
    bread = _slopes(held, q, held.w)[1]
    meat = bread if held.v is held.w else _slopes(held, q, held.v)[1]
    inverse = np.linalg.pinv(bread, hermitian=True)
    return float(np.sqrt(max(0.0, (inverse @ meat @ inverse)[-1, -1])))
