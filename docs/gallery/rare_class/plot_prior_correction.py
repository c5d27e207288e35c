"""
How many positives does a model promise that saw a tenth of the negatives?
==========================================================================

Positives are rare and negatives dear to train on, so nine tenths of the negatives are left out. The model ranks as well as
before. What do its probabilities say, and does one subtraction of log-odds repair them?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import upweight as uw

rng = np.random.default_rng(0)


def visits(n):
    X = rng.normal(size=(n, 2))
    return X, rng.random(n) < 1 / (1 + np.exp(4 - X[:, 0] - X[:, 1]))


(X, y), (X_new, y_new) = visits(60_000), visits(40_000)
keep = y | (rng.random(len(y)) < 0.1)
thinned = LogisticRegression().fit(X[keep], y[keep])
promised = thinned.predict_proba(X_new)[:, 1]

# %%
# The correction knows what was done and nothing of the model. ``verify`` holds it against rows that the model has not seen.

correction = uw.Correction.kept(negatives=0.1)
given_back = correction.apply(promised)
held = correction.verify(y_new, promised)
print(correction, held.status)

fig, ax = plt.subplots(figsize=(6.4, 5), layout="constrained")
held.plot(ax)
plt.show()

# %%
# And a model that was trained on everything, for comparison.

everything = LogisticRegression().fit(X, y).predict_proba(X_new)[:, 1]

# %%

times = promised.mean() / y_new.mean()
repaired = given_back.mean() / y_new.mean()
aucs = roc_auc_score(y_new, promised), roc_auc_score(y_new, everything)
assert held.status == "confirmed"
assert times > 5
assert abs(repaired - 1) < 0.05
assert abs(aucs[0] - aucs[1]) < 0.002
print(
    f"Conclusion: trained on {keep.mean():.0%} of the rows it promises {times:.1f} times as many positives as come; with the odds given back "
    f"{repaired:.2f} times. It ranks as well as the model of all rows: AUC {aucs[0]:.3f} and {aucs[1]:.3f}."
)
