"""A question as it was put: an import that changes it does not change what somebody looks at.

The places that people choose stand for the options that they were shown, and the answer is
judged by what was right then; so both are kept beside the open question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect

from db.tables import QuizQuestion

PINNED = ("kind", "stem", "options", "correct")


def pin(question: QuizQuestion) -> dict[str, Any]:
    """Return what is to be kept of a question that is put."""
    return {name: getattr(question, name) for name in PINNED}


def as_shown(question: QuizQuestion, pinned: Mapping[str, Any]) -> QuizQuestion:
    """Return a question as it was put, as a copy that is in no store."""
    columns = inspect(QuizQuestion).column_attrs
    return QuizQuestion(**{c.key: getattr(question, c.key) for c in columns} | dict(pinned))
