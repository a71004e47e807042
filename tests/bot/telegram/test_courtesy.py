"""The small calls: never waited for, bounded, and silent when they fail."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram import courtesy
from bot.channels.telegram.courtesy import Courtesy, menu, notice_text
from bot.channels.telegram.split import units
from tests.bot.telegram import bot_api
from tests.bot.telegram.conftest import Desk


async def nothing(channel: str, account: str) -> list[tuple[str, str]]:
    return []


def test_the_menu_has_only_commands_that_telegram_lists() -> None:
    listed = menu(
        [
            ("help", "帮助"),
            ("Help", "no capitals"),
            ("x" * 33, "too long"),
            ("empty", "  "),
            ("long", "字" * 300),
            ("中文", "no letters"),
        ]
    )
    assert [(c.command, len(c.description)) for c in listed] == [("help", 2), ("long", 256)]
    assert len(menu([(f"c{n}", "x") for n in range(150)])) == 100


@given(text=st.text(max_size=500))
def test_a_notice_is_never_too_long(text: str) -> None:
    assert units(notice_text(text)) <= 200


async def test_it_drops_small_calls_when_too_many_wait(desk: Desk) -> None:
    released = asyncio.Event()
    waiting = 0

    async def commands(channel: str, account: str) -> list[tuple[str, str]]:
        nonlocal waiting
        waiting += 1
        await released.wait()
        return []

    small = Courtesy(desk.speaker, commands, clock=desk.clock)
    for chat in range(1, 501):
        small.refresh_commands(chat, str(chat))
    await asyncio.sleep(0)
    assert waiting == courtesy.MOST_WAITING
    released.set()
    await small.finish(5)


async def test_a_failure_is_noted_and_has_no_other_effect(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    desk.api.fail("answerCallbackQuery", bot_api.refusal(400, "Bad Request: query is too old"))

    async def broken(channel: str, account: str) -> list[tuple[str, str]]:
        raise OSError("private words")

    small = Courtesy(desk.speaker, broken, clock=desk.clock)
    small.acknowledge("q", "好")
    small.refresh_commands(42, "42")
    await small.finish(5)
    assert "too old" in caplog.text
    assert "OSError" in caplog.text
    assert "private words" not in caplog.text


async def test_it_looks_at_a_chats_commands_again_only_after_a_while(desk: Desk) -> None:
    asked: list[str] = []

    async def commands(channel: str, account: str) -> list[tuple[str, str]]:
        asked.append(account)
        return [("help", "帮助")]

    small = Courtesy(desk.speaker, commands, clock=desk.clock)
    for seconds in (0.0, 5.0, 6.0):
        desk.clock.now += seconds
        small.refresh_commands(42, "42")
        await small.finish(5)
    assert asked == ["42", "42"]
    assert len(desk.api.made("setMyCommands")) == 1


async def test_it_lets_go_of_a_small_call_that_hangs(desk: Desk) -> None:
    released = asyncio.Event()
    desk.api.private()
    desk.api.fail("sendChatAction", bot_api.hang(released))
    small = Courtesy(desk.speaker, nothing)
    small.typing(42, None)
    await small.finish(0.05)
    released.set()
    assert len(desk.api.made("sendChatAction")) == 1
