"""What was learned of a baseline, in sentences."""

from typing import TYPE_CHECKING

import numpy as np

from holter.types import Family

if TYPE_CHECKING:
    from holter.rules.null import Null

_CALM = 0.25
"""Between-block variance, relative to sampling, below which a column counts as calm."""


def explained(null: "Null") -> tuple[str, ...]:
    """Say what was learned: blocks used, rhythms found, unrest, events, and what is missing."""
    spans = null.blocks.spans
    found = [f"Learned from {len(spans)} windows of {null.every}." if spans else "Nothing was learned yet."]
    if spans:
        found[0] = f"Learned from {len(spans)} windows, {spans[0].start:%Y-%m-%d} to {spans[-1].end:%Y-%m-%d}."
    for cycle in null.cycles:
        many = f"{cycle.strong} of {len(null.keys)} means clearly follow the {cycle.name}; it is taken off."
        found.append(many if cycle.strong else f"No mean clearly follows the {cycle.name}.")
    found += _unrest(null)
    if null.events:
        days = ", ".join(f"{spans[place].start:%Y-%m-%d}" for place in null.events[:5])
        found.append(f"{len(null.events)} windows stood out ({days}); a difference no larger than theirs is no alarm.")
    merged = ", ".join(str(scale) for scale in null.scales)
    found.append(
        f"Windows are judged alone and merged over {merged}; {null.level:.2g} false pages a window are allowed."
    )
    found.append(f"Not calibrated: {null.missing}." if null.missing else "Calibrated.")
    return tuple(found)


def _unrest(null: "Null") -> list[str]:
    if not len(null.keys):
        return []
    rho = null.expected_rho[0]
    restless = {
        key.feature: float(value)
        for value, key in sorted(zip(rho, null.keys, strict=True), key=lambda each: each[0])
        if value > _CALM and key.family is not Family.PAIR and key.feature
    }
    if not restless:
        return ["Windows differ from each other no more than their rows explain."]
    worst = list(reversed(restless))[:3]
    named = ", ".join(f"{name} ({1 + restless[name]:.1f} times)" for name in worst)
    usual = float(np.median(1 + rho))
    return [f"Windows vary {usual:.1f} times as much as their rows explain; most restless: {named}."]
