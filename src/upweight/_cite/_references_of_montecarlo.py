"""References of rare events, evidence and integrals; `_bibliography` takes them in.

The trouble: one table of all references would be longer than a file may be; these belong together, and stand together.
"""

from __future__ import annotations

__all__ = ["OF_MONTECARLO"]

OF_MONTECARLO: dict[str, tuple[str, dict[str, str]]] = {
    "au2001": (
        "article",
        {
            "author": "Au, Siu-Kui and Beck, James L.",
            "title": "Estimation of small failure probabilities in high dimensions by subset simulation",
            "journal": "Probabilistic Engineering Mechanics",
            "volume": "16",
            "number": "4",
            "pages": "263--277",
            "year": "2001",
        },
    ),
    "cornuet2012": (
        "article",
        {
            "author": "Cornuet, Jean-Marie and Marin, Jean-Michel and Mira, Antonietta and Robert, Christian P.",
            "title": "Adaptive multiple importance sampling",
            "journal": "Scandinavian Journal of Statistics",
            "volume": "39",
            "number": "4",
            "pages": "798--812",
            "year": "2012",
        },
    ),
    "dai2022": (
        "article",
        {
            "author": "Dai, Chenguang and Heng, Jeremy and Jacob, Pierre E. and Whiteley, Nick",
            "title": "An invitation to sequential Monte Carlo samplers",
            "journal": "Journal of the American Statistical Association",
            "volume": "117",
            "number": "539",
            "pages": "1587--1600",
            "year": "2022",
        },
    ),
    "delmoral2006": (
        "article",
        {
            "author": "Del Moral, Pierre and Doucet, Arnaud and Jasra, Ajay",
            "title": "Sequential Monte Carlo samplers",
            "journal": "Journal of the Royal Statistical Society: Series B",
            "volume": "68",
            "number": "3",
            "pages": "411--436",
            "year": "2006",
        },
    ),
    "elmasri2021": (
        "article",
        {
            "author": "El Masri, Maxime and Morio, J{\\'e}r{\\^o}me and Simatos, Florian",
            "title": "Improvement of the cross-entropy method in high dimension for failure probability estimation through a one-dimensional projection without gradient estimation",
            "journal": "Reliability Engineering and System Safety",
            "volume": "216",
            "pages": "107991",
            "year": "2021",
        },
    ),
    "good1953": (
        "article",
        {
            "author": "Good, Irving J.",
            "title": "The population frequencies of species and the estimation of population parameters",
            "journal": "Biometrika",
            "volume": "40",
            "number": "3--4",
            "pages": "237--264",
            "year": "1953",
        },
    ),
    "lepage1978": (
        "article",
        {
            "author": "Lepage, G. Peter",
            "title": "A new algorithm for adaptive multidimensional integration",
            "journal": "Journal of Computational Physics",
            "volume": "27",
            "number": "2",
            "pages": "192--203",
            "year": "1978",
        },
    ),
    "lepage2021": (
        "article",
        {
            "author": "Lepage, G. Peter",
            "title": "Adaptive multidimensional integration: {VEGAS} enhanced",
            "journal": "Journal of Computational Physics",
            "volume": "439",
            "pages": "110386",
            "year": "2021",
        },
    ),
    "neal2001": (
        "article",
        {
            "author": "Neal, Radford M.",
            "title": "Annealed importance sampling",
            "journal": "Statistics and Computing",
            "volume": "11",
            "number": "2",
            "pages": "125--139",
            "year": "2001",
        },
    ),
    "owen2000": (
        "article",
        {
            "author": "Owen, Art and Zhou, Yi",
            "title": "Safe and effective importance sampling",
            "journal": "Journal of the American Statistical Association",
            "volume": "95",
            "number": "449",
            "pages": "135--143",
            "year": "2000",
        },
    ),
    "papaioannou2015": (
        "article",
        {
            "author": "Papaioannou, Iason and Betz, Wolfgang and Zwirglmaier, Kilian and Straub, Daniel",
            "title": "MCMC algorithms for subset simulation",
            "journal": "Probabilistic Engineering Mechanics",
            "volume": "41",
            "pages": "89--103",
            "year": "2015",
        },
    ),
    "papaioannou2019": (
        "article",
        {
            "author": "Papaioannou, Iason and Geyer, Sebastian and Straub, Daniel",
            "title": "Improved cross entropy-based importance sampling with a flexible mixture model",
            "journal": "Reliability Engineering and System Safety",
            "volume": "191",
            "pages": "106564",
            "year": "2019",
        },
    ),
    "student1908": (
        "article",
        {
            "author": "Student",
            "title": "The probable error of a mean",
            "journal": "Biometrika",
            "volume": "6",
            "number": "1",
            "pages": "1--25",
            "year": "1908",
        },
    ),
}
