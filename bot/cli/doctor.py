"""`zhibu doctor`: what is set, what is missing, and what to do."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.faults import explain
from bot.settings import SETTINGS, Settings
from db import holds
from db.engine import Database
from db.secrets import Secrets, SecretsError
from db.tables import Account, Hold, Passage, Person, Post, Title, Unit

TELEGRAM_WAIT_S = 5
SPACE_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `advice` says what to do; without it all is well."""

    subject: str
    state: str
    advice: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """The doctor takes no arguments."""


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Print the settings and the findings; 1 when something needs mending."""
    for setting in SETTINGS:
        print(f"{setting.name:22} {_shown(setting.name, setting.secret):32} {setting.help}")
    print()
    findings = asyncio.run(examine(settings))
    for finding in findings:
        mark = "!!" if finding.advice else "ok"
        print(f"[{mark}] {finding.subject}: {finding.state}")
        if finding.advice:
            print(f"     -> {finding.advice}")
    return int(any(finding.advice for finding in findings))


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything that the assistant needs."""
    findings = [_python(), _space(settings), _port(settings), _demo(settings)]
    findings += [finding async for finding in _store(settings)]
    findings.append(await _telegram(settings))
    return findings


def _shown(name: str, secret: bool) -> str:
    value = os.environ.get(name, "")
    if secret:
        source = os.environ.get(f"{name}_FILE")
        return "(set)" if value else f"(from {source})" if source else "(not set)"
    return value or "(default)"


def _python() -> Finding:
    return Finding("Python", sys.version.split()[0])


def _space(settings: Settings) -> Finding:
    if not settings.data.exists():
        return Finding("data folder", f"{settings.data} is made at the first start")
    if not os.access(settings.data, os.W_OK):
        return Finding("data folder", f"{settings.data} cannot be written", "mend its rights")
    free = shutil.disk_usage(settings.data).free // 2**20
    advice = "free some space" if free < SPACE_MB else ""
    return Finding("data folder", f"{settings.data}, {free} MB free", advice)


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            advice = "this is fine if it is the assistant; else set ZHIBU_PORT"
            return Finding("browser pages", f"port {settings.port} is in use", advice)
    return Finding("browser pages", f"http://{settings.host}:{settings.port} is free to use")


def _demo(settings: Settings) -> Finding:
    if not settings.demo:
        return Finding("demo", "off: people sign in by a one-time link")
    return Finding("demo", "on: whoever opens the pages may speak as any demo person")


async def _store(settings: Settings) -> AsyncIterator[Finding]:
    database = Database(settings.database)
    where = database.url.render_as_string(hide_password=True)
    if database.is_missing:
        yield Finding("store", f"{where}: there is none yet", "start the assistant once")
        return
    try:
        async with database.read() as session:
            people = await session.scalar(select(func.count()).select_from(Person)) or 0
            units = await session.scalar(select(func.count()).select_from(Unit)) or 0
            entries = await session.scalar(select(func.count()).select_from(Passage)) or 0
            bound = await session.scalar(
                select(func.count(func.distinct(Account.person_id))).select_from(Account)
            )
            admins = await session.scalar(
                select(func.count())
                .select_from(Post)
                .where(Post.title == Title.ADMINISTRATOR.value)
            )
            held = await holds.find(session)
            sealed = await session.scalar(
                select(Person.phone).where(Person.phone.is_not(None)).limit(1)
            )
    except (SQLAlchemyError, OSError, UnicodeDecodeError) as error:
        reason = explain(error) or type(error).__name__
        yield Finding("store", where, f"{reason}; a new store is made by starting the assistant")
        return
    finally:
        await database.close()
    yield Finding("store", where)
    yield _counted("knowledge base", f"{entries} passages", entries, "zhibu kb seed")
    yield _counted("organisation", f"{units} units", units, "zhibu people setup, see the README")
    yield Finding("people", f"{people} on the roster, {bound or 0} bound")
    yield _counted("administrators", str(admins or 0), admins or 0, "zhibu people setup")
    yield _key(settings, sealed)
    yield _sending(held)


def _counted(subject: str, state: str, count: int, advice: str) -> Finding:
    return Finding(subject, state, "" if count else advice)


def _key(settings: Settings, sealed: str | None) -> Finding:
    if sealed is None:
        return Finding("application key", "set")
    try:
        Secrets(settings.key).open(sealed, "person.phone")
    except SecretsError as error:
        advice = "use the key that the store was made with (ZHIBU_KEY or the key file)"
        return Finding("application key", str(error), advice)
    return Finding("application key", "opens the store's sealed numbers")


def _sending(held: list[Hold]) -> Finding:
    if not held:
        return Finding("sending", "nothing is held")
    reasons = "; ".join(hold.reason for hold in held)
    advice = "zhibu outbox show, then zhibu outbox release or zhibu outbox discard"
    return Finding("sending", f"held: {reasons}", advice)


async def _telegram(settings: Settings) -> Finding:
    if not settings.telegram_token:
        return Finding("Telegram", "off (TELEGRAM_TOKEN is not set)")
    url = f"{settings.telegram_api}/bot{settings.telegram_token}/getMe"
    try:
        timeout = aiohttp.ClientTimeout(total=TELEGRAM_WAIT_S)
        async with aiohttp.ClientSession(timeout=timeout) as client, client.get(url) as answer:
            body = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        state = f"{settings.telegram_api} does not answer ({type(error).__name__})"
        return Finding("Telegram", state, "check TELEGRAM_API and the network")
    if not body.get("ok"):
        return Finding("Telegram", "the token is refused", "set the token that BotFather gave")
    mode = "webhook" if settings.telegram_webhook else "polling"
    return Finding("Telegram", f"@{body['result'].get('username')}, {mode}")
