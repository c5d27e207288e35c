"""Codes of sentences that are given up, what brings them back, and what that costs.

    python papers/pelsmaeker2020/run.py            # 15 min of CPU; exit 1 if a claim is missed
    python papers/pelsmaeker2020/run.py --short    # half a minute, smaller networks, wider bounds

Pelsmaeker and Aziz (2020) compare ways to keep a recurrent autoencoder of sentences from ignoring its code. Tried here: one draw and
five, each with and without a rate of five nats that is not charged for. The text is that of `pydoc_data.topics`, which every Python has.
Then word counts of its paragraphs, where the code is used by itself. Every figure is compared with `expected.json`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import torch

from upweight.torch import GRU, IWAE, MLP, SequenceIWAE, Training

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

SEEDS = 3  # of the models that give their code up; those with a rate have one
WORD = re.compile(r"[a-z']+")
SENTENCE = re.compile(r"(?<=[.!?])\s+")
MODELS = {"elbo": (1, 0.0), "k5": (5, 0.0), "rate": (1, 5.0), "rate_k5": (5, 5.0)}  # k, rate


def paragraphs() -> list[list[str]]:
    """Words of every paragraph of the text."""
    return [WORD.findall(p.lower()) for page in topics.values() for p in page.split("\n\n")]


def sentences(most: int = 24) -> list[list[str]]:
    """Distinct sentences of three words and more, in a shuffled order, cut at `most` words."""
    found: dict[tuple[str, ...], None] = {}
    for page in topics.values():
        for p in page.split("\n\n"):
            for s in SENTENCE.split(" ".join(p.split())):
                words = tuple(WORD.findall(s.lower()))[:most]
                if len(words) >= 3:
                    found[words] = None
    whole = [list(s) for s in found]
    return [whole[i] for i in np.random.default_rng(0).permutation(len(whole))]


def figures(model: SequenceIWAE, test: list[list[str]]) -> dict[str, float]:
    """What is known of a model: KL, bounds at 1 and 256 draws in nats a sentence, perplexity at 256."""
    c = model.collapse(test, k=256)
    at_1, *_, at_256 = c.curve.means()
    tokens = sum(len(doc) + 1 for doc in test)
    perplexity = float(np.exp(-at_256 * len(test) / tokens))  # `model.perplexity(test)` draws the same
    return {"kl": c.kl, "gain": c.gain, "l1": -at_1, "l256": -at_256, "perplexity": perplexity}


def text(short: bool) -> dict[str, dict[str, float]]:
    """{model and seed: figures}."""
    docs = sentences(12 if short else 24)
    held, size = (200, 900) if short else (300, len(docs))
    test, train = docs[:held], docs[held:size]
    net = GRU(32, embed=32) if short else GRU(128, embed=96)
    found = {}
    for name, (k, rate) in MODELS.items():
        for seed in range(1 if short or rate else SEEDS):
            model = SequenceIWAE(
                k, latent=16, net=net, max_vocab=300 if short else 1502, rate=rate, training=training(short), rng=seed
            ).fit(train)
            found[f"{name}_{seed}"] = figures(model, test)
            print(f"{name:8} seed {seed}  {line(found[f'{name}_{seed}'])}", flush=True)
    return found


def training(short: bool) -> Training:
    return Training(12 if short else 8, batch=64, lr=5e-3 if short else 2e-3, valid=0, progress=False)


def line(f: dict[str, float]) -> str:
    return f"KL {f['kl']:5.2f}  -L_1 {f['l1']:6.2f}  -L_256 {f['l256']:6.2f}  perplexity {f['perplexity']:5.1f}"


def counts(short: bool) -> dict[str, float]:
    """Perplexities of word counts a paragraph: of unigrams, by the ELBO, by 512 draws; K = 10 beside K = 1. Means over seeds."""
    docs = [d for d in paragraphs() if len(d) >= 5]
    docs = [docs[i] for i in np.random.default_rng(1).permutation(len(docs))][: 600 if short else 1800]
    often = [w for w, _ in Counter(w for d in docs for w in d).most_common(300 if short else 1500)]
    number = {w: i for i, w in enumerate(often)}
    X = np.zeros((len(docs), len(often)))
    for row, doc in enumerate(docs):
        for w in doc:
            if w in number:
                X[row, number[w]] += 1
    X = X[X.sum(1) > 0]
    cut = len(X) // 5
    test, train = X[:cut], X[cut:]
    share = (train.sum(0) + 0.5) / (train.sum() + 0.5 * X.shape[1])
    found: dict[str, list[float]] = {"unigram": [float(np.exp(-(test @ np.log(share)).sum() / test.sum()))]}
    for k in (1, 10):
        for seed in range(1 if short else SEEDS):
            settings = Training(60 if short else 100, batch=64, lr=1e-3, progress=False)
            model = IWAE(k, latent=16, net=MLP((200,)), likelihood="counts", training=settings, rng=seed).fit(train)
            for draws in (1, 512):
                ll = model.log_likelihood(test, k=draws, defend=0).value.sum()
                found.setdefault(f"k{k}_at_{draws}", []).append(float(np.exp(-ll / test.sum())))
    return {name: float(np.mean(values)) for name, values in found.items()}


def run(short: bool) -> dict[str, float]:
    """Every figure that `expected.json` bounds."""
    t, c = text(short), counts(short)
    seeds = [name[5:] for name in t if name.startswith("elbo")]
    print("counts   " + "  ".join(f"{name} {value:.0f}" for name, value in c.items()))
    return {
        "elbo_kl": max(t[f"elbo_{s}"]["kl"] for s in seeds),
        "elbo_gain": max(t[f"elbo_{s}"]["gain"] for s in seeds),
        "k5_kl": max(t[f"k5_{s}"]["kl"] for s in seeds),
        "k5_better_at_256": float(np.mean([t[f"elbo_{s}"]["l256"] - t[f"k5_{s}"]["l256"] for s in seeds])),
        "rate_kl": t["rate_0"]["kl"],
        "rate_gain": t["rate_0"]["gain"],
        "rate_costs": t["rate_0"]["l256"] - t["elbo_0"]["l256"],
        "rate_k5_kl": t["rate_k5_0"]["kl"],
        "counts_over_elbo": c["k1_at_512"] / c["k1_at_1"],
        "counts_over_unigram": c["k1_at_512"] / c["unigram"],
        "counts_k10_over_k1": c["k10_at_512"] / c["k1_at_512"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="smaller networks, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
