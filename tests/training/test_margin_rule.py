"""Margin rules: the table of kinds, the correction, and what is refused."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, UndoError
from upweight.training import MARGIN_KINDS, MarginRule, logit_adjust, margin_rule

N = np.array([900.0, 90.0, 10.0])
PI = N / 1000


def test_the_table_of_kinds():
    zeros, ones, factor = np.zeros(3), np.ones(3), (N / 900) ** 0.3
    table = {
        "logit_adjust": (ones, 2 * np.log(PI), zeros, 1.0, {"tau": 2.0}),
        "balanced_softmax": (ones, np.log(PI), zeros, 1.0, {}),
        "cdt": (factor, zeros, zeros, 1.0, {"gamma": 0.3}),
        "vs": (factor, 2 * np.log(PI), zeros, 1.0, {"gamma": 0.3, "tau": 2.0}),
        "temper": (factor, np.log(PI), zeros, 1.0, {"gamma": 0.3}),
        "ldam": (ones, zeros, 0.4 * (10 / N) ** 0.25, 30.0, {"max_margin": 0.4}),
    }
    assert set(table) == set(MARGIN_KINDS)
    for kind, (delta, iota, margin, scale, more) in table.items():
        rule = margin_rule(N, kind=kind, **more)
        np.testing.assert_allclose(rule.delta, delta)
        np.testing.assert_allclose(rule.iota, iota)
        np.testing.assert_allclose(rule.margin, margin)
        assert (rule.scale, rule.per_example) == (scale, kind == "temper")


@pytest.mark.parametrize("more", [{}, {"tau": 0.5}, {"kind": "balanced_softmax"}, {"scale": 2.0}])
def test_the_correction_gives_the_worlds_probabilities_back(more):
    """Where softmax(scale (z + iota)) is the posterior, softmax(scale z) is not, and the correction says by how much."""
    rule = margin_rule(N, **more)
    world = np.random.default_rng(0).dirichlet([1, 1, 1], 50)
    z = np.log(world) / rule.scale - rule.iota
    proba = np.exp(rule.scale * z)
    proba /= proba.sum(1, keepdims=True)
    assert rule.correction.status == "exact"
    np.testing.assert_allclose(rule.correction.apply(proba), world, rtol=1e-10)


@pytest.mark.parametrize("kind", ["cdt", "vs", "temper", "ldam"])
def test_other_kinds_say_that_nothing_gives_the_odds_back(kind):
    with pytest.raises(UndoError, match="no formula gives the odds back: recalibrate"):
        margin_rule(N, kind=kind).correction.apply([[0.2, 0.3, 0.5]])


def test_a_rule_is_frozen_and_travels():
    rule = margin_rule(N, kind="vs")
    rule._placed["here"] = object
    for other in (pickle.loads(pickle.dumps(rule)), copy.deepcopy(rule)):
        assert repr(other) == repr(rule)
        assert other._placed == {}
        np.testing.assert_array_equal(other.delta, rule.delta)
        assert not other.delta.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        rule.delta[0] = 3
    assert rule.__class__ is uw.torch.MarginRule is MarginRule


def test_the_rule_shows_itself_without_what_it_does_not_do():
    assert repr(margin_rule([900, 100])) == "MarginRule(logit_adjust, 2 classes, iota -2.3 to -0.105)"
    assert "scale 30" in repr(margin_rule([900, 100], kind="ldam"))
    html = margin_rule(np.arange(1, 41))._repr_html_()
    assert "and 10 classes more" in html
    assert "correction: exact" in html


@pytest.mark.parametrize(
    ("counts", "more", "said"),
    [
        ([1, 0, 0, 1, 1], {}, "these look like labels: np.bincount(y)"),
        ([9, 0, 3], {}, "got 0 for class 1"),
        ([9], {}, "one class only"),
        ([9, 3], {"kind": "la"}, "`kind` must be"),
        ([9, 3], {"gamma": 0.5}, "`gamma` means nothing to kind='logit_adjust'"),
        ([9, 3], {"kind": "balanced_softmax", "tau": 2.0}, "`tau` means nothing to kind='balanced_softmax'"),
        ([9, 3], {"kind": "vs", "gamma": -0.1}, "`gamma` must be a finite number of at least 0"),
        ([9, 3], {"scale": 0.0}, "`scale` must be a finite number above 0"),
        ([9, 3], {"tau": np.nan}, "`tau` must be a finite number"),
    ],
)
def test_bad_input_is_told(counts, more, said):
    with pytest.raises(InputError) as error:
        margin_rule(counts, **more)
    assert said in str(error.value)


# ---- after training ---------------------------------------------------------------------------------------------------------


def test_logits_move_from_prior_to_prior_as_bayes_says():
    rng = np.random.default_rng(1)
    source, target = np.array([0.9, 0.09, 0.01]), np.array([0.2, 0.3, 0.5])
    z = rng.normal(size=(20, 3))
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True) * target / source
    moved = logit_adjust(z, source=source, target=target)
    q = np.exp(moved) / np.exp(moved).sum(1, keepdims=True)
    np.testing.assert_allclose(q, p / p.sum(1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(logit_adjust(moved, source=target, target=source), z, atol=1e-12)


def test_two_classes_in_one_column_and_in_two_move_alike():
    z = np.random.default_rng(2).normal(size=(9, 2))
    two = logit_adjust(z, source=[900, 100], tau=0.7)
    one = logit_adjust(z[:, 1] - z[:, 0], source=[900, 100], tau=0.7)
    np.testing.assert_allclose(two[:, 1] - two[:, 0], one, atol=1e-12)
    np.testing.assert_allclose(logit_adjust(one[:, None], source=[1, 1]), one[:, None])


def test_tensors_stay_tensors():
    torch = pytest.importorskip("torch")
    z = torch.zeros(2, 2, requires_grad=True)
    moved = logit_adjust(z, source=[0.9, 0.1])
    assert (moved.dtype, moved.requires_grad) == (torch.float32, True)
    np.testing.assert_allclose(moved.detach().numpy(), logit_adjust(np.zeros((2, 2)), source=[0.9, 0.1]), rtol=1e-6)
    assert logit_adjust(torch.zeros(2, 2, dtype=torch.int64), source=[9, 1]).dtype == torch.float32


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"source": [1, 0, 2]}, "`source` must be above 0 for every class; got 0 for class 1"),
        ({"source": [1, 2]}, "a column for each of 2 classes"),
        ({"source": [1, 2, 3], "target": [1, 2]}, "`source` has 3 classes and `target` 2"),
        ({"source": [1, 2, 3], "tau": None}, "`tau` must be a finite number"),
    ],
)
def test_bad_adjustments_are_told(more, said):
    with pytest.raises(InputError) as error:
        logit_adjust(np.zeros((4, 3)), **more)
    assert said in str(error.value)


def test_probabilities_adjusted_as_logits_are_noticed():
    proba = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    with pytest.warns(UserWarning, match="these look like probabilities"):
        logit_adjust(proba, source=[1, 2, 3])
    logit_adjust(np.log(proba), source=[1, 2, 3])  # a warning is an error here
    torch = pytest.importorskip("torch")
    from upweight.torch import logit_adjust as of_tensors

    with pytest.warns(UserWarning, match="these look like probabilities"):
        of_tensors(torch.as_tensor(proba), source=[1, 2, 3])
    logs = torch.as_tensor(np.log(proba))
    assert torch.equal(of_tensors(logs, source=[1, 2, 3]), logit_adjust(logs, source=[1, 2, 3]))
    assert torch.vmap(lambda z: of_tensors(z, source=[1, 2, 3]))(logs).shape == (20, 3)
