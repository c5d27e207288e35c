"""Did the columns move, and are they repaired? The cross-fitted classifier two-sample test."""

from ._two_sample_test import TwoSample, pooled_test, said_p, two_sample_test

__all__ = ["TwoSample", "pooled_test", "said_p", "two_sample_test"]
