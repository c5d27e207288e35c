"""What a stranger types: every odd input is answered, or refused by its own name."""

import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import LinearSVC

import upweight as uw
from upweight import InputError
from upweight.ope import rl

N = 2000
g = np.random.default_rng(0)
SHARES, TARGET = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
ACTION = g.choice(3, size=N, p=SHARES)
REWARD = (g.random(N) < np.array([0.2, 0.4, 0.6])[ACTION]) * 1.0
W = uw.ratio(TARGET[ACTION], SHARES[ACTION])
X = g.normal(size=(N, 2))
PI = np.tile(TARGET, (N, 1))
ONE = np.arange(N) == 4
HUGE = uw.Weights.of(np.where(ONE, 1e200, 1.0), kind="importance", exact=True)
GROUP = np.arange(N) // 4


def outcome(model=None, X=X, action=ACTION, reward=REWARD, target=PI, **more):
    return uw.ope.outcome(Ridge() if model is None else model, X, action, reward, target, **more)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: uw.ope.value(REWARD[:, None], W), r"`reward` must be one column; got a table of 1\. .*x\[:, 0\]"),
        (lambda: uw.ope.value(pd.DataFrame({"r": REWARD}), W), r"got a table of 1\. .*frame\['r'\]"),
        (lambda: uw.ope.value(REWARD, W, outcome=(REWARD * 1e308, REWARD)), r"`outcome` reaches 1e\+308"),
        (lambda: uw.ope.value(REWARD, HUGE), r"weights of mean 5e\+196 have no squares"),
        (lambda: uw.ope.path(REWARD, W, taming="drop", grid=[0.1]), "every weight is zero from a threshold of 0.1 on"),
        (lambda: uw.ope.lepski(uw.ope.value(REWARD, W)), "takes a list of estimates; got Estimate"),
        (lambda: uw.ope.lepski(None), "takes a list of estimates; got NoneType"),
        (lambda: uw.ope.kernel(X[:, 0], X[:, 0], np.full(N, 1e-310), bandwidth=0.1), "`density` times `bandwidth`"),
        (lambda: uw.ope.guarantee(REWARD, W, bounds=(-1e308, 1e308)), "lie apart by a finite number"),
        (lambda: uw.ope.trajectory(W.values, group=GROUP), r"then trajectory\(w, group=episode\)"),
        (lambda: uw.ope.marginal(W.values, group=GROUP, state=GROUP), r"then marginal\(w, group=episode, state=s\)"),
        (
            lambda: uw.ope.sequence(
                REWARD,
                uw.Weights.of(np.full(N, 1e-200), kind="importance", exact=True),
                group=GROUP,
                how="is",
            ),
            "every product of weights underflows: the largest log is -1842",
        ),
        (
            lambda: uw.ope.evaluate(REWARD, W, kept=uw.Weights.of(np.full(9, 2.0), kind="inclusion")),
            "`kept` must have one entry a weight; got 9 for 2,000",
        ),
        (lambda: uw.ope.Ledger.of(REWARD * 1e200, W), "rewards times weights up to e"),
        (lambda: uw.ope.Ledger.of(REWARD * 1e-200, W), "rewards must be 0 or reach 1e-100"),
        (lambda: outcome(X=np.where(X > 2, np.nan, X)), "Ridge does not fit these rows: Input X contains NaN"),
        (
            lambda: outcome(KNeighborsRegressor(), sample_weight=np.ones(N)),
            "KNeighborsRegressor does not fit.*sample_weight",
        ),
        (lambda: outcome(LinearSVC()), "LinearSVC has no predict_proba"),
        (lambda: outcome(target=PI - np.array([1.0, -1.0, 0.0])), "which are >= 0; got -0.8 at row"),
        (lambda: outcome(features=np.arange(3)), r"`features` must be a table, actions by columns; got shape \(3,\)"),
        (lambda: outcome(features=np.full((3, 1), np.nan)), "`features` must be finite"),
        (lambda: rl.vtrace([0.1], [1.0], [1.0], [1.0], "x"), "`discount` must be a number"),
        (lambda: rl.vtrace([0.1], [1.0], [1.0], [1.0], None), "`discount` must be a number"),
        (lambda: rl.vtrace([[1, 2], [1]], [1], [1], [1], 0.9), "`log_ratio` must have rows of one length"),
        (lambda: rl.retrace([0.1], [1.0], [1.0], [1.0], 0.9, lam=2), r"`lam` must lie in \[0, 1\]; got 2"),
        (lambda: rl.priority_weights([1, 2], [5]), "`rows` must lie in 0 ... 1, rows of the buffer; got 5"),
        (lambda: rl.priority_weights([1, 2], [-1]), "`rows` must lie in 0 ... 1"),
        (lambda: rl.priority_weights([1, 2], [True, False]), "`rows` must be whole numbers"),
        (lambda: rl.priority_weights([1, 2], [0.5]), "`rows` must be whole numbers"),
        (lambda: rl.priority_weights([1, 2], []), "`rows` must be whole numbers"),
        (lambda: rl.priority_weights([1, 2, 3], [[0, 1]]), "`rows` must be whole numbers"),
        (lambda: rl.masked_mean([1.0], [1], weight=[-1.0]), "`weight` must be >= 0; got -1"),
        (lambda: rl.masked_mean([1.0], [np.nan]), "must say of every token whether it counts"),
    ],
)
def test_it_is_refused_by_its_own_name(call, said):
    with pytest.raises(InputError, match=said):
        call()


@pytest.mark.parametrize("scale", [1e-300, 1e-120, 1e150, 1e200, 1e308])
def test_no_unit_of_the_reward_changes_what_is_said(scale):
    plain, scaled = (uw.ope.evaluate(REWARD * c, W) for c in (1.0, scale))
    assert scaled.decision == plain.decision
    assert scaled.gain.se / scale == pytest.approx(plain.gain.se, rel=1e-9)
    for taming in ("clip", "drop", "shrink"):
        one, other = (uw.ope.path(REWARD * c, W, taming=taming, grid=[2.4, 1, 0.5]) for c in (1.0, scale))
        assert other.chosen == one.chosen
        assert np.array(other.values) / scale == pytest.approx(np.array(one.values), rel=1e-9)
    for how in ("is", "wis", "pdis", "cwpdis"):
        small, large = (uw.ope.sequence(REWARD * c, W, group=GROUP, how=how) for c in (1.0, scale / 4))
        assert large.value / scale * 4 == pytest.approx(small.value, rel=1e-9)
        assert large.se / scale * 4 == pytest.approx(small.se, rel=1e-9)


@pytest.mark.parametrize("grid", [[1e300, 2], [1e-300], [1e300, 1e-300]])
def test_a_threshold_may_be_any_float(grid):
    p = uw.ope.path(REWARD, W, taming="clip", grid=grid)
    assert np.isfinite(p.values).all()
    assert p.values == pytest.approx([e.value for e in p.estimates], rel=1e-9)
    assert 0 <= p.chosen <= len(grid)


def test_a_default_grid_has_no_threshold_that_moves_nothing():
    p = uw.ope.path(REWARD, W, taming="clip")
    assert max(p.at[1:]) < 2.5
    assert all(moved > 0 for moved in p.moved[1:])
    assert uw.ope.path(REWARD, uw.ratio(SHARES[ACTION], SHARES[ACTION]), taming="clip").at == (np.inf,)


def test_caps_are_on_the_scale_on_which_they_act():
    w = uw.Weights.of_log(np.log(W.values) + 500, kind="importance")
    assert uw.ope.evaluate(REWARD, w).path.at == (np.inf, 2.0, 1.0)


def test_stakes_of_a_proof_do_not_see_their_own_row():
    """A huge number must not leave its rounding, or an infinity, in what is known before it."""
    from upweight.ope.proofs._betting import Bet

    x = g.exponential(size=200)
    for large in (1e9, 1e200, 1e308):
        one = Bet.on(np.r_[x, 1.0], 0.05, anytime=True).stake
        other = Bet.on(np.r_[x, large], 0.05, anytime=True).stake
        assert np.array_equal(one, other)
    with pytest.raises(uw.VerdictError, match=r"the mean weight is 5e\+296, proven not to be 1"):
        uw.ope.guarantee(REWARD, uw.Weights.of(np.where(ONE, 1e300, 1.0), kind="importance", exact=True))


def test_a_tail_without_rows_beyond_it_has_no_error():
    e = uw.ope.cvar(g.normal(size=N), W, tail=1e-9)
    assert not e.ok
    assert e.interval() == (-np.inf, np.inf)


def test_the_worst_tenth_of_clicks_is_0_and_says_nothing_of_events_never_seen():
    for scale in (1.0, 1e300):
        e = uw.ope.cvar(REWARD * scale, W)
        assert (e.value, e.interval(), e.ok) == (0.0, (0.0, 0.0), True)
    high = uw.ope.cvar(REWARD, W, side="high")
    assert (high.value, high.ok) == (1.0, True)


def test_targets_come_in_any_form():
    plain = outcome()
    for target in (pd.DataFrame(PI), sparse.csr_matrix(PI), lambda rows: sparse.csr_matrix(PI[rows])):
        assert np.array_equal(outcome(target=target).v, plain.v)
    large = np.where(ONE, 10**9, ACTION)  # a number, not a count of models
    assert np.isfinite(outcome(action=large, target=large).q).all()


def test_evaluations_and_paths_travel():
    e = uw.ope.evaluate(REWARD, W, bounds=(0, 1))
    again = pickle.loads(pickle.dumps(e))
    assert str(again) == str(e)
    assert again.path.best.value == e.path.best.value
    for taming in ("clip", "shrink"):
        p = uw.ope.path(REWARD, W, taming=taming)
        assert str(pickle.loads(pickle.dumps(p))) == str(p)
    thin = uw.ope.evaluate(REWARD, W, kept=uw.Weights.of(np.full(N, 2.0), kind="inclusion"))
    assert pickle.loads(pickle.dumps(thin)).path.chosen == 0


def test_the_path_of_a_ledger_speaks_and_draws():
    p = uw.ope.Ledger.of(REWARD, W).result().path
    assert str(p).startswith("path: values alone, for no rows are kept")
    assert "chosen" not in p._repr_html_()
    assert len(p.plot().get_xticklabels()) == len(p.at)
    with pytest.raises(InputError, match="a ledger keeps no rows"):
        _ = p.best


@pytest.mark.parametrize("reward", [np.ones(N), np.zeros(N), REWARD])
def test_a_ledger_has_the_gain_of_evaluate(reward):
    one, other = uw.ope.evaluate(reward, W), uw.ope.Ledger.of(reward, W).result()
    assert other.gain.interval() == pytest.approx(one.gain.interval(), abs=1e-9)
    assert other.value.interval() == pytest.approx(one.value.interval(), abs=1e-9)


def test_one_decision_promises_what_it_promises():
    w = uw.ratio([0.5], [0.4])
    for e in (uw.ope.evaluate([1.0], w), uw.ope.Ledger.of([1.0], w).result()):
        assert "mean 1.25, promised 1; no error can be told" in str(e)
        assert "worth 1 row (" in str(e)
        assert e.value.interval() == (-np.inf, np.inf)
        assert json.loads(e.to_json())["decision"] == "UNTRUSTED"


def test_the_same_policy_gains_exactly_nothing():
    e = uw.ope.evaluate(REWARD, uw.ratio(SHARES[ACTION], SHARES[ACTION]))
    assert (e.gain.value, e.gain.se) == (0.0, 0.0)
    assert e.decision == "UNDECIDED"


def test_the_screen_tells_large_rewards_apart():
    said = str(uw.ope.evaluate(REWARD + 1e9, W, bounds=(1e9, 1e9 + 1)))
    assert "the target earns 1.000000000465e9 each, the logged policy 1.000000000344e9" in said
    assert "certain  1,000,000,000.4" in said
    assert "(proven, rewards in 1000000000 to 1000000001)" in said
    assert len(str(uw.ope.evaluate(REWARD * 1e200, W, bounds=(0, 1e200)))) < 700


def test_equal_sums_in_another_order_are_one_value():
    """Weights of 1e200: products are equal but for rounding, and rounding has no tail."""
    w = uw.Weights.of(np.full(N, 1e200), kind="importance", exact=True)
    assert uw.ope.sequence(REWARD, w, group=GROUP).khat < 0.5  # 4.4 before
    assert uw.ope.sequence(np.ones(N), W, group=GROUP).ok


def test_nothing_warns_in_a_session():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        uw.ope.kernel(X[:, 0] + 1e6, X[:, 0], np.ones(N), bandwidth=1e-300)
        str(rl.ratio_stats([0.1], [0.2], [0]))
