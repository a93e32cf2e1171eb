"""The wheel on its own, far from the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the installed wheel and nothing else."""
    uv = shutil.which("uv")
    if uv is None:
        if os.environ.get("CI"):
            pytest.fail("uv is missing, so no wheel can be built.")
        pytest.skip("uv is missing, so no wheel can be built")
    built, target = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    _run([uv, "build", "--wheel", "--quiet", "--out-dir", str(built)], cwd=ROOT)
    [wheel] = built.glob("*.whl")
    _run([uv, "pip", "install", "--quiet", "--no-deps", "--offline", "--target", str(target), str(wheel)], cwd=built)
    return target


def _run(command: list[str], cwd: Path, **variables: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_answers_from_the_library_it_carries(installed: Path, library_home: Settings, tmp_path: Path) -> None:
    # The folder of the wheel comes before the checkout on the path, and what was imported is checked.
    script = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "import assistant, assistant.cli\n"
        "print(assistant.__file__, file=sys.stderr)\n"
        f"assert assistant.__file__.startswith({str(installed)!r}), assistant.__file__\n"
        "assistant.cli.main(['ask', '--json', 'Will my boss find out what I tell a coach?'])\n"
    )
    printed = _run([sys.executable, "-c", script], tmp_path, **{PREFIX + "DATA_DIR": str(library_home.data_dir)})
    assert json.loads(printed)["sources"]


def test_the_wheel_finds_its_library_inside_itself(installed: Path, tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "from assistant.settings import read_settings\n"
        "print(read_settings().corpus_dir)\n"
    )
    corpus = Path(_run([sys.executable, "-c", script], tmp_path).strip())
    assert corpus == installed / "assistant" / "corpus"
    carried = {file.name for file in (corpus / "articles").glob("*.md")}
    assert carried == {file.name for file in (ROOT / "corpus" / "articles").glob("*.md")}
    assert (corpus / "sources.toml").read_bytes() == (ROOT / "corpus" / "sources.toml").read_bytes()


def test_the_wheel_carries_the_page_and_the_licence_but_not_the_cases(installed: Path) -> None:
    assert list((installed / "assistant" / "web" / "static").iterdir())
    assert (installed / "assistant" / "data" / "tokenizer.json").is_file()
    [notes] = installed.glob("*.dist-info")
    assert {"LICENSE", "NOTICE"} <= {file.name for file in notes.rglob("*")}
    assert not (installed / "assistant" / "corpus" / "cases").exists()


def test_the_wheel_carries_the_criteria_and_the_judge(installed: Path) -> None:
    for file in ("prompts/criteria.toml", "data/judge.onnx", "data/judge.json", "data/precedents.jsonl"):
        there = "assistant" if file.startswith("data/") else "."
        assert (installed / "assistant" / file).read_bytes() == (ROOT / there / file).read_bytes()


def test_the_wheel_judges_a_situation_by_the_files_it_carries(
    installed: Path, library_home: Settings, tmp_path: Path
) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "import assistant.cli\n"
        "from assistant.judgement.judge import MODEL\n"
        "from assistant.settings import read_settings\n"
        f"assert str(MODEL).startswith({str(installed)!r}), MODEL\n"
        f"assert str(read_settings().prompts_dir).startswith({str(installed)!r}), read_settings().prompts_dir\n"
        "assistant.cli.main(['ask', '--json', 'I interrupt people in every meeting. I want that gone by the end of June.'])\n"
    )
    printed = _run([sys.executable, "-c", script], tmp_path, **{PREFIX + "DATA_DIR": str(library_home.data_dir)})
    assert json.loads(printed)["assessment"]["verdict"]
