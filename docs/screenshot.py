"""Makes the README's picture of the browser chat: `python -m docs.screenshot`.

The assistant is started as a user would, on a fresh demo store, and asked in a real browser.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser import headless

PICTURE = Path(__file__).parent / "images" / "browser-chat.png"
START = "from bot.cli import main; raise SystemExit(main())"
PERSON = "江晚舟"
QUESTIONS = ("支委会多久开一次？", "预备党员党非从哪个月开始交")
# Half as many pixels again as points: sharp enough, and small enough for a repository.
SIZE, SCALE = (1180, 990), 1.5


def main() -> None:
    """Make the picture."""
    with tempfile.TemporaryDirectory() as data, assistant(data) as address:
        asyncio.run(_draw(address))


@contextmanager
def assistant(data: str) -> Iterator[str]:
    """Run the assistant on a store in a folder; yields the address of its pages."""
    wanted = {"ZHIBU_DATA": data, "ZHIBU_PORT": "0", "ZHIBU_DEMO": "on"}
    process = subprocess.Popen(
        [sys.executable, "-c", START],
        env={**os.environ, **wanted},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield next(line.split()[-1] for line in process.stdout if "http://" in line)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def _draw(address: str) -> None:
    width, height = SIZE
    async with headless() as browser:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=SCALE, locale="zh-CN"
        )
        page = await context.new_page()
        await page.goto(address)
        await page.get_by_role("link", name=PERSON).click()
        await _talk(page)
        await page.screenshot(path=PICTURE)


async def _talk(page: Page) -> None:
    answers = page.locator(".zb-said")
    for number, question in enumerate(QUESTIONS, 1):
        await page.get_by_role("textbox", name="消息").fill(question)
        await page.keyboard.press("Enter")
        await expect(answers).to_have_count(number)
    await expect(page.locator(".zb-typing")).to_be_hidden()


if __name__ == "__main__":
    main()
