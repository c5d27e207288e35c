"""Frameworks that train: run in an environment of their own by `make frameworks`, never half."""

from __future__ import annotations

import os
import sys

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

if not os.environ.get("UPWEIGHT_FRAMEWORKS"):
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(autouse=True)
def one_thread_each():
    torch = sys.modules["torch"]
    torch.set_num_threads(1)
    torch.manual_seed(0)
