"""Serving the pages from this process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from nicegui import app as live
from nicegui import ui

from bot.pages import mailbox
from bot.pages.doors import add_doors
from bot.pages.feed import add_feed
from bot.pages.guard import Guard
from bot.pages.house import House
from bot.pages.notice import BACK, not_found, notice
from bot.pages.rooms import SCRIPT_FOLDER, SCRIPTS, add_rooms
from db.engine import is_store_fault

log = logging.getLogger(__name__)

CLOSE_S = 3
# A page that lost its connection is kept this long; then the browser loads it anew.
RECONNECT_S = 30.0


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
        Guard(make_app(house), hosts, house.upload_limit),
        log_level="warning",
        access_log=False,
        server_header=False,
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
    """Return the application with every page. The page library allows one in a process."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.house = house
    add_doors(app, house)
    add_feed(app, house)
    app.include_router(mailbox.router)
    app.get(f"{SCRIPT_FOLDER}/{{name}}")(_script)
    app.add_exception_handler(RequestValidationError, _malformed)
    add_rooms(house)
    live.add_exception_handler(404, _not_found)
    live.add_exception_handler(Exception, _broken)
    ui.run_with(
        app,
        title="支部助手",
        language="zh-CN",
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=RECONNECT_S,
    )
    return app


async def _script(name: str) -> Response:
    """Send one of the pages' own scripts."""
    if name not in SCRIPTS:
        return not_found()
    keep = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(SCRIPTS[name], media_type="text/javascript; charset=utf-8", headers=keep)


async def _malformed(_request: Request, _error: Exception) -> JSONResponse:
    """Refuse what no page sends, and repeat nothing of it."""
    return JSONResponse({"notice": "内容不能发送，请检查后重试。"}, status_code=422)


async def _not_found(_request: Request, _error: Exception) -> HTMLResponse:
    return not_found()


async def _broken(_request: Request, error: Exception) -> HTMLResponse:
    """Say that something failed, and nothing of what it was."""
    if is_store_fault(error):
        log.error("a page could not be shown: the store is away (%s)", type(error).__name__)
        return notice("暂时打不开", "数据暂时不能读写，请稍后再试。", BACK, status=503)
    log.error("a page could not be shown", exc_info=error)
    return notice("页面出了错", "请稍后再试；如仍不行，请告诉管理员。", BACK, status=500)
