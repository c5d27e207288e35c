"""What IWAE says of input that breaks a rule, and that nothing is changed by it."""

from __future__ import annotations

import math
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.exceptions import NotFittedError

import upweight as uw
from upweight.torch import IWAE, MLP, Conv, Gaussian, Training
from upweight.torch.iwae import Objective

RNG = np.random.default_rng(0)
B = (RNG.random((60, 6)) < 0.4) * 1.0
R = RNG.normal(size=(60, 6))
QUICK = Training(2, progress=False)


def model(**settings):
    return IWAE(**{"k": 2, "latent": 2, "net": MLP((4,)), "training": QUICK, "rng": 0} | settings)


def refused(said, fit):
    with pytest.raises(uw.InputError, match=re.escape(said)):
        fit()


def test_gaps_are_refused_with_the_first_and_the_remedy():
    gaps = B.copy()
    gaps[3, 2] = gaps[7, 1] = np.nan
    refused("got 2 NaN, first at row 3, column 2. Missing at random? IWAE(missing='mar').", lambda: model().fit(gaps))
    fitted = model().fit(B)
    refused("first at row 3, column 2", lambda: fitted.score(gaps))
    refused("first at row 3, column 2", lambda: fitted.impute(gaps))


def test_values_out_of_range_are_refused_with_column_row_and_remedy():
    refused("A table? likelihood='mixed'", lambda: model().fit(R))
    refused("Divide by 255", lambda: model().fit(255 * B))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"k": 0}, "`k` must be a whole number, 1 or more; got 0"),
        ({"latent": (3, 2, 1)}, "`latent` must be one or two numbers of dimensions"),
        ({"latent": 0}, "`latent` must be a whole number"),
        ({"net": "resnet"}, "`net` must be 'mlp', 'conv', MLP, Conv or a pair of modules"),
        ({"net": "conv"}, "rows of 6 values are no square. Give Conv(shape=(1, 28, 20))"),
        ({"net": Conv(shape=(1, 2, 3))}, "images must be 8 pixels high and wide at least; got 2 x 3"),
        ({"net": Conv(shape=(1, 4, 4))}, "rows of 6 values do not fill the shape (1, 4, 4)"),
        ({"objective": "magic"}, "`estimator` must be"),
        ({"k": 3, "objective": Objective(groups=2)}, "`groups` must divide `k`; got k = 3 and 2 groups"),
        ({"k": 1, "objective": "vimco"}, "vimco needs two draws a row; got k = 1"),
        (
            {"latent": (3, 2), "objective": Objective("dreg", groups=2, split=True)},
            "`split` is for one stochastic layer",
        ),
        ({"missing": "zero"}, "`missing` must be 'refuse' or 'mar'"),
        ({"training": {"lr": 1}}, "`training` must be a Training or None; got dict"),
        ({"likelihood": "poisson"}, "poisson"),
    ],
)
def test_settings_are_refused_by_fit(settings, said):
    refused(said, lambda: model(**settings).fit(B))


def test_no_rows_and_no_columns():
    m = model().fit(B)
    for verb in ("encode", "score", "reconstruct", "impute", "active_units"):
        refused("Found array with 0 sample(s) (shape=(0, 6))", lambda verb=verb: getattr(m, verb)(B[:0]))
    refused("Found array with 0 feature(s)", lambda: model().fit(B[:, :0]))


def test_almost_every_row_held_out_leaves_one_to_train_on():
    assert len(model(training=Training(1, valid=0.999, progress=False)).fit(B[:12]).history_) == 1


def test_pytorchs_default_type_changes_nothing():
    plain = model(net=MLP((4,))).fit(B)
    torch.set_default_dtype(torch.float64)
    try:
        m = model(net=MLP((4,))).fit(B)
        found = m.score(B), m.sample(5, rng=0), m.encode(B), m.reconstruct(B)
        model(net="mlp", latent=(3, 2), likelihood="gaussian").fit(R)
    finally:
        torch.set_default_dtype(torch.float32)
    assert {p.dtype for p in m.module_.parameters()} == {torch.float32}
    for a, b in zip(
        found, (plain.score(B), plain.sample(5, rng=0), plain.encode(B), plain.reconstruct(B)), strict=True
    ):
        assert np.array_equal(a, b)


def test_a_setting_broken_after_construction_is_refused_by_fit():
    m = model(training=Training(2))
    m.training.lr = -1
    refused("`lr` must be a number above 0", lambda: m.fit(B))
    n = model(net=MLP((4,)))
    n.net.hidden = (0,)
    refused("`hidden` must be a whole number", lambda: n.fit(B))


def test_few_rows_and_other_columns():
    refused("needs at least 10 rows", lambda: model().fit(B[:9]))
    refused("at least 10 rows of positive weight; got 9", lambda: model().fit(B, sample_weight=np.arange(60) < 9))
    fitted = model().fit(B)
    refused("X has 5 features, but IWAE is expecting 6 features as input", lambda: fitted.score(B[:, :5]))


@pytest.mark.parametrize(
    "verb", ["encode", "score", "reconstruct", "impute", "active_units", "log_likelihood", "anomaly"]
)
def test_before_fit_scikit_learns_own_words(verb):
    with pytest.raises(NotFittedError):
        getattr(model(), verb)(B)


def test_before_fit_without_rows():
    for call in (
        lambda m: m.sample(3),
        lambda m: m.decode(np.zeros((1, 2))),
        lambda m: m.save("x"),
        lambda m: m.plot(),
    ):
        with pytest.raises(NotFittedError):
            call(model())


def test_weights_say_what_the_trunk_says_and_class_weights_are_allowed_in_fit():
    refused("negative", lambda: model().fit(B, sample_weight=-np.ones(60)))
    refused("every weight is zero", lambda: model().fit(B, sample_weight=np.zeros(60)))
    refused("one number a row", lambda: model().fit(B, sample_weight=np.ones(5)))
    w = uw.Weights.of(np.arange(60) + 1.0, kind="class")
    assert model().fit(B, sample_weight=w).score(B) == model().fit(B, sample_weight=np.arange(60) + 1.0).score(B)


def test_rows_of_x_valid_that_stand_in_x_are_counted():
    with pytest.warns(UserWarning, match=r"3 rows of `X_valid` \(10\) stand in `X` too"):
        IWAE(2, latent=2, net=MLP((4,)), likelihood="gaussian", training=QUICK, rng=0).fit(
            R, X_valid=np.vstack([R[:3], RNG.normal(size=(7, 6))])
        )


def test_own_modules_of_other_sizes():
    encoder, decoder = torch.nn.Linear(6, 4), torch.nn.Linear(2, 5)
    refused("the decoder must make (2, 3, 6) of (2, 3, 2)", lambda: model(net=(encoder, decoder)).fit(B))
    refused("the encoder must make (2, 4) of (2, 6)", lambda: model(net=(torch.nn.Linear(7, 4), decoder)).fit(B))
    refused("two stochastic layers take net='mlp'", lambda: model(net=(encoder, decoder), latent=(3, 2)).fit(B))


def test_a_loss_that_is_not_finite_names_epoch_and_step_and_keeps_what_was_learnt():
    class Breaks(torch.nn.Linear):
        calls = 0

        def forward(self, z):
            self.calls += self.training
            return super().forward(z) * (math.nan if self.calls > 4 else 1)

    m = model(net=(torch.nn.Linear(6, 4), Breaks(2, 6)), training=Training(9, batch=27, valid=0.1, progress=False))
    with pytest.raises(
        uw.UpweightError, match=r"epoch 2, step 0: loss is nan; last good parameters kept\. Try lr=0\.0001\."
    ):
        m.fit(B)
    assert len(m.history_) == 2
    assert all(torch.isfinite(p).all() for p in m.module_.parameters())


def test_a_loss_that_is_not_finite_at_once_leaves_the_model_unfitted():
    class Broken(torch.nn.Linear):
        def forward(self, z):
            return super().forward(z) * math.nan

    m = model(net=(torch.nn.Linear(6, 4), Broken(2, 6)))
    with pytest.raises(uw.UpweightError, match="epoch 0, step 0: loss is nan; nothing was learnt yet"):
        m.fit(B)
    assert not hasattr(m, "module_")


def test_a_failed_fit_leaves_the_fitted_model_as_it_was():
    m = model().fit(B)
    before = m.score(B)
    refused("needs at least 10 rows", lambda: m.fit(B[:3]))
    assert m.score(B) == before


def test_more_draws_than_memory():
    m = model().fit(B)
    refused("Use log_likelihood, which keeps no draws", lambda: m.draw(B, 10**12))


@pytest.mark.parametrize("z", [np.zeros(2), np.zeros((3, 3)), np.full((1, 2), "a")])
def test_codes_that_are_none(z):
    refused("`z` must be codes of shape (n, 2)", lambda: model().fit(B).decode(z))


def test_counts_that_are_none():
    m = model().fit(B)
    refused("`k` must be a whole number, 0 or more", lambda: m.encode(B, k=-1))
    refused("`k` must be a whole number, 1 or more", lambda: m.reconstruct(B, k=0))
    refused("`n` must be a whole number", lambda: m.sample(0))
    refused("`m` must be a whole number", lambda: m.impute(B, m=0))
    refused("`k` must be a whole number", lambda: m.log_likelihood(B, k=0))


def test_a_power_above_one_is_said():
    m = model(objective=Objective("dreg", power=2.0)).fit(B)
    assert any("no lower bound" in note for note in m.notes_)
    assert "no lower bound" in m._repr_html_()
    assert all(entry["is_bound"] is False for entry in m.history_)


def test_zeros_and_ones_given_to_gaussian_are_warned_of():
    with pytest.warns(UserWarning, match="bernoulli"):
        model(likelihood=Gaussian()).fit(B)


def test_inputs_are_never_written_to():
    X, w = R.copy(), np.arange(60) + 1.0
    gaps = R.copy()
    gaps[2, 3] = np.nan
    kept = gaps.copy()
    m = model(likelihood="gaussian", missing="mar").fit(X, sample_weight=w)
    for answer in (m.impute(gaps), m.reconstruct(gaps), m.impute(gaps, m=2)[0]):
        assert not np.isnan(answer).any()
    assert np.array_equal(X, R)
    assert np.array_equal(gaps, kept, equal_nan=True)


def test_pytorchs_default_type_changes_no_level_and_no_filling():
    table = RNG.integers(0, 3, (60, 3)) * 1.0
    holes = np.where(RNG.random(table.shape) < 0.2, np.nan, table)

    def found(likelihood):
        m = model(likelihood=likelihood, missing="mar").fit(holes)
        return m.score_samples(holes, k=30), *m.impute(holes, k=30, m=3, rng=0)

    for likelihood in ("categorical", "gaussian", "mixed"):
        plain = found(likelihood)
        torch.set_default_dtype(torch.float64)
        try:
            other = found(likelihood)
        finally:
            torch.set_default_dtype(torch.float32)
        for a, b in zip(plain, other, strict=True):
            assert np.array_equal(a, b)


def test_fit_within_no_grad_trains_all_the_same():
    with torch.no_grad():
        m = model().fit(B)
    assert m.score(B) == model().fit(B).score(B)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a machine with CUDA has the device")
def test_a_device_that_is_not_here_is_refused_before_anything_is_made():
    away = Training(2, device="cuda", progress=False)
    for make in (model(training=away), uw.torch.WeightedGAN(2, net=MLP((4,)), training=away)):
        refused("`device` must be one that is here; got 'cuda'", lambda m=make: m.fit(B))
        assert not hasattr(make, "module_")
    away = Training(2, device="cuda", progress=False)
    refused("got 'cuda'", lambda: uw.torch.SequenceIWAE(2, latent=2, training=away).fit([["a", "b"]] * 20))
    refused("got 'meta'", lambda: model(training=Training(2, device="meta", progress=False)).fit(B))


def test_a_checkpoint_that_is_no_file(tmp_path):
    refused("`checkpoint` must be the path of a file, or None; got 3", lambda: Training(checkpoint=3))
    for rng in (0, None):
        folder = Training(2, checkpoint=tmp_path, progress=False)
        refused("`checkpoint` must be a file; got the folder", lambda t=folder, r=rng: model(training=t, rng=r).fit(B))


@pytest.mark.parametrize("threshold", [-1, math.nan, "a", None])
def test_thresholds_that_are_no_variance(threshold):
    m = model().fit(B)
    refused("`threshold` must be a variance, 0 or more", lambda: m.active_units(B, threshold=threshold))


def test_codes_that_are_not_finite_are_counted():
    refused(
        "`z` must be finite; got 3 values NaN or infinite, first at row 0",
        lambda: model().fit(B).decode([[1, np.nan], [np.inf] * 2]),
    )


def test_one_row_and_one_draw_are_spoken_of_as_such():
    m = model().fit(B)
    one = str(m.collapse(B[:1], k=1))
    assert "active units: not judged, for one row varies over nothing" in one
    assert "1 draws" not in one
    assert "gain" not in one
    assert "60 rows, 1 draw each" in str(m.log_likelihood(B, k=1))
    assert "AnomalyScore(1 row, 1 draw each" in str(m.anomaly(B[:1], k=1))


def test_other_names_are_told_once():
    names = list("abcdef")
    m = model().fit(pd.DataFrame(B, columns=names))
    with pytest.raises(uw.InputError, match="now missing:\n- f$"):
        m.score(pd.DataFrame(B, columns=[*names[:5], "zz"]))


def test_a_file_of_own_modules_says_what_it_needs_and_another_has_no_place_for_them(tmp_path):
    own = torch.nn.Linear(6, 4), torch.nn.Linear(2, 6)
    model(net=own).fit(B).save(tmp_path / "own.iwae")
    model().fit(B).save(tmp_path / "plain.iwae")
    with pytest.raises(uw.InputError, match="modules of your own.*pass net=") as said:
        IWAE.load(tmp_path / "own.iwae")
    assert "damaged" not in str(said.value)
    refused("`net` is for modules of yours. Leave it out.", lambda: IWAE.load(tmp_path / "plain.iwae", net=own))


def test_a_file_whose_tensors_are_none(tmp_path):
    model().fit(B).save(tmp_path / "m.iwae")
    found = torch.load(tmp_path / "m.iwae", weights_only=True)
    torch.save(found | {"tensors": 3}, tmp_path / "m.iwae")
    refused("is not an upweight model of the kind IWAE", lambda: IWAE.load(tmp_path / "m.iwae"))


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (pl.LazyFrame({"a": [1.0] * 12}), "got a LazyFrame. collect() it first"),
        ([[1.0, 2.0], [3.0]] * 6, "a row of 2 values and, at row 1, one of 1. Write None where a value is missing"),
        (None, "got NoneType. Pass an array or a pandas, polars or Arrow frame"),
        ("rows.csv", "got str. Pass an array"),
        (np.full((12, 6), np.datetime64("2020-01-01")), "numbers only; got datetime64[D]. Give a number, days since"),
        (torch.eye(12).to_sparse(), "must be dense; got a sparse one"),
    ],
)
def test_what_is_no_table_is_said_to_be_none(X, said):
    refused(said, lambda: model(likelihood="gaussian").fit(X))
    fitted = model(likelihood="gaussian").fit(R)
    for verb in ("score", "encode", "impute"):
        refused(said, lambda verb=verb: getattr(fitted, verb)(X))


def test_numbers_behind_a_mask_are_gaps():
    mask = RNG.random(R.shape) < 0.2
    behind = np.where(mask, 1e6, R)
    gaussian = {"likelihood": "gaussian", "missing": "mar"}
    masked = np.ma.masked_array(behind, mask=mask)
    wanted = model(**gaussian).fit(np.where(mask, np.nan, R))
    found = model(**gaussian).fit(masked)
    assert np.array_equal(found.impute(masked), wanted.impute(np.where(mask, np.nan, R)))
    refused(f"got {mask.sum()} NaN", lambda: model(likelihood="gaussian").fit(masked))


def test_a_tensor_with_a_graph_is_a_table():
    wanted, given = model(likelihood="gaussian").fit(R), torch.tensor(R, requires_grad=True)
    found = model(likelihood="gaussian").fit(given)
    assert np.array_equal(found.score_samples(given, k=30), wanted.score_samples(R, k=30))


def test_what_is_wrong_with_held_out_rows_is_said_of_them():
    gaps = B.copy()
    gaps[3, 2] = np.nan
    refused("`X_valid` must hold no gap; got 1 NaN, first at row 3", lambda: model().fit(B, X_valid=gaps))
    refused("`X_valid`: X has 5 features, but IWAE is expecting 6", lambda: model().fit(B, X_valid=B[:, :5]))
    refused("`X_valid` must be a table, rows by columns; got str", lambda: model().fit(B, X_valid="rows.csv"))


def test_a_table_in_which_nothing_varies_teaches_nothing():
    refused("no column varies", lambda: quiet(model(likelihood="gaussian").fit)(np.full((20, 3), 7.0)))
    refused("no column varies", lambda: quiet(model(likelihood="categorical").fit)(np.full((20, 3), "a", dtype=object)))


def quiet(call):
    def made(*data):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the columns that do not vary
            return call(*data)

    return made


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "mixed"])
def test_a_column_of_gaps_only_is_refused_by_every_likelihood(likelihood):
    holes = np.where(np.arange(6) == 1, np.nan, B if likelihood == "bernoulli" else R)
    refused("`X`: column 1 is empty in all 60 rows", lambda: model(likelihood=likelihood, missing="mar").fit(holes))


def test_held_out_rows_of_gaps_only_judge_nothing():
    gaps = np.full((3, 6), np.nan)
    refused("`X_valid` must hold something to judge by; got 3 rows", lambda: model(missing="mar").fit(B, X_valid=gaps))
    holes = np.concatenate([np.full((50, 6), np.nan), B[:10]])
    m = model(missing="mar", training=Training(2, valid=0.1, progress=False)).fit(holes)
    assert all(entry["held_out"] != 0 for entry in m.history_), "a row of which nothing is known has log p 0"


def test_a_step_beyond_memory_is_refused_before_it_is_tried():
    refused("of a step take", lambda: model(k=10**9).fit(B))
    refused("Use fewer draws", lambda: model(k=10**12, training=Training(2, pairs=1, progress=False)).fit(B))


@pytest.mark.parametrize("kind", ["class", "cost"])
def test_weights_without_a_mean_are_for_fit_alone(kind):
    w = uw.Weights.of(np.arange(60) % 3 + 1.0, kind=kind)
    m = model().fit(B, sample_weight=w)
    with pytest.raises(uw.KindError, match=kind):
        m.score(B, sample_weight=w)
    doubled = m.score(B, sample_weight=uw.Weights.of(np.arange(60) % 3, kind="frequency"))
    assert doubled == pytest.approx(m.score(np.repeat(B, np.arange(60) % 3, 0)), abs=1e-9)


def test_rows_of_weight_zero_are_no_part_of_a_score():
    from upweight.torch.autoencoders._scoring import mean_score

    assert mean_score(np.array([-math.inf, -1.0, -3.0]), [0.0, 1.0, 3.0]) == -2.5


@pytest.mark.parametrize("X", [R * 1e-310, R + 1e13])
def test_what_fit_calls_rounding_is_no_change_of_its_own_rows(X):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with pytest.raises(uw.InputError, match="no column varies"):
            model(likelihood="gaussian").fit(X)
    assert not any("now it is" in str(w.message) for w in said)


def test_a_switch_that_is_none():
    refused("`mean` must be True or False; got 'yes'", lambda: model().fit(B).sample(2, mean="yes"))


def test_one_value_that_fit_did_not_meet_is_one():
    X = pd.DataFrame({"a": ["x", "y"] * 30, "b": R[:, 0]})
    m = model(likelihood="mixed").fit(X)
    refused("has 1 value that fit did not meet", lambda: m.score(X.replace({"a": {"x": "z"}}).iloc[:1]))
