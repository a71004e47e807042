"""The title of a document among its first lines, where no style names it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from knowledge.documents.model import Block, BlockKind
from knowledge.documents.structure import find_article, heading_rank, is_contents_title

# A centred bold line stands for a chapter unless its words say otherwise.
CENTRED_LEVEL = 2
LOOKED_AT = 12
LONGEST_TITLE = 120
_NOTE = re.compile(r"[（(\[【].*[0-9〇零一二三四五六七八九]年.*[）)\]】]", re.DOTALL)
# "中共××委员会文件" in red stands above the title of a paper.
_LETTERHEAD = re.compile(r".{2,20}(?:文件|办公室|委员会|党委|支部)")


def joined_title(blocks: Sequence[Block]) -> tuple[str, list[Block]]:
    """Find the title and return it with the blocks, in which its lines are headings of level 0.

    A title of several lines is joined: "中国共产党支部工作条例" and "（试行）" are one.
    """
    marked = list(blocks)
    for start, end in _candidates(marked):
        title = "".join(block.text.replace("\n", "") for block in marked[start:end])
        if _LETTERHEAD.fullmatch(title) or len(title) > LONGEST_TITLE:
            continue
        marked[start:end] = [replace(b, level=0) for b in marked[start:end]]
        return title, marked
    return "", marked


def first_heading(blocks: Iterable[Block]) -> str:
    """Return the first heading of level 1 if it can be a title, empty if not."""
    headings = (b.text for b in blocks if b.kind is BlockKind.HEADING and b.level == 1)
    first = next(headings, "")
    return first if len(first) <= LONGEST_TITLE else ""


def is_note(text: str) -> bool:
    """Tell what stands in brackets under a title: （2018年10月28日印发）."""
    return _NOTE.fullmatch(text) is not None


def _candidates(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Return the runs of title-like lines at the beginning, those with the Title style first."""
    runs: list[tuple[int, int]] = []
    for place, block in enumerate(blocks[:LOOKED_AT]):
        if _begins_body(block):
            break
        if not _is_title_like(block):
            continue
        joins = runs and runs[-1][1] == place and blocks[place - 1].level == block.level
        runs[-1:] = [(runs[-1][0], place + 1)] if joins else [*runs[-1:], (place, place + 1)]
    return sorted(runs, key=lambda run: blocks[run[0]].level != 0)


def _begins_body(block: Block) -> bool:
    regulation = heading_rank(block.text) is not None or find_article(block.text) is not None
    return block.kind is BlockKind.ROW or regulation or is_contents_title(block.text)


def _is_title_like(block: Block) -> bool:
    heading = block.kind is BlockKind.HEADING and block.level in (0, CENTRED_LEVEL)
    return heading and not is_note(block.text)
