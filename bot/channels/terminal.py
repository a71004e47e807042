"""The conversation in a terminal: lines in, lines out; a button is pressed by its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scheduler.channels import Delivery
from scheduler.messages import Button, Figure, Message

NAME = "terminal"
BAR = 30


class TerminalChannel:
    """Prints what is delivered. `buttons` holds those that can be pressed by number.

    Numbers go on from message to message until something new is typed (`turn`), so that each
    question of a round can be answered.
    """

    name = NAME
    pace = None

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._is_new = False
        self.buttons: list[Button] = []

    def turn(self) -> None:
        """Let the next message with buttons be numbered from one."""
        self._is_new = True

    def note(self, text: str) -> None:
        """Print what only who pressed is shown."""
        self._write(text)

    async def send(self, delivery: Delivery) -> str | None:
        """Print one message and number its buttons."""
        buttons = [button for row in delivery.message.buttons for button in row]
        if buttons and self._is_new:
            self.buttons, self._is_new = [], False
        self._write(as_text(delivery.message, first=len(self.buttons) + 1))
        self.buttons += buttons
        return str(delivery.id)


def as_text(message: Message, *, first: int = 1) -> str:
    """Return a message as plain lines; a poll is its text and buttons, numbered from `first`."""
    lines = [message.text]
    if message.quote:
        lines.append(f"  —— {message.quote.line()}")
    if message.table:
        lines.extend("  " + " | ".join(row) for row in message.table.rows)
    if message.figure:
        lines.extend(_bars(message.figure))
    if message.attachment:
        kind = "图片" if message.attachment.is_picture else "文件"
        lines.append(f"  [{kind}] {message.attachment.name}")
    buttons = [button for row in message.buttons for button in row]
    lines.extend(f"  [{n}] {button.label}" for n, button in enumerate(buttons, first))
    return "\n".join(lines)


def _bars(figure: Figure) -> Iterator[str]:
    """Draw a figure with characters, a line a value."""
    values = [value for series in figure.series for value in series.values]
    top = max([*values, figure.target or 0]) or 1
    target = f"（目标 {figure.target:g} {figure.unit}）" if figure.target is not None else ""
    yield f"  {figure.title}{target}"
    for series in figure.series:
        if len(figure.series) > 1:
            yield f"  {series.name}"
        for label, value in zip(figure.labels, series.values, strict=True):
            yield f"  {label} {'█' * round(BAR * value / top)} {value:g}"
