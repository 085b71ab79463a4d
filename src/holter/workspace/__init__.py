"""The one object a user holds: it opens the shelves and hands out the rest.

Everything is loaded when it is first used, so that ``holter.compare`` never pays for a database.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from holter.workspace.calibrating import Watcher as Watcher
    from holter.workspace.calibrating import calibrate as calibrate
    from holter.workspace.checking import Check as Check
    from holter.workspace.checking import check as check
    from holter.workspace.checking import suggest as suggest
    from holter.workspace.comparison import Comparison as Comparison
    from holter.workspace.comparison import compare as compare
    from holter.workspace.deployment import Deployment as Deployment
    from holter.workspace.desk import Workspace as Workspace
    from holter.workspace.desk import open as open  # noqa: A004  (the verb users expect)
    from holter.workspace.monitor import Monitor as Monitor
    from holter.workspace.reading import summarise as summarise

_HOMES: Final = {
    "Check": "checking",
    "check": "checking",
    "suggest": "checking",
    "Comparison": "comparison",
    "Deployment": "deployment",
    "Monitor": "monitor",
    "Watcher": "calibrating",
    "Workspace": "desk",
    "calibrate": "calibrating",
    "compare": "comparison",
    "open": "desk",
    "summarise": "reading",
}

__all__ = [
    "Check",
    "Comparison",
    "Deployment",
    "Monitor",
    "Workspace",
    "check",
    "compare",
    "open",
    "suggest",
    "summarise",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'holter.workspace' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"holter.workspace.{_HOMES[name]}"), name)
