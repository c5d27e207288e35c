"""Averages, quantiles and distribution functions of weighted rows, with intervals that know the tail of the weights.

From the bottom up: _influence (how much a row moves an average), _sample (what averages of the same weights share), _tails (norm and
tails of influences), _columns (f), _interval, _belief (one average and the reasons to doubt it), _terms, _arithmetic and _estimate (what users
hold), _blocks (dependent rows), _two_samples (source and target rows side by side), _average, _shares and _quantile, _spread (the estimators), _wording.

Other rooms import the names below, and nothing from the files behind them.
"""

from ._average import averages, integral, mean
from ._belief import Average, average
from ._blocks import block_length, relative_efficiency
from ._columns import NamedValues, read_values, too_few
from ._estimate import Estimate, doubted, estimate
from ._influence import Dense
from ._interval import IntervalRule, NeverSeen, OnScale, Symmetric
from ._of_repeats import is_of_repeats
from ._quantile import cdf, quantile
from ._sample import (
    MeanWeight,
    WeightedSample,
    broken_by,
    broken_promise,
    clusters_of,
    mean_test,
    multipliers,
    sample_of,
)
from ._spread import corr, cov, std, var
from ._tails import kish
from ._terms import Terms
from ._two_samples import TwoSamples, Within
from ._wording import plus_minus, tail_said

__all__ = [
    "Average",
    "Dense",
    "Estimate",
    "IntervalRule",
    "MeanWeight",
    "NamedValues",
    "NeverSeen",
    "OnScale",
    "Symmetric",
    "Terms",
    "TwoSamples",
    "WeightedSample",
    "Within",
    "average",
    "averages",
    "block_length",
    "broken_by",
    "broken_promise",
    "cdf",
    "clusters_of",
    "corr",
    "cov",
    "doubted",
    "estimate",
    "integral",
    "is_of_repeats",
    "kish",
    "mean",
    "mean_test",
    "multipliers",
    "plus_minus",
    "quantile",
    "read_values",
    "relative_efficiency",
    "sample_of",
    "std",
    "tail_said",
    "too_few",
    "var",
]
