"""The tool that reads plans sees what it is there to see."""

from sqlalchemy import select

from db.engine import Database
from db.tables import Duty
from tests.plans import read_whole, recorded


async def test_a_search_by_something_without_an_index_reads_the_table_whole(
    database: Database,
) -> None:
    with recorded() as statements:
        async with database.read() as session:
            await session.scalars(select(Duty).where(Duty.title == "x"))
            await session.scalars(select(Duty).where(Duty.id == 1))
    assert await read_whole(database, statements[:1]) == {"duty"}
    assert await read_whole(database, statements[1:]) == set()
