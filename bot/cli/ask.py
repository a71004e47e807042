"""`zhibu ask`: one answer, or one a line of a file, and exit.

The same code that answers in chat. When the snapshot of the library is as new as the store,
nothing but the snapshot is opened: no SQLAlchemy, no dictionary, no settings of channels.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot.cli.refusal import Refusal
from bot.settings import Settings
from db.quick import library_revision
from knowledge import answering
from knowledge.answering import Answer
from knowledge.shelf import Shelf

STANDARD_INPUT = "-"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("question", nargs="?", help="the question, in Chinese")
    parser.add_argument(
        "--jsonl", metavar="FILE", help='lines of {"question": …, "as_of": …}; - is standard input'
    )
    parser.add_argument("--as-of", metavar="DATE", help="the day whose rules are meant (ISO 8601)")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Print the answer; with --jsonl one JSON object a line. Raises `Refusal` for bad input."""
    if (options.question is None) == (options.jsonl is None):
        raise Refusal("give one question, or --jsonl FILE")
    today = datetime.now(UTC).astimezone(settings.zone).date()
    if options.jsonl is not None:
        _answer_lines(settings, options.jsonl, today)
        return
    as_of = _day(options.as_of, "--as-of") if options.as_of else today
    shelf = _shelf(settings)
    _print(answering.answer(shelf, options.question, as_of=as_of, internal=True))


def as_json(question: str, answer: Answer) -> dict[str, Any]:
    """Return an answer as `--jsonl` prints it."""
    source = answer.source
    return {
        "question": question,
        "verdict": answer.verdict,
        "text": answer.text,
        "source": source
        and {"regulation": source.regulation, "article": source.article, "version": source.version},
        "score": round(answer.score, 4),
        "suggestions": [suggestion.question for suggestion in answer.suggestions],
    }


def _answer_lines(settings: Settings, name: str, today: date) -> None:
    asked = list(_lines(_read(name), today))
    shelf = _shelf(settings)
    for question, as_of in asked:
        answer = answering.answer(shelf, question, as_of=as_of, internal=True)
        print(_written(as_json(question, answer)))


def _written(values: dict[str, Any]) -> str:
    """Write JSON in plain characters, escaped where a question holds half a surrogate pair."""
    text = json.dumps(values, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(values)
    return text


def _read(name: str) -> str:
    try:
        content = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(f"{Path(name).name} is not a UTF-8 file") from error
    except FileNotFoundError as error:
        raise Refusal(f"there is no file {name}") from error
    except OSError as error:
        raise Refusal(f"{name} cannot be read: {error.strerror}") from error


def _lines(content: str, today: date) -> Iterator[tuple[str, date]]:
    # Not splitlines(): JSON allows U+2028 and its like inside a string.
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            question, day = item["question"], item.get("as_of")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refusal(f'line {number}: an object with "question" is expected') from error
        if not isinstance(question, str):
            raise Refusal(f'line {number}: "question" must be a text')
        yield question, today if day is None else _day(day, f"line {number}")


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Refusal(f"{where}: {text!r} is not a date like 2026-05-18") from error


def _shelf(settings: Settings) -> Shelf:
    """Return the library: its snapshot if nothing has changed since, else from the store."""
    revision = library_revision(settings.database)
    shelf = Shelf.open(settings.data / "search") if revision is not None else None
    if shelf is not None and shelf.revision == revision:
        return shelf
    import asyncio

    return asyncio.run(_from_store(settings))


async def _from_store(settings: Settings) -> Shelf:
    from bot.app import open_store

    async with open_store(settings) as (_, _, library):
        library.save()
        return library.shelf


def _print(answer: Answer) -> None:
    print(answer.text)
    if answer.source is not None and not answer.parts:
        source = answer.source
        version = f"（{source.version}版）" if source.version.isdecimal() else source.version
        remark = f" · {source.remark}" if source.remark else ""
        print(f"  —— {source.regulation}{source.article}{version}{remark}")
    offers = answer.suggestions or answer.related
    if offers:
        print("\n相关问题：" if answer.verdict == "answer" else "")
        for number, offer in enumerate(offers, 1):
            print(f"  {number}. {offer.question}")
    sys.stdout.flush()
