"""A secretary sets up the questions of the branch's group; members answer; nobody else meddles."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from db.tables import (
    AuditLine,
    Person,
    Post,
    QuizAnswer,
    QuizGroup,
    QuizPost,
    QuizQuestion,
    QuizRound,
    Title,
    Unit,
)
from handlers.quiz_words import HOW, read, topic_of
from handlers.reply import UserError
from knowledge.quiz.shipped import load_questions
from scheduler import rounds
from scheduler.messages import Message
from tests.handlers.conftest import (
    MEMBER,
    OFFICER,
    OUTSIDER,
    SECRETARY,
    SIBLING,
    SUPERIOR,
    ZONE,
    Talk,
)
from tests.scheduler.quiz_world import question

CHAT = "综合群"


@pytest.fixture
async def room(talk: Talk) -> Talk:
    """The conversation with a bank of eight questions on one topic, one with two right options."""
    async with talk.database.write() as session:
        session.add_all(question(number, topic="党章一") for number in range(7))
        several = {"kind": "multiple", "correct": [0, 1], "topic": "多选题"}
        session.add(question(7, **several))
    return talk


async def say(talk: Talk, who: str, text: str, **more: object) -> list[Message]:
    """Say something to the assistant in the group."""
    return await talk.say(who, text, **{"chat": CHAT, "group": True, "chat_title": CHAT, **more})


async def press(talk: Talk, who: str, message: Message, label: str) -> Message:
    """Press a button in the group, and return what is said there."""
    assert await notice(talk, who, message, label) == ""
    return talk.mail(CHAT)[0]


async def notice(talk: Talk, who: str, message: Message, label: str) -> str:
    """Press a button in the group, and return what only who pressed it sees."""
    token = {b.label: b for row in message.buttons for b in row}[label].token
    incoming = talk.incoming(who, "", chat=CHAT, group=True, press=token, message="m1")
    return (await talk.handle(incoming)).notice


async def tick(talk: Talk) -> list[Message]:
    """Let the clock look, and return what it says in the group."""
    await rounds.tick(talk.database, now=talk.now, zone=ZONE)
    await talk._sort()
    return talk.mail(CHAT)


async def groups(talk: Talk) -> list[QuizGroup]:
    async with talk.database.read() as session:
        return list(await session.scalars(select(QuizGroup).order_by(QuizGroup.id)))


async def count(talk: Talk, table: type[QuizRound] | type[QuizAnswer]) -> int:
    async with talk.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("08:30 5题 党章", ("08:30", None, 5, "党章", None)),
        ("党章 工作日 8点半 限时20分钟", ("08:30", "workdays", None, "党章", 20)),
        ("周一三五 １８：００", ("18:00", "1,3,5", None, None, None)),
        ("每天 3道题 限时1小时", (None, "daily", 3, None, 60)),
        ("周一至周五 8点05", ("08:05", "1,2,3,4,5", None, None, None)),
        ("早上八点 三题", ("08:00", None, 3, None, None)),
        ("晚上七点半 周末 限时二十分钟", ("19:30", "6,7", None, None, 20)),
        ("", (None, None, None, None, None)),
    ],
)
def test_a_setting_is_read_in_any_order(text: str, found: tuple[object, ...]) -> None:
    wish = read(text)
    assert (wish.at, wish.days, wish.count, wish.topic, wish.minutes) == found


@pytest.mark.parametrize("text", ["0题", "21题", "限时0分钟", "限时13小时", "十十题", "周五至周一"])
def test_a_setting_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        read(text)


@pytest.mark.parametrize("text", ["25:00", "8:5", "-5题", "0830", "25点", "周八", "限时很久"])
async def test_a_time_or_a_number_that_is_none_is_not_taken_for_a_topic(
    room: Talk, text: str
) -> None:
    [refusal] = await say(room, SECRETARY, f"每日答题 {text}")
    assert f"没有看懂“{text}”" in refusal.text


def test_the_example_that_the_assistant_gives_can_be_followed() -> None:
    shipped = load_questions()
    topics, regulations = {q.topic for q in shipped}, {q.regulation for q in shipped}
    wish = read(HOW.removeprefix("每日答题"))
    assert topic_of(wish, topics, regulations) == "《中国共产党章程》"


async def test_a_regulation_is_named_in_the_place_of_a_topic(room: Talk) -> None:
    async with room.database.write() as session:
        session.add_all(
            question(number, topic="换届", regulation="《中国共产党章程》")
            for number in range(20, 22)
        )
    [done] = await say(room, SECRETARY, "每日答题 08:30 5题 章程")
    assert "5 题，《中国共产党章程》" in done.text
    await say(room, SECRETARY, "开始一轮 5题 章程")
    async with room.database.read() as session:
        asked = select(QuizQuestion.regulation).join(
            QuizPost, QuizPost.question_id == QuizQuestion.id
        )
        assert list(await session.scalars(asked)) == ["《中国共产党章程》"] * 2


async def test_a_secretary_sets_the_daily_round_and_stops_it(room: Talk) -> None:
    [reply] = await say(room, SECRETARY, "每日答题 08:30 5题 党章一")
    assert reply.text == (
        "已设置。本群：每个工作日 08:30，5 题，党章一，限时 30 分钟。\n下一次：2026-11-24 08:30。\n"
        "实名榜：关。归属：综合管理党支部。"
    )
    [changed] = await say(room, SECRETARY, "每日答题 限时10分钟 每天")
    assert "每天 08:30，5 题，党章一，限时 10 分钟" in changed.text
    shown = await press(room, SECRETARY, changed, "18:00")
    assert "下一次：2026-11-23 18:00" in shown.text
    off = await press(room, SECRETARY, shown, "关闭每日答题")
    assert "没有每日答题" in off.text
    [group] = await groups(room)
    assert (group.daily_at, group.next_at) == (None, None)
    async with room.database.read() as session:
        lines = list(await session.scalars(select(AuditLine.action).order_by(AuditLine.seq)))
    assert [line for line in lines if line.startswith("quiz.")] == [
        "quiz.group",
        *["quiz.set"] * 3,
        "quiz.off",
    ]


async def test_bare_words_offer_times_counts_and_topics(room: Talk) -> None:
    [reply] = await say(room, SECRETARY, "每日答题")
    labels = {b.label for row in reply.buttons for b in row}
    assert {"08:30", "5题", "每天"} <= labels
    [wrong] = await say(room, SECRETARY, "每日答题 微积分")
    assert "没有“微积分”这个主题" in wrong.text
    assert "党章一" in wrong.text


async def test_who_has_no_post_cannot_set_anything(room: Talk) -> None:
    """Neither can whoever only administers the chat in the messenger: that is never asked."""
    for text in ("每日答题 08:30", "抢答", "开始一轮", "暂停", "继续", "跳过", "实名榜 开"):
        [member] = await say(room, MEMBER, text)
        assert "你目前的职务不能" in member.text
    assert await groups(room) == []


async def test_a_group_of_another_unit_is_not_taken_over(room: Talk) -> None:
    await say(room, SECRETARY, "每日答题 08:30")
    for text in ("每日答题 09:30", "抢答 3题", "暂停", "实名榜 开"):
        [reply] = await say(room, SIBLING, text)
        assert "别的组织" in reply.text
        assert "综合" not in reply.text
    [above] = await say(room, SUPERIOR, "每日答题 09:30")
    assert "09:30" in above.text
    [elsewhere] = await room.say(SIBLING, "暂停 群1")
    assert "没有找到这个群" in elsewhere.text


async def test_whoever_holds_posts_in_two_units_is_asked_for_which(room: Talk) -> None:
    async with room.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.name == OFFICER))).one()
        other = (await session.scalars(select(Unit).where(Unit.name == "机关党总支"))).one()
        post = {"title": Title.STAFF.value, "since": person.joined_on or room.now.date()}
        session.add(Post(person_id=person.id, unit_id=other.id, **post))
    [reply] = await say(room, OFFICER, "每日答题 08:30 党章一")
    assert "属于哪个组织" in reply.text
    assert await groups(room) == []
    done = await press(room, OFFICER, reply, "机关党总支")
    assert "党章一" in done.text
    assert "归属：机关党总支" in done.text


async def test_in_private_one_sees_and_changes_the_groups_of_ones_scope(room: Talk) -> None:
    [nothing] = await room.say(SECRETARY, "每日答题")
    assert "加进支部的群" in nothing.text
    await say(room, SECRETARY, "每日答题 08:30")
    [listed] = await room.say(SUPERIOR, "每日答题")
    assert "群1 综合群：每个工作日 08:30" in listed.text
    [changed] = await room.say(SECRETARY, "每日答题 群1 12:30")
    assert "“综合群”：每个工作日 12:30" in changed.text
    [only] = await room.say(SECRETARY, "每日答题 13:30")
    assert "13:30" in only.text
    [foreign] = await room.say(SIBLING, "每日答题")
    assert "加进支部的群" in foreign.text


async def test_a_pause_holds_rounds_back_until_it_is_ended(room: Talk) -> None:
    await say(room, SECRETARY, "每日答题 18:00")
    [paused] = await say(room, SECRETARY, "暂停")
    room.now = room.now.replace(hour=10, minute=1)
    assert await tick(room) == []
    resumed = await press(room, SECRETARY, paused, "继续")
    assert "下一次：2026-11-24 18:00" in resumed.text


async def test_today_is_skipped_and_tomorrow_is_as_usual(room: Talk) -> None:
    await say(room, SECRETARY, "每日答题 18:00")
    [reply] = await say(room, SECRETARY, "跳过")
    assert "今天的每日答题不发了" in reply.text
    room.now = room.now.replace(hour=10, minute=1)
    assert await tick(room) == []
    [again] = await say(room, SECRETARY, "跳过")
    assert "今天没有" in again.text


async def test_to_skip_ends_what_is_under_way_before_it_leaves_out_what_is_to_come(
    room: Talk,
) -> None:
    """Whoever wants a new round is told to skip the one that runs; the evening's stays."""
    await say(room, SECRETARY, "每日答题 18:00 党章一")
    await say(room, SECRETARY, "开始一轮 1题 党章一")
    [refusal] = await say(room, SECRETARY, "开始一轮 1题 党章一")
    assert "请发送“跳过”" in refusal.text
    [ended] = await say(room, SECRETARY, "跳过")
    assert "这一轮提前结束" in ended.text
    await tick(room)
    [state] = await say(room, SECRETARY, "每日答题")
    assert "下一次：2026-11-23 18:00" in state.text


async def test_members_answer_by_buttons_and_see_their_verdict_alone(room: Talk) -> None:
    await say(room, SECRETARY, "开始一轮 1题 党章一")
    async with room.database.read() as session:
        round_ = (await session.scalars(select(QuizRound))).one()
    asked = await _asked(room)
    right, wrong = _labels(asked)
    assert await notice(room, MEMBER, asked, right) == "答对了！"
    assert await notice(room, MEMBER, asked, wrong) == "你已经答过这道题，以第一次为准。"
    assert (await notice(room, OUTSIDER, asked, wrong)).startswith("答错了，正确答案是 ")
    assert await count(room, QuizAnswer) == 2
    [running] = await say(room, SECRETARY, "抢答")
    assert "上一轮还没有结束" in running.text
    [ended] = await say(room, SECRETARY, "跳过")
    assert "提前结束" in ended.text
    await tick(room)
    assert await notice(room, SECRETARY, asked, right) == "这道题已经截止，不再计分。"
    assert round_.asked_by == (await room.person(SECRETARY)).id


async def test_several_right_options_are_marked_and_handed_in(room: Talk) -> None:
    await say(room, SECRETARY, "开始一轮 1题 多选题")
    asked = await _asked(room)
    labels = [b.label for row in asked.buttons for b in row]
    assert labels[-1] == "提交"
    right = [label for label in labels if label.endswith(("对的", ". 错的"))]
    assert await notice(room, MEMBER, asked, "提交") == "还没有选答案。"
    first, second = (label[0] for label in sorted(right))
    for label, shown in (
        (right[0], right[0][0]),
        (right[1], first + second),
        (right[1], right[0][0]),
        (right[1], first + second),
    ):
        assert await notice(room, MEMBER, asked, label) == f"已选 {shown}，选好后点“提交”。"
    assert await notice(room, MEMBER, asked, "提交") == "答对了！"


async def test_an_answer_may_be_typed_but_only_where_the_question_stands(room: Talk) -> None:
    await say(room, SECRETARY, "开始一轮 1题 党章一")
    [typed] = await say(room, MEMBER, "/pick 1 b")
    assert typed.text.startswith("答")
    for text, answer in (("/pick 1 Z", "请选 A 到 C"), ("/pick 9 A", "没有这道题")):
        [refused] = await say(room, MEMBER, text)
        assert answer in refused.text
    [elsewhere] = await room.say(OFFICER, "/pick 1 A")
    assert "没有这道题" in elsewhere.text
    assert await count(room, QuizAnswer) == 1


async def test_the_list_of_names_is_switched_and_logged(room: Talk) -> None:
    [early] = await say(room, SECRETARY, "实名榜 开")
    assert "还没有设置" in early.text
    await say(room, SECRETARY, "每日答题 08:30")
    [on] = await say(room, SECRETARY, "实名榜 开")
    assert "实名榜已开启" in on.text
    off = await press(room, SECRETARY, on, "改为关")
    assert "实名榜已关闭" in off.text
    async with room.database.read() as session:
        changes = select(AuditLine.data).where(AuditLine.action == "quiz.names")
        logged = list(await session.scalars(changes.order_by(AuditLine.seq)))
    assert logged == [{"before": False, "after": True}, {"before": True, "after": False}]


@pytest.mark.parametrize("text", ["抢答 2题 党章一", "抢答2题", "抢答：2题"])
async def test_a_race_is_asked_for_with_or_without_a_space(room: Talk, text: str) -> None:
    [*_, begun] = await say(room, SECRETARY, text)
    assert begun.text == "抢答 1 开始：共 2 题，每题 60 秒，第一个答对的得。"


async def test_a_race_is_won_skipped_and_summed_up(room: Talk) -> None:
    await say(room, SECRETARY, "抢答 2题 党章一")
    asked = await _asked(room)
    await sent(room)
    right, wrong = _labels(asked)
    assert await notice(room, OUTSIDER, asked, wrong) == "答错了，看下一题。"
    assert await notice(room, MEMBER, asked, right) == "答对了！"
    news = await tick(room)
    assert any("有人抢到了" in message.text for message in news)
    await sent(room)
    await say(room, SECRETARY, "跳过")
    room.later(seconds=1)
    ending = [message.text for message in await tick(room)]
    assert "没有人答对" in ending[-2]
    assert "共 2 题，抢到 1 题" in ending[-1]


async def sent(talk: Talk) -> None:
    """Let everything in the outbox arrive."""
    from scheduler import claiming, settling

    while True:
        async with talk.database.write() as session:
            rows = await claiming.claim(session, channel="test", worker="w", now=talk.now, limit=50)
            await settling.sent(session, [(row, f"m{row.id}") for row in rows], now=talk.now)
        if not rows:
            return


async def _asked(talk: Talk) -> Message:
    """Return the last question that was put in the group."""
    from db.tables import Outbox

    async with talk.database.read() as session:
        statement = select(Outbox).where(Outbox.kind == "poll").order_by(Outbox.id.desc())
        row = (await session.scalars(statement.limit(1))).one()
    return Message.from_json(row.content)


def _labels(message: Message) -> tuple[str, str]:
    """Return the labels of a right and a wrong option."""
    labels = [b.label for row in message.buttons for b in row]
    right = next(label for label in labels if label.endswith("对的"))
    return right, next(label for label in labels if label != right)
