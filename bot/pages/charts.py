"""A figure as a live chart; the library that draws it comes with the page library."""

from __future__ import annotations

from math import ceil
from typing import Any

from nicegui import ui

from scheduler.messages import Figure

COLOURS = ("#b91c1c", "#1d4ed8", "#047857", "#b45309")
MUTED = "#6b7280"


def draw_chart(figure: Figure) -> None:
    """Draw a figure into the current element."""
    chart = ui.echart(options(figure)).classes("zb-chart")
    chart.props.update({"role": "img", "aria-label": figure.title})


def options(figure: Figure) -> dict[str, Any]:
    """Return a figure in the chart library's own words."""
    rows: list[dict[str, Any]] = [
        {
            "name": series.name,
            "type": figure.kind,
            "data": list(series.values),
            "label": {"show": len(figure.labels) <= 6 or figure.kind == "bar", "position": "top"},
        }
        for series in figure.series
    ]
    top = max([*(v for s in figure.series for v in s.values), figure.target or 0, 1])
    if rows and figure.target is not None:
        words = f"目标 {figure.target:g} {figure.unit}".strip()
        rows[0]["markLine"] = {
            "silent": True,
            "symbol": "none",
            "lineStyle": {"color": MUTED, "type": "dashed"},
            "label": {"formatter": words, "position": "insideStartTop"},
            "data": [{"yAxis": figure.target}],
        }
    return {
        "animation": False,
        "color": list(COLOURS),
        "title": {"text": figure.title, "left": 0, "textStyle": {"fontSize": 14}},
        "tooltip": {"trigger": "axis", "confine": True},
        "legend": {"show": len(figure.series) > 1, "bottom": 0},
        "grid": {"left": 8, "right": 16, "top": 44, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": list(figure.labels)},
        "yAxis": {"type": "value", "max": ceil(top * 1.1)},
        "series": rows,
    }
