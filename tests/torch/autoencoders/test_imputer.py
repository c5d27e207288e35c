"""Gaps filled: the exact answer of a linear model, containers and types as they came, draws that vary as they should, scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import check_estimator

import upweight as uw
from upweight import InputError
from upweight.torch import IWAE, MLP, Gaussian, IWAEImputer, Mixed, Training

WINE = scale(load_wine().data)
QUICK = Training(30, lr=5e-3, valid=0, progress=False)


def quick(likelihood="gaussian", **settings):
    return IWAE(5, latent=2, net=MLP((16,)), likelihood=likelihood, training=QUICK, **settings)


def holes_in(X, share=0.3, seed=0):
    holes = np.where(np.random.default_rng(seed).random(X.shape) < share, np.nan, X)
    holes[5] = np.nan
    return holes


def normal_conditional(model, X):
    """Means (n, D) and sds of what is missing given what is observed, in standardised units, under the model's own W, b, sigma."""
    W, b = (p.detach().double().numpy() for p in model.module_.decoder.parameters())
    own = model.module_.own().detach().double().numpy()
    C = W @ W.T + np.diag(np.broadcast_to(own**2, len(b)))
    standard = model.density_.standard
    U = (X - standard.mean) / standard.sd
    mean, sd = U.copy(), np.zeros_like(U)
    for i, row in enumerate(U):
        o, u = ~np.isnan(row), np.isnan(row)
        gain = C[np.ix_(u, o)] @ np.linalg.inv(C[np.ix_(o, o)])
        mean[i, u] = b[u] + gain @ (row[o] - b[o])
        sd[i, u] = np.sqrt(np.diag(C[np.ix_(u, u)] - gain @ C[np.ix_(o, u)]))
    return mean, sd, standard


@pytest.fixture(scope="module")
def linear():
    """A linear decoder with one sigma: everything is normal, and known."""
    holes = holes_in(WINE)
    training = Training(300, batch=178, lr=3e-2, schedule="linear", valid=0, progress=False)
    model = IWAE(10, latent=3, net=MLP(()), likelihood=Gaussian("shared"), missing="mar", training=training, rng=0)
    return model.fit(holes), holes


def test_the_best_guess_is_the_conditional_mean_of_the_normal(linear):
    model, holes = linear
    full = model.impute(holes, k=4000)
    mean, _, standard = normal_conditional(model, holes)
    off = np.abs((full - standard.mean) / standard.sd - mean)[np.isnan(holes)]
    assert np.mean(off < 0.05) >= 0.99
    assert (full[~np.isnan(holes)] == holes[~np.isnan(holes)]).all()


def test_draws_have_the_conditional_mean_and_spread_of_the_normal(linear):
    model, holes = linear
    m = 400
    mean, sd, standard = normal_conditional(model, holes)
    drawn = np.stack(model.impute(holes, k=2000, m=m, rng=0))
    gaps = np.isnan(holes)
    u = (drawn - standard.mean) / standard.sd
    z = (u.mean(0) - mean)[gaps] / (sd[gaps] / np.sqrt(m))
    assert np.sqrt(np.mean(z**2)) < 2  # 1, and a little of the error of 2000 weighted draws
    ratio = u.std(0)[gaps] / sd[gaps]
    assert abs(np.mean(ratio) - 1) < 0.03
    assert (drawn[:, ~gaps] == holes[~gaps]).all()


def test_a_row_of_which_nothing_is_observed_has_log_p_zero_and_is_filled_with_the_mean(linear):
    model, holes = linear
    ll = model.log_likelihood(holes[3:8], k=500)
    assert ll.value[2] == 0.0
    assert ll.se[2] == 0.0
    assert ll.ok[2]
    mean, _, standard = normal_conditional(model, holes[5:6])
    np.testing.assert_allclose(model.impute(holes[5:6], k=4000), standard.mean + standard.sd * mean, atol=0.05)


def test_log_likelihood_is_that_of_what_was_observed(linear):
    model, holes = linear
    W, b = (p.detach().double().numpy() for p in model.module_.decoder.parameters())
    standard = model.density_.standard
    C = (W @ W.T + np.eye(13) * model.module_.own().item() ** 2) * np.outer(standard.sd, standard.sd)
    at = standard.mean + standard.sd * b
    from scipy.stats import multivariate_normal

    ll = model.log_likelihood(holes[:40], k=4000)
    for i in range(40):
        o = ~np.isnan(holes[i])
        if o.any():
            truth = multivariate_normal(at[o], C[np.ix_(o, o)]).logpdf(holes[i, o])
            assert ll.value[i] == pytest.approx(truth, abs=0.05 + 5 * ll.se[i])


def test_a_row_is_filled_alike_alone_and_among_others(linear):
    model, holes = linear
    whole = model.impute(holes, k=300)
    for rows in ([7], [9, 3, 7], range(20, 60)):
        np.testing.assert_allclose(model.impute(holes[list(rows)], k=300), whole[list(rows)], atol=1e-5)


# ---- the transformer --------------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(1)
N = 120
SIZE = RNG.normal(size=N)
FRAME = pd.DataFrame(
    {
        "size": 170 + 10 * SIZE,
        "age": RNG.integers(18, 90, N),
        "tall": SIZE > 0,
        "shirt": np.select([SIZE < -0.5, SIZE < 0.5], ["S", "M"], "L"),
        "whole": np.arange(N),
    },
    index=range(500, 500 + N),
)
HOLES = FRAME.astype({"age": "Int64", "tall": "boolean"})
HOLES = HOLES.mask(np.column_stack([RNG.random((N, 4)) < 0.2, np.zeros(N, dtype=bool)]))


def fitted(table, likelihood=None):
    training = Training(80, lr=5e-3, valid=0, progress=False)
    model = IWAE(5, latent=2, net=MLP((16,)), likelihood=likelihood or Mixed(gaussian="row"), training=training)
    return IWAEImputer(model, k=200, rng=0).fit(table)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_come_back_as_they_came(library):
    table = {
        "pandas": lambda: HOLES,
        "polars": lambda: pl.from_pandas(HOLES),
        "pyarrow": lambda: pl.from_pandas(HOLES).to_arrow(),
    }[library]()
    imputer = fitted(table)
    for full in (imputer.transform(table), *imputer.draw(table, 2, rng=0)):
        assert type(full) is type(table)
        frame = full if library == "pandas" else full.to_pandas()
        assert not frame.isna().any().any()
        for name in HOLES:
            there = HOLES[name].notna().to_numpy()
            assert (frame[name][there].to_numpy() == HOLES[name][there].to_numpy()).all()
        if library == "pandas":
            pd.testing.assert_series_equal(full.dtypes, table.dtypes)
            pd.testing.assert_index_equal(full.index, table.index)
        else:
            assert full.schema == table.schema


def test_levels_are_guessed_from_what_goes_with_them():
    imputer = fitted(HOLES)
    full = imputer.transform(HOLES)
    gaps = HOLES["tall"].isna() & HOLES["size"].notna() & HOLES["shirt"].notna()
    assert (full["tall"][gaps] == FRAME["tall"][gaps]).mean() > 0.8
    drawn = imputer.draw(HOLES, 20, rng=0)
    assert len(drawn) == 20
    assert len({d["shirt"].str.cat() for d in drawn}) == 20
    again = imputer.draw(HOLES, 20, rng=0)
    pd.testing.assert_frame_equal(drawn[3], again[3])
    pd.testing.assert_frame_equal(imputer.draw(HOLES, 1)[0], imputer.draw(HOLES, 1)[0])


def test_check_says_of_each_row_what_its_filling_is_worth():
    imputer = fitted(HOLES)
    d = imputer.check(HOLES)
    assert d.ess.shape == (N,)
    assert d.k == 200
    assert bool(((d.ess >= 1) & (d.ess <= 200)).all())
    assert "ESS" in str(d)


def test_a_table_without_gaps_is_given_back():
    X = WINE[:50]
    imputer = IWAEImputer(quick(), k=10, rng=0).fit(X)
    assert (imputer.transform(X) == X).all()
    assert all((full == X).all() for full in imputer.draw(X, 2))


def test_the_model_given_is_not_touched_and_settings_are_its_own():
    given = quick(rng=3)
    imputer = IWAEImputer(given, k=50).fit(holes_in(WINE[:60]))
    assert given.missing == "refuse"
    assert not hasattr(given, "module_")
    assert imputer.model_.missing == "mar"
    assert imputer.model_.rng == 3
    assert IWAEImputer(given, rng=4).fit(WINE[:60]).model_.rng == 4
    assert clone(imputer).get_params()["model__k"] == 5


def test_rows_of_weight_zero_teach_nothing():
    odd = FRAME.iloc[:12].assign(shirt="XXL", size=1e6)
    more = pd.concat([odd, FRAME])
    w = np.repeat([0.0, 1.0], [12, N])
    one = quick(Mixed(), rng=0).fit(more, sample_weight=w)
    two = quick(Mixed(), rng=0).fit(FRAME, sample_weight=np.ones(N))
    assert one.density_.to_dict() == two.density_.to_dict()
    for a, b in zip(one.module_.parameters(), two.module_.parameters(), strict=True):
        assert torch.equal(a, b)


def test_set_output_and_names():
    imputer = IWAEImputer(quick(), k=20, rng=0).set_output(transform="pandas").fit(holes_in(WINE[:60]))
    full = imputer.transform(WINE[:60])
    assert isinstance(full, pd.DataFrame)
    assert imputer.get_feature_names_out().tolist() == [f"x{j}" for j in range(13)]


def test_the_default_model_is_for_tables():
    model = IWAEImputer()._model()
    assert (model.k, model.latent, model.missing) == (20, 10, "mar")
    assert model.likelihood == Mixed(gaussian="row")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: IWAEImputer("mean").fit(WINE), "`model` must be an IWAE or None; got str"),
        (lambda: IWAEImputer(quick("counts")).fit(np.ones((20, 3))), "no marginal over gaps"),
        (lambda: IWAEImputer(quick(), k=0).fit(WINE), "`k` must be a whole number"),
        (lambda: IWAEImputer(quick(), k=5).fit(WINE).draw(WINE, 0), "`m` must be a whole number"),
        (lambda: quick().fit(WINE).impute(holes_in(WINE)), "Missing at random"),
        (lambda: IWAEImputer(quick()).fit(np.full((20, 2), np.nan)), "column 0 is empty in all 20 rows"),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_not_fitted():
    for ask in ("transform", "check"):
        with pytest.raises(NotFittedError):
            getattr(IWAEImputer(), ask)(WINE)
    with pytest.raises(NotFittedError):
        IWAEImputer().draw(WINE, 2)


EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": "nine of its rows have a weight, and a network is not fitted to fewer than ten"
}


def test_scikit_learn_s_own_checks():
    training = Training(2, progress=False)
    estimator = IWAEImputer(IWAE(2, latent=1, net=MLP((4,)), likelihood="gaussian", training=training), k=20, rng=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, expected_failed_checks=EXPECTED_FAILURES, on_fail=None)
    failed = {r["check_name"]: repr(r["exception"])[:300] for r in results if r["status"] == "failed"}
    assert not failed, failed


def test_public_name():
    assert uw.torch.IWAEImputer is IWAEImputer
    assert IWAEImputer.__module__ == "upweight.torch"
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize(("dtype", "least", "most"), [("UInt8", 250, 255), ("Int8", -128, -123)])
def test_narrow_whole_numbers_are_filled_with_what_their_type_holds(dtype, least, most):
    rng = np.random.default_rng(0)
    whole = rng.integers(least, most + 1, 200)
    gaps = rng.random(200) < 0.4
    values = [None if g else int(v) for v, g in zip(whole, gaps, strict=True)]
    x = rng.normal(size=200)
    for table in (
        pd.DataFrame({"a": pd.array(values, dtype=dtype), "x": x}),
        pl.DataFrame({"a": pl.Series(values, dtype=getattr(pl, dtype)), "x": x}),
    ):
        imputer = IWAEImputer(quick("mixed"), k=50, rng=0).fit(table)
        for full in (imputer.transform(table), *imputer.draw(table, 5)):
            assert full["a"].dtype == table["a"].dtype
            found = np.asarray(full["a"]).astype(int)
            assert (found[~gaps] == whole[~gaps]).all()
            assert found.min() >= np.iinfo(dtype.lower()).min
            assert found.max() <= np.iinfo(dtype.lower()).max


def test_how_many_tables_must_be_said():
    imputer = IWAEImputer(quick(), k=10, rng=0).fit(holes_in(WINE))
    with pytest.raises(InputError, match="`m` must be a whole number, 1 or more; got None"):
        imputer.draw(WINE, None)


def test_settings_of_the_usual_model_can_be_reached_without_one():
    set_ = IWAEImputer().set_params(model__k=3, k=7)
    assert (set_.model.k, set_.model.latent, set_.k) == (3, 10, 7)
