"""Help and the ways into the browser."""

from db import signin
from tests.handlers.conftest import ADMINISTRATOR, MEMBER, SECRETARY, Talk


async def _opens_as(talk: Talk, text: str) -> str:
    token = text.rsplit("/in/", 1)[1]
    today = talk.now.date()
    async with talk.database.write() as session:
        opened = await signin.redeem(session, token, now=talk.now, today=today)
        assert opened is not None
        person = await signin.who(session, opened, now=talk.now, today=today)
    assert person is not None
    return person.name


async def test_a_link_opens_the_browser_as_the_one_who_asked(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "登录")
    assert await _opens_as(talk, reply.text) == MEMBER


async def test_a_link_asked_for_in_a_group_is_sent_in_private(talk: Talk) -> None:
    replies = await talk.send(talk.incoming(MEMBER, "登录", chat="群", group=True))
    assert replies == []
    assert "/in/" in talk.mail(MEMBER)[0].text


async def test_an_administrator_makes_a_link_and_the_person_is_told(talk: Talk) -> None:
    person = await talk.person(MEMBER)
    [reply] = await talk.say(ADMINISTRATOR, f"登录链接 {person.number}")
    assert await _opens_as(talk, reply.text) == MEMBER
    assert ADMINISTRATOR in talk.mail(MEMBER)[0].text


async def test_a_secretary_makes_no_links_for_others(talk: Talk) -> None:
    [reply] = await talk.say(SECRETARY, f"登录链接 {MEMBER}")
    assert "不能" in reply.text


async def test_an_unknown_person_gets_no_link(talk: Talk) -> None:
    [reply] = await talk.say(ADMINISTRATOR, "登录链接 没有这个人")
    assert "没有找到" in reply.text
