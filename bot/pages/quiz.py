"""A quiz question, drawn as a card: to be answered, or with what is right and what one chose.

Who answers presses the message's own buttons; what the card shows then is for that reader alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.pages.tags import tag, words
from scheduler.messages import Button, Message, Poll
from scheduler.own_answers import OwnAnswer


def is_card(message: Message) -> bool:
    """Tell whether a message is a question of which each option has its button, or none has."""
    poll, buttons = message.poll, _flat(message)
    return poll is not None and (poll.closed or len(buttons) >= len(poll.options))


def draw_card(message: Message, own: OwnAnswer | None) -> None:
    """Draw a question into the current element."""
    poll = message.poll
    assert poll is not None
    answered = own is not None and own.correct is not None
    with tag("section", "zb-quiz", role="group", aria_label="题目", tabindex=-1):
        words(poll.question, "zb-text zb-question", "div")
        if poll.closed or answered:
            _outcome(poll, own)
        else:
            _choices(message, poll, own.places if own else ())


def _choices(message: Message, poll: Poll, marked: Sequence[int]) -> None:
    buttons = _flat(message)
    with tag("div", "zb-options"):
        for place, (option, button) in enumerate(zip(poll.options, buttons, strict=False)):
            pressed = place in marked if poll.multiple else None
            _choice(place, option, button, pressed)
    others = buttons[len(poll.options) :]
    if others:
        with tag("div", "zb-buttons"):
            for button in others:
                words(button.label, "zb-press", "button", type="button", data_token=button.token)
    remark = _remark(message, poll)
    if remark:
        words(remark, "zb-text zb-remark", "p")


def _choice(place: int, option: str, button: Button, pressed: bool | None) -> None:
    drawn = tag("button", "zb-press zb-choice", type="button", data_token=button.token)
    if pressed is not None:
        drawn.props["aria-pressed"] = "true" if pressed else "false"
    with drawn:
        words(letter(place), "zb-letter")
        words(option, "zb-text")


def _outcome(poll: Poll, own: OwnAnswer | None) -> None:
    """Show what was chosen, and what is right as soon as that may be known."""
    if own is not None and own.correct is None:
        own = None  # what was marked and never handed in counts for nothing
    told = poll.closed or (own is not None and own.told)
    with tag("ul", "zb-options"):
        for place, option in enumerate(poll.options):
            chosen = own is not None and place in own.places
            _settled(place, option, chosen=chosen, right=told and place in poll.correct, told=told)
    if own is not None:
        looks = "zb-verdict zb-right" if own.correct else "zb-verdict zb-wrong"
        words("答对了" if own.correct else "答错了", looks, "p")
    elif poll.closed:
        words("已截止，你没有作答", "zb-verdict", "p")
    if told and poll.explanation:
        words(poll.explanation, "zb-text zb-explanation", "p")


def _settled(place: int, option: str, *, chosen: bool, right: bool, told: bool) -> None:
    looks = {"zb-chosen": chosen, "zb-right": right, "zb-wrong": told and chosen and not right}
    with tag("li", " ".join(["zb-choice", *(name for name, on in looks.items() if on)])):
        words(letter(place), "zb-letter")
        words(option, "zb-text")
        remarks = [remark for remark, on in (("你的选择", chosen), ("正确", right)) if on]
        if remarks:
            words(" · ".join(remarks), "zb-tag")


def _remark(message: Message, poll: Poll) -> str:
    """Return what the words say beside the question and its options: until when, and how."""
    if not message.text.startswith(poll.question):
        return ""
    shown = {f"{letter(place)}. {option}" for place, option in enumerate(poll.options)}
    lines = message.text.removeprefix(poll.question).splitlines()
    return "\n".join(line for line in lines if line and line not in shown)


def letter(place: int) -> str:
    """Return how the option at a place is called."""
    return chr(ord("A") + place)


def _flat(message: Message) -> list[Button]:
    return [button for row in message.buttons for button in row]
