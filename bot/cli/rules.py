"""`zhibu rules`: check a rule book, show it, and work out what a rule means for a day."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cli.refusal import Refusal
from bot.settings import Settings
from db.access import Scope
from db.days import parse_day
from db.engine import Database
from db.numbers import BadValue
from db.organisation import ROOT, find_unit, line_up
from scheduler.periods import add, due_on, occurrences
from scheduler.rulebook.model import AnchorKind, Rule, RuleBook, Span
from scheduler.rulebook.problems import RuleBookError
from scheduler.rulebook.reading import SHIPPED, read_folder
from scheduler.rulebook.wording import basis, limit_words, span_words
from scheduler.workdays import Workdays

# How many periods ahead an explanation goes.
SHOWN = 3
YEAR = timedelta(days=366)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_subparsers(dest="what", required=True)
    check = what.add_parser("check", help="say what is wrong with the rules, or that all is well")
    check.add_argument("folder", nargs="?", type=Path, help="a folder of own rules to check, too")
    show = what.add_parser("show", help="list the rules, or show one with all its versions")
    show.add_argument("rule", nargs="?", help="the id of a rule")
    explain = what.add_parser("explain", help="say which version applies on a day, and its dates")
    explain.add_argument("rule", help="the id of a rule")
    explain.add_argument("date", help="the day of the event, 2026-11-23")
    explain.add_argument("--unit", help="the unit it is explained for: its own rules come first")


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Run one subcommand; 1 if the rules have problems."""
    try:
        book = read_folder(*_folders(settings, getattr(options, "folder", None)))
    except RuleBookError as error:
        for problem in error.problems:
            print(problem)
        return 1
    if options.what == "check":
        units = len({rule.unit for rule in book.rules if rule.own})
        print(f"{len(book.rules)} rules are in order, {units} units have rules of their own")
    elif options.what == "show":
        _show(book, options.rule)
    else:
        day, versions = _day(options.date), _rule(book, options.rule)
        workdays, line = asyncio.run(_known(settings, options.unit))
        print("\n".join(_explain(_own(versions, book, day, line), book, day, workdays)))
    return 0


def _folders(settings: Settings, given: Path | None) -> list[Path]:
    if given is not None and not given.is_dir():
        raise Refusal(f"{given} is not a folder")
    return [SHIPPED, *(folder for folder in (settings.rules, given) if folder is not None)]


def _show(book: RuleBook, wanted: str | None) -> None:
    if wanted is not None:
        for rule in _rule(book, wanted):
            print("\n".join(_card(rule)) + "\n")
        return
    for rule in book.rules:
        kind = rule.case or rule.owner.value
        own = f"  [{rule.unit}]" if rule.own else ""
        print(f"{rule.id:24} {rule.version:6} {kind:8} {rule.title}{own}")


def _card(rule: Rule) -> Iterator[str]:
    until = f" until {rule.effective_until}" if rule.effective_until else ""
    yield f"{rule.id} {rule.version}: {rule.title}"
    yield f"  {basis(rule).line()}，可信度 {rule.certainty}"
    yield f"  in force from {rule.effective_from}{until}"
    yield f"  owed by {rule.owner.value}，{limit_words(rule)}"
    if rule.remind:
        yield f"  reminders {', '.join(map(str, rule.remind))} days before"
    for rung in rule.ladder:
        yield f"  {rung.after} days after: {rung.to.value}"
    if rule.earliest:
        yield f"  not before {span_words(rule.earliest)} after {rule.earliest_after}"
    if rule.documents or rule.hand_in:
        yield f"  papers: {'、'.join(rule.documents) or rule.hand_in}"
    if rule.note:
        yield f"  {rule.note}"


def _explain(
    versions: tuple[Rule, ...], book: RuleBook, day: date, workdays: Workdays
) -> Iterator[str]:
    rule = book.version(versions[0].id, day)
    if rule is None:
        known = ", ".join(f"{r.version} from {r.effective_from}" for r in versions)
        yield f"no version is in force on {day}; there are: {known}"
        return
    yield from _card(rule)
    yield from _dates(rule, day, workdays)
    tighter = [own for own in book.standing() if own.stricter_than == rule.id]
    for own in tighter:
        yield f"{own.unit} has a stricter rule of its own: {own.id} ({limit_words(own)})"


def _dates(rule: Rule, day: date, workdays: Workdays) -> Iterator[str]:
    kind = rule.anchor.kind
    if kind is AnchorKind.PERIOD:
        periods = occurrences(rule.anchor, after=day, before=day + SHOWN * YEAR)
        for period, _ in zip(periods, range(SHOWN), strict=False):
            last = due_on(rule, period, workdays)
            how = f"{period.starts_on} + {span_words(rule.limit)}" if rule.limit else "its last day"
            yield f"{period.label}: due {last} ({how})"
    elif kind is AnchorKind.TERM:
        end = add(day, Span(years=rule.anchor.years), workdays)
        last = add(end, rule.limit, workdays) if rule.limit else end
        yield f"elected {day}: the term ends {end} ({rule.anchor.years} years), due {last}"
    elif rule.limit is None:
        yield "no regulation sets a limit"
    else:
        last = add(day, rule.limit, workdays)
        remark = _remark(last, workdays) if rule.limit.workdays else ""
        yield f"{day} + {span_words(rule.limit)}: due {last}{remark}"


def _remark(day: date, workdays: Workdays) -> str:
    return ", workdays there are provisional" if workdays.is_provisional(day) else ""


def _rule(book: RuleBook, wanted: str) -> tuple[Rule, ...]:
    found = book.of_id(wanted)
    if not found:
        raise Refusal(f"there is no rule {wanted}: zhibu rules show lists them")
    return found


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except BadValue as error:
        raise Refusal(f"{text} is no day: write 2026-11-23") from error


def _own(
    versions: tuple[Rule, ...], book: RuleBook, day: date, line: list[str]
) -> tuple[Rule, ...]:
    """Return the stricter rule of the nearest unit up the line; else the versions themselves."""
    tighter = {
        own.unit: own
        for own in book.standing()
        if own.stricter_than == versions[0].id and own.in_force(day)
    }
    nearest = next((tighter[name] for name in line if name in tighter), None)
    return (nearest,) if nearest else versions


async def _known(settings: Settings, unit: str | None) -> tuple[Workdays, list[str]]:
    """Read the table of days, and a unit's name with those above it, nearest first.

    Where there is no store every day is computed, and a unit stands alone.
    """
    database = Database(settings.database)
    if database.is_missing:
        return Workdays({}), [unit] if unit else []
    try:
        async with database.read() as session:
            return await Workdays.load(session), await _line(session, unit)
    finally:
        await database.close()


async def _line(session: AsyncSession, name: str | None) -> list[str]:
    if name is None:
        return []
    unit = await find_unit(session, name, Scope((ROOT,)))
    if unit is None:
        raise Refusal(f"there is no unit {name}")
    return [each.name for each in await line_up(session, unit.id)]
