"""What every test may ask for: a migrated store on each database, and a conversation."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from db import demo
from db.engine import Database
from db.migrate import upgrade
from db.secrets import Secrets
from knowledge import seeding
from knowledge.library import Library
from tests.postgres import NoPostgres, Server
from tests.stores import TEMPLATE, Stores

# No example is judged by the clock: the machine may be busy with something else.
settings.register_profile("zhibu", deadline=None)
settings.load_profile("zhibu")

SECRET = b"a secret that only the tests know!"
START = datetime(2026, 11, 23, 2, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that kill processes be made longer."""
    parser.addoption(
        "--chaos", type=int, default=2, help="how often the tests kill a process (default: 2)"
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "zhibu.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server with a migrated template database."""
    try:
        server = Server()
    except NoPostgres as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))
    with server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        asyncio.run(_migrate(server.url(TEMPLATE)))
        yield server


@pytest.fixture(scope="session")
def stores(postgres: Server) -> Stores:
    """Stores of the PostgreSQL server."""
    return Stores(postgres)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a migrated SQLite store in a file."""
    path = tmp_path / "zhibu.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def postgres_url(stores: Stores) -> Iterator[str]:
    """The address of a migrated PostgreSQL store."""
    name = stores.take()
    yield stores.server.url(name)
    stores.give_back(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated store: a test that asks for it runs on both databases."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    """A migrated store: a test that asks for it runs on both databases."""
    database = Database(store_url)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """A migrated SQLite store, for tests that do not turn on the database."""
    database = Database(sqlite_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that holds the demo organisation and the shipped entries."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copy(sqlite_template, folder / "zhibu.db")
    asyncio.run(_furnish(folder))
    return folder


async def _furnish(folder: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{folder / 'zhibu.db'}")
    async with database.write() as session:
        await demo.plant(session, Secrets(SECRET))
        await seeding.seed(session, now=START)
    async with database.read() as session:
        library = await Library.open(folder / "search", session)
    library.save()
    await database.close()


async def _migrate(url: str) -> None:
    database = Database(url)
    await upgrade(database)
    await database.close()
