"""What is searched: passages as the index sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage of the library: an article of a regulation or a question with its answer.

    `title` is the question, or the name of the document and the article; `aliases` are other
    wordings of the title. `valid_from` is the first day on which the passage holds, `valid_to`
    the first on which it does not any more; None leaves that side open. An `internal` passage
    is shown to bound persons only. `id` is positive and unique in an index.
    """

    id: int
    title: str
    text: str
    aliases: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    internal: bool = False
