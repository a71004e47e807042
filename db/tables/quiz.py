"""The question bank, rounds in groups, and what each person practises alone."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base
from db.types import BigId


class QuestionKind(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    JUDGE = "judge"


class QuizQuestion(Base):
    """A question of the bank. `correct` holds the indices of the right `options`, ascending.

    `key` identifies it across imports and `digest` its content. `unit_id` is the unit whose own
    it is, null for the shipped ones. Outside of `valid_from` and `valid_to` (exclusive) it asks
    for the wording of another version and is not put. A retired question stays, unasked.
    """

    __tablename__ = "quiz_question"
    __table_args__ = (Index("ix_quiz_question_topic", "topic"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[str]
    stem: Mapped[str]
    options: Mapped[list[str]] = mapped_column(JSON)
    correct: Mapped[list[int]] = mapped_column(JSON)
    explanation: Mapped[str] = mapped_column(default="")
    regulation: Mapped[str] = mapped_column(default="")
    article: Mapped[str] = mapped_column(default="")
    version: Mapped[str] = mapped_column(default="")
    topic: Mapped[str] = mapped_column(default="")
    difficulty: Mapped[int] = mapped_column(default=1)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    digest: Mapped[str]
    created_at: Mapped[datetime]
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    retired_at: Mapped[datetime | None]


class QuizImport(Base):
    """One time that questions were brought in, so that it can be undone.

    `added` holds the ids of the questions that were new or came back, `changed` what was there
    before: the id, the columns, and the digest that took their place. A `name` of "" is the
    shipped bank, whose `digest` tells whether the program brings another.
    """

    __tablename__ = "quiz_import"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    digest: Mapped[str]
    added: Mapped[list[int]] = mapped_column(JSON)
    changed: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class QuestionReport(Base):
    """That somebody holds a question to be wrong; its keeper answers once."""

    __tablename__ = "quiz_report"
    __table_args__ = (
        Index(
            "uq_quiz_report_open",
            "question_id",
            "reporter_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("quiz_question.id"), index=True)
    reporter_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    keeper_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    text: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]


class QuizGroup(Base):
    """A group chat that quizzes are held in, and its daily round if it wants one.

    `daily_at` is the local time "08:30" of the unit's zone, null without a daily round; `days`
    is "workdays", "daily" or weekdays "1,3,5" (1 is Monday). `minutes` is how long a round is
    open, `topic` a topic of the bank or "" for all. With `names` the result names people. What is
    paused holds no daily round until somebody resumes it. `title` is the chat's, to be shown.
    """

    __tablename__ = "quiz_group"
    __table_args__ = (UniqueConstraint("channel", "chat"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str | None]
    title: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    daily_at: Mapped[str | None]
    days: Mapped[str] = mapped_column(default="workdays")
    count: Mapped[int] = mapped_column(default=5)
    topic: Mapped[str] = mapped_column(default="")
    minutes: Mapped[int] = mapped_column(default=30)
    names: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    set_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]


class RoundKind(StrEnum):
    """Why a round is held: its daily minute, somebody asked, or the first right answer wins."""

    DAILY = "daily"
    EXTRA = "extra"
    RACE = "race"


class RoundState(StrEnum):
    """Where a round stands."""

    OPEN = "open"
    CLOSED = "closed"
    SKIPPED = "skipped"


class QuizRound(Base):
    """One round of a group: a slot keyed by group, local date, kind and number.

    `next_at` is when the clock must look at it again (close it, ask the next of a race); null
    once it is over. Since `learned_at` its answers are in the practice cards of people.
    """

    __tablename__ = "quiz_round"
    __table_args__ = (
        UniqueConstraint("group_id", "local_date", "kind", "number"),
        Index(
            "ix_quiz_round_next_at",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index(
            "ix_quiz_round_unlearned",
            "closed_at",
            sqlite_where=text("closed_at IS NOT NULL AND learned_at IS NULL"),
            postgresql_where=text("closed_at IS NOT NULL AND learned_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("quiz_group.id"))
    local_date: Mapped[date]
    kind: Mapped[str]
    number: Mapped[int]
    topic: Mapped[str] = mapped_column(default="")
    count: Mapped[int]
    state: Mapped[str] = mapped_column(default=RoundState.OPEN.value)
    due_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    learned_at: Mapped[datetime | None]


class QuizPost(Base):
    """One question put in a round; `order` says which option stands at each place.

    `pinned` keeps it as it was put (`knowledge.quiz.shown`), whatever an import makes of it.
    `outbox_id` is the message that carries it; the messenger's ids of the message and the poll
    are there. Answers that come after `closed_at` do not count.
    """

    __tablename__ = "quiz_post"
    __table_args__ = (UniqueConstraint("round_id", "position"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("quiz_round.id"))
    position: Mapped[int]
    question_id: Mapped[int] = mapped_column(ForeignKey("quiz_question.id"), index=True)
    order: Mapped[list[int]] = mapped_column(JSON)
    pinned: Mapped[dict[str, Any]] = mapped_column(JSON)
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id"), unique=True)
    closed_at: Mapped[datetime | None]


class QuizAnswer(Base):
    """The first answer of a person (or of an account bound to nobody) to a posted question.

    `chosen` holds indices of the question's own options. The ids give the order.
    """

    __tablename__ = "quiz_answer"
    __table_args__ = (
        UniqueConstraint("post_id", "account_id"),
        UniqueConstraint("post_id", "person_id"),
        Index("ix_quiz_answer_person_id_at", "person_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("quiz_post.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chosen: Mapped[list[int]] = mapped_column(JSON)
    correct: Mapped[bool]
    at: Mapped[datetime]


class QuizDraft(Base):
    """The places that an account has marked of a question with several right options.

    Handed in they become an answer; until then they count for nothing.
    """

    __tablename__ = "quiz_draft"

    post_id: Mapped[int] = mapped_column(ForeignKey("quiz_post.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    places: Mapped[list[int]] = mapped_column(JSON)


class StrayVote(Base):
    """A vote in a poll whose sending has not been noted yet; counted once it is."""

    __tablename__ = "stray_vote"
    __table_args__ = (UniqueConstraint("channel", "poll", "account_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str]
    poll: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    places: Mapped[list[int]] = mapped_column(JSON)
    at: Mapped[datetime]


class PracticeCard(Base):
    """How well a person knows a question (FSRS): the state from which the next day follows.

    `wrong_at` is set while the question is in the person's wrong-answer book, `mended_on` is the
    local date of the first right answer since it came there.
    """

    __tablename__ = "practice_card"
    __table_args__ = (
        UniqueConstraint("person_id", "question_id"),
        Index("ix_practice_card_person_id_due", "person_id", "due"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("quiz_question.id"))
    state: Mapped[int]
    step: Mapped[int | None]
    stability: Mapped[float | None]
    difficulty: Mapped[float | None]
    due: Mapped[datetime]
    last_review: Mapped[datetime | None]
    right: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)
    wrong_at: Mapped[datetime | None]
    mended_on: Mapped[date | None]


class Practice(Base):
    """A sitting of practice: `questions` are those asked, the last one `waiting` for its answer.

    `planned` are questions to be asked when none is due, `marks` the places that are ticked so
    far in a question with several right options, `pinned` the last one as it was put. With
    `book` it goes through the person's wrong-answer book.
    """

    __tablename__ = "practice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    topic: Mapped[str] = mapped_column(default="")
    book: Mapped[bool] = mapped_column(default=False)
    count: Mapped[int]
    planned: Mapped[list[int]] = mapped_column(JSON)
    questions: Mapped[list[int]] = mapped_column(JSON)
    marks: Mapped[list[int]] = mapped_column(JSON)
    pinned: Mapped[dict[str, Any]] = mapped_column(JSON)
    waiting: Mapped[bool] = mapped_column(default=False)
    answered: Mapped[int] = mapped_column(default=0)
    right: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Exam(Base):
    """A mock examination: `questions` in the order asked, `pass_mark` in per cent.

    `pinned` keeps each question as it was when the paper was drawn. One person sits one at a
    time. An answer counts before `ends_at`.
    """

    __tablename__ = "exam"
    __table_args__ = (
        Index(
            "ix_exam_open",
            "person_id",
            unique=True,
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    questions: Mapped[list[int]] = mapped_column(JSON)
    pinned: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    pass_mark: Mapped[int]
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    right: Mapped[int] = mapped_column(default=0)


class PracticeAnswer(Base):
    """An answer given alone: to a question of a practice, or of an examination until handed in.

    `number` is the place of the question in the practice, from 1.
    """

    __tablename__ = "practice_answer"
    __table_args__ = (
        UniqueConstraint("practice_id", "number"),
        UniqueConstraint("exam_id", "question_id"),
        Index("ix_practice_answer_person_id_at", "person_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("quiz_question.id"))
    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practice.id"))
    number: Mapped[int | None]
    exam_id: Mapped[int | None] = mapped_column(ForeignKey("exam.id"))
    chosen: Mapped[list[int]] = mapped_column(JSON)
    correct: Mapped[bool]
    at: Mapped[datetime]
