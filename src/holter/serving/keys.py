"""The keys of a deployment: who may score, where not everyone may."""

import os
import secrets
from hmac import compare_digest
from pathlib import Path
from typing import Final

_BEARER: Final = b"bearer "
_BYTES: Final = 32


def key_file(root: Path, deployment: str) -> Path:
    """Return where a deployment keeps its keys: two lines, the primary and the secondary."""
    return root / "run" / "keys" / deployment


def ensure_keys(root: Path, deployment: str) -> tuple[str, str]:
    """Return the primary and secondary key, made on first use, readable by the owner only."""
    path = key_file(root, deployment)
    if not path.exists():
        write_keys(root, deployment, secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES))
    primary, secondary = path.read_text().split()
    return primary, secondary


def write_keys(root: Path, deployment: str, primary: str, secondary: str) -> None:
    """Replace both keys; running workers take the new ones with the next request."""
    path = key_file(root, deployment)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(f".{os.getpid()}.new")
    half.touch(mode=0o600)
    half.write_text(f"{primary}\n{secondary}\n")
    half.replace(path)


class Doorkeeper:
    """Answers whether an ``Authorization`` header opens the door; reads the file anew whenever it was replaced."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen, self._keys = path, (0, 0), (b"", b"")

    def admits(self, header: bytes) -> bool:
        """Return whether the header is ``Bearer`` and one of the keys, in a time that does not tell how much fits."""
        if header[: len(_BEARER)].lower() != _BEARER:
            return False
        self._refresh()
        given = header[len(_BEARER) :].strip()
        primary, secondary = (compare_digest(given, key) for key in self._keys)
        return bool(given) and (primary or secondary)

    def _refresh(self) -> None:
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._seen:
            primary, secondary = self._path.read_bytes().split()
            self._seen, self._keys = stamp, (primary, secondary)
