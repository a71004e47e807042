"""Makes the pictures of the browser chat in the documents: `python -m docs.screenshot`.

The assistant is started as a user would, on a fresh demo store, and asked in a real browser. Each
picture shows the end of a conversation, in as few colours as do.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import Browser, Locator, Page, expect

from db.tables import QuestionKind
from knowledge.quiz.shipped import load_questions
from tests.browser import headless

IMAGES = Path(__file__).parent / "images"
START = "from bot.cli import main; raise SystemExit(main())"
SECRETARY, MEMBER, OTHERS = "林知夏", "江晚舟", ("叶初晴", "宋以宁")
QUESTIONS = ("支委会多久开一次？", "预备党员党非从哪个月开始交")
MENTION = "@支部助手"
# Half as many pixels again as points: sharp enough, and small enough for a repository.
SCALE, COLOURS = 1.5, 64
WIDTH = 1180
# Beside the list of rooms, which only the README's picture shows.
MAIN = 960
# What the doors of the demo and a chat show when they are ready.
IN_CHAT = re.compile(r"/chat/")
BANK = """题干,选项A,选项B,选项C,选项D,答案,解析,依据,主题
支部党员大会一般多久召开一次？,每月,每季度,每半年,每年,B,一般每季度召开1次。,《中国共产党支部工作条例（试行）》第十一条,组织生活
以下属于“三会一课”的有,支部党员大会,支部委员会会议,党小组会,党课,ABCD,,《中国共产党支部工作条例（试行）》第十四条,组织生活
党小组会一般每月召开1次。,,,,,对,,《中国共产党支部工作条例（试行）》第十三条,组织生活
党课应当多久开展一次？,每月,每季度,每半年,每年,E,,,组织生活
"""


@dataclass(frozen=True, slots=True)
class Studio:
    """Where pictures are taken: a browser, the assistant, and how the page is looked at."""

    browser: Browser
    address: str
    folder: Path
    width: int = MAIN
    scheme: Literal["dark", "light"] = "light"

    async def sit(self, person: str, *, group: bool = False, height: int = 720) -> Page:
        """Open somebody's chat with the assistant, or the group of the unit."""
        context = await self.browser.new_context(
            viewport={"width": self.width, "height": height},
            device_scale_factor=SCALE,
            color_scheme=self.scheme,
            locale="zh-CN",
        )
        page = await context.new_page()
        await page.goto(self.address)
        await page.get_by_role("link", name=person).click()
        if group:
            await page.wait_for_url(IN_CHAT)
            place = await page.locator(".zb-room", has_text="群聊").get_attribute("href")
            await page.goto(f"{self.address}{place}")
        await expect(page.get_by_role("textbox", name="消息")).to_be_visible()
        return page

    async def take(self, name: str, page: Page, *, whole: bool = False) -> None:
        """Take a picture of the chat, or of the whole page, and close the page."""
        await expect(page.locator(".zb-typing")).to_be_hidden()
        await expect(page.locator(".q-notification")).to_have_count(0, timeout=15_000)
        await page.mouse.move(0, 0)
        path = self.folder / f"{name}.png"
        shown = page if whole else page.locator(".zb-main")
        await shown.screenshot(path=path, animations="disabled")
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
                path, optimize=True
            )
        await page.context.close()


def main() -> None:
    """Make the pictures."""
    with tempfile.TemporaryDirectory() as data, assistant(data) as address:
        asyncio.run(draw(address, IMAGES))


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


async def draw(
    address: str,
    folder: Path,
    *,
    width: int = MAIN,
    scheme: Literal["dark", "light"] = "light",
) -> None:
    """Take every picture into a folder, as a screen of that width shows it."""
    async with headless() as browser:
        studio = partial(Studio, browser, address, folder, scheme=scheme)
        await _answers(studio(width=WIDTH if width == MAIN else width))
        await _settle(studio())
        for scene in SCENES:
            await scene(studio(width=width))


async def _answers(studio: Studio) -> None:
    page = await studio.sit(MEMBER, height=990)
    for question in QUESTIONS:
        await _say(page, question)
    await studio.take("browser-chat", page, whole=True)


async def _settle(studio: Studio) -> None:
    """Wait for the notices of the demo's first minute: they would come between."""
    for person in (MEMBER, SECRETARY):
        page = await studio.sit(person)
        await expect(page.get_by_role("button", name="收到").first).to_be_visible(timeout=90_000)
        await page.context.close()


async def _round(studio: Studio) -> None:
    """Let a secretary begin a round and the branch answer it."""
    secretary = await studio.sit(SECRETARY, group=True, height=800)
    member = await studio.sit(MEMBER, group=True, height=800)
    await _say(secretary, f"{MENTION} 开始一轮 3题 党费")
    cards = member.locator(".zb-quiz")
    await expect(cards).to_have_count(3)
    for place, person in enumerate(OTHERS):
        page = await studio.sit(person, group=True)
        for card in await page.locator(".zb-quiz").all():
            await _choose(card, place)
        await page.context.close()
    await _choose(cards.nth(1), 0)
    await studio.take("group-question", member)
    await _say(secretary, f"{MENTION} 跳过")
    await expect(secretary.locator(".zb-said").last).to_contain_text("结果：")
    await studio.take("group-result", secretary)


async def _practice(studio: Studio) -> None:
    page = await studio.sit(MEMBER)
    await _say(page, "答题 5题 党费")
    asked = await page.locator(".zb-said").last.inner_text()
    several = "多选" in asked
    await _press(page, _guess(asked), until=" ✓" if several else "你的答案")
    if several:
        await _press(page, "提交", until="你的答案")
    await studio.take("practice", page)


async def _exam(studio: Studio) -> None:
    page = await studio.sit(MEMBER, height=900)
    await _say(page, "模拟考试 4题 10分钟 党费")
    await _press(page, "开始考试", until="第 1 题 / 4")
    for number in range(1, 5):
        asked = await page.locator(".zb-said").last.inner_text()
        # One is got wrong, so that there is something to explain.
        typed = _right(asked) if number < 4 else _wrong(asked)
        await _say(page, typed, until=f"第 {number + 1} 题 / 4" if number < 4 else "已答")
    await _press(page, "确认交卷", until="没有答对的题")
    certificate = page.locator(".zb-said", has_text="成绩单")
    await certificate.evaluate("line => line.scrollIntoView()")
    await studio.take("exam-result", page)


async def _own_study(studio: Studio) -> None:
    page = await studio.sit(MEMBER, height=860)
    await _say(page, "签到 党章第三章 45分钟 对党员义务有了新认识")
    await _say(page, "我的学习")
    await expect(page.locator(".zb-chart canvas")).to_be_visible()
    await studio.take("my-study", page)


async def _report(studio: Studio) -> None:
    page = await studio.sit(SECRETARY, height=620)
    await _say(page, "学习情况")
    await studio.take("study-report", page)


async def _import(studio: Studio) -> None:
    page = await studio.sit(SECRETARY, height=1000)
    await page.get_by_role("textbox", name="消息").fill("题库")
    bank = {"name": "三会一课.csv", "mimeType": "text/csv", "buffer": BANK.encode()}
    await page.locator("input[type=file]").set_input_files(bank)  # type: ignore[arg-type]
    await expect(page.get_by_role("button", name="收入题库")).to_be_visible()
    await studio.take("import-preview", page)


Scene = Callable[[Studio], Awaitable[None]]
SCENES: tuple[Scene, ...] = (_practice, _exam, _own_study, _round, _report, _import)


async def _say(page: Page, text: str, *, until: str = "") -> None:
    """Say something and wait for the answer."""
    answers = page.locator(".zb-said")
    before = await answers.count()
    await page.get_by_role("textbox", name="消息").fill(text)
    await page.keyboard.press("Enter")
    await expect(answers.nth(before)).to_contain_text(until)


async def _press(page: Page, label: str, *, until: str) -> None:
    """Press the newest button of that name and wait for what comes of it."""
    await page.get_by_role("button", name=label, exact=True).last.click()
    await expect(page.locator(".zb-said").last).to_contain_text(until)


def _guess(asked: str) -> str:
    """Return an answer to a question, right or wrong."""
    return "对" if "判断" in asked else "A"


def _right(asked: str) -> str:
    """Return the right answer to a shipped question, by the letters it is shown with."""
    lines = asked.splitlines()
    known = next(question for question in load_questions() if question.stem in lines)
    right = {known.options[index] for index in known.correct}
    if known.kind is QuestionKind.JUDGE:
        return right.pop()
    return "".join(line[0] for line in lines if line[3:] in right)


def _wrong(asked: str) -> str:
    """Return a wrong answer to a shipped question."""
    choices = ("对", "错") if "判断" in asked else ("A", "B")
    return next(choice for choice in choices if choice != _right(asked))


async def _choose(card: Locator, place: int) -> None:
    """Answer a question of a round by the option at a place."""
    several = await card.locator("[aria-pressed]").count()
    await card.locator(".zb-choice").nth(place).click()
    if several:
        await expect(card.locator("[aria-pressed=true]")).to_have_count(1)
        await card.get_by_role("button", name="提交").click()
    await expect(card.locator(".zb-verdict")).to_be_visible()


if __name__ == "__main__":
    main()
