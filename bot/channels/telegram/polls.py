"""Quiz questions as Telegram's own polls, where the server and the chat take them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from telegram import Message as Sent
from telegram.constants import PollType

from bot.channels.telegram import limits
from bot.channels.telegram.errors import ApiRefusal, Unreadable, to_channel_error
from bot.channels.telegram.layout import clean
from bot.channels.telegram.limiter import Turn
from bot.channels.telegram.speaker import Speaker
from bot.channels.telegram.split import split, units
from scheduler.channels import Lane, Posted
from scheduler.messages import Poll

log = logging.getLogger(__name__)

# How the right answers are named: as a list since Bot API 9.6, a single one before.
LIST, SINGLE = "correct_option_ids", "correct_option_id"
_FORM = ("correct_option", "correct option", "option id", "option_id", "multiple", "parameter")
_CLOSED = ("already been closed", "already closed")
_NO_POLL = (
    "poll to stop not found",
    "message to edit not found",
    "not a poll",
    "can't be stopped",
    "message_id_invalid",
    "message identifier is not specified",
)


@dataclass(frozen=True, slots=True)
class Quiz:
    """A poll within Telegram's limits, as the call takes it."""

    words: dict[str, Any]
    right: tuple[int, ...]
    several: bool


class Polls:
    """Posts and closes polls, and remembers which forms of them the server has refused."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._refused: set[tuple[str, bool]] = set()

    async def post(self, poll: Poll, options: dict[str, Any]) -> Posted | None:
        """Post a quiz; None if it cannot be one here, and nothing was posted.

        `options` are those of every sending. Raises the errors of `errors`: also `Unreadable`,
        since a poll whose id is not known must be put aside.
        """
        quiz = fitted(poll)
        if quiz is None:
            return None
        for form in (LIST,) if quiz.several else (LIST, SINGLE):
            if (form, quiz.several) in self._refused:
                continue
            try:
                sent = await self._send(quiz, form, options)
            except ApiRefusal as refusal:
                if not _is_about_polls(refusal):
                    raise
                if not self._note(form, quiz, refusal):
                    return None
            else:
                return Posted(str(sent.message_id), sent.poll.id if sent.poll else "")
        return None

    async def stop(self, chat: int, message: int, lane: Lane) -> bool:
        """Close a poll; True if it is closed now, False if no poll is there."""
        try:
            await self._speaker.call(
                lambda: self._speaker.bot.stop_poll(chat, message, rate_limit_args=Turn(lane)),
                optional=True,
            )
        except Unreadable:
            return True
        except ApiRefusal as refusal:
            if refusal.says(*_CLOSED):
                return True
            if refusal.code == 404 or refusal.says(*_NO_POLL):
                return False
            raise
        return True

    async def _send(self, quiz: Quiz, form: str, options: dict[str, Any]) -> Sent:
        # The library warns of the old name, and sends what it is given beside its own.
        named: dict[str, Any] = (
            {LIST: list(quiz.right)} if form == LIST else {"api_kwargs": {SINGLE: quiz.right[0]}}
        )
        return await self._speaker.call(
            lambda: self._speaker.bot.send_poll(
                type=PollType.QUIZ,
                is_anonymous=False,
                allows_multiple_answers=quiz.several or None,
                **quiz.words,
                **named,
                **options,
            ),
            optional=True,
        )

    def _note(self, form: str, quiz: Quiz, refusal: ApiRefusal) -> bool:
        """Note what a refusal says of the server; True if another form may do."""
        if refusal.code == 404:
            named = refusal.says("method")
            forms = {(LIST, True), (LIST, False), (SINGLE, False)} if named else set()
        else:
            named = refusal.says(*_FORM)
            forms = {(form, quiz.several)} if named else set()
        if forms - self._refused:
            log.warning("the Bot API server refuses a form of poll: %s", refusal.message)
        self._refused |= forms
        return named and refusal.code != 404


def fitted(poll: Poll) -> Quiz | None:
    """Return a poll as Telegram takes it; None if something in it is too long.

    A question or an option is never shortened: that could change what it says.
    """
    question, options = clean(poll.question).strip(), [clean(o).strip() for o in poll.options]
    shortest, longest = limits.POLL_SECONDS
    fits = (
        0 < units(question) <= limits.POLL_QUESTION
        and 0 < len(options) <= limits.POLL_OPTIONS
        and all(0 < units(option) <= limits.POLL_OPTION for option in options)
        and poll.correct
        and (poll.seconds is None or shortest <= poll.seconds <= longest)
    )
    if not fits:
        return None
    words = {
        "question": question,
        "options": options,
        "explanation": explanation(poll.explanation) or None,
        "open_period": poll.seconds,
    }
    return Quiz(words, tuple(sorted(poll.correct)), poll.multiple or len(poll.correct) > 1)


def explanation(text: str) -> str:
    """Shorten an explanation to Telegram's limits; its last line, the source, stays if it can."""
    body, _, source = "\n".join(filter(None, clean(text).strip().splitlines())).rpartition("\n")
    body = " ".join(body.splitlines())
    room = limits.POLL_EXPLANATION - units(source) - 1
    if not body or room < limits.POLL_EXPLANATION // 4:
        return _shortened(f"{body}\n{source}".strip(), limits.POLL_EXPLANATION)
    return f"{_shortened(body, room)}\n{source}"


def _shortened(text: str, room: int) -> str:
    if units(text) <= room:
        return text
    return text[: split(text, room - 1)[0][1]].rstrip() + "…"


def _is_about_polls(refusal: ApiRefusal) -> bool:
    """Tell whether words may be taken where a poll was not (they are refused if not)."""
    return (
        refusal.code in (400, 404)
        and refusal.moved_to is None
        and not to_channel_error(refusal).gone
    )
