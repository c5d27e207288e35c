"""
Is a formula enough to repair a model that overfits?
====================================================

Class weights multiply the odds by a known number, so dividing by it should give the probabilities back. For a learner that
follows its rows exactly, weights act on some rows and not on others, and the formula overshoots. What does it take?
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier

import upweight.imbalance as im

X, y = make_classification(
    16_000, n_features=12, n_informative=6, class_sep=0.9, flip_y=0.02, weights=[0.97], random_state=0
)
boosting = HistGradientBoostingClassifier(max_iter=30, random_state=0)
seen, new = slice(4000), slice(4000, None)

# %%
# The same boosting, the same balanced weights, three repairs: none; the formula; and held-out predictions of models that have not
# seen the rows (``"crossfit"``, the default).

repairs = ("none", "formula", "crossfit")
promised = {
    repair: im.Rebalanced(boosting, "weights", repair=repair, rng=0).fit(X[seen], y[seen]).predict_proba(X[new])[:, 1]
    for repair in repairs
}
ratio = {repair: im.score(y[new], p).oe for repair, p in promised.items()}

# %%

fig, ax = plt.subplots(figsize=(7.5, 3), layout="constrained")
bars = ax.barh(list(ratio), list(ratio.values()), color=["tab:orange", "tab:orange", "tab:blue"])
ax.bar_label(bars, fmt="%.2f", padding=4)
ax.axvline(1, color="black", linewidth=0.8, linestyle=":")
ax.set(xlabel="positives that came, over positives promised (1: right)", ylabel="repair", xlim=(0, 3.7))
ax.set_title("boosting with balanced class weights, on new rows")
ax.invert_yaxis()
plt.show()

# %%

assert ratio["none"] < 0.6
assert ratio["formula"] > 2
assert abs(ratio["crossfit"] - 1) < 0.1
print(
    f"Conclusion: raw it promises {1 / ratio['none']:.1f} times too many positives; by the formula {ratio['formula']:.1f} times too few; "
    f"repaired on rows that its parts have not seen, observed over expected is {ratio['crossfit']:.2f}."
)
