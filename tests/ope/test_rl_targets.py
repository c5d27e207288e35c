"""V-trace, Retrace and the weights of a replay buffer: published figures, hand tables, loops, and the laws of each."""

import math

import numpy as np
import pytest

from upweight import InputError
from upweight.ope.rl import priority_weights, retrace, vtrace

HAND = (np.log([0.5, 1.5, 2.0]), [1.0, 0.0, 2.0], [0.5, 0.2, 1.0], [0.2, 1.0, 0.4], 0.9)


def looped(l, r, v, v_next, gamma, rho_max=1.0, c_max=1.0, pg_max=1.0, lam=1.0):
    """V-trace by its recurrence, one step after the other from the end."""
    rho, gamma = np.exp(l), np.broadcast_to(gamma, l.shape)
    x, target, advantage = np.zeros(l.shape[:-1]), np.empty(l.shape), np.empty(l.shape)
    after = v_next[..., -1]
    for t in reversed(range(l.shape[-1])):
        delta = np.minimum(rho_max, rho[..., t]) * (r[..., t] + gamma[..., t] * v_next[..., t] - v[..., t])
        x = delta + gamma[..., t] * lam * np.minimum(c_max, rho[..., t]) * x
        advantage[..., t] = np.minimum(pg_max, rho[..., t]) * (r[..., t] + gamma[..., t] * after - v[..., t])
        after = target[..., t] = v[..., t] + x
    return target, advantage


def steps(shape, seed=0):
    rng = np.random.default_rng(seed)
    l, r, v, v_next = rng.normal(size=(4, *shape))
    return l, r, v, v_next, rng.choice([0.0, 0.9, 1.0], shape, p=[0.1, 0.6, 0.3])


def test_vtrace_by_hand():
    found = vtrace(*HAND)
    np.testing.assert_allclose(found.target, [1.7058, 2.124, 2.36], atol=1e-12)
    np.testing.assert_allclose(found.advantage, [1.2058, 1.924, 1.36], atol=1e-12)
    found = vtrace(*HAND, rho_max=1.5, lam=0.9)
    np.testing.assert_allclose(found.target, [1.934472, 2.9024, 3.04], atol=1e-12)
    np.testing.assert_allclose(found.advantage, [1.55608, 2.536, 1.36], atol=1e-12)


def test_retrace_by_hand():
    l, r, _, v, gamma = HAND
    q = [0.6, 0.1, 0.9]
    np.testing.assert_allclose(retrace(l, r, q, v, gamma), [3.0826, 2.214, 2.36], atol=1e-12)
    np.testing.assert_allclose(retrace(l, r, q, v, gamma, lam=0.5), [1.83565, 1.557, 2.36], atol=1e-12)
    np.testing.assert_allclose(retrace(l, r, q, v, gamma, trace=np.minimum(1, np.exp(l))), retrace(l, r, q, v, gamma))
    np.testing.assert_allclose(retrace(l, r, q, v, gamma, trace=1.0), retrace(np.zeros(3), r, q, v, gamma))


def log_softmax(logits, actions):
    logits = np.asarray(logits, float)
    return np.take_along_axis(
        logits - np.log(np.exp(logits).sum(-1, keepdims=True)), np.asarray(actions)[..., None], -1
    )[..., 0]


def test_vtrace_gives_the_errors_in_the_test_file_of_rlax():
    """rlax/_src/vtrace_test.py: logits of behaviour and target, actions, and `target - value`."""
    mu = [[[8.9, 0.7], [5, 1], [0.6, 0.1], [-0.9, -0.1]], [[0.3, -5], [1, -8], [0.3, 1.7], [4.7, 3.3]]]
    pi = [[[0.4, 0.5], [9.2, 8.8], [0.7, 4.4], [7.9, 1.4]], [[1, 0.9], [1, -1], [-4.3, 8.7], [0.8, 0.3]]]
    actions = [[0, 1, 0, 0], [1, 0, 0, 1]]
    v = np.array([[2.1, 1.1, -3.1, 0.0], [3.1, 0.1, -1.1, 7.4]])
    v_next = np.column_stack([v[:, 1:], [8.4, -1.2]])
    r = np.array([[-1.3, -1.3, 2.3, 42.0], [1.3, 5.3, -3.3, -5.0]])
    gamma = np.array([[0.0, 0.89, 0.85, 0.99], [0.88, 1.0, 0.83, 0.95]])
    found = vtrace(log_softmax(pi, actions) - log_softmax(mu, actions), r, v, v_next, gamma)
    expected = [[-1.6155144, -3.4973224, 1.8670535, 50.316], [1.4662424, 3.6116403, -0.0000834, -13.54]]
    np.testing.assert_allclose(found.target - v, expected, rtol=2e-5, atol=5e-8)


@pytest.mark.parametrize("shape", [(1,), (2,), (3, 1), (5, 7), (2, 3, 64), (4, 100)])
@pytest.mark.parametrize("caps", [{}, {"rho_max": 2.0, "c_max": 1.5, "lam": 0.8, "pg_max": math.inf}])
def test_doubling_is_the_loop_over_time(shape, caps):
    given = steps(shape)
    for ours, theirs in zip(vtrace(*given, **caps), looped(*given, **caps), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)


def test_on_policy_without_caps_the_target_is_the_return():
    """pi = mu, lam = 1: target = sum gamma^t r + gamma^T V', whatever V."""
    rng = np.random.default_rng(1)
    r, v = rng.normal(size=(2, 30))
    last, gamma = 0.7, 0.97
    found = vtrace(np.zeros(30), r, v, np.r_[v[1:], last], gamma)
    powers = gamma ** np.arange(31)
    expected = [powers[: 30 - t] @ r[t:] + powers[30 - t] * last for t in range(30)]
    np.testing.assert_allclose(found.target, expected, rtol=1e-12)


def test_a_discount_of_0_ends_an_episode():
    l, r, v, v_next, gamma = steps((40,), seed=2)
    gamma = np.full(40, 0.9)
    gamma[19] = 0.0
    whole = vtrace(l, r, v, v_next, gamma).target
    parts = [vtrace(l[s], r[s], v[s], v_next[s], gamma[s]).target for s in (slice(0, 20), slice(20, 40))]
    np.testing.assert_allclose(whole, np.concatenate(parts), rtol=1e-12)


def test_ratios_beyond_a_float_are_capped_first():
    found = vtrace(np.array([1000.0, -1000.0]), [1.0, 1.0], [0.0, 0.0], [0.0, 0.0], 0.9)
    np.testing.assert_allclose(found.target, [1.0, 0.0])


def test_what_is_wrong_with_a_trajectory_is_said():
    l, r, v, v_next, gamma = HAND
    with pytest.raises(InputError, match=r"`reward` must have the shape of `log_ratio`, \(3,\); got \(2,\)"):
        vtrace(l, [1.0, 0.0], v, v_next, gamma)
    with pytest.raises(InputError, match=r"`rho_max` must be at least `c_max`; got 0.5 and 1"):
        vtrace(l, r, v, v_next, gamma, rho_max=0.5)
    with pytest.raises(InputError, match=r"`discount` must lie in \[0, 1\]; got 1.1"):
        vtrace(l, r, v, v_next, 1.1)
    with pytest.raises(InputError, match=r"got -0.5 at \(1,\)"):
        retrace(l, r, v, v_next, [0.9, -0.5, 0.9])
    with pytest.raises(InputError, match="time as its last axis"):
        vtrace(0.0, 0.0, 0.0, 0.0, 0.9)
    with pytest.raises(InputError, match="got rho_max=1, c_max=0, pg_max=1, lam=1"):
        vtrace(*HAND, c_max=0.0)


def test_the_weights_of_a_replay_buffer_by_hand():
    p = np.array([1, 4, 0.25, 9])
    shares = p**0.6 / (p**0.6).sum()
    np.testing.assert_allclose(shares, [0.133871, 0.307555, 0.058271, 0.500303], atol=5e-7)
    found = priority_weights(p, scale="none")
    np.testing.assert_allclose(found, [1.283811, 0.920464, 1.790587, 0.757675], atol=5e-7)
    np.testing.assert_allclose(priority_weights(p), [0.716978, 0.514057, 1, 0.423143], atol=5e-7)
    np.testing.assert_allclose(priority_weights(p, [0, 1], scale="batch"), [1, 0.716978], atol=5e-7)
    np.testing.assert_allclose(priority_weights(p, [[3, 0], [2, 2]][0]), priority_weights(p)[[3, 0]])
    assert shares @ priority_weights(p, beta=1.0, scale="none") == pytest.approx(1.0, rel=1e-14)


def test_rows_that_cannot_be_drawn_weigh_0_and_set_no_scale():
    np.testing.assert_allclose(priority_weights([0.0, 1.0, 4.0])[1:], priority_weights([1.0, 4.0]) * 1.0)
    assert priority_weights([0.0, 1.0, 4.0])[0] == 0
    np.testing.assert_allclose(priority_weights([0.0, 1.0, 4.0], alpha=0.0), 1.0)  # all are drawn alike
    np.testing.assert_allclose(priority_weights([[1.0, 4.0], [2.0, 8.0]]), [priority_weights([1.0, 4.0])] * 2)
    np.testing.assert_allclose(
        priority_weights([[1.0, 4.0], [8.0, 2.0]], np.array([[1], [0]]))[:, 0], priority_weights([1.0, 4.0])[1]
    )


def test_what_is_wrong_with_priorities_is_said():
    with pytest.raises(InputError, match="got 1 other, first -1 at row 1"):
        priority_weights([1.0, -1.0])
    with pytest.raises(InputError, match="0 everywhere"):
        priority_weights([0.0, 0.0])
    with pytest.raises(InputError, match="`scale` must be"):
        priority_weights([1.0], scale="max")
    with pytest.raises(InputError, match="`beta` must be a number, 0 or more; got -1"):
        priority_weights([1.0], beta=-1)
