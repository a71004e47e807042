"""The iCalendar address: whoever knows the token gets its owner's duties, and nothing else."""

from __future__ import annotations

import hashlib

from fastapi import FastAPI, Request
from fastapi.responses import Response

from bot.pages.house import House
from bot.pages.notice import not_found
from db import accounts
from scheduler import feed, listing
from scheduler.rulebook import keeping

# Calendar programs ask every few minutes at the earliest.
KEPT_S = 300


def add_feed(app: FastAPI, house: House) -> None:
    """Add the route of the feeds."""

    @app.api_route("/calendar/{token}.ics", methods=["GET", "HEAD"])
    async def send(token: str, request: Request) -> Response:
        """Send the feed; an unknown, ended or departed person's address is not there."""
        text = await _text(house, token)
        if text is None:
            return not_found()
        tag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
        headers = {"etag": tag, "cache-control": f"private, max-age={KEPT_S}"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


async def _text(house: House, token: str) -> bytes | None:
    async with house.database.read() as session:
        person_id = await feed.owner(session, token)
        book = await keeping.current(session)
        if person_id is None or book is None:
            return None
        person = await accounts.person_today(session, person_id, today=house.today)
        if person is None:
            return None
        actor = await accounts.as_actor(session, person, today=house.today)
        return feed.render(await listing.owed(session, actor), book)
