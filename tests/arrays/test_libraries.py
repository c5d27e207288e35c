"""PyTorch, JAX and the array API standard: NumPy's figures, the same library back, the right gradients."""

import math
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import upweight.arrays as ua
from upweight.arrays import tail_size
from upweight.arrays._tail_tensors import _sizes

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
strict = pytest.importorskip("array_api_strict")
jnp = jax.numpy

FULL = {"torch": torch.asarray, "strict": strict.asarray}
HALF = {
    "torch32": partial(torch.asarray, dtype=torch.float32),
    "jax32": partial(jnp.asarray, dtype=jnp.float32),
}


def sample():
    """Rows light and heavy, with zeros, ties, constants, one huge value, NaN, nothing, beyond floats."""
    rng = np.random.default_rng(0)
    l = rng.normal(size=(20, 400)) * rng.uniform(0.2, 3, (20, 1))
    l[3, :100], l[7], l[8, 0], l[9], l[10, :390] = -np.inf, 0.0, np.nan, -np.inf, -np.inf
    l[11] = np.repeat([0.0, 2.0], [370, 30])
    l[12] = np.r_[np.zeros(399), 9.0]
    l[13] = np.round(l[13], 1)
    l[14] *= 100
    return l


F = np.random.default_rng(1).normal(size=400)
FUNCTIONS = {
    "log_sum_exp": ua.log_sum_exp,
    "log_mean_exp": ua.log_mean_exp,
    "normalise": ua.normalise,
    **{f"ess {b}": partial(ua.ess, order=b) for b in (0, 0.5, 1, 2, 3.5, math.inf)},
    "design_effect": ua.design_effect,
    "khat": ua.khat,
    "khat r_eff": partial(ua.khat, r_eff=0.4),
    "smoothed": lambda l: ua.psis(l)[0],
    "psis khat": lambda l: ua.psis(l)[1],
    "truncate": ua.truncate,
    "clip": partial(ua.clip, at=1.5),
    "temper": partial(ua.temper, power=0.3),
    "temper ess": partial(ua.temper, ess=0.6),
    "drop": partial(ua.drop, above=1.5),
    "shrink": partial(ua.shrink, lam=2.0),
    "harmonic": partial(ua.shrink, lam=0.2, how="harmonic"),
    "rate": lambda l: ua.rate(ua.khat(l), 400),
    "widening": lambda l: ua.widening(ua.khat(l), 400),
    "min_rows": lambda l: ua.min_rows(ua.khat(l)),
}


@pytest.mark.parametrize("library", FULL)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_gives_the_figures_of_numpy(name, library):
    l, f = sample(), FUNCTIONS[name]
    with np.errstate(invalid="ignore"):  # the strict library is NumPy, which warns of 0/0
        found = f(FULL[library](l))
    assert type(found) is type(FULL[library](l))
    np.testing.assert_allclose(np.asarray(found), f(l), rtol=2e-9, atol=1e-9)


@pytest.mark.parametrize("library", HALF)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_stays_float32_and_close(name, library):
    l, f = sample(), FUNCTIONS[name]
    l[14] /= 100  # k-hat near 30 and logs of hundreds keep fewer digits than the tolerance asks for
    found = f(HALF[library](l))
    assert type(found) is type(HALF[library](l))
    assert "float32" in str(found.dtype)
    expected = f(l)
    if name in ("rate", "widening", "min_rows"):  # beyond 1 / (1 - k), float32 does not carry
        k = ua.khat(l)
        found, expected = np.asarray(found)[k < 0.9], expected[k < 0.9]
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("library", FULL)
def test_ess_for_and_fit_pareto_give_the_figures_of_numpy(library):
    make, l = FULL[library], np.delete(sample(), 8, axis=0)
    with np.errstate(invalid="ignore"):
        found = ua.ess_for(make(l), make(F))
    np.testing.assert_allclose(np.asarray(found), ua.ess_for(l, F), rtol=1e-9)
    y = np.random.default_rng(2).pareto(1.5, (6, 70))
    for ours, theirs in zip(ua.fit_pareto(make(y)), ua.fit_pareto(y), strict=True):
        np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-11)
    assert np.isnan(np.asarray(ua.fit_pareto(make(y[:, :4]))[0])).all()


@pytest.mark.parametrize("library", [*FULL, *HALF])
def test_rows_too_few_to_judge(library):
    make = {**FULL, **HALF}[library]
    smooth, k = ua.psis(make(np.arange(24.0)))
    assert k.shape == ()
    assert math.isnan(float(k))
    np.testing.assert_array_equal(np.asarray(smooth), np.arange(24.0))
    assert math.isnan(float(ua.khat(make(np.arange(24.0)))))


@pytest.mark.parametrize("library", [*FULL, *HALF])
def test_resampling_draws_the_rows_that_numpy_draws(library):
    l = sample()[0].astype(np.float32 if library in HALF else np.float64)
    make = {**FULL, **HALF}[library]
    for method in ("systematic", "ssp"):
        found = ua.resample(make(l), 50, method=method, rng=3)
        assert type(found) is type(make(l))
        np.testing.assert_array_equal(np.asarray(found), ua.resample(l, 50, method=method, rng=3))
    drawn = ua.alias_table(make(l)).draw(9, rng=4)
    assert type(drawn) is type(make(l))
    np.testing.assert_array_equal(np.asarray(drawn), ua.alias_table(l).draw(9, rng=4))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_comes_back_and_is_computed_in_more(dtype):
    l = torch.asarray(sample()[0], dtype=dtype)
    for f in (ua.log_sum_exp, ua.ess, ua.khat, ua.truncate, partial(ua.temper, ess=0.5)):
        assert f(l).dtype == dtype
    assert float(ua.ess(torch.zeros(3000, dtype=dtype))) == pytest.approx(3000, rel=0.01)


def test_float32_khat_is_within_1e_4():
    """No two logs at a cut here lie within 8 rounding units of float32, where they would be ties."""
    rng = np.random.default_rng(4)
    l = rng.exponential(size=(60, 1000)) * np.linspace(0.1, 1.2, 60)[:, None]
    expected = ua.khat(l)
    for make in (np.float32, *HALF.values()):
        np.testing.assert_allclose(np.asarray(ua.khat(make(l))), expected, atol=1e-4)


def test_the_tail_size_of_all_rows_is_exact_where_float32_is_not():
    """3 sqrt(938315) is 2906 less 2e-4, which float32 takes for 2906; 3 sqrt(1080 / 0.3) is 180, or 179 in float32."""
    for n, r_eff, size in ((938_315, 1.0, 2905), (1080, 0.3, 180)):
        rows = np.asarray([[float(n)]], dtype=np.float32)
        assert tail_size(n, r_eff) == size
        assert _sizes(np, rows, n, size, r_eff).item() == size


# gradients and transformations ---------------------------------------------------

DIFFERENTIABLE = {k: v for k, v in FUNCTIONS.items() if "khat" not in k and k not in ("rate", "widening", "min_rows")}


@pytest.mark.parametrize(
    "name",
    [
        n for n in DIFFERENTIABLE if n not in ("smoothed", "truncate", "temper ess", "ess 0", "drop")
    ],  # -inf has no slope
)
def test_gradients_are_the_derivatives(name):
    l = torch.asarray(np.random.default_rng(4).normal(size=(2, 30)), requires_grad=True)
    assert torch.autograd.gradcheck(DIFFERENTIABLE[name], (l,))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_are_finite_where_weights_are_zero(name):
    l = sample()[[0, 3, 9, 10]]
    one = torch.asarray(l, requires_grad=True)
    found = DIFFERENTIABLE[name](one)
    if found.requires_grad:
        torch.where(torch.isfinite(found), found, 0.0).sum().backward()
        assert torch.isfinite(one.grad).all()
    else:
        assert name == "ess 0"
    if name in ("smoothed", "ess 2"):
        total = lambda x: jnp.sum(jnp.where(jnp.isfinite(y := DIFFERENTIABLE[name](x)), y, 0.0))
        assert jnp.isfinite(jax.grad(total)(jnp.asarray(l))).all()


@pytest.mark.parametrize("tame", [lambda l: ua.psis(l)[0], ua.truncate])
def test_smoothing_and_truncating_pass_gradients_as_if_nothing_had_been_done(tame):
    rng = np.random.default_rng(5)
    l, f = np.r_[2 * rng.normal(size=300), 12.0, -np.inf], rng.normal(size=302)
    assert np.abs(tame(l)[:-1] - l[:-1]).max() > 0.5
    for make, grad in ((torch.asarray, torch.func.grad), (jnp.asarray, jax.grad)):
        weights = make(f)
        mean = lambda x, w=weights: (w[:-1] * tame(x)[:-1]).sum()
        np.testing.assert_allclose(np.asarray(grad(mean)(make(l)))[:-1], f[:-1], rtol=1e-6)


def test_khat_is_a_constant_to_gradients():
    l = torch.asarray(sample()[0], requires_grad=True)
    assert not ua.khat(l).requires_grad
    smooth, k = ua.psis(l)
    assert smooth.requires_grad
    assert not k.requires_grad
    assert not jax.grad(lambda x: ua.khat(x))(jnp.asarray(sample()[0])).any()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_vmap_is_the_batch(name):
    l, f = sample()[:4], FUNCTIONS[name]
    np.testing.assert_allclose(
        np.asarray(torch.func.vmap(f)(torch.asarray(l))), np.asarray(f(torch.asarray(l))), rtol=1e-12
    )
    if name in ("smoothed", "ess 2"):
        x = jnp.asarray(l)
        np.testing.assert_allclose(np.asarray(jax.vmap(f)(x)), np.asarray(f(x)), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["ess 2", "smoothed", "temper ess"])
def test_jit_changes_nothing(name):
    x, f = jnp.asarray(sample()), FUNCTIONS[name]
    found, expected = np.asarray(jax.jit(f)(x)), np.asarray(f(x))
    usual = np.arange(len(found)) != 14  # fused code rounds differently, and row 14 lies beyond float32
    np.testing.assert_allclose(found[usual], expected[usual], rtol=1e-4, atol=1e-4)


def test_devices_and_grad_inputs_reach_the_resampler():
    l = torch.zeros(5, requires_grad=True)
    assert ua.resample(l, 5, rng=0).tolist() == [0, 1, 2, 3, 4]


# loading -------------------------------------------------------------------------


def test_importing_and_using_numpy_loads_numpy_only():
    code = """
import sys, numpy as np, upweight.arrays as a
l = np.arange(99.0)
a.psis(l), a.ess([1.0, 2.0]), a.temper(l, ess=0.5), a.resample(l, 9), a.alias_table(l), a.widening(0.6, 99)
print(*{"array_api_compat", "scipy", "torch", "jax", "narwhals", "numba", "pandas"} & set(sys.modules))
"""
    source = str(Path(ua.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert done.stdout.strip() == ""
