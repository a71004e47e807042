"""日历: a private address, made once, changed and ended by its owner."""

from __future__ import annotations

import re

from db.engine import Database
from scheduler import feed
from tests.handlers.conftest import MEMBER, OUTSIDER, SECRETARY, Talk

ADDRESS = re.compile(r"http://zhibu\.example/calendar/([\w-]+)\.ics")


async def token(talk: Talk, who: str, text: str) -> str:
    (answer,) = await talk.say(who, text)
    assert answer.secret
    found = ADDRESS.search(answer.text)
    assert found
    return found[1]


async def owner(database: Database, token: str) -> int | None:
    async with database.read() as session:
        return await feed.owner(session, token)


async def test_an_address_is_given_to_its_owner(talk: Talk) -> None:
    address = await token(talk, MEMBER, "日历")
    assert await owner(talk.database, address) == (await talk.person(MEMBER)).id


async def test_a_group_does_not_see_the_address(talk: Talk) -> None:
    in_group = await talk.send(talk.incoming(MEMBER, "日历", chat="群", group=True))
    assert not any(ADDRESS.search(message.text) for message in in_group)
    assert any(ADDRESS.search(message.text) for message in talk.mail(MEMBER))


async def test_an_address_is_not_shown_again(talk: Talk) -> None:
    await token(talk, MEMBER, "日历")
    (answer,) = await talk.say(MEMBER, "日历")
    assert "不能再次显示" in answer.text
    assert not ADDRESS.search(answer.text)


async def test_a_new_address_ends_the_old_one(talk: Talk) -> None:
    old = await token(talk, MEMBER, "日历")
    (offer,) = await talk.say(MEMBER, "日历")
    (answer,) = await talk.press(MEMBER, offer, "换新地址")
    assert ADDRESS.search(answer.text)
    assert await owner(talk.database, old) is None


async def test_ending_it_ends_only_ones_own(talk: Talk) -> None:
    mine, other = await token(talk, MEMBER, "日历"), await token(talk, SECRETARY, "日历")
    (answer,) = await talk.say(MEMBER, "取消日历")
    assert "已停用" in answer.text
    assert await owner(talk.database, mine) is None
    assert await owner(talk.database, other) == (await talk.person(SECRETARY)).id


async def test_an_unbound_account_ends_the_address(talk: Talk) -> None:
    address = await token(talk, MEMBER, "日历")
    (ask,) = await talk.say(MEMBER, "解绑")
    label = next(b.label for row in ask.buttons for b in row if "取消" not in b.label)
    await talk.press(MEMBER, ask, label)
    assert await owner(talk.database, address) is None


async def test_an_outsider_is_refused(talk: Talk) -> None:
    (answer,) = await talk.say(OUTSIDER, "日历")
    assert "绑定" in answer.text
    assert not ADDRESS.search(answer.text)
