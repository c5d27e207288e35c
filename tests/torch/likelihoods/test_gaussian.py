"""Numbers: densities in the user's units against SciPy, changes of unit, gaps, constant columns, and what is said."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import stats
from torch.nn import functional as F

from upweight import InputError
from upweight.torch.likelihoods import Gaussian, density_of

RNG = np.random.default_rng(0)
X = RNG.normal([5.0, -3.0, 1e6], [2.0, 0.1, 40.0], (40, 3))
HOLES = np.where(RNG.random(X.shape) < 0.3, np.nan, X)
HOLES[7] = np.nan


def fitted(table, scale="column", missing="refuse", weights=None):
    return Gaussian(scale).fitted(table, weights, missing=missing)


def parts(d, outputs, own):
    """Mean and sigma in the user's units, (B, K, 3)."""
    mean, sd = torch.as_tensor(d.standard.mean), torch.as_tensor(d.standard.sd)
    if d.scale == "row":
        m, raw = outputs.split(3, -1)
        s = d.floor + F.softplus(raw + np.log(np.expm1(1 - d.floor)))
    else:
        m, s = outputs, own().double()
    return (mean + sd * m).detach().numpy(), (sd * s).expand_as(m).detach().numpy()


@pytest.mark.parametrize("scale", ["shared", "column", "row"])
@pytest.mark.parametrize("table", [X, HOLES], ids=["whole", "gaps"])
def test_the_density_is_that_of_scipy(scale, table):
    d = fitted(table, scale, "mar" if table is HOLES else "refuse")
    own = d.module()
    if own is not None:
        with torch.no_grad():
            own.raw.add_(torch.linspace(-1, 1, own.raw.numel()))
    outputs = torch.randn(40, 6, d.n_outputs, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x, seen = d.rows(table).take(slice(None))
    ours = d.log_prob(outputs, x.double(), seen, own)
    mean, sigma = parts(d, outputs, own)
    each = stats.norm.logpdf(table[:, None, :], mean, sigma)
    truth = np.nansum(each, -1)
    np.testing.assert_allclose(ours.detach(), truth, rtol=1e-5, atol=1e-5)
    if table is HOLES:
        assert (ours[7] == 0).all()


def test_another_unit_takes_off_the_log_of_its_scale_exactly():
    d, e = fitted(X, "shared"), fitted(X * [10.0, 0.5, 1.0], "shared")
    outputs = torch.randn(40, 2, 3, dtype=torch.float64)
    one = d.log_prob(outputs, d.rows(X).x.double(), None, d.module())
    two = e.log_prob(outputs, e.rows(X * [10.0, 0.5, 1.0]).x.double(), None, e.module())
    torch.testing.assert_close(two, one - np.log(10.0) - np.log(0.5), rtol=0, atol=1e-5)


def test_scale_begins_at_one_and_keeps_its_floor():
    own = fitted(X).module()
    assert own().tolist() == pytest.approx([1.0] * 3)
    with torch.no_grad():
        own.raw.fill_(-1e4)
    assert own().tolist() == pytest.approx([0.01] * 3)
    assert own().dtype == torch.float32


def test_standardisation_is_weighted_and_over_what_was_observed():
    w = RNG.integers(0, 4, 40).astype(float)
    d = fitted(HOLES, missing="mar", weights=w)
    e = fitted(np.repeat(HOLES, w.astype(int), 0), missing="mar")
    np.testing.assert_allclose(d.standard.mean, e.standard.mean, rtol=1e-12)
    np.testing.assert_allclose(d.standard.sd, e.standard.sd, rtol=1e-9)
    np.testing.assert_allclose(d.standard.mean, np.nanmean(np.repeat(HOLES, w.astype(int), 0), 0), rtol=1e-12)


def test_large_numbers_keep_their_digits():
    table = 1.7e12 + RNG.integers(0, 100, (50, 1)) * 1.0
    d = fitted(table)
    np.testing.assert_allclose(d.table(d.rows(table).x), table, rtol=0, atol=1e-3)


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e307])
def test_scales_at_the_ends_of_floats(scale):
    one, two = fitted(X[:, :2]), fitted(X[:, :2] * scale / 10)
    torch.testing.assert_close(one.rows(X[:, :2]).x, two.rows(X[:, :2] * scale / 10).x)
    assert two.log_prob(torch.zeros(40, 1, 2), two.rows(X[:, :2] * scale / 10).x, None, two.module()).isfinite().all()


def test_numbers_beyond_floats_apart_are_refused():
    with pytest.raises(InputError, match="column 0 holds numbers too far apart for floats, first at row 1"):
        fitted(np.r_[-1e308, 1e308, np.zeros(10)][:, None])


def test_numbers_of_another_unit_are_refused_at_scoring():
    with pytest.raises(InputError, match=r"column 1 is .*e\+2\d standard deviations from its mean of fit at row 4"):
        fitted(X).rows(np.where(np.arange(120).reshape(40, 3) == 13, 1e20, X))


def test_constant_columns_are_warned_of_kept_out_and_given_back():
    table = np.column_stack([X[:, 0], np.full(40, 7.0)])
    with pytest.warns(UserWarning, match="column 'b' does not vary: kept out of the density, given back as it is"):
        d = fitted(pd.DataFrame(table, columns=["a", "b"]))
    alone = fitted(X[:, :1])
    outputs = torch.randn(40, 2, 2)
    x = d.rows(pd.DataFrame(table, columns=["a", "b"])).x
    torch.testing.assert_close(
        d.log_prob(outputs, x, None, d.module()), alone.log_prob(outputs[..., :1], x[:, :1], None, alone.module())
    )
    drawn = d.table(d.sample(outputs[:, 0], d.module(), torch.Generator().manual_seed(0)))
    assert (drawn["b"] == 7).all()
    moved = pd.DataFrame(table + np.array([0, 1]), columns=["a", "b"])
    with pytest.warns(UserWarning, match="column 'b' was 7 in every row of fit.*now it is 8 at row 0"):
        d.rows(moved)


def test_a_row_observed_only_where_nothing_varies_is_empty():
    table = np.column_stack([X[:, 0], np.full(40, 7.0)])
    table[3, 0] = np.nan
    with pytest.warns(UserWarning, match="does not vary"):
        d = fitted(table, missing="mar")
    x, seen = d.rows(table).take(slice(2, 5))
    assert d.empty(seen).tolist() == [False, True, False]
    assert (d.log_prob(torch.randn(3, 4, 2), x, seen, d.module())[1] == 0).all()


def test_samples_have_the_sigma_of_the_module():
    d = fitted(X)
    own = d.module()
    with torch.no_grad():
        own.raw.copy_(torch.tensor([-1.0, 0.0, 1.0]))
    drawn = d.sample(torch.ones(20_000, 3), own, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn.std(0), own().detach(), rtol=0.02, atol=0)
    torch.testing.assert_close(drawn.mean(0), torch.ones(3), rtol=0.05, atol=0)


def test_what_is_said_of_whole_numbers():
    ages = RNG.integers(18, 90, (400, 1)).astype(float)
    visits = RNG.integers(0, 5, (400, 1)).astype(float)
    zero = np.where(RNG.random((400, 1)) < 0.2, 0.0, RNG.integers(1, 10_000, (400, 1)))
    table = pd.DataFrame(np.hstack([ages, visits, zero]), columns=["age", "visits", "income"])
    (note,) = fitted(table).notes
    assert note.endswith("column 'visits', column 'income'")
    assert "missing at random" in fitted(HOLES, missing="mar").notes[0]


def test_zeros_and_ones_are_warned_of():
    with pytest.warns(UserWarning, match="no bound on two points. Use likelihood='bernoulli'"):
        fitted(np.heaviside(X - X.mean(0), 0))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Gaussian("rows"), "`scale` must be 'shared', 'column' or 'row'"),
        (lambda: Gaussian(floor=0), r"`floor` must be a number in \(0, 1\)"),
        (lambda: fitted(HOLES), "Missing at random"),
        (lambda: fitted(np.column_stack([X, np.full(40, np.nan)]), missing="mar"), "column 3 is empty in all 40 rows"),
        (lambda: fitted(pd.DataFrame({"a": ["x"] * 12})), r"column 'a' must hold numbers; got String.*row 0"),
        (lambda: fitted(X[:, 0]), "must be a table"),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_names_must_be_those_of_fit():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    d = fitted(frame)
    with pytest.raises(InputError, match="yet now missing:\n- c\n"):
        d.rows(frame.rename(columns={"c": "d"}))
    with pytest.raises(InputError, match="must be in the same order"):
        d.rows(frame[["b", "a", "c"]])


@pytest.mark.parametrize("library", ["numpy", "float32", "pandas", "polars"])
def test_tables_come_back_as_they_came(library):
    frame = {"a": X[:, 0].astype(np.float32), "b": X[:, 1], "c": np.arange(40)}
    table = {
        "numpy": X,
        "float32": X.astype(np.float32),
        "pandas": pd.DataFrame(frame, index=range(100, 140)),
        "polars": pl.DataFrame(frame),
    }[library]
    d = fitted(table)
    back = d.table(d.rows(table).x, table)
    assert type(back) is type(table)
    if library == "pandas":
        pd.testing.assert_frame_equal(back, table.astype({"c": float}), rtol=1e-5, atol=1e-5)
        pd.testing.assert_frame_equal(
            d.table(d.rows(table).x).set_axis(table.index), table.astype(float), rtol=1e-5, atol=1e-5
        )
    elif library == "polars":
        assert back.schema == {"a": pl.Float32, "b": pl.Float64, "c": pl.Float64}
        np.testing.assert_allclose(back.to_numpy(), table.to_numpy(), rtol=1e-5, atol=1e-5)
    else:
        assert back.dtype == table.dtype
        np.testing.assert_allclose(back, table, rtol=1e-5)


def test_a_document_gives_the_same_density():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        d = fitted(pd.DataFrame(HOLES, columns=["a", "b", "c"]).assign(flat=1.0), "row", "mar")
    again = density_of(json.loads(json.dumps(d.to_dict())))
    assert again.to_dict() == d.to_dict()
    outputs = torch.randn(40, 2, 8)
    frame = pd.DataFrame(HOLES, columns=["a", "b", "c"]).assign(flat=1.0)
    one, two = (e.log_prob(outputs, *e.rows(frame).take(slice(None)), e.module()) for e in (d, again))
    assert torch.equal(one, two)


def test_a_column_that_varies_no_more_than_rounding_is_not_said_to_be_constant():
    table = np.column_stack([X[:, 0], 1e13 + np.arange(40) % 3])
    with pytest.warns(
        UserWarning, match="column 1 does not vary by more than a trillionth of its size, which counts as rounding"
    ):
        d = fitted(table)
    d.rows(table)  # not a word: the suite makes warnings errors
    moved = table.copy()
    moved[1, 1] = 1.1e13
    with pytest.warns(
        UserWarning, match="was 1e\\+13 in every row of fit, but for rounding,.*now it is 1.1e\\+13 at row 1"
    ):
        d.rows(moved)
