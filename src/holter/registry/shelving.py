"""Where the answers of each deployment are kept, and what is left of those that are gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from holter.errors import InUse, NotFound
from holter.registry.book import SYSTEM, note, now
from holter.registry.entries import Shelf
from holter.registry.models import Models
from holter.store.tables import DEPLOYMENT, SHELF, TRAFFIC
from holter.store.transaction import SqlTransaction

FOLDERS: Final = ("journal", "records", "labels", "profiles", "modeldata")
"""Folders of the workspace in which a shelf has one of its name."""


class Shelving(Models):
    """The pages about shelves."""

    def shelves(self, deployment: str | None = None) -> Sequence[Shelf]:
        """Return the shelves, of one name or all, the oldest first; those of deleted deployments too."""
        query = sa.select(SHELF).order_by(SHELF.c.began, SHELF.c.name)
        if deployment is not None:
            query = query.where(SHELF.c.deployment == deployment)
        return [Shelf(**row) for row in self._rows(query)]

    def adopt(self, name: str) -> None:
        """Write down a journal folder that no deployment owns: a Holter of before left it behind, or a backup did."""
        with self._facts.begin() as transaction:
            if not self._rows(sa.select(SHELF).where(SHELF.c.name == name), transaction):
                moment = now()
                values = {"name": name, "deployment": name, "model": "", "began": moment, "ended": moment}
                transaction.connection.execute(SHELF.insert().values(**values))

    def unwant(self, deployment: str, *, actor: str = SYSTEM) -> Sequence[Shelf]:
        """Ask for the removal of all records that a deleted deployment has left; return what is to go.

        The compactor removes them; :func:`holter.capture.purging.purge` does so at once.

        Raises
        ------
        NotFound
            If nothing is left of such a deployment.
        InUse
            If the deployment exists: delete it first.
        """
        if not self.shelves(deployment):
            raise NotFound("deployment with records", deployment, (each.deployment for each in self.shelves()))
        with self._facts.begin() as transaction:
            if self._rows(sa.select(DEPLOYMENT).where(DEPLOYMENT.c.name == deployment), transaction):
                raise InUse("records", deployment, ["its deployment"])
            note(transaction, actor, "records.purge", f"deployment:{deployment}", {})
            self._unwant(transaction, deployment)
        return self.shelves(deployment)

    def forget_shelf(self, name: str) -> None:
        """Take a shelf out of the book with its traffic counts, once its files are gone."""
        with self._facts.begin() as transaction:
            transaction.connection.execute(TRAFFIC.delete().where(TRAFFIC.c.deployment == name))
            transaction.connection.execute(SHELF.delete().where(SHELF.c.name == name))

    def _new_shelf(self, transaction: SqlTransaction, deployment: str, model: str) -> dict[str, Any]:
        """End the shelf that a name has, begin another, and return what the deployment notes of it."""
        self._end_shelf(transaction, deployment)
        name, moment, number = deployment, now(), 1
        while self._is_taken(transaction, name):
            number += 1
            name = f"{deployment}.{number}"  # no deployment may have a dot in its name
        values = {"name": name, "deployment": deployment, "model": model, "began": moment, "ended": None}
        transaction.connection.execute(SHELF.insert().values(**values))
        return {"shelf": name, "began": moment}

    def _is_taken(self, transaction: SqlTransaction, name: str) -> bool:
        known = self._rows(sa.select(SHELF.c.name).where(SHELF.c.name == name), transaction)
        return bool(known) or any((self._root / folder / name).exists() for folder in FOLDERS)

    def _end_shelf(self, transaction: SqlTransaction, deployment: str, moment: datetime | None = None) -> None:
        open_one = (SHELF.c.deployment == deployment) & SHELF.c.ended.is_(None)
        transaction.connection.execute(SHELF.update().where(open_one).values(ended=moment or now()))

    def _unwant(self, transaction: SqlTransaction, deployment: str) -> None:
        same = SHELF.c.deployment == deployment
        transaction.connection.execute(SHELF.update().where(same).values(unwanted=True))
