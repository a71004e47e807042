"""Names of files as people and attackers write them."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pages.speaking import NAME_LIMIT, NO_NAME, as_upload, file_name
from handlers.incoming import UploadTooLarge
from scheduler.channels import ChannelError


@given(st.text())
def test_a_name_is_short_visible_and_no_path(name: str) -> None:
    shown = file_name(name)
    assert 0 < len(shown) <= NAME_LIMIT
    assert not set("/\\") & set(shown)
    assert not [c for c in shown if unicodedata.category(c)[0] == "C"]


@given(st.text(alphabet="文件名 ab", min_size=1, max_size=400))
def test_the_ending_of_a_name_is_kept_because_it_says_what_the_file_is(stem: str) -> None:
    assert file_name(f"x{stem}x.docx").endswith("x.docx") or len(stem) > NAME_LIMIT - 10
    assert file_name(f"x{stem}x.docx").endswith(".docx")


@pytest.mark.parametrize("name", ["", "   ", "...", "\0", "a/", "\u202e\u200b"])
def test_what_is_no_name_gets_one(name: str) -> None:
    assert file_name(name) == NO_NAME


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
