"""TLS from files: a certificate that is taken anew whenever it is renewed."""

import logging
import ssl
from pathlib import Path

from holter.errors import InputError

_log = logging.getLogger("holter.serving")


class Certificate:
    """A certificate with its chain, and its key, in PEM files that somebody renews.

    Attributes
    ----------
    context
        What connections are made with; a renewed certificate serves every new one.

    Raises
    ------
    OSError
        If a file cannot be read, or the two do not belong together.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._stamp = self._look()
        self._load()

    def refresh(self) -> None:
        """Take the files again if they have changed; files that do not fit leave the old certificate in use."""
        try:
            stamp = self._look()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            # Tried on another context first: half of a renewal must not spoil the one in use.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files, password=_no_password)
            self._load()
        except OSError:
            _log.exception("the renewed certificate cannot be used; the old one stays")
        else:
            _log.info("took the renewed certificate %s", self._files[0])

    def _look(self) -> tuple[int, ...]:
        return tuple(number for file in self._files for number in (file.stat().st_mtime_ns, file.stat().st_ino))

    def _load(self) -> None:
        self.context.load_cert_chain(*self._files, password=_no_password)


def check_certificate(certificate: str | None, key: str | None) -> tuple[str | None, str | None]:
    """Return the absolute paths of a certificate and its key, once they are known to work.

    Raises
    ------
    InputError
        If one of them cannot be used, or a key is given without a certificate.
    """
    if certificate is None:
        if key is not None:
            raise InputError("ssl_keyfile needs ssl_certfile, the certificate that belongs to it.")
        return None, None
    files = (Path(certificate).absolute(), Path(key or certificate).absolute())
    try:
        Certificate(*files)
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(
            f"the certificate {certificate} with key {key or certificate} cannot be used: {why}."
        ) from error
    return str(files[0]), str(files[1])


def _no_password() -> str:
    """Give no password, so that nothing waits for one at a terminal.

    Raises
    ------
    PermissionError
        Always.
    """
    raise PermissionError("the key is locked with a password")
