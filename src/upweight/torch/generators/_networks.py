from __future__ import annotations
from typing import Any
import torch
from torch import nn
from ..keyed import seed_of
from ..networks import MLP
ACT={"relu": nn.ReLU, "tanh": nn.Tanh}
def net_of(net: Any):
    return MLP((128,128), activation="relu") if net=="mlp" or isinstance(net,dict) else net
def net_to_dict(net): return {"hidden": list(net.hidden)}
def stack(sizes, act):
    l=[]
    for a,b in zip(sizes,sizes[1:]): l+=[nn.Linear(a,b),ACT[act]()]
    return nn.Sequential(*l[:-1])
def generator_of(net, latent, d, *, unit):
    g=stack((latent,*net.hidden,d), net.activation)
    return nn.Sequential(g, nn.Sigmoid()) if unit else g
def critic_of(net,d): return stack((d,*net.hidden,1), net.activation)
def started(m, key):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(key,"start"))
        for p in m.parameters(): nn.init.xavier_uniform_(p) if p.ndim>1 else nn.init.zeros_(p)
    return m
