"""The short forms of papers/diesendruck2018, papers/pelsmaeker2020 and papers/anomaly: every claim within its bounds."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

PAPERS = Path(__file__).resolve().parents[2] / "papers"


def paper(name):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["diesendruck2018", "pelsmaeker2020", "anomaly"])
def test_the_short_form_holds_every_claim_that_it_tries(name):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        found = paper(name).run(short=True)
    finally:
        torch.set_num_threads(threads)
    bounds = {
        n: b.get("short", b["within"]) for n, b in json.loads((PAPERS / name / "expected.json").read_text()).items()
    }
    tried = {n: b for n, b in bounds.items() if n in found}
    assert len(tried) > 3
    assert {n: found[n] for n, (low, high) in tried.items() if not low <= found[n] <= high} == {}


def test_sentences_are_distinct_cut_and_shuffled_the_same_way_every_time():
    docs = paper("pelsmaeker2020").sentences()
    assert docs == paper("pelsmaeker2020").sentences()
    assert len(docs) > 2500
    assert len({tuple(d) for d in docs}) == len(docs)
    assert {len(d) for d in docs} == set(range(3, 25))


def test_thinning_leaves_a_tenth_of_the_rare_digits_and_all_others():
    p = paper("diesendruck2018")
    _, rare = p.digits()
    kept = p.thin(rare, 0)
    assert kept[~rare].all()
    assert 0.07 < kept[rare].mean() < 0.13
    assert np.isclose(rare.mean(), 0.499, atol=1e-3)
