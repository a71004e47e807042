"""Makes the program's own environment on a machine that has nothing but Python.

Runs before any dependency is there: standard library only. The environment is `.venv` beside
this package; a stamp in it holds the digest of the lock files it was made from, so that an
upgrade installs what changed and every other start costs one comparison.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
RUNTIME = ROOT / "requirements.lock"
TEST = ROOT / "requirements-test.lock"
MINIMUM = (3, 11)


def enter(module: str, lock: Path) -> None:
    """Go on in the environment made from `lock`: returns there, never in another Python.

    An installation without the lock file (from a package) is used as it is.
    """
    if sys.version_info < MINIMUM:
        sys.exit(f"Zhibu needs Python {MINIMUM[0]}.{MINIMUM[1]} or newer, this is {sys.version}")
    if not lock.exists():
        return
    stamp = HOME / f"{module}.stamp"
    digest = _digest(lock)
    if not stamp.exists() or stamp.read_text() != digest:
        _install(lock)
        stamp.write_text(digest)
    if Path(sys.prefix).resolve() != HOME.resolve():
        _go_on(module)


def _install(lock: Path) -> None:
    python = _python()
    if not python.exists():
        print("Making the environment in .venv ...", flush=True)
        try:
            venv.create(HOME, with_pip=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(HOME, ignore_errors=True)
            sys.exit("Python's venv module is incomplete: install it (Debian: python3-venv)")
    print("Installing the locked dependencies, this takes a minute ...", flush=True)
    _pip(python, "--require-hashes", "-r", str(lock))
    # The locked setuptools builds our own package: nothing is fetched for it.
    _pip(python, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    # Compiled once, the command line answers in half the time, also where the environment
    # forbids Python to write bytecode by itself. All cores do it sooner than pip, which has one.
    own = [str(ROOT / name) for name in ("bot", "handlers", "scheduler", "knowledge", "db")]
    everything = [str(HOME), *own]
    subprocess.run([str(python), "-m", "compileall", "-qq", "-j", "0", *everything], check=False)


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*command, "--no-compile", *arguments], check=False).returncode:
        sys.exit("The dependencies could not be installed; pip's message is above.")


def _go_on(module: str) -> None:
    command = [str(_python()), "-m", module, *sys.argv[1:]]
    if os.name == "posix":
        os.execv(command[0], command)
    sys.exit(subprocess.run(command, check=False).returncode)


def _python() -> Path:
    return HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + str(sys.version_info[:2]).encode()).hexdigest()
