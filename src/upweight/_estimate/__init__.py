"""Averages, quantiles and distribution functions of weighted rows, with intervals that know the tail of the weights.

From the bottom up: _influence (how much a row moves an average), _sample (what averages of the same weights share), _tails (norm and
tails of influences), _columns (f), _interval, _belief (one average and the reasons to doubt it), _terms, _arithmetic and _estimate (what users
hold), _blocks (dependent rows), _two_samples (source and target rows side by side), _average, _shares and _quantile, _spread (the estimators), _wording.

Other rooms import the names below, and nothing from the files behind them.
"""

from ._average import AverageFit, average_fit, averages, integral, mean
from ._belief import Average, average
from ._blocks import block_length, relative_efficiency
from ._columns import NamedValues, Values, read_values, too_few
from ._estimate import Estimate, doubted, estimate
from ._influence import Dense, blocks
from ._interval import Box, IntervalRule, NeverSeen, OnScale, Symmetric, Unknown, t_quantile
from ._of_repeats import is_of_repeats
from ._quantile import cdf, quantile
from ._sample import (
    Groups,
    MeanWeight,
    WeightedSample,
    broken_by,
    broken_promise,
    clusters_of,
    mean_test,
    mean_weight,
    multipliers,
    sample_of,
)
from ._spread import corr, cov, std, var
from ._tails import cluster_tails, kish
from ._terms import Terms
from ._two_samples import TwoSamples, Within
from ._wording import plus_minus, tail_said, times

__all__ = [
    "Average",
    "AverageFit",
    "Box",
    "Dense",
    "Estimate",
    "Groups",
    "IntervalRule",
    "MeanWeight",
    "NamedValues",
    "NeverSeen",
    "OnScale",
    "Symmetric",
    "Terms",
    "TwoSamples",
    "Unknown",
    "Values",
    "WeightedSample",
    "Within",
    "average",
    "average_fit",
    "averages",
    "block_length",
    "blocks",
    "broken_by",
    "broken_promise",
    "cdf",
    "cluster_tails",
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
    "mean_weight",
    "multipliers",
    "plus_minus",
    "quantile",
    "read_values",
    "relative_efficiency",
    "sample_of",
    "std",
    "t_quantile",
    "tail_said",
    "times",
    "too_few",
    "var",
]
