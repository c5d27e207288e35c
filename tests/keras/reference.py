"""Makes margin_loss.json, the losses of `uw.torch.margin_loss` that those of Keras are held to: python tests/keras/reference.py"""

from __future__ import annotations

import json
from pathlib import Path

import torch

import upweight as uw

T = uw.torch
KINDS = ("none", "logit_adjust", "balanced_softmax", "cdt", "vs", "temper", "ldam")
TAILS = {"exp": None, "poly": T.poly(1.0), "focal": T.focal(2.0)}


def cases():
    g = torch.Generator().manual_seed(0)
    for counts in ([90, 10], [500, 90, 30, 5]):
        k = len(counts)
        z = (4 * torch.randn(12, k, generator=g)).round(decimals=3)
        y = torch.arange(12) % k
        for kind in KINDS:
            rule = None if kind == "none" else T.margin_rule(counts, kind=kind)
            for tail, f in TAILS.items():
                losses, norms = T.margin_loss(z, y, rule, tail=f), T.grad_norm(z, y, rule, tail=f)
                made = {"loss": losses, "grad_norm": norms, "z": z, "y": y}
                yield {"kind": kind, "tail": tail, "counts": counts} | {name: v.tolist() for name, v in made.items()}


if __name__ == "__main__":
    Path(__file__).with_name("margin_loss.json").write_text(json.dumps(list(cases())) + "\n")
