"""The record of acts can be added to, not changed or cut.

This stops accidents; the chain of hashes (`db.audit`) shows attacks.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ACTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ACTS:
            op.execute(
                f"CREATE TRIGGER audit_line_{act.lower()} BEFORE {act} ON audit_line "
                "BEGIN SELECT RAISE(ABORT, 'the record of acts is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_line_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the record of acts is append-only'; END $$"
    )
    for act in ACTS:
        op.execute(
            f"CREATE TRIGGER audit_line_{act.lower()} BEFORE {act} ON audit_line "
            "FOR EACH ROW EXECUTE FUNCTION audit_line_refuse()"
        )


def downgrade() -> None:
    """Take back."""
    on_table = "" if op.get_bind().dialect.name == "sqlite" else " ON audit_line"
    for act in ACTS:
        op.execute(f"DROP TRIGGER audit_line_{act.lower()}{on_table}")
    if on_table:
        op.execute("DROP FUNCTION audit_line_refuse()")
