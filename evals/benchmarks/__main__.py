"""`python -m evals.benchmarks`: each cost against its own baseline in the same run, so that the machine cancels out.

Prints goal and measured, and never fails on a time.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import click

from assistant.domain import Turn
from assistant.encoder import OnnxEncoder, load_encoder
from assistant.errors import AssistantError
from assistant.knowledge.index import embedded_text, open_or_build
from assistant.knowledge.passages import read_passages
from assistant.pipeline import Assistant, build_assistant
from assistant.settings import Settings, read_settings
from evals import read_cases

IMPORTS = "import chromadb, bm25s, onnxruntime, tokenizers, click, pydantic_settings"
QUESTION = "How long does coaching last?"


def main_row(work: str, goal: str, measured: str) -> None:
    """Prints one line of the table as soon as it is known."""
    click.echo(f"{work:<58}{goal:>10}   {measured}")


def reply_ratio(assistant: Assistant, encoder: OnnxEncoder) -> str:
    """The median reply against the median encoder pass over the same message, taken in turns."""
    questions = [case["question"] for case in read_cases("questions.jsonl")[:40]]
    replies, passes = [], []

    async def run() -> None:
        for _ in range(3):
            for question in questions:
                passes.append(_seconds(lambda text=question: encoder.encode([text])))  # type: ignore[misc]
                started = time.perf_counter()
                await assistant.reply([Turn("user", question)])
                replies.append(time.perf_counter() - started)

    asyncio.run(run())
    reply, encoded = statistics.median(replies), statistics.median(passes)
    return f"{reply / encoded:.2f}   ({1000 * reply:.1f} ms against {1000 * encoded:.1f} ms, {len(replies)} replies)"


def indexing_ratio(settings: Settings, encoder: OnnxEncoder) -> str:
    """Texts a second of a whole build, reading included, against those of the bare encoder."""
    passages = read_passages(settings.corpus_dir)
    texts = [embedded_text(passage) for passage in passages]
    texts += [phrasing for passage in passages for phrasing in (passage.section, *passage.phrasings)]
    bare = _seconds(lambda: encoder.encode_many(texts, lambda finished: None))
    with tempfile.TemporaryDirectory() as home:
        built = _seconds(
            lambda: open_or_build(
                "benchmark",
                lambda: read_passages(settings.corpus_dir),
                Path(home),
                encoder,
                lambda done, total: None,
                lambda: None,
            ).close()
        )
    return f"{bare / built:.2f}   ({built:.1f} s against {bare:.1f} s, {len(texts)} texts)"


def ask_ratio(command: str) -> str:
    """The shell command against a Python that only imports what it needs; medians of five, taken in turns."""
    asked, imported = [], []
    for _ in range(5):
        imported.append(_seconds(lambda: _run([sys.executable, "-c", IMPORTS])))
        asked.append(_seconds(lambda: _run([command, "ask", QUESTION])))
    ask, imports = statistics.median(asked), statistics.median(imported)
    return f"{ask / imports:.2f}   ({ask:.2f} s against {imports:.2f} s)"


def serving_memory(command: str, settings: Settings) -> str:
    """Resident memory of a serving process once it has answered over HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {**os.environ, "COACH_OR_MENTOR_PORT": str(port), "COACH_OR_MENTOR_HOST": "127.0.0.1"}
    article = sorted((settings.corpus_dir / "articles").glob("*.md"))[0].stem
    server = subprocess.Popen([command, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        started = time.perf_counter()
        while time.perf_counter() - started < 90 and server.poll() is None:
            try:
                for page in ("", f"library/{article}"):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=20).read()
                ready = time.perf_counter() - started
                return f"{_resident_mb(server.pid):.0f} MB   (answering after {ready:.1f} s)"
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        return "skipped: 'coach-or-mentor serve' did not answer"
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


@click.command()
def main() -> None:
    """Measures what the assistant costs against what it is built on."""
    settings = read_settings()
    encoder = load_encoder()
    assistant = build_assistant(settings, lambda done, total: None, lambda: None)
    # The command beside this Python, whichever others are on the path.
    command = shutil.which("coach-or-mentor", path=str(Path(sys.executable).parent))
    main_row("work", "goal", "measured")
    main_row("built-in reply, p50 / one encoder pass", "<= 3", reply_ratio(assistant, encoder))
    main_row("indexing throughput / bare encoder's", ">= 0.85", indexing_ratio(settings, encoder))
    for work, goal, measure in (
        ("'ask' from the shell / importing what it needs", "<= 1.2", ask_ratio),
        ("memory of a serving process, after load", "<= 600 MB", lambda found: serving_memory(found, settings)),
    ):
        try:
            measured = measure(command) if command else "skipped: the command is not installed, run 'uv sync'"
        except subprocess.CalledProcessError as error:
            measured = f"skipped: {' '.join(error.cmd[:2])} failed"
        main_row(work, goal, measured)


if __name__ == "__main__":
    try:
        main()
    except AssistantError as error:
        sys.exit(str(error))
