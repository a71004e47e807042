"""Running a command of the command line in this process, which costs no start of Python."""

from __future__ import annotations

import os
import subprocess

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
