"""Running a command of the command line, in this process or in one of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from bot.cli import main


class Here:
    """Runs commands as `zhibu`, with some settings."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        **environment: str,
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._environment = environment

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one command and return what a process would have said."""
        for name, value in {**self._environment, **environment}.items():
            self._monkeypatch.setenv(name, value)
        mask = os.umask(0o077)
        try:
            code, said = main(arguments), self._capsys.readouterr()
        finally:
            os.umask(mask)
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)


def command(*arguments: str) -> None:
    """Do what the program does in a process of its own."""
    raise SystemExit(main(arguments))


def typed(lines: str) -> None:
    """Hold the conversation in a terminal in which somebody types these lines."""
    sys.stdin = io.StringIO(lines)
    command("chat", "--as", "江晚舟")
