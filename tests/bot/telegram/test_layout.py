"""A neutral message in Telegram's shape."""

from __future__ import annotations

import io
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from telegram import InlineKeyboardMarkup

from bot.channels.telegram.layout import buttons, clean, parts
from bot.channels.telegram.split import units
from bot.spreadsheets import monospaced, workbook, workbook_name
from scheduler.messages import Button, Message, Quote, Table

words = st.builds(
    lambda piece, times: piece * times,
    st.text(st.sampled_from("甲乙。\n 😀a<&_\u0301\u200d\x00"), min_size=1, max_size=60),
    st.integers(50, 400),
)


def rows(*widths: int) -> Message:
    made = [tuple(Button(f"{n}", "/x", token=f"t{n}") for n in range(width)) for width in widths]
    return Message("好", buttons=tuple(made))


@given(text=words, quote=st.text(max_size=40))
def test_every_part_fits_and_every_entity_lies_within_its_part(text: str, quote: str) -> None:
    for part in parts(Message("开头" + text, quote=Quote("《甲》" + quote))):
        assert part.text.strip()
        assert 0 < units(part.text) <= 4096
        encoded = part.text.encode("utf-16-le")
        for entity in part.entities:
            end = entity.offset + entity.length
            assert entity.length > 0
            assert 2 * end <= len(encoded)
            encoded[2 * entity.offset : 2 * end].decode("utf-16-le")


def test_a_part_of_blank_lines_only_is_not_sent() -> None:
    laid = parts(Message("甲" * 4000 + "\n" * 6000 + "乙"))
    assert [part.text for part in laid] == ["甲" * 4000, "乙"]


def test_a_row_of_more_than_eight_buttons_is_wrapped() -> None:
    keyboard = cast("InlineKeyboardMarkup", buttons(rows(9, 2)))
    assert [len(row) for row in keyboard.inline_keyboard] == [8, 1, 2]


def test_no_more_than_a_hundred_buttons_are_shown() -> None:
    keyboard = cast("InlineKeyboardMarkup", buttons(rows(*[8] * 20)))
    assert sum(len(row) for row in keyboard.inline_keyboard) == 100


@given(words)
def test_a_long_label_is_cut_and_its_beginning_kept(text: str) -> None:
    keyboard = buttons(Message("好", buttons=((Button(f"关于{text}", "/x", token="t"),),)))
    assert keyboard is not None
    label = str(keyboard.inline_keyboard[0][0].text)
    assert (label[0], units(label) <= 64, "\n" in label) == ("关", True, False)


def test_a_label_is_not_cut_within_a_character() -> None:
    families = "一" + "👨\u200d👩\u200d👧" * 20
    keyboard = buttons(Message("好", buttons=((Button(families, "/x", token="t"),),)))
    assert keyboard is not None
    label = str(keyboard.inline_keyboard[0][0].text)
    assert units(label) <= 64
    assert label.removeprefix("一").removesuffix("…").replace("👨\u200d👩\u200d👧", "") == ""


def test_an_empty_label_is_still_a_button() -> None:
    keyboard = buttons(Message("好", buttons=((Button(" ", "/x", token="t"),),)))
    assert keyboard is not None
    assert keyboard.inline_keyboard[0][0].text == "…"


@given(text=st.text())
def test_cleaning_keeps_the_length_in_telegrams_units(text: str) -> None:
    assert units(clean(text)) == units(text)
    clean(text).encode("utf-8")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("...", "表格.xlsx"),
        (" ", "表格.xlsx"),
        ("一支部\u202exslx.exe", "一支部xslx.exe.xlsx"),
        ("一支部\u2028名单\u200b", "一支部名单.xlsx"),
        ("../一支部", "_一支部.xlsx"),
    ],
)
def test_a_table_is_offered_under_a_name_that_is_what_it_seems(name: str, safe: str) -> None:
    assert workbook_name(Table((("a",),), name)) == safe


def test_a_table_for_a_phone_is_aligned_by_the_width_of_the_characters() -> None:
    table = Table((("甲", "b"), ("cc", "丁"), ("e",)))
    assert monospaced(table) == "甲  b\ncc  丁\ne"


@pytest.mark.parametrize("table", [(("宽" * 40,),), (("a",),) * 31, ()])
def test_a_table_that_no_phone_shows_as_a_grid_is_no_text(
    table: tuple[tuple[str, ...], ...],
) -> None:
    assert monospaced(Table(table)) is None


def test_a_spreadsheet_holds_the_texts_and_no_formula() -> None:
    """Cells that begin like a formula, and characters that Excel does not allow."""
    content = (("=1+1", "+1", "-1", "@a", "\tb"), ("\x01甲", "<b>", "", "1", "一"))
    sheet = load_workbook(io.BytesIO(workbook(Table(content)))).worksheets[0]
    cells = [list(row) for row in sheet.iter_rows()]
    assert [cell.value or "" for cell in cells[0]] == list(content[0])
    assert [cell.value or "" for cell in cells[1]] == ["\ufffd甲", *content[1][1:]]
    assert {cell.data_type for row in cells for cell in row if cell.value} == {"s"}
    assert all(cell.quotePrefix for cell in cells[0])
