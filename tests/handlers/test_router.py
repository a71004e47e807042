"""A text finds its command, and a question is not mistaken for one."""

import pytest

from db.access import ASK, SEE_MEMBERS, Actor
from handlers.context import Context
from handlers.reply import Reply
from handlers.router import Router

OUTSIDER = Actor(account_id=1)


async def handler(context: Context) -> Reply:
    return Reply("done")


@pytest.fixture
def router() -> Router:
    router = Router()
    router.command("help", "帮助", help="帮助", needs=ASK)(handler)
    router.command("done", "完成", help="完成", needs=ASK, usage="编号")(handler)
    router.command("people", "党员", help="名单", needs=SEE_MEMBERS, usage="[姓名]")(handler)
    return router


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("帮助", "help", ""),
        ("/help", "help", ""),
        ("/HELP@zhibu_bot", "help", ""),
        ("完成 12", "done", "12"),
        ("完成12", "done", "12"),
        ("完成：12", "done", "12"),
        ("完成\u300012", "done", "12"),
        ("/done 12 好的", "done", "12 好的"),
        ("党员 江晚舟", "people", "江晚舟"),
    ],
)
def test_a_command_is_found_with_what_follows_it(
    router: Router, text: str, name: str, rest: str
) -> None:
    found = router.find(text)
    assert found is not None
    assert (found[0].name, found[1]) == (name, rest)


@pytest.mark.parametrize(
    "text",
    [
        "帮助我理解三会一课",
        "帮助 三会一课",
        "完成转正要多久",
        "党员大会多久开一次",
        "/nothing",
        "",
        "/",
    ],
)
def test_a_question_is_no_command(router: Router, text: str) -> None:
    assert router.find(text) is None


def test_a_word_that_is_there_twice_is_refused(router: Router) -> None:
    with pytest.raises(ValueError, match="twice"):
        router.command("again", "帮助", help="", needs=ASK)(handler)


def test_a_slip_is_led_to_a_command_that_the_person_may_use(router: Router) -> None:
    near = router.near("帮住", OUTSIDER)
    assert near is not None
    assert near.name == "help"
    assert router.near("党圆", OUTSIDER) is None


def test_only_permitted_commands_are_listed(router: Router) -> None:
    assert [route.name for route in router.listed(OUTSIDER)] == ["help", "done"]
