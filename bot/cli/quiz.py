"""`zhibu quiz`: check, import, list, show and retire questions."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sqlalchemy import select

from bot import logs
from bot.app import open_store, utc_now
from bot.cli.refusal import Refusal
from bot.settings import Settings
from db import audit, organisation
from db.access import Scope
from db.engine import Database, Session
from db.secrets import Secrets
from db.tables import QuizQuestion, Unit
from handlers import bank_words
from knowledge.documents import DocumentError
from knowledge.quiz import importing, keeping, layouts, lint, shipped
from knowledge.quiz.importing import Plan
from knowledge.quiz.lint import Finding
from knowledge.quiz.model import Question, of_row
from knowledge.quiz.shipped import QuestionError

EVERYWHERE = "全部组织"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="what", required=True)
    check = commands.add_parser("lint", help="say what is wrong with questions, or looks it")
    everything = "banks to check; without, the shipped bank and what is in the store"
    check.add_argument("files", nargs="*", type=Path, metavar="FILE", help=everything)
    bring = commands.add_parser("import", help="read a bank; stored with --yes only")
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("--unit", default="", help="whose it is; without, it is for everybody")
    bring.add_argument("--yes", action="store_true", help="store it; without, only a preview")
    listing = commands.add_parser("list", help="list the questions in the store")
    listing.add_argument("--topic", default="", help="of one topic only")
    show = commands.add_parser("show", help="show a question with its answer and source")
    show.add_argument("key")
    retire = commands.add_parser("retire", help="take a question out of use")
    retire.add_argument("key")


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Carry out one subcommand; 1 when the check found something or nothing could be stored."""
    logs.set_up(settings)
    if options.what == "lint" and options.files:
        return _report(_check_files(options.files))
    return asyncio.run(_run(settings, options))


async def _run(settings: Settings, options: argparse.Namespace) -> int:
    commands: dict[str, Callable[[Database, Secrets, argparse.Namespace], Awaitable[int]]] = {
        "lint": _lint,
        "import": _import,
        "list": _list,
        "show": _show,
        "retire": _retire,
    }
    async with open_store(settings) as (database, secrets, _):
        return await commands[options.what](database, secrets, options)


def _check_files(files: Sequence[Path]) -> list[str]:
    """Check banks together; what was not understood is a finding too."""
    questions: list[Question] = []
    lines: list[str] = []
    for file in files:
        try:
            found, faults = _read(file)
        except QuestionError as error:
            raise Refusal(str(error)) from error
        except (DocumentError, OSError) as error:
            raise Refusal(f"{file.name}: {error}") from error
        questions += found
        lines += [f"{file.name}: {fault}" for fault in faults]
    return [*lines, *map(str, lint.check(questions))]


def _read(file: Path) -> tuple[Sequence[Question], Sequence[layouts.Fault]]:
    if file.suffix == shipped.SUFFIX:
        return shipped.read({file.name: file.read_text(encoding="utf-8")}), ()
    reading = layouts.read(file.name, file.read_bytes())
    return reading.questions, reading.faults


def _read_bank(file: Path) -> tuple[layouts.Reading, list[Finding]]:
    """Read and check a bank; raises `Refusal` for a file that is none."""
    try:
        reading = layouts.read(file.name, file.read_bytes())
    except (DocumentError, OSError) as error:
        raise Refusal(f"{file.name}: {error}") from error
    return reading, lint.check(reading.questions)


def _report(lines: Sequence[str]) -> int:
    for line in lines:
        print(line)
    print(f"{len(lines)} findings" if lines else "no findings")
    return int(bool(lines))


async def _lint(database: Database, secrets: Secrets, options: argparse.Namespace) -> int:
    """Check what is in use: the shipped bank with each unit's own and those above it."""
    findings: list[Finding] = []
    async with database.read() as session:
        everywhere = await importing.known(session, unit_path="")
        findings += lint.check(everywhere)
        for unit in await organisation.list_units(session, Scope(prefixes=("/",))):
            rows = await session.scalars(
                select(QuizQuestion).where(
                    QuizQuestion.unit_id == unit.id, QuizQuestion.retired_at.is_(None)
                )
            )
            own = [of_row(row) for row in rows]
            if own:
                keys = {question.key for question in own}
                known = await importing.known(session, unit_path=unit.path)
                findings += lint.check(own)
                findings += lint.against(own, [q for q in known if q.key not in keys])
    return _report([str(finding) for finding in findings])


async def _import(database: Database, secrets: Secrets, options: argparse.Namespace) -> int:
    file: Path = options.file
    reading, findings = await asyncio.to_thread(_read_bank, file)
    async with database.write() as session:
        await importing.take_turn(session)
        unit = await _unit(session, options.unit)
        unit_id, path, name = (unit.id, unit.path, unit.name) if unit else (None, "", EVERYWHERE)
        plan = await importing.plan(session, reading.questions, unit_id=unit_id, unit_path=path)
        findings += lint.against(plan.added, await _others(session, plan, path))
        words = bank_words.preview(
            file.name, name, reading.questions, plan, faults=reading.faults, findings=findings
        )
        print(words)
        if plan.empty or not options.yes:
            print("nothing to store" if plan.empty else "not stored; add --yes to store it")
            return 0
        done = await importing.apply(session, plan, name=file.name, by=None, now=utc_now())
        await _record(session, secrets, "bank.import", f"quiz-import:{done.id}")
    print("stored")
    return 0


async def _others(session: Session, plan: Plan, path: str) -> list[Question]:
    """Return what is asked beside a bank, without what an import changes."""
    changed = {change.new.key for change in plan.changed}
    known = await importing.known(session, unit_path=path)
    return [question for question in known if question.key not in changed]


async def _list(database: Database, secrets: Secrets, options: argparse.Namespace) -> int:
    topic = [QuizQuestion.topic == options.topic] if options.topic else []
    statement = (
        select(QuizQuestion, Unit.name)
        .outerjoin(Unit, Unit.id == QuizQuestion.unit_id)
        .where(*topic)
        .order_by(QuizQuestion.topic, QuizQuestion.id)
    )
    async with database.read() as session:
        rows = (await session.execute(statement)).all()
    for row, unit in rows:
        retired = "  [retired]" if row.retired_at is not None else ""
        where = f"  ({unit})" if unit else ""
        stem = " ".join(row.stem.split())
        print(f"{row.id:5}  {row.key}  {row.topic}  {stem[:60]}{where}{retired}")
    print(f"{len(rows)} questions")
    return 0


async def _show(database: Database, secrets: Secrets, options: argparse.Namespace) -> int:
    async with database.read() as session:
        kept = await keeping.find_by_key(session, options.key)
    if kept is None:
        raise Refusal(f"there is no question {options.key}")
    print(bank_words.full_card(kept))
    return 0


async def _retire(database: Database, secrets: Secrets, options: argparse.Namespace) -> int:
    async with database.write() as session:
        kept = await keeping.find_by_key(session, options.key)
        if kept is None:
            raise Refusal(f"there is no question {options.key}")
        if not await keeping.retire(session, kept.question.id, now=utc_now()):
            raise Refusal(f"question {options.key} is retired already")
        await _record(session, secrets, "bank.retire", f"question:{kept.question.id}")
    print("done")
    return 0


async def _record(session: Session, secrets: Secrets, action: str, object: str) -> None:
    """Note what the operator did: the command line has no person."""
    await audit.record(session, secrets, actor_id=None, action=action, object=object, now=utc_now())


async def _unit(session: Session, name: str) -> Unit | None:
    """Return the unit of that name; none where the bank is for all."""
    if not name:
        return None
    units = await organisation.list_units(session, Scope(prefixes=("/",)))
    found = [unit for unit in units if unit.name == name]
    if len(found) != 1:
        raise Refusal(f"there is no unit called {name}" if not found else f"several units: {name}")
    return found[0]
