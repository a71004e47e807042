"""Tables of contents, which repeat every heading and answer nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from knowledge.documents.model import Block, BlockKind
from knowledge.documents.structure import heading_rank, is_contents_title, without_page

LEAST = 3
LONGEST_LINE = 60
_SPACES = re.compile(r"\s+")


def without_contents(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks that are not lines of a table of contents.

    Such lines stand in a run, with page numbers, or come again below as headings. A run of
    chapters that do neither is kept: they may be all there is.
    """
    later = Counter(_key(block.text) for block in blocks)
    kept: list[Block] = []
    run: list[Block] = []
    for block in blocks:
        if block.kind is BlockKind.CONTENTS:
            _close(run, kept, later)
            _drop_title(kept)
        elif _could_be_line(block) and not _repeats_first(block, run):
            run.append(block)
        else:
            _close(run, kept, later)
            if _could_be_line(block):
                run.append(block)
            else:
                kept.append(block)
        later[_key(block.text)] -= 1
    _close(run, kept, later)
    return kept


def _close(run: list[Block], kept: list[Block], later: Counter[str]) -> None:
    """End a run of heading-like lines: those of a table of contents go, others are kept."""
    announced = bool(kept) and is_contents_title(kept[-1].text)
    listed = [_has_page(b.text) or later[_key(without_page(b.text))] > 0 for b in run]
    if announced and any(listed):
        _drop_title(kept)
    if announced or (len(run) >= LEAST and _has_siblings(run)):
        kept += [block for block, drop in zip(run, listed, strict=True) if not drop]
    else:
        kept += run
    run.clear()


def _drop_title(kept: list[Block]) -> None:
    if kept and is_contents_title(kept[-1].text):
        kept.pop()


def _repeats_first(block: Block, run: Sequence[Block]) -> bool:
    """Tell whether the first heading comes again right after the table of contents."""
    return bool(run) and _key(block.text) == _key(without_page(run[0].text))


def _could_be_line(block: Block) -> bool:
    line = without_page(block.text)
    if len(line) > LONGEST_LINE or block.kind is BlockKind.ROW:
        return False
    return heading_rank(line) is not None or _has_page(block.text)


def _has_siblings(run: Sequence[Block]) -> bool:
    """Tell a list of chapters from a part, a chapter and a section that begin together."""
    ranks = Counter(heading_rank(without_page(block.text)) for block in run)
    return max(ranks.values()) > 1


def _has_page(line: str) -> bool:
    """Tell a line that leads to its page by dots; a mere number may be part of a heading."""
    return without_page(line) != line and re.search(r"[.．·…⋯_]{2,}", line) is not None


def _key(line: str) -> str:
    return _SPACES.sub("", line)
