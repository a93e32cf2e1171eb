"""The shape of the program: which room may import which, and that nothing names the machine it was written on."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "assistant"

GROUND = {"domain", "errors", "settings", "sentences", "encoder", "house"}
MAY_IMPORT = {
    "domain": set[str](),
    "errors": set[str](),
    "sentences": set[str](),
    "settings": {"errors"},
    "encoder": {"errors"},
    "house": {"domain", "errors"},
    "conversation": {"domain", "errors"},
    "knowledge": GROUND - {"settings", "house"},
    "judgement": GROUND - {"settings"},
    "training": GROUND - {"settings", "house"} | {"judgement"},
    "answering": GROUND - {"settings"} | {"knowledge", "judgement"},
    "pipeline": GROUND | {"conversation", "knowledge", "judgement", "answering"},
    "terminal": {"domain", "judgement"},
    "web": GROUND - {"settings"} | {"knowledge", "judgement", "answering", "pipeline"},
    "cli": GROUND | {"knowledge", "judgement", "training", "answering", "pipeline", "terminal", "web"},
    "__init__": set[str](),
    "__main__": {"cli"},
}


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_imported_by(source: str, package: str = "assistant") -> set[str]:
    """The rooms that a module imports anywhere in it, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")
                base = ".".join([*up[: len(up) - node.level + 1], *filter(None, [node.module])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("assistant.")} - {"__version__"}


def test_the_check_sees_every_form_of_import() -> None:
    source = (
        "import assistant.cli\nfrom assistant.web.api import x\nfrom assistant import pipeline\n"
        "def f():\n    from ..knowledge import index\n    from . import words\n"
    )
    assert rooms_imported_by(source, "assistant.judgement") == {"cli", "web", "pipeline", "knowledge", "judgement"}


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_imports_only_rooms_above_its_own(file: Path) -> None:
    room = room_of(file)
    package = ".".join(file.relative_to(ROOT).parent.parts)
    assert rooms_imported_by(file.read_text(encoding="utf-8"), package) - {room} <= MAY_IMPORT[room]


def modules_imported_by(file: Path) -> set[str]:
    """The modules that a file of the package imports by their full names, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_only_the_command_line_imports_the_training() -> None:
    users = {file for file in PACKAGE.rglob("*.py") if "assistant.training.train" in modules_imported_by(file)}
    assert users == {PACKAGE / "cli.py"}


def test_what_the_training_needs_is_imported_by_nothing_else() -> None:
    heavy = {"torch", "transformers", "sklearn"}
    users = {
        file.parent.name
        for file in PACKAGE.rglob("*.py")
        if heavy & {name.split(".")[0] for name in modules_imported_by(file)}
    }  # fmt: skip
    assert users == {"training"}


def test_every_module_says_what_it_is_for() -> None:
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py")]
    assert [file for file in files if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))] == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert len(files) > 50
    # The last part is written apart, so that this file does not name what it looks for.
    machine = re.compile(r"/(?:home|Users|root|work)/" + r"[A-Za-z0-9._-]+|[A-Z]:\\Users\\|/tmp/" + "w/")
    found = []
    for file in files:
        if file.is_file() and file.suffix not in {".png", ".onnx", ".woff2"} and file.name != "tokenizer.json":
            text = file.read_text(encoding="utf-8", errors="replace")
            found += [f"{file.relative_to(ROOT)}: {path}" for path in machine.findall(text)]
    assert found == []


def test_no_test_can_reach_the_network() -> None:
    with socket.socket() as far, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        far.connect(("192.0.2.1", 80))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
