"""Virtual environments for score scripts that need packages of their own; each set of packages is installed once."""

import fcntl
import hashlib
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from holter.errors import EnvironmentFailed

_READY: Final = "ready"
"""Name of the file that is written last."""
_TAIL_LINES: Final = 12


def make_environment(root: Path, requirements: Sequence[str]) -> Path:
    """Return the interpreter of a virtual environment with these packages, which is made if it is not there.

    What is installed beside this interpreter (Holter among it) can be imported there as well; the environment's own
    packages come first.

    Parameters
    ----------
    root
        The workspace folder; the environment lies below ``environments/``.
    requirements
        As in a requirements file. The order makes no difference.

    Raises
    ------
    EnvironmentFailed
        If pip cannot install them, with the end of what it said.
    """
    folder = root.absolute() / "environments" / _digest(requirements)
    python = folder / "bin" / "python"
    if (folder / _READY).exists():
        return python
    with _alone(folder):
        if not (folder / _READY).exists():
            shutil.rmtree(folder, ignore_errors=True)  # left by a process that died on the way
            venv.create(folder, with_pip=True, symlinks=True)
            _install(python, requirements)
            _share(folder)
            (folder / _READY).touch()
    return python


def _digest(requirements: Sequence[str]) -> str:
    told = "\n".join([sys.version, *sorted(requirements)])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(python: Path, requirements: Sequence[str]) -> None:
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *requirements]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).splitlines()[-_TAIL_LINES:]
        raise EnvironmentFailed(requirements, "\n".join(said))


def _share(folder: Path) -> None:
    """Let the environment see what lies beside this interpreter, behind its own packages."""
    (here,) = folder.glob("lib/python*/site-packages")
    lines = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
    (here / "holter.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
