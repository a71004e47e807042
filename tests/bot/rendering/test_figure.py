"""Pictures: there is ink on them, and the words are words and no boxes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.ft2font import FT2Font
from matplotlib.image import imread

from bot.channels.terminal import as_text
from bot.rendering.figure import draw, font
from scheduler.messages import Figure, Message, Series

YEAR = Figure(
    "2026 年累计学时",
    tuple(f"{month}月" for month in range(1, 12)),
    (Series("累计学时", (0, 1, 2.5, 4, 8, 9, 12, 15, 18.5, 20, 24)),),
    "line",
    "学时",
    32.0,
)


def pixels(figure: Figure) -> np.ndarray:
    """Return the picture as rows of red, green and blue, from 0 to 1."""
    image: np.ndarray = imread(io.BytesIO(draw(figure)))
    return image[:, :, :3]


def red(image: np.ndarray) -> int:
    """Return how many points have the colour of the first series."""
    return int(((image[:, :, 0] > 0.6) & (image[:, :, 1] < 0.3)).sum())


def test_a_line_and_its_words_are_drawn() -> None:
    image = pixels(YEAR)
    assert image.shape == (600, 960, 3)
    assert red(image) > 1000
    title = image[:50, :300]
    assert (title < 0.5).all(axis=2).sum() > 300


def test_longer_bars_have_more_ink() -> None:
    def bars(*values: float) -> int:
        return red(pixels(Figure("完成率", ("甲", "乙"), (Series("完成率", values),), unit="%")))

    assert bars(50, 100) > bars(10, 100) > 0


@pytest.mark.parametrize("character", "学时累计目标月支部龘㐂")
def test_chinese_words_have_glyphs(character: str) -> None:
    face = FT2Font(str(font().get_file()))
    assert face.get_char_index(ord(character)) != 0


def test_a_word_in_chinese_is_not_drawn_as_boxes() -> None:
    """Two different characters look different; two that the font lacks would look alike."""

    def title(text: str) -> np.ndarray:
        return pixels(Figure(text, ("一",), (Series("", (1,)),)))[:60, :200]

    assert not np.array_equal(title("学学"), title("时时"))
    lacking = "\U0001f9ff", "\U0001f9fe"
    assert np.array_equal(title(lacking[0]), title(lacking[1]))


def test_what_looks_like_a_formula_is_only_text() -> None:
    pixels(Figure("$x^{$ 元", ("$a$",), (Series("$", (0,)),), unit="$"))


def test_a_figure_goes_through_the_store_unchanged() -> None:
    message = Message("我的学习", figure=YEAR)
    assert Message.from_json(message.to_json()) == message


def test_a_terminal_shows_bars_of_characters() -> None:
    shown = as_text(Message("我的学习", figure=YEAR)).splitlines()
    assert shown[1] == "  2026 年累计学时（目标 32 学时）"
    assert shown[-1].count("█") == round(30 * 24 / 32)
