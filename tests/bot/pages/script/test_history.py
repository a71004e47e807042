"""What was said before, and what is said elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from db import transcripts
from db.tables import Person
from scheduler.messages import Message
from tests.bot.pages.script.conftest import Chat, Served, open_chat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def fill(served: Served, chat: str, count: int, at: Callable[[int], datetime]) -> None:
    """Write lines of the assistant, the first said at `at(0)`."""
    async with served.database.write() as session:
        for number in range(count):
            await transcripts.deliver(
                session,
                chat=chat,
                content={"text": f"第{number}句"},
                delivery=hash(chat) % 10**9 * 1000 + number,
                edits=None,
                now=at(number),
            )


def recently(number: int) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=200 - number)


async def test_days_stand_above_their_lines_once_however_they_were_fetched(
    page: Page, demo_pages: Served, me: Person
) -> None:
    """The 50 lines of the first page begin in the middle of a day."""
    room = transcripts.private_chat(me.id)
    start = datetime.now(UTC) - timedelta(days=40)
    await fill(demo_pages, room, 80, lambda number: start + timedelta(hours=12 * number))
    await open_chat(page, demo_pages, room)
    await page.get_by_role("button", name="查看更早的消息").click()
    await expect(page.locator(".zb-said")).to_have_count(80)
    days = await page.locator(".zb-day").all_text_contents()
    assert len(days) == len(set(days))
    assert len(days) in (40, 41)


async def test_a_reader_at_the_end_stays_at_the_end(
    page: Page, demo_pages: Served, me: Person
) -> None:
    room = transcripts.private_chat(me.id)
    await fill(demo_pages, room, 50, recently)
    await open_chat(page, demo_pages, room)
    await expect(page.get_by_text("第49句", exact=True)).to_be_in_viewport()
    await demo_pages.deliver(room, Message("\n".join(["很长"] * 30) + "\n到底了"))
    await expect(page.get_by_role("button", name="新消息")).to_be_hidden()
    await expect(page.locator(".zb-foot-line").last).to_be_in_viewport()


async def test_what_another_process_delivers_is_found_and_shown_once(
    chat: Chat, demo_pages: Served, me: Person
) -> None:
    room = transcripts.private_chat(me.id)
    await demo_pages.deliver(room, Message("另一台机器说的"))
    await expect(chat.answers).to_contain_text("另一台机器说的")
    await chat.say("好")
    await expect(chat.answers).to_have_count(2)


async def test_what_was_never_taken_is_offered_again_after_a_reload(
    page: Page, demo_pages: Served, me: Person
) -> None:
    """As when the process was killed between writing a line down and handing it in."""
    room = transcripts.private_chat(me.id)
    async with demo_pages.database.write() as session:
        await transcripts.say(
            session,
            chat=room,
            author=me,
            update=f"{room}:0123456789abcdef",
            content={"text": "停电了"},
            now=datetime.now(UTC) - timedelta(minutes=1),
        )
    chat = await open_chat(page, demo_pages, room)
    await page.get_by_role("button", name="发送失败，点此重试").click()
    await expect(chat.answers).to_contain_text("答：停电了")
    await expect(chat.mine).to_have_count(1)
