"""Scores: what is remembered, when it acts, what the two figures measure, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import InputError
from upweight.training import RowDraws, Scores
from upweight.training import _row_values as row_values


def test_the_last_score_stays_and_unseen_rows_have_the_mean():
    s = Scores(5)
    assert s.values.tolist() == [1.0] * 5
    s.update([0, 1, 0], [1.0, 4.0, 2.0])
    assert s.values.tolist() == [2.0, 4.0, 3.0, 3.0, 3.0]
    assert s.seen.tolist() == [True, True, False, False, False]
    assert "2 of 5 rows seen" in repr(s)


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.9])
def test_averages_are_those_of_one_row_after_the_other(decay):
    rng = np.random.default_rng(0)
    s, want = Scores(7, decay=decay), np.full(7, np.nan)
    for _ in range(4):
        rows, g = rng.integers(0, 7, 20), rng.random(20)
        s.update(rows, g)
        for i, x in zip(rows, g, strict=True):
            want[i] = x if np.isnan(want[i]) else decay * want[i] + (1 - decay) * x
        np.testing.assert_allclose(s.values, want, rtol=1e-5)


def test_ranks_are_applied_by_step_then_rank():
    a = (np.array([0, 1, 2]), np.array([10.0, 11.0, 12.0], np.float32), np.array([1, 2]))
    b = (np.array([0, 2, 0]), np.array([20.0, 21.0, 22.0], np.float32), np.array([2, 1]))
    rows, values = row_values.merged([a, b])
    assert rows.tolist() == [0, 0, 2, 1, 2, 0]
    assert values.tolist() == [10.0, 20.0, 21.0, 11.0, 12.0, 22.0]


def epoch(draws, scores, e, g):
    """One epoch of draws whose fresh scores are `g`; the share of the second moment that its proposal leaves."""
    draws.settle()
    made = draws.propose(draws.size)
    rows = draws.order(made, draws.size, e)
    v = 1.0 if made.loss_weight is None else made.loss_weight[rows]
    scores.update(rows, g[rows])
    return rows, v, made


def test_the_figures_are_second_moments():
    """tau is sqrt(n sum p^2 / w) of the proposal, gain the moment under draws by w over that under the proposal."""
    rng = np.random.default_rng(1)
    w = rng.lognormal(sigma=0.5, size=4000)
    w /= w.mean()
    g = rng.lognormal(sigma=1.0, size=4000)
    s = Scores(4000)
    s.update(np.arange(4000), g)
    draws = RowDraws(w, scores=s, rng=0)
    for e in range(3):
        epoch(draws, s, e, g)
    draws.settle()
    draws.propose(4000)
    q = w * s.values / (w * s.values).sum()
    p = 0.5 * q + 0.5 * w / 4000
    assert s.tau == pytest.approx(np.sqrt(4000 * (p**2 / w).sum()), rel=1e-6)
    moments = (w * g**2).mean() / (w**2 * g**2 / (4000 * p)).mean()
    assert s.gain == pytest.approx(moments, rel=0.1)
    assert s.on == (min(s.tau, s.gain) >= 1.2)


def test_scores_that_lie_are_measured_while_they_are_off():
    """Scores of one epoch say nothing of the next: tau promises, gain does not keep it, and nothing is drawn by them."""
    rng = np.random.default_rng(2)
    s = Scores(3000)
    draws = RowDraws(3000, scores=s, rng=0)
    for e in range(6):
        _, v, _ = epoch(draws, s, e, rng.lognormal(sigma=1.5, size=3000))
        assert np.all(v == 1.0)
    draws.settle()
    draws.propose(3000)
    assert s.tau > 1.2
    assert s.gain < 1.1
    assert not s.on
    assert len(s.history) == 6


def test_no_loss_weight_passes_one_over_mix():
    rng = np.random.default_rng(3)
    for mix in (0.1, 0.5, 1.0):
        s = Scores(500, gate=1.0)
        s.update(np.arange(500), rng.pareto(0.3, 500))
        s.tau = s.gain = 9.0
        made = RowDraws(rng.lognormal(size=500), scores=s, mix=mix).propose(500)
        assert made.loss_weight is None or made.loss_weight.max() <= 1 / mix + 1e-9


def test_scores_and_weights_draw_with_less_noise_than_either_mixture():
    """At 1 % with balanced weights a uniform part beside scores has many times the second moment of draws by weights; ours has less."""
    rng = np.random.default_rng(4)
    n = 10_000
    y = np.arange(n) < 100
    w, g = np.where(y, 50.0, 0.5 / 0.99), rng.lognormal(sigma=1.0, size=n)

    def moment(p):
        return (w**2 * g**2 / (n * p)).mean() / (w * g**2).mean()

    q, b = w * g / (w * g).sum(), w / n
    assert moment(0.5 * g / g.sum() + 0.5 / n) > 10
    assert moment(0.5 * q + 0.5 * b) < 0.7


def test_ages_count_epochs():
    s = Scores(3)
    draws = RowDraws(3, scores=s)
    for e, rows in enumerate(([0, 1], [1], [1])):
        draws.settle()
        draws.propose(3)
        s.update(rows, [1.0] * len(rows))
        assert e >= 0
    draws.settle()
    assert s.age.tolist() == [2, 0, 3]


def test_a_state_goes_on_and_another_is_refused():
    s = Scores(4, decay=0.5)
    s.update([0, 3], [1.0, 2.0])
    _ = s.values
    s.tau, s.gain = 1.5, 1.4
    t = Scores(4, decay=0.5)
    t.load_state_dict(s.state_dict())
    assert (t.values.tolist(), t.on, t.seen.tolist()) == (s.values.tolist(), True, s.seen.tolist())
    for other in (Scores(5, decay=0.5), Scores(4)):
        with pytest.raises(InputError, match="belongs to other scores"):
            other.load_state_dict(s.state_dict())
        assert not other.seen.any()
    with pytest.raises(InputError, match="lacks 'scores'"):
        t.load_state_dict({})


@pytest.mark.parametrize(
    ("index", "score", "said"),
    [
        ([0, 1], [1.0, np.nan], "`score` must be finite and ≥ 0; got 1 NaN, first at row 1. Set 0."),
        ([0, 1], [-1.0, 2.0], "got 1 negative, first at row 0"),
        ([0, 9], [1.0, 2.0], "`index` must lie in 0 to 4; got 1 outside, first 9 at row 1"),
        ([0.0, 1.0], [1.0, 2.0], "`index` must be whole numbers"),
        ([0, 1], [1.0], "got shapes (2,) and (1,)"),
        (0, 1.0, "one number a row"),
    ],
)
def test_a_bad_update_changes_nothing(index, score, said):
    s = Scores(5)
    s.update([2], [3.0])
    with pytest.raises(InputError) as error:
        s.update(index, score)
    assert said in str(error.value)
    assert s.values.tolist() == [3.0] * 5
    assert s.seen.tolist() == [False, False, True, False, False]


@pytest.mark.parametrize("more", [{"decay": 1.0}, {"decay": -0.1}, {"gate": 0.5}, {"gate": None}])
def test_bad_settings_are_told(more):
    with pytest.raises(InputError):
        Scores(5, **more)
    with pytest.raises(InputError):
        Scores(0)


def test_arrays_that_were_given_may_change_later():
    s = Scores(3)
    rows, g = np.array([0, 1]), np.array([1.0, 2.0])
    s.update(rows, g)
    rows[:], g[:] = 2, 9.0
    assert s.seen.tolist() == [True, True, False]
    assert s.values[:2].tolist() == [1.0, 2.0]


def test_scores_show_themselves():
    s = Scores(3)
    assert repr(s) == "Scores(0 of 3 rows seen, off: tau 1, gain nan, gate 1.2)"
    s.history = [(1.0, 2.0)] * 12
    assert s._repr_html_().count("<tr>") == 11
