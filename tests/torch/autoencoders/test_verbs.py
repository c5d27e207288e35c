"""What a fitted autoencoder answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import upweight as uw
from upweight.torch import IWAE, MLP, Conv, Training
from upweight.torch.iwae import Objective, expect

X = (load_digits().data / 16 > 0.5) * 1.0
QUICK = Training(12, batch=50, lr=2e-3, progress=False)


@pytest.fixture(scope="module")
def model():
    return IWAE(5, latent=4, net=MLP((32,)), training=QUICK, rng=0).fit(X[:600])


@pytest.fixture(scope="module")
def two():
    return IWAE(5, latent=(6, 3), net=MLP((32,)), training=QUICK, rng=0).fit(X[:600])


def test_history_says_what_was_raised_and_held_out(model):
    assert [e["epoch"] for e in model.history_] == list(range(12))
    assert model.history_[0]["value"] < model.history_[-1]["value"]
    held = [e["held_out"] for e in model.history_]
    assert held[model.best_epoch_] == max(held)
    assert set(model.history_[0]) == {"epoch", "value", "held_out", "lr"}


def test_without_held_out_rows_the_last_parameters_are_kept():
    m = IWAE(2, latent=2, net=MLP((8,)), training=Training(3, valid=0, progress=False), rng=0).fit(X[:100])
    assert m.best_epoch_ == 2
    assert m.history_[0]["held_out"] is None


def test_the_held_out_value_is_the_bound_of_fifty_draws_and_lies_near_the_likelihood(model):
    rows = np.array([x for x in X[600:1200] if not (x == X[:600]).all(1).any()])
    m = IWAE(5, latent=4, net=MLP((32,)), training=QUICK, rng=0).fit(X[:600], X_valid=rows)
    again = m.log_likelihood(rows, k=50, defend=0).mean().value
    assert abs(m.history_[m.best_epoch_]["held_out"] - again) < 1e-4


@pytest.mark.parametrize("which", ["model", "two"])
def test_weighted_codes_are_nearer_the_posterior_mean_than_the_encoders_own(which, request):
    m = request.getfixturevalue(which)
    truth = m.encode(X[600:660], k=20_000)
    error = lambda k: np.sqrt(np.mean((m.encode(X[600:660], k=k) - truth) ** 2))
    assert error(500) < error(0)
    assert m.encode(X[600:660]).shape == (60, m.module_.layers.code_width)


@pytest.mark.parametrize("which", ["model", "two"])
def test_draws_are_those_that_scores_are_made_of(which, request):
    m = request.getfixturevalue(which)
    d = m.draw(X[:7], 64)
    ll = m.log_likelihood(X[:7], k=64, defend=0)
    assert np.allclose(d.bound().detach().numpy(), ll.value, atol=1e-4)
    assert np.allclose(expect(d.log_w.detach(), d.z.detach()).numpy(), m.encode(X[:7], k=64), atol=1e-3)
    d.surrogate().sum().backward()
    gradients = [p.grad for p in m.module_.parameters()]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)
    m.module_.zero_grad(set_to_none=True)


def test_new_rows_are_zeros_and_ones_and_their_means_are_shares(model):
    drawn, means = model.sample(64, rng=0), model.sample(64, mean=True, rng=0)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert ((means > 0) & (means < 1)).all()
    assert np.array_equal(drawn, model.sample(64, rng=0))
    assert not np.array_equal(drawn, model.sample(64, rng=1))
    assert np.abs(model.sample(20_000, rng=0).mean(0) - X[:600].mean(0)).mean() < 0.05


def test_a_reconstruction_is_nearer_the_row_than_the_mean_is(model):
    back = model.reconstruct(X[:100])
    assert back.shape == (100, 64)
    assert ((back - X[:100]) ** 2).mean() < 0.8 * ((X[:100].mean(0) - X[:100]) ** 2).mean()


def test_decoding_a_code_gives_the_likelihoods_mean(model):
    z = np.zeros((1, 4), dtype=np.float32)
    with torch.no_grad():
        truth = torch.sigmoid(model.module_.decoder(torch.zeros(1, 4))).numpy()
    assert np.allclose(model.decode(z), truth)


def test_active_units_are_those_whose_mean_moves(model, two):
    varied = model.encode(X[:600], k=0).var(0)
    assert model.active_units(X[:600]) == int((varied > 0.01).sum())
    assert model.active_units(X[:600], threshold=1e9) == 0
    counts = two.active_units(X[:600])
    assert len(counts) == 2
    assert counts[0] == int((two.encode(X[:600], k=0).var(0) > 0.01).sum())


def test_a_model_that_has_learnt_uses_its_code(model, two):
    for m in (model, two):
        c = m.collapse(X[:100], k=64)
        assert c.verdict == "in use"
        assert c.active == m.active_units(X[:100])
        assert c.kl > 1


def test_strange_rows_score_higher_and_say_whether_to_believe_them(model):
    noise = (np.random.default_rng(0).random((50, 64)) < 0.5) * 1.0
    a, b = model.anomaly(noise, k=200), model.anomaly(X[600:650], k=200)
    assert np.median(a.score) > np.median(b.score) + 5
    assert np.array_equal(-a.score, model.log_likelihood(noise, k=200).value)
    assert a.ok.dtype == bool
    assert "not to be believed" in repr(a)
    assert "k-hat" in a._repr_html_()
    assert a.plot().get_xlabel().startswith("score")


def test_gaps_are_filled_with_likely_values_and_draws_have_noise():
    rng = np.random.default_rng(0)
    gaps = X[:600].copy()
    gaps[rng.random(gaps.shape) < 0.2] = np.nan
    m = IWAE(5, latent=4, net=MLP((32,)), missing="mar", training=QUICK, rng=0).fit(gaps)
    hole = np.isnan(gaps)
    filled = m.impute(gaps, k=100)
    common = (np.nanmean(gaps, 0) > 0.5) * np.ones_like(gaps)
    assert np.array_equal(filled[~hole], gaps[~hole])
    assert (filled != X[:600])[hole].mean() < 0.9 * (common != X[:600])[hole].mean()
    many = m.impute(gaps, k=100, m=5, rng=0)
    assert len(many) == 5
    assert all(np.array_equal(one[~hole], gaps[~hole]) for one in many)
    assert not np.array_equal(many[0], many[1])
    again = m.impute(gaps, k=100, m=5, rng=0)
    assert all(np.array_equal(one, other) for one, other in zip(many, again, strict=True))
    assert any("missing at random" in note for note in m.notes_)


def test_two_layers_and_convolutions_learn():
    settings = {"net": Conv((8,), hidden=32), "latent": (6, 3), "training": QUICK, "rng": 0}
    m = IWAE(3, **settings).fit(X[:300])
    assert m.history_[-1]["value"] > m.history_[0]["value"] + 1
    assert m.sample(3, rng=0).shape == (3, 64)


SPLIT = Objective(groups=2, split=True)
OBJECTIVES = [
    "standard",
    "stl",
    "vimco",
    Objective(groups=2),
    Objective("dreg", groups=2, beta=0.3),
    Objective("dreg", power=0.5),
]


@pytest.mark.parametrize(("latent", "objective"), [(3, SPLIT), *((d, o) for d in (3, (4, 2)) for o in OBJECTIVES)])
def test_every_objective_trains(latent, objective):
    m = IWAE(
        4,
        latent=latent,
        net=MLP((16,)),
        objective=objective,
        training=Training(8, batch=50, lr=3e-3, progress=False),
        rng=0,
    )
    m.fit(X[:300])
    assert m.history_[-1]["value"] > m.history_[0]["value"]


def test_cut_batches_train_the_same_model():
    settings = {"latent": 3, "net": MLP((16,)), "rng": 0}
    whole = IWAE(4, training=Training(4, batch=50, progress=False), **settings).fit(X[:300])
    cut = IWAE(4, training=Training(4, batch=50, pairs=70, progress=False), **settings).fit(X[:300])
    assert abs(whole.history_[-1]["value"] - cut.history_[-1]["value"]) < 1e-4
    assert abs(whole.score(X[:50]) - cut.score(X[:50])) < 1e-3


def test_own_modules_are_copied_and_used():
    encoder, decoder = torch.nn.Linear(64, 6), torch.nn.Linear(3, 64)
    kept = decoder.weight.detach().clone()
    m = IWAE(3, latent=3, net=(encoder, decoder), training=QUICK, rng=0).fit(X[:200])
    assert torch.equal(decoder.weight, kept)
    assert not torch.equal(m.module_.decoder.weight, kept)
    assert m.encode(X[:5]).shape == (5, 3)


def test_it_shows_itself(model):
    assert "epoch" in model._repr_html_()
    assert "not fitted" in IWAE()._repr_html_()
    assert model.plot().get_ylabel() == "bound (nats)"


def test_control_c_returns_the_model_with_a_note(monkeypatch):
    m = IWAE(2, latent=2, net=MLP((8,)), training=Training(9, progress=False), rng=0)
    calls = []

    def judged(*_, **__):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return float(len(calls))

    monkeypatch.setattr("upweight.torch.autoencoders._table_fit.mean_bound", judged)
    with pytest.warns(UserWarning, match="interrupted in epoch 2"):
        m.fit(X[:100])
    assert len(m.history_) == 2
    assert "interrupted" in m.notes_[-1]


@pytest.mark.parametrize("latent", [3, (4, 2)])
def test_a_saved_model_answers_in_the_same_bits(tmp_path, latent):
    m = IWAE(
        3, latent=latent, net=MLP((16,)), training=Training(2, checkpoint=tmp_path / "c", progress=False), rng=4
    ).fit(X[:200])
    m.save(tmp_path / "m")
    n = IWAE.load(tmp_path / "m")
    assert np.array_equal(m.score_samples(X[:20]), n.score_samples(X[:20]))
    assert np.array_equal(m.sample(5, rng=1), n.sample(5, rng=1))
    assert (n.history_, n.best_epoch_, n.key_, n.notes_) == (m.history_, m.best_epoch_, m.key_, m.notes_)
    assert n.get_params()["training__epochs"] == 2
    assert n.rng == 4


def test_a_model_of_own_modules_needs_them_again(tmp_path):
    net = torch.nn.Linear(64, 6), torch.nn.Linear(3, 64)
    m = IWAE(3, latent=3, net=net, training=QUICK, rng=0).fit(X[:200])
    m.save(tmp_path / "m")
    with pytest.raises(uw.InputError, match=r"pass net=\(encoder, decoder\)"):
        IWAE.load(tmp_path / "m")
    n = IWAE.load(tmp_path / "m", net=net)
    assert np.array_equal(m.encode(X[:9]), n.encode(X[:9]))
    with pytest.raises(uw.InputError, match="other sizes"):
        IWAE.load(tmp_path / "m", net=(torch.nn.Linear(64, 6), torch.nn.Sequential(torch.nn.Linear(3, 64))))
