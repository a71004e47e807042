"""Talking to the assistant in the browser."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from db import transcripts
from db.tables import Person
from tests.bot.pages.script.conftest import WAIT_MS, Chat, Served, open_chat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_enter_sends_but_not_with_shift_and_not_while_a_word_is_chosen(chat: Chat) -> None:
    await chat.input.fill("第一行")
    await chat.input.press("Shift+Enter")
    await chat.input.press_sequentially("第二行")
    composing = {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True}
    await chat.input.dispatch_event("keydown", composing)
    await chat.input.dispatch_event("keydown", {**composing, "isComposing": False, "keyCode": 229})
    await expect(chat.mine).to_have_count(0)
    await chat.input.press("Enter")
    await expect(chat.answers).to_contain_text("答：第一行 第二行")


async def test_the_assistant_is_seen_at_work(chat: Chat) -> None:
    await chat.say("慢")
    await expect(chat.page.get_by_role("status")).to_contain_text("正在输入")
    await expect(chat.answers).to_have_count(1)
    await expect(chat.page.locator(".zb-typing")).to_be_hidden()


async def test_sending_twice_in_haste_is_one_message(chat: Chat) -> None:
    await chat.input.fill("只此一句")
    await chat.page.get_by_role("button", name="发送", exact=True).dblclick()
    await expect(chat.answers).to_have_count(1)
    await expect(chat.mine).to_have_count(1)


async def test_a_pressed_button_answers_once_and_shows_that_it_was_pressed(chat: Chat) -> None:
    await chat.say("按钮")
    button = chat.page.get_by_role("button", name="有用", exact=True)
    await button.dblclick()
    await expect(chat.answers.last).to_contain_text("按下了")
    await expect(button).to_have_attribute("data-state", "pressed")
    await expect(button).to_be_enabled()
    await expect(chat.answers).to_have_count(2)


async def test_an_answer_may_take_the_place_of_the_pressed_message(chat: Chat) -> None:
    await chat.say("换掉")
    await chat.press("没用")
    await expect(chat.answers).to_have_count(1)
    await expect(chat.answers).to_contain_text("按下了")


async def test_what_was_not_taken_is_sent_again_by_a_tap(chat: Chat) -> None:
    await chat.say("失败一次")
    retry = chat.page.get_by_role("button", name="发送失败，点此重试")
    await expect(retry).to_be_visible()
    await retry.click()
    await expect(chat.answers).to_contain_text("答：失败一次")
    await expect(chat.mine).to_have_count(1)
    await expect(retry).to_be_hidden()


async def test_what_never_arrived_is_kept_and_sent_again_by_a_tap(chat: Chat) -> None:
    await chat.page.route("**/say*", lambda route: route.abort())
    await chat.say("网络断了")
    retry = chat.page.get_by_role("button", name="发送失败，点此重试")
    await expect(retry).to_be_visible()
    await chat.page.unroute("**/say*")
    await retry.click()
    await expect(chat.answers).to_contain_text("答：网络断了")
    await expect(chat.mine).to_have_count(1)


async def test_a_lost_answer_makes_no_second_message(chat: Chat) -> None:
    """The server took it, but the browser never heard so and sends it again."""

    lost = asyncio.Event()

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()
        lost.set()

    await chat.page.route("**/say*", lose)
    await chat.say("说一遍")
    await expect(chat.answers).to_have_count(1)
    # An end of the interception lets requests go that are still held.
    await asyncio.wait_for(lost.wait(), WAIT_MS / 1000)
    await chat.page.unroute("**/say*")
    await expect(chat.mine).to_have_attribute("data-state", "taken")
    await expect(chat.mine).to_have_count(1)


async def test_a_refusal_is_told_and_may_be_tried_again(chat: Chat) -> None:
    await chat.say("太快")
    await expect(chat.page.get_by_role("alert")).to_contain_text("消息太快了")
    await expect(chat.page.get_by_role("button", name="发送失败，点此重试")).to_be_visible()


async def test_a_draft_survives_a_reload(chat: Chat) -> None:
    await chat.input.fill("还没写完")
    await chat.page.reload()
    await expect(chat.input).to_have_value("还没写完")


async def test_two_pages_of_one_person_show_the_same(
    chat: Chat, demo_pages: Served, me: Person
) -> None:
    other = await chat.page.context.new_page()
    second = await open_chat(other, demo_pages, transcripts.private_chat(me.id))
    await chat.say("两边都有")
    await expect(second.mine).to_contain_text("两边都有")
    await expect(second.answers).to_have_count(1)


async def test_two_people_are_played_side_by_side(
    chat: Chat, demo_pages: Served, me: Person
) -> None:
    other = await chat.page.context.new_page()
    them = await demo_pages.someone()
    second = await open_chat(other, demo_pages, transcripts.private_chat(them.id))
    await chat.say("我说的")
    await second.say("别人说的")
    await expect(chat.answers).to_contain_text(["答：我说的"])
    await expect(second.answers).to_contain_text(["答：别人说的"])


async def test_a_group_sees_who_spoke_and_the_assistant_waits_to_be_addressed(
    page: Page, demo_pages: Served
) -> None:
    unit, (first, second) = await demo_pages.unit("群员甲", "群员乙")
    room = transcripts.group_chat(unit.id)
    one = await open_chat(page, demo_pages, room, f"?as=person:{first.id}")
    other = await page.context.new_page()
    two = await open_chat(other, demo_pages, room, f"?as=person:{second.id}")
    await one.say("大家好")
    await expect(two.page.locator(".zb-line")).to_contain_text("群员甲")
    await two.say("@支部助手 三会一课")
    await expect(one.answers).to_have_count(1)
    await expect(one.answers).to_contain_text("答：三会一课")
    await expect(one.answers.locator(".zb-answered")).to_contain_text("群员乙")
    await one.answers.hover()
    await one.answers.get_by_role("button", name="回复").click()
    await one.say("再说一遍")
    await expect(one.answers).to_have_count(2)
    await expect(two.page.locator(".zb-line").nth(3)).to_contain_text("支部助手：答：三会一课")


async def test_news_of_the_other_room_is_marked(page: Page, demo_pages: Served) -> None:
    unit, (person,) = await demo_pages.unit("独自")
    own = await open_chat(page, demo_pages, transcripts.private_chat(person.id))
    other = await page.context.new_page()
    group = await open_chat(
        other, demo_pages, transcripts.group_chat(unit.id), f"?as=person:{person.id}"
    )
    await group.say("群里有话")
    await expect(own.page.locator(".zb-news")).to_contain_text("独自的支部群")


async def test_commands_are_offered_and_chosen_by_key(chat: Chat) -> None:
    await chat.input.press_sequentially("/")
    options = chat.page.get_by_role("option")
    await expect(options).to_have_count(2)
    await chat.input.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await chat.input.press("Enter")
    await expect(chat.input).to_have_value("知识库 ")
    await expect(chat.mine).to_have_count(0)
    await chat.input.press("Enter")
    await expect(chat.answers).to_contain_text("答：知识库")


async def test_the_first_words_may_be_chosen(chat: Chat) -> None:
    await chat.page.get_by_role("button", name="支委会多久开一次？").click()
    await expect(chat.answers).to_contain_text("答：支委会多久开一次？")
    await expect(chat.page.locator(".zb-welcome")).to_be_hidden()


async def test_a_phone_number_is_asked_for_and_not_written_down(chat: Chat) -> None:
    await chat.say("手机")
    await chat.page.get_by_label("手机号").fill("13800001234")
    await chat.press("提交")
    await expect(chat.answers.last).to_contain_text("手机号 13800001234，own=False")
    await expect(chat.mine.last).to_contain_text("尾号 1234")
    await expect(chat.mine.last).not_to_contain_text("1380000")
