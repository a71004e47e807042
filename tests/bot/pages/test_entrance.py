"""With the demo off: who gets in, how, for how long, and what they find."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import APIRequestContext, APIResponse, Page, expect

from bot.pages.house import COOKIE
from db import signin, transcripts
from db.tables import Person, StoredFile, Transcript
from scheduler.messages import Message, Table
from tests.bot.pages.conftest import Desk
from tests.bot.pages.talking import ask, said

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DEMO = False
QUESTION = "支委会多久开一次？"
GATE = "请先登录"
OVER = "链接已失效"


async def link(desk: Desk, name: str, *, age: timedelta = timedelta()) -> str:
    """Make a link for somebody, of a given age."""
    person = await desk.pages.person(name)
    async with desk.pages.app.database.write() as session:
        token = await signin.issue(session, person_id=person.id, now=desk.pages.clock() - age)
    return f"/in/{token}"


async def signed_in(desk: Desk, name: str) -> Page:
    """Sign somebody in by a link; returns their private chat."""
    page = await desk.page(await link(desk, name))
    await page.get_by_role("button", name="登录").click()
    await page.get_by_role("textbox", name="消息").wait_for()
    return page


async def known(desk: Desk, name: str) -> APIRequestContext:
    """Sign somebody in without opening a page; returns what sends their requests."""
    asking = (await desk.profile()).request
    assert (await asking.post(await link(desk, name), max_redirects=0)).status == 303
    return asking


async def test_one_who_is_not_signed_in_is_told_how_and_shown_nobody(desk: Desk) -> None:
    person = await desk.pages.person("江晚舟")
    own = transcripts.private_chat(person.id)
    for path in ("/", f"/chat/{own}", f"/chat/{own}?as={own}", "/chat/unit:4"):
        page = await desk.page(path)
        await expect(page.locator("body")).to_contain_text(GATE)
        await expect(page.locator("body")).to_contain_text("发送“登录”")
        await expect(page.locator("body")).not_to_contain_text("江晚舟")


async def test_a_link_is_used_up_by_signing_in_and_not_by_looking(desk: Desk) -> None:
    """A messenger that shows a preview of the link must not burn it."""
    path = await link(desk, "江晚舟")
    page = await desk.page(path)
    for _ in range(2):
        assert (await page.request.get(path)).status == 200
    await page.get_by_role("button", name="登录").click()
    await expect(page.locator(".zb-head")).to_contain_text("江晚舟")
    assert page.url == f"{desk.pages.base}/chat/person:{(await desk.pages.person('江晚舟')).id}"
    second = await desk.page(path)
    await second.get_by_role("button", name="登录").click()
    await expect(second.locator("body")).to_contain_text(OVER)


async def test_an_expired_an_unknown_and_a_used_link_look_alike(desk: Desk) -> None:
    used, expired = await link(desk, "周叙白"), await link(desk, "林知夏", age=signin.LINK_LIFE)
    asking = (await desk.profile()).request
    assert (await asking.post(used, max_redirects=0)).status == 303
    answers = [await asking.post(path) for path in (used, expired, "/in/" + "x" * 32)]
    assert [answer.status for answer in answers] == [410] * 3
    assert len({await answer.text() for answer in answers}) == 1


async def test_a_session_is_a_cookie_that_no_script_reads_for_a_week(desk: Desk) -> None:
    page = await desk.page(await link(desk, "方疏影"))
    await page.get_by_role("button", name="登录").click()
    await page.locator(".zb-frame").wait_for()
    [cookie] = await page.context.cookies()
    assert cookie["name"] == COOKIE
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    stays = cookie["expires"] - await page.evaluate("Date.now() / 1000")
    assert stays == pytest.approx(signin.SESSION_LIFE.total_seconds(), abs=120)
    assert await page.evaluate("document.cookie") == ""


async def test_one_who_is_signed_in_asks_and_is_answered(desk: Desk) -> None:
    page = await signed_in(desk, "叶初晴")
    await expect(await ask(page, QUESTION)).to_contain_text("每月召开1次")
    await page.goto("/")
    await expect(said(page)).to_contain_text("每月召开1次")


async def test_other_peoples_chats_do_not_exist(desk: Desk) -> None:
    asking = await known(desk, "宋以宁")
    other = await desk.pages.person("唐小满")
    chats = (transcripts.private_chat(other.id), transcripts.group_chat(other.unit_id))
    for chat in (*chats, "person:999999", "unit:999999", "person:0", "x", "%2e%2e%2fin"):
        for query in ("", f"?as={chats[0]}"):
            answer = await asking.get(f"/chat/{chat}{query}")
            assert answer.status == 404, chat
            assert "没有权限" in await answer.text()
            assert "唐小满" not in await answer.text()


@pytest.mark.parametrize("what", ["say", "press", "phone", "upload?id=aaaaaaaa&name=x", "commands"])
async def test_nothing_is_sent_to_other_peoples_chats(desk: Desk, what: str) -> None:
    asking = await known(desk, "贺兰亭")
    other = await desk.pages.person("唐小满")
    for chat in (transcripts.private_chat(other.id), transcripts.group_chat(other.unit_id)):
        assert (await call(asking, f"/chat/{chat}/{what}")).status == 404
    async with desk.pages.app.database.read() as session:
        assert await transcripts.lines(session, transcripts.private_chat(other.id)) == []


@pytest.mark.parametrize("what", ["say", "press", "phone", "upload?id=aaaaaaaa&name=x", "commands"])
async def test_nothing_is_taken_from_one_who_is_not_signed_in(desk: Desk, what: str) -> None:
    person = await desk.pages.person("唐小满")
    asking = (await desk.profile()).request
    for query in ("", f"as=person:{person.id}"):
        joint = "&" if "?" in what else "?"
        answer = await call(asking, f"/chat/person:{person.id}/{what}{joint}{query}")
        assert answer.status == 401


async def test_a_button_of_another_chat_cannot_be_pressed_and_none_be_made_up(
    desk: Desk,
) -> None:
    victim, attacker = await signed_in(desk, "陈立新"), await signed_in(desk, "李素琴")
    await ask(victim, QUESTION)
    line = await said(victim).get_attribute("data-line")
    token = await victim.get_by_role("button", name="有用").get_attribute("data-token")
    await ask(attacker, QUESTION)
    own_line = await said(attacker).get_attribute("data-line")
    for number, pressed in ((line, token), (own_line, token), (own_line, "x")):
        body = {"id": "33333333", "line": number, "token": pressed}
        assert (await attacker.request.post(f"{attacker.url}/press", data=body)).status == 404
    reply = {"id": "44444444", "text": "看看", "answers": line}
    assert (await attacker.request.post(f"{attacker.url}/say", data=reply)).status == 404


async def test_a_file_is_fetched_only_by_those_in_its_chat(desk: Desk) -> None:
    owner, outsider = await signed_in(desk, "王启航"), await signed_in(desk, "高炉生")
    nobody = await desk.page("/welcome")
    await keep_file(desk, await desk.pages.person("王启航"))
    await owner.reload()
    card = owner.get_by_role("link", name="台账<b>.html")
    path = await card.get_attribute("href")
    assert path is not None
    async with owner.expect_download() as download:
        await card.click()
    assert (await download.value).suggested_filename.endswith(".html")
    answer = await owner.request.get(path)
    assert (answer.status, await answer.body()) == (200, b"<script>alert(1)</script>")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    for page in (outsider, nobody):
        assert (await page.request.get(path)).status == 404
        claimed = f"{path}?as=person:{(await desk.pages.person('王启航')).id}"
        assert (await page.request.get(claimed)).status == 404
    assert (await owner.request.get("/files/none")).status == 404


async def test_a_table_is_saved_only_by_those_in_its_chat(desk: Desk) -> None:
    owner, outsider = await known(desk, "王启航"), await known(desk, "高炉生")
    chat = transcripts.private_chat((await desk.pages.person("王启航")).id)
    content = Message("台账", table=Table((("事项", "应办"),), "台账-x-2026")).to_json()
    async with desk.pages.app.database.write() as session:
        line = Transcript(chat=chat, at=desk.pages.clock(), content=content)
        session.add(line)
    answer = await owner.get(f"/tables/{line.id}")
    assert (answer.status, (await answer.body())[:2]) == (200, b"PK")
    assert answer.headers["content-disposition"].startswith("attachment;")
    for asking in (outsider, (await desk.profile()).request):
        assert (await asking.get(f"/tables/{line.id}")).status == 404
    for nothing in ("0", "x", "9" * 30):
        assert (await owner.get(f"/tables/{nothing}")).status == 404


async def test_signing_out_ends_the_session_here_and_for_a_stolen_cookie(desk: Desk) -> None:
    page = await signed_in(desk, "程默涵")
    chat, [stolen] = page.url, await page.context.cookies()
    await page.get_by_role("button", name="退出登录").first.click()
    await expect(page.locator("body")).to_contain_text(GATE)
    assert await page.context.cookies() == []
    thief = await desk.profile()
    await thief.add_cookies([{"name": COOKIE, "value": stolen["value"], "url": desk.pages.base}])
    caught = await thief.new_page()
    await caught.goto(chat)
    await expect(caught.locator("body")).to_contain_text(GATE)


async def test_one_who_has_left_is_out_at_once(desk: Desk) -> None:
    page = await signed_in(desk, "胡秋实")
    await ask(page, QUESTION)
    person = await desk.pages.person("胡秋实")
    async with desk.pages.app.database.write() as session:
        (await session.get_one(Person, person.id)).left_on = desk.pages.house.today
    await expect(page.locator("body")).to_contain_text(GATE)
    chat = f"/chat/{transcripts.private_chat(person.id)}"
    assert (await call(page.request, f"{chat}/say")).status == 401


async def test_one_who_has_moved_reads_the_old_group_no_more(desk: Desk) -> None:
    page = await signed_in(desk, "董春华")
    person, other = await desk.pages.person("董春华"), await desk.pages.person("徐闻道")
    group = f"/chat/{transcripts.group_chat(other.unit_id)}"
    await page.goto(group)
    await page.get_by_role("textbox", name="消息").wait_for()
    async with desk.pages.app.database.write() as session:
        (await session.get_one(Person, person.id)).unit_id = 1
    await expect(page.get_by_role("heading", name="支部助手")).to_be_visible()
    assert (await page.request.get(group)).status == 404


async def test_a_session_ends_after_a_week(desk: Desk) -> None:
    page = await signed_in(desk, "石敢当")
    desk.pages.clock.ahead += signin.SESSION_LIFE
    await expect(page.locator("body")).to_contain_text(GATE)


@pytest.mark.parametrize("path", ["/", "/welcome", "/in/x", "/files/x", "/chat/x", "/nothing"])
async def test_every_answer_forbids_framing_sniffing_and_foreign_content(
    desk: Desk, path: str
) -> None:
    headers = (await (await desk.profile()).request.get(path)).headers
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


async def test_other_names_and_other_sites_are_refused(desk: Desk) -> None:
    asking = await known(desk, "夏知微")
    path = f"/chat/person:{(await desk.pages.person('夏知微')).id}/say"
    port = desk.pages.base.rpartition(":")[2]
    body = {"id": "55555555", "text": QUESTION}
    for headers in (
        {"host": f"evil.example:{port}"},
        {"host": f"127.0.0.1.evil.example:{port}"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": desk.pages.base.replace("http:", "https:") + "0"},
    ):
        answer = await asking.post(path, data=body, headers=headers)
        assert answer.status == 403, headers
    assert (await asking.post(path, data=body)).status == 200


async def test_another_site_gets_no_live_connection(desk: Desk) -> None:
    """Without this check any page in the same browser could listen by the visitor's cookie."""
    asking = await known(desk, "汪洋平")
    path = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    assert (await asking.get(path)).status == 200
    answer = await asking.get(path, headers={"origin": "https://evil.example"})
    assert answer.status == 403


async def call(asking: APIRequestContext, path: str) -> APIResponse:
    """Send what fits an address."""
    bodies = {
        "say": {"id": "66666666", "text": QUESTION},
        "press": {"id": "66666666", "line": 1, "token": "x"},
        "phone": {"id": "66666666", "phone": "19900000001"},
    }
    if "/commands" in path:
        return await asking.get(path)
    if "/upload" in path:
        return await asking.post(path, data=b"x")
    return await asking.post(path, data=bodies[path.split("?")[0].rpartition("/")[2]])


async def keep_file(desk: Desk, person: Person) -> None:
    """Let the assistant send somebody a file."""
    now = desk.pages.clock()
    async with desk.pages.app.database.write() as session:
        file = StoredFile(
            key="key-of-the-file",
            name="台账<b>.html",
            media_type="text/html",
            digest="d",
            data=b"<script>alert(1)</script>",
            created_at=now,
        )
        session.add(file)
        await session.flush()
        card = {"file": file.id, "name": file.name, "media_type": file.media_type}
        chat, content = transcripts.private_chat(person.id), {"text": "台账", "attachment": card}
        session.add(Transcript(chat=chat, at=now, content=content))
