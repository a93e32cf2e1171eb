"""The command line: answers to stdout, everything else to stderr.

Exit codes: 0 answered, 3 declined, 2 usage or configuration, 1 a fault of ours.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from assistant import __version__
from assistant.errors import AssistantError, MessageError, PortInUseError, SettingsError

if TYPE_CHECKING:
    from assistant.domain import Reply
    from assistant.knowledge.index import Progress
    from assistant.pipeline import Assistant

DECLINED = 3

EXAMPLES = """\b
Lines to copy:
  coach-or-mentor serve
  coach-or-mentor ask "Will my boss find out what I tell a coach?"
  coach-or-mentor ask --json "How long does coaching last?"
  coach-or-mentor chat
  coach-or-mentor search "coach price"
  coach-or-mentor settings
"""


class _Commands(click.Group):
    """Errors that a person can mend are one line and exit code 2, whichever command meets them."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AssistantError as error:
            click.echo(f"coach-or-mentor: {error}", err=True)
            ctx.exit(2)


@click.group(cls=_Commands, epilog=EXAMPLES, no_args_is_help=False, invoke_without_command=True)
@click.version_option(__version__, prog_name="coach-or-mentor")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Answers questions about coaching and mentoring at work from a library, every sentence with its source."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@main.command()
@click.argument("question", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the whole reply record as JSON.")
@click.option(
    "--jsonl", is_flag=True, help='Read lines of {"id", "text"} or {"id", "messages"}; write a record a line.'
)
@click.pass_context
def ask(ctx: click.Context, question: tuple[str, ...], as_json: bool, jsonl: bool) -> None:
    """Answer one QUESTION (or what comes in on standard input)."""
    if jsonl:
        _ask_lines()
        return
    text = " ".join(question)
    if not text and not sys.stdin.isatty():
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not text.strip():
        raise click.UsageError('Ask something: coach-or-mentor ask "How long does coaching last?"')
    from assistant.domain import Turn

    reply = asyncio.run(_assistant().reply([Turn("user", text)]))
    click.echo(json.dumps(asdict(reply), ensure_ascii=False, indent=2) if as_json else _readable(reply))
    if reply.declined:
        ctx.exit(DECLINED)


def _ask_lines() -> None:
    from assistant.domain import Turn

    assistant = _assistant()
    for number, line in enumerate(sys.stdin.buffer, 1):
        record: dict[str, Any] = {"id": None}
        try:
            request = json.loads(line)
            record["id"] = request.get("id")
            turns = request.get("messages") or [{"role": "user", "content": request["text"]}]
            messages = [Turn(turn["role"], turn["content"]) for turn in turns]
            record = asdict(asyncio.run(assistant.reply(messages))) | {"id": record["id"]}
        except MessageError as error:
            record["error"] = str(error)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            record["error"] = f"Line {number} is not an object with id and text, or id and messages ({error})."
        click.echo(json.dumps(record, ensure_ascii=False))
        click.echo(f"\r{number} done", err=True, nl=False)
    click.echo("", err=True)


@main.command()
def chat() -> None:
    """Talk in the terminal; an empty line or Ctrl-D ends it. Nothing is kept."""
    from assistant.domain import Turn

    assistant = _assistant()
    click.echo("I am a program that answers from a library. Nothing you type is kept. Ctrl-D ends.", err=True)
    messages: list[Turn] = []
    while True:
        try:
            text = click.prompt("\nYou", prompt_suffix=": ", default="", show_default=False, err=True)
        except click.Abort:
            break
        if not text.strip():
            break
        try:
            reply = asyncio.run(assistant.reply([*messages, Turn("user", text)]))
        except MessageError as error:
            click.echo(str(error), err=True)
            continue
        click.echo(f"\n{_readable(reply)}")
        messages += [Turn("user", text), Turn("assistant", reply.answer)]
    click.echo("", err=True)


@main.command()
@click.argument("query")
@click.option("--limit", default=8, show_default=True, type=click.IntRange(1, 50), help="How many passages to show.")
def search(query: str, limit: int) -> None:
    """Show what the library finds for QUERY, with its scores, for whoever tunes it."""
    click.echo("fused   meaning  words  passage")
    for hit in _assistant().search(query, limit):
        dense = "      -" if hit.dense is None else f"{hit.dense:7.2f}"
        bm25 = "    -" if hit.bm25 is None else f"{hit.bm25:5.1f}"
        click.echo(f"{hit.score:.4f} {dense}  {bm25}  {hit.passage.id}")


@main.command()
def index() -> None:
    """Build the index now, if the library has changed."""
    assistant = _assistant()
    click.echo(f"Index {assistant.index.name} is ready in {assistant.index.folder}.", err=True)


@main.command()
def serve() -> None:
    """Open the chat page on this computer."""
    from assistant.settings import read_settings

    settings = read_settings()
    listening = _listen(settings.host, settings.port)
    assistant = _assistant()
    from assistant.web.app import build_app, serve

    if not settings.is_local:
        click.echo(
            f"Warning: {settings.host} can be reached from other computers, and the page asks nobody who they are.",
            err=True,
        )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    app = build_app(assistant, settings.corpus_dir)
    click.echo(f"The chat is at http://{host}:{listening.getsockname()[1]}  (Ctrl-C stops it)", err=True)
    serve(app, listening)


def _listen(host: str, port: int) -> socket.socket:
    """The open socket to serve on, taken before the long work so that a busy port is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise PortInUseError(
            f"Cannot listen on {host}, port {port} ({(error.strerror or str(error)).lower()}): "
            "set COACH_OR_MENTOR_PORT to another port, or to 0 for any free one."
        ) from error
    return listening


@main.command("settings")
def show_settings() -> None:
    """Print the settings in force, with what they mean."""
    from assistant.settings import PREFIX, Settings, read_settings

    settings = read_settings()
    for name, field in Settings.model_fields.items():
        click.echo(f"{PREFIX}{name.upper()}={getattr(settings, name)}\n    {field.description}")


@main.command()
def train() -> None:
    """Learn the judge of kinds anew from corpus/cases (for developers; needs the dependency group 'training')."""
    if find_spec("sklearn") is None:
        raise SettingsError("Training needs scikit-learn: run 'uv run --group training coach-or-mentor train'.")
    from assistant.judgement.kinds import WEIGHTS
    from assistant.judgement.training import read_kind_cases
    from assistant.settings import read_settings

    cases = read_kind_cases(read_settings().corpus_dir / "cases")
    weights, scores = _assistant().train_kinds(cases)
    WEIGHTS.write_text(json.dumps(weights), encoding="utf-8")
    click.echo(json.dumps(scores, indent=2))
    click.echo(f"Weights {weights['name']} are in {WEIGHTS}.", err=True)


def _readable(reply: Reply) -> str:
    parts = []
    if reply.help:
        contacts = [f"- {contact.name}: {contact.how}" for contact in reply.help.contacts]
        parts.append("\n".join([click.wrap_text(reply.help.text, 88), *contacts]))
    if reply.answer:
        parts.append(click.wrap_text(reply.answer, 88))
    if reply.sources:
        places: dict[tuple[str, str], list[str]] = {}
        for source in reply.sources:
            places.setdefault((f"{source.title} › {source.section}", source.url.partition(".")[0]), []).append(
                source.key
            )
        parts.append(
            "Sources\n"
            + "\n".join(
                f"{''.join(f'[{k}]' for k in keys)} {place}\n    {url}" for (place, url), keys in places.items()
            )
        )
    if reply.suggestions:
        parts.append("You can ask, for example:\n" + "\n".join(f"- {question}" for question in reply.suggestions))
    return "\n\n".join(parts)


def _assistant() -> Assistant:
    from assistant.pipeline import build_assistant
    from assistant.settings import read_settings

    settings = read_settings()
    with _progress() as progress:
        return build_assistant(
            settings,
            progress,
            waiting=lambda: click.echo("Another process is building the index; waiting for it …", err=True),
        )


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on stderr that appears with the first text to embed, and not at all when there is none."""
    bar: Any = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if done == total and bar is None:
            return
        if bar is None:
            bar = click.progressbar(length=total, label="Reading the library", file=sys.stderr)
            bar.__enter__()
        bar.update(done - bar.pos)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)
