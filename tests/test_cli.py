"""The command line, as a person or another program meets it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assistant import pipeline
from assistant.cli import main
from assistant.domain import Reply
from assistant.pipeline import Assistant, build_assistant
from assistant.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
QUESTION = "Will my boss find out what I tell a coach?"
OUTSIDE = "How many days of annual leave do I get?"

Run = Callable[..., Result]


@pytest.fixture
def run(assistant: Assistant, library_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command over the real library, in an empty folder, with settings given by name."""
    monkeypatch.chdir(tmp_path)

    # Opening the real library's index takes a second, too long for every command; another library is opened anew.
    def opened(settings: Settings, *arguments: Any, **named: Any) -> Assistant:
        if settings.data_dir == library_home.data_dir:
            return assistant
        return build_assistant(settings, *arguments, **named)

    monkeypatch.setattr(pipeline, "build_assistant", opened)

    def call(*arguments: str, said: str | None = None, **settings: object) -> Result:
        environment = {"DATA_DIR": library_home.data_dir} | {name.upper(): value for name, value in settings.items()}
        env = {PREFIX + name: str(value) for name, value in environment.items()}
        return CliRunner().invoke(main, arguments, input=said, env=env)

    return call


def assert_one_clear_line(result: Result) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr


def test_the_bare_command_shows_help_with_lines_to_copy(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    copied = re.findall(r"^\s*coach-or-mentor (\w+)", result.stdout, re.MULTILINE)
    assert {"serve", "ask", "chat"} <= set(copied)
    assert set(copied) <= set(main.commands)


def test_ask_prints_answer_and_sources_and_nothing_else_on_stdout(run: Run) -> None:
    result = run("ask", QUESTION)
    record = json.loads(run("ask", "--json", QUESTION).stdout)
    assert result.exit_code == 0
    answer, _, sources = result.stdout.partition("\n\nSources\n")
    assert " ".join(answer.split()) == " ".join(record["answer"].split())
    for source in record["sources"]:
        assert f"[{source['key']}]" in sources
        assert f"{source['title']} › {source['section']}" in sources


def test_the_json_is_the_whole_record_of_a_reply(run: Run) -> None:
    record = json.loads(run("ask", "--json", QUESTION).stdout)
    assert list(record) == [field.name for field in fields(Reply)]
    assert record["kind"] == "question"
    assert record["sources"]
    assert record["made_by"]["answerer"] == "built-in"


def test_words_without_quotation_marks_are_one_question(run: Run) -> None:
    assert run("ask", *QUESTION.split()).stdout == run("ask", QUESTION).stdout


def test_a_question_may_come_through_a_pipe(run: Run) -> None:
    piped = run("ask", said=QUESTION + "\n")
    assert piped.exit_code == 0
    assert piped.stdout == run("ask", QUESTION).stdout


def test_asking_nothing_is_a_mistake_in_usage(run: Run) -> None:
    result = run("ask", said="")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Say something" in result.stderr


def test_a_declined_question_ends_with_3_and_shows_no_sources(run: Run) -> None:
    result = run("ask", OUTSIDE)
    assert result.exit_code == 3
    assert "outside what I know" in result.stdout
    assert "Sources" not in result.stdout


def test_lines_are_answered_in_order_and_a_bad_one_does_not_stop_the_rest(run: Run) -> None:
    follow_up = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "The content stays with the coach."},
        {"role": "user", "content": "And who sets the goals?"},
    ]
    lines = [
        json.dumps({"id": "a", "text": QUESTION}),
        "no JSON",
        json.dumps(["neither"]),
        json.dumps({"id": "c", "text": " "}),
        json.dumps({"id": "d", "messages": follow_up}),
        json.dumps({"id": "e", "text": OUTSIDE}),
    ]
    result = run("ask", "--jsonl", said="\n".join(lines) + "\n")
    assert result.exit_code == 0
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["id"] for record in records] == ["a", None, None, "c", "d", "e"]
    assert ["error" in record for record in records] == [False, True, True, True, False, False]
    assert records[0]["answer"] == json.loads(run("ask", "--json", QUESTION).stdout)["answer"]
    assert records[5]["declined"]


def test_settings_prints_every_setting_with_the_value_in_force(run: Run, tmp_path: Path) -> None:
    result = run("settings", data_dir=tmp_path / "elsewhere", port=7999)
    assert result.exit_code == 0
    shown = dict(re.findall(rf"^{PREFIX}(\w+)=(.*)$", result.stdout, re.MULTILINE))
    assert list(shown) == [name.upper() for name in Settings.model_fields]
    assert shown["DATA_DIR"] == str(tmp_path / "elsewhere")
    assert shown["PORT"] == "7999"


@pytest.mark.parametrize(("name", "value"), [("port", "ninety"), ("port", "65536"), ("colour", "blue")])
def test_a_bad_setting_is_one_line_that_names_it(run: Run, name: str, value: str) -> None:
    result = run("settings", **{name: value})
    assert_one_clear_line(result)
    assert f"{PREFIX}{name.upper()}='{value}'" in result.stderr


def test_a_taken_port_is_one_line_with_the_way_out(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", port=port)
    assert_one_clear_line(result)
    assert str(port) in result.stderr
    assert f"{PREFIX}PORT" in result.stderr


def test_a_host_that_is_no_address_is_one_line_that_names_the_setting(run: Run) -> None:
    result = run("serve", host="nowhere.invalid")
    assert_one_clear_line(result)
    assert f"{PREFIX}HOST='nowhere.invalid'" in result.stderr


def test_broken_front_matter_is_named_with_file_and_line(run: Run, small_corpus: Path, tmp_path: Path) -> None:
    article = small_corpus / "articles" / "coaches.md"
    lines = article.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines) if line.startswith("review_by:"))
    lines[number] = "review_by: some day"
    article.write_text("\n".join(lines), encoding="utf-8")
    result = run("index", corpus_dir=small_corpus, data_dir=tmp_path / "data")
    assert_one_clear_line(result)
    assert f"coaches.md:{number + 1}:" in result.stderr


def test_a_folder_without_a_library_is_one_line_with_the_way_out(run: Run, tmp_path: Path) -> None:
    result = run("index", corpus_dir=tmp_path / "nowhere", data_dir=tmp_path / "data")
    assert_one_clear_line(result)
    assert f"{PREFIX}CORPUS_DIR" in result.stderr


def test_an_article_that_cannot_be_read_is_named(run: Run, small_corpus: Path, tmp_path: Path) -> None:
    (small_corpus / "articles" / "coaches.md").write_bytes(b"---\n\xff\xfe\n---\n")
    result = run("index", corpus_dir=small_corpus, data_dir=tmp_path / "data")
    assert_one_clear_line(result)
    assert "coaches.md" in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs a folder below a file")
def test_a_data_folder_that_cannot_be_written_is_one_line_with_the_way_out(
    run: Run, small_corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    result = run("index", corpus_dir=small_corpus, data_dir=tmp_path / "file" / "data")
    assert_one_clear_line(result)
    assert f"{PREFIX}DATA_DIR" in result.stderr


def asked_in_a_process(message: str, corpus: Path, data: Path) -> subprocess.CompletedProcess[str]:
    """`ask` as the shell runs it, over a library that has no index yet."""
    env = os.environ | {PREFIX + "CORPUS_DIR": str(corpus), PREFIX + "DATA_DIR": str(data)}
    command = [sys.executable, "-m", "assistant", "ask", message]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=ROOT)


def test_what_is_asked_before_there_is_an_index_is_in_none_of_its_files(small_corpus: Path, tmp_path: Path) -> None:
    canary = "zeugma-kestrel-thimble"
    done = asked_in_a_process(f"What does a mentor do about {canary}?", small_corpus, tmp_path / "data")
    assert done.returncode in (0, 3), done.stderr
    files = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert [file for file in files if file.name == "data_level0.bin"]
    assert [file for file in files if canary.encode() in file.read_bytes()] == []


def test_the_index_is_built_by_a_process_that_saw_no_message(
    run: Run, small_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def start(command: list[str], check: bool) -> subprocess.CompletedProcess[bytes]:
        started.append(command)
        return subprocess.CompletedProcess(command, 2)

    monkeypatch.setattr(subprocess, "run", start)
    result = run("ask", QUESTION, corpus_dir=small_corpus, data_dir=tmp_path / "data")
    assert result.exit_code == 2
    [command] = started
    assert "index" in command
    assert not any(QUESTION in word for word in command)
    assert not list((tmp_path / "data").rglob("*.bin"))


def test_what_keeps_the_index_from_being_built_is_said_once_and_ends_the_command(tmp_path: Path) -> None:
    done = asked_in_a_process(QUESTION, tmp_path / "nowhere", tmp_path / "data")
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_chat_answers_turn_by_turn_and_ends_with_the_input(run: Run) -> None:
    result = run("chat", said=f"{QUESTION}\nthanks a lot\n")
    assert result.exit_code == 0
    assert "Sources" in result.stdout
    assert "You are welcome" in result.stdout
    assert "Nothing you type is kept" in result.stderr


def test_search_shows_passages_best_first(run: Run) -> None:
    result = run("search", "--limit", "3", QUESTION)
    assert result.exit_code == 0
    rows = result.stdout.splitlines()[1:]
    assert len(rows) == 3
    scores = [float(row.split()[0]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all("#" in row.split()[-1] for row in rows)


def test_index_says_which_index_is_ready(run: Run, library_home: Settings) -> None:
    result = run("index")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert str(library_home.data_dir / "indexes") in result.stderr
