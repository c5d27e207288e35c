"""Binarised digits and the models of this reproduction: what `run.py` and `claims.py` share.

Larochelle's fixed binarisation of MNIST: 50,000, 10,000 and 10,000 images of 784 zeros and ones, in the folder `mnist` of UPWEIGHT_DATA
(default ../shared/data beside the checkout), Matlab files with the key X. **The test file is ordered by digit**: its rows are taken in
steps, never its head.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from sklearn.datasets import load_digits

from upweight.torch import IWAE, MLP, Training

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data")) / "mnist"


def mnist(part: str) -> np.ndarray:
    """(n, 784) zeros and ones; part "train", "valid" or "test"."""
    return loadmat(DATA / f"binarized_mnist_{part}.amat", appendmat=False)["X"]


def small_digits() -> np.ndarray:
    """(1797, 64): scikit-learn's digits, darker than half."""
    return (load_digits().data / 16 > 0.5) * 1.0


def fitted(
    X: np.ndarray, k: int, objective: str, seed: int, *, training: Training, **settings: Any
) -> tuple[IWAE, float]:
    """A model, and the CPU seconds that it took."""
    start = time.process_time()
    model = IWAE(
        k, objective=objective, training=training, rng=seed, **{"net": MLP((200, 200)), "latent": 50} | settings
    )
    return model.fit(X), time.process_time() - start


def nll(model: IWAE, X: np.ndarray, k: int) -> float:
    """Minus the mean log-likelihood by k draws of the encoder alone, as papers have it."""
    return -float(model.log_likelihood(X, k=k, defend=0).value.mean())
