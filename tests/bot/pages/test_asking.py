"""From a question to a cited answer, from a document to knowledge, from a person to a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import FilePayload, Page, expect

from db import transcripts
from scheduler.messages import Message
from tests.bot.pages.conftest import UPLOAD_LIMIT, Desk
from tests.bot.pages.talking import ask, own, press, said, send

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

QUESTION = "支委会多久开一次？"
UNKNOWN = "工会体检套餐能不能换成眼科项目"
RULES = """# 青禾重工党费收缴细则

第一条 每月十日前由党小组长收齐本组党费。

第二条 青禾重工海外项目部党员的党费由随队联络员隔季代收。
"""


async def test_a_question_is_answered_with_its_source(desk: Desk) -> None:
    page = await desk.chat("叶初晴")
    answer = await ask(page, QUESTION)
    await expect(answer).to_contain_text("每月召开1次")
    quote = answer.locator("blockquote")
    await expect(quote).to_contain_text("《中国共产党支部工作条例（试行）》")
    await expect(quote).to_contain_text("第十二条")
    await expect(quote).to_contain_text("2018版")
    await expect(own(page)).to_have_attribute("data-state", "taken")
    await expect(page.locator(".zb-typing")).to_be_hidden()


async def test_an_answer_can_be_praised_and_a_related_question_asked_by_a_button(
    desk: Desk,
) -> None:
    page = await desk.chat("宋以宁")
    answer = await ask(page, QUESTION)
    related = answer.locator(".zb-press").last
    label = await related.inner_text()
    await expect(await press(page, "有用")).to_contain_text("谢谢反馈")
    following = await press(page, label)
    await expect(following.locator("blockquote")).to_be_visible()


async def test_history_is_there_after_a_reload_with_buttons_that_still_work(desk: Desk) -> None:
    page = await desk.chat("贺兰亭")
    await ask(page, QUESTION)
    await page.reload()
    await expect(own(page)).to_contain_text(QUESTION)
    await expect(said(page)).to_contain_text("每月召开1次")
    await expect(await press(page, "没用")).to_contain_text("已记下")


async def test_a_document_sent_by_an_editor_is_shown_confirmed_and_found(desk: Desk) -> None:
    page = await desk.chat("骆书简")
    await attach(page, "党费收缴细则.md", RULES.encode())
    await expect(said(page).last).to_contain_text("青禾重工党费收缴细则")
    await expect(own(page)).to_contain_text("党费收缴细则.md")
    await ask(page, "2026-01-01")
    await expect(await press(page, "确认入库")).to_contain_text("已入库")
    reader = await desk.chat("唐小满")
    answer = await ask(reader, "海外项目部党员的党费谁来代收")
    await expect(answer).to_contain_text("随队联络员隔季代收")
    await expect(answer.locator("blockquote")).to_contain_text("青禾重工党费收缴细则")


async def test_a_member_may_not_add_a_document(desk: Desk) -> None:
    page = await desk.chat("魏青梧")
    await attach(page, "细则.md", RULES.encode())
    await expect(said(page)).to_contain_text("没有导入的权限")


async def test_a_file_that_is_too_large_is_refused_in_words_and_not_sent(desk: Desk) -> None:
    page = await desk.chat("许听澜")
    await attach(page, "大.md", b"x" * (UPLOAD_LIMIT + 1))
    await expect(page.get_by_role("alert")).to_contain_text("文件超过 1 MB，无法发送。")
    await expect(own(page)).to_have_count(0)


async def test_a_body_that_is_too_large_is_refused_however_it_comes(desk: Desk) -> None:
    """The page's own check is a courtesy: somebody may come without the page."""
    page = await desk.chat("许听澜")
    path = page.url + "/upload?id=aaaaaaaa&name=a.md"
    answer = await page.request.post(path, data=b"x" * (UPLOAD_LIMIT + 1))
    assert answer.status == 413


async def test_a_file_can_be_dropped_on_the_page(desk: Desk) -> None:
    page = await desk.chat("邵清和")
    dropped = await page.evaluate_handle(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File(["第一条 好。"], "落下.md"));
            return carried;
        }"""
    )
    await page.dispatch_event(".zb-lines", "dragover", {"dataTransfer": dropped})
    await expect(page.locator(".zb-drop")).to_be_visible()
    await page.dispatch_event(".zb-lines", "drop", {"dataTransfer": dropped})
    await expect(own(page)).to_contain_text("落下.md")
    await expect(said(page)).to_contain_text("没有导入的权限")
    await expect(page.locator(".zb-drop")).to_have_count(0)


async def test_a_hostile_file_name_is_a_name_and_nothing_else(desk: Desk) -> None:
    page = await desk.chat("钟意如")
    name = "../../etc/<img src=x onerror=alert(1)>&lt;b&gt;\u202efdp.md"
    await attach(page, name, b"x")
    await expect(own(page)).to_contain_text("_img src=x onerror=alert(1)_&lt;b&gt;fdp.md")
    await expect(own(page)).not_to_contain_text("..")
    await expect(page.locator(".zb-lines img")).to_have_count(0)


async def test_earlier_lines_come_a_page_at_a_time_and_what_is_read_stays_in_place(
    desk: Desk,
) -> None:
    person = await desk.pages.person("张大川")
    chat = transcripts.private_chat(person.id)
    async with desk.pages.app.database.write() as session:
        for number in range(120):
            await transcripts.deliver(
                session,
                chat=chat,
                content={"text": f"第 {number} 句"},
                delivery=1_000_000 + number,
                edits=None,
                now=desk.pages.clock(),
            )
    page = await desk.chat("张大川")
    earlier = page.get_by_role("button", name="查看更早的消息")
    await expect(said(page)).to_have_count(50)
    await expect(said(page).last).to_be_in_viewport()
    first = page.get_by_text("第 70 句", exact=True)
    await first.scroll_into_view_if_needed()
    await earlier.click()
    await expect(said(page)).to_have_count(100)
    await expect(first).to_be_in_viewport()
    await earlier.click()
    await expect(said(page)).to_have_count(120)
    await expect(said(page).first).to_contain_text("第 0 句")
    await expect(earlier).to_be_hidden()


async def test_news_while_reading_further_up_are_marked_and_one_tap_away(desk: Desk) -> None:
    page = await desk.chat("刘春生")
    for _ in range(4):
        await ask(page, QUESTION)
    mark = page.get_by_role("button", name="新消息")
    await expect(mark).to_be_hidden()
    await said(page).first.scroll_into_view_if_needed()
    second = await page.context.new_page()
    await second.goto(page.url)
    await ask(second, "三会一课指什么？")
    await expect(mark).to_be_visible()
    await expect(said(page).last).not_to_be_in_viewport()
    await mark.click()
    await expect(said(page).last).to_be_in_viewport()
    await expect(mark).to_be_hidden()


async def test_a_group_is_answered_when_it_asks_and_all_of_it_sees_so_at_once(desk: Desk) -> None:
    one = await desk.chat("陈立新", group=True)
    other = await desk.chat("李素琴", group=True)
    await send(one, "今天谁带会议记录？")
    await expect(other.get_by_text("今天谁带会议记录？")).to_be_visible()
    await expect(other.locator(".zb-line")).to_contain_text("陈立新")
    await send(one, f"@支部助手 {QUESTION}")
    for page in (one, other):
        await expect(said(page)).to_have_count(1)
        await expect(said(page)).to_contain_text("每月召开1次")
    heard = [event for event in desk.pages.conversation.heard if event.group]
    assert [event.addressed for event in heard] == [False, True]


async def test_a_question_goes_to_the_organisation_officer_and_comes_back(desk: Desk) -> None:
    asker, officer = await desk.chat("江晚舟"), await desk.chat("周叙白")
    await expect(await ask(asker, UNKNOWN)).to_contain_text("没有找到")
    await expect(await press(asker, "转给组织委员")).to_contain_text("周叙白")
    await expect(said(officer)).to_contain_text(UNKNOWN)
    await press(officer, "答复")
    await ask(officer, "可以，每年十月前向综合办公室提出。")
    await press(officer, "发送答复")
    await expect(said(asker).last).to_contain_text("每年十月前向综合办公室提出")
    await expect(said(asker).last.locator("blockquote")).to_contain_text("周叙白")


async def test_what_was_not_taken_goes_out_again_under_the_same_id(desk: Desk) -> None:
    page = await desk.chat("杨晓帆")
    conversation = desk.pages.conversation
    conversation.cut_off = True
    conversation.heard.clear()
    await send(page, QUESTION)
    again = page.get_by_role("button", name="发送失败，点此重试")
    await expect(again).to_be_visible()
    desk.pages.clock.ahead += timedelta(minutes=1)
    await page.reload()
    conversation.cut_off = False
    await again.click()
    await expect(said(page)).to_contain_text("每月召开1次")
    await expect(own(page)).to_have_count(1)
    first, second = conversation.heard
    assert (first.update, first.text) == (second.update, second.text)


async def test_what_nobody_took_is_offered_again_on_every_page_in_time(desk: Desk) -> None:
    page = await desk.chat("马振声")
    second = await page.context.new_page()
    await second.goto(page.url)
    desk.pages.conversation.cut_off = True
    await send(page, QUESTION)
    await expect(own(second)).to_have_attribute("data-state", "sending")
    desk.pages.clock.ahead += timedelta(minutes=1)
    desk.pages.conversation.cut_off = False
    await second.get_by_role("button", name="发送失败，点此重试").click()
    await expect(said(page)).to_contain_text("每月召开1次")


async def test_the_same_press_and_the_same_words_twice_are_one(desk: Desk) -> None:
    page = await desk.chat("何建业")
    words = {"id": "11111111-aaaa", "text": QUESTION}
    for _ in range(2):
        assert (await page.request.post(f"{page.url}/say", data=words)).status == 200
    await expect(said(page)).to_have_count(1)
    line = await said(page).get_attribute("data-line")
    token = await page.get_by_role("button", name="有用").get_attribute("data-token")
    pressed = {"id": "22222222-bbbb", "line": line, "token": token}
    for _ in range(2):
        assert (await page.request.post(f"{page.url}/press", data=pressed)).status == 200
    await ask(page, "帮助")
    await expect(said(page)).to_have_count(3)
    await expect(own(page)).to_have_count(2)


async def attach(page: Page, name: str, content: bytes) -> None:
    """Choose a file as by the button."""
    file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    await page.get_by_label("选择文件").set_input_files(file)


async def test_what_is_typed_in_a_line_survives_news_that_change_nothing(desk: Desk) -> None:
    """A line may be drawn before its writer tells of it; the second telling is no news."""
    person = await desk.pages.person("宋以宁")
    me = transcripts.private_chat(person.id)
    page = await desk.chat("宋以宁")
    async with desk.pages.app.database.write() as session:
        line, after = [
            await transcripts.deliver(
                session,
                chat=me,
                content=Message(text, contact=contact).to_json(),
                delivery=3_000_000 + number,
                edits=None,
                now=desk.pages.clock(),
            )
            for number, (text, contact) in enumerate([("请发送手机号", True), ("然后", False)])
        ]
    await page.get_by_label("手机号").fill("13800001234")
    desk.pages.house.hub.publish(me, int(line))
    async with desk.pages.app.database.write() as session:
        await transcripts.deliver(
            session,
            chat=me,
            content=Message("改过了").to_json(),
            delivery=3_000_009,
            edits=after,
            now=desk.pages.clock(),
        )
    desk.pages.house.hub.publish(me, int(after))
    await expect(page.get_by_text("改过了")).to_be_visible()
    await expect(page.get_by_label("手机号")).to_have_value("13800001234")
