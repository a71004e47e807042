"""Rounds come in their minute, once, end by themselves and tell what came of them."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from db.engine import Database
from db.tables import CalendarDay, Outbox, OutboxState, QuizGroup, QuizRound, RoundState, Unit
from scheduler import outbox, quiz_groups, rounds, standings
from scheduler.messages import Message
from tests.plans import read_whole, recorded
from tests.scheduler.quiz_world import (
    CHAT,
    HALF_PAST_EIGHT,
    answer,
    answers,
    delivered,
    furnish,
    group,
    held,
    posts,
    question,
    said,
    stranger,
    ticked,
    told,
)
from tests.scheduler.world import MONDAY, ZONE

DUE = HALF_PAST_EIGHT
CLOSING = DUE + timedelta(minutes=30)
SECOND = timedelta(seconds=1)
# What a messenger that counts down itself is given on top.
OVER = timedelta(seconds=4)


async def test_a_round_comes_in_its_minute_and_names_itself(database: Database) -> None:
    await furnish(database)
    assert await ticked(database, DUE - SECOND) == 0
    await ticked(database, DUE + SECOND)
    [round_] = await held(database)
    asked = await said(database, "poll")
    assert [text.split("\n")[0] for text in asked] == [
        f"每日答题 {round_.id} · {n}/3" for n in (1, 2, 3)
    ]
    assert len({text.split("\n")[1] for text in asked}) == 3
    assert "09:00 截止" in asked[0]
    assert (round_.local_date, round_.closes_at) == (MONDAY, CLOSING + SECOND)


async def test_a_restart_a_second_before_loses_nothing_and_doubles_nothing(
    database: Database,
) -> None:
    """Faults 20 and 21: a process stops at 08:29:59, and then two with the same settings look."""
    await furnish(database, chats=4)
    await ticked(database, DUE - SECOND)
    again = Database(database.url.render_as_string(hide_password=False))
    late = DUE + timedelta(seconds=20)
    await asyncio.gather(*(ticked(base, late) for base in (database, again) * 2))
    await again.close()
    assert len(await held(database)) == 4
    assert len(await posts(database)) == 12
    assert [g.next_at for g in [await group(database, n) for n in (1, 2, 3, 4)]] == [
        DUE + timedelta(days=1)
    ] * 4


@pytest.mark.parametrize(
    ("late", "minutes", "is_held"),
    [(30, 45, True), (31, 45, False), (9, 10, True), (10, 10, False)],
)
async def test_a_late_round_is_held_with_its_end_moved_or_left_out(
    database: Database, late: int, minutes: int, is_held: bool
) -> None:
    await furnish(database, minutes=minutes)
    now = DUE + timedelta(minutes=late)
    await ticked(database, now)
    [round_] = await held(database)
    state = RoundState.OPEN if is_held else RoundState.SKIPPED
    assert (round_.state, round_.due_at) == (state.value, DUE)
    assert len(await posts(database)) == (3 if is_held else 0)
    assert len(await told(database)) == (0 if is_held else 1)
    if is_held:
        assert round_.closes_at == now + timedelta(minutes=minutes)


async def test_after_days_down_the_keeper_is_told_once_and_today_is_held(
    database: Database,
) -> None:
    """Fault 19: what was missed is not made up for."""
    await furnish(database)
    thursday = DUE + timedelta(days=3, minutes=5)
    await ticked(database, thursday)
    assert [r.state for r in await held(database)] == ["skipped"] * 3 + ["open"]
    [text] = await told(database)
    assert "11-23 至 11-25" in text
    assert "共 3 次" in text


async def test_weekends_are_left_out_and_a_make_up_workday_is_not(database: Database) -> None:
    [group_id] = await furnish(database)
    async with database.write() as session:
        for day in range(21, 30):
            session.add(
                CalendarDay(
                    day=date(2026, 11, day),
                    workday=day in (23, 24, 25, 26, 28),
                    name="",
                    source="decree",
                    provisional=False,
                )
            )
    times = []
    for _ in range(5):
        now = (await group(database, group_id)).next_at
        assert now is not None
        await ticked(database, now)
        times.append((await group(database, group_id)).next_at)
    days = [24, 25, 26, 28, 30]
    assert times == [DUE.replace(day=day) for day in days]


async def test_a_decree_that_comes_later_moves_the_next_round(database: Database) -> None:
    """Fault 71, for rounds: the day was computed and is decreed to be off."""
    [group_id] = await furnish(database)
    off = CalendarDay(day=MONDAY, workday=False, name="", source="decree", provisional=False)
    async with database.write() as session:
        session.add(off)
    before = DUE - timedelta(hours=1)
    assert await quiz_groups.reckon_all(database, now=before, zone=ZONE) == 1
    assert (await group(database, group_id)).next_at == DUE + timedelta(days=1)
    assert await quiz_groups.reckon_all(database, now=before, zone=ZONE) == 0


async def test_a_unit_abroad_goes_by_its_own_clock(database: Database) -> None:
    [group_id] = await furnish(database, next_at=None)
    async with database.write() as session:
        await session.execute(update(Unit).values(zone="Europe/Berlin"))
        changed = await session.get_one(QuizGroup, group_id)
        await quiz_groups.reckon(session, changed, now=DUE, zone=ZONE)
    assert (await group(database, group_id)).next_at == DUE + timedelta(hours=7)


async def test_a_round_ends_and_tells_who_took_part_and_what_was_missed(
    database: Database,
) -> None:
    await furnish(database)
    await ticked(database, DUE)
    await delivered(database, DUE)
    async with database.write() as session:
        await stranger(session, "路人")
    first, second, third = await posts(database)
    for who in ("王小明", "李小红"):
        await answer(database, first.id, who, right=True)
        await answer(database, second.id, who, right=who == "王小明")
    await answer(database, third.id, "王小明", right=True)
    await answer(database, second.id, "路人", right=False)
    await ticked(database, CLOSING)
    assert await said(database, "post") == []
    await ticked(database, CLOSING + OVER)
    [text] = await said(database, "post")
    [round_] = await held(database)
    assert text.startswith(
        f"每日答题 {round_.id} 结果：3 人参加（含未绑定成员 1 人），正确率 67%。\n全部答对 1 人。"
    )
    assert "第 2 题（2 人答错）" in text
    assert "第 1 题" not in text
    assert "正确答案：" in text
    assert "解析：因为" in text
    assert "来源：《党章》第一条" in text
    assert "王小明" not in text
    assert (round_.state, round_.next_at) == (RoundState.CLOSED.value, None)
    assert all(post.closed_at == CLOSING + OVER for post in await posts(database))
    async with database.read() as session:
        counted = await standings.answers_of_round(session, round_.id)
    assert [a.id for a in counted] == [a.id for a in await answers(database)]


async def test_people_are_named_only_where_the_group_wants_it(database: Database) -> None:
    await furnish(database, names=True)
    await ticked(database, DUE)
    await delivered(database, DUE)
    for number, post in enumerate(await posts(database)):
        await answer(database, post.id, "李小红", right=True)
        await answer(database, post.id, "王小明", right=number == 0)
    await ticked(database, CLOSING + OVER)
    [text] = await said(database, "post")
    assert text.endswith("实名榜：\n1. 李小红 3/3\n2. 王小明 1/3")


async def test_buttons_are_taken_back_and_native_polls_are_left_to_end(
    database: Database,
) -> None:
    await furnish(database)
    await ticked(database, DUE)
    await delivered(database, DUE, native=False)
    await ticked(database, CLOSING)
    ends = [row for row in await delivered(database, CLOSING) if row.kind == "poll-end"]
    carriers = [post.outbox_id for post in await posts(database)]
    assert [row.edits for row in ends] == [f"m{number}" for number in carriers]
    assert all(row.content["poll"]["closed"] and "buttons" not in row.content for row in ends)
    assert "正确答案" in ends[0].content["text"]


async def test_a_poll_that_went_out_late_ends_before_its_round_does(database: Database) -> None:
    """What the messenger still takes must count."""
    await furnish(database)
    await ticked(database, DUE)
    late = DUE + timedelta(minutes=2)
    await delivered(database, late)
    await ticked(database, CLOSING + OVER)
    assert (await held(database))[0].state == RoundState.OPEN.value
    await ticked(database, late + timedelta(minutes=30) + OVER)
    assert (await held(database))[0].state == RoundState.CLOSED.value
    assert await said(database, "poll-end") == []


async def test_a_round_that_never_got_out_is_void_and_somebody_is_told(
    database: Database,
) -> None:
    await furnish(database)
    await ticked(database, DUE)
    await ticked(database, CLOSING)
    assert (await held(database))[0].state == RoundState.SKIPPED.value
    assert await said(database, "post") == []
    [text] = await told(database)
    assert "作废" in text
    assert await delivered(database, CLOSING) != []
    assert await said(database, "poll-end") == []
    async with database.read() as session:
        states = set(await session.scalars(select(Outbox.state).where(Outbox.kind == "poll")))
    assert states == {OutboxState.CANCELLED.value}


async def test_an_empty_bank_skips_the_slot_and_says_so(database: Database) -> None:
    """Fault 66."""
    await furnish(database, topic="没有的主题")
    await ticked(database, DUE)
    assert [r.state for r in await held(database)] == ["skipped"]
    [text] = await told(database)
    assert "题库里没有可用的“没有的主题”题目" in text


async def test_a_small_bank_makes_a_small_round_and_options_keep_their_answer(
    database: Database,
) -> None:
    """Fault 66: twelve options, long ones, in whatever order."""
    await furnish(database, questions=0)
    options = ["对" * 300, *(f"选项{number}" for number in range(11))]
    async with database.write() as session:
        session.add(question(1, options=options))
    await ticked(database, DUE)
    [row] = await delivered(database, DUE)
    poll = row.content["poll"]
    assert row.content["text"].startswith("每日答题 1 · 1/1\n")
    assert "对" * 300 in row.content["text"]
    assert [poll["options"][place] for place in poll["correct"]] == ["对" * 300]
    labels = [line[0]["label"] for line in row.content["buttons"]]
    assert len(labels) == 12
    assert max(map(len, labels)) <= 30
    [post] = await posts(database)
    assert (await answer(database, post.id, "王小明", right=True)).correct


async def test_the_same_questions_come_again_only_when_the_others_are_used_up(
    database: Database,
) -> None:
    [group_id] = await furnish(database, questions=6)
    for number in range(3):
        now = (await group(database, group_id)).next_at
        assert now == DUE + timedelta(days=number)
        await ticked(database, now)
    ids = [post.question_id for post in await posts(database)]
    assert set(ids[:6]) == set(range(1, 7))
    assert sorted(ids[6:]) == sorted(ids[:3])


async def test_one_group_that_cannot_be_worked_on_holds_up_no_other(database: Database) -> None:
    """Fault 22."""
    broken, _ = await furnish(database, chats=2)
    async with database.write() as session:
        await session.execute(
            update(QuizGroup).where(QuizGroup.id == broken).values(daily_at="soon")
        )
    await ticked(database, DUE)
    assert [r.group_id for r in await held(database)] == [broken + 1]
    assert (await group(database, broken)).next_at == DUE + rounds.BACKOFF


async def test_a_group_that_threw_the_bot_out_is_paused_and_its_keeper_told_once(
    database: Database,
) -> None:
    """Fault 67."""
    [group_id] = await furnish(database)
    await ticked(database, DUE)
    for _ in range(2):
        async with database.write() as session:
            await quiz_groups.lost(session, channel="test", chat=CHAT, now=DUE, zone=ZONE)
    kept = await group(database, group_id)
    assert (kept.next_at, kept.paused_at) == (None, DUE)
    assert [r.state for r in await held(database)] == ["closed"]
    assert [text.split("，")[0] for text in await told(database)] == [
        "“第一党支部群”里已经没有我（被移出或不能发言）"
    ]
    await ticked(database, CLOSING + OVER)
    assert await said(database, "post") == []
    assert [row.kind for row in await delivered(database, DUE)] == [quiz_groups.KIND]


async def test_a_group_that_became_a_supergroup_is_followed(database: Database) -> None:
    [group_id] = await furnish(database)
    await ticked(database, DUE)
    async with database.write() as session:
        await outbox.move_chat(session, channel="test", old=CHAT, new="super")
    assert (await group(database, group_id)).chat == "super"
    assert len(await said(database, "poll", "super")) == 3
    await delivered(database, DUE)
    await ticked(database, CLOSING + OVER)
    assert len(await said(database, "post", "super")) == 1


async def test_topics_keep_their_thread(database: Database) -> None:
    await furnish(database, thread="7")
    await ticked(database, DUE)
    assert {row.thread for row in await delivered(database, DUE)} == {"7"}


async def test_an_empty_tick_reads_no_table_whole(database: Database) -> None:
    await furnish(database)
    with recorded() as statements:
        assert await ticked(database, DUE - SECOND) == 0
    assert await read_whole(database, statements) == set()


async def start(database: Database, group_id: int, kind: str, now: datetime = DUE) -> QuizRound:
    from db.tables import RoundKind

    async with database.write() as session:
        changed = await session.get_one(QuizGroup, group_id)
        return await rounds.start(
            session,
            changed,
            kind=RoundKind(kind),
            count=2,
            topic="",
            by_id=changed.set_by,
            now=now,
            zone=ZONE,
        )


@pytest.mark.parametrize("names", [True, False])
async def test_a_race_goes_to_the_first_right_answer_and_then_on(
    database: Database, names: bool
) -> None:
    [group_id] = await furnish(database, names=names)
    await start(database, group_id, "race", DUE - timedelta(hours=1))
    now = DUE - timedelta(hours=1)
    await delivered(database, now)
    [first] = await posts(database)
    await answer(database, first.id, "支书记", right=False)
    await ticked(database, now + SECOND)
    assert len(await posts(database)) == 1
    await answer(database, first.id, "李小红", right=True)
    await answer(database, first.id, "王小明", right=True)
    await ticked(database, now + 2 * SECOND)
    sent = await delivered(database, now + 2 * SECOND)
    assert [row.kind for row in sent] == ["poll-end", "post", "poll"]
    winner = "李小红抢到了" if names else "有人抢到了"
    assert winner in sent[1].content["text"]
    [[doubt]] = Message.from_json(sent[1].content).buttons
    assert (doubt.label, doubt.anyone) == ("第 1 题有误", True)
    assert len(await posts(database)) == 2
    minute = now + 2 * SECOND + timedelta(minutes=1)
    await ticked(database, minute)
    assert (await held(database))[0].state == RoundState.OPEN.value
    await ticked(database, minute + OVER)
    texts = await said(database, "post")
    assert "没有人答对" in texts[1]
    [race] = await held(database)
    ending = f"抢答 {race.id} 结束：共 2 题，抢到 1 题。"
    assert texts[2] == (f"{ending}\n1. 李小红 1 题" if names else ending)
    assert race.next_at is None


async def test_a_round_that_is_cut_short_stops_its_polls(database: Database) -> None:
    [group_id] = await furnish(database)
    now = DUE - timedelta(hours=1)
    round_ = await start(database, group_id, "extra", now)
    await delivered(database, now)
    async with database.write() as session:
        await rounds.hurry(session, round_.id, now=now + SECOND)
    await ticked(database, now + SECOND)
    assert (await held(database))[0].state == RoundState.CLOSED.value
    assert len(await said(database, "poll-end")) == 2


async def test_a_day_has_several_rounds_on_demand_and_one_daily(database: Database) -> None:
    [group_id] = await furnish(database)
    for _ in range(2):
        await start(database, group_id, "extra")
    await ticked(database, DUE)
    await ticked(database, DUE)
    assert [(r.kind, r.number) for r in await held(database)] == [
        ("extra", 1),
        ("extra", 2),
        ("daily", 1),
    ]


async def test_a_skipped_day_stays_skipped(database: Database) -> None:
    [group_id] = await furnish(database)
    async with database.write() as session:
        changed = await session.get_one(QuizGroup, group_id)
        assert await rounds.skip_today(session, changed, now=DUE - SECOND, zone=ZONE)
        assert not await rounds.skip_today(session, changed, now=DUE - SECOND, zone=ZONE)
    await ticked(database, DUE)
    assert [r.state for r in await held(database)] == ["skipped"]
    assert (await group(database, group_id)).next_at == DUE + timedelta(days=1)
    assert await told(database) == []
