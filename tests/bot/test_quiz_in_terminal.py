"""The conversation in lines of text: a daily round from order to result, and what is owed."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import open_app
from bot.channels.terminal import NAME, TerminalChannel
from bot.cli import chat
from bot.cli.chat import take
from bot.settings import load
from db import accounts
from tests.bot.pages.conftest import Clock
from tests.conftest import SECRET
from tests.scheduler.quiz_world import question
from tests.scheduler.world import person_named

GROUP = "综合支部群"


async def test_a_daily_round_from_the_order_to_the_result(furnished: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    (data / "key").write_bytes(SECRET)
    (data / "key").chmod(0o600)
    clock, written = Clock(), list[str]()
    channel = TerminalChannel(written.append)
    settings = load({"ZHIBU_DATA": str(data), "ZHIBU_DEMO": "off"})
    async with open_app(settings, clock=clock) as app:
        app.delivery.add(channel)
        async with app.database.write() as session:
            session.add_all(question(number, topic="党章一") for number in range(4))
            person = await person_named(session, "林知夏")
            account = await accounts.seen(
                session, channel=NAME, external="me", name="林知夏", chat="me", now=clock()
            )
            account.person_id = person.id

        async def say(line: str) -> list[str]:
            del written[:]
            await take(app, channel, "me", line, group=GROUP)
            return list(written)

        [done] = await say("每日答题 10:30 2题 党章一 限时10分钟")
        assert "下一次：2026-11-23 10:30" in done
        assert await say("") == []
        clock.ahead += timedelta(minutes=31)
        first, second = await say("")
        assert first.startswith("每日答题 1 · 1/2\n")
        assert "[1] A. " in first
        assert "[4] A. " in second
        labels = [button.label for button in channel.buttons]
        right = [n for n, label in enumerate(labels, 1) if label.endswith("对的")]
        assert await say(str(right[0])) == ["答对了！"]
        wrong = next(n for n in (4, 5, 6) if n != right[1])
        [verdict] = await say(str(wrong))
        assert verdict.startswith("答错了，正确答案是 ")
        clock.ahead += timedelta(minutes=10)
        *closed, result = await say("")
        assert len(closed) == 2
        assert result.startswith("每日答题 1 结果：1 人参加，正确率 50%。")


async def test_in_a_demo_of_its_own_what_is_owed_is_there(
    furnished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    (data / "key").write_bytes(SECRET)
    (data / "key").chmod(0o600)
    lines = iter(["我的任务", None])
    monkeypatch.setattr(chat, "_read", lambda: next(lines))
    await chat._talk(load({"ZHIBU_DATA": str(data)}), "林知夏", None)
    assert "交纳党费" in capsys.readouterr().out
