"""The question bank, rounds in groups, practice and study."""

import sqlalchemy as sa
from alembic import op

import db.types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "check_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("thought", sa.String(), nullable=False),
        sa.Column("at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_check_in_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("key", name=op.f("uq_check_in_key")),
    )
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.create_index("ix_check_in_person_id_on", ["person_id", "on"], unique=False)

    op.create_table(
        "exam",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("pinned", sa.JSON(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("started_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam")),
    )
    with op.batch_alter_table("exam", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_exam_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )

    op.create_table(
        "mute",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("since", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mute_person_id")),
        sa.PrimaryKeyConstraint("person_id", "what", name=op.f("pk_mute")),
    )
    op.create_table(
        "quiz_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("daily_at", sa.String(), nullable=True),
        sa.Column("days", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("names", sa.Boolean(), nullable=False),
        sa.Column("paused_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("next_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("set_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_quiz_group_set_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quiz_group_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_group")),
        sa.UniqueConstraint("channel", "chat", name=op.f("uq_quiz_group_channel_chat")),
    )
    with op.batch_alter_table("quiz_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quiz_group_next_at"), ["next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_quiz_group_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "quiz_question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("stem", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("correct", sa.JSON(), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.Column("regulation", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("difficulty", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "imported_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("retired_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["person.id"], name=op.f("fk_quiz_question_imported_by")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quiz_question_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_question")),
        sa.UniqueConstraint("key", name=op.f("uq_quiz_question_key")),
    )
    with op.batch_alter_table("quiz_question", schema=None) as batch_op:
        batch_op.create_index("ix_quiz_question_topic", ["topic"], unique=False)
        batch_op.create_index(batch_op.f("ix_quiz_question_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "quiz_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("added", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("undone_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_quiz_import_person_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quiz_import_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_import")),
    )
    with op.batch_alter_table("quiz_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quiz_import_person_id"), ["person_id"], unique=False)

    op.create_table(
        "unit_setting",
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "authority_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["unit.id"], name=op.f("fk_unit_setting_authority_id")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_unit_setting_by_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_setting_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "name", name=op.f("pk_unit_setting")),
    )
    op.create_table(
        "material",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column(
            "published_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("published_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_material_file_id")),
        sa.ForeignKeyConstraint(
            ["published_by"], ["person.id"], name=op.f("fk_material_published_by")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_material_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material")),
    )
    with op.batch_alter_table("material", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_material_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "practice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("book", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("planned", sa.JSON(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("pinned", sa.JSON(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("started_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_practice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice")),
    )
    with op.batch_alter_table("practice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_practice_person_id"), ["person_id"], unique=False)

    op.create_table(
        "practice_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "practice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("exam_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_practice_answer_exam_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_practice_answer_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["quiz_question.id"], name=op.f("fk_practice_answer_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_answer")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_practice_answer_practice_id")
        ),
        sa.UniqueConstraint(
            "practice_id", "number", name=op.f("uq_practice_answer_practice_id_number")
        ),
        sa.UniqueConstraint(
            "exam_id", "question_id", name=op.f("uq_practice_answer_exam_id_question_id")
        ),
    )
    with op.batch_alter_table("practice_answer", schema=None) as batch_op:
        batch_op.create_index("ix_practice_answer_person_id_at", ["person_id", "at"], unique=False)

    op.create_table(
        "practice_card",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("stability", sa.Double(), nullable=True),
        sa.Column("difficulty", sa.Double(), nullable=True),
        sa.Column("due", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_review", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("wrong_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("mended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_practice_card_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["quiz_question.id"], name=op.f("fk_practice_card_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_card")),
        sa.UniqueConstraint(
            "person_id", "question_id", name=op.f("uq_practice_card_person_id_question_id")
        ),
    )
    with op.batch_alter_table("practice_card", schema=None) as batch_op:
        batch_op.create_index("ix_practice_card_person_id_due", ["person_id", "due"], unique=False)

    op.create_table(
        "quiz_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "reporter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "keeper_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column(
            "answered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("answered_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["person.id"], name=op.f("fk_quiz_report_answered_by")
        ),
        sa.ForeignKeyConstraint(
            ["keeper_id"], ["person.id"], name=op.f("fk_quiz_report_keeper_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["quiz_question.id"], name=op.f("fk_quiz_report_question_id")
        ),
        sa.ForeignKeyConstraint(
            ["reporter_id"], ["person.id"], name=op.f("fk_quiz_report_reporter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_report")),
    )
    with op.batch_alter_table("quiz_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quiz_report_keeper_id"), ["keeper_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_quiz_report_question_id"), ["question_id"], unique=False
        )
        batch_op.create_index(
            "uq_quiz_report_open",
            ["question_id", "reporter_id"],
            unique=True,
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )

    op.create_table(
        "quiz_round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closes_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("next_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("asked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("learned_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_quiz_round_asked_by")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["quiz_group.id"], name=op.f("fk_quiz_round_group_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_round")),
        sa.UniqueConstraint(
            "group_id",
            "local_date",
            "kind",
            "number",
            name=op.f("uq_quiz_round_group_id_local_date_kind_number"),
        ),
    )
    with op.batch_alter_table("quiz_round", schema=None) as batch_op:
        batch_op.create_index(
            "ix_quiz_round_next_at",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_quiz_round_unlearned",
            ["closed_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL AND learned_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL AND learned_at IS NULL"),
        )

    op.create_table(
        "stray_vote",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("poll", sa.String(), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_stray_vote_account_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_stray_vote_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stray_vote")),
        sa.UniqueConstraint(
            "channel", "poll", "account_id", name=op.f("uq_stray_vote_channel_poll_account_id")
        ),
    )
    op.create_table(
        "material_unit",
        sa.Column(
            "material_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["material_id"], ["material.id"], name=op.f("fk_material_unit_material_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_material_unit_unit_id")),
        sa.PrimaryKeyConstraint("material_id", "unit_id", name=op.f("pk_material_unit")),
    )
    with op.batch_alter_table("material_unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_material_unit_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "quiz_post",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("pinned", sa.JSON(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_quiz_post_outbox_id")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["quiz_question.id"], name=op.f("fk_quiz_post_question_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["quiz_round.id"], name=op.f("fk_quiz_post_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_post")),
        sa.UniqueConstraint("outbox_id", name=op.f("uq_quiz_post_outbox_id")),
        sa.UniqueConstraint("round_id", "position", name=op.f("uq_quiz_post_round_id_position")),
    )
    with op.batch_alter_table("quiz_post", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quiz_post_question_id"), ["question_id"], unique=False)

    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "material_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("opened_at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("learned_at", db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("learned_on", sa.Date(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("thought", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["material_id"], ["material.id"], name=op.f("fk_reading_material_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reading_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint(
            "material_id", "person_id", name=op.f("uq_reading_material_id_person_id")
        ),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reading_person_id_learned_on", ["person_id", "learned_on"], unique=False
        )

    op.create_table(
        "quiz_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("at", db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_quiz_answer_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_quiz_answer_person_id")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["quiz_post.id"], name=op.f("fk_quiz_answer_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_answer")),
        sa.UniqueConstraint(
            "post_id", "account_id", name=op.f("uq_quiz_answer_post_id_account_id")
        ),
        sa.UniqueConstraint("post_id", "person_id", name=op.f("uq_quiz_answer_post_id_person_id")),
    )
    with op.batch_alter_table("quiz_answer", schema=None) as batch_op:
        batch_op.create_index("ix_quiz_answer_person_id_at", ["person_id", "at"], unique=False)

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("poll", sa.String(), nullable=True))
        batch_op.create_index(
            "ix_outbox_poll",
            ["poll", "channel"],
            unique=False,
            sqlite_where=sa.text("poll IS NOT NULL"),
            postgresql_where=sa.text("poll IS NOT NULL"),
        )
    op.create_table(
        "quiz_draft",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_quiz_draft_account_id")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["quiz_post.id"], name=op.f("fk_quiz_draft_post_id")),
        sa.PrimaryKeyConstraint("post_id", "account_id", name=op.f("pk_quiz_draft")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("quiz_draft")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_poll",
            sqlite_where=sa.text("poll IS NOT NULL"),
            postgresql_where=sa.text("poll IS NOT NULL"),
        )
        batch_op.drop_column("poll")

    with op.batch_alter_table("quiz_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_quiz_answer_person_id_at")

    op.drop_table("quiz_answer")
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index("ix_reading_person_id_learned_on")

    op.drop_table("reading")
    with op.batch_alter_table("quiz_post", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quiz_post_question_id"))

    op.drop_table("quiz_post")
    with op.batch_alter_table("material_unit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_material_unit_unit_id"))

    op.drop_table("material_unit")
    op.drop_table("stray_vote")
    with op.batch_alter_table("quiz_round", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_quiz_round_unlearned",
            sqlite_where=sa.text("closed_at IS NOT NULL AND learned_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL AND learned_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_quiz_round_next_at",
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )

    op.drop_table("quiz_round")
    with op.batch_alter_table("quiz_report", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_quiz_report_open",
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_quiz_report_question_id"))
        batch_op.drop_index(batch_op.f("ix_quiz_report_keeper_id"))

    op.drop_table("quiz_report")
    with op.batch_alter_table("practice_card", schema=None) as batch_op:
        batch_op.drop_index("ix_practice_card_person_id_due")

    op.drop_table("practice_card")
    with op.batch_alter_table("practice_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_practice_answer_person_id_at")

    op.drop_table("practice_answer")
    with op.batch_alter_table("practice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_practice_person_id"))

    op.drop_table("practice")
    with op.batch_alter_table("material", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_material_unit_id"))

    op.drop_table("material")
    op.drop_table("unit_setting")
    with op.batch_alter_table("quiz_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quiz_import_person_id"))

    op.drop_table("quiz_import")
    with op.batch_alter_table("quiz_question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quiz_question_unit_id"))
        batch_op.drop_index("ix_quiz_question_topic")

    op.drop_table("quiz_question")
    with op.batch_alter_table("quiz_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quiz_group_unit_id"))
        batch_op.drop_index(batch_op.f("ix_quiz_group_next_at"))

    op.drop_table("quiz_group")
    op.drop_table("mute")
    with op.batch_alter_table("exam", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_exam_open",
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_exam_person_id"))

    op.drop_table("exam")
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.drop_index("ix_check_in_person_id_on")

    op.drop_table("check_in")
