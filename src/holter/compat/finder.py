"""How ``import azureml.core`` finds the names of this package where the original is not installed."""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

ORIGINALS: Final = ("applicationinsights", "azureml")
"""Packages that are found here when nobody else has them."""
_HOME: Final = __name__.rpartition(".")[0]


def install() -> None:
    """Make ``import azureml...`` and ``import applicationinsights`` find Holter's adapters from now on.

    An original that is installed keeps its name: it is asked first. A second call changes nothing.

    Examples
    --------
    >>> install()
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


class _Finder(MetaPathFinder):
    """Stands last among the finders: it is asked for what nobody else has found."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module of an original is, if there is an adapter for it."""
        del path, target
        home = f"{_HOME}.{fullname}"
        if fullname.partition(".")[0] not in ORIGINALS or _missing(home):
            return None
        return ModuleSpec(fullname, _Alias(home), is_package=True)


def _missing(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is None
    except ModuleNotFoundError:
        return True


class _Alias(Loader):
    """Gives the module that exists already, so that a class is the same under both of its names."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the adapter."""
        del spec
        module = importlib.import_module(self._home)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give it its own spec back, which the import system has just replaced; it has run already."""
        module.__spec__ = self._spec
