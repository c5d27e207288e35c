"""Epochs of ImportanceSampler against PyTorch's WeightedRandomSampler, and losses on the margin against cross-entropy.

    python bench/sampler.py

Both sides run in this process, in one thread, turn about; times are CPU seconds, of one run for a whole epoch and the median of several for
losses. Demands: the first index of an epoch of 10^7 draws of 10^7 rows ten times sooner than the peer, the whole epoch as ints four times
faster; 2^24 + 1 rows, which the peer refuses, in 3 s; time linear in rows; at most 24 bytes a row beside the weights, the peer 48 or
more; a state below a kilobyte. `Scores.update`: 10^4 calls of 128 rows in a second. `margin_loss`, forward and backward: at most 2 times
cross-entropy for 4096 rows of 1000 classes, 1.2 times for 65,536 of 10. A presampling step: 1.15 times its price in row-forwards.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import ctypes
import pickle
import platform
import resource
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from _turns import together
from torch.nn.functional import cross_entropy
from torch.utils.data import WeightedRandomSampler

import upweight.torch as T

N = 10_000_000


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def verdict(good: bool) -> str:
    return "" if good else "  MISSED"


def first_and_rest(sampler: object) -> tuple[float, float]:
    """CPU seconds to the first index of an epoch, and to its last."""
    start = time.process_time()
    it: Iterator[int] = iter(sampler)  # type: ignore[call-overload]
    next(it)
    first = time.process_time() - start
    deque(it, maxlen=0)
    return first, time.process_time() - start


def epochs() -> None:
    w = np.random.default_rng(0).lognormal(size=N)
    peer = first_and_rest(WeightedRandomSampler(w, N))
    made = seconds(lambda: T.ImportanceSampler(w, rng=0))
    sampler = T.ImportanceSampler(w, rng=0)
    first, whole = np.median([first_and_rest(sampler) for _ in range(3)], axis=0)
    ratio = peer[0] / first
    print(
        f"first index of 10^7: peer {peer[0]:.2f} s, ours {first:.2f} s, ratio {ratio:.1f}, demand 10{verdict(ratio >= 10)}"
    )
    ratio = peer[1] / whole
    print(
        f"whole epoch as ints: peer {peer[1]:.2f} s, ours {whole:.2f} s, ratio {ratio:.1f}, demand 4{verdict(ratio >= 4)}"
    )
    print(f"made once, beside that: ours {made:.2f} s")
    small = np.median([first_and_rest(T.ImportanceSampler(w[: N // 10], rng=0))[1] for _ in range(3)])
    print(f"growth from 10^6 to 10^7: {whole / small:.1f} times, demand 12{verdict(whole / small <= 12)}")
    state = len(pickle.dumps(sampler.state_dict(consumed=7)))
    print(f"state: {state} bytes, demand 1000{verdict(state < 1000)}")


def beyond_categories() -> None:
    w = np.random.default_rng(0).lognormal(size=2**24 + 1)
    spent = seconds(lambda: deque(T.ImportanceSampler(w, rng=0), maxlen=0))
    print(f"2^24 + 1 rows, made and iterated: {spent:.2f} s, demand 3{verdict(spent <= 3)}")


def resident() -> int:
    """Bytes of this process in memory, now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak(which: str) -> None:
    """Bytes a row above what the weights took, printed by a process of its own; looked at every two milliseconds."""
    w = np.random.default_rng(0).lognormal(size=N)
    before, seen, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            seen.append(resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    it = iter(T.ImportanceSampler(w, rng=0) if which == "ours" else WeightedRandomSampler(w, N))
    next(it)
    done.set()
    watcher.join()
    print((max(seen) - before) / N)


def memory() -> None:
    for which, most in (("ours", 24.0), ("peer", float("inf"))):
        done = subprocess.run([sys.executable, __file__, which], capture_output=True, text=True, check=True)
        bytes_a_row = float(done.stdout)
        print(f"peak memory of the first index, {which}: {bytes_a_row:.1f} bytes a row{verdict(bytes_a_row <= most)}")


def updates() -> None:
    scores = T.Scores(1_000_000)
    steps = [(torch.randint(0, 1_000_000, (128,)), torch.rand(128)) for _ in range(10_000)]
    spent = seconds(lambda: [scores.update(i, g) for i, g in steps])
    print(f"Scores.update, 10^4 calls of 128 rows: {spent:.2f} s, demand 1{verdict(spent <= 1)}")


def keep_pages() -> None:
    """Freed memory stays with the process, for both sides: otherwise the times are those of page faults, which come and go."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
        libc.mallopt(-3, 2**30)  # M_MMAP_THRESHOLD


def losses() -> None:
    keep_pages()
    for rows, classes, most in ((4096, 1000, 2.0), (65_536, 10, 1.2)):
        z, y = torch.randn(rows, classes, requires_grad=True), torch.randint(0, classes, (rows,))
        rule = T.margin_rule(np.arange(1, classes + 1), kind="vs")
        theirs, ours, ruled = together(
            lambda z=z, y=y: cross_entropy(z, y, reduction="none").sum().backward(),
            lambda z=z, y=y: T.margin_loss(z, y).sum().backward(),
            lambda z=z, y=y, rule=rule: T.margin_loss(z, y, rule).sum().backward(),
        )
        print(
            f"margin_loss {rows} x {classes}: cross-entropy {theirs:.4f} s, ours {ours / theirs:.2f} times, demand {most:g}"
            f"{verdict(ours / theirs <= most)}; with a vs rule {ruled / theirs:.2f} times"
        )


def presampling(B: int = 640, b: int = 64) -> None:
    layers = [
        torch.nn.Linear(16, 1024),
        torch.nn.ReLU(),
        torch.nn.Linear(1024, 1024),
        torch.nn.ReLU(),
        torch.nn.Linear(1024, 26),
    ]
    net = torch.nn.Sequential(*layers)
    opt, rng = torch.optim.SGD(net.parameters(), lr=0.01), np.random.default_rng(0)
    x, y = torch.randn(B, 16), torch.randint(0, 26, (B,))

    def step(i: torch.Tensor | slice, weight: torch.Tensor | None) -> None:
        T.weighted_loss(T.margin_loss(net(x[i]), y[i]), weight).backward()
        opt.step()
        opt.zero_grad()

    def picked() -> None:
        with torch.no_grad():
            score = T.grad_norm(net(x), y)
        pick = T.presample(score, b, rng=rng)
        step(pick.index, pick.weight)

    uniform, pre = together(lambda: step(slice(0, b), None), picked, repeats=31)
    price = (B + 3 * b) / (3 * b)
    print(
        f"presampling {b} of {B}: {pre / uniform:.2f} uniform steps, price {price:.2f}, demand {1.15 * price:.2f}{verdict(pre / uniform <= 1.15 * price)}"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) > 1:
        peak(sys.argv[1])
    else:
        print(f"Python {platform.python_version()}, NumPy {np.__version__}, torch {torch.__version__}")
        epochs()
        beyond_categories()
        memory()
        updates()
        losses()
        presampling()
