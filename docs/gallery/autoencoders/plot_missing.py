"""
What is the mean of a column with gaps?
=======================================

A clinic measures blood pressure, which rises with age; the older a patient, the more often the measurement is missing. The mean
of what was measured is off by several points and nothing about it says so. ``IWAEImputer`` learns from what was observed, and
fills each gap from the rest of its row, once or many times at random. The table is simulated, so the truth is known.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

import upweight as uw

torch.set_num_threads(1)
rng = np.random.default_rng(0)
n, m = 600, 20
age = rng.integers(20, 80, n)
whole = pd.DataFrame({"age": age, "pressure": 100 + 0.6 * age + rng.normal(0, 8, n)})
holes = whole.copy()
holes.loc[rng.random(n) < 1 / (1 + np.exp((55 - age) / 8)), "pressure"] = np.nan
gap = holes["pressure"].isna()

training = uw.torch.Training(120, lr=4e-3, progress=False)
model = uw.torch.IWAE(
    20, latent=2, net=uw.torch.MLP((32, 32)), likelihood=uw.torch.Mixed(gaussian="row"), training=training
)
imputer = uw.torch.IWAEImputer(model, rng=0).fit(holes)
once = imputer.transform(holes)["pressure"]
tables = [t["pressure"] for t in imputer.draw(holes, m)]

# %%
# Twenty fillings at random, pooled by Rubin's rules: the variance within the tables and that between them.

means = np.array([t.mean() for t in tables])
se = {
    "measured only": holes["pressure"].std() / np.sqrt((~gap).sum()),
    "filled once": once.std() / np.sqrt(n),
    "filled 20 times": np.sqrt(np.mean([t.var() / n for t in tables]) + (1 + 1 / m) * means.var(ddof=1)),
}
values = [holes["pressure"].mean(), once.mean(), means.mean()]

# %%
# Left: every filling rests on a thousand weighted draws of the encoder; how many equal ones they are worth, and whether their tail
# is light enough for an average. Right: three answers.

fig, axes = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
imputer.check(holes[gap]).plot(axes[0])
axes[1].errorbar(values, list(se), xerr=1.96 * np.array(list(se.values())), fmt="o", capsize=4)
axes[1].axvline(whole["pressure"].mean(), color="black", linewidth=0.8, linestyle=":")
axes[1].set(
    xlabel="mean blood pressure (dotted: nothing missing)",
    ylim=(2.5, -0.5),
    title=f"{gap.sum()} of {n} patients have a gap",
)
plt.show()

# %%

truth = whole["pressure"].mean()
spreads = [x[gap].std() for x in (whole["pressure"], once, tables[0])]
assert truth - values[0] > 4
assert abs(values[2] - truth) < 2 * se["filled 20 times"]
assert spreads[1] < 0.9 * spreads[0]
print(
    f"Conclusion: the mean of the measured is {values[0] - truth:+.1f} off, that of twenty fillings {values[2] - truth:+.1f}. Filled once, what was missing "
    f"spreads by {spreads[1]:.1f} instead of {spreads[0]:.1f}: too smooth to be data; drawn at random, by {spreads[2]:.1f}."
)
