"""Tally: the figures of the whole from any split, in any order, through JSON and other processes."""

import itertools
import json
import math
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, KindError, Tally, Weights


def logs(l, exact=True, kind="importance"):
    return Weights.of_log(l, kind=kind, exact=exact)


def sample(n, k=0.3, seed=0):
    """Exact weights of tail index k: target Exp(1 - k), source Exp(1)."""
    return np.log(1 - k) + k * np.random.default_rng(seed).exponential(size=n)


def added(tallies):
    total = tallies[0]
    for t in tallies[1:]:
        total = total + t
    return total


def split(l, parts, f=None, by=None, exact=True):
    pieces = np.array_split(np.arange(len(l)), parts)
    at = lambda x, rows: None if x is None else x[rows]
    return [Tally.of(logs(l[r], exact), f=at(f, r), by=at(by, r)) for r in pieces]


EXACT = ("n", "n_zero", "khat", "threshold", "distinct", "min_rows", "widening", "grade", "advice")
CLOSE = ("ess", "ess_share", "perplexity", "design_effect", "max_share", "top_share", "mean", "mean_se", "mean_z")


def assert_same_verdict(a, b):
    assert [getattr(a, name) for name in EXACT] == [getattr(b, name) for name in EXACT]
    for name in CLOSE:
        assert getattr(a, name) == pytest.approx(
            getattr(b, name), rel=1e-12, abs=1e-9 if name == "mean_z" else 0, nan_ok=True
        ), name
    assert a.reasons == b.reasons


# ---- any split --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 2, 7, 100])
@pytest.mark.parametrize("backwards", [False, True])
def test_any_split_gives_the_verdict_of_the_whole(parts, backwards):
    l = sample(200_000)
    tallies = split(l, parts)
    v = added(tallies[::-1] if backwards else tallies).result()
    whole = logs(l).check()
    assert_same_verdict(v, whole)
    assert v.khat == logs(l).khat
    if not backwards:
        assert str(v) == str(whole)
        assert v.max_row == int(l.argmax())


def test_sizes_agree_with_those_of_the_weights_to_twelve_digits():
    l = sample(300_000, k=0.6)
    t = added(split(l, 11))
    assert t.result().ess == pytest.approx(logs(l).ess, rel=1e-12)
    assert t.result().perplexity == pytest.approx(logs(l).ess_of(1.0), rel=1e-12)
    assert t.khat == logs(l).khat


def test_every_way_of_bracketing_gives_the_same_bits_where_promised():
    tallies = split(sample(40_000), 4)
    a, b, c, d = tallies
    results = [
        ((a + b) + (c + d)).result(),
        (a + (b + (c + d))).result(),
        (((d + c) + b) + a).result(),
        sum(tallies).result(),
    ]
    assert len({(v.khat, v.n, v.max_share > 0, v.distinct) for v in results}) == 1
    for v in results[1:]:
        assert_same_verdict(v, results[0])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_batches_of_very_different_size_and_level_merge_in_any_order(order):
    parts = [sample(30, seed=1) - 700.0, np.full(5, -np.inf), np.r_[sample(50_000, seed=2), 300.0]]
    whole = logs(np.concatenate([parts[i] for i in order]), exact=False)
    v = added([Tally.of(logs(parts[i], exact=False)) for i in order]).result()
    assert_same_verdict(v, whole.check())
    assert v.n_zero == 5
    assert v.max_row == int(whole.log_w.argmax())


def test_a_batch_of_zeros_counts_and_changes_no_tail():
    l = sample(5000)
    v = (Tally.of(logs(np.full(1000, -np.inf))) + Tally.of(logs(l))).result()
    assert_same_verdict(v, logs(np.r_[np.full(1000, -np.inf), l]).check())
    assert v.n_zero == 1000
    assert (Tally.of(logs(np.full(10, -np.inf))) + Tally.of(logs(np.full(10, -np.inf)))).result().grade == "unusable"


@pytest.mark.parametrize("values", [[1.0, 10.0], range(1, 11), range(1, 12)])
def test_distinct_weights_are_counted_across_batches(values):
    w = np.repeat(np.array(values, dtype=float), 30)
    rng = np.random.default_rng(0)
    rng.shuffle(w)
    parts = [Tally.of(Weights.of(x)) for x in np.array_split(w, 9)]
    v, whole = added(parts).result(), Weights.of(w).check()
    assert v.distinct == whole.distinct == len(values)
    assert v.values == whole.values
    assert ("LOOKS_LIKE_CLASS" in v.reasons) == (len(values) <= 10)


def test_the_sign_is_tested_across_batches():
    l = sample(20_000, k=0.5)
    v = added(split(-l, 13)).result()
    assert v.reasons[0] == "INVERTED"
    assert v.inverse.mean == pytest.approx(np.exp(l).mean(), rel=1e-12)
    assert v.inverse.khat == logs(l).khat
    zeros = added([*split(-l, 3), Tally.of(logs([-np.inf]))]).result()
    assert "INVERTED" not in zeros.reasons


def test_segments_merge_label_by_label():
    l = sample(50_000)
    by = np.random.default_rng(1).integers(0, 40, size=50_000) ** 2 // 40
    v, whole = added(split(l, 17, by=by)[::-1]).result(), logs(l).check(by=by)
    assert [*v.by] == [*whole.by]
    for label, s in whole.by.items():
        assert v.by[label].n == s.n
        for name in ("ess", "mean", "mean_se", "z"):
            assert getattr(v.by[label], name) == pytest.approx(getattr(s, name), rel=1e-9), name


# ---- averages ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, 1e9])
@pytest.mark.parametrize("columns", [None, 3])
def test_mean_is_that_of_the_weights_whatever_the_offset(offset, columns):
    l = sample(60_000)
    f = np.random.default_rng(3).normal(size=60_000 if columns is None else (60_000, columns)) + offset
    e, whole = added(split(l, 9, f=f)).mean(), logs(l).mean(f)
    assert np.abs(e.value - whole.value).max() <= 1e-12 * np.abs(f).max()
    assert e.se == pytest.approx(whole.se, rel=1e-9)
    assert e.ess == pytest.approx(whole.ess, rel=1e-12)
    assert e.ess_f == pytest.approx(whole.ess_f, rel=1e-6)
    assert e.n == whole.n


def test_mean_watches_the_tail_of_the_weights_and_says_so():
    l = sample(20_000, k=0.55)
    e = added(split(l, 5, f=np.ones(20_000) * np.arange(20_000))).mean()
    assert e.khat == logs(l).khat
    assert not e.ok
    assert e.why.startswith(
        "the tail of f is not watched in a tally, only that of the weights: if f has bounds, say so"
    )
    assert e.inflation == pytest.approx(float(uw.arrays.widening(e.khat, 20_000)))
    low, high = e.interval()
    assert low < e.value < high


def test_constant_f_is_exact():
    e = added(split(sample(1000), 3, f=np.full(1000, 1e9 + 0.25))).mean()
    assert e.value == 1e9 + 0.25
    assert e.se == 0
    assert e.interval() == (e.value, e.value)


def test_f_may_be_anything_where_the_weight_is_zero():
    l = np.array([0.0, -np.inf, 0.0, -np.inf])
    parts = [Tally.of(logs(l[:2]), f=np.array([1.0, np.nan])), Tally.of(logs(l[2:]), f=np.array([3.0, np.inf]))]
    assert added(parts).mean().value == 2.0
    empty = Tally.of(logs([-np.inf]), f=np.array([np.nan]))
    assert (empty + parts[0]).mean().value == 1.0
    assert (parts[0] + empty).mean().value == 1.0
    with pytest.raises(InputError, match="finite where the weight is > 0"):
        Tally.of(logs(l), f=np.array([np.nan, 1, 1, 1]))


def test_copies_are_averaged_as_repeated_rows():
    f, w = np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.0, 1.0])
    parts = [Tally.of(Weights.of(w[i : i + 1], kind="frequency"), f=f[i : i + 1]) for i in range(3)]
    e = added(parts).mean()
    assert e.value == pytest.approx(11 / 6)
    assert e.se == pytest.approx(0.477260702109, abs=1e-12)
    assert added(parts).khat == -math.inf


def test_row_by_row_tamings_are_averaged_as_tamed_and_judged_as_raw():
    l, f = sample(10_000, k=0.6), np.arange(10_000.0)
    parts = [Tally.of(logs(l[r]).clip(at=3.0), f=f[r]) for r in np.array_split(np.arange(10_000), 4)]
    t, whole = added(parts), logs(l).clip(at=3.0)
    assert t.mean().value == pytest.approx(whole.mean(f).value, rel=1e-12)
    assert t.mean().se == pytest.approx(whole.mean(f).se, rel=1e-9)
    assert t.khat == logs(l).khat
    assert "TAMED" in t.result().reasons
    assert t.result().exact
    for whole_taming in (
        logs(l).smooth(),
        logs(l).truncate(),
        logs(l).temper(ess=0.5),
        logs(l, exact=False).clip(at=2.0),
    ):
        with pytest.raises(InputError, match="of a batch is not that of all rows"):
            Tally.of(whole_taming)


def test_what_sums_cannot_give_is_refused_with_a_reason():
    t = Tally.of(logs(sample(100)), f=np.arange(100.0))
    with pytest.raises(InputError, match="no influences, clusters, differences or ratios"):
        t.mean().influence  # noqa: B018
    with pytest.raises(InputError, match="no influences"):
        t.mean() - t.mean()
    with pytest.raises(InputError, match="this tally has no f"):
        Tally.of(logs(sample(100))).mean()
    with pytest.raises(KindError, match="class weight"):
        Tally.of(logs(sample(100), exact=False, kind="class"), f=np.arange(100.0)).mean()
    with pytest.raises(InputError, match="every weight is zero"):
        Tally.of(logs([-np.inf]), f=np.array([1.0])).mean()


def both_ways(w, f, parts=5, **said):
    """The average from rows and from tallies of them."""
    rows = np.array_split(np.arange(w.n), parts)
    piece = lambda r: w[r].declare(exact=w.exact) if w.exact else w[r]
    return w.mean(f, **said), added([Tally.of(piece(r), f=np.asarray(f)[r], **said) for r in rows]).mean()


@pytest.mark.parametrize("hits", [0, 1, 5, 9, 10, 11, 300, 2992, 3000])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 8.0), (1e9, 1e9 + 1), (0.0, 1e-200), (0.0, 1e200)])
def test_two_values_are_believed_as_those_of_the_weights_are(hits, low, high):
    f = np.where(np.random.default_rng(hits).permutation(3000) < hits, high, low)
    for w in (Weights.of(np.ones(3000), kind="importance"), logs(sample(3000), exact=False)):
        a, b = both_ways(w, f)
        assert (b.ok, b.why) == (a.ok, a.why)
        assert b.interval() == pytest.approx(a.interval(), rel=1e-9)
    copies = Weights.of(np.random.default_rng(1).integers(0, 3, 3000), kind="frequency")
    a, b = both_ways(copies, f)
    assert (b.ok, b.why) == (a.ok, a.why)


def test_few_hits_in_many_batches_are_not_believed():
    e = added(split(np.zeros(4000), 8, f=np.arange(4000) % 1000 == 0, exact=False)).mean()
    assert not e.ok
    assert e.why == "the rows of the rarer value are worth 4, 10 needed."


def test_known_bounds_leave_the_tail_of_the_weights_alone_to_watch():
    f = np.sin(np.arange(3000.0))
    a, b = both_ways(logs(sample(3000)), f, bounds=(-1, 1))
    assert (a.ok, b.ok, b.why) == (True, True, "")
    assert b.interval() == pytest.approx(a.interval(), rel=1e-9)
    told, untold = (
        Tally.of(logs(sample(30)), f=np.arange(30.0), bounds=(0, 29)),
        Tally.of(logs(sample(30)), f=np.arange(30.0)),
    )
    assert not (told + untold).moments.bounded
    with pytest.raises(InputError, match=r"lie in bounds=\(0, 1\)"):
        Tally.of(logs(sample(30)), f=np.arange(30.0), bounds=(0, 1))


@pytest.mark.parametrize("shift", [0.0, 0.5, -0.5, -800.0, 800.0])
def test_a_promise_that_is_broken_is_told_by_tallies_too(shift):
    w = logs(sample(4000, k=0.2) + shift)
    a, b = both_ways(w, np.arange(4000) % 2)
    assert (b.ok, b.why) == (a.ok, a.why)
    assert a.ok == (shift == 0)


def test_tallies_of_earlier_versions_know_0_and_1_from_their_sums():
    w = logs(sample(3000), exact=False)
    for hits, ok in ((4, False), (600, True)):
        f = np.arange(3000) < hits
        d = Tally.of(w, f=f).to_dict()
        for key in ("seen", "bounded"):
            del d["moments"][key]
        old = Tally.from_dict(d)
        assert (old.mean().ok, old.mean().why) == (ok, w.mean(f).why)
        assert (old + Tally.of(w, f=f)).mean().ok == (w.n > 0 and ok)
        assert Tally.from_dict(json.loads(json.dumps(old.to_dict()))).mean().why == old.mean().why


def test_tallies_pickled_by_earlier_versions_add_up_and_speak():
    t = Tally.of(logs(sample(3000), exact=False), f=np.arange(3000) < 4)
    for name in ("seen", "bounded"):
        del vars(t.moments)[name]
    old = pickle.loads(pickle.dumps(t))
    assert old.mean().why == logs(sample(3000), exact=False).mean(np.arange(3000) < 4).why != ""
    assert (old + old).mean().value == t.mean().value
    assert Tally.from_dict(json.loads(json.dumps(old.to_dict()))).mean().why == old.mean().why


def test_a_reason_is_given_exactly_where_it_is_not_ok():
    l = sample(3000, k=0.2)
    for f in (np.zeros(3000), np.full(3000, 2.5), l > 0, l, np.arange(3000) < 3):
        e = Tally.of(logs(l), f=f).mean()
        assert e.ok == (e.why == "")


# ---- what belongs together --------------------------------------------------------------------------------------------------


def test_tallies_that_do_not_belong_together_are_refused():
    a = Tally.of(logs(sample(30)))
    with pytest.raises(KindError, match="importance and class weights do not add up"):
        a + Tally.of(logs(sample(30), kind="class"))
    with pytest.raises(InputError, match="promises a mean of one and the other does not"):
        a + Tally.of(logs(sample(30), exact=False))
    with pytest.raises(InputError, match="must have `f`"):
        a + Tally.of(logs(sample(30)), f=np.arange(30.0))
    with pytest.raises(InputError, match="must have `by`"):
        Tally.of(logs(sample(30)), by=np.arange(30)) + a
    with pytest.raises(InputError, match="as many columns"):
        Tally.of(logs(sample(30)), f=np.ones((30, 2))) + Tally.of(logs(sample(30)), f=np.ones((30, 3)))
    with pytest.raises(TypeError):
        a + 3
    with pytest.raises(InputError, match="Say what they are first"):
        Tally.of(np.ones(10))
    with pytest.raises(InputError, match="one vector of weights at a time"):
        Tally.of(logs(np.zeros((2, 3))))


def test_notes_must_hold_for_the_rows_they_speak_of():
    one, other = uw.ratio(np.full(30, 0.5), np.ones(30)), uw.ratio(np.full(30, 0.5), np.full(30, 0.5))
    assert "DETERMINISTIC" in (Tally.of(one) + Tally.of(one)).result().notes
    assert "DETERMINISTIC" not in (Tally.of(one) + Tally.of(other)).result().notes
    twice = Weights.of([1.0, 2.0], kind="class") * Weights.of([1.0, 3.0], kind="class")
    assert "CLASS_TWICE" in (Tally.of(twice) + Tally.of(Weights.of([1.0, 2.0], kind="class"))).result().notes
    with pytest.warns(UserWarning, match="probabilities"):
        linear = uw.log_ratio(np.linspace(0, 1, 50), np.full(50, 0.5))
    rest = uw.log_ratio([0.3, 0.2], [0.5, 0.5])
    assert "LOOKS_LINEAR" in (Tally.of(linear) + Tally.of(rest)).result().notes
    assert "LOOKS_LINEAR" not in (Tally.of(linear) + Tally.of(logs(sample(50)))).result().notes


# ---- documents and processes ------------------------------------------------------------------------------------------------


def through_json(t):
    return Tally.from_dict(json.loads(json.dumps(t.to_dict(), allow_nan=False)))


def test_json_loses_no_bit():
    l = sample(50_000)
    t = Tally.of(logs(l), f=np.sin(l), by=np.where(l > 0, "up", "down"))
    again = through_json(t)
    assert again.to_dict() == t.to_dict()
    assert str(again.result()) == str(t.result())
    assert again.result().to_dict() == t.result().to_dict()
    assert again.mean().value == t.mean().value
    assert again.mean().se == t.mean().se
    assert str((again + again).result()) == str((t + t).result())


@pytest.mark.parametrize("values", [[0.0, 0.0], [1.0], [1.0, 0.0, 5.0]])
def test_json_of_the_smallest_tallies(values):
    t = Tally.of(Weights.of(values, kind="importance"), by=np.arange(len(values)))
    assert through_json(t).to_dict() == t.to_dict()
    assert str(through_json(t).result()) == str(t.result())


def test_documents_of_something_else_are_refused():
    with pytest.raises(InputError, match=r"schema 'upweight.tally/1'; got 'upweight.verdict/1'"):
        Tally.from_dict(logs(sample(30)).check().to_dict())


WORKER = """
import json, sys
import numpy as np
import upweight as uw
seed = int(sys.argv[1])
l = np.log(0.7) + 0.3 * np.random.default_rng(seed).exponential(size=20_000)
w = uw.Weights.of_log(l, kind="importance", exact=True)
json.dump(uw.Tally.of(w, f=l, by=np.full(20_000, seed % 3)).to_dict(), sys.stdout, allow_nan=False)
"""


def test_eight_processes_send_json_and_are_merged_in_any_order():
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    start = lambda seed: subprocess.Popen([sys.executable, "-c", WORKER, str(seed)], stdout=subprocess.PIPE, env=env)
    sent = [process.communicate()[0] for process in [start(seed) for seed in range(8)]]
    l = np.concatenate([sample(20_000, seed=seed) for seed in range(8)])
    whole = logs(l)
    for order in (range(8), [3, 7, 0, 5, 1, 6, 2, 4]):
        t = added([Tally.from_dict(json.loads(sent[i])) for i in order])
        assert t.khat == whole.khat
        assert t.result().ess == pytest.approx(whole.ess, rel=1e-12)
        assert t.mean().value == pytest.approx(whole.mean(l).value, rel=1e-12)
        assert {label: s.n for label, s in t.result().by.items()} == {0: 60_000, 1: 60_000, 2: 40_000}


def test_a_tally_is_small_and_does_not_grow():
    parts = split(sample(400_000), 4)
    sizes = [sum(summary.top.nbytes for summary in (t.summary, t.inverse)) for t in (parts[0], added(parts))]
    assert sizes[0] == sizes[1] == 2 * 30_001 * 8


@pytest.mark.slow
def test_ten_million_rows_in_one_seven_and_a_hundred_tallies():
    l = sample(10_000_000, k=0.55)
    w = logs(l)
    whole = w.check()
    for parts in (1, 7, 100):
        tallies = split(l, parts)
        for order in (tallies, tallies[::-1]):
            v = added(order).result()
            assert (v.khat, v.n, v.n_zero) == (w.khat, w.n, 0)
            assert added(order).summary.peak == float(l.max())
            assert v.ess == pytest.approx(w.ess, rel=1e-12)
            assert_same_verdict(v, whole)


@pytest.mark.parametrize("part", ["said", "pile", "inverse", "moments", "segments"])
def test_damaged_documents_are_refused(part):
    whole = Tally.of(Weights.of(np.arange(1.0, 5.0), kind="importance"), f=np.arange(4.0), by=np.arange(4)).to_dict()
    with pytest.raises(InputError, match=f"this tally lacks '{part}'"):
        Tally.from_dict({k: v for k, v in whole.items() if k != part})
    for damaged in (5, [1], "x", {"n": []}):
        with pytest.raises(InputError, match="this tally"):
            Tally.from_dict(whole | {part: damaged})


@pytest.mark.parametrize("document", [{}, [], 5, None, {"schema": 3}])
def test_what_is_no_tally_is_refused(document):
    with pytest.raises(InputError, match="a tally has schema 'upweight.tally/1'"):
        Tally.from_dict(document)
