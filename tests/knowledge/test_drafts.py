"""What was read from a file, kept until it is confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from db import organisation
from db.engine import Database
from db.tables import Person, UnitKind
from knowledge import drafts
from knowledge.drafts import Draft
from knowledge.editions import Item

NOW = datetime(2026, 11, 23, tzinfo=UTC)
OWNER, SOMEBODY = 1, 2
DRAFT = Draft(
    title="示例办法",
    items=(
        Item("第一条", "为了做好示例工作，制定本办法。", article="第一条"),
        Item(
            "问",
            "每月一次。",
            question="多久一次？",
            aliases=("几次", "频率"),
            regulation="《另一办法》",
            valid_from=date(2026, 1, 1),
        ),
    ),
    label="2026",
    starts=date(2026, 5, 18),
    evidence="自2026年5月18日起施行",
    internal=True,
)


@pytest.fixture
async def people(database: Database) -> Database:
    """A store with two persons."""
    async with database.write() as session:
        unit = await organisation.add_unit(
            session, name="示例支部", kind=UnitKind.BRANCH, parent=None
        )
        for number in ("1", "2"):
            session.add(Person(unit_id=unit.id, number=number, name=f"党员{number}"))
            await session.flush()
    return database


async def test_a_draft_is_kept_for_its_owner_alone(people: Database) -> None:
    async with people.write() as session:
        number = await drafts.keep(session, DRAFT, owner_id=OWNER, now=NOW)
        assert await drafts.find(session, number, owner_id=OWNER) == DRAFT
        assert await drafts.find(session, number, owner_id=SOMEBODY) is None


async def test_a_draft_is_forgotten_by_its_owner_alone(people: Database) -> None:
    async with people.write() as session:
        number = await drafts.keep(session, DRAFT, owner_id=OWNER, now=NOW)
        await drafts.drop(session, number, owner_id=SOMEBODY)
        assert await drafts.find(session, number, owner_id=OWNER) == DRAFT
        await drafts.drop(session, number, owner_id=OWNER)
        assert await drafts.find(session, number, owner_id=OWNER) is None


@pytest.mark.parametrize("draft", [DRAFT, replace(DRAFT, starts=None, items=())])
def test_a_draft_survives_its_bytes(draft: Draft) -> None:
    assert Draft.from_json(draft.to_json()) == draft


def test_an_article_without_a_regulation_cites_its_document() -> None:
    first, second = DRAFT.edition().items
    assert (first.regulation, second.regulation) == ("《示例办法》", "《另一办法》")


@pytest.mark.parametrize("title", ["示例办法", "《示例办法》", " 示例 办法\n"])
def test_marks_and_spaces_in_a_title_make_no_other_document(title: str) -> None:
    assert replace(DRAFT, title=title).edition().key == "file:示例办法"
