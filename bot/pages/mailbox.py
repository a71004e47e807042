"""The addresses that a page sends to; who may not read a chat is told that it does not exist."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import ClientDisconnect

from bot.pages.channel import NAME
from bot.pages.house import House, visitor
from bot.pages.speaking import TEXT_LIMIT, NotTaken, NotThere, Speaker, as_upload

# Commands that have no use for somebody who is signed in here already.
ELSEWHERE = frozenset({"login", "bind", "unbind", "start"})
MADE = r"^[A-Za-z0-9-]{8,64}$"
Made = Annotated[str, Field(pattern=MADE)]
Number = Annotated[int, Field(gt=0, lt=2**53)]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LIMIT)
]

router = APIRouter(prefix="/chat/{chat}")


class Saying(BaseModel):
    """A text, or with none the order to hand in again what was said under this id."""

    id: Made
    text: Words | None = None
    answers: Number | None = None


class Press(BaseModel):
    """A pressed button and the line that it stands under."""

    id: Made
    line: Number
    token: Annotated[str, Field(max_length=64)]


class Phone(BaseModel):
    """A phone number that the visitor typed."""

    id: Made
    phone: Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=40)]


async def _speaker(request: Request, chat: str) -> Speaker:
    house: House = request.app.state.house
    who = await visitor(house, request, chat)
    if who is None:
        raise HTTPException(401)
    if not who.may_read(chat):
        raise HTTPException(404)
    return Speaker(house, who, chat)


Who = Annotated[Speaker, Depends(_speaker)]


@router.post("/say")
async def say(who: Who, saying: Saying) -> Response:
    """Take a text."""
    if saying.text is None:
        return await _answer(who.say_again(saying.id))
    return await _answer(who.say(saying.id, saying.text, saying.answers))


@router.post("/press")
async def press(who: Who, press: Press) -> Response:
    """Take a pressed button."""
    return await _answer(who.press(press.id, press.line, press.token))


@router.post("/phone")
async def phone(who: Who, phone: Phone) -> Response:
    """Take a phone number."""
    return await _answer(who.share(phone.id, phone.phone))


@router.post("/upload")
async def upload(
    who: Who,
    request: Request,
    made: Annotated[str, Query(alias="id", pattern=MADE)],
    name: Annotated[str, Query(max_length=1000)] = "",
    caption: Annotated[str, Query(max_length=TEXT_LIMIT)] = "",
) -> Response:
    """Take a file: the body is its bytes."""
    size = int(request.headers.get("content-length", "0"))
    body = _Body(request)
    answer = await _answer(who.send_file(made, as_upload(name, size, body.chunks()), caption))
    await body.drain()
    return answer


@router.get("/commands")
async def commands(who: Who) -> list[tuple[str, str]]:
    """Say which commands the visitor may use."""
    offered = await who.house.conversation.commands(NAME, who.visitor.account)
    return [command for command in offered if command[0] not in ELSEWHERE]


async def _answer(taking: Awaitable[str]) -> Response:
    try:
        return JSONResponse({"notice": await taking})
    except NotThere:
        raise HTTPException(404) from None
    except NotTaken:
        return JSONResponse({"notice": "发送失败，请稍后再试。"}, status_code=503)


class _Body:
    """A request's body, read once: what nobody wanted is read away, so that the answer arrives."""

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except ClientDisconnect as error:
            raise ConnectionError("the browser went away") from error

    async def drain(self) -> None:
        try:
            async for _ in self._stream:
                pass
        except ClientDisconnect:
            return
