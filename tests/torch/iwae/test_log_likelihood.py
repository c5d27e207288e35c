"""Row likelihoods in bounded memory: the figures of all K, whatever the chunk; what is believed; the mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import upweight as uw
from upweight import InputError, KindError
from upweight.torch.iwae import log_likelihood

INF = math.inf


def logs(n, k, seed=0, sd=1.0, dtype=torch.float64):
    return sd * torch.randn(n, k, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def of(l, **more):
    return log_likelihood(lambda rows, first, count: l[rows, first : first + count], len(l), k=l.shape[1], **more)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("k", [1, 2, 24, 25, 100, 226, 1000, 5000])
def test_figures_are_those_of_all_draws_and_khat_in_every_bit(k, dtype):
    l = logs(30, k, sd=3.0, dtype=dtype) - 800
    l[3, ::3], l[4, : k // 2] = -INF, -INF
    ll, whole = of(l), l.numpy()
    assert np.allclose(ll.value, uw.arrays.log_mean_exp(whole.astype(float)), rtol=1e-14)
    assert np.allclose(ll.ess, uw.arrays.ess(whole.astype(float)), rtol=1e-11)
    assert np.array_equal(ll.khat.astype(whole.dtype), uw.arrays.khat(whole), equal_nan=True)
    if k > 1:
        assert np.allclose(ll.se, np.sqrt(np.maximum(1 / ll.ess - 1 / k, 0)), equal_nan=True)
        assert np.nanmax(ll.se) <= 1


@pytest.mark.parametrize("chunk", [1, 7, 100, 256, 300, 2048, 10**6])
def test_no_figure_depends_on_the_chunk(chunk):
    l = logs(9, 700, sd=3.0)
    a, b = of(l), of(l, chunk=chunk)
    for name in ("value", "se", "ess", "max_share"):
        assert np.allclose(getattr(a, name), getattr(b, name), rtol=1e-12)
    assert np.array_equal(a.khat, b.khat)


@pytest.mark.parametrize("chunk", [100, 512, 2048, 9999])
def test_calls_stay_within_the_chunk_begin_at_blocks_and_meet_a_row_once(chunk):
    calls = []

    def log_w_of(rows, first, count):
        calls.append((rows, first, count))
        return torch.zeros(rows.stop - rows.start, count)

    log_likelihood(log_w_of, 20, k=1000, chunk=chunk)
    assert max((r.stop - r.start) * c for r, _, c in calls) <= chunk
    assert all(first % min(256, chunk) == 0 for _, first, _ in calls)
    starts = [r.start for r, _, _ in calls]
    assert starts == sorted(starts)
    for start in set(starts):
        assert sum(c for r, _, c in calls if r.start == start) == 1000


def test_what_is_believed():
    l = torch.cat([logs(3, 5000, sd=0.5), logs(3, 5000, sd=4.0), torch.full((1, 5000), -INF, dtype=torch.float64)])
    ll = of(l)
    assert ll.ok.tolist() == [True] * 3 + [False] * 4
    assert (ll.value[6], ll.ess[6]) == (-INF, 0)
    assert np.isnan([ll.se[6], ll.khat[6], ll.max_share[6]]).all()
    assert not of(logs(3, 24, sd=0.1)).ok.any()  # k-hat not judged
    assert of(torch.zeros(3, 100)).ok.all()  # no tail
    assert np.isnan(of(torch.zeros(3, 1)).se).all()
    with pytest.raises(ValueError, match="read-only"):
        ll.value[0] = 1


def test_intervals_of_believed_rows_cover():
    """Log-normal weights of sd .8: log p = .32 exactly; ±1.96 se covers 95 % of 4000 rows within 4 binomial standard errors."""
    ll = of(logs(4000, 500, seed=2, sd=0.8))
    covered = np.mean(np.abs(ll.value - 0.32) < 1.96 * ll.se)
    assert abs(covered - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 4000)


# ---- the mean ---------------------------------------------------------------------------------------------------------------


def test_the_mean_is_that_of_the_trunk():
    ll = of(logs(50, 400, sd=0.5) + torch.linspace(0, 3, 50)[:, None])
    e = ll.mean()
    assert abs(e.value - ll.value.mean()) < 1e-12
    assert abs(e.se - ll.value.std(ddof=1) / math.sqrt(50)) < 1e-9
    assert e.ok
    w = np.random.default_rng(0).uniform(0.5, 2, 50)
    assert abs(ll.mean(w).value - np.average(ll.value, weights=w)) < 1e-12
    frequency = uw.Weights.of(np.arange(50) % 3, kind="frequency")
    assert abs(ll.mean(frequency).value - np.average(ll.value, weights=np.arange(50) % 3)) < 1e-12


@pytest.mark.parametrize("kind", ["class", "cost"])
def test_class_and_cost_weights_do_not_average(kind):
    with pytest.raises(KindError, match=f"not for {kind} weights"):
        of(logs(9, 50)).mean(uw.Weights.of(np.ones(9), kind=kind))


def test_a_mean_over_rows_that_are_not_believed_is_not_believed():
    l = torch.cat([logs(45, 400, sd=0.5), logs(15, 400, sd=5.0)])
    ll = of(l)
    e = ll.mean()
    assert not e.ok
    assert "25 % of the weight lies on rows whose own log-likelihood cannot be believed, 10 % at most" in e.why
    assert not (e - 1).ok
    assert not (e - of(l + 0.1).mean()).ok
    assert ll.mean(np.where(ll.ok, 1.0, 0.0)).ok
    assert np.allclose(e.interval(), uw.Weights.of(np.ones(60), kind="importance").mean(ll.value).interval())


def test_a_row_of_minus_infinity_has_no_mean_but_with_weight_zero():
    ll = of(torch.cat([logs(40, 400, sd=0.5), torch.full((2, 400), -INF, dtype=torch.float64)]))
    with pytest.raises(InputError, match="got 2 -inf, first at row 40"):
        ll.mean()
    assert math.isfinite(ll.mean(np.r_[np.ones(40), 0, 0]).value)
    assert "2 -inf, first at row 40" in str(ll)
    with pytest.raises(InputError, match=r"one weight a row, \(42,\); got shape \(3,\)"):
        ll.mean(np.ones(3))


def test_words():
    said = str(of(logs(50, 400, sd=0.5)))
    assert "all may be believed; median ESS" in said
    assert "their own error 0.00" in said
    assert "none may be believed: too low on the average" in str(of(logs(50, 400, sd=6.0)))
    assert "Compare means, believe no row." in str(of(logs(50, 400, sd=6.0)))
    assert "one draw a row: its error is not known" in str(of(logs(50, 1)))
    assert "1 of 3 not to be believed" in str(of(torch.cat([logs(2, 400, sd=0.5), logs(1, 400, sd=6.0)])))
    assert repr(of(logs(5, 400, sd=6.0))) == "LogLikelihood(5 rows, 400 draws each, 5 not ok)"
    assert "log p (nats)" in of(logs(5, 400))._repr_html_()
    assert "log-likelihood of 1 row, 400 draws each" in str(of(logs(1, 400)))


# ---- what is refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["n", "k", "chunk"])
def test_counts_must_be_counts(name):
    sizes = {"n": 3, "k": 5, "chunk": 10} | {name: 0}
    with pytest.raises(InputError, match=f"`{name}` must be a whole number"):
        log_likelihood(lambda rows, first, count: torch.zeros(1, count), **sizes)


def test_other_tensors_are_refused():
    with pytest.raises(
        InputError, match=r"must give a tensor of shape \(2, 256\) for 2 rows and 256 draws; got \(256, 2\)"
    ):
        log_likelihood(lambda rows, first, count: torch.zeros(count, 2), 2)
    with pytest.raises(InputError, match="got ndarray"):
        log_likelihood(lambda rows, first, count: np.zeros((2, count)), 2)
    with pytest.raises(InputError, match="Sum the densities in float32"):
        log_likelihood(lambda rows, first, count: torch.zeros(2, count, dtype=torch.bfloat16), 2)


def test_a_nan_is_told_with_its_row_and_draw():
    l = torch.zeros(20, 600)
    l[17, 300] = math.nan
    with pytest.raises(InputError, match=r"1 NaN, first at row 1, draw 44.* Rows are counted from 16, draws from 256"):
        of(l)


def test_no_graph_is_recorded():
    parameter = torch.ones((), requires_grad=True)
    seen = []

    def log_w_of(rows, first, count):
        l = parameter * torch.ones(rows.stop - rows.start, count)
        seen.append(l.requires_grad)
        return l

    log_likelihood(log_w_of, 3, k=10)
    assert seen == [False]
