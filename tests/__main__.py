"""`python -m tests`: makes the environment, finds a browser, and runs every check and test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from bot import bootstrap

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("lint-imports",),
)
# Takes a minute of one core, so it runs beside the tests.
TYPES = ("mypy",)
# Files as they come, not those of most tests first: the heaviest (tests/bot) have few.
TWO_AT_A_TIME = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "microsoft-edge",
    "chrome",
)


def main() -> int:
    """Run the checks, then pytest with the given arguments; return the first bad exit code."""
    _find_browser()
    if sys.argv[1:]:
        return _pytest(sys.argv[1:])
    for check in CHECKS:
        print("==", *check, flush=True)
        if code := subprocess.run(_tool(check), cwd=bootstrap.ROOT, check=False).returncode:
            return code
    print("==", *TYPES, "(beside pytest)", flush=True)
    with tempfile.TemporaryFile() as output:
        types = subprocess.Popen(_tool(TYPES), cwd=bootstrap.ROOT, stdout=output, stderr=output)
        code = _pytest(TWO_AT_A_TIME)
        if wrong := types.wait():
            output.seek(0)
            print(output.read().decode(errors="replace"))
    return code or wrong


def _tool(command: Sequence[str]) -> list[str]:
    tools = bootstrap.HOME / ("Scripts" if os.name == "nt" else "bin")
    return [str(tools / command[0]), *command[1:]]


def _pytest(arguments: Sequence[str]) -> int:
    print("== pytest", flush=True)
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=bootstrap.ROOT, check=False).returncode


def _find_browser() -> None:
    """Install Debian's Chromium where that is ours to do and no browser is there."""
    if any(shutil.which(name) for name in BROWSERS) or not shutil.which("apt-get"):
        return
    if os.geteuid() != 0:
        return
    print("Installing Chromium for the browser tests ...", flush=True)
    install = "apt-get install -y -qq --no-install-recommends fonts-wqy-microhei"
    _quietly("apt-get update -qq")
    # Only newer releases have the one without windows.
    if _quietly(f"{install} chromium-headless-shell"):
        _quietly(f"{install} chromium")


def _quietly(command: str) -> int:
    return subprocess.run(command.split(), stdout=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    bootstrap.enter("tests", bootstrap.TEST)
    raise SystemExit(main())
