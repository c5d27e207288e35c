"""Did the columns move, and are they repaired? The cross-fitted classifier two-sample test."""

from ._two_sample_test import TwoSample, said_p, pooled_test, two_sample_test

__all__ = ["TwoSample", "said_p", "pooled_test", "two_sample_test"]
