"""The iCalendar feed, read back by a parser that we did not write."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from sqlalchemy import select

from db.engine import Database
from db.tables import CalendarFeed, Duty, Person, Unit, UnitKind
from scheduler import feed
from scheduler.rulebook.model import Anchor, AnchorKind, Force, Owner, Rule, RuleBook

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
RULE = Rule(
    id="committee-meeting",
    title="支委会会议",
    owner=Owner.BRANCH,
    anchor=Anchor(AnchorKind.PERIOD, rrule="FREQ=MONTHLY", dtstart=date(2026, 1, 1)),
    regulation="中国共产党支部工作条例（试行）",
    article="第十二条",
    version="2018",
    effective_from=date(2018, 10, 28),
    effective_until=None,
    force=Force.USUALLY,
    certainty="甲",
    remind=(7, 1),
    hand_in="会议记录；参会名单, 签到表",
)
BOOK = RuleBook("digest", (RULE,))


def duty(number: int = 12, **more: object) -> Duty:
    values: dict[str, object] = {
        "id": number,
        "rule": RULE.id,
        "edition": RULE.version,
        "title": RULE.title,
        "label": "2026年11月",
        "due_on": date(2026, 11, 30),
        "provisional": False,
        "created_at": NOW,
        **more,
    }
    return Duty(**values)


def events(*duties: Duty) -> list[vobject.base.Component]:
    text = feed.render(duties, BOOK).decode()
    return list(vobject.readOne(text).contents.get("vevent", []))


def test_each_duty_is_an_all_day_event_on_its_last_day() -> None:
    (event,) = events(duty())
    assert event.dtstart.value == date(2026, 11, 30)
    assert event.dtend.value == date(2026, 12, 1)
    assert event.uid.value == "duty-12@zhibu"
    assert event.summary.value == "截止：支委会会议（2026年11月）"


def test_the_description_gives_basis_and_papers_whole() -> None:
    """Semicolons, commas and line ends have a meaning of their own in RFC 5545."""
    (event,) = events(duty())
    lines = event.description.value.split("\n")
    assert "中国共产党支部工作条例（试行）" in lines[0]
    assert "第十二条" in lines[0]
    assert lines[1] == "提交：会议记录；参会名单, 签到表"


def test_an_alarm_rings_at_nine_on_each_day_of_the_rule() -> None:
    (event,) = events(duty())
    alarms: list[Any] = list(event.contents["valarm"])
    triggers = sorted(alarm.trigger.value for alarm in alarms)
    assert triggers == [timedelta(days=-7, hours=9), timedelta(days=-1, hours=9)]


def test_a_case_is_in_the_feed_without_the_name_that_it_is_about() -> None:
    text = feed.render([duty(label="秦佑安", subject_person_id=3)], BOOK)
    (event,) = vobject.readOne(text.decode()).contents["vevent"]
    assert event.summary.value == "截止：支委会会议（秦**）"
    assert "秦佑安" not in text.decode().replace("\r\n ", "")


def test_an_event_is_a_day_in_every_zone_and_comes_once() -> None:
    """Duties are planned here: a recurrence in the feed would go on when the rule has changed."""
    (event,) = events(duty())
    assert not {"rrule", "rdate"} & event.contents.keys()
    assert event.dtstart.params == {"VALUE": ["DATE"]}
    assert event.dtstamp.value == NOW
    contents: dict[str, list[Any]] = event.contents
    assert (contents["class"][0].value, event.transp.value) == ("PRIVATE", "TRANSPARENT")
    assert {alarm.action.value for alarm in contents["valarm"]} == {"DISPLAY"}


def test_lines_are_folded_to_75_octets() -> None:
    assert all(len(line) <= 75 for line in feed.render([duty()], BOOK).split(b"\r\n"))


def test_a_duty_without_limit_or_rule_is_left_out() -> None:
    assert events(duty(due_on=None), duty(13, rule="gone")) == []


def test_a_feed_without_duties_is_a_calendar_still() -> None:
    calendar = vobject.readOne(feed.render([], BOOK).decode())
    assert calendar.version.value == "2.0"
    assert calendar.prodid.value.startswith("-//Zhibu//")


@pytest.fixture
async def person(database: Database) -> int:
    async with database.write() as session:
        unit = Unit(name="第三党支部", kind=UnitKind.BRANCH.value, path="/1/")
        session.add(unit)
        await session.flush()
        person = Person(unit_id=unit.id, number="A1", name="甲")
        session.add(person)
        await session.flush()
        return person.id


async def test_a_new_address_ends_the_one_before(database: Database, person: int) -> None:
    async with database.write() as session:
        first = await feed.issue(session, person_id=person, now=NOW)
        second = await feed.issue(session, person_id=person, now=NOW)
        assert await feed.owner(session, first) is None
        assert await feed.owner(session, second) == person


async def test_a_revoked_address_is_nobodys(database: Database, person: int) -> None:
    async with database.write() as session:
        token = await feed.issue(session, person_id=person, now=NOW)
        assert await feed.revoke(session, person_id=person, now=NOW)
        assert await feed.owner(session, token) is None
        assert not await feed.revoke(session, person_id=person, now=NOW)


async def test_the_store_does_not_know_the_address(database: Database, person: int) -> None:
    async with database.write() as session:
        token = await feed.issue(session, person_id=person, now=NOW)
        (row,) = await session.scalars(select(CalendarFeed))
        assert token not in row.digest
