"""Alembic's entry: runs on the connection that `db.migrate` opened."""

from alembic import context

from db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a table in place: batch mode makes it anew.
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
