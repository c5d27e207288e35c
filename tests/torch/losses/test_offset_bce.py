"""offset_bce: PyTorch's own loss at a shifted logit, gradients in every type, and a network that serves the truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from upweight import Correction, InputError, UndoError, Weights
from upweight.negatives import StreamedLogistic, demo_clicks, plan, start
from upweight.torch import offset_bce


def rows(n=200, dtype=torch.float64, seed=0):
    g = torch.Generator().manual_seed(seed)
    z = 3 * torch.randn(n, generator=g, dtype=torch.float64)
    y = (torch.rand(n, generator=g) < 0.3).double()
    return (
        z.to(dtype).requires_grad_(),
        y,
        2 + torch.randn(n, generator=g, dtype=torch.float64),
        torch.rand(n, generator=g) + 0.5,
    )


def test_it_is_the_logistic_loss_of_the_shifted_logit():
    z, y, o, w = rows()
    assert offset_bce(z, y, o).item() == pytest.approx(bce(z + o, y).item(), rel=1e-14)
    weighted = (w * bce(z + o, y, reduction="none")).sum() / len(z)
    assert offset_bce(z, y, o, sample_weight=w).item() == pytest.approx(weighted.item(), rel=1e-14)
    eta, label = (z + o).detach().numpy(), y.numpy()
    assert offset_bce(z, y, o).item() == pytest.approx(np.mean(np.logaddexp(0, eta) - label * eta), rel=1e-12)
    assert offset_bce(z, y, 0.0).item() == pytest.approx(bce(z, y).item(), rel=1e-14)


@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-12), (torch.float32, 1e-6), (torch.bfloat16, 1e-2)])
def test_gradients_are_those_of_the_formula_in_every_type(dtype, close):
    """d/dz = w (sigmoid(z + o) - y)/n, in the type of the logits; the loss itself is float32 or float64."""
    z, y, o, w = rows(dtype=dtype)
    loss = offset_bce(z, y, o, sample_weight=w)
    loss.backward()
    assert z.grad.dtype == dtype
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    want = w * (torch.sigmoid(z.detach().double() + o) - y) / len(z)
    np.testing.assert_allclose(z.grad.double().numpy(), want.numpy(), rtol=close, atol=close / len(z))


def test_extreme_logits_lose_no_gradient():
    z = torch.tensor([60.0, -60.0, 500.0], requires_grad=True)
    loss = offset_bce(z, [0, 1, 1], [40.0, -40.0, 500.0])
    loss.backward()
    assert loss.item() == pytest.approx(200 / 3)
    np.testing.assert_allclose(z.grad.numpy(), [1 / 3, -1 / 3, 0], atol=1e-12)


def test_columns_and_rows_do_not_multiply():
    z, y, o, _ = rows()
    assert offset_bce(z[:, None], y[:, None], o).item() == offset_bce(z, y, o).item()
    assert offset_bce(z, y.numpy().astype(bool), o.numpy()).item() == offset_bce(z, y, o).item()
    assert offset_bce(z, y, Correction.offset(o.numpy())).item() == offset_bce(z, y, o).item()


def test_a_linear_layer_on_kept_rows_finds_the_offset_fit():
    clicks = demo_clicks(200_000)
    made = plan(clicks, label="clicked", key="impression_id", rng=7)
    kept = made.apply(clicks)
    X = np.column_stack([kept[f"x{j}"] for j in range(6)])
    y, o = kept["clicked"].to_numpy(), kept["_uw_offset"].to_numpy()
    layer = torch.nn.Linear(6, 1).double()
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.fill_(start(y, offset=o))
    x, t, shift = torch.tensor(X), torch.tensor(y), torch.tensor(o)
    step = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe", tolerance_grad=1e-10)

    def closure():
        step.zero_grad()
        loss = offset_bce(layer(x), t, shift)
        loss.backward()
        return loss

    step.step(closure)
    exact = StreamedLogistic().fit(X, y, offset=o)
    np.testing.assert_allclose(layer.weight.detach().numpy(), exact.coef_, atol=1e-4)
    everything = torch.tensor(np.column_stack([clicks[f"x{j}"] for j in range(6)]))
    promised = torch.sigmoid(layer(everything)).sum().item()
    assert promised / clicks["clicked"].to_numpy().sum() == pytest.approx(1, abs=0.06)


def test_the_same_thinning_is_not_corrected_twice():
    z, y, o, _ = rows()
    inverse = torch.where(y == 1, 1.0, o.exp())
    for w in (inverse, inverse.float(), Weights.of(inverse.numpy(), kind="inclusion")):
        with pytest.raises(UndoError, match="take one of them out"):
            offset_bce(z, y, o, sample_weight=w)
    copies = Weights.of(np.ones(len(y)), kind="frequency")
    assert offset_bce(z, y, o, sample_weight=copies).item() == pytest.approx(offset_bce(z, y, o).item(), rel=1e-14)


def test_bad_input_is_refused():
    z, y, o, w = rows()
    bad = o.clone()
    bad[3] = float("nan")
    for args, words in (
        ((z, y, o[:-1], None), "`offset` must be one number a row"),
        ((z, y[:-1], o, None), "`y` must be one number a row"),
        ((z, y, bad, None), "finite; got nan at row 3"),
        ((z, y + 1, o, None), "`y` must be 0/1 or boolean; got"),
        ((z, y, o, w[:-1]), "`sample_weight` must be one number a row"),
        ((torch.zeros(4, 3), y, o, None), r"got shape \(4, 3\)"),
        ((torch.zeros(4, dtype=torch.int64), y, o, None), "got torch.int64"),
        ((np.zeros(4), y, o, None), "got ndarray"),
        ((torch.zeros(0), [], [], None), "has no row"),
    ):
        with pytest.raises(InputError, match=words):
            offset_bce(*args[:3], sample_weight=args[3])


def test_it_is_a_name_of_upweight_torch():
    import upweight as uw

    assert uw.torch.offset_bce is offset_bce
