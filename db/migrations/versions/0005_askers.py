"""Note who asked what was handed over, and who worded a proposal last."""

import sqlalchemy as sa
from alembic import op

import db.types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ASKER = "SELECT person_id FROM account WHERE account.id = handover.account_id"


def upgrade() -> None:
    """Apply; whoever holds the account now is taken for the one who asked with it."""
    with op.batch_alter_table("handover") as table:
        table.add_column(sa.Column("asker_id", db.types.BigId))
        table.create_foreign_key(op.f("fk_handover_asker_id"), "person", ["asker_id"], ["id"])
    op.execute(f"UPDATE handover SET asker_id = ({ASKER})")
    with op.batch_alter_table("proposal") as table:
        table.add_column(sa.Column("worded_by", db.types.BigId))
        table.create_foreign_key(op.f("fk_proposal_worded_by"), "person", ["worded_by"], ["id"])


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("proposal") as table:
        table.drop_constraint(op.f("fk_proposal_worded_by"), type_="foreignkey")
        table.drop_column("worded_by")
    with op.batch_alter_table("handover") as table:
        table.drop_constraint(op.f("fk_handover_asker_id"), type_="foreignkey")
        table.drop_column("asker_id")
