"""What needs a GPU: losses against the processor, no waiting for the device, what the meter costs a transformer.

    python bench/deep_gpu.py            # PASS or FAIL with the figure; exit 1 on a FAIL, 0 with a line where there is no GPU

1  losses and gradients on the device against the processor: float32 1e-5, bfloat16 2e-2
2  fifty steps of `weighted_loss`, `margin_loss`, `superloss`, `Meter.watch` and `Scores.update` under the debug mode that forbids waiting
3  Meter on twelve layers of width 768, bfloat16, 32 x 128 tokens: time of a step below + 2 %, peak memory below + 25 %
4  delivered share of class weights at 1 %, batch 16, on the device: .50 +- .04
"""

from __future__ import annotations

import sys
import time

import torch
from torch import nn

import upweight as uw

T = uw.torch


def said(name: str, figure: str, good: bool) -> bool:
    print(f"{'PASS' if good else 'FAIL'}  {name}: {figure}", flush=True)
    return good


def agreement() -> bool:
    rule, good = T.margin_rule([900, 90, 10], kind="vs"), True
    for kind, most in ((torch.float32, 1e-5), (torch.bfloat16, 2e-2)):
        worst = 0.0
        for tail in (None, T.poly(1.0), T.focal(2.0)):
            z, y = 5 * torch.randn(4096, 3), torch.arange(4096) % 3
            found = []
            for device in ("cpu", "cuda"):
                at = z.to(device, kind if device == "cuda" else torch.float32).requires_grad_(True)
                losses = T.margin_loss(at, y.to(device), rule, tail=tail)
                (g,) = torch.autograd.grad(losses.sum(), at)
                found.append((losses.detach().cpu(), g.float().cpu()))
            worst = max(worst, *(float(((a - b).abs() / (1 + a.abs())).max()) for a, b in zip(*found, strict=True)))
        good &= said(f"losses and gradients, {kind}", f"{worst:.2g}, at most {most:g}", worst <= most)
    return good


def without_waiting() -> bool:
    torch.manual_seed(0)
    n = 4096
    y = (torch.arange(n) % 10 == 0).long()
    X = torch.randn(n, 64)
    w = torch.where(y == 1, 5.0, 0.5)
    model = nn.Linear(64, 2).cuda()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    meter, scores = T.Meter(model, (X, y), w), T.Scores(n)
    Xd, yd, wd = X.cuda(), y.cuda(), (w / w.mean()).cuda()
    rows = [torch.randint(n, (128,)).cuda() for _ in range(51)]
    try:
        for k, i in enumerate(rows):
            torch.cuda.set_sync_debug_mode("error" if k else "default")
            z = model(Xd[i])
            meter.watch(z, yd[i])
            losses = T.superloss(T.margin_loss(z, yd[i]), tau=0.69)
            T.weighted_loss(losses, wd[i]).backward()
            scores.update(i, T.grad_norm(z, yd[i]))
            opt.step()
            opt.zero_grad()
            meter.step()
        return said("fifty steps without waiting", "none waited", True)
    except RuntimeError as error:
        return said("fifty steps without waiting", str(error).split("\n")[0], False)
    finally:
        torch.cuda.set_sync_debug_mode("default")


class Tokens(nn.Module):
    def __init__(self, words: int = 1000, width: int = 768):
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, 12, 4 * width, batch_first=True, dropout=0.0)
        self.words, self.body = nn.Embedding(words, width), nn.TransformerEncoder(layer, 12)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        return self.head(self.body(self.words(x)).mean(1))


def transformer() -> bool:
    figures = {}
    for kind in ("plain", "metered"):
        torch.manual_seed(0)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        n = 2048
        X, y = torch.randint(1000, (n, 128)), (torch.arange(n) % 8 == 0).long()
        w = torch.where(y == 1, 4.0, 0.5)
        model = Tokens().cuda().to(torch.bfloat16)
        opt = torch.optim.SGD(model.parameters(), lr=1e-3)
        meter = T.Meter(model, (X, y), w, optimizer=opt) if kind == "metered" else None
        for step in range(420):
            if step == 20:
                torch.cuda.synchronize()
                began = time.perf_counter()
            i = torch.randint(n, (32,))
            z = model(X[i].cuda())
            if meter:
                meter.watch(z, y[i].cuda())
            T.weighted_loss(T.margin_loss(z, y[i].cuda()), w[i]).backward()
            opt.step()
            opt.zero_grad()
            if meter:
                meter.step()
        torch.cuda.synchronize()
        figures[kind] = time.perf_counter() - began, torch.cuda.max_memory_allocated()
        del model, opt, meter
    slower, larger = (b / a - 1 for a, b in zip(*figures.values(), strict=True))
    good = said("Meter, time of 400 steps", f"{slower:+.2%}, below + 2 %", slower < 0.02)
    return said("Meter, peak memory", f"{larger:+.1%}, below + 25 %", larger < 0.25) and good


def delivered() -> bool:
    n = 100_000
    y = (torch.arange(n) % 100 == 0).long()
    w = torch.where(y == 1, 50.0, 0.5 / 0.99)
    meter = T.Meter(nn.Linear(1, 2), (torch.zeros(n, 1), y), w)
    yd, wd = y.cuda(), w.cuda()
    for _ in range(12_500):
        i = torch.randint(n, (16,), device="cuda")
        z = torch.randn(16, 2, device="cuda", requires_grad=True)
        meter.watch(z, yd[i])
        T.weighted_loss(T.margin_loss(z, yd[i]), wd[i]).backward()
        meter.step()
    share = meter.report().figures["delivered by class"]["class 1"]
    return said("delivered share", f"{share:.3f}, .50 +- .04", abs(share - 0.5) < 0.04)


def main() -> int:
    if not torch.cuda.is_available():
        print("no GPU here: nothing was tried")
        return 0
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, CUDA {torch.version.cuda}")
    return int(not all([agreement(), without_waiting(), transformer(), delivered()]))


if __name__ == "__main__":
    sys.exit(main())
