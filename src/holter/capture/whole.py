"""Bytes that go into a file as a whole or not at all."""

import errno
import os


def write_whole(fd: int, data: bytes) -> None:
    """Write all of it.

    Raises
    ------
    OSError
        If the disk takes a part only, which may stand in the file then, or nothing.
    """
    # A full disk takes a part, and reports the error only at the next write.
    if os.write(fd, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def append_whole(fd: int, data: bytes, size: int) -> None:
    """Write all of it at the end of a file of ``size`` bytes, or leave the file as it was.

    Raises
    ------
    OSError
        If the disk does not take it.
    """
    try:
        write_whole(fd, data)
    except OSError:
        os.ftruncate(fd, size)
        raise
