"""The references of off-policy evaluation, the part of the bibliography that only `ope` rests on.

What is inside: `POLICIES`, key -> BibTeX type and fields, taken in by `REFERENCES`.
"""

from __future__ import annotations

from ._entries import NIPS, Reference, article, talk

__all__ = ["POLICIES"]

POLICIES: dict[str, Reference] = {
    "dudik2011": talk(
        "Dud{\\'i}k, Miroslav and Langford, John and Li, Lihong",
        "2011",
        "Doubly robust policy evaluation and learning",
        "Proceedings of the 28th International Conference on Machine Learning",
        "1097--1104",
    ),
    "wang2017": talk(
        "Wang, Yu-Xiang and Agarwal, Alekh and Dud{\\'i}k, Miroslav",
        "2017",
        "Optimal and adaptive off-policy evaluation in contextual bandits",
        "Proceedings of the 34th International Conference on Machine Learning",
        "3589--3597",
    ),
    "karampatziakis2020": talk(
        "Karampatziakis, Nikos and Langford, John and Mineiro, Paul",
        "2020",
        "Empirical likelihood for contextual bandits",
        NIPS,
        volume="33",
    ),
    "gupta2024": talk(
        "Gupta, Shashank and Jeunen, Olivier and Oosterhuis, Harrie and de Rijke, Maarten",
        "2024",
        "Optimal baseline corrections for off-policy contextual bandits",
        "Proceedings of the 18th ACM Conference on Recommender Systems",
    ),
    "su2020slope": talk(
        "Su, Yi and Srinath, Pavithra and Krishnamurthy, Akshay",
        "2020",
        "Adaptive estimator selection for off-policy evaluation",
        "Proceedings of the 37th International Conference on Machine Learning",
        "9196--9205",
    ),
    "lepski1997": article(
        "Lepski, O. V. and Spokoiny, V. G.",
        "1997",
        "Optimal pointwise adaptive methods in nonparametric estimation",
        "Annals of Statistics",
        "25",
        "6",
        "2512--2546",
    ),
    "kallus2018": talk(
        "Kallus, Nathan and Zhou, Angela",
        "2018",
        "Policy evaluation and optimization with continuous treatments",
        "Proceedings of the 21st International Conference on Artificial Intelligence and Statistics",
    ),
    "rockafellar2000": article(
        "Rockafellar, R. Tyrrell and Uryasev, Stanislav",
        "2000",
        "Optimization of conditional value-at-risk",
        "Journal of Risk",
        "2",
        "3",
        "21--41",
    ),
    "precup2000": talk(
        "Precup, Doina and Sutton, Richard S. and Singh, Satinder",
        "2000",
        "Eligibility traces for off-policy policy evaluation",
        "Proceedings of the 17th International Conference on Machine Learning",
        "759--766",
    ),
    "jiang2016": talk(
        "Jiang, Nan and Li, Lihong",
        "2016",
        "Doubly robust off-policy value evaluation for reinforcement learning",
        "Proceedings of the 33rd International Conference on Machine Learning",
        "652--661",
    ),
    "thomas2016": talk(
        "Thomas, Philip S. and Brunskill, Emma",
        "2016",
        "Data-efficient off-policy policy evaluation for reinforcement learning",
        "Proceedings of the 33rd International Conference on Machine Learning",
        "2139--2148",
    ),
    "swaminathan2017": talk(
        "Swaminathan, Adith and Krishnamurthy, Akshay and Agarwal, Alekh and Dud{\\'i}k, Miroslav and Langford, John and Jose, Damien and Zitouni, Imed",
        "2017",
        "Off-policy evaluation for slate recommendation",
        NIPS,
        volume="30",
    ),
    "xie2019": talk(
        "Xie, Tengyang and Ma, Yifei and Wang, Yu-Xiang",
        "2019",
        "Towards optimal off-policy evaluation for reinforcement learning with marginalized importance sampling",
        NIPS,
        volume="32",
    ),
}
