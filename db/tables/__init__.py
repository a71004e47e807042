"""Every table of the record, by subject."""

from db.tables.audit import AuditLine
from db.tables.base import Base
from db.tables.conversation import (
    BrowserSession,
    Dialog,
    Inbox,
    PressToken,
    SignInLink,
    StoredFile,
    Transcript,
)
from db.tables.library import (
    Asked,
    Document,
    Handover,
    HandoverState,
    LibraryRevision,
    Passage,
    Proposal,
    ProposalState,
    Version,
)
from db.tables.organisation import (
    Account,
    Chat,
    Guess,
    Invite,
    Person,
    Post,
    Stage,
    Title,
    Unit,
    UnitKind,
)
from db.tables.outbox import Attempt, Outbox, OutboxState

__all__ = [
    "Account",
    "Asked",
    "Attempt",
    "AuditLine",
    "Base",
    "BrowserSession",
    "Chat",
    "Dialog",
    "Document",
    "Guess",
    "Handover",
    "HandoverState",
    "Inbox",
    "Invite",
    "LibraryRevision",
    "Outbox",
    "OutboxState",
    "Passage",
    "Person",
    "Post",
    "PressToken",
    "Proposal",
    "ProposalState",
    "SignInLink",
    "Stage",
    "StoredFile",
    "Title",
    "Transcript",
    "Unit",
    "UnitKind",
    "Version",
]
