"""The names of the ``applicationinsights`` package (0.11.10), on Holter's spool: nothing waits, nothing is sent.

Differs: no network. What is tracked is written to a file of the workspace by a thread, and read by the beat. The
instrumentation key may be anything; where the items belong is told by where the program runs.
"""

from holter.compat.applicationinsights import channel, exceptions, logging, requests
from holter.compat.applicationinsights.client import TelemetryClient

__all__ = ["TelemetryClient", "channel", "exceptions", "logging", "requests"]
