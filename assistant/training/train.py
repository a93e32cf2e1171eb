"""The whole training: from the worked cases to the judge's files.

Some writers never teach: figures are calibrated, and choices between trainings made, on their cases.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from assistant.encoder import tokenizer_file
from assistant.judgement.cases import Alarm, WorkedCase
from assistant.judgement.clauses import split_clauses
from assistant.judgement.judge import CARD, MODEL, WINDOW_TOKENS, Judge
from assistant.judgement.kinds import Nearness
from assistant.judgement.precedents import PRECEDENTS, write_precedents
from assistant.training.calibrating import RAW, calibrate
from assistant.training.fitting import fit
from assistant.training.network import Network, base_weights, export

# These writers' cases are left out of training.
DEVELOPMENT_WRITERS = frozenset({"plain", "careers", "ledger", "egret"})
EPOCHS = 4
SEED = 20261125


def train(
    cases: Sequence[WorkedCase],
    alarms: Sequence[Alarm],
    development_alarms: Sequence[Alarm],
    nearness: Callable[[str], Nearness],
    progress: Callable[[int, int], None],
    epochs: int = EPOCHS,
) -> dict[str, Any]:
    """Trains, writes model, card and precedents into `assistant/data`, and returns the card.

    `development_alarms` are by writers of none of the others; by them the thresholds are set. `nearness` says how near the
    library comes to a text. `progress` is told of the steps done and of all steps. Takes three quarters of an hour on two
    cores. The files in place are replaced at the very end, so that a training that is interrupted leaves the judge as it was.
    """
    tokenizer = Tokenizer.from_file(str(tokenizer_file()))
    tokenizer.no_padding()
    tokenizer.enable_truncation(WINDOW_TOKENS)
    taught = [case for case in cases if case.writer not in DEVELOPMENT_WRITERS]
    development = [case for case in cases if case.writer in DEVELOPMENT_WRITERS]
    torch.manual_seed(SEED)
    network = Network(base_weights())
    fit(network, taught, alarms, tokenizer, epochs, SEED, progress)
    with tempfile.TemporaryDirectory(dir=MODEL.parent) as folder:
        model, card_file, precedents = (Path(folder) / file.name for file in (MODEL, CARD, PRECEDENTS))
        export(network, model)
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
        card = {
            "name": f"judge-{digest[:8]}",
            "sha256": digest,
            **_what_was_learned(taught, alarms, development, epochs),
        }
        _write_card(card | {"calibration": RAW}, card_file)
        card["calibration"] = calibrate(Judge(model, card_file), development, development_alarms, nearness)
        _write_card(card, card_file)
        judge = Judge(model, card_file)
        write_precedents(
            [(case, judge.judge(case.text, split_clauses(case.text))) for case in taught if case.kind == "situation"],
            precedents,
        )
        for made, place in ((model, MODEL), (card_file, CARD), (precedents, PRECEDENTS)):
            os.replace(made, place)
    return card


def _what_was_learned(
    taught: Sequence[WorkedCase], alarms: Sequence[Alarm], development: Sequence[WorkedCase], epochs: int
) -> dict[str, Any]:
    """The card's account of its data."""
    entries: list[WorkedCase | Alarm] = [*taught, *alarms]
    digest = hashlib.sha256("\n".join(sorted(entry.id + entry.text for entry in entries)).encode())
    return {
        "base": "all-MiniLM-L6-v2 (Apache-2.0), all layers fine-tuned, int8",
        "epochs": epochs,
        "seed": SEED,
        "data_sha256": digest.hexdigest(),
        "situations": sum(case.kind == "situation" for case in taught),
        "other_messages": sum(case.kind != "situation" for case in taught),
        "alarms": len(alarms),
        "by_writer": dict(sorted(Counter(entry.writer for entry in entries).items())),
        "by_verdict": dict(
            sorted(Counter(case.verdict for case in taught if case.kind == "situation" and case.verdict).items())
        ),
        "development_writers": dict(sorted(Counter(case.writer for case in development).items())),
    }


def _write_card(card: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
