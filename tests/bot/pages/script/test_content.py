"""What a message may hold, and that none of it is ever taken for markup."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from io import BytesIO
from uuid import uuid4

import pytest
from openpyxl import load_workbook
from playwright.async_api import Page, expect

from db import transcripts
from db.tables import Person, StoredFile
from scheduler.messages import Attachment, Button, Figure, Message, Quote, Series, Table
from tests.bot.pages.script.conftest import Served, open_chat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = (
    "</script><b>粗</b><img src=x onerror=\"document.title='坏'\">`${document.title='坏'}` {{7*7}}"
)


async def store(served: Served, name: str, media_type: str, data: bytes) -> Attachment:
    """Put a file into the store."""
    async with served.database.write() as session:
        file = StoredFile(
            key=uuid4().hex,
            name=name,
            media_type=media_type,
            digest="",
            data=data,
            created_at=datetime.now(UTC),
        )
        session.add(file)
        await session.flush()
    return Attachment(file.id, name, media_type)


async def show(page: Page, served: Served, me: Person, message: Message) -> Page:
    """Open a chat in which the assistant has said something."""
    room = transcripts.private_chat(me.id)
    await served.deliver(room, message)
    await open_chat(page, served, room)
    return page


async def test_a_source_is_a_quotation_with_its_article_and_version(
    page: Page, demo_pages: Served, me: Person
) -> None:
    quote = Quote("《某条例》", "第十二条", "2018", "条号待核")
    await show(page, demo_pages, me, Message("每月一次", quote=quote))
    shown = page.locator("blockquote")
    await expect(shown).to_have_text("《某条例》 第十二条2018版条号待核")


async def test_a_table_is_a_grid(page: Page, demo_pages: Served, me: Person) -> None:
    table = Table((("支部", "人数"), ("第一", "12"), ("<i>第二</i>", "9")))
    await show(page, demo_pages, me, Message("统计", table=table))
    await expect(page.locator("th")).to_have_text(["支部", "人数"])
    await expect(page.locator("td")).to_have_text(["第一", "12", "<i>第二</i>", "9"])


async def test_a_picture_is_shown_in_its_place(page: Page, demo_pages: Served, me: Person) -> None:
    picture = await store(demo_pages, "图.png", "image/png", PIXEL)
    await show(page, demo_pages, me, Message("看图", attachment=picture))
    shown = page.get_by_role("img", name="图.png")
    await expect(shown).to_have_js_property("naturalWidth", 1)


async def test_a_figure_is_a_live_chart_within_a_phone(
    page: Page, demo_pages: Served, me: Person
) -> None:
    await page.set_viewport_size({"width": 390, "height": 780})
    figure = Figure(
        "2026 年累计学时",
        tuple(f"{month}月" for month in range(1, 12)),
        (Series("累计学时", (0, 1, 2.5, 4, 8, 9, 12, 15, 18.5, 20, 24)),),
        "line",
        "学时",
        32.0,
    )
    await show(page, demo_pages, me, Message("2026 年我的学习", figure=figure))
    chart = page.get_by_role("img", name="2026 年累计学时")
    await expect(chart.locator("canvas")).to_be_visible()
    box = await chart.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    ink = """e => { const c = e.querySelector('canvas'), d = c.getContext('2d')
        .getImageData(0, 0, c.width, c.height).data; let red = 0;
        for (let i = 0; i < d.length; i += 4) red += d[i] > 150 && d[i + 1] < 80 && d[i + 3] > 200;
        return red }"""
    assert await chart.evaluate(ink) > 100


async def test_a_file_is_a_card_that_saves_it(page: Page, demo_pages: Served, me: Person) -> None:
    sheet = await store(demo_pages, "花 名册.xlsx", "application/vnd.ms-excel", b"sheet")
    await show(page, demo_pages, me, Message("给你", attachment=sheet))
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="花 名册.xlsx").click()
    download = await loading.value
    assert download.suggested_filename == "花 名册.xlsx"
    assert (await download.path()).read_bytes() == b"sheet"


async def test_a_wide_table_is_saved_as_a_spreadsheet_by_its_own_name(
    page: Page, demo_pages: Served, me: Person
) -> None:
    head = ("事项", "应办", "按期办结", "逾期办结", "免除", "待接收", "办理中")
    table = Table((head, ("=1+1", *"123456")), "台账-第三党支部-2026")
    await show(page, demo_pages, me, Message("台账", table=table))
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="台账-第三党支部-2026.xlsx").click()
    download = await loading.value
    assert download.suggested_filename == "台账-第三党支部-2026.xlsx"
    sheet = load_workbook(BytesIO((await download.path()).read_bytes())).worksheets[0]
    assert [cell.value for cell in sheet[2]] == ["=1+1", *"123456"]
    assert sheet["A2"].data_type == "s"


async def test_a_page_in_a_file_is_saved_and_never_run(
    page: Page, demo_pages: Served, me: Person
) -> None:
    """Served as a page of ours, it could read and write everything that the visitor can."""
    html = await store(demo_pages, "x.html", "text/html", b"<script>alert(1)</script>")
    await show(page, demo_pages, me, Message("给你", attachment=html))
    link = await page.get_by_role("link", name="x.html").get_attribute("href")
    answer = await page.request.get(f"{demo_pages.address}{link}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_nothing_in_a_message_is_markup(page: Page, demo_pages: Served, me: Person) -> None:
    message = Message(
        HOSTILE,
        quote=Quote(HOSTILE),
        buttons=((Button(HOSTILE, "/x", token="t"),),),
        table=Table(((HOSTILE,),)),
    )
    await show(page, demo_pages, me, message)
    line = page.locator(".zb-said")
    await expect(line.locator("b, img, script")).to_have_count(0)
    await expect(line.locator(".zb-bubble > .zb-text")).to_have_text(HOSTILE)
    await expect(line.locator("th")).to_have_text(HOSTILE)
    await expect(line.get_by_role("button")).to_have_text(HOSTILE)
    await expect(page).to_have_title("支部助手")
