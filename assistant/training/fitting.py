"""Fits the network to the worked cases, all tasks at once."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from assistant.judgement.cases import Alarm, WorkedCase
from assistant.judgement.judge import JUDGED_KINDS, SENSITIVES
from assistant.training.network import Network
from assistant.training.samples import IGNORED, Sample, batches, samples

BATCH = 16
ENCODER_RATE, HEAD_RATE = 6e-5, 2e-3
WARM_UP, AVERAGED = 0.06, 1 / 3
SMOOTHING = 0.05
# What each task weighs in the sum that is minimised.
WEIGHTS = {
    "kind": 1.0, "verdict": 1.0, "instead": 0.7, "sensitive": 1.0, "on_behalf": 0.2, "sign": 0.5, "alarm": 0.5,
}  # fmt: skip
# Alarms are many and quickly learned: an epoch shows one part of them, the next one the next.
ALARM_PARTS = 2
# Situations are many and sensitive ones few: kinds weigh by one over the root of their number, matters by this much.
RARE = 2.0


def fit(
    network: Network,
    cases: Sequence[WorkedCase],
    alarms: Sequence[Alarm],
    tokenizer: Tokenizer,
    epochs: int,
    seed: int,
    progress: Callable[[int, int], None],
) -> None:
    """Fits the network in place. The weights kept are the average over the last third of the steps (Izmailov and others
    2018, "Averaging weights leads to wider optima"). `progress` is told of the steps done and of all steps."""
    shuffler = random.Random(seed)
    heads = [weight for name, weight in network.named_parameters() if not name.startswith("encoder.")]
    groups = [{"params": list(network.encoder.parameters()), "lr": ENCODER_RATE}, {"params": heads, "lr": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    kinds = _weights_of_kinds(cases)
    mixed = shuffler.sample(alarms, len(alarms))
    parts = [mixed[part::ALARM_PARTS] for part in range(ALARM_PARTS)]
    steps = epochs * math.ceil(len(samples(cases, parts[0], tokenizer, random.Random(seed))) / BATCH)
    warm = max(1, int(WARM_UP * steps))
    # Rises to the full rate, then falls in a line, not quite to nothing, so that the average is over moving weights.
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.1, (steps - step) / steps))
    )
    average = torch.optim.swa_utils.AveragedModel(network)
    step = 0
    network.train()
    for epoch in range(epochs):
        shown = samples(cases, parts[epoch % ALARM_PARTS], tokenizer, shuffler)
        for batch in batches(shown, BATCH, shuffler):
            loss = _loss(network, batch, kinds)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            if step > (1 - AVERAGED) * steps:
                average.update_parameters(network)
            progress(min(step, steps), steps)
    network.load_state_dict(average.module.state_dict())
    network.eval()


def _weights_of_kinds(cases: Sequence[WorkedCase]) -> Tensor:
    counts = Counter(case.kind for case in cases)
    weights = torch.tensor([counts[kind] for kind in JUDGED_KINDS], dtype=torch.float).clamp(min=1).rsqrt()
    return weights * len(cases) / sum(weights[JUDGED_KINDS.index(case.kind)] for case in cases)


def _loss(network: Network, batch: Sequence[Sample], kinds: Tensor) -> Tensor:
    ids, mask = _padded([sample.ids for sample in batch], 0)
    _, kind, verdict, instead, sensitive, on_behalf, sign, alarm = network(ids, mask)
    losses = {
        "kind": _cross_entropy(kind, torch.tensor([sample.kind for sample in batch]), SMOOTHING, kinds),
        "verdict": _cross_entropy(verdict, torch.tensor([sample.verdict for sample in batch]), SMOOTHING),
        "instead": _cross_entropy(instead, torch.tensor([sample.instead for sample in batch]), SMOOTHING),
        "sign": _cross_entropy(sign.flatten(0, 1), _padded([s.signs for s in batch], IGNORED)[0].flatten()),
        "sensitive": _binary(sensitive, [sample.sensitive for sample in batch]),
        "on_behalf": _binary(on_behalf, [None if s.on_behalf is None else (s.on_behalf,) for s in batch], rare=1.0),
        "alarm": _alarm_loss(alarm, _padded([sample.alarms for sample in batch], IGNORED)[0]),
    }
    return torch.stack([WEIGHTS[task] * loss for task, loss in losses.items()]).sum()


def _cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0, weights: Tensor | None = None) -> Tensor:
    if (labels == IGNORED).all():
        return logits.sum() * 0
    return functional.cross_entropy(logits, labels, weights, ignore_index=IGNORED, label_smoothing=smoothing)


def _binary(logits: Tensor, labels: Sequence[tuple[float, ...] | None], rare: float = RARE) -> Tensor:
    rows = [row for row, label in enumerate(labels) if label is not None]
    if not rows:
        return logits.sum() * 0
    wanted = torch.tensor([label for label in labels if label is not None])
    return functional.binary_cross_entropy_with_logits(logits[rows], wanted, pos_weight=torch.tensor(rare))


def _alarm_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Each token's alarms against the words that were quoted for a matter."""
    known = labels != IGNORED
    if not known.any():
        return logits.sum() * 0
    wanted = functional.one_hot(labels[known], 1 + len(SENSITIVES))[:, 1:].to(logits.dtype)
    loss = functional.binary_cross_entropy_with_logits(logits[known], wanted, pos_weight=torch.tensor(RARE))
    return loss * len(SENSITIVES)


def _padded(rows: Sequence[list[int]], filler: int) -> tuple[Tensor, Tensor]:
    width = max(map(len, rows))
    values = torch.tensor([row + [filler] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return values, mask
