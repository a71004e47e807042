"""A question as a plain value, whatever file or row it comes from."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from db.tables import QuestionKind, QuizQuestion

JUDGE_OPTIONS = ("对", "错")
DIFFICULTIES = (1, 2, 3)
FIRST_LETTER = "A"
_FIELDS = (
    "kind",
    "stem",
    "options",
    "correct",
    "explanation",
    "regulation",
    "article",
    "version",
    "topic",
    "difficulty",
    "valid_from",
    "valid_to",
)
# Signs are not meant, but for those of a number: 1.5% is not 15%.
_MEANT = "%‰<>≤≥=+±√×"
_MEANINGLESS = re.compile(rf"(?<!\d)[^\w{_MEANT}]|[^\w{_MEANT}](?!\d)|_")


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `correct` holds indices of `options`, ascending; `valid_to` is exclusive.

    `key` is what the store knows it by; `place` says where it stands in the file it was read
    from and is no part of it.
    """

    key: str
    kind: QuestionKind
    stem: str
    options: tuple[str, ...]
    correct: tuple[int, ...]
    explanation: str = ""
    regulation: str = ""
    article: str = ""
    version: str = ""
    topic: str = ""
    difficulty: int = 1
    valid_from: date | None = None
    valid_to: date | None = None
    place: str = ""

    @property
    def answer(self) -> str:
        """The right answer as it is written: 对, 错 or letters."""
        if self.kind is QuestionKind.JUDGE and len(self.answers) == 1:
            return self.answers[0]
        return letters(self.correct)

    @property
    def answers(self) -> tuple[str, ...]:
        """The texts of the right options."""
        return tuple(self.options[i] for i in self.correct if i < len(self.options))

    @property
    def values(self) -> dict[str, Any]:
        """What the store keeps of it, by column."""
        return {name: _plain(getattr(self, name)) for name in _FIELDS} | {"digest": self.digest}

    @property
    def digest(self) -> str:
        """Tell one content from another; the key and the place are not content."""
        content = [_plain(getattr(self, name)) for name in _FIELDS]
        return _hash(json.dumps(content, ensure_ascii=False, default=date.isoformat))

    @property
    def identity(self) -> str:
        """Name what is asked: stem and options, whatever their order, spaces and signs."""
        return _hash("\n".join([fold(self.stem), *sorted(fold(o) for o in self.options)]))

    def to_json(self) -> dict[str, Any]:
        """Return the question as JSON values, for `from_json`."""
        days = ("valid_from", "valid_to")
        return {k: v.isoformat() if k in days and v else v for k, v in asdict(self).items()}

    @staticmethod
    def from_json(data: dict[str, Any]) -> Question:
        """Read what `to_json` wrote."""
        values = {field.name: data[field.name] for field in fields(Question)}
        for name in ("options", "correct"):
            values[name] = tuple(values[name])
        for name in ("valid_from", "valid_to"):
            values[name] = date.fromisoformat(values[name]) if values[name] else None
        return Question(**{**values, "kind": QuestionKind(values["kind"])})


def of_row(row: QuizQuestion) -> Question:
    """Return the question that a row of the store holds."""
    values = {name: getattr(row, name) for name in _FIELDS}
    return Question(
        **{
            **values,
            "key": row.key,
            "kind": QuestionKind(row.kind),
            "options": tuple(row.options),
            "correct": tuple(row.correct),
        }
    )


def letters(places: Sequence[int]) -> str:
    """Write places as the letters that stand before the options: 0 and 2 are AC."""
    return "".join(chr(ord(FIRST_LETTER) + place) for place in places)


def fold(text: str) -> str:
    """Return a text without what does not tell it from another: signs, spaces, width, case."""
    return _MEANINGLESS.sub("", unicodedata.normalize("NFKC", text)).lower()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, QuestionKind) else value


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
