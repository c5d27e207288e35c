"""Autoencoders of documents: free bits exactly, perplexities by hand, padding and weights that change nothing, files, what is refused."""

from __future__ import annotations

import math
import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone

from upweight import InputError, KindError, Weights
from upweight.torch import GRU, SequenceIWAE, Training
from upweight.torch.autoencoders._collapse import kl_to_prior
from upweight.torch.autoencoders._document_fit import SequenceSettings, document_losses
from upweight.torch.iwae import Objective, bound

DOCS = [(["a", "b", "c"] if i % 2 else ["c", "c", "a", "b", "a"])[: 2 + i % 4] for i in range(24)]


def model(epochs=3, *, k=2, rate=0.0, objective="standard", **training):
    settings = Training(epochs, batch=8, lr=1e-2, progress=False, **{"valid": 0, **training})
    return SequenceIWAE(k, latent=2, net=GRU(8, embed=6), rate=rate, objective=objective, training=settings, rng=0)


@pytest.fixture(scope="module")
def fitted():
    return model().fit(DOCS)


def parameters(m):
    return list(m.module_.state_dict().values())


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(parameters(a), parameters(b), strict=True))


# ---- the rate ---------------------------------------------------------------------------------------------------------------


def free_bits(rows, batch, noise, rate):
    """Kingma et al.'s loss of one draw: -log p(x|z) + max(KL, rate)."""
    mean, log_scale = rows.state(batch)
    z = mean.unsqueeze(1) + log_scale.exp().unsqueeze(1) * noise
    return -rows.log_prob(z, batch).mean(-1) + kl_to_prior(mean, log_scale).clamp_min(rate)


@pytest.mark.parametrize("rate", [0.05, 0.5, 3.0, 50.0])
def test_for_one_draw_the_rate_is_free_bits_exactly(fitted, rate):
    """Noise of +1 and -1 has the mean and the square of a normal, so two losses of one draw average to the exact KL."""
    rows = fitted._rows(DOCS[:6])
    batch = rows.batch(slice(0, 6))
    settings = SequenceSettings(1, 2, GRU(8, embed=6), 10, rate, Objective())
    sides = [torch.full((6, 1, 2), float(s)) for s in (-1, 1)]
    network = rows.network
    network.zero_grad()
    torch.stack([document_losses(rows, batch, n, settings) for n in sides]).mean().backward()
    ours = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    free_bits(rows, batch, torch.cat(sides, 1), rate).mean().backward()
    kl = kl_to_prior(*rows.state(batch))
    assert ours
    for a, p in zip(ours, network.parameters(), strict=True):
        assert torch.allclose(a, p.grad, atol=1e-6)
    network.zero_grad()
    if rate == 50.0:
        assert (kl < rate).all()


@pytest.mark.parametrize("objective", ["standard", "dreg", "stl"])
def test_the_value_is_the_bound_in_every_bit_whatever_is_not_charged(fitted, objective):
    rows = fitted._rows(DOCS[:6])
    batch, noise = rows.batch(slice(0, 6)), torch.randn(6, 4, 2, generator=torch.Generator().manual_seed(0))
    settings = SequenceSettings(4, 2, GRU(8, embed=6), 10, 0.5, Objective(objective))
    d = rows.layers.draws(rows.state(batch), noise, Objective())
    l_k = bound(rows.log_prob(d.seen, batch) + d.log_prior - d.log_q)
    assert torch.equal(document_losses(rows, batch, noise, settings), -l_k)


def test_a_rate_raises_the_kl():
    without, with_rate = (model(30, k=1, rate=r).fit(DOCS).collapse(DOCS, k=16) for r in (0.0, 3.0))
    assert with_rate.kl > without.kl + 0.5


# ---- likelihood -------------------------------------------------------------------------------------------------------------


def test_padding_and_neighbours_change_no_log_p(fitted):
    alone = np.concatenate([fitted.log_likelihood([d], k=40).value for d in DOCS[:4]])
    among = fitted.log_likelihood([*DOCS[:4], ["a"] * 30], k=40, chunk=10_000).value[:4]
    assert np.abs(alone - among).max() < 1e-5
    assert (
        np.abs(fitted.log_likelihood(DOCS, k=300, chunk=7).value - fitted.log_likelihood(DOCS, k=300).value).max()
        < 1e-5
    )


def test_an_empty_document_has_the_probability_of_its_end(fitted):
    ll = fitted.log_likelihood([[], ["a"]], k=100, defend=0)
    with torch.no_grad():
        d = fitted.draw([[]], 100)
        h, by_z = fitted.module_.decoder.first(d.z)
        _, logits = fitted.module_.decoder.step(h, torch.zeros(1, 100, dtype=torch.long), by_z)
        wanted = (
            torch.log_softmax(logits, -1)[..., 0]
            + d.log_w
            - fitted.module_.decoder.log_prob(d.z, fitted._rows([[]]).batch(slice(0, 1)))
        )
    assert math.isclose(ll.value[0], (torch.logsumexp(wanted, -1) - math.log(100)).item(), abs_tol=1e-5)


def unigram(seen):
    """A fitted model whose decoder says the shares of the training tokens at every step."""
    m = model(1).fit(seen)
    with torch.no_grad():
        m.module_.decoder.out.weight.zero_()
        shares = torch.tensor(m.vocabulary_.counts, dtype=torch.float32)
        m.module_.decoder.out.bias.copy_((shares / shares.sum()).clamp_min(1e-6).log())
        m.module_.layers.encoder.head.weight.zero_()  # q is the prior: no weight differs
        m.module_.layers.encoder.head.bias.zero_()
    return m


def test_perplexity_of_a_unigram_by_hand():
    """Ten documents "a b": shares of end, a, b are a third each, so that the perplexity of anything known is 3."""
    m = unigram([["a", "b"]] * 10)
    assert abs(m.perplexity([["a"], ["b", "b", "a"], []], k=8) - 3) < 1e-3
    assert abs(m.score([["a"]]) - 2 * math.log(1 / 3)) < 1e-3  # the end counts
    m = unigram([["a", "a", "b"]] * 10)  # a quarter, a half, a quarter
    assert abs(m.perplexity([["a", "b"]], k=8) - (4 * 2 * 4) ** (1 / 3)) < 1e-3


def test_a_model_whose_code_says_nothing_is_collapsed_with_its_figures_at_their_best():
    c = unigram([["a", "b"]] * 10).collapse([["a"], ["b", "a"]], k=20)
    assert (c.verdict, c.active, c.k, c.curve.ks[-1]) == ("collapsed", 0, 20, 16)
    assert abs(c.kl) < 1e-6
    assert abs(c.gain) < 1e-5
    assert abs(c.ess - 20) < 1e-3
    assert "say nothing" in str(c)
    assert "0 of 2" in c._repr_html_()


def test_unknown_words_are_told_of(fitted):
    with pytest.warns(UserWarning, match=r"1 token of 4 .25 .* none was seen in training"):
        fitted.perplexity([["a", "x", "b"]], k=4)
    few = clone(fitted).set_params(max_vocab=1).fit(DOCS)
    with pytest.warns(UserWarning, match="all unknown words are one"):
        assert few.perplexity(DOCS, k=4) > 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.perplexity(DOCS, k=4)


def test_draws_are_those_that_are_scored(fitted):
    d = fitted.draw(DOCS, 30, objective="dreg")
    value = torch.logsumexp(d.log_w, -1).detach().numpy() - math.log(30)
    assert np.abs(fitted.log_likelihood(DOCS, k=30, defend=0).value - value).max() < 1e-5
    (-d.surrogate().mean()).backward()
    assert all(p.grad is not None for p in fitted.module_.layers.encoder.parameters())
    fitted.module_.zero_grad()


# ---- training ---------------------------------------------------------------------------------------------------------------


def test_documents_of_weight_zero_are_as_if_removed():
    w = np.ones(30)
    w[[0, 7, 29]] = 0
    docs = [*DOCS, *[["q", "r"]] * 6]
    kept = [d for d, weight in zip(docs, w, strict=True) if weight]
    assert same(model().fit(docs, sample_weight=w), model().fit(kept))


def test_the_same_key_gives_the_same_model_and_parts_of_a_batch_too():
    assert same(model().fit(DOCS), model().fit(DOCS))
    whole, parts = model(2).fit(DOCS), model(2, pairs=6).fit(DOCS)
    for a, b in zip(parameters(whole), parameters(parts), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_a_checkpoint_goes_on_bit_for_bit_and_knows_its_documents(tmp_path):
    where = tmp_path / "c.pt"
    whole = model(4, valid=0.2).fit(DOCS)
    model(2, valid=0.2, checkpoint=where).fit(DOCS)
    assert same(whole, model(4, valid=0.2, checkpoint=where).fit(DOCS))
    with pytest.raises(InputError, match="belongs to another run: data"):
        model(5, valid=0.2, checkpoint=where).fit([*DOCS, ["a"]])
    with pytest.raises(InputError, match="rate"):
        model(5, valid=0.2, rate=1.0, checkpoint=where).fit(DOCS)


def test_held_out_documents_stop_training_and_an_overlap_is_told_of():
    with pytest.warns(UserWarning, match=r"2 documents of `X_valid` \(2\) stand among"):
        m = model(2).fit(DOCS, X_valid=DOCS[:2])
    assert all(e["held_out"] < 0 for e in m.history_)
    assert model(2, valid=0.2).fit(DOCS).history_[0]["held_out"] < 0


# ---- documents and files ----------------------------------------------------------------------------------------------------


def test_a_model_learns_its_documents_and_gives_them_back():
    docs = [["a", "b"], [1, 1.0, True, None]] * 10
    m = model(80, k=1, rate=4.0).fit(docs)
    assert m.reconstruct(docs[:2]) == docs[:2]
    assert [[type(t) for t in d] for d in m.reconstruct(docs[1:2])] == [[int, float, bool, type(None)]]
    drawn = m.sample(40, rng=0)
    assert drawn == m.sample(40, rng=0) != m.sample(40, rng=1)
    assert all(len(d) <= 5 for d in drawn)
    assert sum(d in docs for d in drawn) > 10
    assert m.sample(3, mean=True, rng=0) == m.sample(3, mean=True, rng=0)


def test_a_file_gives_the_same_model_and_words_with_their_types(tmp_path):
    docs = [["a", 1, 1.0, True, None, -2.5]] * 10
    m = model(1, k=3, rate=2.0, objective="dreg").fit(docs)
    m.save(tmp_path / "m")
    back = SequenceIWAE.load(tmp_path / "m")
    assert same(m, back)
    assert [(type(w), w) for w in back.vocabulary_.words] == [(type(w), w) for w in m.vocabulary_.words]
    assert np.array_equal(m.score_samples(docs, k=9), back.score_samples(docs, k=9))
    assert m.sample(5, rng=2) == back.sample(5, rng=2)
    assert (back.k, back.rate, back.net.get_params()) == (3, 2.0, {"hidden": 8, "embed": 6})


def test_a_pickle_is_no_model_and_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save(Trap(), tmp_path / "x")
    with pytest.raises(InputError, match="not an upweight model"):
        SequenceIWAE.load(tmp_path / "x")
    (tmp_path / "y").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="not an upweight model"):
        SequenceIWAE.load(tmp_path / "y")
    assert not (tmp_path / "ran").exists()


def test_settings_are_scikit_learns():
    m = SequenceIWAE().set_params(training__lr=1e-4, net__hidden=64)
    assert m.training.lr == 1e-4
    assert m.net.hidden == 64
    assert SequenceIWAE().net == "gru"  # the default is nobody's object
    assert clone(m).get_params()["net__hidden"] == 64


def test_codes_and_pictures(fitted):
    assert fitted.encode(DOCS).shape == (24, 2)
    assert np.array_equal(fitted.transform(DOCS), fitted.encode(DOCS))
    assert not np.array_equal(fitted.encode(DOCS, k=0), fitted.encode(DOCS))
    assert fitted.active_units(DOCS, threshold=0.0) == 2
    assert fitted.anomaly(DOCS, k=50).score.shape == (24,)
    assert fitted.plot().get_ylabel()
    c = fitted.collapse(DOCS, k=32)
    assert c.plot().get_title(loc="left").replace("\n", " ") == repr(c)
    assert "tokens known" in fitted._repr_html_()
    assert "not fitted" in SequenceIWAE()._repr_html_()


# ---- what is refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": -1.0}, "`rate` must be a number of nats"),
        ({"rate": float("nan")}, "`rate` must be a number of nats"),
        ({"latent": (2, 2)}, "`latent` must be a whole number"),
        ({"net": "mlp"}, "`net` must be 'gru' or GRU"),
        ({"max_vocab": 0}, "`max_vocab`"),
        ({"k": 1, "objective": "vimco"}, "vimco needs two draws"),
        ({"k": 3, "objective": Objective(groups=2)}, "`groups` must divide `k`"),
        ({"training": 3}, "`training` must be a Training"),
    ],
)
def test_settings_out_of_range(settings, said):
    with pytest.raises(InputError, match=said):
        SequenceIWAE().set_params(**settings).fit(DOCS)


def test_the_remedy_for_an_unused_code_knows_the_rate():
    few = {"epochs": 1, "k": 1}
    said = lambda rate: str(model(**few, rate=rate).fit(DOCS).collapse(DOCS, k=8)).splitlines()[-1]
    assert "SequenceIWAE(rate=5.0)" in said(0.0)
    assert said(0.5) == "A rate of 0.5 nats allows no more than that. Raise it: 5.0 keeps a code in use."
    assert said(5.0) == "Of the 5 nats that the rate allows little is used. Train longer, or with a larger lr."


def test_values_above_the_bound_are_marked_in_the_history():
    found = model(objective=Objective(power=2.0)).fit(DOCS)
    assert [e["is_bound"] for e in found.history_] == [False] * 3
    assert "no lower bound" in found.notes_[-1]
    assert "is_bound" not in model().fit(DOCS).history_[0]


def test_documents_that_are_none(fitted):
    with pytest.raises(InputError, match="Split text"):
        model().fit(["a b c"] * 20)
    with pytest.raises(InputError, match="10 of positive weight are needed at least; got 9"):
        model().fit(DOCS[:9])
    with pytest.raises(InputError, match="one number a row"):
        model().fit(DOCS, sample_weight=[1.0])
    with pytest.raises(InputError, match=r"codes of shape \(n, 2\)"):
        fitted.decode(np.zeros((2, 3)))
    with pytest.raises(InputError, match="GB and more"):
        fitted.draw(DOCS, 10**9)


# ---- real text --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_sentences_collapse_and_a_rate_keeps_the_code():
    """Of the standard library's own text, as the check has it: one draw, latent 16, 8 epochs of 64."""
    import importlib.util
    from pathlib import Path

    path = Path(__file__).resolve().parents[3] / "papers" / "pelsmaeker2020" / "run.py"
    spec = importlib.util.spec_from_file_location("papers_pelsmaeker2020", path)
    paper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(paper)
    docs = paper.sentences()
    test, train = docs[:600], docs[600:]
    settings = Training(8, batch=64, lr=2e-3, valid=0, progress=False)
    elbo = SequenceIWAE(1, latent=16, training=settings, rng=0).fit(train).collapse(test)
    rate = SequenceIWAE(1, latent=16, rate=5.0, training=settings, rng=0).fit(train).collapse(test)
    assert elbo.verdict == "collapsed"
    assert rate.verdict == "in use"
    assert 3.5 <= rate.kl <= 7


def test_almost_every_document_held_out_leaves_one_to_train_on():
    assert len(model(1, valid=0.99).fit(DOCS[:10]).history_) == 1


def test_a_step_beyond_memory_is_refused_and_class_weights_are_for_fit_alone():
    with pytest.raises(InputError, match="of a step take"):
        model(k=10**9).fit(DOCS)
    w = Weights.of(np.ones(24), kind="class")
    with pytest.raises(KindError, match="class"):
        model(1).fit(DOCS, sample_weight=w).score(DOCS, sample_weight=w)
