"""A fit in a process of its own, to be killed: python killed.py CHECKPOINT EPOCHS; prints the digest of the parameters it ended with."""

import hashlib
import sys

import numpy as np
import torch

from upweight.torch import IWAE, MLP, Training

if __name__ == "__main__":
    torch.set_num_threads(1)
    path, epochs = sys.argv[1], int(sys.argv[2])
    X = (np.random.default_rng(0).random((400, 30)) < 0.3) * 1.0
    training = Training(epochs, batch=20, checkpoint=None if path == "none" else path, progress=False)
    model = IWAE(5, latent=(6, 3), net=MLP((40,)), training=training, rng=0).fit(X)
    whole = b"".join(p.detach().numpy().tobytes() for p in model.module_.parameters())
    sys.stdout.write(hashlib.sha256(whole).hexdigest() + f" {len(model.history_)} {model.score(X):.17g}")
