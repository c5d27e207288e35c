"""Which operation rests on which paper: the table that `cite` reads.

The trouble: a method is used through three layers and its author is named in none of them. Here every step that a trail can hold, every
figure that a verdict prints and every row of a comparison points to the papers that it comes from.

What is inside: `RESTS_ON`, operation -> keys of `_bibliography`. An operation is the name of a step of a trail ("smooth"), with a setting
where it matters ("mean:control", "density_ratio:kliep"), a kind of result ("Verdict"), or a row of `compare` ("compare:smote").
"""

from __future__ import annotations

__all__ = ["RESTS_ON"]

_TAIL = ("vehtari2024", "zhang2009")
_EVERY_COMPARISON = ("elkan2001", "nadeau2003", "holm1979")

RESTS_ON: dict[str, tuple[str, ...]] = {
    "mixture": ("veach1995",),
    "smooth": _TAIL,
    "truncate": ("ionides2008",),
    "clip": ("ionides2008",),
    "temper": ("koblents2015",),
    "shrink:square": ("su2020",),
    "shrink:harmonic": ("metelli2021",),
    "Estimate": _TAIL,
    "mean:self": ("hesterberg1995",),
    "mean:control": ("hesterberg1995",),
    "mean:total": ("horvitz1952",),
    "integral": ("hesterberg1995",),
    "clusters": ("liang1986",),
    "blocks": ("kunsch1989", "andrews1991", "geyer1992"),
    "var": ("kish1965",),
    "std": ("kish1965",),
    "cov": ("kish1965",),
    "corr": ("fisher1921",),
    "quantile": ("woodruff1952",),
    "c2st": ("lopezpaz2017",),
    "Verdict": ("kish1965", "martino2017", *_TAIL),
    "ess_f": ("elvira2022",),
    "balance": ("austin2009",),
    "Tally": ("chan1983",),
    "Correction.prior": ("elkan2001", "saerens2002"),
    "Correction.kept": ("dalpozzolo2015", "king2001"),
    "Correction.weighted": ("elkan2001", "king2001"),
    "Correction.offset": ("king2001",),
    "Correction.em": ("saerens2002",),
    "Correction.weights": ("king2001",),
    "Repair": ("cox1958",),
    "Repair:platt": ("platt1999",),
    "Repair:isotonic": ("zadrozny2002",),
    "density_ratio": ("bickel2009",),
    "density_ratio:ulsif": ("kanamori2009",),
    "density_ratio:rulsif": ("kanamori2009", "yamada2013"),
    "density_ratio:kliep": ("sugiyama2008",),
    "density_ratio:loglinear": ("tsuboi2009",),
    "density_ratio:kmm": ("huang2006",),
    "balancing_weights": ("deville1992", "hainmueller2012"),
    "label_shift": ("alexandari2020", "saerens2002"),
    "label_shift:bbse": ("lipton2018",),
    "two_sample_test": ("lopezpaz2017", "nadeau2003"),
    "doubly_robust": ("robins1994",),
    "Conformal": ("tibshirani2019",),
    "shift": ("lipton2018", "lopezpaz2017", "nadeau2003", "rabanser2019"),
    "rare": ("good1953", "owen2000", "papaioannou2019"),
    "rare:subset": ("au2001", "papaioannou2015"),
    "rare:subset+draw": ("au2001", "papaioannou2015"),
    "fit_proposal:projected": ("elmasri2021",),
    "compare": _EVERY_COMPARISON,
    "compare:random_under": ("dalpozzolo2015",),
    "compare:smote": ("chawla2002",),
    "compare:borderline1": ("han2005",),
    "compare:borderline2": ("han2005",),
    "compare:adasyn": ("he2008",),
    "compare:tomek": ("tomek1976links",),
    "compare:enn": ("wilson1972",),
    "compare:renn": ("tomek1976enn",),
    "compare:allknn": ("tomek1976enn",),
    "compare:ncr": ("laurikkala2001",),
    "compare:oss": ("kubat1997",),
    "compare:cnn": ("hart1968",),
    "compare:nearmiss1": ("mani2003",),
    "compare:nearmiss2": ("mani2003",),
    "compare:nearmiss3": ("mani2003",),
    "compare:hardness": ("smith2014",),
    "compare:smote+tomek": ("batista2004", "chawla2002"),
    "compare:smote+enn": ("batista2004", "chawla2002"),
    "compare:easy_ensemble": ("liu2009",),
    "compare:balance_cascade": ("liu2009",),
    "compare:balanced_forest": ("chen2004",),
    "compare:rusboost": ("seiffert2010",),
    "compare:errors": ("liu2021",),
}
