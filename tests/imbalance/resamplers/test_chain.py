"""Chains against their steps done by hand, and the fast paths after SMOTE against the slow ones."""

import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE as PeerSMOTE
from imblearn.under_sampling import RandomUnderSampler
from scipy import sparse
from sklearn.base import clone

from upweight import InputError
from upweight._undo import Correction
from upweight.imbalance import SMOTE, Chain, EditedNN, RandomOver, RandomUnder, Resample, TomekLinks
from upweight.imbalance.resamplers import _chain as chain_file
from upweight.imbalance.resamplers._donors import Donors


def cloud(seed, n=110, share=0.25):
    """Overlapping classes: normal, on a grid with ties and copies, float32, or far from the origin."""
    rng = np.random.default_rng(seed)
    d = 1 + seed % 4
    y = (rng.permutation(n) < share * n).astype(int)
    X = rng.normal(size=(n, d)) + 0.7 * y[:, None]
    kind = seed % 5
    X = np.round(2 * X) / 2 if kind == 1 else X.astype(np.float32) if kind == 2 else X + 1e6 if kind == 3 else X
    return X, y


def by_hand(steps, X, y, w=None):
    """Table, labels, weights after every step, one after the other."""
    w = np.ones(len(y)) if w is None else w
    for step in steps:
        r = step.resample(X, y, sample_weight=w)
        X, y, w = r.take(X), r.y, r.weights
    return X, y, w


KINDS = ["plain", "borderline1", "borderline2", "adasyn"]


@pytest.mark.parametrize("seed", range(40))
def test_tomek_after_smote_takes_the_same_rows_as_tomek_of_the_whole_table(seed, monkeypatch):
    X, y = cloud(seed)
    drop = ["all", "majority"][seed % 2]
    both = Chain(SMOTE(kind=KINDS[seed % 4], k=3, m=6, categorical=(), rng=seed), TomekLinks(drop=drop))
    fast = both.resample(X, y)
    used = []
    monkeypatch.setattr(chain_file, "after_smote", lambda *given: used.append(given))
    slow = both.resample(X, y)
    assert used
    for field in ("indices", "parents", "step", "y", "weights", "removed"):
        np.testing.assert_array_equal(getattr(fast, field), getattr(slow, field))


@pytest.mark.parametrize("seed", range(40))
def test_editing_after_smote_takes_the_same_rows_as_editing_the_whole_table(seed, monkeypatch):
    X, y = cloud(seed)
    both = Chain(
        SMOTE(kind=KINDS[seed % 4], k=3, m=6, categorical=(), rng=seed),
        EditedNN(k=1 + seed % 4, drop=["all", "majority"][seed % 2]),
    )
    fast = both.resample(X, y)
    monkeypatch.setattr(chain_file, "after_smote", lambda *given: None)
    slow = both.resample(X, y)
    for field in ("indices", "parents", "step", "y", "weights", "removed"):
        np.testing.assert_array_equal(getattr(fast, field), getattr(slow, field))


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("flags", [0, 2])
def test_links_after_smote_are_those_of_the_whole_table_by_lists_and_by_products(lists, flags, brute, monkeypatch):
    if lists:
        monkeypatch.setattr("upweight.imbalance.synthetic_sets._links.LITTLE", 0)
        monkeypatch.setattr("upweight.imbalance.synthetic_sets._links.MANY", 2)
    for seed in range(20):
        X, y = cloud(seed, n=140, share=0.2)
        X = np.c_[X, np.random.default_rng(seed).integers(0, 2, (len(X), flags))]  # voted, so off every line
        made = SMOTE(k=3, rng=seed).resample(X, y)
        table = made.take(X)
        then = chain_file.after_smote(made, table, SMOTE(), TomekLinks(drop="all"))
        expected = brute.tomek(brute.square_distances(table), made.y, drop="all")
        np.testing.assert_array_equal(then.indices, expected)


@pytest.mark.parametrize("spread", [lambda x: np.sinh(2 * x), lambda x: np.c_[x[:, :10], x[:, 10:] > 0]])
def test_links_after_smote_cost_about_what_smote_and_links_cost(spread):
    """With long tails, or flags that are voted, lists around parents are long: fourteen times the sum, before they were left out."""
    rng = np.random.default_rng(0)
    y = (rng.random(3000) < 0.14).astype(int)
    X = spread(rng.normal(size=(3000, 20)) + 0.3 * y[:, None])

    def seconds(sampler):
        start = time.process_time()
        sampler.resample(X, y)
        return time.process_time() - start

    smote, links = SMOTE(rng=0), TomekLinks(drop="all")
    least = {s: min(seconds(s) for _ in range(4)) for s in (smote, links, Chain(smote, links))}
    *parts, both = least.values()
    assert both < 4 * sum(parts)


PATHS = {
    "lists": {"imbalance.synthetic_sets._lists": {"MEMBERS": 0}},
    "lists in pieces": {
        "imbalance.synthetic_sets._lists": {
            "MEMBERS": 0,
            "WIDTH": 2,
            "MINIMA": 40,
            "LISTED": 30,
            "LOOK": 1e-9,
            "PAIR": 1e-9,
        },
        "neighbours._one_tile": {"PLAIN": 0},
    },
    "some lists, some products": {"imbalance.synthetic_sets._lists": {"MEMBERS": 0, "PAIR": 8, "MEETING": 1}},
    "products": {"imbalance.synthetic_sets._lists": {"MEMBERS": 10**9}, "neighbours._one_tile": {"PLAIN": 0}},
    "k-d tree": {"neighbours._kdtree": {"SMALL": 0}},
}


@pytest.mark.parametrize("path", PATHS)
def test_editing_after_smote_is_wilsons_rule_on_every_path(path, brute, monkeypatch):
    for module, constants in PATHS[path].items():
        for name, size in constants.items():
            monkeypatch.setattr(f"upweight.{module}.{name}", size)
    gone = 0
    for seed in range(40):
        X, y = cloud(seed, n=160, share=[0.1, 0.25, 0.45][seed % 3])
        k, drop = 1 + seed % 4, ["all", "majority"][seed % 2]
        made = SMOTE(kind=KINDS[seed % 4], k=3, m=6, categorical=(), rng=seed).resample(X, y)
        table = made.take(X)
        then = chain_file.after_smote(made, table, SMOTE(), EditedNN(k=k, drop=drop))
        d2 = brute.square_distances(table)
        expected = brute.edited(d2, made.y, k=k, vote="all", scheme="once", drop=drop)
        np.testing.assert_array_equal(then.indices, expected)
        gone += len(made) - len(then)
    assert gone > 500


@pytest.mark.parametrize("step", [TomekLinks(drop="all"), EditedNN(drop="all"), EditedNN(k=1)], ids=str)
def test_with_categories_the_same_rows_go_as_from_the_whole_table(step, monkeypatch):
    """A category is voted among neighbours, so a synthetic row is on no line between its parents."""
    monkeypatch.setattr("upweight.imbalance.synthetic_sets._lists.MEMBERS", 0)  # lists wherever they are right
    tables = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        y = (rng.permutation(120) < rng.uniform(10, 50)).astype(int)
        numbers = {f"x{j}": rng.normal(size=120) * rng.choice([0.3, 1, 3]) + y / 2 for j in range(1 + seed % 3)}
        levels = {f"c{j}": rng.choice(list("abcde")[: 2 + seed % 4], 120) for j in range(1 + seed % 4)}
        tables.append((pd.DataFrame(numbers | levels), y, Chain(SMOTE(k=3, rng=seed), step)))
    fast = [chain.resample(X, y) for X, y, chain in tables]
    monkeypatch.setattr(chain_file, "after_smote", lambda *given: None)
    for r, (X, y, chain) in zip(fast, tables, strict=True):
        np.testing.assert_array_equal(r.parents, chain.resample(X, y).parents)


def test_the_fast_paths_are_taken_and_take_something():
    links, edits = 0, 0
    for seed in range(12):
        X, y = cloud(5 * seed, n=300)
        made = SMOTE(rng=seed, k=3).resample(X, y)
        for step in (TomekLinks(drop="all"), EditedNN(drop="all")):
            then = chain_file.after_smote(made, made.take(X), SMOTE(), step)
            assert then is not None
            links, edits = (
                links + (len(made) - len(then)) * (step.__class__ is TomekLinks),
                edits + len(made) - len(then),
            )
    assert links > 20
    assert edits > 200


@pytest.mark.parametrize(
    "steps",
    [
        (SMOTE(rng=1), TomekLinks(drop="all")),
        (SMOTE(rng=1), EditedNN(vote="most", drop="all")),
        (TomekLinks(), SMOTE(rng=1)),
        (EditedNN(), SMOTE(kind="borderline2", rng=1), TomekLinks(drop="all")),
        (RandomOver(to=0.6, rng=1), SMOTE(rng=2), RandomUnder(to={0: 40, 1: 40}, rng=3)),
        (SMOTE(to=0.6, rng=1), SMOTE(rng=2)),
        (SMOTE(to=0.6, rng=1), RandomOver(rng=2), RandomUnder(undo="weights", to={0: 50, 1: 60}, rng=0)),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["array", "pandas", "csr"])
def test_a_chain_is_its_steps_one_after_the_other(steps, kind):
    X, y = cloud(0)
    w = np.random.default_rng(0).uniform(0.5, 2, len(y))
    table = {"array": X, "pandas": pd.DataFrame(X, columns=["a"]), "csr": sparse.csr_array(X)}[kind]
    r = Chain(*steps).resample(table, y, sample_weight=w)
    out, labels, weights = by_hand(steps, table, y, w)
    dense = lambda t: t.toarray() if sparse.issparse(t) else np.asarray(t)
    np.testing.assert_allclose(dense(r.take(table)), dense(out), rtol=1e-14)
    np.testing.assert_array_equal(r.y, labels)
    np.testing.assert_array_equal(r.weights, weights)
    real = r.indices[~r.is_synthetic]
    assert sorted(set(r.removed) | set(real)) == list(range(len(y)))
    if kind == "pandas" and r.made is None:
        assert r.take(table).index.tolist() == out.index.tolist()


def test_corrections_are_those_of_the_masses_before_and_after():
    X, y = cloud(0)
    r = Chain(SMOTE(rng=1), EditedNN(drop="all")).resample(X, y)
    odds = lambda labels: (labels == 1).sum() / (labels == 0).sum()
    assert np.isclose(r.correction.log_odds, np.log(odds(r.y) / odds(y)))
    assert r.correction.status == "impossible"
    exact = Chain(RandomUnder(to=0.5, rng=0), RandomUnder(rng=1)).resample(X, y).correction
    assert exact.status == "exact"


def test_parents_and_steps_point_into_the_table_that_was_given():
    X, y = cloud(0)
    r = Chain(EditedNN(), SMOTE(rng=1), EditedNN(drop="all")).resample(X, y)
    a, b = r.parents.T
    np.testing.assert_array_equal(r.take(X), X[a] + r.step[:, None] * (X[b] - X[a]))
    assert (y[r.parents] == r.y[:, None]).all()


def test_rows_made_from_made_rows_are_stored_and_it_is_said():
    X, y = cloud(0)
    r = Chain(SMOTE(to=0.6, rng=1), SMOTE(rng=2)).resample(X, y)
    assert r.notes[-1].endswith("rows are stored: some were made from rows that were made")
    assert (r.parents[r.is_synthetic] == -1).all()
    assert r.is_synthetic.sum() == len(r) - len(y)


def test_categories_survive_a_chain():
    rng = np.random.default_rng(0)
    y = (rng.permutation(150) < 40).astype(int)
    df = pl.DataFrame({"c": rng.choice(["a", "b", "c"], 150), "x": rng.normal(size=150) + y, "z": rng.normal(size=150)})
    for steps in (
        (SMOTE(rng=0), TomekLinks(drop="all")),
        (SMOTE(rng=0), EditedNN(drop="all")),
        (TomekLinks(), SMOTE(rng=0)),
        (EditedNN(), SMOTE(rng=0), EditedNN(drop="all")),
    ):
        r = Chain(*steps).resample(df, y)
        out, labels, _ = by_hand(steps, df, y)
        assert out.equals(r.take(df))
        assert labels.tolist() == r.y.tolist()
        assert r.take(df)["c"].to_list() == df["c"].gather(r.donors[:, 0]).to_list()


def test_a_donor_that_was_made_itself_leads_to_its_own_donor():
    first = Resample(
        np.array([0, 1, 2, 0]),
        np.array([[0, 0], [1, 1], [2, 2], [0, 1]]),
        np.array([0.0, 0, 0, 0.5]),
        np.ones(4),
        np.ones(4),
        Correction.none(),
        copied=Donors.of(np.array([[0], [1], [2], [2]])),
        categorical=("c",),
    )
    then = Resample(
        np.array([0, 1, 0]),
        np.array([[0, 0], [1, 1], [0, 2]]),
        np.array([0.0, 0, 0.25]),
        np.ones(3),
        np.ones(3),
        Correction.none(),
        copied=Donors.of(np.array([[0], [1], [3]])),
        categorical=("c",),
    )
    both = chain_file.follow(first, then, None)
    assert both.donors.tolist() == [[0], [1], [2]]
    assert both.parents.tolist() == [[0, 0], [1, 1], [0, 2]]
    assert both.removed.tolist() == [2]


def test_foreign_samplers_are_links_of_a_chain():
    X, y = cloud(0)
    r = Chain(PeerSMOTE(random_state=0), RandomUnderSampler(sampling_strategy={0: 30, 1: 30}, random_state=0)).resample(
        X, y
    )
    A, b = PeerSMOTE(random_state=0).fit_resample(X, y)
    A, b = RandomUnderSampler(sampling_strategy={0: 30, 1: 30}, random_state=0).fit_resample(A, b)
    np.testing.assert_array_equal(r.take(X), A)
    np.testing.assert_array_equal(r.y, b)
    s = Chain(SMOTE(rng=0), PeerSMOTE(sampling_strategy={1: 120}, random_state=0)).resample(X, y)
    assert np.bincount(s.y)[1] == 120
    assert len(s.take(X)) == len(s)


def test_zero_weights_are_as_if_removed():
    X, y = cloud(0, n=160)
    w = np.random.default_rng(1).integers(0, 3, 160).astype(float)
    live = np.flatnonzero(w)
    chain = Chain(SMOTE(rng=0), EditedNN(drop="all"))
    r, s = chain.resample(X, y, sample_weight=w), chain.resample(X[live], y[live], sample_weight=w[live])
    np.testing.assert_array_equal(r.parents, live[s.parents])
    np.testing.assert_array_equal(r.weights, s.weights)
    np.testing.assert_array_equal(r.removed, live[s.removed])


def test_its_rng_drives_the_steps_that_have_none():
    X, y = cloud(0)
    a, b = (Chain(SMOTE(), RandomUnder(to={0: 50, 1: 50}), rng=7).resample(X, y) for _ in range(2))
    np.testing.assert_array_equal(a.parents, b.parents)
    c = Chain(SMOTE(), RandomUnder(to={0: 50, 1: 50}), rng=8).resample(X, y)
    assert not np.array_equal(a.parents, c.parents)
    first, second = Chain(RandomOver(to=0.6), RandomOver(to=0.6), rng=0)._ready()
    assert first.resample(X, y).indices.tolist() != second.resample(X, y).indices.tolist()


def test_scikit_learn_can_clone_and_set_it():
    chain = Chain(SMOTE(k=3), TomekLinks(drop="all"), rng=4)
    twin = clone(chain)
    assert repr(twin) == repr(chain) == "Chain(SMOTE(k=3), TomekLinks(drop='all'), rng=4)"
    assert twin.steps[0] is not chain.steps[0]
    twin.set_params(step0__k=7, step1=EditedNN(), rng=5)
    assert repr(twin) == "Chain(SMOTE(k=7), EditedNN(), rng=5)"
    assert chain.get_params()["step0__k"] == 3


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "a Chain needs at least one resampler"),
        ((SMOTE,), "Chain: SMOTE has neither resample nor fit_resample. Give resamplers as objects."),
        ((SMOTE(), 3), "Chain: int has neither resample nor fit_resample."),
    ],
)
def test_bad_steps_are_named(steps, said):
    X, y = cloud(0)
    with pytest.raises(InputError) as told:
        Chain(*steps).resample(X, y)
    assert said in str(told.value)
