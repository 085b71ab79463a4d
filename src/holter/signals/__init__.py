"""Questions about a window: each a small file, all under the one verb ``measure``. Pure: windows in, numbers out.

A signal gives value, interval, n and evidence, or says why it cannot; whether that is an alarm is for ``rules``.
"""

from holter.signals.catalogue import CATALOGUE, default, named
from holter.signals.history import DriftHistory, drift_history
from holter.signals.signal import Need, Signal

__all__ = ["CATALOGUE", "DriftHistory", "Need", "Signal", "default", "drift_history", "named"]
