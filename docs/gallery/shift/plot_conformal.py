"""
Do intervals still hold after a shift?
======================================

Intervals of 90 % were calibrated on yesterday's rows, which lie elsewhere than today's, and the noise is not the same everywhere.
Ordinary conformal intervals hold for rows like yesterday's. Weighted by the density ratio, they hold for today's.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression

import upweight.shift as sh

rng = np.random.default_rng(0)


def rows(n, centre):
    x = rng.normal(centre, 0.5, (n, 1))
    return x, x[:, 0] + np.exp(x[:, 0]) * rng.normal(0, 0.4, n)  # the noise grows with x


(x, y), (x_cal, y_cal), (x_new, y_new) = rows(500, 0), rows(1000, 0), rows(1000, 0.7)
model = LinearRegression().fit(x, y)
ratio = sh.density_ratio(x_cal, x_new, rng=0)
weighted = sh.conformal(model, x_cal, y_cal, shift=ratio, level=0.9)
plain = sh.conformal(model, x_cal, y_cal, shift=None, level=0.9)


def covered(c):
    low, high = c.interval(x_new)
    return np.mean((low <= y_new) & (y_new <= high))


# %%
# The weighted intervals, and what came of the new rows.

fig, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
weighted.plot(x_new, ax=ax)
ax.plot(x_new[:, 0], y_new, ".", color="tab:gray", markersize=3, alpha=0.6)
plt.show()

# %%

assert covered(plain) < 0.75
assert 0.87 < covered(weighted) < 0.95
assert weighted.infinite(x_new) < 0.01
print(
    f"Conclusion: of today's outcomes the ordinary intervals of 90 % hold {covered(plain):.0%}, the weighted ones {covered(weighted):.0%}. Where yesterday's "
    f"rows cannot promise anything an interval is infinite, and says so: {weighted.infinite(x_new):.1%} of them."
)
