"""A figure as a PNG, with a Chinese font that comes with the program."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

from scheduler.messages import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

INK, MUTED, GRID = "#222222", "#6b7280", "#e5e7eb"
COLOURS = ("#b91c1c", "#1d4ed8", "#047857", "#b45309")
INCHES, DPI = (6.4, 4.0), 150
# The font library keeps state of its own: one picture is drawn at a time.
_DRAWING = threading.Lock()


def draw(figure: Figure) -> bytes:
    """Return a figure as a PNG; takes some hundred milliseconds, so call it in a thread."""
    # Late: importing takes most of a second, and few processes ever draw.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    with _DRAWING:
        sheet = Sheet(figsize=INCHES, dpi=DPI, facecolor="white", layout="constrained")
        FigureCanvasAgg(sheet)
        axes = sheet.add_subplot()
        _plot(axes, figure)
        _dress(axes, figure, font())
        picture = io.BytesIO()
        sheet.savefig(picture, format="png")
    return picture.getvalue()


def font() -> FontProperties:
    """Return the font of all words in pictures."""
    from matplotlib.font_manager import FontProperties
    from pylopdf_fonts_zh_cn import sans_path

    return FontProperties(fname=str(sans_path()))


def _plot(axes: Axes, figure: Figure) -> None:
    places = range(len(figure.labels))
    width = 0.7 / max(1, len(figure.series))
    for number, series in enumerate(figure.series):
        colour = COLOURS[number % len(COLOURS)]
        if figure.kind == "line":
            axes.plot(places, series.values, color=colour, marker="o", label=series.name)
        else:
            shift = (number - (len(figure.series) - 1) / 2) * width
            axes.bar([p + shift for p in places], series.values, width, color=colour,
                     label=series.name)  # fmt: skip
    if figure.target is not None:
        axes.axhline(figure.target, color=MUTED, linestyle="--", linewidth=1)


def _dress(axes: Axes, figure: Figure, words: FontProperties) -> None:
    def sized(points: float) -> dict[str, Any]:
        copy = words.copy()
        copy.set_size(points)
        return {"fontproperties": copy}

    # An unpaired $ would begin a formula.
    axes.set_title(_plain(figure.title), color=INK, loc="left", **sized(14))
    axes.set_xticks(range(len(figure.labels)), [_plain(label) for label in figure.labels])
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(color=MUTED, **sized(10))
    top = max([*(v for s in figure.series for v in s.values), figure.target or 0, 1])
    axes.set_ylim(0, top * 1.15)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    _label_ends(axes, figure, sized(10))
    if len(figure.series) > 1:
        axes.legend(prop=sized(10)["fontproperties"], frameon=False)


def _label_ends(axes: Axes, figure: Figure, sized: dict[str, Any]) -> None:
    """Write the last value of each series, and the level to reach, where they are."""
    if not figure.labels:
        return
    last = len(figure.labels) - 1
    if figure.kind == "line":
        for series in figure.series:
            value = series.values[last]
            axes.annotate(
                f"{value:g} {_plain(figure.unit)}", (last, value), xytext=(0, 8),
                textcoords="offset points", ha="right", color=INK, **sized,
            )  # fmt: skip
    if figure.target is not None:
        axes.annotate(
            f"目标 {figure.target:g} {_plain(figure.unit)}", (-0.4, figure.target), xytext=(0, 4),
            textcoords="offset points", ha="left", color=MUTED, **sized,
        )  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("$", r"\$")
