"""The references, as BibTeX has them.

What is inside: `REFERENCES`, key -> BibTeX type and fields. Which operation rests on which stands in `_rests_on`.
"""

from __future__ import annotations

from ._references_of_montecarlo import OF_MONTECARLO
from ._references_of_shift import OF_SHIFT

__all__ = ["REFERENCES"]

JASA = "Journal of the American Statistical Association"
NIPS = "Advances in Neural Information Processing Systems"
SMC = "IEEE Transactions on Systems, Man, and Cybernetics"
Reference = tuple[str, dict[str, str]]


def _article(
    author: str, year: str, title: str, journal: str, volume: str, number: str = "", pages: str = ""
) -> Reference:
    said = {"author": author, "title": title, "journal": journal, "volume": volume, "number": number}
    return "article", said | {"pages": pages, "year": year}


def _talk(author: str, year: str, title: str, booktitle: str, pages: str = "", volume: str = "") -> Reference:
    said = {"author": author, "title": title, "booktitle": booktitle, "volume": volume}
    return "inproceedings", said | {"pages": pages, "year": year}


def _book(author: str, year: str, title: str, publisher: str) -> Reference:
    return "book", {"author": author, "title": title, "publisher": publisher, "year": year}


REFERENCES: dict[str, Reference] = {
    "upweight": (
        "software",
        {"author": "{The upweight authors}", "title": "upweight: importance weights you can trust"},
    ),
    # sizes, tails, tests
    "kish1965": _book("Kish, Leslie", "1965", "Survey Sampling", "Wiley"),
    "martino2017": _article(
        "Martino, Luca and Elvira, V{\\'i}ctor and Louzada, Francisco",
        "2017",
        "Effective sample size for importance sampling based on discrepancy measures",
        "Signal Processing",
        "131",
        pages="386--401",
    ),
    "elvira2022": _article(
        "Elvira, V{\\'i}ctor and Martino, Luca and Robert, Christian P.",
        "2022",
        "Rethinking the effective sample size",
        "International Statistical Review",
        "90",
        "3",
        "525--550",
    ),
    "vehtari2024": _article(
        "Vehtari, Aki and Simpson, Daniel and Gelman, Andrew and Yao, Yuling and Gabry, Jonah",
        "2024",
        "{Pareto} smoothed importance sampling",
        "Journal of Machine Learning Research",
        "25",
        "72",
        "1--58",
    ),
    "zhang2009": _article(
        "Zhang, Jin and Stephens, Michael A.",
        "2009",
        "A new and efficient estimation method for the generalized {Pareto} distribution",
        "Technometrics",
        "51",
        "3",
        "316--325",
    ),
    "austin2009": _article(
        "Austin, Peter C.",
        "2009",
        "Balance diagnostics for comparing the distribution of baseline covariates between treatment groups in propensity-score "
        "matched samples",
        "Statistics in Medicine",
        "28",
        "25",
        "3083--3107",
    ),
    "chan1983": _article(
        "Chan, Tony F. and Golub, Gene H. and LeVeque, Randall J.",
        "1983",
        "Algorithms for computing the sample variance: analysis and recommendations",
        "The American Statistician",
        "37",
        "3",
        "242--247",
    ),
    # making and taming weights
    "veach1995": _talk(
        "Veach, Eric and Guibas, Leonidas J.",
        "1995",
        "Optimally combining sampling techniques for {Monte Carlo} rendering",
        "Proceedings of the 22nd Annual Conference on Computer Graphics and Interactive Techniques (SIGGRAPH)",
        "419--428",
    ),
    "ionides2008": _article(
        "Ionides, Edward L.",
        "2008",
        "Truncated importance sampling",
        "Journal of Computational and Graphical Statistics",
        "17",
        "2",
        "295--311",
    ),
    "koblents2015": _article(
        "Koblents, Eugenia and M{\\'i}guez, Joaqu{\\'i}n",
        "2015",
        "A population {Monte Carlo} scheme with transformed weights and its application to stochastic kinetic models",
        "Statistics and Computing",
        "25",
        "2",
        "407--425",
    ),
    "su2020": _talk(
        "Su, Yi and Dimakopoulou, Maria and Krishnamurthy, Akshay and Dud{\\'i}k, Miroslav",
        "2020",
        "Doubly robust off-policy evaluation with shrinkage",
        "Proceedings of the 37th International Conference on Machine Learning",
        "9167--9176",
    ),
    "metelli2021": _talk(
        "Metelli, Alberto Maria and Russo, Alessio and Restelli, Marcello",
        "2021",
        "Subgaussian and differentiable importance sampling for off-policy evaluation and learning",
        NIPS,
        "8119--8132",
        "34",
    ),
    # averages
    "hesterberg1995": _article(
        "Hesterberg, Tim",
        "1995",
        "Weighted average importance sampling and defensive mixture distributions",
        "Technometrics",
        "37",
        "2",
        "185--194",
    ),
    "horvitz1952": _article(
        "Horvitz, Daniel G. and Thompson, Donovan J.",
        "1952",
        "A generalization of sampling without replacement from a finite universe",
        JASA,
        "47",
        "260",
        "663--685",
    ),
    "woodruff1952": _article(
        "Woodruff, Ralph S.",
        "1952",
        "Confidence intervals for medians and other position measures",
        JASA,
        "47",
        "260",
        "635--646",
    ),
    "kunsch1989": _article(
        'K{\\"u}nsch, Hans R.',
        "1989",
        "The jackknife and the bootstrap for general stationary observations",
        "The Annals of Statistics",
        "17",
        "3",
        "1217--1241",
    ),
    "andrews1991": _article(
        "Andrews, Donald W. K.",
        "1991",
        "Heteroskedasticity and autocorrelation consistent covariance matrix estimation",
        "Econometrica",
        "59",
        "3",
        "817--858",
    ),
    "geyer1992": _article(
        "Geyer, Charles J.",
        "1992",
        "Practical {Markov} chain {Monte Carlo}",
        "Statistical Science",
        "7",
        "4",
        "473--483",
    ),
    "fisher1921": _article(
        "Fisher, Ronald A.",
        "1921",
        "On the ``probable error'' of a coefficient of correlation deduced from a small sample",
        "Metron",
        "1",
        pages="3--32",
    ),
    "liang1986": _article(
        "Liang, Kung-Yee and Zeger, Scott L.",
        "1986",
        "Longitudinal data analysis using generalized linear models",
        "Biometrika",
        "73",
        "1",
        "13--22",
    ),
    "lopezpaz2017": _talk(
        "Lopez-Paz, David and Oquab, Maxime",
        "2017",
        "Revisiting classifier two-sample tests",
        "International Conference on Learning Representations",
    ),
    # the odds given back
    "elkan2001": _talk(
        "Elkan, Charles",
        "2001",
        "The foundations of cost-sensitive learning",
        "Proceedings of the 17th International Joint Conference on Artificial Intelligence",
        "973--978",
    ),
    "saerens2002": _article(
        "Saerens, Marco and Latinne, Patrice and Decaestecker, Christine",
        "2002",
        "Adjusting the outputs of a classifier to new a priori probabilities: a simple procedure",
        "Neural Computation",
        "14",
        "1",
        "21--41",
    ),
    "dalpozzolo2015": _talk(
        "Dal Pozzolo, Andrea and Caelen, Olivier and Johnson, Reid A. and Bontempi, Gianluca",
        "2015",
        "Calibrating probability with undersampling for unbalanced classification",
        "IEEE Symposium Series on Computational Intelligence",
        "159--166",
    ),
    "king2001": _article(
        "King, Gary and Zeng, Langche",
        "2001",
        "Logistic regression in rare events data",
        "Political Analysis",
        "9",
        "2",
        "137--163",
    ),
    "cox1958": _article(
        "Cox, David R.",
        "1958",
        "Two further applications of a model for binary regression",
        "Biometrika",
        "45",
        "3/4",
        "562--565",
    ),
    "platt1999": (
        "incollection",
        {
            "author": "Platt, John C.",
            "title": "Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods",
            "booktitle": "Advances in Large Margin Classifiers",
            "publisher": "MIT Press",
            "pages": "61--74",
            "year": "1999",
        },
    ),
    "zadrozny2002": _talk(
        "Zadrozny, Bianca and Elkan, Charles",
        "2002",
        "Transforming classifier scores into accurate multiclass probability estimates",
        "Proceedings of the 8th ACM SIGKDD International Conference on Knowledge Discovery and Data Mining",
        "694--699",
    ),
    # comparison of remedies
    "nadeau2003": _article(
        "Nadeau, Claude and Bengio, Yoshua",
        "2003",
        "Inference for the generalization error",
        "Machine Learning",
        "52",
        "3",
        "239--281",
    ),
    "holm1979": _article(
        "Holm, Sture",
        "1979",
        "A simple sequentially rejective multiple test procedure",
        "Scandinavian Journal of Statistics",
        "6",
        "2",
        "65--70",
    ),
    "chawla2002": _article(
        "Chawla, Nitesh V. and Bowyer, Kevin W. and Hall, Lawrence O. and Kegelmeyer, W. Philip",
        "2002",
        "{SMOTE}: synthetic minority over-sampling technique",
        "Journal of Artificial Intelligence Research",
        "16",
        pages="321--357",
    ),
    "han2005": _talk(
        "Han, Hui and Wang, Wen-Yuan and Mao, Bing-Huan",
        "2005",
        "Borderline-{SMOTE}: a new over-sampling method in imbalanced data sets learning",
        "Advances in Intelligent Computing (ICIC)",
        "878--887",
    ),
    "he2008": _talk(
        "He, Haibo and Bai, Yang and Garcia, Edwardo A. and Li, Shutao",
        "2008",
        "{ADASYN}: adaptive synthetic sampling approach for imbalanced learning",
        "IEEE International Joint Conference on Neural Networks",
        "1322--1328",
    ),
    "tomek1976links": _article("Tomek, Ivan", "1976", "Two modifications of {CNN}", SMC, "SMC-6", "11", "769--772"),
    "tomek1976enn": _article(
        "Tomek, Ivan", "1976", "An experiment with the edited nearest-neighbor rule", SMC, "SMC-6", "6", "448--452"
    ),
    "wilson1972": _article(
        "Wilson, Dennis L.",
        "1972",
        "Asymptotic properties of nearest neighbor rules using edited data",
        SMC,
        "SMC-2",
        "3",
        "408--421",
    ),
    "laurikkala2001": _talk(
        "Laurikkala, Jorma",
        "2001",
        "Improving identification of difficult small classes by balancing class distribution",
        "Artificial Intelligence in Medicine (AIME)",
        "63--66",
    ),
    "kubat1997": _talk(
        "Kubat, Miroslav and Matwin, Stan",
        "1997",
        "Addressing the curse of imbalanced training sets: one-sided selection",
        "Proceedings of the 14th International Conference on Machine Learning",
        "179--186",
    ),
    "hart1968": _article(
        "Hart, Peter E.",
        "1968",
        "The condensed nearest neighbor rule",
        "IEEE Transactions on Information Theory",
        "14",
        "3",
        "515--516",
    ),
    "mani2003": _talk(
        "Mani, Inderjeet and Zhang, Jianping",
        "2003",
        "{kNN} approach to unbalanced data distributions: a case study involving information extraction",
        "ICML Workshop on Learning from Imbalanced Datasets",
    ),
    "smith2014": _article(
        "Smith, Michael R. and Martinez, Tony and Giraud-Carrier, Christophe",
        "2014",
        "An instance level analysis of data complexity",
        "Machine Learning",
        "95",
        "2",
        "225--256",
    ),
    "batista2004": _article(
        "Batista, Gustavo E. A. P. A. and Prati, Ronaldo C. and Monard, Maria Carolina",
        "2004",
        "A study of the behavior of several methods for balancing machine learning training data",
        "ACM SIGKDD Explorations Newsletter",
        "6",
        "1",
        "20--29",
    ),
    "liu2009": _article(
        "Liu, Xu-Ying and Wu, Jianxin and Zhou, Zhi-Hua",
        "2009",
        "Exploratory undersampling for class-imbalance learning",
        SMC + ", Part B",
        "39",
        "2",
        "539--550",
    ),
    "seiffert2010": _article(
        "Seiffert, Chris and Khoshgoftaar, Taghi M. and Van Hulse, Jason and Napolitano, Amri",
        "2010",
        "{RUSBoost}: a hybrid approach to alleviating class imbalance",
        SMC + ", Part A",
        "40",
        "1",
        "185--197",
    ),
    "chen2004": (
        "techreport",
        {
            "author": "Chen, Chao and Liaw, Andy and Breiman, Leo",
            "title": "Using random forest to learn imbalanced data",
            "institution": "University of California, Berkeley",
            "number": "666",
            "year": "2004",
        },
    ),
    "liu2021": _talk(
        "Liu, Evan Z. and Haghgoo, Behzad and Chen, Annie S. and Raghunathan, Aditi and Koh, Pang Wei and Sagawa, Shiori and "
        "Liang, Percy and Finn, Chelsea",
        "2021",
        "Just train twice: improving group robustness without training group information",
        "Proceedings of the 38th International Conference on Machine Learning",
        "6781--6792",
    ),
    # the world moved
    "bickel2009": _article(
        'Bickel, Steffen and Br{\\"u}ckner, Michael and Scheffer, Tobias',
        "2009",
        "Discriminative learning under covariate shift",
        "Journal of Machine Learning Research",
        "10",
        pages="2137--2155",
    ),
    "kanamori2009": _article(
        "Kanamori, Takafumi and Hido, Shohei and Sugiyama, Masashi",
        "2009",
        "A least-squares approach to direct importance estimation",
        "Journal of Machine Learning Research",
        "10",
        pages="1391--1445",
    ),
    "yamada2013": _article(
        "Yamada, Makoto and Suzuki, Taiji and Kanamori, Takafumi and Hachiya, Hirotaka and Sugiyama, Masashi",
        "2013",
        "Relative density-ratio estimation for robust distribution comparison",
        "Neural Computation",
        "25",
        "5",
        "1324--1370",
    ),
    "sugiyama2008": _article(
        'Sugiyama, Masashi and Suzuki, Taiji and Nakajima, Shinichi and Kashima, Hisashi and von B{\\"u}nau, Paul and Kawanabe, '
        "Motoaki",
        "2008",
        "Direct importance estimation for covariate shift adaptation",
        "Annals of the Institute of Statistical Mathematics",
        "60",
        "4",
        "699--746",
    ),
    "tsuboi2009": _article(
        "Tsuboi, Yuta and Kashima, Hisashi and Hido, Shohei and Bickel, Steffen and Sugiyama, Masashi",
        "2009",
        "Direct density ratio estimation for large-scale covariate shift adaptation",
        "Journal of Information Processing",
        "17",
        pages="138--155",
    ),
    "huang2006": _talk(
        'Huang, Jiayuan and Smola, Alexander J. and Gretton, Arthur and Borgwardt, Karsten M. and Sch{\\"o}lkopf, Bernhard',
        "2006",
        "Correcting sample selection bias by unlabeled data",
        NIPS,
        volume="19",
    ),
    "deville1992": _article(
        'Deville, Jean-Claude and S{\\"a}rndal, Carl-Erik',
        "1992",
        "Calibration estimators in survey sampling",
        JASA,
        "87",
    ),
    "hainmueller2012": _article(
        "Hainmueller, Jens",
        "2012",
        "Entropy balancing for causal effects: a multivariate reweighting method to produce balanced samples in observational studies",
        "Political Analysis",
        "20",
        "1",
        "25--46",
    ),
}
REFERENCES |= OF_SHIFT | OF_MONTECARLO
