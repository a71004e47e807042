"""`python -m tests`: makes the environment, finds a browser, and runs every check and test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from bot import bootstrap

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)
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
    tools = bootstrap.HOME / ("Scripts" if os.name == "nt" else "bin")
    for name, *arguments in CHECKS if not sys.argv[1:] else ():
        print("==", name, *arguments, flush=True)
        code = subprocess.run([tools / name, *arguments], cwd=bootstrap.ROOT, check=False)
        if code.returncode:
            return code.returncode
    command = [sys.executable, "-m", "pytest", *(sys.argv[1:] or TWO_AT_A_TIME)]
    print("== pytest", flush=True)
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
