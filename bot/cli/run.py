"""`zhibu run`: the assistant itself."""

from __future__ import annotations

import argparse
import asyncio
import logging

from bot import logs
from bot.cli.refusal import Refusal
from bot.settings import Settings
from db.migrate import SchemaTooNew

log = logging.getLogger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    """`run` takes no arguments: everything is a setting."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Run until interrupted."""
    logs.set_up(settings)
    print("正在准备数据库和知识库……", flush=True)
    try:
        asyncio.run(_serve(settings))
    except SchemaTooNew as error:
        raise Refusal(str(error)) from error
