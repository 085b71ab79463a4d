"""What is left of the days of a deployment, as files: what is stored says of which records it was made."""

import fcntl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar
from uuid import uuid4

import msgspec

from holter.errors import DamagedProfile, NewerFormat

_LOCK = "lock"


class Summed(Protocol):
    """What can be kept of a day."""

    def to_bytes(self) -> bytes:
        """Return it as bytes."""

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read it. Raises DamagedProfile, NewerFormat."""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    versions: Mapping[int, int]
    data: bytes


Kind = TypeVar("Kind", bound=Summed)


class StoredDays(Generic[Kind]):
    """One summary for each day, named by the fingerprint of the records it was made of.

    A summary is used only while the records of its day have that fingerprint, so nothing here can be wrong for longer
    than it is unused: losing all of it costs time. They are files, since what is deleted from a database stays in its
    free pages for anybody to read.

    Parameters
    ----------
    folder
        Its folder; made by the first :meth:`put`. Several kinds of summaries may lie in it.
    kind
        What is kept: :class:`holter.profile.Profile`, :class:`holter.profile.outcomes.Outcomes`.
    suffix
        How the names of its files end.
    """

    def __init__(self, folder: Path, kind: type[Kind], suffix: str) -> None:
        self._folder, self._kind, self._suffix = folder, kind, f".{suffix}"

    def get(self, day: str, fingerprint: str, layout: str) -> tuple[Kind, Mapping[int, int]] | None:
        """Return the summary of a day, and how many of its rows each version answered.

        None where what is stored is of other records or other columns, or cannot be read.
        """
        try:
            kept = msgspec.msgpack.decode(self._path(day, fingerprint, layout).read_bytes(), type=_Kept)
            return self._kind.from_bytes(kept.data), kept.versions
        except (OSError, msgspec.MsgspecError, DamagedProfile, NewerFormat):
            return None

    def put(
        self,
        day: str,
        fingerprint: str,
        layout: str,
        summary: Kind,
        versions: Mapping[int, int],
        unchanged: Callable[[], bool],
    ) -> None:
        """Store a summary instead of what was stored of its day.

        ``unchanged`` is asked while nobody else stores or removes: where the records are no longer those that were
        read (somebody was erased meanwhile), nothing is stored.

        Raises
        ------
        OSError
            If the disk is full or the folder may not be written.
        """
        with self._alone():
            if not unchanged():
                return
            path = self._path(day, fingerprint, layout)
            half = self._folder / f".{uuid4().hex}"
            half.write_bytes(msgspec.msgpack.encode(_Kept(dict(versions), summary.to_bytes())))
            half.replace(path)
            for other in self._folder.glob(f"{day}.*{self._suffix}"):
                if other != path:
                    other.unlink(missing_ok=True)

    def prune(self, fingerprint: Callable[[str], str], gone: Collection[str] = ()) -> int:
        """Remove what was made of records that are no longer there, or are not the only ones; return how many.

        Parameters
        ----------
        fingerprint
            Gives that of the records of a day as they are now.
        gone
            Days to be removed whatever their fingerprint says.
        """
        if not self._folder.is_dir():
            return 0
        with self._alone():
            stale = [path for path in self._folder.glob(f"*{self._suffix}") if _stale(path.name, fingerprint, gone)]
            for path in (*stale, *self._folder.glob(".*")):  # a half-written one, of somebody who was killed
                path.unlink(missing_ok=True)
        return len(stale)

    def days(self) -> list[str]:
        """Return the days of which something is stored, in order."""
        return sorted(path.name.split(".")[0] for path in self._folder.glob(f"*{self._suffix}"))

    def _path(self, day: str, fingerprint: str, layout: str) -> Path:
        return self._folder / f"{day}.{fingerprint}.{layout}{self._suffix}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _stale(name: str, fingerprint: Callable[[str], str], gone: Collection[str]) -> bool:
    day, made_of, *_ = name.split(".")
    return day in gone or fingerprint(day) != made_of
