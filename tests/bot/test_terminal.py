"""The conversation as lines of text."""

from bot.channels.terminal import TerminalChannel, as_text
from scheduler.channels import Address, Delivery
from scheduler.messages import Attachment, Button, Message, Poll

QUESTION = Message(
    "每日答题 3 · 1/5\n支委会一般多久召开一次？",
    buttons=((Button("A. 每周", "/pick 1 A"),), (Button("B. 每月", "/pick 1 B"),)),
    poll=Poll("每日答题 3 · 1/5\n支委会一般多久召开一次？", ("每周", "每月"), (1,)),
)


async def test_a_question_is_its_text_and_numbered_options() -> None:
    written: list[str] = []
    channel = TerminalChannel(written.append)
    await channel.send(Delivery(1, Address("terminal", "me"), QUESTION))
    assert written == ["每日答题 3 · 1/5\n支委会一般多久召开一次？\n  [1] A. 每周\n  [2] B. 每月"]
    assert [button.command for button in channel.buttons] == ["/pick 1 A", "/pick 1 B"]


def test_a_picture_is_named() -> None:
    shown = as_text(Message("我的学习", attachment=Attachment(1, "我的学习.png", "image/png")))
    assert shown == "我的学习\n  [图片] 我的学习.png"
    assert "[文件] 名单.xlsx" in as_text(
        Message("", attachment=Attachment(2, "名单.xlsx", "application/vnd.ms-excel"))
    )
