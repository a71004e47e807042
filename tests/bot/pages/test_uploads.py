"""What a browser sends is read no further than it may be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.pages.speaking import as_upload
from handlers.incoming import UploadTooLarge
from scheduler.channels import ChannelError


async def test_a_file_is_read_no_further_than_the_limit() -> None:
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 10
            yield b"x" * 10

    with pytest.raises(UploadTooLarge):
        await as_upload("x", 1000, chunks()).fetch(25)
    assert read == 30


async def test_an_upload_that_breaks_off_is_the_channels_fault() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"
        raise ConnectionError("gone")

    with pytest.raises(ChannelError):
        await as_upload("x", 1000, chunks()).fetch(25)
