"""Sending files from the page."""

from __future__ import annotations

import pytest
from playwright.async_api import FilePayload, expect

from tests.bot.pages.script.conftest import Chat
from tests.bot.pages.script.served import SMALLER_LIMIT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def file(name: str, size: int = 5) -> FilePayload:
    return FilePayload(name=name, mimeType="text/plain", buffer=b"x" * size)


async def attach(chat: Chat, *files: FilePayload) -> None:
    """Choose files as the button with the paper clip does."""
    async with chat.page.expect_file_chooser() as chooser:
        await chat.page.get_by_role("button", name="发送文件").click()
    await (await chooser.value).set_files(list(files))


async def test_a_file_is_handed_in_with_what_is_written_beside_it(chat: Chat) -> None:
    await chat.input.fill("导入")
    await attach(chat, file("条例.docx"))
    await expect(chat.answers).to_contain_text("收到 条例.docx，5 字节，说明“导入”")
    await expect(chat.mine).to_contain_text("条例.docx")
    await expect(chat.mine).to_have_attribute("data-state", "taken")
    await expect(chat.input).to_have_value("")


async def test_several_files_are_several_messages(chat: Chat) -> None:
    await attach(chat, file("一.txt"), file("二.txt"))
    await expect(chat.answers).to_have_count(2)
    await expect(chat.mine).to_have_count(2)


async def test_a_file_that_the_conversation_finds_too_large_is_answered_in_words(
    chat: Chat,
) -> None:
    await attach(chat, file("较大.pdf", SMALLER_LIMIT + 1))
    await expect(chat.answers).to_contain_text("文件太大")


async def test_a_file_that_never_arrived_is_sent_again_by_a_tap(chat: Chat) -> None:
    await chat.page.route("**/upload*", lambda route: route.abort())
    await attach(chat, file("断了.txt"))
    retry = chat.page.get_by_role("button", name="发送失败，点此重试")
    await expect(retry).to_be_visible()
    await chat.page.unroute("**/upload*")
    await retry.click()
    await expect(chat.answers).to_contain_text("收到 断了.txt")
    await expect(chat.mine.filter(visible=True)).to_have_count(1)


async def test_a_file_that_was_not_taken_is_sent_again_whole(chat: Chat) -> None:
    await chat.input.fill("失败")
    await attach(chat, file("再来.txt"))
    await chat.page.get_by_role("button", name="发送失败，点此重试").click()
    await expect(chat.answers).to_contain_text("收到 再来.txt，5 字节，说明“失败”")
    await expect(chat.mine.filter(visible=True)).to_have_count(1)
