"""Keras over TensorFlow and over PyTorch: run in an environment of its own by `make frameworks`, never half."""

from __future__ import annotations

import os

# the maker of the references needs PyTorch, which this environment need not have
collect_ignore_glob = ["reference.py"] if os.environ.get("UPWEIGHT_KERAS") else ["*.py"]
