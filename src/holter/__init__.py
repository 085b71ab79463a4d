"""Holter: self-hosted monitoring for deployed machine-learning models.

``holter.compare(a, b)`` compares two tables; ``holter.summarise(a)`` gives the profile of one; ``holter.check(a,
file)`` holds one to what was agreed on; ``holter.calibrate(a)`` learns what is usual and judges one window after the
other; ``holter.open(path)`` opens a workspace and hands out the rest. All are loaded when they are first used:
importing this package costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holter.workspace import Workspace as Workspace
    from holter.workspace import calibrate as calibrate
    from holter.workspace import check as check
    from holter.workspace import compare as compare
    from holter.workspace import open as open  # noqa: A004  (the verb users expect)
    from holter.workspace import summarise as summarise

__version__ = "0.1.0.dev0"
__all__ = ["Workspace", "__version__", "calibrate", "check", "compare", "open", "summarise"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'holter' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("holter.workspace"), name)
