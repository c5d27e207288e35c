"""A hundred thousand rows: the counts that imbalanced-learn and a plain NumPy sketch gave, and no more memory than promised.

Reference counts: imbalanced-learn 0.14.2 (Tomek, ENN, AllKNN, RENN with 7 rounds), scikit-learn 1.9.1.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.datasets import make_classification

import upweight.imbalance as im
from upweight.neighbours._distances import Space
from upweight.neighbours._search import nearest


@pytest.fixture(scope="module")
def table():
    return make_classification(
        100_000, n_features=20, n_informative=6, weights=[0.95], flip_y=0.01, class_sep=0.8, random_state=0
    )


@pytest.mark.parametrize(
    ("method", "kept"),
    [
        (im.TomekLinks(), 99_343),
        (im.EditedNN(), 93_875),
        (im.EditedNN(scheme="growing"), 93_305),
        (im.EditedNN(scheme="repeated"), 92_810),
        (im.NearMiss(version=2), 10_968),
    ],
)
def test_counts_at_a_hundred_thousand_rows(table, method, kept):
    r = method.resample(*table)
    assert len(r) == kept
    if getattr(method, "scheme", "") == "repeated":
        assert r.notes == ("7 rounds",)


@pytest.mark.slow
def test_the_condensed_set_of_a_hundred_thousand_rows_errs_nowhere(table):
    X, y = table
    start = time.process_time()
    kept = im.CondensedNN(rng=0).resample(X, y).indices
    assert time.process_time() - start < 20
    near, _ = nearest(Space.of(X), np.setdiff1d(np.arange(len(y)), kept), kept, 1)
    assert (y[near[:, 0]] == y[np.setdiff1d(np.arange(len(y)), kept)]).all()


@pytest.mark.slow
def test_repeated_editing_of_a_hundred_thousand_rows_takes_seconds(table):
    start = time.process_time()
    im.EditedNN(scheme="repeated").resample(*table)
    assert time.process_time() - start < 10


MEMORY = """
import resource, numpy as np
from sklearn.datasets import make_classification
import upweight.imbalance as im
X, y = make_classification(100_000, n_features=20, n_informative=6, weights=[0.95], flip_y=0.01, class_sep=0.8, random_state=0)
im.{method}.resample(X[:2000], y[:2000])
now = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1024
im.{method}.resample(X, y)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # ru_maxrss would begin with the memory of pytest
peak = int(status["VmHWM"].split()[0])
print((peak - now) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    "method",
    [
        "NearMiss(version=2)",
        "TomekLinks()",
        "EditedNN(scheme='repeated')",
        "CondensedNN(rng=0)",
        "OneSided(rng=0)",
        "Chain(im.SMOTE(rng=0), im.TomekLinks(drop='all'))",
        "Chain(im.SMOTE(rng=0), im.EditedNN(drop='all'))",
    ],
)
def test_no_method_adds_more_than_twice_the_input_and_a_block(method):
    ran = subprocess.run(
        [sys.executable, "-c", MEMORY.format(method=method)], capture_output=True, text=True, check=True, timeout=600
    )
    added, table_mb = float(ran.stdout), 100_000 * 20 * 8 / 2**20
    assert added < 2 * table_mb + 64, f"{method} added {added:.0f} MB"
