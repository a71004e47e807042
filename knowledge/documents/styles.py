"""How a paragraph of Word looks, by its own properties and the styles it is based on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from knowledge.documents.numbering import W

# Styles may be based on each other in a circle, in a broken file.
DEEPEST = 20
# Half points; the text of official documents is set in size 三号, which is 16 points.
LARGE = 36
_HEADING = re.compile(r"(?:heading|标题)\s*([1-9])")
_CONTENTS = re.compile(r"(?:toc|目录)\s*(?:[1-9]|heading|标题)")


@dataclass(frozen=True, slots=True)
class Look:
    """What matters of a paragraph's look. `heading` is 0 for the title, None for body text.

    `list_level` is None where only a style names the list.
    """

    style: str = ""
    heading: int | None = None
    centred: bool = False
    bold: bool = False
    large: bool = False
    is_contents: bool = False
    list_id: str = ""
    list_level: int | None = None


class Styles:
    """The styles of one document, each resolved once."""

    def __init__(self, root: Any | None) -> None:
        found = () if root is None else root.iter(f"{W}style")
        self._elements = {style.get(f"{W}styleId", ""): style for style in found}
        self._looks: dict[str, Look] = {}
        self._default = next((k for k, s in self._elements.items() if _is_default_paragraph(s)), "")

    @property
    def lists(self) -> dict[str, str]:
        """Return the list that each list style stands for."""
        lists = {k: _property(s, "pPr/numPr/numId") for k, s in self._elements.items()}
        return {key: list_id for key, list_id in lists.items() if list_id}

    def look(self, paragraph: Any) -> Look:
        """Return the look of a paragraph."""
        style = _property(paragraph, "pPr/pStyle") or self._default
        base = self._look(style)
        own = paragraph.find(f"{W}pPr")
        return base if own is None else _layered(base, own)

    def is_emphatic(self, paragraph: Any) -> bool:
        """Tell whether all words of a paragraph are bold, or set larger than any body text."""
        look = self.look(paragraph)
        runs = [run for run in paragraph.iter(f"{W}r") if run.find(f"{W}t") is not None]
        return bool(runs) and all(self._is_emphatic(run, look) for run in runs)

    def is_hidden(self, run: Any) -> bool:
        """Tell whether a run is hidden text."""
        return _switch(run.find(f"{W}rPr/{W}vanish")) is True

    def _is_emphatic(self, run: Any, look: Look) -> bool:
        own = run.find(f"{W}rPr")
        base = self._look(_property(run, "rPr/rStyle"))
        look = Look(bold=look.bold or base.bold, large=look.large or base.large)
        if own is not None:
            look = _with_font(look, own)
        return look.bold or look.large

    def _look(self, style: str, depth: int = 0) -> Look:
        element = self._elements.get(style)
        if element is None or depth > DEEPEST:
            return Look(style=style)
        if style not in self._looks:
            base = self._look(_property(element, "basedOn"), depth + 1)
            self._looks[style] = _styled(base, style, element)
        return self._looks[style]


def _styled(base: Look, style: str, element: Any) -> Look:
    """Lay a style over the one it is based on; its name tells headings in any language."""
    name = _property(element, "name").lower().strip()
    heading = _HEADING.fullmatch(name)
    level = int(heading[1]) if heading else 0 if name in ("title", "标题") else base.heading
    contents = base.is_contents or _CONTENTS.fullmatch(name) is not None
    look = replace(base, style=style, heading=level, is_contents=contents)
    own, font = element.find(f"{W}pPr"), element.find(f"{W}rPr")
    look = look if own is None else _layered(look, own)
    return look if font is None else _with_font(look, font)


def _layered(base: Look, own: Any) -> Look:
    """Lay paragraph properties over a look."""
    alignment, outline = _value(own.find(f"{W}jc")), _value(own.find(f"{W}outlineLvl"))
    depth = _value(own.find(f"{W}numPr/{W}ilvl"))
    outlined = base.heading is None and outline in set("012345678")
    return replace(
        base,
        heading=int(outline) + 1 if outlined else base.heading,
        centred=alignment == "center" if alignment else base.centred,
        list_id=_value(own.find(f"{W}numPr/{W}numId")) or base.list_id,
        list_level=int(depth) if depth in set("012345678") else base.list_level,
    )


def _with_font(look: Look, font: Any) -> Look:
    """Lay font properties over a look."""
    bold, size = _switch(font.find(f"{W}b")), _value(font.find(f"{W}sz"))
    return replace(
        look,
        bold=look.bold if bold is None else bold,
        large=int(size) >= LARGE if re.fullmatch("[0-9]{1,4}", size) else look.large,
    )


def _is_default_paragraph(style: Any) -> bool:
    return style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true")


def _property(element: Any, path: str) -> str:
    return _value(element.find("/".join(W + step for step in path.split("/"))))


def _value(element: Any | None) -> str:
    return "" if element is None else str(element.get(f"{W}val", ""))


def _switch(element: Any | None) -> bool | None:
    """Read an on/off property; None if it is not there."""
    return None if element is None else _value(element) not in ("0", "false", "off")
