"""References of label shift, of tests of two samples and of what weights are used for; `_bibliography` takes them in.

The trouble: one table of all references would be longer than a file may be; these belong together, and stand together.
"""

from __future__ import annotations

__all__ = ["OF_SHIFT"]

OF_SHIFT: dict[str, tuple[str, dict[str, str]]] = {
    "alexandari2020": (
        "inproceedings",
        {
            "author": "Alexandari, Amr and Kundaje, Anshul and Shrikumar, Avanti",
            "title": "Maximum likelihood with bias-corrected calibration is hard-to-beat at label shift adaptation",
            "booktitle": "International Conference on Machine Learning",
            "year": "2020",
        },
    ),
    "lipton2018": (
        "inproceedings",
        {
            "author": "Lipton, Zachary C. and Wang, Yu-Xiang and Smola, Alexander J.",
            "title": "Detecting and correcting for label shift with black box predictors",
            "booktitle": "International Conference on Machine Learning",
            "year": "2018",
        },
    ),
    "rabanser2019": (
        "inproceedings",
        {
            "author": 'Rabanser, Stephan and G{\\"u}nnemann, Stephan and Lipton, Zachary C.',
            "title": "Failing loudly: an empirical study of methods for detecting dataset shift",
            "booktitle": "Advances in Neural Information Processing Systems",
            "year": "2019",
        },
    ),
    "robins1994": (
        "article",
        {
            "author": "Robins, James M. and Rotnitzky, Andrea and Zhao, Lue Ping",
            "title": "Estimation of regression coefficients when some regressors are not always observed",
            "journal": "Journal of the American Statistical Association",
            "volume": "89",
            "pages": "846--866",
            "year": "1994",
        },
    ),
    "tibshirani2019": (
        "inproceedings",
        {
            "author": "Tibshirani, Ryan J. and Foygel Barber, Rina and Cand{\\`e}s, Emmanuel J. and Ramdas, Aaditya",
            "title": "Conformal prediction under covariate shift",
            "booktitle": "Advances in Neural Information Processing Systems",
            "year": "2019",
        },
    ),
}
