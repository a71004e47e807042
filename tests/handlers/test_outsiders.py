"""Nobody outside gets in: every handler is walked with somebody who may not use it."""

import pytest

from db import access
from db.tables import Title
from handlers.everything import make_router
from tests.handlers.conftest import MEMBER, OUTSIDER, Talk

ROUTER = make_router()
CLOSED = sorted(r.name for r in ROUTER.routes.values() if r.needs not in access.PUBLIC)
OFFICIAL = sorted(
    r.name for r in ROUTER.routes.values() if r.needs not in access.PUBLIC | access.MEMBER
)


@pytest.mark.parametrize("name", CLOSED)
async def test_an_unbound_account_is_refused(talk: Talk, name: str) -> None:
    [reply] = await talk.say(OUTSIDER, f"/{name} 1")
    assert "需要先绑定身份" in reply.text


@pytest.mark.parametrize("name", OFFICIAL)
async def test_a_plain_member_is_refused_what_needs_a_post(talk: Talk, name: str) -> None:
    [reply] = await talk.say(MEMBER, f"/{name} 1")
    assert "你目前的职务不能" in reply.text


def test_every_step_and_file_names_an_action_that_some_post_or_member_has() -> None:
    granted = access.PUBLIC | access.MEMBER | frozenset().union(*access.BY_TITLE.values())
    needs = {s.needs for s in ROUTER.steps.values()} | {f.needs for f in ROUTER.files}
    assert needs <= granted
    assert set(access.BY_TITLE) == set(Title)
