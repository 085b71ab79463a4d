"""A workspace folder with everything in it opened."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from holter.errors import NotFound
from holter.registry.entries import ModelVersion, Shelf
from holter.registry.redacted import recorded_schema
from holter.registry.register import Registry
from holter.registry.settings import Settings
from holter.store import SqlFacts
from holter.types import Schema, Span

if TYPE_CHECKING:
    from holter.profile import Profile, Window
    from holter.profile.outcomes import Outcomes
    from holter.store import DeltaRecords
    from holter.store.stored_profiles import StoredDays

_DATABASE = "holter.db"


class Shelves:
    """What a workspace folder holds: settings, facts, registry, and the records of each deployment.

    Opened with :meth:`open`. Nothing is read before it is asked for, and what reads tables is loaded only then: a
    supervisor never needs it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._records: dict[str, tuple[Schema | None, DeltaRecords]] = {}
        self._lock = Lock()

    @classmethod
    def open(cls, root: Path | str, *, create: bool = False) -> Self:
        """Open a workspace folder.

        Raises
        ------
        NotFound
            If there is none and ``create`` is False.
        NewerFormat
            If a newer Holter has written it.
        BadSetting
            If its ``holter.toml`` cannot be followed.
        """
        root = Path(root)
        if not (root / _DATABASE).exists():
            if not create:
                raise NotFound("workspace", str(root))
            root.mkdir(parents=True, exist_ok=True)
            Settings.write_default(root)
        shelves = cls(root)
        shelves.settings, shelves.facts  # noqa: B018  (a broken workspace is refused here, not in the middle of work)
        return shelves

    @cached_property
    def settings(self) -> Settings:
        """The settings, as they were when first asked for."""
        return Settings.load(self.root)

    @cached_property
    def facts(self) -> SqlFacts:
        """Everything that is not a record."""
        return SqlFacts(f"sqlite:///{self.root / _DATABASE}")

    @cached_property
    def registry(self) -> Registry:
        """Models, deployments and monitors."""
        return Registry(self.facts, self.root)

    def records(self, deployment: str) -> "DeltaRecords":
        """Return the records of a deployment, read with the schema of the version it should run. Raises NotFound."""
        entry = self.registry.deployment(deployment)
        schema = self.registry.version(entry.model, entry.wanted.version).schema
        return self._opened(entry.shelf, recorded_schema(schema, entry.settings.redact))

    def records_on(self, shelf: Shelf) -> "DeltaRecords":
        """Return the records on a shelf, whether its deployment still exists or not."""
        if shelf.ended is None:
            return self.records(shelf.deployment)
        versions = self.registry.versions(shelf.model) if shelf.model else ()
        return self._opened(shelf.name, versions[-1].schema if versions else None)

    def profiles(self, shelf: str) -> "StoredDays[Profile]":
        """Return the profiles of the days on a shelf."""
        from holter.profile import Profile
        from holter.store.stored_profiles import StoredDays

        return StoredDays(self.root / "profiles" / shelf, Profile, "profile")

    def outcomes(self, shelf: str) -> "StoredDays[Outcomes]":
        """Return what became of the answers of the days on a shelf."""
        from holter.profile.outcomes import Outcomes
        from holter.store.stored_profiles import StoredDays

        return StoredDays(self.root / "profiles" / shelf, Outcomes, "outcomes")

    def prune(self, shelf: Shelf, gone: Collection[str] = ()) -> int:
        """Remove what is kept of the days of a shelf whose records are not what it was made of; return how many files.

        Those of the days that are ``gone`` go whatever their records look like. Outcomes were made of labels, too.
        """
        records = self.records_on(shelf)

        def fingerprint(day: str, *, labels: bool) -> str:
            start = datetime.fromisoformat(day).replace(tzinfo=UTC)
            return records.fingerprint(Span(start, start + timedelta(days=1)), labels=labels)

        kept = (self.profiles(shelf.name), False), (self.outcomes(shelf.name), True)
        return sum(each.prune(partial(fingerprint, labels=labels), gone) for each, labels in kept)

    def _opened(self, shelf: str, schema: Schema | None) -> "DeltaRecords":
        from holter.store import DeltaRecords

        with self._lock:
            known = self._records.get(shelf)
            if known is None or known[0] != schema:
                paths = (self.root / "records" / shelf, self.root / "labels" / shelf)
                self._records[shelf] = known = (schema, DeltaRecords(*paths, schema))
            return known[1]

    def baseline_window(self, source: ModelVersion | Path, schema: Schema) -> "Window":
        """Return profile and rows of a baseline, kept in memory; see :func:`holter.registry.baseline_window`."""
        from holter.registry.baseline import baseline_window

        return baseline_window(source, schema)

    def folder(self, name: str) -> Path:
        """Return a folder of the workspace, made if need be."""
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path
