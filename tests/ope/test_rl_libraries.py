"""The functions for reinforcement learning in PyTorch, JAX and the array API standard: NumPy's figures, jit, vmap, gradients; nothing is imported."""

import importlib
import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest

rl: Any = importlib.import_module("upweight.ope.rl")  # called with lists of arguments here
torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
strict = pytest.importorskip("array_api_strict")
jnp = jax.numpy

RNG = np.random.default_rng(0)
L, R, V, V_NEXT, Q = RNG.normal(size=(5, 6, 33)).astype(np.float32)
DISCOUNT = RNG.choice([0.0, 0.9, 1.0], (6, 33), p=[0.1, 0.5, 0.4]).astype(np.float32)
MASK = (RNG.random((6, 33)) < 0.7).astype(np.float32)
P = RNG.exponential(size=50).astype(np.float32)
FULL = {"torch": torch.asarray, "strict": strict.asarray, "jax": jnp.asarray}
FUNCTIONS: dict[str, Any] = {
    "vtrace": (rl.vtrace, (L, R, V, V_NEXT, DISCOUNT)),
    "vtrace number": (lambda l, r, v, v_next: rl.vtrace(l, r, v, v_next, 0.9, rho_max=2.0, lam=0.9), (L, R, V, V_NEXT)),
    "retrace": (rl.retrace, (L, R, Q, V_NEXT, DISCOUNT)),
    "retrace trace": (lambda l, r, q, v, g, c: rl.retrace(l, r, q, v, g, trace=c), (L, R, Q, V_NEXT, DISCOUNT, MASK)),
    "priority": (rl.priority_weights, (P,)),
    "priority batch": (lambda p: rl.priority_weights(p, [3, 1, 1], scale="batch"), (P,)),
    **{
        f"policy {level} {how}": (partial(rl.policy_weights, level=level, how=how, low=0.3), (L, R, MASK))
        for level in ("token", "sequence", "geometric")
        for how in ("none", "truncate", "mask")
    },
    **{
        f"mean {over}": (lambda x, m, w, over=over: rl.masked_mean(x, m, weight=w, over=over), (R, MASK, np.abs(L)))
        for over in ("tokens", "weights", "kept", "sequences")
    },
    "stats": (lambda a, b, m, v: rl.ratio_stats(a, b, m, advantage=v), (L, R, MASK, V)),
}


def leaves(found):
    return list(found) if isinstance(found, tuple) else [found]


@pytest.mark.parametrize("library", FULL)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_gives_the_figures_of_numpy_in_float32(name, library):
    f, given = FUNCTIONS[name]
    found = leaves(f(*map(FULL[library], given)))
    for ours, expected in zip(found, leaves(f(*given)), strict=True):
        assert isinstance(ours, type(FULL[library](L)))
        assert "float32" in str(ours.dtype)
        assert np.asarray(expected).dtype == np.float32
        np.testing.assert_allclose(np.asarray(ours), expected, rtol=2e-4, atol=1e-5)


COMPILED = [n for n in FUNCTIONS if not n.startswith("policy")] + [
    "policy token none",
    "policy sequence mask",
    "policy geometric truncate",
]


@pytest.mark.parametrize("name", COMPILED)
def test_every_function_compiles_and_maps_in_jax(name):
    f, given = FUNCTIONS[name]
    given = [jnp.asarray(x) for x in given]
    for ours, theirs in zip(leaves(jax.jit(f)(*given)), leaves(f(*given)), strict=True):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=2e-4, atol=1e-5)
    twice = [jnp.stack([x, x]) for x in given]
    for ours, theirs in zip(leaves(jax.vmap(f)(*twice)), leaves(f(*given)), strict=True):
        np.testing.assert_allclose(np.asarray(ours)[1], np.asarray(theirs), rtol=2e-4, atol=1e-5)


def test_scan_over_time_and_doubling_agree_in_jax():
    def scanned(l, r, v, v_next, gamma):
        delta = jnp.minimum(1, jnp.exp(l)) * (r + gamma * v_next - v)
        step = lambda x, da: (da[0] + da[1] * x, da[0] + da[1] * x)
        _, x = jax.lax.scan(
            step, jnp.zeros(l.shape[0]), (delta.T, (gamma * jnp.minimum(1, jnp.exp(l))).T), reverse=True
        )
        return v + x.T

    given: Any = [jnp.asarray(x) for x in (L, R, V, V_NEXT, DISCOUNT)]
    np.testing.assert_allclose(rl.vtrace(*given).target, scanned(*given), rtol=1e-4, atol=1e-5)


def test_gradients_of_torch_and_jax_agree_and_are_those_of_the_loop():
    def looped(l, r, v, v_next, gamma):
        x, out = torch.zeros(l.shape[0], dtype=l.dtype), []
        for t in reversed(range(l.shape[1])):
            rho = torch.clamp(torch.exp(l[:, t]), max=1.0)
            x = rho * (r[:, t] + gamma[:, t] * v_next[:, t] - v[:, t]) + gamma[:, t] * rho * x
            out.append(v[:, t] + x)
        return (torch.stack(out[::-1], 1) ** 2).sum()

    given: Any = [torch.asarray(x, dtype=torch.float64) for x in (L, R, V, V_NEXT, DISCOUNT)]
    wanted: Any = [x.clone().requires_grad_() for x in given[:4]]
    looped(*wanted, given[4]).backward()  # pyright: ignore[reportCallIssue]
    ours: Any = [x.clone().requires_grad_() for x in given[:4]]
    (rl.vtrace(*ours, given[4]).target ** 2).sum().backward()
    in_jax = jax.grad(lambda *a: (rl.vtrace(*a, jnp.asarray(DISCOUNT)).target ** 2).sum(), argnums=(0, 1, 2, 3))
    for a, b, c in zip(ours, wanted, in_jax(*map(jnp.asarray, (L, R, V, V_NEXT))), strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(np.asarray(c), a.grad, rtol=2e-3, atol=2e-4)


def test_policy_weights_carry_no_gradient_and_means_do():
    l = torch.asarray(L).requires_grad_()
    assert not rl.policy_weights(l, torch.asarray(R), torch.asarray(MASK)).requires_grad
    rl.masked_mean(
        l, torch.asarray(MASK), weight=rl.policy_weights(l, torch.asarray(R), torch.asarray(MASK))
    ).backward()
    assert float(l.grad.abs().sum()) > 0
    assert float((l.grad * (1 - torch.asarray(MASK))).abs().max()) == 0
    slope = jax.grad(lambda x: rl.policy_weights(x, jnp.asarray(R), jnp.asarray(MASK)).sum())(jnp.asarray(L))
    assert float(jnp.abs(slope).max()) == 0


def test_nan_outside_the_mask_leaves_gradients_finite():
    x = torch.asarray(np.where(MASK == 1, L, np.nan)).requires_grad_()
    for over in ("tokens", "weights", "kept", "sequences"):
        x.grad = None
        rl.masked_mean(x, torch.asarray(MASK), over=over).backward()
        assert torch.isfinite(x.grad).all()
    empty = torch.zeros(2, 3, requires_grad=True)
    rl.masked_mean(empty, torch.zeros(2, 3)).backward()
    assert float(empty.grad.abs().max()) == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_comes_back_and_is_computed_in_more(dtype):
    given: Any = [torch.asarray(x, dtype=dtype) for x in (L, R, V, V_NEXT, DISCOUNT)]
    found = rl.vtrace(*given)
    assert found.target.dtype == found.advantage.dtype == dtype
    assert rl.policy_weights(*given[:2], torch.asarray(MASK)).dtype == dtype
    exact = rl.vtrace(*(x.float() for x in given)).target
    torch.testing.assert_close(found.target, exact.to(dtype))


def test_a_mask_of_booleans_and_numbers_beside_tensors():
    boolean = rl.policy_weights(torch.asarray(L), torch.asarray(R), torch.asarray(MASK) > 0)
    torch.testing.assert_close(boolean, rl.policy_weights(torch.asarray(L), torch.asarray(R), MASK))
    assert rl.vtrace(torch.asarray(L), R, V, V_NEXT, 0.9).target.dtype == torch.float32


def test_neither_library_is_imported():
    code = (
        "import sys, numpy as np; from upweight.ope import rl; z = np.zeros((2, 3)); rl.vtrace(z, z, z, z, .9); "
        "rl.ratio_stats(z, z, z + 1); assert not {'torch', 'jax', 'sklearn', 'pyarrow', 'array_api_compat'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
