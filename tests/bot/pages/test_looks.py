"""How the pages look and are worked without a mouse; nothing in a name is ever markup."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from db import transcripts
from db.tables import Person, Unit
from scheduler.messages import Message, Quote, Table
from tests.bot.pages.conftest import Desk
from tests.bot.pages.talking import ask, own, said, send

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

QUESTION = "支委会多久开一次？"
PHONE, NARROWEST = 390, 320
WIDER_THAN_PARENT = """it => it.getBoundingClientRect().right
    - it.parentElement.getBoundingClientRect().right
    + parseFloat(getComputedStyle(it.parentElement).paddingRight)"""
LONG = "很长很长没有空格的一句话" * 12 + "AAAAAAAAAA" * 12
MARKUP = "<b onclick=alert(1)>甲</b>"
# An override that would turn what follows around, and a space without width.
TURNED = "乙\u202eedoc\u200b"


async def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


async def say_to(desk: Desk, name: str, number: int, message: Message) -> None:
    """Let the assistant say something to somebody."""
    person = await desk.pages.person(name)
    async with desk.pages.app.database.write() as session:
        await transcripts.deliver(
            session,
            chat=transcripts.private_chat(person.id),
            content=message.to_json(),
            delivery=2_000_000 + number,
            edits=None,
            now=desk.pages.clock(),
        )


@pytest.mark.parametrize("width", [PHONE, NARROWEST])
async def test_nothing_is_wider_than_a_phone(desk: Desk, width: int) -> None:
    table = Table((("组织", "应交", "已交"), (LONG, "1", "2")))
    quote = Quote(f"《{LONG}》", "第十二条", "2018", "条号待核")
    await say_to(desk, "叶初晴", width, Message(LONG, quote=quote, table=table))
    page = await desk.chat("叶初晴", width=width)
    await send(page, LONG)
    await expect(own(page).last).to_have_attribute("data-state", "taken")
    assert await overflow(page) <= 0
    box = await page.get_by_role("button", name="发送", exact=True).bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
    chooser = await desk.page("/", width=width)
    await chooser.locator(".zb-unit").first.wait_for()
    assert await overflow(chooser) <= 0


async def test_a_phone_gets_to_the_group_and_out_again(desk: Desk) -> None:
    page = await desk.chat("宋以宁", width=PHONE)
    await expect(page.get_by_role("navigation", name="会话")).to_be_hidden()
    await page.get_by_role("link", name="去群聊").click()
    await expect(page.get_by_role("heading", name="综合管理党支部群", level=1)).to_be_visible()
    await page.get_by_role("link", name="换一位演示人员").click()
    await expect(page.get_by_role("searchbox")).to_be_visible()


async def test_dark_chosen_by_hand_is_kept_after_a_reload(desk: Desk) -> None:
    page = await desk.chat("贺兰亭")
    light = await ground(page)
    await page.get_by_role("button", name="切换深色").click()
    dark = await ground(page)
    assert sum(dark) < 150 < 600 < sum(light)
    await page.reload()
    await page.get_by_role("textbox", name="消息").wait_for()
    assert await ground(page) == dark
    await page.get_by_role("button", name="切换深色").click()
    assert await ground(page) == light


async def test_dark_follows_the_system_until_it_is_chosen(desk: Desk) -> None:
    page = await desk.chat("贺兰亭", dark=True)
    assert sum(await ground(page)) < 150
    await page.emulate_media(color_scheme="light")
    await expect(page.locator("body:not(.body--dark)")).to_be_attached()
    assert sum(await ground(page)) > 600


@pytest.mark.parametrize("dark", [False, True])
async def test_everything_that_is_read_stands_out_from_its_ground(desk: Desk, dark: bool) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text of ordinary size."""
    page = await desk.chat("苏幼棠", dark=dark)
    await ask(page, QUESTION)
    pale = await page.evaluate(PALE_TEXTS)
    assert pale == []


async def test_names_with_markup_and_turned_letters_are_shown_as_they_are(desk: Desk) -> None:
    page = await desk.chat("秦佑安")
    async with desk.pages.app.database.write() as session:
        for name, person_name in ((MARKUP, "方疏影"), (TURNED, "林知夏")):
            person = await desk.pages.person(person_name)
            (await session.get_one(Person, person.id)).name = name
        unit = await session.get_one(Unit, (await desk.pages.person("秦佑安")).unit_id)
        unit.name = f"{unit.name}<script>alert(1)</script>"
    for name in (MARKUP, TURNED):
        speaker = await desk.chat(name, group=True)
        await send(speaker, f"{MARKUP}{TURNED}")
        await expect(own(speaker)).to_have_attribute("data-state", "taken")
    await page.goto("/")
    await expect(page.get_by_text(MARKUP)).to_be_visible()
    await expect(page.get_by_role("heading", name="<script>alert(1)</script>")).to_be_visible()
    group = await desk.chat("秦佑安", group=True)
    names = group.locator(".zb-lines .zb-name")
    await expect(names).to_have_text([MARKUP, TURNED])
    for shown in await names.all():
        assert await shown.evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"
    await expect(group.locator(".zb-lines .zb-text").first).to_have_text(f"{MARKUP}{TURNED}")
    await expect(group.locator(".zb-lines b")).to_have_count(0)
    await group.locator(".zb-lines .zb-line").first.hover()
    await group.get_by_role("button", name="回复").first.click()
    await expect(group.locator(".zb-replying")).to_contain_text(MARKUP)
    await expect(group.locator(".zb-replying b")).to_have_count(0)


async def test_the_chooser_finds_people_by_name_office_and_unit(desk: Desk) -> None:
    page = await desk.page("/")
    search = page.get_by_role("searchbox", name="按姓名、职务或组织查找")
    people = page.locator(".zb-person:visible")
    await expect(people).not_to_have_count(0)
    everybody = await people.count()
    assert everybody > 50
    await search.fill("财务审计 书记")
    await expect(people).to_have_text([re.compile("程默涵")])
    await search.fill("没有这个人")
    await expect(page.get_by_text("没有找到。")).to_be_visible()
    await search.fill("")
    await expect(people).to_have_count(everybody)


async def test_the_way_by_tab_leads_from_the_head_through_the_chat_to_sending(desk: Desk) -> None:
    page = await desk.chat("黎雨桐")
    await ask(page, QUESTION)
    await page.get_by_role("button", name="切换深色").focus()
    passed = []
    for _ in range(14):
        await page.keyboard.press("Tab")
        passed.append(await page.evaluate(FOCUSED))
    wanted = ["有用", "没用", "问组织委员", "发送文件", "消息", "指令", "发送"]
    assert [name for name in passed if name in wanted] == wanted


async def test_everything_that_can_be_used_has_a_name(desk: Desk) -> None:
    page = await desk.chat("梁望川", group=True)
    await ask(page, f"@支部助手 {QUESTION}")
    nameless = await page.evaluate(NAMELESS)
    assert nameless == []
    await expect(page.get_by_role("log", name="聊天记录")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


async def test_a_command_that_is_sent_in_haste_leaves_no_list_open(desk: Desk) -> None:
    """The list is fetched while one types on; it must not open over what came after."""
    page = await desk.chat("纪云舒")
    await page.get_by_role("textbox", name="消息").press_sequentially("/help")
    await page.get_by_role("button", name="发送", exact=True).click()
    await expect(said(page)).to_have_count(1)
    await expect(page.get_by_role("listbox")).to_be_hidden()


@pytest.mark.parametrize("width", [PHONE, 1200])
async def test_a_command_chosen_from_the_list_in_a_group_is_heard(desk: Desk, width: int) -> None:
    page = await desk.chat("高炉生", group=True, width=width)
    await page.get_by_role("button", name="指令").click()
    listed, place = page.get_by_role("listbox"), page.locator(".zb-compose")
    above, below = await listed.bounding_box(), await place.bounding_box()
    assert above is not None
    assert below is not None
    assert above["x"] + above["width"] / 2 == pytest.approx(below["x"] + below["width"] / 2, abs=1)
    before = await said(page).count()
    await listed.get_by_role("option", name="帮助").click()
    await page.keyboard.press("Enter")
    await expect(said(page)).to_have_count(before + 1)


async def ground(page: Page) -> list[int]:
    """Return the colour behind the chat as red, green and blue."""
    colour = await page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    return [int(part) for part in re.findall(r"\d+", colour)[:3]]


FOCUSED = """() => {
    const element = document.activeElement;
    return element.getAttribute("aria-label") || element.textContent.trim();
}"""

NAMELESS = """() => [...document.querySelectorAll("a, button, input, textarea")]
    .filter((e) => e.checkVisibility())
    .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim()))
    .map((e) => e.outerHTML)"""

# Relative luminance and contrast as WCAG 2.2 defines them, over the nearest opaque ground.
PALE_TEXTS = """() => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) =>
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const ground = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const [r, g, b, a = 1] = parts(getComputedStyle(e).backgroundColor);
            if (a === 1) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const contrast = (element) => {
        const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    };
    const speaks = (element) =>
        [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    return [...document.querySelectorAll(".zb-frame *")]
        .filter((e) => speaks(e) && e.checkVisibility() && !e.disabled && contrast(e) < 4.5)
        .map((e) => `${e.className}: ${contrast(e).toFixed(2)}`);
}"""


async def test_my_study_is_a_chart_within_a_phone(desk: Desk) -> None:
    page = await desk.chat("贺兰亭", width=PHONE)
    await send(page, "签到 党章 45分钟 有收获")
    await expect(said(page).last).to_contain_text("已签到")
    await send(page, "我的学习")
    chart = page.locator(".zb-chart").last
    await expect(chart.locator("canvas")).to_be_visible()
    # It stays within its bubble, too.
    assert await chart.evaluate(WIDER_THAN_PARENT) <= 0
    await expect(said(page).last).to_contain_text("/ 32")
    assert await overflow(page) <= 0
