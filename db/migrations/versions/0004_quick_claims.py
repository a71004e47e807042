"""Find what waits in the outbox without passing what was sent long ago."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('pending', 'leased')")


def upgrade() -> None:
    """Apply."""
    only: dict[str, Any] = {"sqlite_where": OPEN, "postgresql_where": OPEN}
    op.create_index("ix_outbox_open", "outbox", ["channel", "lane", "id"], **only)
    op.create_index("ix_outbox_open_chat", "outbox", ["chat", "channel"], **only)
    op.drop_index("ix_outbox_channel_chat", "outbox")
    op.drop_index("ix_outbox_state_send_after_lane", "outbox")
    op.create_index("ix_outbox_state", "outbox", ["state"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_outbox_state", "outbox")
    op.create_index("ix_outbox_state_send_after_lane", "outbox", ["state", "send_after", "lane"])
    op.create_index("ix_outbox_channel_chat", "outbox", ["channel", "chat"])
    op.drop_index("ix_outbox_open_chat", "outbox")
    op.drop_index("ix_outbox_open", "outbox")
