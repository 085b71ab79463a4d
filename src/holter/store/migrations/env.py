"""How alembic runs here: on the connection, and in the transaction, that :mod:`holter.store.migrate` hands in."""

from alembic import context

from holter.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
