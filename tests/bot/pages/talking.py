"""What a person does on a chat page."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect


async def send(page: Page, text: str) -> None:
    """Write a text and send it by Enter."""
    await page.get_by_role("textbox", name="消息").fill(text)
    await page.keyboard.press("Enter")


async def ask(page: Page, text: str) -> Locator:
    """Write a text and return the assistant's next line."""
    before = await said(page).count()
    await send(page, text)
    return await _next(page, before)


async def press(page: Page, label: str) -> Locator:
    """Press the last button of that name and return the assistant's next line."""
    before = await said(page).count()
    await page.get_by_role("button", name=label, exact=True).last.click()
    return await _next(page, before)


def said(page: Page) -> Locator:
    """Return everything on the page that the assistant has said."""
    return page.locator(".zb-said")


def own(page: Page) -> Locator:
    """Return everything that the reader has said."""
    return page.locator(".zb-own")


async def _next(page: Page, before: int) -> Locator:
    await expect(said(page)).to_have_count(before + 1)
    return said(page).nth(before)
