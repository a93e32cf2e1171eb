"""With the network really closed: a namespace of its own, in which not even a name can be looked up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from assistant.settings import PREFIX, Settings

# Loopback is down in a fresh namespace. 0x8913 and 0x8914 read and set a device's flags; 1 is "up".
LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    name, flags = struct.unpack_from("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh14x", b"lo", 0)))
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", name, flags | 1))
"""

NOBODY_OUTSIDE = """
try:
    socket.create_connection(("192.0.2.1", 80), timeout=2)
except OSError as error:
    assert error.errno == errno.ENETUNREACH, error
else:
    raise AssertionError("the network is open")
"""

ASK = """
import errno, socket
{closed}
from assistant.cli import main
main(["ask", "--json", "Will my boss find out what I tell a coach?"])
"""

SERVE = """
import errno, os, re, signal, socket, subprocess, sys, threading, urllib.request
{loopback}
{closed}
server = subprocess.Popen(
    [sys.executable, "-c", "from assistant.cli import main; main(['serve'])"], stderr=subprocess.PIPE, text=True
)
watchdog = threading.Timer(240, server.kill)
watchdog.daemon = True
watchdog.start()
said = ""
for line in server.stderr:
    said += line
    if address := re.search(r"http://127\\.0\\.0\\.1:\\d+", line):
        break
else:
    raise SystemExit("serve ended: " + said)
threading.Thread(target=server.stderr.read, daemon=True).start()
# The address is said a moment before the first request is taken; the socket is open, so requests wait.
for path in ("/", "/library/confidentiality-and-its-limits"):
    with urllib.request.urlopen(address[0] + path, timeout=60) as answer:
        print(answer.status, len(answer.read()) > 500)
server.send_signal(signal.SIGINT)
print(server.wait(30))
"""


@cache
def _closed() -> list[str] | None:
    """The command that runs another one with the network closed, or None where that is not allowed."""
    if shutil.which("unshare") is None:
        return None
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return None


def _run_closed(script: str, settings: Settings, folder: Path) -> str:
    closed = _closed()
    if closed is None:
        if os.environ.get("CI"):
            pytest.fail("unshare may not close the network here.")
        pytest.skip("unshare may not close the network here")
    done = subprocess.run(
        [*closed, sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {PREFIX + "DATA_DIR": str(settings.data_dir), PREFIX + "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ask_needs_no_network(library_home: Settings, tmp_path: Path) -> None:
    printed = _run_closed(ASK.format(closed=NOBODY_OUTSIDE), library_home, tmp_path)
    assert json.loads(printed)["sources"]


def test_serve_needs_no_network(library_home: Settings, tmp_path: Path) -> None:
    printed = _run_closed(SERVE.format(loopback=LOOPBACK_UP, closed=NOBODY_OUTSIDE), library_home, tmp_path)
    assert printed.splitlines() == ["200 True", "200 True", "0"]
