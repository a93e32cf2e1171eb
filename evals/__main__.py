"""`python -m evals`: scores the built-in assistant on the reference sets, and fails when a figure is under its floor."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click

from assistant.encoder import ENCODER_NAME, load_encoder
from assistant.errors import AssistantError
from assistant.judgement.cases import read_cases as read_worked_cases
from assistant.judgement.judge import CARD
from assistant.knowledge.passages import read_passages
from assistant.pipeline import build_assistant
from assistant.settings import read_settings
from evals import HERE, read_cases
from evals.answers import score_answers, score_rankings
from evals.injections import score_injections
from evals.intervals import Figure
from evals.judgement import judge_all, score_judgement
from evals.kinds import score_kinds
from evals.safety import score_safety


def below_floor(figures: list[Figure], floors: dict[str, float], *, fast: bool) -> list[str]:
    """The names of the figures that are under their floor.

    A third of the cases moves more by chance, so there the whole interval must be under it.
    """
    return [
        f.name
        for f in figures
        if (f.high if fast and not math.isnan(f.high) else f.value) < floors.get(f.name.strip(), 0.0) - 1e-9
    ]


@click.command()
@click.option("--fast", is_flag=True, help="Every third case, in under a minute.")
@click.option("--failures", is_flag=True, help="List the cases that failed.")
@click.option("--card", is_flag=True, help="Write the judgement's figures into the judge's card (after a training).")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to FILE.")
def main(fast: bool, failures: bool, card: bool, json_file: Path | None) -> None:
    """Scores the built-in assistant on the reference sets."""
    if card and fast:
        raise click.UsageError("The card holds the figures of all cases: leave out --fast.")
    settings = read_settings()
    assistant = build_assistant(
        settings, lambda done, total: None, lambda: click.echo("Another process is building the index ...", err=True)
    )
    questions = read_cases("questions.jsonl", fast=fast)
    messages = [*read_cases("kinds.jsonl", fast=fast), *read_cases("kinds-more.jsonl", fast=fast)]
    references = read_worked_cases(HERE / "cases")
    floors = json.loads((HERE / "floors.json").read_text(encoding="utf-8"))

    started = time.perf_counter()
    answers = asyncio.run(score_answers(assistant, questions, read_passages(settings.corpus_dir)))
    kinds = asyncio.run(score_kinds(assistant, messages))
    rankings = score_rankings(assistant.index, load_encoder(), questions)
    outcomes = asyncio.run(judge_all(assistant, references[:: 3 if fast else 1]))
    judgement = score_judgement(outcomes)
    safety = asyncio.run(score_safety(assistant, read_cases("sensitive.jsonl", fast=fast)))
    injections = asyncio.run(score_injections(assistant, read_cases("injections.jsonl", fast=fast), references))
    parts = {"judgement": judgement, "safety": safety, "injections": injections, "kinds": kinds, "answers": answers}
    figures = [
        *answers.figures,
        *rankings,
        *(f for name, part in parts.items() if name != "answers" for f in part.figures),
    ]

    click.echo(f"{'':<42}{'value':>7}{'n':>6}   95% interval     floor")
    for f in figures:
        floor = floors.get(f.name.strip())
        interval = "" if math.isnan(f.low) else f"{f.low:.3f} to {f.high:.3f}"
        click.echo(
            f"{f.name:<42}{f.value:7.3f}{f.n:6}   {interval:<14}   {floor if floor is not None else ''}".rstrip()
        )
    click.echo(
        f"index {assistant.index.name}, {assistant.judge_name}, {ENCODER_NAME}, {time.perf_counter() - started:.0f} s"
    )
    if failures:
        for name, part in parts.items():
            click.echo(f"\n{name}: {len(part.failures)} failed")
            for line in part.failures:
                click.echo(line.replace("\n", " / "))
    if card:
        data = json.loads(CARD.read_text(encoding="utf-8"))
        data["scores"] = {f.name.strip(): {"value": round(f.value, 3), "n": f.n} for f in judgement.figures}
        CARD.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    under = below_floor(figures, floors, fast=fast)
    if json_file is not None:
        record = {
            "index": assistant.index.name,
            "encoder": ENCODER_NAME,
            "fast": fast,
            "figures": [asdict(f) for f in figures],
            "under_floor": under,
            "judge": assistant.judge_name,
            "failures": {name: part.failures for name, part in parts.items()},
        }
        json_file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if under:
        click.echo(f"Under the floor in evals/floors.json: {'; '.join(under)}.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except AssistantError as error:
        sys.exit(str(error))
