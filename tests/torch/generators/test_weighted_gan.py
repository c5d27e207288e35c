"""Generators of the target: shares of a rare mode, laws of weights, what weights may be, files, scikit-learn's contract."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from upweight import InputError, KindError, UpweightError, VerdictError, Weights
from upweight.torch import MLP, Conv, Training, WeightedGAN
from upweight.torch.fitting import read_model, write_model


def gan(epochs=3, *, batch=64, lr=3e-3, latent=2, valid=0, checkpoint=None, **settings):
    training = Training(epochs, batch=batch, lr=lr, valid=valid, checkpoint=checkpoint, progress=False)
    return WeightedGAN(latent, **{"net": MLP((16,), "relu"), "training": training, "rng": 0, **settings})


def two_modes(n=400, seed=0, rare=0.1):
    rng = np.random.default_rng(seed)
    few = rng.random(n) < rare
    return np.where(few, 2.0, -2.0)[:, None] + rng.normal(0, 0.5, (n, 1)), np.where(few, (1 - rare) / rare, 1.0)


def same(a, b):
    return all(
        torch.equal(x, y) for x, y in zip(a.module_.state_dict().values(), b.module_.state_dict().values(), strict=True)
    )


# ---- the target -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["population", "resample", "batch"])
def test_the_rare_mode_gets_its_share_with_weights_and_not_without(by):
    X, w = two_modes(1000)
    settings = {"batch": 128, "net": MLP((64, 64), "relu"), "by": by, "latent": 4}
    share = lambda m: float((m.sample(4000, rng=0) > 0).mean())
    assert share(gan(20, **settings).fit(X)) < 0.2
    assert 0.4 < share(gan(20, **settings).fit(X, sample_weight=w)) < 0.6


def test_a_critic_with_weighted_real_rows_learns_the_target_too():
    X, w = two_modes(1000)
    m = gan(31, batch=128, net=MLP((64, 64), "relu"), loss="gan", latent=4).fit(X, sample_weight=w)
    made = m.sample(4000, rng=0)
    assert 0.3 < (made > 0).mean() < 0.7
    assert set(m.history_[0]) >= {"critic", "generator"}
    assert "critic" in m.module_


# ---- laws -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["population", "resample", "median"])
def test_rows_of_weight_zero_are_as_if_removed(by):
    X, w = two_modes()
    w[::3] = 0
    kept = w > 0
    assert same(gan(by=by).fit(X, sample_weight=w), gan(by=by).fit(X[kept], sample_weight=w[kept]))


def test_the_scale_of_the_weights_does_not_matter_and_equal_ones_are_none():
    X, w = two_modes()
    a, b = gan().fit(X, sample_weight=w), gan().fit(X, sample_weight=8 * w)
    assert same(a, b)  # a power of two: not one bit
    assert same(gan().fit(X), gan().fit(X, sample_weight=np.full(len(X), 4.0)))


def test_weights_of_kinds_that_have_a_target_are_arrays_with_a_name():
    X, w = two_modes()
    given = gan().fit(X, sample_weight=w)
    assert same(given, gan().fit(X, sample_weight=Weights.of(w, kind="importance")))
    assert same(given, gan().fit(X, sample_weight=Weights.of(w, kind="inclusion")))
    assert given.verdict_.grade in ("good", "usable")
    assert gan().fit(X).verdict_ is None


@pytest.mark.parametrize("kind", ["class", "cost"])
def test_class_weights_and_costs_have_no_target(kind):
    X, w = two_modes()
    with pytest.raises(KindError, match=f"{kind} weights have none"):
        gan().fit(X, sample_weight=Weights.of(w, kind=kind))


def test_unusable_weights_are_their_verdict_and_unreliable_ones_a_warning():
    X, _ = two_modes(300)
    with pytest.raises(VerdictError, match="row 299 holds"):
        gan().fit(X, sample_weight=np.r_[np.ones(299), 1000.0])
    heavy = np.random.default_rng(0).pareto(1.2, 300)
    with pytest.warns(UserWarning, match="the generator learns from few of these rows. unreliable"):
        assert gan().fit(X, sample_weight=heavy).verdict_.grade == "unreliable"


def test_inputs_are_not_written_to():
    X, w = two_modes()
    X0, w0 = X.copy(), w.copy()
    gan(valid=0.1).fit(X, sample_weight=w)
    assert np.array_equal(X, X0)
    assert np.array_equal(w, w0)


# ---- columns ----------------------------------------------------------------------------------------------------------------


def test_pixels_stay_pixels_and_other_columns_keep_their_units():
    rng = np.random.default_rng(0)
    made = gan().fit(rng.random((100, 3))).sample(500, rng=0)
    assert made.dtype == np.float32
    assert (made > 0).all()
    assert (made < 1).all()
    X = rng.normal(0, 1, (600, 2)) * [1000.0, 0.001] + [5e4, 7.0]
    made = gan(40, batch=128, lr=1e-2).fit(X).sample(4000, rng=0)
    assert np.allclose(made.mean(0), X.mean(0), atol=0.3 * X.std(0))
    assert np.allclose(made.std(0), X.std(0), rtol=0.3)


def test_columns_are_standardised_by_their_weights():
    X, w = two_modes()
    m = gan().fit(X, sample_weight=w)
    assert np.isclose(m.columns_.mean[0], np.average(X[:, 0], weights=w))


def test_a_constant_column_is_kept_out_named_and_given_back():
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=50), "b": 7.5})
    with pytest.warns(UserWarning, match="column 'b' is constant"):
        m = gan().fit(X)
    assert (m.sample(20, rng=0)[:, 1] == 7.5).all()
    assert m.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(InputError, match="every column is constant"):
        gan().fit(np.full((20, 2), 3.0))


def test_images_take_convolutions():
    X = np.random.default_rng(0).random((40, 64))
    m = gan(1, net=Conv((4, 8), hidden=8), loss="gan").fit(X)
    assert m.sample(3, rng=0).shape == (3, 64)
    with pytest.raises(InputError, match="are no square"):
        gan(1, net="conv").fit(X[:, :60])


# ---- training and files -----------------------------------------------------------------------------------------------------


def test_the_last_batch_is_filled_with_other_rows():
    from upweight.torch.generators._rows import RealRows

    real = RealRows(torch.arange(10.0)[:, None], torch.ones(10), "population", 4, 7)
    x, w = real.step(torch.tensor([3, 8]), 0, 2)
    assert len(set(x[:, 0].tolist())) == 4
    assert x[:2, 0].tolist() == [3.0, 8.0]
    assert w is not None
    assert len(real.step(torch.tensor([3, 8, 1, 2]), 0, 0)[0]) == 4


def test_resampled_rows_come_in_proportion_to_their_weights():
    from upweight.torch.generators._rows import RealRows

    w = torch.tensor([0.5, 0.0, 2.5, 1.0])
    real = RealRows(torch.arange(4.0)[:, None], w, "resample", 4, 7)
    drawn = torch.cat([real.step(torch.arange(4), 0, step)[0][:, 0] for step in range(400)]).long()
    counts = torch.bincount(drawn, minlength=4) / 400
    assert (
        counts - w
    ).abs().max() < 0.15  # systematic: a row comes floor or ceil of its weight times, sd of a mean below .025


def test_a_checkpoint_goes_on_bit_for_bit(tmp_path):
    X, w = two_modes()
    for loss in ("mmd", "gan"):
        where = tmp_path / loss
        whole = gan(4, loss=loss, valid=0.2).fit(X, sample_weight=w)
        gan(2, loss=loss, valid=0.2, checkpoint=where).fit(X, sample_weight=w)
        assert same(whole, gan(4, loss=loss, valid=0.2, checkpoint=where).fit(X, sample_weight=w))
        with pytest.raises(InputError, match=r"belongs to another run: .*sample_weight"):
            gan(5, loss=loss, valid=0.2, checkpoint=where).fit(X, sample_weight=np.roll(w, 1))


def test_held_out_rows_judge_by_their_own_weights():
    X, w = two_modes()
    m = gan(4, valid=0.25).fit(X, sample_weight=w)
    assert all(np.isfinite(e["held_out"]) for e in m.history_)
    assert m.best_epoch_ == int(np.argmax([e["held_out"] for e in m.history_]))


def test_a_file_gives_the_same_generator(tmp_path):
    X, w = two_modes()
    for loss, net in (("mmd", "mlp"), ("gan", MLP((8,), "tanh"))):
        m = gan(1, loss=loss, net=net).fit(pd.DataFrame(X, columns=["x"]), sample_weight=w)
        m.save(tmp_path / "g")
        back = WeightedGAN.load(tmp_path / "g")
        assert np.array_equal(m.sample(9, rng=1), back.sample(9, rng=1))
        assert (back.loss, back.feature_names_in_.tolist()) == (loss, ["x"])
        assert (repr(back.training), back.rng) == (repr(m.training), m.rng), "what trains a clone"
    torch.save({"weights": torch.ones(2)}, tmp_path / "other")
    with pytest.raises(InputError, match="not an upweight model"):
        WeightedGAN.load(tmp_path / "other")


def test_a_file_with_less_or_other_in_it_is_refused_in_words(tmp_path):
    X, w = two_modes()
    gan(1).fit(X, sample_weight=w).save(tmp_path / "g")
    document, tensors = read_model(tmp_path / "g", "WeightedGAN")
    less = {name: value for name, value in document.items() if name != "columns"}
    other = {name: torch.zeros(1, 1) for name in tensors}
    for changed, said in (((less, tensors), "lacks 'columns'"), ((document, other), "is damaged")):
        write_model(tmp_path / "changed", "WeightedGAN", *changed)
        with pytest.raises(InputError, match=said):
            WeightedGAN.load(tmp_path / "changed")


def test_samples_follow_from_their_rng():
    m = gan(1).fit(two_modes()[0])
    assert np.array_equal(m.sample(5, rng=3), m.sample(5, rng=3))
    assert not np.array_equal(m.sample(5), m.sample(5))


# ---- contract ---------------------------------------------------------------------------------------------------------------


ALLOWED = {"check_sample_weight_equivalence_on_dense_data": "nine rows of positive weight: ten are the least"}


def test_check_estimator_but_for_the_exception():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few rows and constant columns, of which the checks have many
        found = check_estimator(gan(1, batch=10), expected_failed_checks=ALLOWED, on_fail=None, on_skip=None)
    assert [f"{r['check_name']}: {r['exception']!r}" for r in found if r["status"] == "failed"] == []
    assert {r["check_name"] for r in found if r["status"] == "xfail"} == set(ALLOWED)


def test_settings_are_scikit_learns_and_shown():
    m = WeightedGAN().set_params(training__lr=1e-4)
    assert m.training.lr == 1e-4
    assert m.training.valid == 0
    assert clone(m).get_params()["training__lr"] == 1e-4
    assert "not fitted" in m._repr_html_()
    m = gan(1).fit(*two_modes()[:1])
    assert "1 column, mmd by population, 1 epoch" in str(m)
    assert "no weights" in m._repr_html_()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"loss": "wgan"}, "`loss` must be 'mmd' or 'gan'"),
        ({"by": "mean"}, "`by` must be"),
        ({"latent": 0}, "`latent`"),
        ({"net": "gru"}, "`net` must be 'mlp', 'conv', MLP or Conv"),
        ({"training": "long"}, "`training` must be a Training"),
        ({"by": "median", "batch": 9}, "`batch` must be 10 or more"),
        ({"batch": 1}, "`batch` must be 2 or more"),
    ],
)
def test_settings_out_of_range(settings, said):
    with pytest.raises(InputError, match=said):
        gan(**settings).fit(two_modes()[0])


def test_rows_that_are_none():
    X, w = two_modes(30)
    with pytest.raises(InputError, match="10 rows of positive weight to train on; got 9 samples"):
        gan().fit(X[:9])
    with pytest.raises(InputError, match="1 NaN, first at row 4, column 0"):
        gan().fit(np.where(np.arange(30)[:, None] == 4, np.nan, X))
    with pytest.raises(InputError, match="every weight is zero"):
        gan().fit(X, sample_weight=0 * w)
    with pytest.raises(InputError, match="1 negative, first -1.0 at row 2"):
        gan().fit(X, sample_weight=np.where(np.arange(30) == 2, -1.0, w))
    with pytest.raises(InputError, match="half of the rows are the same"):
        gan().fit(np.r_[np.full(28, 1.0), 2.0, 3.0][:, None])


FOREIGN = {
    "query": (pl.LazyFrame({"a": [1.0, 2.0]}), "got a LazyFrame. collect\\(\\) it first"),
    "sparse": (sparse.csr_matrix(np.eye(12)), "must be dense for a generator; got a sparse matrix. Use X.toarray"),
    "words": (
        pd.DataFrame({"a": np.arange(12.0), "s": ["x"] * 12}),
        "column 's' must hold numbers; got String, first 'x' at row 0",
    ),
    "words in an array": (np.array([[1.0, "x"]] * 12, dtype=object), "must hold numbers; got 'x' at row 0, column 1"),
    "dates": (pd.DataFrame({"a": pd.date_range("2020", periods=12)}), "column 'a' must hold numbers; got Datetime"),
    "dates in an array": (np.array([["2020-01-01"]] * 12, dtype="datetime64[D]"), "numbers only; got datetime64"),
    "complex": (np.ones((12, 2)) * 1j, "Complex data not supported"),
    "a mask": (np.ma.masked_array(np.eye(12), mask=np.eye(12) > 0), "got 12 NaN, first at row 0, column 0"),
    "infinity": (np.r_[np.full((1, 2), np.inf), np.eye(12, 2)], "no infinity: first at row 0, column 0"),
    "one axis": (np.arange(12.0), r"got shape \(12,\). Reshape your data"),
    "ragged": ([[1, 2], [3]] * 6, "a row of 2 values and, at row 1, one of 1"),
    "two columns of one name": (pd.DataFrame(np.eye(12, 2), columns=["a", "a"]), "'a' stands at columns"),
    "a path": ("rows.csv", "got str. Pass an array or a pandas, polars or Arrow frame"),
    "nothing": (None, "got NoneType. Pass an array"),
    "a sparse tensor": (torch.eye(12).to_sparse(), "must be dense; got a sparse one"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_no_table_of_numbers_is_refused_in_our_words(what):
    X, said = FOREIGN[what]
    with pytest.raises(InputError, match=said):
        gan(1).fit(X)


def test_tensors_with_a_graph_and_nullable_columns_are_tables():
    X, w = two_modes(400)
    wanted = gan(1).fit(X, sample_weight=w)
    for given in (torch.tensor(X, requires_grad=True), pd.DataFrame(X, columns=["a"]).convert_dtypes()):
        assert same(wanted, gan(1).fit(given, sample_weight=torch.tensor(w, requires_grad=True)))


# ---- real rows --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_thinned_digits_get_their_share():
    """Digits 5 to 9 thinned ten to one, 1500 steps of 200: share by a classifier of all digits, with weights and without."""
    import importlib.util
    from pathlib import Path

    path = Path(__file__).resolve().parents[3] / "papers" / "diesendruck2018" / "run.py"
    spec = importlib.util.spec_from_file_location("papers_diesendruck2018", path)
    paper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(paper)
    found = paper.judged_digits(short=False)
    assert 0.4 <= found["digits_population"] <= 0.58
    assert found["digits_none"] <= 0.16


def test_numbers_beyond_float32_and_constants_within_the_unit_interval_are_said_to_be_so():
    few = Training(1, progress=False, valid=0)
    far = np.random.default_rng(0).normal(size=(40, 2))
    far[3, 1] = 1e200
    with pytest.raises(InputError, match="must fit into float32.*got 1 number beyond, first 1e.200 at row 3, column 1"):
        WeightedGAN(2, training=few).fit(far)
    with pytest.raises(InputError, match="every column is constant"):
        WeightedGAN(2, training=few).fit(np.full((40, 3), 0.5))


def test_a_failed_fit_leaves_the_fitted_generator_as_it_was(tmp_path):
    X, _ = two_modes()
    fitted = gan().fit(X)
    before, epochs = fitted.sample(5, rng=0), len(fitted.history_)
    (tmp_path / "bad.pt").write_bytes(b"no checkpoint")
    fitted.set_params(training__checkpoint=tmp_path / "bad.pt")
    for wrong in (X * np.nan, X):
        with pytest.raises(InputError):
            fitted.fit(wrong)
        assert np.array_equal(fitted.sample(5, rng=0), before)
        assert len(fitted.history_) == epochs


def test_a_first_fit_that_fails_leaves_nothing():
    X, _ = two_modes()
    fresh = gan(lr=1e30, epochs=4)
    with pytest.raises(UpweightError, match="epoch 0"):
        fresh.fit(X)
    assert not hasattr(fresh, "module_")
