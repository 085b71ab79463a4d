"""Questions about a window: each a small file, all under the one verb ``measure``. Pure: windows in, numbers out.

A signal gives value, interval, n and evidence, or says why it cannot; whether that is an alarm is for ``rules``.
Everything is loaded when it is first used: comparing two tables asks two of the questions and does not wait for the
others.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from holter.signals.catalogue import CATALOGUE as CATALOGUE
    from holter.signals.catalogue import default as default
    from holter.signals.catalogue import named as named
    from holter.signals.history import DriftHistory as DriftHistory
    from holter.signals.history import drift_history as drift_history
    from holter.signals.signal import Need as Need
    from holter.signals.signal import Signal as Signal

_HOMES: Final = {
    "CATALOGUE": "catalogue",
    "DriftHistory": "history",
    "Need": "signal",
    "Signal": "signal",
    "default": "catalogue",
    "drift_history": "history",
    "named": "catalogue",
}

__all__ = ["CATALOGUE", "DriftHistory", "Need", "Signal", "default", "drift_history", "named"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'holter.signals' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"holter.signals.{_HOMES[name]}"), name)
