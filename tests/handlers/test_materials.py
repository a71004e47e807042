"""Publishing material, opening it, learning it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from db import conversation
from db.tables import Duty, Material, Reading, StoredFile
from knowledge.study.materials import parse_link
from scheduler.messages import Message
from scheduler.rulebook.model import RuleBook
from scheduler.rulebook.reading import SHIPPED, read_folder
from tests.handlers.calendar import open_book
from tests.handlers.conftest import (
    MEMBER,
    OFFICER,
    OUTSIDER,
    SECRETARY,
    SIBLING,
    SUPERIOR,
    Talk,
    upload,
)

PDF = b"%PDF-1.7 one page"


async def publish(talk: Talk, who: str, *words: str, content: str = "请认真学习全文") -> Message:
    """Publish a material as somebody types it; return the answer."""
    await talk.say(who, "发布资料 全会精神")
    await talk.say(who, content)
    for word in words:
        await talk.say(who, word)
    [done] = await talk.say(who, "确认发布")
    return done


async def with_rules(talk: Talk) -> None:
    """Take the shipped rules into force."""
    shipped = read_folder(SHIPPED)
    await open_book(talk, RuleBook(shipped.digest, shipped.rules))


async def duty_of(talk: Talk, name: str) -> Duty | None:
    """Return the study duty of somebody."""
    person = await talk.person(name)
    statement = select(Duty).where(Duty.person_id == person.id, Duty.rule == "study-material")
    async with talk.database.read() as session:
        return (await session.scalars(statement)).one_or_none()


async def test_a_material_with_a_limit_is_a_duty_until_it_is_learned(talk: Talk) -> None:
    await with_rules(talk)
    done = await publish(talk, SECRETARY, "截止 2026-12-10", "时长 45")
    assert "已生成 8 项学习任务" in done.text
    [tasks] = await talk.say(MEMBER, "我的任务")
    assert "学习《全会精神》 — 12-10 截止" in tasks.text
    duty = await duty_of(talk, MEMBER)
    assert duty is not None
    [hint] = await talk.say(MEMBER, f"完成 {duty.id}")
    assert "学完了 1 感想" in hint.text
    [basis] = await talk.say(MEMBER, f"任务 {duty.id}")
    assert basis.quote is not None
    assert "不是法规的时限" in basis.quote.remark
    [listed] = await talk.say(MEMBER, "学习资料")
    assert "12-10 截止，还有 17 天" in listed.text
    [shown] = await talk.press(MEMBER, listed, "打开 1")
    assert "请认真学习全文" in shown.text
    await talk.press(MEMBER, shown, "学完了")
    [learned] = await talk.say(MEMBER, "对怎么抓落实有了新认识")
    assert "记 45 分钟" in learned.text
    assert "学习任务已办结" in learned.text
    [again] = await talk.say(MEMBER, "学完了 1 又读了一遍")
    assert "以前已经学完了" in again.text
    [mine] = await talk.say(MEMBER, "我的学习")
    assert "0.7 / 32" in mine.text
    async with talk.database.read() as session:
        [reading] = (await session.scalars(select(Reading))).all()
    assert (reading.minutes, reading.thought) == (45, "又读了一遍")


async def test_what_was_not_opened_is_shown_before_it_counts_as_learned(talk: Talk) -> None:
    await publish(talk, SECRETARY, "时长 45")
    [shown] = await talk.say(MEMBER, "学完了 1 很有启发")
    assert "还没有打开过" in shown.text
    assert "请认真学习全文" in shown.text
    [learned] = await talk.press(MEMBER, shown, "学完了")
    assert "已学完《全会精神》。记 45 分钟" in learned.text
    async with talk.database.read() as session:
        assert (await session.scalars(select(Reading))).one().thought == "很有启发"


async def test_a_day_has_24_hours_with_material_too(talk: Talk) -> None:
    await publish(talk, SECRETARY, "时长 45")
    for minutes in (600, 600, 220):
        await talk.say(MEMBER, f"签到 党章 {minutes}分钟")
    await talk.say(MEMBER, "资料 1")
    [learned] = await talk.say(MEMBER, "学完了 1 好")
    assert "记 20 分钟。这一天的记录已满 24 小时" in learned.text


async def test_a_sibling_branch_sees_nothing_of_it(talk: Talk) -> None:
    await publish(talk, SECRETARY)
    for text in ("学习资料", "资料 1", "学完了 1 好", "撤回资料 1"):
        [reply] = await talk.say(SIBLING, text)
        assert "全会精神" not in reply.text
    [refused] = await talk.say(SIBLING, "撤回资料 1")
    assert "没有找到" in refused.text


async def test_nobody_publishes_to_a_sibling_branch(talk: Talk) -> None:
    await talk.say(SECRETARY, "发布资料 全会精神")
    await talk.say(SECRETARY, "正文在此")
    [refused] = await talk.say(SECRETARY, "组织 财务审计党支部")
    assert "没有找到：财务审计党支部" in refused.text
    [above] = await publish_lines(talk, SUPERIOR, "组织 财务审计党支部、综合管理党支部")
    assert "给综合管理党支部、财务审计党支部" in above.text
    [mine] = await talk.say(MEMBER, "学习资料")
    assert "全会精神" in mine.text
    [officer] = await talk.say(OFFICER, "撤回资料 1")
    assert "没有找到" in officer.text


async def publish_lines(talk: Talk, who: str, *words: str) -> list[Message]:
    """Publish and return the answer as a list."""
    return [await publish(talk, who, *words)]


async def test_a_file_keeps_its_type_by_content_and_is_shown(talk: Talk) -> None:
    await talk.say(SECRETARY, "发布资料")
    sent = upload("讲稿.exe", PDF)
    [preview] = await talk.say(SECRETARY, "", upload=sent)
    assert "《讲稿》（文件）" in preview.text
    await talk.press(SECRETARY, preview, "确认发布")
    [shown] = await talk.say(MEMBER, "资料 1")
    assert shown.attachment is not None
    assert shown.attachment.media_type == "application/pdf"
    async with talk.database.read() as session:
        [file] = (await session.scalars(select(StoredFile))).all()
        assert file.data == PDF
        assert (await session.scalars(select(Reading))).one().opened_at == talk.now


@pytest.mark.parametrize(
    ("content", "kind", "link"),
    [
        ("https://example.org/a?b=1", "link", "https://example.org/a?b=1"),
        ("视频 http://example.org/v.mp4", "video", "http://example.org/v.mp4"),
        ("看 https://example.org 第二节", "text", ""),
    ],
)
async def test_links_are_kept_as_they_are(talk: Talk, content: str, kind: str, link: str) -> None:
    await publish(talk, SECRETARY, content=content)
    async with talk.database.read() as session:
        material = (await session.scalars(select(Material))).one()
    assert (material.kind, material.link) == (kind, link)
    [shown] = await talk.say(MEMBER, "资料 1")
    assert (link or content) in shown.text


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "http://user:word@example.org/",
        "https://example.org:0/",
        "https://example.org:x/",
        "https://exa mple.org/",
        "https://example.org/\u202e",
        f"https://example.org/{'a' * 2000}",
    ],
)
def test_any_other_link_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="链接"):
        parse_link(link)


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("截止 2026-11-22", "今天以后"),
        ("截止 2026-02-30", "没有这一天"),
        ("时长 0", "1 到 600"),
        ("随便", "没有看懂这个修改"),
    ],
)
async def test_a_correction_that_makes_no_sense_is_refused(
    talk: Talk, word: str, answer: str
) -> None:
    await talk.say(SECRETARY, "发布资料 全会精神")
    await talk.say(SECRETARY, "正文在此")
    [reply] = await talk.say(SECRETARY, word)
    assert answer in reply.text


async def test_a_link_of_another_kind_is_no_content(talk: Talk) -> None:
    await talk.say(SECRETARY, "发布资料 全会精神")
    [reply] = await talk.say(SECRETARY, "ftp://example.org/x")
    assert "http:// 或 https:// 开头" in reply.text


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("", "没有收到内容"),
        ("视频", "“视频”后面要写链接"),
        ("链接：", "“链接”后面要写链接"),
        ("视频 example.org/v.mp4", "http:// 或 https:// 开头"),
        ("视频 ftp://example.org/v.mp4", "http:// 或 https:// 开头"),
    ],
)
async def test_content_that_gives_nothing_to_study_changes_nothing(
    talk: Talk, content: str, answer: str
) -> None:
    await talk.say(SECRETARY, "发布资料 全会精神")
    [refused] = await talk.say(SECRETARY, content)
    assert answer in refused.text
    [preview] = await talk.say(SECRETARY, "视频会议的纪要")
    assert "《全会精神》（文字）" in preview.text


async def test_a_limit_that_passes_before_the_confirmation_is_refused(talk: Talk) -> None:
    """Fault: confirmed after midnight, a draft of the day before published what was over."""
    for word in ("发布资料 全会精神", "请认真学习全文", "截止 2026-11-23"):
        [preview] = await talk.say(SECRETARY, word)
    talk.later(hours=7)
    await talk.say(SECRETARY, "时长 45")
    talk.later(hours=8)
    [refused] = await talk.press(SECRETARY, preview, "确认发布")
    assert "期限 2026-11-23 不行" in refused.text
    await talk.say(SECRETARY, "截止 2026-11-25")
    [done] = await talk.press(SECRETARY, preview, "确认发布")
    assert "已发布" in done.text


async def files(talk: Talk) -> list[tuple[str, str]]:
    """Return name and type of what the store keeps."""
    async with talk.database.read() as session:
        rows = await session.scalars(select(StoredFile).order_by(StoredFile.id))
        return [(row.name, row.media_type) for row in rows]


async def test_a_file_that_is_not_published_does_not_stay(talk: Talk) -> None:
    await talk.say(SECRETARY, "发布资料 全会精神")
    await talk.say(SECRETARY, "", upload=upload("旧.pdf", PDF))
    await talk.say(SECRETARY, "", upload=upload("新.pdf", PDF))
    assert await files(talk) == [("新.pdf", conversation.HELD)]
    await talk.say(SECRETARY, "取消")
    assert await files(talk) == []


async def test_a_file_of_a_dialog_left_open_goes_with_the_sweep(talk: Talk) -> None:
    await talk.say(SECRETARY, "发布资料 全会精神")
    [preview] = await talk.say(SECRETARY, "", upload=upload("讲稿.pdf", PDF))
    async with talk.database.write() as session:
        await conversation.sweep(session, now=talk.now + conversation.HELD_LIFE)
    assert await files(talk) == []
    [gone] = await talk.press(SECRETARY, preview, "确认发布")
    assert "没有等待发布的资料" in gone.text


async def test_withdrawing_takes_the_duties_back(talk: Talk) -> None:
    await with_rules(talk)
    done = await publish(talk, SECRETARY, "截止 2026-12-10")
    [gone] = await talk.press(SECRETARY, done, "撤回")
    assert "8 项没有办结的学习任务一并撤回" in gone.text
    [none] = await talk.say(MEMBER, "资料 1")
    assert "没有找到" in none.text
    duty = await duty_of(talk, MEMBER)
    assert duty is not None
    assert duty.state == "withdrawn"


async def test_nothing_is_published_without_a_preview(talk: Talk) -> None:
    [reply] = await talk.say(SECRETARY, "/publish_confirm")
    assert "没有等待发布的资料" in reply.text
    [refused] = await talk.say(OUTSIDER, "/publish_confirm")
    assert "需要先绑定身份" in refused.text


def test_the_rule_is_in_the_book_and_not_planned() -> None:
    [rule] = read_folder(Path(SHIPPED)).of_id("study-material")
    assert rule.in_force(date(2026, 11, 23))
    assert rule.anchor.kind.value == "hand"
