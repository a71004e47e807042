"""Serving the pages from this process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from nicegui import ui

from bot.pages.doors import add_doors
from bot.pages.guard import Guard
from bot.pages.house import House
from bot.pages.rooms import add_rooms

CLOSE_S = 3


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: the program as a whole decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@asynccontextmanager
async def serving(house: House, sock: socket.socket, hosts: frozenset[str]) -> AsyncIterator[None]:
    """Serve the pages on a socket; `hosts` are the names they may be called by, empty any."""
    config = uvicorn.Config(
        Guard(make_app(house), hosts),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=CLOSE_S,
    )
    server = Server(config)
    running = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn sets no Event
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await running


def make_app(house: House) -> FastAPI:
    """Return the application with every page."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_doors(app, house)
    add_rooms(house)
    ui.run_with(
        app,
        title="支部助手",
        language="zh-CN",
        dark=None,
        show_welcome_message=False,
        reconnect_timeout=10.0,
    )
    return app
