"""Every subject of the conversation, in the order of the help text."""

from __future__ import annotations

from handlers import basics, handover, identity, library, members, questions, roster, units
from handlers.router import Router


def make_router() -> Router:
    """Return the table of all commands."""
    router = Router()
    basics.register(router)
    for subject in (identity, questions, handover, library, members, units, roster):
        router.include(subject.router)
    return router
