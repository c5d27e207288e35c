"""
Can a survey be weighted to known shares?
=========================================

Who answers a survey is younger and better schooled than the country. The country's mean age and the shares of its schools are
known, its people are not. Weights are asked for that meet those figures exactly and stray from equal weights as little as can be. Did
they mend the columns, and what did it cost?
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import upweight as uw
import upweight.shift as sh

rng = np.random.default_rng(0)
schools = np.array(["basic", "middle", "high"])


def people(n):
    school = schools[rng.choice(3, n, p=[0.3, 0.5, 0.2])]
    age = rng.normal(50, 15, n) - 4 * (school == "high")
    approves = rng.random(n) < 1 / (1 + np.exp(-(age - 45) / 10 + (school == "high")))
    return pd.DataFrame({"age": age, "school": school, "approves": approves})


country = people(40_000)
answers = rng.random(len(country)) < 0.04 * np.exp(-(country["age"] - 50) / 20) * np.where(
    country["school"] == "high", 2.0, 0.8
)
survey = country[answers].reset_index(drop=True)

# %%
# Two known figures: a mean, and shares of levels.

known = {"age": country["age"].mean(), "school": country["school"].value_counts(normalize=True).to_dict()}
columns = ["age", "school"]
w = sh.balancing_weights(survey[columns], known)
balance = uw.balance(survey[columns], country[columns], weights=w)

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
balance.plot(ax)
plt.show()

# %%

raw, weighted, truth = survey["approves"].mean(), w.mean(survey["approves"]), country["approves"].mean()
low, high = weighted.interval()
assert abs(w.mean(survey["age"]).value - known["age"]) < 1e-6
assert low < truth < high
assert abs(raw - truth) > 3 * abs(weighted.value - truth)
print(
    f"Conclusion: in the survey {raw:.0%} approve, in the country {truth:.0%}; weighted to the known age and schools {weighted.value:.0%} (interval "
    f"{low:.0%} to {high:.0%}). The price: {len(survey):,} answers are worth {w.ess:,.0f}."
)
