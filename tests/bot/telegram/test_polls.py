"""Quiz questions as native polls: posted, closed, refused, and what is told of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.channels.telegram.polls import explanation
from bot.channels.telegram.split import units
from handlers.incoming import PollNews, Vote
from scheduler.channels import Address, ChannelError, Delivery, Lane, Posted
from scheduler.messages import Button, Message, Poll
from tests.bot.telegram import bot_api
from tests.bot.telegram.bot_api import BotApi
from tests.bot.telegram.conftest import Conversation, Desk, number
from tests.bot.telegram.test_service import running, until

QUESTION = "每日答题 3 · 1/5\n支委会一般多久召开一次？"
POLL = Poll(QUESTION, ("每周", "每月", "每季度"), (1,), explanation="每月一次。", seconds=600)
SEVERAL = replace(POLL, correct=(0, 2), multiple=True)
GROUP = -10042
TOO_MANY_RIGHT = "Bad Request: quiz can't have multiple answers"


def to(poll: Poll | None = POLL, chat: int = GROUP, **more: Any) -> Delivery:
    """Return the delivery of a question, with its words and buttons."""
    buttons = (
        (Button("A. 每周", "/pick 1 A", anyone=True, token="ta"),),
        (Button("B. 每月", "/pick 1 B", anyone=True, token="tb"),),
    )
    words = Message(QUESTION, buttons=buttons, poll=poll)
    thread = more.pop("thread", None)
    address = Address("telegram", str(chat), thread)
    return Delivery(more.pop("id", 1), address, words, lane=Lane.TIMED, **more)


def over(edits: str, poll: Poll = POLL) -> Delivery:
    """Return the delivery that closes what was posted."""
    closed = Message("正确答案：B. 每月", poll=replace(poll, closed=True))
    return Delivery(2, Address("telegram", str(GROUP)), closed, lane=Lane.TIMED, edits=edits)


async def posted(desk: Desk, delivery: Delivery) -> Posted:
    sent = await desk.channel.send(delivery)
    assert isinstance(sent, Posted)
    return sent


async def failed(desk: Desk, delivery: Delivery) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await desk.channel.send(delivery)
    return caught.value


def methods(desk: Desk) -> list[str]:
    return [call.method for call in desk.api.calls]


# Posting


async def test_a_question_is_a_quiz_whose_answers_can_be_told_apart(desk: Desk) -> None:
    chat = desk.api.group()
    sent = await posted(desk, to())
    assert chat.messages[int(sent.message)]["poll"]["id"] == sent.poll
    assert desk.api.calls[0].parameters == {
        "chat_id": GROUP,
        "type": "quiz",
        "is_anonymous": False,
        "question": QUESTION,
        "options": [{"text": text} for text in POLL.options],
        "correct_option_ids": [1],
        "explanation": "每月一次。",
        "open_period": 600,
    }


async def test_what_has_its_default_value_is_left_out(desk: Desk) -> None:
    desk.api.group()
    await posted(desk, to(replace(POLL, explanation="", seconds=None)))
    assert not desk.api.calls[0].parameters.keys() & {"explanation", "open_period"}


async def test_several_right_answers_are_native(desk: Desk) -> None:
    chat = desk.api.group()
    sent = await posted(desk, to(SEVERAL))
    poll = chat.messages[int(sent.message)]["poll"]
    assert (poll["correct_option_ids"], poll["allows_multiple_answers"]) == ([0, 2], True)


async def test_a_poll_stands_in_its_topic_and_under_what_it_answers(desk: Desk) -> None:
    desk.api.group()
    await posted(desk, to(thread="7", answers="900"))
    call = desk.api.calls[0]
    assert (call["message_thread_id"], call["reply_parameters"]["message_id"]) == (7, 900)


LONG = "甲乙丙丁" * 100


@pytest.mark.parametrize(
    "poll",
    [
        replace(POLL, question="😀" * 150 + "x"),
        replace(POLL, options=("甲", "字" * 101), correct=(0,)),
        replace(POLL, options=tuple(map(str, range(13)))),
        replace(POLL, options=("甲", " ")),
        replace(POLL, seconds=4),
        replace(POLL, correct=()),
    ],
)
async def test_what_is_no_poll_for_telegram_is_said_in_words(desk: Desk, poll: Poll) -> None:
    """A question or an option is never shortened: that could change what it says."""
    chat = desk.api.group()
    message = chat.messages[number(await desk.channel.send(to(poll)))]
    assert (message["text"], len(message["reply_markup"]["inline_keyboard"])) == (QUESTION, 2)
    assert methods(desk) == ["sendMessage"]


@pytest.mark.parametrize(
    "poll",
    [
        replace(POLL, question="😀" * 150),
        replace(POLL, options=("字" * 100, *map(str, range(11)))),
        replace(POLL, explanation="长" * 300 + "\n\n\n来源：《甲条例》第三条"),
        replace(POLL, seconds=2_628_000),
        replace(POLL, explanation="a\0b\ud800"),
    ],
)
async def test_what_is_just_short_enough_is_a_poll(desk: Desk, poll: Poll) -> None:
    desk.api.group()
    await posted(desk, to(poll))


def test_a_long_explanation_keeps_its_source() -> None:
    shown = explanation("第一句。" * 80 + "\n来源：《甲条例》第三条")
    assert shown.endswith("第一句。…\n来源：《甲条例》第三条")
    assert 190 < units(shown) <= 200


@pytest.mark.parametrize(
    "text", ["👨‍👩‍👧" * 60, "来源：" + "长" * 300, "a\nb\nc\nd\ne", "", "x\n" + "y" * 400]
)
def test_an_explanation_is_within_the_limits(text: str) -> None:
    shown = explanation(text)
    assert units(shown) <= 200
    assert shown.count("\n") <= 2
    assert not shown.rstrip("…").endswith("\u200d")


# Servers and chats that take no polls


async def test_a_server_without_polls_is_asked_once(desk: Desk) -> None:
    chat = desk.api.group()
    desk.api.unknown_methods.add("sendPoll")
    first = number(await desk.channel.send(to()))
    second = number(await desk.channel.send(to(SEVERAL, id=2)))
    assert [chat.messages[n]["text"] for n in (first, second)] == [QUESTION, QUESTION]
    assert methods(desk) == ["sendMessage", "sendMessage"]


async def test_a_bare_404_of_a_poll_is_not_taken_for_a_refused_token(desk: Desk) -> None:
    desk.api.group()
    desk.api.fail("sendPoll", bot_api.refusal(404, "Not Found"))
    assert number(await desk.channel.send(to()))
    assert desk.alarms == []


async def test_a_server_that_knows_only_one_right_answer_is_told_one(desk: Desk) -> None:
    """Before Bot API 9.6; several right answers are said in words there."""
    chat = desk.api.group()
    desk.api.unknown_parameters.add("correct_option_ids")
    for round_ in range(2):
        sent = await posted(desk, to(id=10 + round_))
        assert chat.messages[int(sent.message)]["poll"]["correct_option_ids"] == [1]
        assert number(await desk.channel.send(to(SEVERAL, id=20 + round_)))
    assert methods(desk) == ["sendPoll", "sendMessage"] * 2


async def test_several_answers_that_are_refused_do_not_take_single_ones_with_them(
    desk: Desk,
) -> None:
    desk.api.group()
    desk.api.fail("sendPoll", bot_api.refusal(400, TOO_MANY_RIGHT))
    assert number(await desk.channel.send(to(SEVERAL)))
    assert number(await desk.channel.send(to(SEVERAL, id=2)))
    await posted(desk, to(id=3))
    assert methods(desk) == ["sendPoll", "sendMessage", "sendMessage", "sendPoll"]


async def test_a_group_that_forbids_polls_gets_words_and_others_get_polls(desk: Desk) -> None:
    desk.api.group()
    refused = bot_api.refusal(400, "Bad Request: not enough rights to send polls to the chat")
    desk.api.fail("sendPoll", refused)
    assert number(await desk.channel.send(to()))
    await posted(desk, to(id=2))


async def test_an_older_server_whose_polls_lack_fields_is_understood(desk: Desk) -> None:
    desk.api.old_polls = True
    chat = desk.api.group()
    sent = await posted(desk, to())
    assert sent.poll == chat.messages[int(sent.message)]["poll"]["id"]
    assert await desk.channel.send(over(sent.message)) == sent.message


# Failures: a poll is never posted twice


@pytest.mark.parametrize(
    "fault",
    [
        bot_api.refusal(502, "Bad Gateway"),
        bot_api.raw(504, b"<html>"),
        bot_api.reset(),
        bot_api.half(),
        bot_api.raw(200, b'{"ok": true, "result": true}', "application/json"),
        bot_api.raw(
            200,
            b'{"ok": true, "result": {"message_id": 5, "date": 1, "chat": '
            b'{"id": -10042, "type": "supergroup"}}}',
            "application/json",
        ),
    ],
)
async def test_a_poll_that_may_have_arrived_is_doubtful(desk: Desk, fault: Any) -> None:
    """The outbox puts it aside; neither a second poll nor its words follow."""
    desk.api.group()
    desk.api.fail("sendPoll", fault)
    error = await failed(desk, to())
    assert (error.doubtful, error.permanent) == (True, False)
    assert methods(desk) == ["sendPoll"]


async def test_a_poll_that_did_not_leave_is_not_doubtful(desk: Desk) -> None:
    desk.api.group()
    await desk.api.close()
    assert not (await failed(desk, to())).doubtful


async def test_a_round_waits_where_the_group_is_limited(desk: Desk) -> None:
    """429 in mid-round: the rest of the questions come later, each once."""
    chat = desk.api.group()
    desk.api.fail("sendPoll", None, bot_api.too_many(7), None)
    await posted(desk, to(id=1))
    error = await failed(desk, to(id=2))
    assert (error.retry_after, error.limited) == (7, True)
    desk.clock.now += 7
    await posted(desk, to(id=2))
    assert len(chat.messages) == 2


async def test_a_group_has_twenty_polls_a_minute(desk: Desk) -> None:
    desk.api.group()
    for one in range(20):
        await posted(desk, to(id=one + 1))
    assert (await failed(desk, to(id=21))).retry_after > 0
    assert len(desk.api.made("sendPoll")) == 20


@pytest.mark.parametrize(
    ("refused", "gone", "moved_to"),
    [
        (bot_api.refusal(403, "Forbidden: bot was kicked from the supergroup chat"), True, None),
        (bot_api.refusal(400, "Bad Request: chat not found"), True, None),
        (
            bot_api.refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1007),
            False,
            "-1007",
        ),
    ],
)
async def test_what_is_the_matter_with_the_chat_is_told(
    desk: Desk, refused: Any, gone: bool, moved_to: str | None
) -> None:
    desk.api.group()
    desk.api.fail("sendPoll", refused)
    error = await failed(desk, to())
    assert (error.gone, error.moved_to) == (gone, moved_to)
    assert methods(desk) == ["sendPoll"]


# Closing


async def test_closing_stops_the_poll_and_says_nothing_else(desk: Desk) -> None:
    chat = desk.api.group()
    sent = await posted(desk, to())
    assert await desk.channel.send(over(sent.message)) == sent.message
    assert chat.messages[int(sent.message)]["poll"]["is_closed"]
    assert await desk.channel.send(over(sent.message)) == sent.message
    assert methods(desk) == ["sendPoll", "stopPoll", "stopPoll"]


async def test_a_poll_that_is_gone_is_closed(desk: Desk) -> None:
    desk.api.group()
    assert await desk.channel.send(over("77")) == "77"
    assert desk.api.made("sendMessage") == []


@pytest.mark.parametrize("without", [set(), {"stopPoll"}])
async def test_what_was_said_in_words_is_closed_in_words(desk: Desk, without: set[str]) -> None:
    chat = desk.api.group()
    desk.api.unknown_methods |= {"sendPoll"} | without
    words = str(number(await desk.channel.send(to())))
    assert await desk.channel.send(over(words)) == words
    message = chat.messages[int(words)]
    assert message["text"] == "正确答案：B. 每月"
    assert "reply_markup" not in message


async def test_closing_that_fails_is_tried_again(desk: Desk) -> None:
    desk.api.group()
    sent = await posted(desk, to())
    desk.api.fail("stopPoll", bot_api.refusal(502, "Bad Gateway"))
    assert not (await failed(desk, over(sent.message))).permanent
    await desk.channel.send(over(sent.message))


# What is told of polls


def in_group(api: BotApi) -> dict[str, Any]:
    """Return the JSON of a poll that stands in the group."""
    options = [
        {"text": text, "voter_count": 0, "persistent_id": f"p{n}"}
        for n, text in enumerate(POLL.options)
    ]
    poll = {"id": "77", "question": QUESTION, "options": options, "total_voter_count": 0}
    poll |= {"is_closed": False, "is_anonymous": False, "type": "quiz"}
    return (
        poll | {"allows_multiple_answers": True, "allows_revoting": False} | {"members_only": False}
    )


def told(vote: Vote) -> tuple[str, str, tuple[int, ...]]:
    return vote.account, vote.poll, vote.places


async def test_votes_are_asked_for_and_heard(api: BotApi) -> None:
    conversation = Conversation()
    poll = in_group(api)
    async with running(api, conversation):
        first = api.vote(poll, 1, user=api.user(7, first_name="李", last_name="四"))
        api.vote(poll, 0, 2, user=api.user(8))
        api.vote(poll, user=api.user(8))
        await until(lambda: len(conversation.votes) == 3)
    allowed = api.made("getUpdates")[0]["allowed_updates"]
    assert {"poll", "poll_answer"} <= set(allowed)
    assert sorted(map(told, conversation.votes)) == [
        ("7", "77", (1,)),
        ("8", "77", ()),
        ("8", "77", (0, 2)),
    ]
    [named] = [vote for vote in conversation.votes if vote.account == "7"]
    assert (named.channel, named.update, named.account_name) == ("telegram", str(first), "李 四")


async def test_votes_of_one_person_are_heard_in_their_order(api: BotApi) -> None:
    conversation = Conversation()
    poll = in_group(api)
    for place in (0, 1, 2, 0):
        api.vote(poll, place)
    async with running(api, conversation):
        await until(lambda: len(conversation.votes) == 4)
    assert [vote.places for vote in conversation.votes] == [(0,), (1,), (2,), (0,)]


async def test_a_vote_without_a_person_is_nobodys(api: BotApi) -> None:
    """Anonymous administrators and channels; who they are is not guessed."""
    conversation = Conversation()
    poll = in_group(api)
    chat = {"id": GROUP, "type": "supergroup", "title": "第一支部"}
    async with running(api, conversation):
        api.vote(poll, 0, voter_chat=chat)
        api.vote(poll, 0, voter_chat=chat, user=api.user(136817688))
        api.vote(poll, 0, user=api.user(1087968824, is_bot=True))
        last = api.vote(poll, 1)
        await until(lambda: api.confirmed == last + 1)
    assert [vote.places for vote in conversation.votes] == [(1,)]


async def test_the_state_of_a_quiz_is_heard_by_its_words(api: BotApi) -> None:
    conversation = Conversation()
    poll = in_group(api)
    async with running(api, conversation):
        update = api.push(poll=poll)
        api.push(poll=poll | {"id": "78", "type": "regular"})
        last = api.push(poll=poll | {"id": "79", "is_anonymous": True})
        await until(lambda: api.confirmed == last + 1)
    [news] = conversation.news
    at = news.at
    assert news == PollNews("telegram", str(update), "77", QUESTION, POLL.options, at)


async def test_votes_of_an_older_server_are_heard(api: BotApi) -> None:
    conversation = Conversation()
    poll = in_group(api)
    for name in ("allows_revoting", "members_only"):
        del poll[name]
    options = [{k: v for k, v in o.items() if k != "persistent_id"} for o in poll["options"]]
    poll["options"] = options
    async with running(api, conversation):
        api.push(poll=poll)
        api.push(poll_answer={"poll_id": "77", "option_ids": [1], "user": api.user()})
        replied = api.message("旧") | {"poll": poll, "from": bot_api.BOT}
        api.push(message=api.message("@ZhibuBot 为什么", reply_to_message=replied))
        await until(lambda: conversation.news and conversation.votes and conversation.heard)
    assert told(conversation.votes[0]) == ("42", "77", (1,))
    assert conversation.heard[0].addressed
