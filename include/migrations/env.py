"""Alembic's entry: runs the migrations on the connection it is given, inside its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table_schema="perennial")
with context.begin_transaction():
    context.run_migrations()
