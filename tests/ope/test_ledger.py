"""Ledger: evaluate's figures from sums, in any split and any order, through JSON; what it cannot know it does not say."""

import functools
import json
from typing import Any

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, KindError
from upweight.ope import Ledger, evaluate
from upweight.ope.evaluation import demo

KINDS = ["digits", "wrong", "thin", "amounts", "zeros", "offset", "self", "rare"]


@functools.cache
def log_of(kind, n=6000) -> Any:
    """(reward, target, source, exact, day, user)"""
    rng = np.random.default_rng(5)
    day, user = np.arange(n) * 10 // n, rng.integers(0, 700, n)
    if kind in ("digits", "wrong", "thin"):
        log = demo(kind)
        return log.reward[:n], log.target[:n], log.logged[:n], True, log.day[:n], user
    source = rng.uniform(0.1, 0.9, n)
    target = np.clip(source * rng.choice([0.5, 1.5], n), 0, 1)
    reward = rng.normal(size=n) + 0.2 * (target > source)
    if kind == "zeros":
        target = np.where(rng.random(n) < 0.3, 0.0, target * 1.0 / 0.7)
    if kind == "offset":
        reward = reward + 1e6
    if kind == "rare":
        reward = np.where(rng.random(n) < 0.004, rng.lognormal(size=n), 0.0)
    return reward, target, source, kind != "self", day, user


def weights(kind, rows=slice(None)):
    _, target, source, exact, _, _ = log_of(kind)
    return uw.ratio(target[rows], source[rows], exact=exact)


def ledger(kind, rows, by=True, cluster=False):
    reward, _, _, _, day, user = log_of(kind)
    more: Any = ({"by": day[rows]} if by else {}) | ({"cluster": user[rows]} if cluster else {})
    return Ledger.of(reward[rows], weights(kind, rows), **more)


def added(kind, parts, order="forward", **more) -> Any:
    pieces: Any = [ledger(kind, rows, **more) for rows in np.array_split(np.arange(6000), parts)]
    if order == "backward":
        pieces = pieces[::-1]
    if order == "pairs":
        while len(pieces) > 1:
            pieces = [sum(pieces[i : i + 2]) for i in range(0, len(pieces), 2)]
    return sum(pieces)


def figures(e):
    found = {name: (getattr(e, name).value, getattr(e, name).se) for name in ("value", "logged", "gain")}
    return found | {"mean": e.mean, "by": [tuple(x) for x in e.by.values()]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_ledger_says_what_evaluate_says(kind):
    reward, *_, day, _ = log_of(kind)
    ours, theirs = ledger(kind, slice(None)).result(), evaluate(reward, weights(kind), by=day)
    for name, expected in figures(theirs).items():
        np.testing.assert_allclose(figures(ours)[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)
    assert list(ours.by) == list(theirs.by)
    assert ours.how == theirs.how
    assert ours.verdict.grade == theirs.verdict.grade
    assert ours.verdict.reasons == theirs.verdict.reasons
    assert ours.decision == theirs.decision
    assert ours.value.khat == pytest.approx(ours.verdict.khat, nan_ok=True)  # the tail of the weights alone
    assert ours.guarantee is None


@pytest.mark.parametrize("kind", ["digits", "thin"])
def test_intervals_of_few_values_are_those_of_evaluate(kind):
    reward = log_of(kind)[0]
    ours, theirs = ledger(kind, slice(None)).result(), evaluate(reward, weights(kind))
    for name in ("value", "logged", "gain"):
        np.testing.assert_allclose(getattr(ours, name).interval(), getattr(theirs, name).interval(), rtol=1e-9)
        assert getattr(ours, name).ok == getattr(theirs, name).ok


@pytest.mark.parametrize(
    ("kind", "parts", "order"),
    [(kind, 7, order) for kind in ("digits", "offset", "zeros") for order in ("forward", "backward", "pairs")]
    + [("wrong", 100, "backward"), ("digits", 100, "pairs")],
)
def test_any_split_and_any_order(kind, parts, order):
    whole, split = ledger(kind, slice(None)), added(kind, parts, order)
    assert split.n == whole.n
    assert split.tally.khat == whole.tally.khat
    assert split.tally.summary.peak == whole.tally.summary.peak
    np.testing.assert_array_equal(split.above, whole.above)
    ours, theirs = figures(split.result()), figures(whole.result())
    by = [dict(zip(e.by, e.by.values(), strict=True)) for e in (split.result(), whole.result())]
    assert set(by[0]) == set(by[1])
    for name in ("value", "logged", "gain", "mean"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, err_msg=name)
    for label, row in by[1].items():
        np.testing.assert_allclose(by[0][label], row, rtol=1e-8)
    assert split.result().decision == whole.result().decision
    a, b = split.result().path, whole.result().path
    assert a is not None
    assert b is not None
    np.testing.assert_allclose(a.values, b.values, rtol=1e-9)


def test_sums_merge_to_1e_12():
    whole, split = ledger("amounts", slice(None)), added("amounts", 100)
    np.testing.assert_allclose(split.products.about(0.0).mean, whole.products.about(0.0).mean, rtol=1e-12)
    np.testing.assert_allclose(split.products.about(0.0).centred, whole.products.about(0.0).centred, rtol=1e-12)
    np.testing.assert_allclose(split.caps[0], whole.caps[0], rtol=1e-12)


def test_the_path_is_that_of_clipped_weights():
    reward, w = log_of("amounts")[0], weights("digits")
    path = Ledger.of(reward, w).result().path
    assert path is not None
    assert path.at[:3] == (np.inf, 8.0, 4.0) or path.at[1] in (16.0, 8.0)
    for at, value, moved in list(zip(path.at, path.values, path.moved, strict=True))[1:]:
        tamed = w.clip(at=at)
        assert value == pytest.approx(tamed.mean(reward).value, rel=1e-9)
        assert moved == pytest.approx(tamed.trail[-1].moved, rel=0.03, abs=1e-6)
        assert moved <= tamed.trail[-1].moved + 1e-12
    with pytest.raises(InputError, match="a ledger keeps no rows"):
        _ = path.estimates


@pytest.mark.parametrize("kind", ["digits", "amounts", "self"])
def test_clusters_in_buckets(kind):
    reward, *_, user = log_of(kind)
    ours, theirs = added(kind, 7, by=False, cluster=True).result(), evaluate(reward, weights(kind), cluster=user)
    for name in ("value", "logged", "gain"):
        assert getattr(ours, name).value == pytest.approx(getattr(theirs, name).value, rel=1e-9)
        assert getattr(ours, name).se == pytest.approx(getattr(theirs, name).se, rel=0.05)
    assert ours.mean.z == pytest.approx(theirs.mean.z, rel=0.2, abs=0.1, nan_ok=True)


def test_a_users_rows_twice_do_not_shrink_the_error():
    reward, *_, user = log_of("amounts")
    of = lambda rows: Ledger.of(reward[rows], weights("amounts", rows), cluster=user[rows])
    once, twice = of(slice(None)).result(), (of(slice(None)) + of(slice(None))).result()
    assert twice.value.se == pytest.approx(once.value.se, rel=1e-9)


def test_it_travels_as_json():
    more: Any
    for kind, more in (("digits", {}), ("amounts", {"cluster": True}), ("zeros", {"by": False})):
        whole = added(kind, 7, **more)
        back = Ledger.from_dict(json.loads(whole.to_json()))
        assert back.to_dict() == whole.to_dict()
        assert str(back.result()) == str(whole.result())
    with pytest.raises(InputError, match="a ledger has schema"):
        Ledger.from_dict({"schema": "upweight.tally/1"})
    damaged = whole.to_dict() | {"caps": [1, 2]}
    with pytest.raises(InputError, match="this ledger is damaged"):
        Ledger.from_dict(damaged)


def test_wrong_propensities_whatever_the_reward():
    w = weights("wrong")
    for reward in (np.ones(6000), np.zeros(6000), log_of("wrong")[0]):
        assert Ledger.of(reward, (w * (1 / 0.6)).declare(exact=True)).result().decision == "UNTRUSTED"


def test_a_batch_without_any_weight_counts():
    reward, target, source, *_ = log_of("digits")
    target = target.copy()
    target[:1000] = 0.0
    parts = [
        Ledger.of(reward[rows], uw.ratio(target[rows], source[rows])) for rows in (slice(0, 1000), slice(1000, None))
    ]
    whole: Any = sum(parts)
    ours, theirs = whole.result(), evaluate(reward, uw.ratio(target, source))
    assert ours.value.value == pytest.approx(theirs.value.value, rel=1e-9)
    assert ours.value.se == pytest.approx(theirs.value.se, rel=1e-9)
    with pytest.raises(InputError, match="every weight is zero"):
        parts[0].result()


def test_what_cannot_be_added_up_is_said():
    reward, *_, user = log_of("digits")
    w = weights("digits")
    with pytest.raises(InputError, match=r"Ledger.of takes Weights; got ndarray"):
        Ledger.of(reward, w.values)  # pyright: ignore[reportArgumentType]
    with pytest.raises(KindError):
        Ledger.of(reward, uw.Weights.of(w.values, kind="class"))
    with pytest.raises(InputError, match="untamed"):
        Ledger.of(reward, w.clip(at=2.0))
    with pytest.raises(InputError, match="`reward` must have one entry a weight"):
        Ledger.of(reward[:10], w)
    with pytest.raises(InputError, match="`reward`"):
        Ledger.of(np.where(np.arange(6000) == 3, np.nan, reward), w)
    with pytest.raises(InputError, match="both ledgers must have `cluster`, or neither"):
        _ = Ledger.of(reward, w) + Ledger.of(reward, w, cluster=user)
    with pytest.raises(InputError, match="must have `by`, or neither"):
        _ = Ledger.of(reward, w) + Ledger.of(reward, w, by=user)
    with pytest.raises(InputError, match="weights up to e"):
        Ledger.of([1.0, 2.0], uw.Weights.of_log([0.0, 400.0], kind="importance"))
