"""
Offset, weights, or nothing: what repairs a model of thinned rows?
==================================================================

A sample keeps every click and a handful of other impressions. A model trained on it as it is promises far too much. There are
two lawful repairs: an offset, which moves the odds row by row, and weights, which count each kept row for those that went. Both aim
at the model of all rows; which comes nearer? Forty samples of one log, every repair on each.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

clicks = uw.negatives.demo_clicks(100_000)
names = [f"x{j}" for j in range(6)]


def columns(table):
    return np.column_stack([table[name] for name in names]), table["clicked"].to_numpy()


def logit(model):
    return model.decision_function(columns(clicks)[0])


def models(rule, seed):
    """One sample with a negative a click; a model of it as it is, with weights, with the offset."""
    plan = uw.negatives.plan(clicks, label="clicked", key="impression_id", per_positive=1, rule=rule, rng=seed)
    thin = plan.apply(clicks)
    X, y = columns(thin)
    w = uw.Weights.of(thin["_uw_weight"].to_numpy(), kind="inclusion")
    learner = uw.negatives.StreamedLogistic
    yield learner().fit(X, y)
    yield uw.negatives.fit(learner(), X, y, sample_weight=w)
    yield uw.negatives.fit(learner(), X, y, offset=plan.correction(thin))


everything = logit(uw.negatives.StreamedLogistic().fit(*columns(clicks)))


def far(rule):
    """Distance from the model of all rows, in log-odds (root mean square), of forty samples and three models each."""
    return np.array(
        [[np.sqrt(np.mean((logit(m) - everything) ** 2)) for m in models(rule, seed)] for seed in range(40)]
    )


uniform, chosen = far("uniform"), far("proportional")

# %%

fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
labels = ["at random, weights", "at random, offset", "by score, weights", "by score, offset"]
ax.boxplot([*uniform[:, 1:].T, *chosen[:, 1:].T], orientation="horizontal", tick_labels=labels)
ax.invert_yaxis()
ax.set(
    xlabel="distance from the model of all rows, in log-odds",
    title="forty samples of one negative a click, repaired",
    xlim=(0, None),
)
plt.show()

# %%

as_it_is = chosen[:, 0].mean()
w_random, o_random = uniform[:, 1:].mean(axis=0)
w_score, o_score = chosen[:, 1:].mean(axis=0)
assert as_it_is > 10 * w_random
assert o_random < 0.75 * w_random
assert max(w_score, o_score) < 0.75 * o_random
print(
    f"Conclusion: unrepaired it is {as_it_is:.1f} log-odds off. Drawn at random, the offset comes to within {o_random:.2f} and weights to within "
    f"{w_random:.2f}; drawn by a cheap score, both to within {max(w_score, o_score):.2f}. How rows are chosen matters more than how they are given back."
)
