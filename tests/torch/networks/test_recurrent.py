"""Networks over sequences: longhand recurrences, and padding that changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import log_softmax

from upweight import InputError
from upweight.torch.networks import GRU, packed

DOCS = [[3, 4, 2, 0], [0], [5, 0], [4, 4, 3, 2, 5, 0]]


def padded(docs, filler=0, extra=0):
    lengths = torch.tensor([len(d) for d in docs])
    ids = torch.full((len(docs), int(lengths.max()) + extra), filler)
    for row, doc in enumerate(docs):
        ids[row, : len(doc)] = torch.tensor(doc)
    return ids, lengths


@pytest.fixture(scope="module")
def nets():
    return GRU(7, embed=5).modules(6, 3, generator=torch.Generator().manual_seed(0))


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def longhand(decoder, z, doc):
    """log p(doc|z) of one draw, a step at a time by the decoder's own generating step."""
    h, by_z = decoder.first(z)
    total, before = torch.zeros(()), 0
    for token in doc:
        h, logits = decoder.step(h, torch.tensor(before), by_z)
        total = total + log_softmax(logits, -1)[token]
        before = token
    return total


def test_log_p_of_packed_rows_and_draws_is_that_of_one_document_at_a_time(nets):
    decoder = nets[1]
    z = noise(4, 2, 3)
    found = decoder.log_prob(z, packed(*padded(DOCS)))
    wanted = torch.stack([torch.stack([longhand(decoder, z[i, k], DOCS[i]) for k in range(2)]) for i in range(4)])
    assert torch.allclose(found, wanted, atol=1e-5)


def test_the_decoder_is_a_gru_of_pytorch_with_z_at_its_gates(nets):
    """Gates as in torch.nn.GRUCell: what z adds is added to the projection of the token."""
    decoder = nets[1]
    cell = torch.nn.GRUCell(5 + 3, 7)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.cat([decoder.token.weight, decoder.gates.weight], 1))
        cell.bias_ih.copy_(decoder.token.bias)
        cell.weight_hh.copy_(decoder.hidden.weight)
        cell.bias_hh.copy_(decoder.hidden.bias)
        z = noise(1, 3)
        h, by_z = decoder.first(z)
        ours, _ = decoder.step(h, torch.tensor([4]), by_z)
        theirs = cell(torch.cat([decoder.embed(torch.tensor([4])), z], 1), h)
    assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(("filler", "extra"), [(0, 0), (5, 0), (2, 7)])
def test_padding_changes_no_log_p_and_no_code(nets, filler, extra):
    encoder, decoder = nets
    z = noise(4, 3, 3)
    plain, other = packed(*padded(DOCS)), packed(*padded(DOCS, filler, extra))
    assert torch.equal(decoder.log_prob(z, plain), decoder.log_prob(z, other))
    assert torch.equal(encoder(plain), encoder(other))


def test_a_document_alone_is_the_document_among_others(nets):
    encoder, decoder = nets
    z = noise(4, 3, 3)
    together = decoder.log_prob(z, packed(*padded(DOCS)))
    means = encoder(packed(*padded(DOCS)))
    for i, doc in enumerate(DOCS):
        alone = packed(*padded([doc]))
        assert torch.allclose(decoder.log_prob(z[i : i + 1], alone), together[i : i + 1], atol=1e-5)
        assert torch.allclose(encoder(alone), means[i : i + 1], atol=1e-6)


def test_log_p_is_the_same_with_and_without_a_gradient_in_pieces(nets, monkeypatch):
    from upweight.torch.networks import _recurrent

    monkeypatch.setattr(_recurrent, "PIECE", 20)
    rows, z = packed(*padded(DOCS)), noise(4, 3, 3)
    whole = nets[1].log_prob(z, rows)
    with torch.no_grad():
        assert torch.allclose(nets[1].log_prob(z, rows), whole, atol=1e-6)
    assert whole.requires_grad


def test_probabilities_of_all_documents_of_a_length_and_longer_ones_sum_to_one(nets):
    """Over all documents of at most two tokens, and the chance that it goes on."""
    decoder, z = nets[1], noise(1, 1, 3)
    with torch.no_grad():
        short = [[0], *[[a, 0] for a in range(1, 6)]]
        total = sum(decoder.log_prob(z, packed(*padded([d]))).exp().item() for d in short)
        longer = sum(longhand(decoder, z[0, 0], [a, b]).exp().item() for a in range(1, 6) for b in range(1, 6))
    assert abs(total + longer - 1) < 1e-5


def test_the_start_follows_from_the_generator_alone_and_is_pytorchs():
    def made(seed):
        return GRU(64, embed=5).modules(900, 3, generator=torch.Generator().manual_seed(seed))

    torch.manual_seed(0)
    first = made(1)
    torch.manual_seed(7)
    again, other = made(1), made(2)
    for a, b, c in zip(*(m.parameters() for m in (first[1], again[1], other[1])), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
        assert a.dtype is torch.float32
    assert abs(first[1].embed.weight.std() - 1) < 0.05
    for p in (first[1].hidden.weight, first[1].hidden.bias, first[0].read.weight_ih_l0):
        assert 0.9 / 8 < p.abs().max() < 1 / 8  # one over the root of 64


@pytest.mark.parametrize("wrong", [{"hidden": 0}, {"embed": 1.5}])
def test_what_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        GRU(**wrong)
