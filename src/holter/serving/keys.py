"""The keys of a deployment: who may score, where not everyone may.

Two of them, so that clients can move from one to the other while it is replaced. Only what proves a key is kept: the
key itself is shown once, when it is made.
"""

import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final

import msgspec

from holter.errors import InputError

SLOTS: Final = ("primary", "secondary")
SHORTEST: Final = 16
"""Characters of a key that somebody brings along. One that is made here has 43, and is random."""
_BEARER: Final = b"bearer "
_BYTES: Final = 32
_SALT_BYTES: Final = 16


class Proof(msgspec.Struct, frozen=True):
    """What a key is known by: SHA-256 of salt and key, in hexadecimal.

    One round of a fast hash is enough for a key that is random; it is asked for with every request.
    """

    salt: str
    digest: str
    made: datetime

    def fits(self, key: bytes) -> bool:
        """Return whether a key is the one that was given, in a time that does not tell how much of it fits."""
        return compare_digest(sha256(self.salt.encode() + key).hexdigest(), self.digest)


_PROOFS: Final = msgspec.json.Decoder(dict[str, Proof])


def key_file(root: Path, deployment: str) -> Path:
    """Return where a deployment keeps the proofs of its keys."""
    return root / "run" / "keys" / deployment


def proofs(root: Path, deployment: str) -> Mapping[str, Proof]:
    """Return what is known of the keys of a deployment, by slot; empty: nobody has made one."""
    return _read(key_file(root, deployment))


def make_key(root: Path, deployment: str, slot: str, now: datetime, key: str | None = None) -> str:
    """Replace one key and return it: nobody can read it afterwards. The other one stays good.

    Running workers go by the new one with the next request.

    Raises
    ------
    InputError
        If there is no such slot, or a key that was brought along is too short or holds anything but visible ASCII.
    """
    if slot not in SLOTS:
        raise InputError(f"a deployment has no key {slot!r}; it has {' and '.join(SLOTS)}.")
    if key is not None and (len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key):
        raise InputError(f"a key has at least {SHORTEST} letters, digits or signs, and no blank.")
    made = key or secrets.token_urlsafe(_BYTES)
    salt = secrets.token_hex(_SALT_BYTES)
    proof = Proof(salt, sha256(salt.encode() + made.encode()).hexdigest(), now)
    _write(key_file(root, deployment), {**proofs(root, deployment), slot: proof})
    return made


def forget_keys(root: Path, deployment: str) -> None:
    """Let no key open a deployment any more: another one may get its name."""
    key_file(root, deployment).unlink(missing_ok=True)


def _read(path: Path) -> Mapping[str, Proof]:
    try:
        return _PROOFS.decode(path.read_bytes())
    except FileNotFoundError:
        return {}


def _write(path: Path, found: Mapping[str, Proof]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(f".{os.getpid()}.new")
    half.touch(mode=0o600)
    half.write_bytes(msgspec.json.encode(found))
    half.replace(path)


class Doorkeeper:
    """Answers whether an ``Authorization`` header opens the door; reads the file anew whenever it was replaced."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, (0, 0)
        self._proofs: tuple[Proof, ...] = ()

    def admits(self, header: bytes) -> bool:
        """Return whether the header is ``Bearer`` and one of the keys; without keys it never is."""
        if header[: len(_BEARER)].lower() != _BEARER:
            return False
        self._refresh()
        given = header[len(_BEARER) :].strip()
        fits = [proof.fits(given) for proof in self._proofs]  # all of them: which one fits is nobody's business
        return any(fits)

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            stamp = (0, 0)
        if stamp != self._seen:
            self._seen, self._proofs = stamp, tuple(_read(self._path).values())
