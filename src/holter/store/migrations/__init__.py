"""The steps from one shape of the database to the next, run by :mod:`holter.store.migrate`."""
