"""Clicks that are there on every machine: a log of impressions with one click in 440, and what a linear pilot cannot see of it.

P(click) = sigmoid( -7.3 + 0.7 (x0 + x1 + x2 + x3) + 0.8 max(x4, 0) x5 ),   x ~ N(0, I_6)
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from .scoring import sigmoid

__all__ = ["demo_clicks"]


def demo_clicks(rows: int = 1_000_000, *, seed: int = 0) -> pa.Table:
    """A table of `impression_id`, x0 to x5 and `clicked`; a million rows hold 2,257 clicks.

    Costs: 100 MB at a million rows.

    >>> demo_clicks(10_000)["clicked"].value_counts().to_pylist()
    [{'values': 0, 'counts': 9984}, {'values': 1, 'counts': 16}]
    """
    r = np.random.default_rng(seed)
    x = r.standard_normal((rows, 6))
    clicked = r.random(rows) < sigmoid(-7.3 + 0.7 * x[:, :4].sum(1) + 0.8 * np.maximum(x[:, 4], 0) * x[:, 5])
    columns = {f"x{j}": x[:, j] for j in range(6)}
    return pa.table({"impression_id": np.arange(rows), **columns, "clicked": clicked.astype("int8")})
