"""Columns of levels, counts, and tables of all kinds: densities by brute force, what each column is, and the way back."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse, special, stats
from torch import distributions as D

from upweight import InputError
from upweight.torch.likelihoods import (
    Bernoulli,
    Categorical,
    Counts,
    Gaussian,
    Mixed,
    density_of,
    likelihood_of,
    settings_of,
    settings_to_dict,
)

RNG = np.random.default_rng(0)
N = 60
FRAME = pd.DataFrame(
    {
        "town": RNG.choice(["Bern", "Chur", "Basel"], N),
        "age": RNG.integers(18, 90, N),
        "smokes": RNG.random(N) < 0.4,
        "income": RNG.normal(5e4, 1e4, N),
        "sex": RNG.choice(["f", "m"], N),
        "rank": pd.Categorical(RNG.choice(["low", "mid", "top"], N), categories=["low", "mid", "top"], ordered=True),
    },
    index=range(100, 100 + N),
)
HOLES = FRAME.astype({"smokes": "boolean", "age": "Int64"}).mask(RNG.random(FRAME.shape) < 0.25)
HOLES.loc[105] = None


def outputs_of(d, rows, k=3, seed=0):
    return torch.randn(rows, k, d.n_outputs, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def same_document(d):
    again = density_of(json.loads(json.dumps(d.to_dict())))
    assert again.to_dict() == d.to_dict()
    return again


def test_categorical_densities_are_those_of_torch():
    table = FRAME[["town", "sex", "rank"]]
    d = Categorical().fitted(table, None, missing="refuse")
    o = outputs_of(d, N)
    x = d.rows(table).x
    truth = sum(
        D.Categorical(logits=l).log_prob(x[:, None, j]) for j, l in enumerate(o.split([3, 2, 3], -1))
    )  # levels stand in the order of their names
    torch.testing.assert_close(d.log_prob(o, x, None, None), truth, rtol=1e-12, atol=1e-12)
    assert d.columns.levels == (("Basel", "Bern", "Chur"), ("f", "m"), ("low", "mid", "top"))


def test_categorical_probabilities_sum_to_one_over_all_levels():
    table = FRAME[["town", "sex", "rank"]]
    d = Categorical().fitted(table, None, missing="refuse")
    every = pd.DataFrame(
        [(a, b, c) for a in ("Basel", "Bern", "Chur") for b in ("f", "m") for c in ("low", "mid", "top")],
        columns=table.columns,
    )
    o = outputs_of(d, 1, k=5).expand(18, 5, 8)
    total = d.log_prob(o, d.rows(every).x, None, None).exp().sum(0)
    torch.testing.assert_close(total, torch.ones(5, dtype=torch.float64))


def test_categorical_samples_and_start_have_the_shares():
    table = FRAME[["town", "sex"]]
    d = Categorical().fitted(table, None, missing="refuse")
    bias = d.start_bias(d.rows(table), None)
    shares = d.mean(bias, None)
    want = [*table.town.value_counts(normalize=True).sort_index(), *table.sex.value_counts(normalize=True).sort_index()]
    np.testing.assert_allclose(shares, want, rtol=1e-5)
    drawn = d.sample(bias.expand(40_000, -1), None, torch.Generator().manual_seed(0))
    for j, at in enumerate((slice(0, 3), slice(3, 5))):
        found = np.bincount(drawn[:, j].long(), minlength=at.stop - at.start) / 40_000
        np.testing.assert_allclose(found, want[at], atol=4 * 0.5 / 200)
    assert d.table(d.expected(shares)[None]).iloc[0].tolist() == [table.town.mode()[0], table.sex.mode()[0]]


def test_levels_keep_their_type_and_are_found_again_after_a_gap_made_them_floats():
    table = np.array([[1, "1", True, 1.5], [2, "2", False, 2.5], [3, "x", True, 1.5]] * 4, dtype=object)
    d = same_document(Categorical().fitted(table, None, missing="refuse"))
    assert d.columns.levels == ((1, 2, 3), ("1", "2", "x"), (False, True), (1.5, 2.5))
    assert (d.table(d.rows(table).x, table) == table).all()
    back = Categorical().fitted(np.array([[1], [2], [3]] * 4), None, missing="mar")
    assert back.rows(np.array([[2.0], [np.nan]])).x.ravel().tolist() == [1.0, 0.0]
    both = np.array([[1], [1.0], [True]] * 4, dtype=object)
    assert Categorical().fitted(both, None, missing="refuse").n_outputs == 3


def test_counts_are_multinomial_without_the_coefficient():
    X = RNG.poisson(1.0, (40, 6))
    d = Counts().fitted(X, None, missing="refuse")
    o = outputs_of(d, 40)
    ours = d.log_prob(o, d.rows(X).x, None, None).numpy()
    p = o.softmax(-1).numpy()
    whole = np.array([[stats.multinomial.logpmf(X[i], X[i].sum(), p[i, k]) for k in range(3)] for i in range(40)])
    coefficient = special.gammaln(X.sum(1) + 1) - special.gammaln(X + 1).sum(1)
    np.testing.assert_allclose(ours, whole - coefficient[:, None], rtol=1e-8)
    torch.testing.assert_close(d.encoder_input(d.rows(X).x, None), torch.from_numpy(np.log1p(X)).float())


def test_sparse_counts_are_dense_ones_a_batch_at_a_time():
    X = RNG.poisson(0.3, (50, 9))
    X[7] = 0
    dense, thin = (Counts().fitted(t, None, missing="refuse") for t in (X, sparse.csr_array(X)))
    rows = thin.rows(sparse.coo_matrix(X))
    for index in (slice(3, 9), torch.tensor([4, 1, 7]), torch.arange(50) % 2 == 0):
        x, seen = rows.take(index)
        assert seen is None
        assert torch.equal(x, dense.rows(X).take(index)[0])
    assert torch.equal(dense.start_bias(dense.rows(X), None), thin.start_bias(rows, None))
    assert (dense.log_prob(outputs_of(dense, 50), dense.rows(X).x, None, None)[7] == 0).all()
    assert dense.to_dict() == same_document(thin).to_dict()


def test_samples_of_counts_have_the_lengths_of_fit_and_the_shares_of_the_logits():
    X = np.tile([[3, 0, 0], [0, 5, 2]], (10, 1))
    d = Counts().fitted(X, None, missing="refuse")
    p = torch.tensor([0.2, 0.3, 0.5])
    drawn = d.sample(p.log().expand(20_000, 3), None, torch.Generator().manual_seed(0))
    assert set(drawn.sum(1).tolist()) == {3.0, 7.0}
    torch.testing.assert_close(drawn.sum(0) / drawn.sum(), p, atol=0.01, rtol=0)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (np.full((12, 2), -1), "whole numbers of 0 or more; got 24 others, first -1 at row 0, column 0"),
        (np.full((12, 2), 0.5), "first 0.5 at row 0, column 0"),
        (sparse.csr_array(np.diag(np.r_[np.ones(11), 0.5])), "1 other, first 0.5 at row 11, column 11"),
        (np.full((12, 2), np.nan), "no gap; got 24 NaN"),
        (np.zeros((12, 2)), "got zeros only in 12 rows"),
        (np.ones((3, 2)), "at least 10 rows"),
    ],
)
def test_what_is_no_count_is_refused(table, said):
    with pytest.raises(InputError, match=said):
        Counts().fitted(table, None, missing="refuse")


def test_counts_have_no_marginal():
    with pytest.raises(InputError, match="no marginal over gaps"):
        Counts().fitted(np.ones((12, 2)), None, missing="mar")


@pytest.mark.parametrize("gaussian", ["column", "row"])
@pytest.mark.parametrize("missing", ["refuse", "mar"])
def test_mixed_is_the_sum_of_its_parts(gaussian, missing):
    table = FRAME if missing == "refuse" else HOLES
    d = same_document(Mixed(gaussian=gaussian).fitted(table, None, missing=missing))
    assert d.kinds == ("categorical", "gaussian", "bernoulli", "gaussian", "bernoulli", "categorical")
    numbers = Gaussian(gaussian).fitted(table[["age", "income"]], None, missing=missing)
    zero_one = table.assign(smokes=table.smokes.astype("Float64"), sex=(table.sex == "m").where(table.sex.notna()))
    zero_one = zero_one[["smokes", "sex"]].astype("Float64")
    values = Bernoulli().fitted(zero_one, None, missing=missing)
    levels = Categorical().fitted(table[["town", "rank"]], None, missing=missing)
    parts = [(numbers, table[["age", "income"]]), (values, zero_one), (levels, table[["town", "rank"]])]
    o = outputs_of(d, N)
    own = d.module()
    truth = sum(
        part.log_prob(out, *part.rows(some).take(slice(None)), part.module())
        for (part, some), out in zip(parts, o.split([p.n_outputs for p, _ in parts], -1), strict=True)
    )
    x, seen = d.rows(table).take(slice(None))
    torch.testing.assert_close(d.log_prob(o, x, seen, own), truth, rtol=1e-6, atol=1e-6)
    bias = torch.cat([part.start_bias(part.rows(some), None) for part, some in parts])
    torch.testing.assert_close(d.start_bias(d.rows(table), None), bias)
    assert d.encoder_input(x, seen).shape == (N, d.n_inputs) == (N, 2 + 2 + 6 + (6 if missing == "mar" else 0))
    if missing == "mar":
        assert d.empty(seen).nonzero().ravel().tolist() == [5]
        assert (d.log_prob(o, x, seen, own)[5] == 0).all()


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "numpy"])
def test_tables_of_all_kinds_come_back_as_they_came(library):
    table = {
        "pandas": lambda: FRAME,
        "polars": lambda: pl.from_pandas(FRAME),
        "pyarrow": lambda: pl.from_pandas(FRAME.drop(columns="rank")).to_arrow(),
        "numpy": lambda: FRAME.astype({"rank": object}).to_numpy(dtype=object),
    }[library]()
    d = Mixed().fitted(table, None, missing="refuse")
    back = d.table(d.rows(table).x, table)
    assert type(back) is type(table)
    if library == "pandas":
        pd.testing.assert_frame_equal(back, FRAME.astype({"age": float}), rtol=1e-5)
    elif library == "polars":
        assert back.schema == {**table.schema, "age": pl.Float64}
        assert back.select(pl.exclude("age", "income")).equals(table.select(pl.exclude("age", "income")))
    elif library == "pyarrow":
        assert back.column("town").equals(table.column("town").cast(back.column("town").type))
    else:
        assert (back[:, [0, 2, 4, 5]] == table[:, [0, 2, 4, 5]]).all()
    again = d.table(d.rows(table).x)  # without a pattern: the library of fit
    assert type(again) is type(table)
    assert d.sample(torch.zeros(4, d.n_outputs), d.module(), None).shape[0] == len(d.table(d.rows(table).x[:4]))


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "numpy"])
def test_only_gaps_are_filled_and_types_stay(library):
    holes = HOLES.astype({"rank": object})
    table = {
        "pandas": lambda: HOLES,
        "polars": lambda: pl.from_pandas(HOLES),
        "pyarrow": lambda: pl.from_pandas(holes).to_arrow(),
        "numpy": lambda: holes.astype(object).where(holes.notna(), None).to_numpy(dtype=object),
    }[library]()
    d = Mixed().fitted(table, None, missing="mar")
    x, seen = d.rows(table).take(slice(None))
    drawn = d.sample(outputs_of(d, N).float()[:, 0], d.module(), torch.Generator().manual_seed(0))
    full = d.filled(table, torch.where(seen, x, drawn))
    assert type(full) is type(table)
    if library == "numpy":
        there = ~pd.isna(table)
        assert (full[there] == table[there]).all()
        assert not pd.isna(full).any()
        return
    frames = [t.to_pandas() if library != "pandas" else t for t in (table, full)]
    assert not frames[1].isna().any().any()
    for name in HOLES.columns:
        before, after = frames[0][name], frames[1][name]
        assert (after[before.notna()] == before[before.notna()]).all()
    if library == "pandas":
        assert (full.dtypes == table.dtypes).all()
        assert full.index.equals(table.index)
    else:
        assert full.schema == table.schema


def test_a_matrix_with_gaps_keeps_its_type():
    for kind in (np.float32, np.float64):
        X = RNG.normal(size=(30, 3)).astype(kind)
        X[4, 1] = np.nan
        d = Gaussian().fitted(X, None, missing="mar")
        full = d.filled(X, np.full((30, 3), 0.0))
        assert full.dtype == kind
        assert full[4, 1] == pytest.approx(np.nanmean(X[:, 1]), rel=1e-5)
        assert np.isnan(X[4, 1])


def test_columns_are_what_a_dict_says():
    table = FRAME.assign(code=RNG.integers(0, 3, N))
    d = Mixed({"code": "categorical", "smokes": "gaussian"}).fitted(table, None, missing="refuse")
    assert dict(zip(table.columns, d.kinds, strict=True)) == {
        "town": "categorical",
        "age": "gaussian",
        "smokes": "gaussian",
        "income": "gaussian",
        "sex": "bernoulli",
        "rank": "categorical",
        "code": "categorical",
    }
    m = Mixed({0: "categorical"}).fitted(RNG.integers(0, 3, (30, 2)) * 1.0, None, missing="refuse")
    assert m.kinds == ("categorical", "gaussian")
    settings = Mixed({0: "categorical"}, "row")
    assert settings_of(json.loads(json.dumps(settings_to_dict(settings)))) == settings
    assert settings_of(settings_to_dict("mixed")) == "mixed"
    assert likelihood_of(Gaussian("row")) == Gaussian("row")


def test_constant_columns_and_identifiers_are_named():
    table = FRAME.assign(land="CH", one=1.0, key=[f"k{i}" for i in range(N)])
    with pytest.warns(UserWarning, match="does not vary") as told:
        d = Mixed().fitted(table, None, missing="refuse")
    assert sorted(str(w.message)[:13] for w in told) == ["column 'land'", "column 'one' "]
    assert any("'key'" in note and "identifier" in note for note in d.notes)
    drawn = d.table(d.sample(torch.zeros(5, d.n_outputs), d.module(), torch.Generator().manual_seed(0)))
    assert (drawn.land == "CH").all()
    assert (drawn.one == 1).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Mixed({"age": "normal"}), r"`columns\['age'\]` must be 'gaussian', 'bernoulli' or 'categorical'"),
        (lambda: Mixed("all"), "must be 'auto' or a dict"),
        (
            lambda: Mixed({"agee": "gaussian"}).fitted(FRAME, None, missing="refuse"),
            "does not have. Did you mean 'age'",
        ),
        (lambda: Mixed({"age": "bernoulli"}).fitted(FRAME, None, missing="refuse"), "two values for 'bernoulli'; got"),
        (lambda: Mixed({"town": "gaussian"}).fitted(FRAME, None, missing="refuse"), "column 'town' must hold numbers"),
        (
            lambda: Mixed().fitted(HOLES, None, missing="refuse"),
            r"got \d+ NaN, first at row \d+, column '\w+'\. Missing",
        ),
        (
            lambda: Mixed().fitted(FRAME.assign(d=pd.Timestamp("2020-01-01")), None, missing="refuse"),
            "column 'd' holds Datetime.*leave it out",
        ),
        (
            lambda: Mixed().fitted(FRAME, None, missing="refuse").rows(FRAME.replace({"town": {"Chur": "Churr"}})),
            r"column 'town' has \d+ values that fit did not meet, first 'Churr' at row \d+. Did you mean 'Chur'",
        ),
        (
            lambda: Categorical().fitted(np.array([[(1, 2)], ["a"]] * 6, dtype=object), None, missing="refuse"),
            "levels of column 0 must be text.*got tuple at row 0",
        ),
        (lambda: Mixed().fitted(FRAME.assign(e=None), None, missing="mar"), "column 'e' is empty in all 60 rows"),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_inputs_are_not_written_to():
    before = HOLES.copy(deep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d = Mixed().fitted(HOLES, np.ones(N), missing="mar")
    d.filled(HOLES, d.rows(HOLES).x)
    pd.testing.assert_frame_equal(HOLES, before)


@pytest.mark.parametrize("value", [[1], {"a": 1}, (1, 2)])
def test_cells_that_are_no_level_are_refused_whatever_they_are(value):
    cells = np.empty(20, dtype=object)
    cells[:] = [value] * 20
    table = pd.DataFrame({"a": np.arange(20.0), "e": cells})
    with pytest.raises(InputError, match=rf"levels of column 'e' must be text.*got {type(value).__name__} at row 0"):
        Mixed().fitted(table, None, missing="refuse")


def test_gaps_in_counts_are_not_told_of_a_remedy_that_is_refused():
    counts = np.where(np.arange(60).reshape(20, 3) == 4, np.nan, 1.0)
    with pytest.raises(InputError, match="got 1 NaN, first at row 1, column 1. Write what did not occur as 0"):
        Counts().fitted(counts, None, missing="refuse")
