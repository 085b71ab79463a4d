"""From lines to figures: false alarms with an interval that respects the shared baseline, power, delay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import bdtri

from detection.streams import WINDOWS

WITHIN = 30
"""Windows that an alarm may take."""
BENJAMINI_HOCHBERG = 0.05
STABILITY = 0.2
MATCHED = 0.001
_RESAMPLES = 2000


@dataclass(frozen=True)
class False1000:
    """False alarms for 1000 windows; ``bad``: baselines that had any; ``uncalibrated``: share of windows."""

    rate: float
    low: float
    high: float
    bad: int
    baselines: int
    uncalibrated: float
    under_alarm: float
    """Windows under alarm for 1000: an alarm that stays on counts in each."""


@dataclass(frozen=True)
class Power:
    """Share of streams alarmed within 30 windows, mean delay of those in windows, share of changed windows alarmed."""

    power: float
    delay: float
    windows: float
    before: float
    """False alarms before the change, for 1000 windows."""
    streams: int
    uncalibrated: float


def alarms(line: dict[str, Any], system: str, threshold: float = 0.0) -> np.ndarray:
    """Return for each window whether an alarm was on."""
    if system == "holter":
        return np.array([each == "1" for each in line["alarm"]])
    if system == "bh":
        return np.array(line["bh"]) <= BENJAMINI_HOCHBERG
    if system == "psi":
        return np.array(line["psi"]) > STABILITY
    if system == "matched":
        return np.array(line["p"]) <= threshold
    return np.array(line["alarm"], dtype=bool)


def matched_threshold(lines: Sequence[dict[str, Any]]) -> float:
    """Return the p below which one in 1000 windows of independent rows lies."""
    p = np.sort(np.concatenate([line["p"] for line in lines]))
    return float(p[max(int(MATCHED * len(p)) - 1, 0)])


def false_alarms(lines: Sequence[dict[str, Any]], system: str, threshold: float = 0.0) -> False1000:
    """Count alarms that began (Holter) or windows that rang (others) on streams in which nothing happens."""
    on = np.array([alarms(line, system, threshold) for line in lines])
    counts = np.array([line["began"].count("1") for line in lines]) if system == "holter" else on.sum(axis=1)
    low, high = interval(counts, on.shape[1])
    rate = 1000 * counts.mean() / on.shape[1]
    return False1000(rate, low, high, int((counts > 0).sum()), len(lines), uncalibrated(lines), 1000 * float(on.mean()))


def uncalibrated(lines: Sequence[dict[str, Any]]) -> float:
    """Return the share of windows in which the system said that it cannot keep its promise."""
    said = "".join(line.get("calibrated", "") for line in lines)
    return said.count("0") / max(len(said), 1)


def interval(counts: np.ndarray, windows: int = WINDOWS) -> tuple[float, float]:
    """Return a 95 % interval for alarms in 1000 windows, the baseline being what is drawn.

    Baselines are resampled whole. Where few have any alarm that says too little, so the upper end is at least that of
    the share of baselines with any (Clopper and Pearson 1934), times the alarms such a baseline had (at least one).
    """
    rng = np.random.default_rng(0)
    means = rng.choice(counts, (_RESAMPLES, len(counts))).mean(axis=1)
    bad = int((counts > 0).sum())
    share = 1.0 if bad == len(counts) else float(bdtri(bad, len(counts), 0.025))
    each = counts[counts > 0].mean() if bad else 1.0
    low, high = np.quantile(means, [0.025, 0.975])
    return 1000 * low / windows, 1000 * max(high, share * each) / windows


def power(lines: Sequence[dict[str, Any]], system: str, change_at: int, threshold: float = 0.0) -> Power:
    """Return how often and how soon a change was found; an alarm already on before it counts as not found."""
    on = np.array([alarms(line, system, threshold) for line in lines])
    if system == "holter":
        began = np.array([[each == "1" for each in line["began"]] for line in lines])
    else:
        began = on & ~np.column_stack([np.zeros(len(on), bool), on[:, :-1]])
    after = on[:, change_at : change_at + WITHIN]
    before = on[:, change_at - 1] if change_at else np.zeros(len(on), bool)
    first = np.where(after.any(axis=1) & ~before, after.argmax(axis=1), -1)
    late = began[:, change_at : change_at + WITHIN]
    first = np.where(before & late.any(axis=1), late.argmax(axis=1), first)
    found = first >= 0
    early = 1000 * float(began[:, :change_at].mean()) if change_at else 0.0
    delay = float((first[found] + 1).mean()) if found.any() else float("nan")
    return Power(float(found.mean()), delay, float(after.mean()), early, len(lines), uncalibrated(lines))
