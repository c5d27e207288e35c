"""The real `fit` of Keras: losses as in PyTorch, saving and loading, weights that arrive, scores that stay fresh."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from upweight import InputError
from upweight.keras import MarginLoss, Scores, WeightedData, WeightsCallback, margin_rule
from upweight.keras._weights_callback import grad_norm

pytestmark = pytest.mark.filterwarnings("ignore")
REFERENCE = json.loads((Path(__file__).parent / "margin_loss.json").read_text())  # made by uw.torch: see `reference.py`
KINDS = ("none", "logit_adjust", "balanced_softmax", "cdt", "vs", "temper", "ldam")


def rule_of(kind, counts):
    return None if kind == "none" else margin_rule(counts, kind=kind)


@pytest.mark.parametrize("case", REFERENCE, ids=lambda c: f"{c['kind']}-{c['tail']}-{len(c['counts'])}")
def test_losses_and_scores_are_those_of_torch(case):
    z, y = np.array(case["z"], dtype=np.float32), np.array(case["y"])
    loss = MarginLoss(rule_of(case["kind"], case["counts"]), tail=case["tail"])
    found = keras.ops.convert_to_numpy(loss.call(keras.ops.convert_to_tensor(y), keras.ops.convert_to_tensor(z)))
    np.testing.assert_allclose(found, case["loss"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(grad_norm(z.astype(float), y, loss), case["grad_norm"], rtol=1e-4, atol=1e-7)


def test_every_rule_and_tail_is_among_the_references():
    seen = {(c["kind"], c["tail"], len(c["counts"])) for c in REFERENCE}
    assert seen == {(k, t, n) for k in KINDS for t in ("exp", "poly", "focal") for n in (2, 4)}


def rare(n=2000, share=50, seed=0):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % share == 0).astype(np.int64)
    return (rng.normal(size=(n, 3)) + 0.7 * y[:, None]).astype(np.float32), y


def network(loss, lr=0.05, outputs=2):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(outputs)])
    model.compile(optimizer=keras.optimizers.SGD(lr), loss=loss)
    return model


def test_a_model_saves_and_loads_with_its_loss(tmp_path):
    X, y = rare()
    model = network(MarginLoss(margin_rule([1960, 40], kind="vs"), tail="poly", alpha=2.0))
    before = model.evaluate(X, y, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert abs(again.evaluate(X, y, verbose=0) - before) < 1e-6
    assert again.loss.rule.kind == "vs"
    assert again.loss.alpha == 2.0


def test_logit_adjustment_balances_and_its_correction_gives_the_odds_back():
    X, y = rare(4000)
    rule = margin_rule(np.bincount(y))
    model = network(MarginLoss(rule), lr=0.5)
    model.fit(X, y, batch_size=64, epochs=12, verbose=0)
    z = model.predict(X, verbose=0)
    proba = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    assert 0.2 < (z[:, 1] > z[:, 0]).mean() < 0.6
    assert abs(rule.correction.apply(proba)[:, 1].mean() / y.mean() - 1) < 0.15


def test_weighted_data_draws_by_weight_and_plans_anew_once_an_epoch():
    X, y = rare()
    data = WeightedData(X, y, np.where(y, 49.0, 1.0), batch_size=64)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(data.rows.copy())

    network(MarginLoss()).fit(data, epochs=3, verbose=0, callbacks=[Watch(), WeightsCallback(data)])
    assert len(seen) == 3
    assert data._epoch in (2, 3)  # over PyTorch, Keras begins an epoch once more to build the model
    assert not np.array_equal(seen[0], seen[1])
    for rows in seen:
        assert abs(y[rows].mean() - 0.5) < 0.01
        assert np.abs(np.bincount(rows, minlength=2000) - 2000 * data.p).max() < 1


def test_the_log_says_what_arrives_and_the_batch_mean_is_warned_of():
    X, y = rare(4000, 100)
    w = np.where(y, 50.0, 0.5 / 0.99)
    data = WeightedData(X, y, w, batch_size=16)
    history = network(MarginLoss()).fit(data, epochs=1, verbose=0, callbacks=[WeightsCallback(data)]).history
    assert abs(history["weights_delivered"][0] - 0.5) < 0.01
    assert abs(history["weights_intended"][0] - 0.5) < 1e-9
    assert history["weights_tau"] == [1.0]
    by_batch = network(
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
    )
    with pytest.warns(UserWarning, match="divides by the weights of the batch"):
        by_batch.fit(data, epochs=1, verbose=0, callbacks=[WeightsCallback(data)])


def test_equal_losses_weighted_by_the_batch_mean_forget_the_weights():
    """Keras's own reduction: any weights give log 2; the population's denominator gives 2.494 of it."""
    z, y, w = np.zeros((4, 2), dtype=np.float32), np.array([0, 0, 0, 1]), np.array([1.0, 1.0, 1.0, 11.4])
    given = {"from_logits": True, "reduction": "mean_with_sample_weight"}
    theirs = keras.losses.SparseCategoricalCrossentropy(**given)(y, z, sample_weight=w)
    assert abs(float(theirs) - np.log(2)) < 1e-5
    assert abs(float(MarginLoss()(y, z, sample_weight=w)) - np.log(2) * w.mean()) < 1e-5


@pytest.mark.parametrize("score", ["grad_norm", "loss"])
def test_scores_are_refreshed_by_a_forward_pass(score):
    X, y = rare()
    scores = Scores(2000)
    data = WeightedData(X, y, scores, batch_size=64)
    model = network(MarginLoss(), lr=0.2)
    model.fit(data, epochs=3, verbose=0, callbacks=[WeightsCallback(data, score=score)])
    assert scores.seen.all()
    assert scores.values[y == 1].mean() > 3 * scores.values[y == 0].mean()
    data.on_epoch_begin()
    assert data.tau > 1
    rows = np.concatenate([data[b][0][:, 0] for b in range(len(data))])
    weights = np.concatenate([data[b][2] for b in range(len(data))])
    assert abs(np.average(rows, weights=weights) - X[:, 0].mean()) < 0.15


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: MarginLoss(tail="cubic"), "`tail` must be 'exp', 'poly' or 'focal'; got 'cubic'."),
        (lambda: MarginLoss(tail="poly", alpha=0), "`alpha` must be a number above 0; got 0."),
        (lambda: MarginLoss([1, 2]), "`rule` must be a MarginRule; got list."),
        (
            lambda: MarginLoss(margin_rule([3, 4]))(np.array([0]), np.zeros((1, 3))),
            "the rule has 2 classes and the logits 3",
        ),
        (lambda: MarginLoss()(np.eye(3), np.zeros((3, 3))), "one-hot rows"),
        (lambda: WeightedData(np.zeros((3, 1)), np.zeros(4), [1, 2, 3]), "as many rows; got 3, 4 and 3."),
        (
            lambda: WeightedData(np.zeros((2, 1)), np.zeros(2), [np.nan, 1.0]),
            "finite and ≥ 0; got 1 NaN, first at row 0",
        ),
        (lambda: WeightsCallback(3), "`data` must be a WeightedData; got int."),
    ],
)
def test_what_is_refused_and_how(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)
