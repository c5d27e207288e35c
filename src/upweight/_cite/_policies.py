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
    "rockafellar2000": article(
        "Rockafellar, R. Tyrrell and Uryasev, Stanislav",
        "2000",
        "Optimization of conditional value-at-risk",
        "Journal of Risk",
        "2",
        "3",
        "21--41",
    ),
}
