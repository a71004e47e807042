"""Choosing the command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from bot.cli.refusal import Refusal
from bot.settings import SettingsError, load

# Name of the command (and of its module in this package), and what it does.
COMMANDS = {
    "run": "start the assistant: browser chat, and Telegram if its token is set (the default)",
    "ask": "answer one question, or a file of them, and exit",
    "chat": "the conversation in this terminal",
    "doctor": "say what is set, what is missing and what to do",
    "kb": "import, list, show, retire, restore and compare knowledge",
    "people": "set up an organisation, import a roster, invite, make a sign-in link",
    "quiz": "check, import, list, show and retire quiz questions",
    "rules": "check, show and explain the rules that duties come from",
    "calendar": "show and import the days off of a year",
    "audit": "check that the record of acts is whole",
    "backup": "make a checked copy of the store",
    "restore": "put a backup in the store's place; nothing is sent until you say so",
    "outbox": "what waits to be sent or was put aside; send or cancel it",
}
# Commands that only look: they make no folder and no key where there is none.
LOOKING = frozenset({"doctor", "audit", "backup", "restore", "outbox", "rules"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 refused, 2 wrong use or settings."""
    # The store holds names and questions: what is made here is its owner's only.
    os.umask(0o077)
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given.pop(0) if given and given[0] in COMMANDS else "run"
    if name == "run" and given[:1] in (["-h"], ["--help"], ["help"]):
        print(_overview())
        return 0
    module = importlib.import_module(f"bot.cli.{name}")
    parser = argparse.ArgumentParser(prog=f"zhibu {name}", description=COMMANDS[name])
    module.configure(parser)
    options = parser.parse_args(given)
    try:
        return int(module.run(load(make=name not in LOOKING), options) or 0)
    except SettingsError as error:
        print(f"zhibu: {error}", file=sys.stderr)
        return 2
    except Refusal as error:
        print(f"zhibu: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from bot.cli.faults import explain  # late: only a fault needs the database library

        if (reason := explain(error)) is None:
            raise
        print(f"zhibu: {reason}", file=sys.stderr)
        return 1


def _overview() -> str:
    lines = [f"  zhibu {name:8} {help}" for name, help in COMMANDS.items()]
    return "\n".join(["usage: zhibu COMMAND ...   (zhibu COMMAND --help says more)", "", *lines])
