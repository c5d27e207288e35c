"""sequence: hand tables, exact means by enumeration, a table of groups and time as oracle, and the laws."""

import itertools

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, KindError
from upweight.ope import marginal, sequence, trajectory, value

RHO, GROUP = [2, 0.5, 1.5, 1.2, 0.8, 0.5], [1, 2, 2, 3, 3, 3]
R, Q, V = [1.0, 0, 1, 1, 0, 1], [0.8, 0.3, 0.6, 0.9, 0.4, 0.5], [0.7, 0.5, 0.6, 0.8, 0.5, 0.6]
HOWS = ("step", "pdis", "is", "wis", "cwpdis", "dr", "wdr", "pi")
MODELLED = ("dr", "wdr")


def weights(rho, exact=True):
    return uw.Weights.of(rho, kind="importance", exact=exact)


def of(how, r, w, group, q=None, v=None, **more):
    return sequence(r, w, group=group, how=how, outcome=(q, v) if how in MODELLED else None, **more)


@pytest.mark.parametrize(
    ("how", "expected", "se"),
    [
        ("is", 1.181266667, 0.413171802), ("wis", 1.097151703, 0.159388261), ("pdis", 1.421266667, 0.391559622),
        ("cwpdis", 1.167177083, 0.172167261), ("dr", 1.255120000, 0.267090648), ("wdr", 1.151151398, 0.283205885),
        ("step", 1.651666667, None), ("pi", 1.268333333, None),
    ],
)  # fmt: skip
def test_values_by_hand(how, expected, se):
    e = of(how, R, weights(RHO), GROUP, Q, V, discount=0.9)
    assert e.value == pytest.approx(expected, abs=1e-9)
    assert se is None or e.se == pytest.approx(se, abs=1e-9)
    assert e.n == 3
    assert e.influence.sum() == pytest.approx(0, abs=1e-12)


def test_marginal_by_hand():
    found = marginal(weights(RHO), group=GROUP, state=[0] * 6)
    np.testing.assert_allclose(found.values, [2, 0.5, 1.033784, 1.2, 0.551351, 0.257901], atol=5e-7)
    assert not found.exact
    assert found.trail[-1].name == "marginal"
    assert found.trail[-1].params["said"] == "estimated from these rows"


def test_trajectory_is_the_product_in_order_of_first_appearance():
    found = trajectory(weights(RHO), group=["z", "a", "a", "m", "m", "m"])
    np.testing.assert_allclose(found.values, [2, 0.75, 0.48])
    assert found.exact
    assert trajectory(weights(RHO).clip(at=1.0), group=GROUP).raw.exact
    np.testing.assert_allclose(trajectory(weights(RHO).clip(at=1.0), group=GROUP).values, [1, 0.5, 0.4])


# ---- a table of groups and time, as an oracle -----------------------------------------------------------------------------


def table(how, r, rho, group, q, v, gamma):
    """The value by the formulas as written, over a table of groups x time in which ended groups keep their product."""
    names = list(dict.fromkeys(group))
    rows = [[i for i, g in enumerate(group) if g == name] for name in names]
    n, T = len(names), max(map(len, rows))
    W, before, f, g_q, g_v, own = (np.zeros((n, T)) for _ in range(6))
    for i, place in enumerate(rows):
        w = 1.0
        for t in range(T):
            before[i, t] = w
            if t < len(place):
                w *= rho[place[t]]
                f[i, t], g_q[i, t], g_v[i, t], own[i, t] = r[place[t]], q[place[t]], v[place[t]], rho[place[t]]
            W[i, t] = w
    powers, G = gamma ** np.arange(T), f @ gamma ** np.arange(T)
    lengths = np.array([len(x) for x in rows])
    over, over_before = W / W.mean(0), before / before.mean(0)
    z = {
        "step": (own * f) @ powers,
        "pdis": (W * f) @ powers,
        "is": W[:, -1] * G,
        "wis": W[:, -1] * G / W[:, -1].mean(),
        "cwpdis": (over * f) @ powers,
        "dr": (W * (f - g_q) + before * g_v) @ powers,
        "wdr": (over * (f - g_q) + over_before * g_v) @ powers,
        "pi": (1 - lengths + own.sum(1)) * G,
    }
    return z[how].mean()


def ragged(seed, groups=40):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 9, groups)
    group = rng.permutation(np.repeat(np.arange(groups), lengths))
    n = group.size
    rho = np.where(rng.random(n) < 0.1, 0.0, rng.exponential(size=n))
    return rng, group, rho, *rng.normal(size=(3, n))


@pytest.mark.parametrize("how", HOWS)
def test_ragged_interleaved_groups_with_weights_of_zero_are_as_in_a_table(how):
    for seed in range(20):
        _, group, rho, r, q, v = ragged(seed)
        e = of(how, r, weights(rho, exact=True), group, q, v, discount=0.9)
        assert e.value == pytest.approx(table(how, r, rho, group.tolist(), q, v, 0.9), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("how", HOWS)
def test_influences_are_the_slopes_in_the_weight_of_a_group(how):
    """psi_i/n: a group that is there k times more moves the value by k psi_i/(n + k), to first order."""
    _, group, rho, r, q, v = ragged(3, groups=30)
    rows = np.argsort(group, kind="stable")
    group, rho, r, q, v = (x[rows] for x in (group, rho, r, q, v))
    again, far = 400, {}
    whole = of(how, r, weights(rho), group, q, v, discount=0.9)
    for i in (0, 7):
        copies = np.concatenate([np.arange(group.size)] * again + [np.flatnonzero(group == i)])
        label = np.repeat(np.arange(again), group.size) * 100
        label = np.concatenate([label, np.full((group == i).sum(), 10**6)]) + group[copies]
        more = of(how, r[copies], weights(rho[copies]), label, q[copies], v[copies], discount=0.9)
        far[i] = (more.value - whole.value) * (30 * again + 1)
        assert far[i] == pytest.approx(whole.influence[i], rel=0.01, abs=1e-3)


# ---- exact means ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "expected"), [("is", 0.570498152), ("pdis", 0.570498152), ("dr", 0.570498152), ("step", 0.437957713)]
)
def test_means_over_all_paths_of_the_ring(ring, how, expected):
    world = ring(4, 0.9)
    assert world.truth() == pytest.approx(0.570498152, abs=5e-10)
    assert world.truth(np.array([0.5, 0.5])) == pytest.approx(0.437073184, abs=5e-10)
    chance, x = world.paths()
    assert chance.sum() == pytest.approx(1.0, rel=1e-12)
    e = of(how, x.r, weights(x.rho), x.group, x.q, x.v, discount=0.9)
    mean = float(chance @ (e.influence + e.value))
    assert mean == pytest.approx(expected, abs=5e-10)
    if how != "step":
        assert mean == pytest.approx(world.truth(), rel=1e-12)


MU = np.array([[0.25, 0.17, 0.58], [0.22, 0.32, 0.46], [0.23, 0.37, 0.4]])
PI = np.array([[0.28, 0.41, 0.31], [0.14, 0.79, 0.07], [0.35, 0.4, 0.25]])
BASE = np.array([[0.1, 0.3, 0.5], [0.2, 0.1, 0.4], [0.3, 0.2, 0.1]])
SLATES = np.array(list(itertools.product(range(3), repeat=3)))


def slot_rewards(world):
    b = BASE[np.arange(3), SLATES]
    s = SLATES
    if world == "additive":
        return b
    if world == "cascade":
        return np.column_stack([b[:, 0], b[:, 1] * (1 + s[:, 0]) / 2, b[:, 2] * (1 + s[:, 0]) * (1 + s[:, 1]) / 4])
    return b * (1 + np.roll(s, -1, axis=1)) / 2


SLATE_MEANS = {
    "additive": (0.651, 0.651, 0.651, 0.651, 0.651),
    "cascade": (0.648714750, 0.737283, 0.648714750, 0.648714750, 0.634493775),
    "full": (0.636690, 0.733845, 0.702345, 0.636690, 0.614565),
}


@pytest.mark.parametrize("world", SLATE_MEANS)
def test_exact_means_of_rankings(world):
    r, (truth, *expected) = slot_rewards(world), SLATE_MEANS[world]
    p, pi = (np.prod(x[np.arange(3), SLATES], axis=1) for x in (MU, PI))
    assert pi @ r.sum(1) == pytest.approx(truth, abs=1e-9)
    w = weights((PI / MU)[np.arange(3), SLATES].ravel())
    for how, mean in zip(("step", "pdis", "is", "pi"), expected, strict=True):
        e = sequence(r.ravel(), w, group=np.repeat(np.arange(27), 3), how=how)
        assert p @ (e.influence + e.value) == pytest.approx(mean, abs=1e-12)


def test_variances_of_additive_rankings():
    r, p = slot_rewards("additive"), np.prod(MU[np.arange(3), SLATES], axis=1)
    w = weights((PI / MU)[np.arange(3), SLATES].ravel())
    for how, expected in zip(("step", "pdis", "is", "pi"), (0.06916, 0.36451, 0.93317, 0.83160), strict=True):
        e = sequence(r.ravel(), w, group=np.repeat(np.arange(27), 3), how=how)
        z = e.influence + e.value
        assert p @ z**2 - (p @ z) ** 2 == pytest.approx(expected, abs=6e-6)


def survival(n, rng):
    """One state, reward 1 a step; ends with .5 (action 0) or .1 (action 1); logged 1/2, target .9 on action 1; T = 10."""
    alive, group, rho = np.arange(n), [], []
    for _ in range(10):
        a = rng.random(alive.size) < 0.5
        group.append(alive)
        rho.append(np.where(a, 0.9, 0.1) / 0.5)
        alive = alive[rng.random(alive.size) >= np.where(a, 0.1, 0.5)]
    return np.concatenate(group), np.concatenate(rho)


@pytest.mark.parametrize("seed", range(5))
def test_groups_that_have_ended_count_in_every_mean(seed):
    """Over the living alone CWPDIS is 10 whatever the data; the truth is 5.562132."""
    group, rho = survival(5000, np.random.default_rng(seed))
    e = sequence(np.ones(group.size), weights(rho), group=group)
    assert abs(e.value - 5.562132) < 3 * e.se * e.inflation
    assert e.value < 7
    living = 0.0
    t = np.concatenate([np.arange(k) for k in np.bincount(group)])
    order = np.argsort(group, kind="stable")
    w = np.exp(uw.ope.episodes._running.running_logs(np.log(rho[order]), np.flatnonzero(t == 0), np.bincount(group)))
    for step in range(10):
        living += (w[t == step] * 1.0).mean() / w[t == step].mean()
    assert living == pytest.approx(10)


# ---- laws -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", HOWS)
def test_the_order_of_groups_and_interleaving_change_nothing(how):
    rng, group, rho, r, q, v = ragged(5)
    w = weights(rho)
    e = of(how, r, w, group, q, v, discount=0.95)
    keys = rng.random(40)[group] + 1e-9 * np.arange(group.size)  # groups apart, rows of each in order
    order = np.argsort(keys)
    apart = of(how, r[order], w[order].declare(exact=True), group[order], q[order], v[order], discount=0.95)
    assert apart.value == pytest.approx(e.value, rel=1e-12)
    assert apart.se == pytest.approx(e.se, rel=1e-12)
    assert apart.khat == pytest.approx(e.khat, nan_ok=True)
    relabelled = of(how, r, w, [f"g{g}" for g in group], q, v, discount=0.95)
    assert relabelled.value == pytest.approx(e.value, rel=1e-14)


def test_one_row_a_group_is_value():
    rng = np.random.default_rng(0)
    n = 400
    w, r, q, v, group = weights(rng.exponential(size=n)), *rng.normal(size=(3, n)), np.arange(n)
    for ours, theirs in (
        (sequence(r, w, group=group, how="pdis"), value(r, w, how="plain")),
        (sequence(r, w, group=group, how="dr", outcome=(q, v)), value(r, w, how="plain", outcome=(q, v))),
        (sequence(r, w, group=group), value(r, w, how="self")),
    ):
        assert ours.value == pytest.approx(theirs.value, rel=1e-12)
        assert ours.se == pytest.approx(theirs.se, rel=1e-12)
        np.testing.assert_allclose(ours.influence, theirs.influence, atol=1e-12)


def test_the_logged_policy_itself_earns_the_mean_return():
    _, group, _, r, _, _ = ragged(1)
    w = weights(np.ones(group.size))
    total = np.bincount(group, r)
    for how in ("step", "pdis", "is", "wis", "cwpdis", "pi"):
        assert of(how, r, w, group).value == pytest.approx(total.mean(), rel=1e-12)


def test_a_constant_return_has_no_error_where_weights_are_divided():
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(300), 4)
    w = weights(rng.exponential(size=1200), exact=False)
    for how in ("wis", "cwpdis"):
        e = sequence(np.full(1200, 0.25), w, group=group, how=how)
        assert e.value == pytest.approx(1.0, rel=1e-12)
        assert e.se == 0
        assert e.interval() == (e.value, e.value)


def test_400_steps_of_a_tenth_against_a_tenth_are_1():
    w = uw.ratio(np.full(800, 0.1), np.full(800, 0.1))
    group = np.repeat([0, 1], 400)
    assert trajectory(w, group=group).values.tolist() == [1.0, 1.0]
    assert sequence(np.full(800, 0.5), w, group=group).value == 200.0
    zero = weights(np.r_[0.0, np.full(799, 1.0)])
    assert trajectory(zero, group=group).values.tolist() == [0.0, 1.0]


def test_products_whose_logs_reach_beyond_floats_are_divided_all_the_same():
    rng = np.random.default_rng(0)
    group, l = np.repeat(np.arange(50), 300), rng.normal(size=15_000) + 4.0
    w = uw.Weights.of_log(l, kind="importance")
    for how in ("wis", "cwpdis", "wdr"):
        e = of(how, np.full(15_000, 0.01), w, group, np.zeros(15_000), np.zeros(15_000))
        assert e.value == pytest.approx(3.0, rel=1e-9)
    with pytest.raises(InputError, match="a product of weights overflows"):
        sequence(np.ones(15_000), w.declare(exact=True), group=group, how="pdis")


def test_a_user_twice_does_not_shrink_the_error():
    _, group, rho, r, q, v = ragged(8, groups=60)
    twice = np.concatenate([np.arange(group.size)] * 2)
    copies = np.concatenate([group, group + 1000])
    for how in HOWS:
        once = of(how, r, weights(rho), group, q, v, cluster=group)
        both = of(how, r[twice], weights(rho[twice]), copies, q[twice], v[twice], cluster=copies % 1000)
        assert both.value == pytest.approx(once.value, rel=1e-10)
        assert both.se == pytest.approx(once.se, rel=1e-10)
        alone = of(how, r, weights(rho), group, q, v)
        assert alone.se == pytest.approx(once.se, rel=1e-10)


def test_running_sums_keep_their_digits_over_a_million_rows():
    from upweight.ope.episodes._running import running_sums

    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 200, 10_000)
    x = rng.normal(size=int(lengths.sum())) - 1
    starts = np.cumsum(lengths) - lengths
    wide = x.astype(np.longdouble)  # group by group: over all rows even these would lose digits
    exact = np.concatenate([np.cumsum(wide[a : a + k]) for a, k in zip(starts, lengths, strict=True)])
    assert np.abs(running_sums(x, starts) - exact).max() < 1e-12
    for n in (1, 255, 256, 257, 70_000):
        one = running_sums(x[:n], np.array([0]))
        np.testing.assert_allclose(one, np.cumsum(x[:n]), rtol=1e-12)


def test_a_difference_of_two_policies_keeps_their_covariance_and_judges_each_side_by_itself():
    """The lift over the log: its tails are those of either side of its influences, each with the tail size of its own rows."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40_000), 2)  # more than one block of influences
    w = weights(rng.choice([0.4, 1.6], 80_000))
    r = (rng.random(80_000) < 0.3) * w.values
    target, logged = (sequence(r, x, group=group) for x in (w, weights(np.ones(80_000))))
    lift = target - logged
    assert lift.se < 0.95 * np.hypot(target.se, logged.se)
    np.testing.assert_allclose(lift.influence, target.influence - logged.influence)
    sides = [lift.influence[lift.influence > 0], -lift.influence[lift.influence < 0]]
    assert lift.khat == max(uw.arrays.khat(np.log(side)) for side in sides)
    with pytest.raises(InputError, match="over the same rows"):
        _ = target - sequence(r[:2], w[:2], group=group[:2], how="wis")


# ---- tamed weights, states, doubts ---------------------------------------------------------------------------------------


def test_tails_are_those_before_taming():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(2000), 2)
    w = weights(0.3 * np.exp(0.7 * rng.exponential(size=4000)))
    r = rng.random(4000)
    assert sequence(r, w.clip(at=2.0), group=group, how="is").khat > 0.4
    assert sequence(r, w.clip(at=2.0), group=group, how="is").value < sequence(r, w, group=group, how="is").value


def test_marginal_of_states_that_are_never_met_again_is_the_product():
    _, group, rho, r, _, _ = ragged(4)
    w = weights(rho + 0.1)
    own = marginal(w, group=group, state=group)
    order = np.argsort(group, kind="stable")
    t = np.concatenate([np.arange(k) for k in np.bincount(group)])
    for step in range(t.max() + 1):  # up to the mean at each step
        rows = order[t == step]
        product = np.array([np.prod(w.values[order][(group[order] == g) & (t <= step)]) for g in group[rows]])
        ratio = own.values[rows] / product
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-10)
    assert sequence(r, own, group=group).trail[-1].params["how"] == "step"
    with pytest.raises(KindError, match="multiplies what weights of `marginal` hold already"):
        sequence(r, own, group=group, how="cwpdis")


def test_wrong_propensities_are_seen_by_the_rows():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(1500), 10)
    w = weights(rng.choice([0.4, 1.6], 15_000))
    r = rng.random(15_000)
    assert sequence(r, w, group=group).ok
    wrong = sequence(r, w * 1.05, group=group)
    assert wrong.ok  # scaled weights promise nothing
    wrong = sequence(r, (w * 1.05).declare(exact=True), group=group)
    assert not wrong.ok
    assert wrong.why.startswith("the mean weight is 1.05, promised 1 (z = ")


# ---- what is refused -----------------------------------------------------------------------------------------------------


def test_what_cannot_be_a_sequence_is_said():
    w = weights(RHO)
    with pytest.raises(InputError, match=r"sequence takes Weights; got list"):
        sequence(R, RHO, group=GROUP)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=r"`group` must have one entry a weight; got 5 for 6 weights"):
        sequence(R, w, group=GROUP[:5])
    with pytest.raises(InputError, match=r"`discount` must lie in \(0, 1\]; got 1.5"):
        sequence(R, w, group=GROUP, discount=1.5)
    with pytest.raises(InputError, match=r"how='is' takes no outcome; use how='wdr' or 'dr'"):
        sequence(R, w, group=GROUP, how="is", outcome=(Q, V))
    with pytest.raises(InputError, match=r"how='dr' needs outcome=\(q, v\); without one use how='cwpdis'"):
        sequence(R, w, group=GROUP, how="dr")
    with pytest.raises(InputError, match="`how` must be"):
        sequence(R, w, group=GROUP, how="ips")
    with pytest.raises(
        InputError, match=r"`cluster` must be constant in a group; got b at row 2 in group 2, which began with a"
    ):
        sequence(R, w, group=GROUP, cluster=["a", "a", "b", "c", "c", "c"])
    with pytest.raises(InputError, match="`group` must have no missing values"):
        sequence(R, w, group=[1, 2, 2, 3, 3, np.nan])
    with pytest.raises(InputError, match="`state` must have no missing values"):
        marginal(w, group=GROUP, state=[0, 0, np.nan, 0, 0, 0])
    with pytest.raises(InputError, match="every weight is zero"):
        sequence(R, weights([0.0] * 6), group=GROUP)
    with pytest.raises(InputError, match="every weight is zero from row 1 of the groups on"):
        sequence(R, weights([0, 1, 0, 1, 0, 1]), group=GROUP)
    for how in ("step", "pdis", "is", "pi"):
        with pytest.raises(KindError, match="use wis, cwpdis or wdr"):
            sequence(R, weights(RHO, exact=False), group=GROUP, how=how)
    with pytest.raises(KindError, match="class weights"):
        sequence(R, uw.Weights.of(RHO, kind="class"), group=GROUP)
    with pytest.raises(InputError, match="be finite in every row for how='pi'"):
        sequence([np.nan, *R[1:]], weights([0.0, *RHO[1:]]), group=GROUP, how="pi")


def test_a_reward_may_be_missing_where_no_weight_lies():
    w = weights([0.0, *RHO[1:]])
    for how in ("pdis", "is", "wis", "cwpdis"):
        assert sequence([np.nan, *R[1:]], w, group=GROUP, how=how).value == sequence(R, w, group=GROUP, how=how).value


def test_inputs_are_never_written_to_and_frames_are_read():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow")
    columns = {"r": R, "rho": [float(x) for x in RHO], "g": GROUP, "q": Q, "v": V}
    expected = of("wdr", R, weights(RHO), GROUP, Q, V).value
    for frame in (pandas.DataFrame(columns), polars.DataFrame(columns), arrow.table(columns)):
        w = uw.Weights.of(frame["rho"], kind="importance", exact=True)
        assert of("wdr", frame["r"], w, frame["g"], frame["q"], frame["v"]).value == expected
        assert marginal(w, group=frame["g"], state=frame["g"]).n == 6
    given = [np.array(x, float) for x in (R, RHO, Q, V)]
    kept = [x.copy() for x in given]
    of("wdr", given[0], weights(given[1]), np.array(GROUP), given[2], given[3])
    marginal(weights(given[1]), group=np.array(GROUP), state=np.array(GROUP))
    for x, before in zip(given, kept, strict=True):
        np.testing.assert_array_equal(x, before)


def test_what_was_done_is_cited():
    w = weights(RHO)
    said = uw.cite(
        sequence(R, w, group=GROUP, how="cwpdis"), trajectory(w, group=GROUP), marginal(w, group=GROUP, state=[0] * 6)
    )
    assert [key for key in ("thomas2016", "precup2000", "xie2019") if f"{{{key}," in said] == [
        "thomas2016",
        "precup2000",
        "xie2019",
    ]
    assert "jiang2016" in uw.cite(sequence(R, w, group=GROUP, how="dr", outcome=(Q, V)))
