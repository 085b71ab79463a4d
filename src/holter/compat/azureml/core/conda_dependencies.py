"""``azureml.core.conda_dependencies``: packages, wherever they come from."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from holter.compat.azureml.exceptions import UserErrorException

_NOT_ON_PYPI: Final = frozenset({"python", "pip", "setuptools", "conda"})
_OURS: Final = frozenset({"applicationinsights", "azure-ml-api-sdk"})
_THEIRS: Final = frozenset({"azureml-ai-monitoring"})
"""Free software that works here unmodified."""
_INDENT: Final = re.compile(r"^(\s*)-\s*(.*)$")


class CondaDependencies:
    """A list of packages; all of them are installed by pip.

    Parameters
    ----------
    conda_dependencies_file_path
        A conda file to begin with.

    Raises
    ------
    UserErrorException
        If the file cannot be read.
    """

    def __init__(self, conda_dependencies_file_path: str | Path | None = None) -> None:
        self.pip_packages: list[str] = []
        if conda_dependencies_file_path is not None:
            for each in _of_file(Path(conda_dependencies_file_path)):
                self.add_pip_package(each)

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_packages: Sequence[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,
        **others: Any,
    ) -> "CondaDependencies":
        """Return these packages."""
        del pip_indexurl, python_version, pin_sdk_version, others
        made = CondaDependencies()
        for each in (*(conda_packages or ()), *(pip_packages or ())):
            made.add_pip_package(_pip(each))
        return made

    def add_pip_package(self, pip_package: str) -> None:
        """Add a package once; what stands for Azure's own packages is left out: their names are Holter's here."""
        name = _name(pip_package)
        ours = name in _OURS or (name.startswith("azureml") and name not in _THEIRS)
        if name and name not in _NOT_ON_PYPI and not ours and pip_package not in self.pip_packages:
            self.pip_packages.append(pip_package)

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package, from PyPI."""
        self.add_pip_package(_pip(conda_package))

    def remove_pip_package(self, pip_package: str) -> None:
        """Take a package away, whatever version is asked for."""
        self.pip_packages = [each for each in self.pip_packages if _name(each) != _name(pip_package)]

    def set_python_version(self, version: str) -> None:
        """Take note of nothing: the interpreter is this one."""
        del version


def _name(package: str) -> str:
    return re.split(r"[<>=!~\[; ]", package.strip(), maxsplit=1)[0].lower()


def _pip(conda: str) -> str:
    """Write ``numpy=1.26`` as pip does."""
    name = conda.partition("::")[2] or conda
    return re.sub(r"^([\w.\-]+)=([\w.*]+)(=.*)?$", r"\1==\2", name.strip())


def _of_file(file: Path) -> Iterator[str]:
    """Yield the packages of a conda file. Such a file is a list in a list: no YAML library is needed to read it."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserErrorException(f"{file} cannot be read: {error}") from error
    inside, below_pip = False, -1
    for line in lines:
        bare = line.partition(" #")[0].rstrip()
        if not bare.strip() or bare.lstrip().startswith("#"):
            continue
        item = _INDENT.match(bare)
        if item is None:
            inside = bare.startswith("dependencies:")
            continue
        depth, text = len(item[1]), item[2].strip().strip("'\"")
        if not inside:
            continue
        if text == "pip:":
            below_pip = depth
        elif below_pip >= 0 and depth > below_pip:
            yield text
        else:
            below_pip = -1
            yield _pip(text)
