"""答题: what is asked, what a press and a typed answer do, and what it comes to."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from db.tables import Practice, PracticeAnswer, PracticeCard, QuizQuestion
from handlers import practice_words as words
from handlers.practice_words import Wish
from handlers.reply import UserError
from scheduler.messages import Message
from tests.handlers.conftest import MEMBER, OUTSIDER, SECRETARY, Talk
from tests.knowledge.quiz import make


@pytest.fixture
async def bank(talk: Talk) -> Talk:
    """A bank of three questions of two topics, one of each kind."""
    async with talk.database.write() as session:
        await session.execute(update(QuizQuestion).values(retired_at=talk.now))
        await make.store(session, make.SINGLE, make.MULTIPLE, make.JUDGE)
    return talk


def labels(message: Message) -> list[str]:
    return [button.label for row in message.buttons for button in row]


def letter(message: Message, option: str) -> str:
    """Return the letter that an option has in a question as it is shown."""
    [line] = [line for line in message.text.splitlines() if line[3:].removesuffix(" ✓") == option]
    return line[0]


def right(message: Message) -> list[str]:
    """Return the right buttons of a question, in the order of the place."""
    if make.JUDGE.stem in message.text:
        return ["对"]
    question = make.SINGLE if make.SINGLE.stem in message.text else make.MULTIPLE
    return sorted(letter(message, answer) for answer in question.answers)


def wrong(message: Message) -> str:
    if make.JUDGE.stem in message.text:
        return "错"
    question = make.SINGLE if make.SINGLE.stem in message.text else make.MULTIPLE
    return next(
        letter(message, o) for i, o in enumerate(question.options) if i not in question.correct
    )


async def solve(talk: Talk, message: Message, who: str = MEMBER) -> list[Message]:
    """Answer a question rightly, by typing."""
    return await talk.say(who, "".join(right(message)))


async def test_a_question_is_put_with_a_button_for_each_option(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 党费")
    assert put.text.startswith("第 1 题 / 10 · ")
    assert labels(put) in (["A", "B", "C", "D", "跳过", "结束"], ["对", "错", "跳过", "结束"])


async def test_a_right_answer_is_told_with_explanation_and_source(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 1题 党费")
    [told, summary] = await bank.press(MEMBER, put, right(put)[0])
    assert "✓ 答对了" in told.text
    assert f"解析：{make.SINGLE.explanation}" in told.text
    assert told.quote is not None
    assert told.quote.line().endswith("第八条（2008版）")
    assert "答了 1 题，答对 1 题" in summary.text


async def test_a_question_that_seems_wrong_is_reported_by_one_press(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 5题 党费")
    [told] = await bank.press(MEMBER, put, right(put)[0])
    assert labels(told) == ["下一题", "题目有误", "结束"]
    [reported] = await bank.press(MEMBER, told, "题目有误")
    assert "已转给题库维护人" in reported.text


async def test_a_wrong_answer_shows_the_right_option_and_goes_into_the_book(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 5题 党费")
    [told] = await bank.press(MEMBER, put, wrong(put))
    assert f"正确答案：{right(put)[0]}" in told.text
    assert "✗ 答错了" in told.text
    [book] = await bank.say(MEMBER, "错题本")
    assert "错题本共 1 题" in book.text


async def turn_round(talk: Talk) -> None:
    """Let an import turn the options of the single choice round while somebody looks at it."""
    turned, [right_one] = list(reversed(make.SINGLE.options)), make.SINGLE.correct
    async with talk.database.write() as session:
        await session.execute(
            update(QuizQuestion)
            .where(QuizQuestion.key == make.SINGLE.key)
            .values(options=turned, correct=[len(turned) - 1 - right_one])
        )


async def test_an_import_meanwhile_does_not_change_what_is_answered(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 党费")
    if make.SINGLE.stem not in put.text:
        [put] = await bank.say(MEMBER, "跳过")
    await turn_round(bank)
    told = (await solve(bank, put))[0]
    assert "✓ 答对了" in told.text
    assert all(line in told.text for line in put.text.splitlines() if line[1:3] == ". ")


async def test_several_options_are_ticked_in_place_and_handed_in(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 1题 组织生活")
    for name in right(put):
        [put] = await bank.press(MEMBER, put, name)
        assert f"{name} ✓" in labels(put)
    [told, _] = await bank.press(MEMBER, put, "提交")
    assert "✓ 答对了" in told.text


async def test_a_tick_can_be_taken_back(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 1题 组织生活")
    [ticked] = await bank.press(MEMBER, put, "A")
    [again] = await bank.press(MEMBER, ticked, "A ✓")
    assert "A" in labels(again)
    [refusal] = await bank.press(MEMBER, again, "提交")
    assert "还没有选" in refusal.text


@pytest.mark.parametrize("wording", ["{}", "{}。", "选{}", "我选{}"])
async def test_an_answer_may_be_typed(bank: Talk, wording: str) -> None:
    [put] = await bank.say(MEMBER, "答题 1题 组织生活")
    [told, _] = await bank.say(MEMBER, wording.format("，".join(right(put)).lower()))
    assert "✓ 答对了" in told.text


async def test_what_is_no_answer_is_told_how_and_a_question_is_answered(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 组织生活")
    [how] = await bank.say(MEMBER, "不知道")
    assert "请回复选项字母" in how.text
    [found] = await bank.say(MEMBER, "支委会多久开一次？")
    assert found.quote is not None
    [told] = await solve(bank, put)
    assert "✓ 答对了" in told.text


async def test_a_command_with_a_sentence_after_it_is_no_answer(bank: Talk) -> None:
    await bank.say(MEMBER, "答题")
    [told] = await bank.say(MEMBER, "签到 学党章 45分钟 收获很大，要落实到工作中")
    assert "已签到" in told.text
    assert "要落实到工作中" in told.text


async def test_a_whole_sitting_typed_ends_with_its_sum(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题")
    [told] = await solve(bank, put)
    [put] = await bank.say(MEMBER, "下一题")
    [told] = await bank.say(MEMBER, wrong(put))
    [put] = await bank.press(MEMBER, told, "下一题")
    assert put.text.startswith("第 3 题")
    await solve(bank, put)
    [summary] = await bank.say(MEMBER, "下一题")
    assert "答了 3 题，答对 2 题。" in summary.text
    assert "错题本里有 1 题" in summary.text
    assert "到明天有 1 题要复习" in summary.text
    [asked] = await bank.say(MEMBER, "支委会多久开一次？")
    assert asked.quote is not None


async def test_skipping_and_ending_count_nothing(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题")
    [second] = await bank.say(MEMBER, "跳过")
    assert second.text.startswith("第 2 题")
    [summary] = await bank.press(MEMBER, put, "结束")
    assert "答了 0 题，答对 0 题。" in summary.text
    async with bank.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(PracticeCard)) == 0
    [over] = await bank.press(MEMBER, second, right(second)[0])
    assert "已经结束" in over.text


async def test_a_button_pressed_again_counts_nothing_more(bank: Talk) -> None:
    """The first answer counts: a replay of an older button shows where the sitting stands."""
    [put] = await bank.say(MEMBER, "答题 党费")
    [told] = await bank.press(MEMBER, put, right(put)[0])
    [again] = await bank.press(MEMBER, put, wrong(put))
    assert "已经答过" in again.text
    [second] = await bank.press(MEMBER, told, "下一题")
    [shown] = await bank.press(MEMBER, put, wrong(put))
    assert "已经过去" in shown.text
    assert second.text in shown.text
    async with bank.database.read() as session:
        [answer] = await session.scalars(select(PracticeAnswer))
        [card] = await session.scalars(select(PracticeCard))
    assert (answer.correct, card.right, card.wrong) == (True, 1, 0)


async def test_what_is_due_comes_before_what_is_new(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 1题 党费")
    await bank.say(MEMBER, wrong(put))
    bank.later(days=1)
    [again] = await bank.say(MEMBER, "答题")
    assert put.text.splitlines()[1] in again.text


async def test_when_all_is_known_nothing_is_asked(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 1题 组织生活")
    await solve(bank, put)
    [nothing] = await bank.say(MEMBER, "答题 组织生活")
    assert "没有到期要复习的题" in nothing.text


async def test_an_unknown_topic_is_told_which_there_are(bank: Talk) -> None:
    [refusal] = await bank.say(MEMBER, "答题 天文学")
    assert "可以选：党费、组织生活" in refusal.text


async def test_nobody_else_can_press_or_type_into_a_sitting(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 党费")
    assert await bank.press(SECRETARY, put, "结束") == []
    async with bank.database.read() as session:
        [sitting] = await session.scalars(select(Practice))
    [refusal] = await bank.say(SECRETARY, f"/turn {sitting.id} 1 A")
    assert "没有找到这次练习" in refusal.text
    assert sitting.ended_at is None


async def test_an_outsider_is_refused(bank: Talk) -> None:
    for text in ("答题", "错题本", "练错题", "我的成绩", "模拟考试"):
        [refusal] = await bank.say(OUTSIDER, text)
        assert "需要先绑定身份" in refusal.text


async def test_in_a_group_the_questions_come_in_private(bank: Talk) -> None:
    assert await bank.say(MEMBER, "答题", chat="群", group=True) == []
    [put] = bank.mail(MEMBER)
    [told] = await solve(bank, put)
    assert "✓ 答对了" in told.text


async def test_the_book_is_practised_and_emptied_by_hand(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 1题 组织生活")
    await bank.say(MEMBER, wrong(put))
    [put] = await bank.say(MEMBER, "练错题")
    [told] = await solve(bank, put)
    [out] = await bank.press(MEMBER, told, "移出错题")
    [empty] = await bank.say(MEMBER, "错题本")
    assert "错题本是空的" in empty.text
    await bank.press(MEMBER, out, "撤销")
    [book] = await bank.say(MEMBER, "错题本 组织生活")
    assert "共 1 题" in book.text
    [theirs] = await bank.say(SECRETARY, "错题本")
    assert "错题本是空的" in theirs.text


async def test_results_are_ones_own(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 1题 组织生活")
    await solve(bank, put)
    [mine] = await bank.say(MEMBER, "我的成绩")
    assert mine.table is not None
    assert mine.table.rows[1] == ("组织生活", "1", "1", "100%")
    [theirs] = await bank.say(SECRETARY, f"我的成绩 {MEMBER}")
    assert theirs.table is None
    [theirs] = await bank.say(SECRETARY, "我的成绩")
    assert "你还没有答过题" in theirs.text


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("", Wish()),
        ("10", Wish(10)),
        ("5题 党章", Wish(5, None, "党章")),
        ("党章 5 道题", Wish(5, None, "党章")),
        ("20题30分钟", Wish(20, 30)),
        ("30分 2026版细则", Wish(None, 30, "2026版细则")),
    ],
)
def test_a_wish_is_read_in_any_order(text: str, wish: Wish) -> None:
    assert words.read_wish(text) == wish


def test_a_topic_is_known_by_part_of_its_name() -> None:
    known = [("党费管理", 3), ("组织生活", 2), ("组织处理", 1)]
    assert words.pick_topic("党费", known) == "党费管理"
    with pytest.raises(UserError, match="组织生活、组织处理"):
        words.pick_topic("组织", known)
