"""Every subject of the conversation, in the order of the help text."""

from __future__ import annotations

from handlers import (
    accepting,
    acknowledging,
    bank,
    basics,
    cases,
    closing,
    duties,
    exams,
    feed,
    group_quiz,
    handover,
    holidays,
    hours,
    identity,
    library,
    materials,
    matters,
    members,
    mistakes,
    practice,
    publishing,
    questions,
    reports,
    roster,
    rounds,
    silence,
    study,
    study_record,
    study_report,
    study_switches,
    units,
    waiving,
)
from handlers.router import Router


def make_router() -> Router:
    """Return the table of all commands."""
    router = Router()
    basics.register(router)
    for subject in (
        identity,
        questions,
        duties,
        acknowledging,
        closing,
        waiving,
        accepting,
        cases,
        matters,
        feed,
        handover,
        library,
        bank,
        reports,
        members,
        units,
        hours,
        holidays,
        silence,
        study,
        materials,
        study_record,
        study_report,
        publishing,
        study_switches,
        practice,
        mistakes,
        exams,
        roster,
        group_quiz,
        rounds,
    ):
        router.include(subject.router)
    return router
