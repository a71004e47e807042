"""A question in a browser group: answered by buttons, and what each reader sees of it then."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.async_api import Locator, Page, expect
from sqlalchemy import select

from db import transcripts
from db.tables import (
    Account,
    QuestionKind,
    QuizGroup,
    QuizPost,
    QuizQuestion,
    QuizRound,
    RoundKind,
)
from scheduler import round_posts, round_words, votes
from scheduler.round_posts import Turn
from scheduler.votes import Voter
from tests.bot.pages.conftest import Desk
from tests.bot.pages.test_looks import NAMELESS, PALE_TEXTS, overflow

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

STEM = "支部委员会会议一般多长时间召开一次？"
OPTIONS = ("每周至少一次", "每月一次，根据需要可以随时召开", "每季度一次", "每半年一次")
WHY = "支部委员会会议一般每月召开 1 次，根据需要可以随时召开。"
NUMBERS = itertools.count(1)
PHONE = 390


@dataclass
class Asked:
    """A question that was put to the group of somebody's unit."""

    desk: Desk
    group: QuizGroup
    round: QuizRound

    def card(self, page: Page) -> Locator:
        """Return its card on a page."""
        cards = page.get_by_role("group", name="题目")
        return cards.filter(has_text=f"{round_words.title(self.round)} ·")

    async def close(self) -> None:
        """End it."""
        async with self.desk.pages.app.database.write() as session:
            await round_posts.shut(session, self.group, self.round, now=self.desk.pages.clock())
        self.desk.pages.app.delivery.wake()


async def put(
    desk: Desk, name: str, kind: RoundKind = RoundKind.DAILY, *, right: tuple[int, ...] = (1,)
) -> Asked:
    """Put a question to the browser group of somebody's unit."""
    person, now, number = await desk.pages.person(name), desk.pages.clock(), next(NUMBERS)
    chat = transcripts.group_chat(person.unit_id)
    several = QuestionKind.MULTIPLE if len(right) > 1 else QuestionKind.SINGLE
    async with desk.pages.app.database.write() as session:
        group = await session.scalar(select(QuizGroup).where(QuizGroup.chat == chat))
        group = group or QuizGroup(
            channel="browser", chat=chat, unit_id=person.unit_id, set_at=now, set_by=person.id
        )
        question = QuizQuestion(
            key=f"页面{number}",
            kind=several.value,
            stem=STEM,
            options=list(OPTIONS),
            correct=list(right),
            explanation=WHY,
            regulation="《某条例》",
            article="第十六条",
            digest="",
            created_at=now,
        )
        session.add_all([group, question])
        await session.flush()
        moments = {"due_at": now, "opened_at": now, "closes_at": now + timedelta(hours=1)}
        held = QuizRound(group_id=group.id, local_date=now.date(), kind=kind.value, **moments)
        held.number, held.count = number, 1
        session.add(held)
        await session.flush()
        zone = desk.pages.house.zone
        turn = Turn(group, held, "/1/", zone, count=1)
        await round_posts.put(session, [(turn, [question])], now=now)
    desk.pages.app.delivery.wake()
    return Asked(desk, group, held)


def choice(card: Locator, option: int) -> Locator:
    """Return the button of an option."""
    return card.get_by_role("button").filter(has_text=OPTIONS[option])


async def test_a_reader_sees_the_own_answer_and_the_others_do_not(desk: Desk) -> None:
    asked = await put(desk, "林知夏")
    mine, other = await desk.chat("林知夏", group=True), await desk.chat("江晚舟", group=True)
    card, theirs = asked.card(mine), asked.card(other)
    await choice(card, 2).click()
    await expect(card.locator(".zb-verdict")).to_have_text("答错了")
    await expect(card.locator(".zb-chosen")).to_contain_text(OPTIONS[2])
    await expect(card.locator("li.zb-right")).to_contain_text("正确")
    await expect(card).to_contain_text("来源：《某条例》第十六条")
    await expect(card.get_by_role("button")).to_have_count(0)
    await mine.reload()
    await expect(card.locator(".zb-verdict")).to_have_text("答错了")
    await expect(theirs.get_by_role("button")).to_have_count(4)
    await expect(theirs).not_to_contain_text("正确")
    await asked.close()
    await expect(theirs.locator(".zb-verdict")).to_have_text("已截止，你没有作答")
    await expect(theirs.locator("li.zb-right")).to_contain_text(OPTIONS[1])
    await expect(card.locator(".zb-verdict")).to_have_text("答错了")


async def test_what_came_by_way_of_another_process_is_seen_without_a_reload(desk: Desk) -> None:
    """No page of this process is told of it: each looks again from time to time."""
    asked = await put(desk, "林知夏")
    page = await desk.chat("林知夏", group=True)
    await expect(asked.card(page).get_by_role("button")).to_have_count(4)
    person = await desk.pages.person("林知夏")
    async with desk.pages.app.database.write() as session:
        post = await session.scalar(select(QuizPost).where(QuizPost.round_id == asked.round.id))
        account = await session.scalar(select(Account).where(Account.person_id == person.id))
        assert post is not None
        assert account is not None
        right = [post.order.index(1)]
        voter = Voter(account.id, person.id)
        await votes.cast(session, post.id, voter, right, now=desk.pages.clock())
    await expect(asked.card(page).locator(".zb-verdict")).to_have_text("答对了")
    number = await page.locator(".zb-line").last.get_attribute("data-line")
    async with desk.pages.app.database.write() as session:
        chat, now = transcripts.group_chat(person.unit_id), desk.pages.clock()
        await transcripts.deliver(
            session, chat=chat, content={"text": "改过了"}, delivery=0, edits=number, now=now
        )
    await expect(page.locator(".zb-said").last).to_have_text(re.compile("改过了"))


async def test_several_options_are_marked_and_handed_in_by_keyboard(desk: Desk) -> None:
    """The card is drawn anew under the focus, which stays where it was."""
    asked = await put(desk, "林知夏", right=(1, 3))
    page = await desk.chat("林知夏", group=True)
    card = asked.card(page)
    for option, is_marked in ((1, "true"), (0, "true"), (3, "true"), (0, "false")):
        await choice(card, option).focus()
        await page.keyboard.press("Enter")
        await expect(choice(card, option)).to_have_attribute("aria-pressed", is_marked)
        await expect(choice(card, option)).to_be_focused()
    await card.get_by_role("button", name="提交").focus()
    await page.keyboard.press("Enter")
    await expect(card.locator(".zb-verdict")).to_have_text("答对了")
    await expect(card).to_be_focused()


async def test_a_race_does_not_tell_what_is_right_before_it_is_over(desk: Desk) -> None:
    asked = await put(desk, "林知夏", RoundKind.RACE)
    page = await desk.chat("林知夏", group=True)
    await choice(asked.card(page), 0).click()
    await expect(asked.card(page).locator(".zb-verdict")).to_have_text("答错了")
    await expect(asked.card(page)).not_to_contain_text("正确")
    await expect(asked.card(page)).not_to_contain_text("来源")
    await asked.close()
    await expect(asked.card(page)).to_contain_text("来源")


async def test_a_question_is_read_and_pressed_on_a_phone(desk: Desk) -> None:
    several, single = await put(desk, "林知夏", right=(1, 2)), await put(desk, "林知夏")
    page = await desk.chat("林知夏", group=True, width=PHONE)
    await choice(several.card(page), 0).click()
    await choice(single.card(page), 0).click()
    await expect(single.card(page).locator(".zb-verdict")).to_be_visible()
    assert await overflow(page) <= 0
    for button in await several.card(page).locator(".zb-choice").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["width"] > 250
    assert await page.evaluate(PALE_TEXTS) == []
    assert await page.evaluate(NAMELESS) == []
    await page.emulate_media(reduced_motion="reduce")
    await page.get_by_role("button", name="切换深色").click()
    assert await page.evaluate(PALE_TEXTS) == []
