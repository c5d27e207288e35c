"""The real Trainer of transformers on a one-layer Bert: accumulation, class weights, delivery, checkpoints and resuming."""

from __future__ import annotations

import logging
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from upweight import InputError
from upweight.torch import ImportanceSampler, Meter, class_weights, margin_loss, margin_rule, weighted_loss
from upweight.torch import hf as up

pytestmark = pytest.mark.filterwarnings("ignore")
N = 128


class Sentences(Dataset):
    """Rows of eight words, class 1 on every eighth; a first word that tells it."""

    def __init__(self, weight=False):
        g = torch.Generator().manual_seed(0)
        self.y = (torch.arange(N) % 8 == 0).long()
        self.x = torch.randint(10, 50, (N, 8), generator=g)
        self.x[:, 0] = 2 + self.y
        self.weight = weight

    def __len__(self):
        return N

    def __getitem__(self, i):
        row = {"input_ids": self.x[i], "attention_mask": torch.ones(8, dtype=torch.long), "labels": self.y[i]}
        return row | ({"index": torch.as_tensor(i)} if self.weight else {})


def bert(seed=0):
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = BertConfig(vocab_size=50, max_position_embeddings=8, hidden_dropout_prob=0.0, **sizes)
    config.attention_probs_dropout_prob = 0.0
    return BertForSequenceClassification(config)


def arguments(folder, **more):
    given = {
        "max_steps": 8,
        "learning_rate": 0.1,
        "optim": "sgd",
        "lr_scheduler_type": "constant",
        "max_grad_norm": 0.0,
    }
    given |= {"report_to": [], "disable_tqdm": True, "save_strategy": "no", "use_cpu": True, "seed": 3, **more}
    return TrainingArguments(output_dir=str(folder), **given)


def flat(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


COUNTS = [112, 16]


@pytest.mark.parametrize("weights", [True, False])
def test_accumulated_batches_are_one_large_batch(tmp_path, weights):
    """4 x 4 rows against 16 at once, 8 steps of SGD; a weighted mean of each batch differs by far more."""

    def batch_mean(outputs, labels, num_items_in_batch=None):
        w = torch.tensor([0.57, 4.0])[labels]
        return (w * nn.functional.cross_entropy(outputs.logits, labels, reduction="none")).sum() / w.sum()

    found = {}
    for name, of in (
        ("ours", up.loss(class_weight=class_weights(COUNTS) if weights else None)),
        ("theirs", batch_mean),
    ):
        ends = []
        for size, steps in ((4, 4), (16, 1)):
            model = bert()
            how = arguments(tmp_path, per_device_train_batch_size=size, gradient_accumulation_steps=steps)
            Trainer(model, how, train_dataset=Sentences(), compute_loss_func=of).train()
            ends.append(flat(model))
        found[name] = float((ends[0] - ends[1]).abs().max())
    assert found["ours"] < 1e-6
    assert found["theirs"] > 0.01


def test_the_meter_finds_class_weights_delivered_and_the_verdict_is_logged(tmp_path, caplog):
    model, w = bert(), class_weights(COUNTS)
    rows = Sentences()
    X = {"input_ids": rows.x, "attention_mask": torch.ones(N, 8, dtype=torch.long)}
    meter = Meter(model, (X, rows.y), w.values[rows.y.numpy()])
    callback = up.WeightsCallback(meter=meter)
    with caplog.at_level(logging.INFO):
        how = arguments(tmp_path, max_steps=60, per_device_train_batch_size=16, logging_steps=20)
        trainer = Trainer(
            model, how, train_dataset=rows, compute_loss_func=up.loss(class_weight=w, meter=meter), callbacks=[callback]
        )
        trainer.train()
    assert callback.verdict is not None
    assert callback.verdict.state in ("pushing", "unknown")
    assert abs(callback.verdict.figures["delivered by class"]["class 1"] - 0.5) < 0.05
    assert "Weights: " in caplog.text
    assert meter.history
    assert meter._steps == 60


class WithSampler(Trainer):
    """The recipe of the docs: our sampler, and loss weights of its rows."""

    def __init__(self, *given, sampler, **more):
        self.sampler = sampler
        super().__init__(*given, **more)

    def _get_train_sampler(self, *_):
        return self.sampler

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        i, y = inputs.pop("index"), inputs.pop("labels")
        outputs = model(**inputs)
        losses = margin_loss(outputs.logits, y)
        loss = weighted_loss(losses, self.sampler.loss_weight[i], count=num_items_in_batch)
        return (loss, outputs) if return_outputs else loss


def with_sampler(folder, **more):
    model, sampler = bert(), ImportanceSampler(np.where(Sentences().y, 7.0, 1.0), rng=5)
    how = arguments(folder, per_device_train_batch_size=16, remove_unused_columns=False, **more)
    callback = up.WeightsCallback(sampler=sampler)
    return model, WithSampler(model, how, train_dataset=Sentences(True), sampler=sampler, callbacks=[callback])


def test_a_run_that_resumes_in_mid_epoch_ends_where_the_whole_one_does(tmp_path):
    whole, trainer = with_sampler(tmp_path / "a", max_steps=20)
    trainer.train()
    _, first = with_sampler(tmp_path / "b", max_steps=20, save_strategy="steps", save_steps=11)
    first.train()
    assert (tmp_path / "b" / "checkpoint-11" / "upweight_sampler.pt").exists()
    other, second = with_sampler(tmp_path / "b", max_steps=20)
    second.train(resume_from_checkpoint=str(tmp_path / "b" / "checkpoint-11"))
    assert torch.allclose(flat(whole), flat(other), atol=1e-7)


def test_shifted_labels_are_the_next_tokens_and_masked_ones_do_not_count():
    z = torch.randn(3, 6, 9, requires_grad=True)
    y = torch.randint(0, 9, (3, 6))
    y[0, 4:] = -100

    class Outputs:
        logits = z

    found = up.loss(shift=True)(Outputs, y)
    wanted = nn.functional.cross_entropy(z[:, :-1].reshape(-1, 9), y[:, 1:].reshape(-1))
    assert torch.allclose(found, wanted, atol=1e-6)


def test_what_is_refused_and_warned_of():
    with pytest.raises(InputError, match="Name the column `labels`"):
        up.loss()({"logits": torch.zeros(2, 2)}, None)
    with pytest.raises(InputError, match="one number a class; got 3 for 2 logits"):
        up.loss(class_weight=[1.0, 1.0, 1.0])({"logits": torch.zeros(2, 2)}, torch.tensor([0, 1]))
    with pytest.warns(UserWarning, match="both balance the classes"):
        up.loss(margin_rule(COUNTS), class_weight=class_weights(COUNTS))
    with pytest.raises(InputError, match="already rank 1 of 4; accelerate splits batches itself"):
        up.WeightsCallback(sampler=ImportanceSampler(10, rng=0).shard(rank=1, world_size=4))
    assert pickle.loads(pickle.dumps(up.loss(margin_rule(COUNTS)))).rule.kind == "logit_adjust"
