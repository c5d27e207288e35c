"""Averages, quantiles and distribution functions of weighted rows, with intervals that know the tail of the weights."""

from ._average import mean
from ._estimate import Estimate
from ._quantile import cdf, quantile

__all__ = ["Estimate", "cdf", "mean", "quantile"]
