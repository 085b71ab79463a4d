"""How the monitors of one model share its false pages."""

from holter.monitor.parts import Part
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.rules import Budget


def share(shelves: Shelves, entry: MonitorEntry) -> Budget:
    """Return what a monitor may spend of its budget: an equal part for each monitor that decides on the same target.

    A budget is for a model. Two monitors of one deployment, or of one table, could each page falsely; each has half of
    the false pages that it was given. Monitors that are paused, or look at no records, spend nothing.
    """
    beside = [
        each
        for each in shelves.registry.monitors()
        if each.name != entry.name and not each.paused and _place(each) == _place(entry) and _decides(each)
    ]
    return entry.budget.share(1 + len(beside))


def _place(entry: MonitorEntry) -> str:
    return f"deployment {entry.target}" if isinstance(entry.target, str) else f"table {entry.target.path}"


def _decides(entry: MonitorEntry) -> bool:
    """Tell whether anything is decided on; no names ask for the default preset, in which there is."""
    return not entry.signals or any(Part.of(name) for name in entry.signals)
