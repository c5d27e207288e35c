"""Margins and losses on them: the formulas by brute force, gradients far out, shapes, transforms, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot, softplus

import upweight.torch as T
from upweight import InputError
from upweight.training import MARGIN_KINDS

COUNTS = [50, 40, 30, 20, 10]
Y = torch.tensor([0, 4, 2, 2, 1, 3, 0])
Z = 3 * torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TAILS = {"cross-entropy": None, "poly": T.poly(1.5), "focal": T.focal(2.0), "own": lambda m: torch.exp(-m)}
quiet = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # PyTorch's own forward mode uses it


def brute(z, y, rule):
    """The published per-class formula, row by row; for two classes the one margin of both."""
    out = []
    for row, c in zip(z.tolist(), y.tolist(), strict=True):
        delta, iota, m = rule.delta, rule.iota, rule.margin
        if len(delta) == 2:
            sign = 2 * c - 1
            f = row[1] - row[0]
            out.append(rule.scale * (sign * (delta[c] * f + iota[1] - iota[0]) - m[c]))
            continue
        factor = np.full(len(delta), delta[c]) if rule.per_example else delta
        u = rule.scale * (factor * np.array(row) + iota - m * (np.arange(len(delta)) == c))
        out.append(u[c] - np.logaddexp.reduce(np.delete(u, c)))
    return torch.tensor(out, dtype=z.dtype)


@pytest.mark.parametrize("kind", MARGIN_KINDS)
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_margins_are_the_formula(kind, classes):
    rule = T.margin_rule(COUNTS[:classes], kind=kind)
    z, y = Z[:, :classes], Y % classes
    torch.testing.assert_close(T.margin(z, y, rule), brute(z, y, rule))
    torch.testing.assert_close(T.margin_loss(z, y, rule), softplus(-brute(z, y, rule), threshold=100))


def test_without_a_rule_it_is_cross_entropy():
    torch.testing.assert_close(T.margin_loss(Z, Y), cross_entropy(Z, Y, reduction="none"))
    torch.testing.assert_close(T.margin_loss(Z, Y, T.margin_rule([7] * 5)), cross_entropy(Z, Y, reduction="none"))


def test_logit_adjustment_is_cross_entropy_of_moved_logits():
    rule = T.margin_rule(COUNTS, tau=1.3)
    moved = Z + 1.3 * torch.log(torch.tensor(COUNTS) / 150)
    torch.testing.assert_close(T.margin_loss(Z, Y, rule), cross_entropy(moved, Y, reduction="none"))


@pytest.mark.parametrize("kind", MARGIN_KINDS)
def test_two_classes_in_one_column_in_two_and_flat_are_one_margin(kind):
    rule = T.margin_rule([90, 10], kind=kind)
    z, y = Z[:, :2], Y % 2
    f = z[:, 1] - z[:, 0]
    want = T.margin(z, y, rule)
    for logits, labels in ((f, y), (f[:, None], y), (f[:, None], y[:, None])):
        torch.testing.assert_close(T.margin(logits, labels, rule), want)


@pytest.mark.parametrize("m", [17.0, 25.0, 40.0, 80.0])
@pytest.mark.parametrize("rows", ["two", "three"])
def test_float32_gradients_sum_to_zero_far_out(m, rows):
    z = torch.tensor([[m, 0.0] if rows == "two" else [m, 0.0, -1.0]], requires_grad=True)
    T.margin_loss(z, torch.tensor([0])).sum().backward()
    exact = -np.exp(-m) if rows == "two" else -np.exp(-m) * (1 + np.exp(-1))
    assert z.grad is not None
    assert z.grad[0, 0].item() == pytest.approx(exact, rel=1e-5)
    assert abs(z.grad.sum().item()) < 1e-6 * abs(exact)


@pytest.mark.parametrize("m", [20.0, 25.0])
def test_focal_keeps_its_gradient(m):
    at = torch.tensor([m], requires_grad=True)
    T.focal(2.0)(at).sum().backward()
    x = np.float64(m)
    s = 1 / (1 + np.exp(x))  # 1 - p
    exact = -(s**2) * (2 * (1 - s) * -np.log1p(-s) + s)
    assert at.grad is not None
    assert at.grad.item() == pytest.approx(exact, rel=1e-5)


def test_tails_are_their_formulas():
    m = torch.linspace(-6, 9, 400, dtype=torch.float64)
    p = torch.sigmoid(m)
    torch.testing.assert_close(T.focal(1.7)(m), (1 - p) ** 1.7 * -torch.log(p))
    torch.testing.assert_close(T.focal(0)(m), -torch.log(p))
    near = softplus(-m) / np.log1p(np.exp(-1))
    torch.testing.assert_close(T.poly(2.0)(m), torch.where(m <= 1, near, m.clamp(min=1) ** -2.0))
    at = torch.tensor([-1e4, 0.5, 1.0, 1e20], requires_grad=True)
    T.poly()(at).sum().backward()
    assert torch.isfinite(at.grad).all()
    assert T.poly(2.0) == T.poly(2)


@quiet
@pytest.mark.parametrize("kind", [None, *MARGIN_KINDS])
def test_derivatives_forward_backward_twice_and_batched(kind):
    rule = None if kind is None else T.margin_rule(COUNTS, kind=kind)
    z = (Z / 3).requires_grad_()

    def loss(z):
        return T.margin_loss(z, Y, rule)

    assert torch.autograd.gradcheck(loss, (z,), check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(loss, (z,))
    rows = torch.func.vmap(lambda a, b: T.margin_loss(a[None], b[None], rule)[0])(z, Y)
    torch.testing.assert_close(rows, loss(z))
    each = torch.func.vmap(torch.func.grad(lambda a, b: T.margin_loss(a[None], b[None], rule)[0]))(z.detach(), Y)
    torch.testing.assert_close(each, torch.autograd.grad(loss(z).sum(), z)[0])


@quiet
@pytest.mark.parametrize("kind", [None, "vs", "temper", "ldam"])
def test_it_compiles_whole(kind):
    rule = None if kind is None else T.margin_rule(COUNTS, kind=kind)
    compiled = torch.compile(
        lambda z, y: T.weighted_loss(T.margin_loss(z, y, rule), y.double()), fullgraph=True, backend="eager"
    )
    torch.testing.assert_close(compiled(Z, Y), T.weighted_loss(T.margin_loss(Z, Y, rule), Y.double()))
    torch._dynamo.reset()


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("kind", [None, *MARGIN_KINDS])
@pytest.mark.parametrize("classes", [1, 2, 5])
def test_grad_norm_is_the_norm_of_the_gradient(kind, tail, classes):
    k = max(classes, 2)
    rule = None if kind is None else T.margin_rule(COUNTS[:k], kind=kind)
    z = (Z[:, :classes] / 9).requires_grad_()
    y = Y % k
    (g,) = torch.autograd.grad(T.margin_loss(z, y, rule, tail=TAILS[tail]).sum(), z)
    norm = T.grad_norm(z, y, rule, tail=TAILS[tail])
    torch.testing.assert_close(norm, g.norm(dim=-1))
    assert not norm.requires_grad
    with torch.inference_mode():
        torch.testing.assert_close(T.grad_norm(Z[:, :classes] / 9, y, rule, tail=TAILS[tail]), norm)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_short_floats_are_raised(kind):
    z = Z.to(kind).requires_grad_()
    losses = T.margin_loss(z, Y)
    assert losses.dtype == torch.float32
    torch.testing.assert_close(losses, T.margin_loss(z.detach().float(), Y))
    losses.sum().backward()
    assert z.grad is not None
    assert z.grad.dtype == kind


@pytest.mark.parametrize("classes", [2, 5])
def test_masked_rows_weigh_nothing_whatever_they_hold(classes):
    z = Z[:, :classes].clone()
    z[1] = float("nan")
    z.requires_grad_()
    y = (Y % classes).clone()
    y[1] = -100
    losses = T.margin_loss(z, y, T.margin_rule(COUNTS[:classes], kind="vs"), tail=T.poly())
    losses.sum().backward()
    assert (losses[1].item(), T.margin(z, y)[1].item(), T.grad_norm(z, y)[1].item()) == (0, 0, 0)
    assert losses.isfinite().all()
    assert z.grad is not None
    assert z.grad[[0, 2]].isfinite().all()


def test_further_axes_keep_their_shape():
    z, y = Z.reshape(1, 7, 5).expand(3, 7, 5), Y.expand(3, 7)
    assert T.margin_loss(z, y).shape == (3, 7)
    torch.testing.assert_close(T.margin_loss(z, y)[2], T.margin_loss(Z, Y))


def test_classes_that_are_ruled_out_and_logits_far_out():
    """Minus infinity among the logits, as masks of actions or words have it, is what cross-entropy makes of it."""
    rows = [[float("-inf"), 0.0, float("-inf")], [float("-inf"), 0.0, 1.0], [1e4, 0.0, -1e4], [float("-inf"), 2.0, 0.0]]
    z = torch.tensor(rows, requires_grad=True)
    y = torch.tensor([1, 1, 2, 2])
    losses = T.margin_loss(z, y)
    torch.testing.assert_close(losses, cross_entropy(z, y, reduction="none"))
    losses.sum().backward()
    ours, z.grad = z.grad.clone(), None
    cross_entropy(z, y, reduction="sum").backward()
    torch.testing.assert_close(ours, z.grad)
    assert T.grad_norm(z, y).isfinite().all()
    assert T.margin_loss(torch.tensor([[0.0, float("-inf")]]), torch.tensor([1])).item() == float("inf")
    assert T.margin_loss(Z[:0], Y[:0]).shape == (0,)


def test_inputs_are_not_written_to():
    z, y = Z.clone(), Y.clone()
    T.margin_loss(z, y, T.margin_rule(COUNTS, kind="vs")).sum()
    T.grad_norm(z, y)
    assert torch.equal(z, Z)
    assert torch.equal(y, Y)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: T.margin(Z, Y + 1),
            "`y` must lie in 0 to 4, or be -100 for a masked row; got 1 outside, first 5 at row 1",
        ),
        (lambda: T.margin(Z, Y - 1), "first -1 at row 0"),
        (lambda: T.margin(Z, Y.double()), "`y` must hold whole numbers 0 to 4; got torch.float64. Pass y.long()"),
        (lambda: T.margin(Z, one_hot(Y, 5)), "got one-hot rows. Pass y.argmax(-1)"),
        (lambda: T.margin(Z, one_hot(Y, 5).double()), "one-hot rows: y.argmax(-1)"),
        (lambda: T.margin(Z[:, 0], Y.double()), "`y` must hold whole numbers 0 to 1"),
        (lambda: T.margin(Z, Y, T.margin_rule([5, 5, 5])), "the rule has 3 classes and the logits 5 columns"),
        (
            lambda: T.margin(Z[:, :2], Y % 2, T.margin_rule([5, 5, 5])),
            "the rule has 3 classes and the logits 2 columns",
        ),
        (lambda: T.margin(Z, Y[:3]), "got (7, 5) and (3,). Give one label a row."),
        (lambda: T.margin(Z.expand(2, 7, 5), Y[:5].expand(2, 5)), "Put the classes last: logits.movedim(1, -1)"),
        (lambda: T.margin(Z, Y.numpy()), "`logits` and `y` must be tensors; got ndarray"),
        (lambda: T.grad_norm(Z.numpy(), Y), "`logits` and `y` must be tensors; got ndarray"),
        (
            lambda: T.margin_loss(Z, Y, tail="poly"),
            "`tail` must be a function of margins; got 'poly'. Make one: poly(1.0)",
        ),
        (lambda: T.grad_norm(Z, Y, tail="poly"), "`tail` must be a function of margins; got 'poly'."),
        (lambda: T.margin(Z.long(), Y), "`logits` must be floating point"),
        (lambda: T.margin(Z, Y, COUNTS), "`rule` must be a MarginRule; got list"),
        (lambda: T.poly(0), "`alpha` must be a number above 0"),
        (lambda: T.focal(-1), "`gamma` must be a number >= 0"),
    ],
)
def test_bad_input_is_told(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)


def test_probabilities_are_noticed():
    with pytest.warns(UserWarning, match="these look like probabilities"):
        T.margin_loss(Z.softmax(-1), Y)
    T.margin_loss(torch.tensor([[0.5, 0.5], [3.0, 0.1]]), torch.tensor([0, 1]))  # one row may
