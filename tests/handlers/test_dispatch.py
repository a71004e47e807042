"""One event, one effect: redelivered, forged, flooded, in a group, or failing half-way."""

import asyncio
from dataclasses import replace

import pytest

from db.access import ASK
from db.engine import Database
from handlers.context import Context
from handlers.dispatch import STALE_BUTTON
from handlers.flood import LIMIT
from handlers.incoming import ChatChange, ChatEvent
from handlers.reply import Button, Reply, UserError
from tests.handlers.conftest import CHANNEL, MEMBER, OUTSIDER, SECRETARY, Talk, upload


@pytest.fixture
def talk(talk: Talk) -> Talk:
    """The conversation with a few commands of the tests' own."""
    router = talk.dispatcher._router

    @router.command("offer", help="", needs=ASK, usage="x", hidden=True)
    async def offer(context: Context) -> Reply:
        buttons = (Button("我的", "/echo 我的"), Button("谁都行", "/echo 谁都行", anyone=True))
        return Reply("选一个", buttons=(buttons,))

    @router.command("echo", help="", needs=ASK, usage="x", hidden=True)
    async def echo(context: Context) -> Reply:
        return Reply(f"按了{context.text}", replaces=True)

    @router.command("break", help="", needs=ASK, usage="x", hidden=True)
    async def break_(context: Context) -> Reply:
        await context.record("test.half", "done")
        raise RuntimeError("a bug")

    @router.command("mistake", help="", needs=ASK, usage="x", hidden=True)
    async def mistake(context: Context) -> Reply:
        await context.go_to("test.step")
        raise UserError("写错了")

    @router.command("secretly", help="", needs=ASK, private=True, hidden=True)
    async def secretly(context: Context) -> Reply:
        return Reply("只给你看")

    @router.command("whisper", help="", needs=ASK, usage="x", hidden=True)
    async def whisper(context: Context) -> list[Reply]:
        return [Reply(context.text, toast=True), Reply("大家都看到")]

    @router.command("whispers", help="", needs=ASK, hidden=True)
    async def whispers(context: Context) -> Reply:
        commands = ("/whisper 答对了", "/whisper " + "长" * 201, "/mistake x")
        return Reply("选", buttons=tuple((Button(c[-4:], c, anyone=True),) for c in commands))

    @router.command("dialog", help="", needs=ASK, hidden=True)
    async def dialog(context: Context) -> Reply:
        await context.go_to("test.step", n=1)
        return Reply("请说")

    @router.command("privately", help="", needs=ASK, private=True, hidden=True)
    async def privately(context: Context) -> Reply:
        await context.go_to("test.step", n=2)
        return Reply("请私下说")

    @router.command("blunder", help="", needs=ASK, private=True, hidden=True)
    async def blunder(context: Context) -> Reply:
        raise UserError("写错了")

    @router.step("test.step", needs=ASK, words=("菜单",))
    async def step(context: Context) -> Reply:
        await context.leave()
        return Reply(f"收到{context.text}{context.data['n']}")

    return talk


async def test_a_word_of_the_step_is_no_command_while_the_dialog_stands(talk: Talk) -> None:
    await talk.say(MEMBER, "/dialog")
    [taken] = await talk.say(MEMBER, "菜单")
    [listed] = await talk.say(MEMBER, "菜单")
    assert taken.text == "收到菜单1"
    assert "也可以发送" in listed.text


async def test_a_redelivered_update_has_one_effect(talk: Talk) -> None:
    event = talk.incoming(MEMBER, "/echo 一")
    assert len(await talk.send(event)) == 1
    assert await talk.send(event) == []


async def test_an_update_that_comes_twice_at_once_and_after_a_restart_has_one_effect(
    talk: Talk,
) -> None:
    """Fault 31."""
    event = talk.incoming(MEMBER, "收到")
    await asyncio.gather(*(talk.dispatcher.handle(event) for _ in range(3)))
    again = Database(talk.database.url.render_as_string(hide_password=False))
    assert len(await Talk(again, talk.library).send(event)) == 1
    await again.close()


async def test_a_button_works_for_its_owner(talk: Talk) -> None:
    [card] = await talk.say(MEMBER, "/offer")
    [reply] = await talk.press(MEMBER, card, "我的")
    assert reply.text == "按了我的"


async def test_a_button_of_another_person_is_refused_unless_it_is_for_all(talk: Talk) -> None:
    group = talk.incoming(MEMBER, "/offer", chat="群", group=True)
    [card] = await talk.send(group)
    mine, anyones = card.buttons[0]
    stranger = talk.incoming(SECRETARY, "", chat="群", group=True)
    refused = await talk.handle(replace(stranger, press=mine.token))
    assert (refused.notice, talk.mail("群")) == (STALE_BUTTON, [])
    again = talk.incoming(SECRETARY, "", chat="群", group=True, press=anyones.token)
    assert [m.text for m in await talk.send(again)] == ["按了谁都行"]


async def test_a_toast_is_for_who_pressed_in_a_group(talk: Talk) -> None:
    [card] = await talk.send(talk.incoming(MEMBER, "/whispers", chat="群", group=True))
    press = talk.incoming(
        SECRETARY, "", chat="群", group=True, press=card.buttons[0][0].token, message="1"
    )
    handled = await talk.handle(press)
    assert handled.notice == "答对了"
    assert [m.text for m in talk.mail("群")] == ["大家都看到"]
    assert (await talk.handle(press)).notice == ""
    assert talk.mail("群") == []


async def test_a_toast_that_is_no_answer_to_a_press_in_a_group_is_said(talk: Talk) -> None:
    [card] = await talk.say(MEMBER, "/whispers")
    answers = await talk.press(MEMBER, card, card.buttons[0][0].label)
    assert [m.text for m in answers] == ["答对了", "大家都看到"]
    typed = talk.incoming(MEMBER, "/whisper 答对了", chat="群", group=True)
    assert [m.text for m in await talk.send(typed)] == ["答对了", "大家都看到"]


async def test_a_toast_that_is_too_long_for_one_is_said(talk: Talk) -> None:
    [card] = await talk.send(talk.incoming(MEMBER, "/whispers", chat="群", group=True))
    press = talk.incoming(MEMBER, "", chat="群", group=True, press=card.buttons[1][0].token)
    assert (await talk.handle(press)).notice == ""
    assert [len(m.text) for m in talk.mail("群")] == [201, 5]


async def test_a_mistake_by_a_button_in_a_group_is_told_to_its_maker_alone(talk: Talk) -> None:
    [card] = await talk.send(talk.incoming(MEMBER, "/whispers", chat="群", group=True))
    press = talk.incoming(SECRETARY, "", chat="群", group=True, press=card.buttons[2][0].token)
    assert (await talk.handle(press)).notice == "写错了"
    assert talk.mail("群") == []


@pytest.mark.parametrize("token", ["", "x" * 22, "../..", "' OR 1=1 --", "\0", "\ud800", "长" * 99])
async def test_a_forged_press_is_refused(talk: Talk, token: str) -> None:
    handled = await talk.handle(talk.incoming(MEMBER, "", press=token))
    assert (handled.notice, talk.mail(MEMBER)) == (STALE_BUTTON, [])


async def test_a_button_from_another_chat_is_refused(talk: Talk) -> None:
    [card] = await talk.say(MEMBER, "/offer")
    forwarded = talk.incoming(MEMBER, "", chat="别处", press=card.buttons[0][0].token)
    assert (await talk.handle(forwarded)).notice == STALE_BUTTON


async def test_an_old_button_is_refused(talk: Talk) -> None:
    [card] = await talk.say(MEMBER, "/offer")
    talk.later(days=31)
    press = talk.incoming(MEMBER, "", press=card.buttons[0][0].token)
    assert (await talk.handle(press)).notice == STALE_BUTTON


async def test_a_failing_handler_changes_nothing_and_says_so_once(talk: Talk) -> None:
    event = talk.incoming(MEMBER, "/break x")
    [reply] = await talk.send(event)
    assert "编号" in reply.text
    assert await talk.send(event) == []
    async with talk.database.read() as session:
        from sqlalchemy import select

        from db.tables import AuditLine

        assert (await session.scalars(select(AuditLine))).all() == []


@pytest.mark.parametrize("fault", [ValueError("a bug"), OSError("a broken file")])
async def test_a_file_that_makes_reading_fail_is_closed_and_told(
    talk: Talk, fault: Exception
) -> None:
    def prepare(name: str, data: bytes) -> None:
        raise fault

    router = talk.dispatcher._router
    router.file("odd", help="", needs=ASK, suffixes=(".odd",), words=(), prepare=prepare)(
        router.routes["echo"].handler
    )
    event = talk.incoming(MEMBER, "", upload=upload("a.odd", b"x"))
    [reply] = await talk.send(event)
    assert "编号" in reply.text
    assert await talk.send(event) == []


async def test_a_mistake_of_the_user_undoes_what_the_handler_did(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "/mistake x")
    assert reply.text == "写错了"
    [next_] = await talk.say(MEMBER, "取消")
    assert next_.text == "没有正在进行的操作。"


async def test_a_dialog_goes_on_after_a_restart_and_ends_by_itself(talk: Talk) -> None:
    await talk.say(MEMBER, "/dialog")
    assert [m.text for m in await talk.say(MEMBER, "你好")] == ["收到你好1"]
    await talk.say(MEMBER, "/dialog")
    talk.later(hours=13)
    assert "收到" not in (await talk.say(MEMBER, "你好"))[0].text


async def test_a_dialog_belongs_to_its_chat_and_its_person(talk: Talk) -> None:
    await talk.say(MEMBER, "/dialog")
    assert "收到" not in (await talk.say(SECRETARY, "你好"))[0].text


async def test_a_private_answer_leaves_the_group(talk: Talk) -> None:
    await talk.send(talk.incoming(MEMBER, "/secretly", chat="群", group=True))
    assert [m.text for m in talk.mail(MEMBER)] == ["只给你看"]


async def test_the_dialog_of_a_private_command_stands_in_the_private_chat(talk: Talk) -> None:
    await talk.send(talk.incoming(MEMBER, "/privately", chat="群", group=True))
    assert [m.text for m in talk.mail(MEMBER)] == ["请私下说"]
    [in_group] = await talk.send(talk.incoming(MEMBER, "大家好", chat="群", group=True))
    [in_private] = await talk.say(MEMBER, "你好")
    assert ("收到" in in_group.text, in_private.text) == (False, "收到你好2")


async def test_a_mistake_in_a_private_command_is_told_in_private(talk: Talk) -> None:
    assert await talk.send(talk.incoming(MEMBER, "/blunder", chat="群", group=True)) == []
    assert [m.text for m in talk.mail(MEMBER)] == ["写错了"]


async def test_a_private_command_without_a_private_chat_does_nothing(talk: Talk) -> None:
    await talk.send(talk.incoming("新人", "/privately", chat="群", group=True))
    [reply] = await talk.send(talk.incoming("新人", "大家好", chat="群", group=True))
    assert "收到" not in reply.text


async def test_a_private_answer_waits_for_a_private_chat(talk: Talk) -> None:
    replies = await talk.send(talk.incoming("新人", "/secretly", chat="群", group=True))
    assert "私聊" in replies[0].text


async def test_group_talk_that_is_not_addressed_is_not_answered(talk: Talk) -> None:
    event = talk.incoming(MEMBER, "支委会多久开一次", chat="群", group=True, addressed=False)
    assert await talk.send(event) == []


async def test_a_flood_is_held_back_and_the_others_are_served(talk: Talk) -> None:
    for _ in range(LIMIT + 5):
        await talk.handle(talk.incoming(OUTSIDER, "/echo x"))
    assert len(talk.mail(OUTSIDER)) == LIMIT
    assert await talk.say(MEMBER, "/echo x")
    talk.later(seconds=30)
    assert await talk.say(OUTSIDER, "/echo x")


async def test_an_unknown_command_names_the_nearest(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "/halp")
    assert reply.buttons[0][0].command == "/help"


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\0b\udfff", "%_\\'\"; DROP TABLE person;--"])
async def test_a_hostile_text_is_answered(talk: Talk, text: str) -> None:
    assert await talk.say(MEMBER, f"支委会{text}")


async def test_a_chat_that_blocked_and_came_back_is_reachable(talk: Talk) -> None:
    from db import accounts

    gone = ChatEvent(CHANNEL, "e1", MEMBER, ChatChange.GONE, talk.now)
    await talk.dispatcher.chat_event(gone)
    person = await talk.person(MEMBER)
    async with talk.database.read() as session:
        assert await accounts.addresses(session, person.id) == []
    await talk.say(MEMBER, "/echo x")
    async with talk.database.read() as session:
        assert len(await accounts.addresses(session, person.id)) == 1


async def test_the_commands_of_a_role_are_listed(talk: Talk) -> None:
    member = {name for name, _ in await talk.dispatcher.commands(CHANNEL, MEMBER)}
    secretary = {name for name, _ in await talk.dispatcher.commands(CHANNEL, SECRETARY)}
    assert "help" in member
    assert "invite" not in member
    assert "invite" in secretary
