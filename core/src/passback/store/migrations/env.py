"""What Alembic runs for each command; the connection, and its transaction, are whoever's called."""

from alembic import context

from passback.store import migrations, schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table=migrations.TABLE,
)
context.run_migrations()
